package password

import (
	"bufio"
	"bytes"
	"container/heap"
	"crypto/sha1" // #nosec: the published lists are made of SHA-1
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Imported says what an import did.
type Imported struct {
	Lines int64 // read
	Kept  int64 // different hashes now in the list
}

// ImportWidth is how much of each hash an imported list keeps: with a billion entries, one good password in 18 billion
// is wrongly refused.
const ImportWidth = 8

// batch is how many hashes are sorted in memory at once: 8 bytes each while kept as numbers, 32 MiB.
const batch = 4 << 20

var errImport = i18n.Fault(core.Invalid, "passwords.import",
	"Ligne %d : il faut une empreinte SHA-1 de 40 chiffres hexadécimaux, suivie ou non de « : » et d'un nombre.",
	"Line %d: a SHA-1 of 40 hexadecimal digits is needed, followed or not by \":\" and a number.")

// Import reads a list in the usual published form, one "HASH:count" per line in any order, and writes it at path as a
// List that keeps width bytes of each hash. The file appears whole or not at all. It needs about the size of the
// result in free space beside path, and 64 MiB of memory.
func Import(path string, r io.Reader, width int) (Imported, error) {
	if width < 5 || width > 8 {
		return Imported{}, fmt.Errorf("password: import keeps 5 to 8 bytes of a hash, not %d", width)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".passwords-*")
	if err != nil {
		return Imported{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	im := importer{dir: dir, width: width}
	if err := im.read(r); err != nil {
		return Imported{}, err
	}
	out := filepath.Join(dir, "list")
	if err := im.merge(out); err != nil {
		return Imported{}, err
	}
	if err := os.Rename(out, path); err != nil {
		return Imported{}, err
	}
	return im.done, nil
}

type importer struct {
	dir   string
	width int
	part  []uint64
	files []string
	done  Imported
}

func (im *importer) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), 4096)
	for lines.Scan() {
		im.done.Lines++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		h, err := parseLine(line)
		if err != nil {
			return core.Fault(errImport.Kind, errImport.Code, im.done.Lines)
		}
		im.part = append(im.part, h>>(8*(8-im.width)))
		if len(im.part) == batch {
			if err := im.spill(); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return core.Fault(errImport.Kind, errImport.Code, im.done.Lines+1).Because(err)
	}
	return im.spill()
}

// parseLine gives the first 8 bytes of the hash of one line.
func parseLine(line []byte) (uint64, error) {
	hash, count, found := bytes.Cut(line, []byte(":"))
	if len(hash) != 2*sha1.Size {
		return 0, errImport
	}
	for _, c := range count {
		if c < '0' || c > '9' {
			return 0, errImport
		}
	}
	if found && len(count) == 0 {
		return 0, errImport
	}
	var b [sha1.Size]byte
	if _, err := hex.Decode(b[:], hash); err != nil {
		return 0, errImport
	}
	return binary.BigEndian.Uint64(b[:8]), nil
}

func (im *importer) spill() error {
	if len(im.part) == 0 {
		return nil
	}
	slices.Sort(im.part)
	name := filepath.Join(im.dir, fmt.Sprintf("part%d", len(im.files)))
	im.files = append(im.files, name)
	part := im.part
	im.part = im.part[:0]
	return writeFile(name, func(w *bufio.Writer) error {
		var b [8]byte
		for _, h := range part {
			binary.BigEndian.PutUint64(b[:], h)
			if _, err := w.Write(b[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// merge joins the sorted parts into one list without doubles, then writes their number in its head.
func (im *importer) merge(out string) error {
	var parts parts
	for _, name := range im.files {
		f, err := os.Open(name) // #nosec G304: our own temporary file
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		p := &part{r: bufio.NewReaderSize(f, 64<<10)}
		if p.next() {
			parts = append(parts, p)
		}
	}
	heap.Init(&parts)
	err := writeFile(out, func(w *bufio.Writer) error {
		if _, err := w.Write(make([]byte, listHeader)); err != nil {
			return err
		}
		return im.drain(w, &parts)
	})
	if err != nil {
		return err
	}
	return im.head(out)
}

func (im *importer) drain(w *bufio.Writer, parts *parts) error {
	var b [8]byte
	for last := uint64(0); parts.Len() > 0; {
		p := (*parts)[0]
		if im.done.Kept == 0 || p.h != last {
			last = p.h
			binary.BigEndian.PutUint64(b[:], p.h)
			if _, err := w.Write(b[8-im.width:]); err != nil {
				return err
			}
			im.done.Kept++
		}
		if p.next() {
			heap.Fix(parts, 0)
		} else {
			if p.err != nil {
				return p.err
			}
			heap.Pop(parts)
		}
	}
	return nil
}

func (im *importer) head(out string) error {
	f, err := os.OpenFile(out, os.O_WRONLY, 0o600) // #nosec G304: our own temporary file
	if err != nil {
		return err
	}
	head := append([]byte(listMagic), byte(im.width))
	head = binary.BigEndian.AppendUint64(head, uint64(im.done.Kept))
	if _, err := f.WriteAt(head, 0); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func writeFile(name string, fill func(*bufio.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304: our own temporary file
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<18)
	if err := fill(w); err != nil {
		_ = f.Close()
		return err
	}
	if err := w.Flush(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

type part struct {
	r   *bufio.Reader
	h   uint64
	err error
}

func (p *part) next() bool {
	var b [8]byte
	if _, err := io.ReadFull(p.r, b[:]); err != nil {
		if err != io.EOF {
			p.err = err
		}
		return false
	}
	p.h = binary.BigEndian.Uint64(b[:])
	return true
}

type parts []*part

func (p parts) Len() int           { return len(p) }
func (p parts) Less(i, j int) bool { return p[i].h < p[j].h }
func (p parts) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *parts) Push(x any)        { *p = append(*p, x.(*part)) }
func (p *parts) Pop() any {
	old := *p
	last := old[len(old)-1]
	*p = old[:len(old)-1]
	return last
}
