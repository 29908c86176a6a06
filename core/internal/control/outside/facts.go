package outside

import (
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"
)

// Facts is what is read of the outside world: files of /proc and /sys, and a few named facts. A throw-away instance can
// be told others; nothing but a self-test does so.
//
// A fact is named by the file that it stands in ("/proc/self/status"; a folder holds one name per line), or by one of the
// names below.
type Facts struct {
	pretended func(fact string) (value string, ok bool)
}

// The facts that stand in no file.
const (
	factOrigin     = "origin"     // address that people type, where TLS is looked for
	factListeners  = "listeners"  // "127.0.0.1:8080 plain", one per line
	factRoots      = "roots"      // PEM of the authorities that are believed beside the system's
	factPort       = "port.http"  // where plain HTTP would answer at the origin
	factDevice     = "device"     // "254:0": the block device of the data folder
	factModes      = "modes"      // "0600 journal.key", one per line: what stands in the data folder
	factDatabase   = "database"   // address of the database
	factAdvisories = "advisories" // the list of known vulnerabilities, JSON lines
	factModules    = "modules"    // "name@v1.2.3", one per line: what the program is made of
	factCountries  = "countries"  // where data may be
	factRegion     = "region"     // label of the place of the database
	factCopies     = "copies"     // labels of the places of copies and backups
	factSockets    = "sockets"    // ports declared to be public
	factDisk       = "disk"       // the operator's word about the disk's encryption
)

// Absent is the pretended text of a file that is not there.
const Absent = "\x00absent"

func (f *Facts) get(fact string) (string, bool) {
	if f.pretended == nil {
		return "", false
	}
	return f.pretended(fact)
}

// text gives a named fact, real unless another was pretended.
func (f *Facts) text(fact, real string) string {
	if v, ok := f.get(fact); ok {
		return v
	}
	return real
}

// lines gives a fact of one value per line.
func (f *Facts) lines(fact string, real []string) []string {
	if v, ok := f.get(fact); ok {
		return split(v)
	}
	return real
}

func split(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// file reads a file of /proc or /sys.
func (f *Facts) file(path string) (string, error) {
	if v, ok := f.get(path); ok {
		if v == Absent {
			return "", &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return v, nil
	}
	b, err := os.ReadFile(path)
	return string(b), err
}

// names lists a folder of /sys; a folder that is not there is empty.
func (f *Facts) names(path string) ([]string, error) {
	if v, ok := f.get(path); ok {
		if v == Absent {
			return nil, nil
		}
		return split(v), nil
	}
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.Name()
	}
	sort.Strings(all)
	return all, nil
}
