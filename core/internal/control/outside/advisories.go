package outside

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/rempart/rempart/kit/disk"
)

// Advisories is a list of known vulnerabilities of Go modules, in the OSV form (ossf.github.io/osv-schema), one entry per
// line. It is taken from a file that an operator brings: the platform fetches nothing.
type Advisories struct {
	Count  int
	Newest time.Time // of the last change of any entry: the date of the list
	of     map[string][]advised
}

type advised struct {
	id     string
	ranges [][]event
	exact  []string
}

type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
}

// entry is what is read of an OSV entry.
type entry struct {
	ID        string     `json:"id"`
	Modified  time.Time  `json:"modified"`
	Withdrawn *time.Time `json:"withdrawn,omitempty"`
	Affected  []affected `json:"affected"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges []struct {
		Type   string  `json:"type"`
		Events []event `json:"events"`
	} `json:"ranges"`
	Versions []string `json:"versions,omitempty"`
}

// ReadAdvisories reads JSON lines.
func ReadAdvisories(r io.Reader) (*Advisories, error) {
	a := &Advisories{of: map[string][]advised{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		var e entry
		if err := json.Unmarshal(text, &e); err != nil || e.ID == "" || e.Modified.IsZero() {
			return nil, fmt.Errorf("outside: line %d is no OSV entry: %w", n, err)
		}
		a.add(e)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if a.Count == 0 {
		return nil, fmt.Errorf("outside: the list of vulnerabilities is empty")
	}
	return a, nil
}

func (a *Advisories) add(e entry) {
	a.Count++
	if e.Modified.After(a.Newest) {
		a.Newest = e.Modified.UTC()
	}
	if e.Withdrawn != nil {
		return
	}
	for _, f := range e.Affected {
		if f.Package.Ecosystem != "Go" {
			continue
		}
		one := advised{id: e.ID, exact: f.Versions}
		for _, r := range f.Ranges {
			if r.Type == "SEMVER" {
				one.ranges = append(one.ranges, r.Events)
			}
		}
		a.of[f.Package.Name] = append(a.of[f.Package.Name], one)
	}
}

// affecting gives the ids of the entries that name a component at its version. The list speaks of modules: that the
// program also calls the faulty part is not looked at, so that nothing is missed.
func (a *Advisories) affecting(c Component) (ids []string) {
	if !semver.IsValid(c.Version) {
		return nil
	}
	for _, one := range a.of[c.Name] {
		if slices.ContainsFunc(one.exact, func(v string) bool { return canonical(v) == semver.Canonical(c.Version) }) ||
			slices.ContainsFunc(one.ranges, func(events []event) bool { return inRange(c.Version, events) }) {
			ids = append(ids, one.id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// inRange walks the events in the order of their versions, as the OSV form says.
func inRange(version string, events []event) bool {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(x, y event) int { return semver.Compare(x.at(), y.at()) })
	in := false
	for _, e := range events {
		switch {
		case e.Introduced != "" && semver.Compare(version, e.at()) >= 0:
			in = true
		case e.Fixed != "" && semver.Compare(version, e.at()) >= 0:
			in = false
		case e.LastAffected != "" && semver.Compare(version, e.at()) > 0:
			in = false
		}
	}
	return in
}

func (e event) at() string { return canonical(e.Introduced + e.Fixed + e.LastAffected) }

func canonical(v string) string {
	if v == "0" {
		return "v0.0.0-0"
	}
	return semver.Canonical("v" + strings.TrimPrefix(v, "v"))
}

// ImportAdvisories takes a list into the data folder: JSON lines, one entry, an array of entries, or a zip of one file
// per entry, as vuln.go.dev and osv.dev give them.
func ImportAdvisories(path string, source []byte) (*Advisories, error) {
	var out bytes.Buffer
	if z, err := zip.NewReader(bytes.NewReader(source), int64(len(source))); err == nil {
		for _, f := range z.File {
			if err := fromZip(&out, f); err != nil {
				return nil, err
			}
		}
	} else if err := flatten(&out, source); err != nil {
		return nil, err
	}
	a, err := ReadAdvisories(bytes.NewReader(out.Bytes()))
	if err != nil {
		return nil, err
	}
	return a, disk.Replace(path, out.Bytes(), 0o600)
}

func fromZip(w *bytes.Buffer, f *zip.File) error {
	base := f.Name[strings.LastIndex(f.Name, "/")+1:]
	if !strings.HasSuffix(base, ".json") || strings.HasPrefix(f.Name, "index/") {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return err
	}
	return flatten(w, text)
}

// flatten writes each entry of a text of entries on a line of its own, what is read of it only.
func flatten(w *bytes.Buffer, text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	for {
		var raw json.RawMessage
		switch err := dec.Decode(&raw); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("outside: no list of vulnerabilities in the OSV form: %w", err)
		}
		entries := []entry{{}}
		var err error
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
			err = json.Unmarshal(raw, &entries)
		} else {
			err = json.Unmarshal(raw, &entries[0])
		}
		if err != nil {
			return fmt.Errorf("outside: no list of vulnerabilities in the OSV form: %w", err)
		}
		for _, e := range entries {
			line, err := json.Marshal(e)
			if err != nil {
				return err
			}
			w.Write(append(line, '\n'))
		}
	}
}
