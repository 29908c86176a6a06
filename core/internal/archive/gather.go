package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// memory is how many bytes of rows are held before they go to the spool.
const memory = 4 << 20

// file is a value too large to stand in a cell: a photo.
type file struct {
	name string
	size int
	data []byte
	kept place
}

// place is where a sealed piece lies in the spool.
type place struct{ at, size int64 }

// sheet is the rows of one table, one JSON object a line.
type sheet struct {
	*shape
	columns []string // in order: those of the manifest that came, then the others
	known   map[string]bool
	extra   []string // names that came and that no column has, sorted
	rows    int64
	tail    []byte
	pieces  []place
}

// bundle is what is held about one person.
type bundle struct {
	m        *Module
	person   core.Person
	portable bool
	most     int64 // rows of each table to keep; 0: all
	limit    int64 // rows in all, and memory alone: more is an error; 0: no limit
	sheets   []*sheet
	by       map[string]*sheet
	files    []file
	records  int64
	held     int

	spool   io.ReadWriteSeeker
	end     int64
	release func() error
	line    []byte
}

func (m *Module) newBundle(person core.Person, portable bool) *bundle {
	return &bundle{m: m, person: person, portable: portable, by: map[string]*sheet{}}
}

// close gives the spool back.
func (b *bundle) close() error {
	if b.release == nil {
		return nil
	}
	return b.release()
}

// gather asks every room, each in a snapshot of its own; told hears after each one.
func (b *bundle) gather(ctx context.Context, told func(done, total int) error) error {
	rooms := b.m.needs.Modules()
	for i, room := range rooms {
		err := b.m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) error { return b.room(ctx, tx, room) })
		if err == nil && told != nil {
			err = told(i+1, len(rooms))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gatherIn asks every room in one snapshot.
func (b *bundle) gatherIn(ctx context.Context, tx core.Tx) error {
	v, err := b.m.survey.of(ctx, tx, b.person.ID)
	if err != nil {
		return err
	}
	for _, room := range b.m.needs.Modules() {
		if err := b.room(ctx, v, room); err != nil {
			return err
		}
	}
	b.m.survey.learn(v.heard)
	return nil
}

func (b *bundle) room(ctx context.Context, tx core.Tx, room core.Module) error {
	err := room.ExportPerson(ctx, tx, b.person.ID, func(r core.Record) error { return b.add(ctx, r) })
	if err != nil {
		return fmt.Errorf("archive: gather: %w", err)
	}
	return nil
}

// add keeps a record, without secrets and, for portability, without what article 20 leaves out.
func (b *bundle) add(ctx context.Context, r core.Record) error {
	s := b.by[r.Table]
	if s == nil {
		s = &sheet{shape: b.m.shapeOf(r.Table), known: make(map[string]bool, len(r.Values)), columns: make([]string, 0, len(r.Values))}
		b.by[r.Table] = s
		if b.portable && !s.portable {
			return nil
		}
		b.sheets = append(b.sheets, s)
	}
	if b.portable && !s.portable {
		return nil
	}
	s.rows++
	b.records++
	if b.most > 0 && s.rows > b.most {
		return nil
	}
	if b.limit > 0 && (b.records > b.limit || b.held > memory) {
		return errLarge
	}
	if err := b.write(s, r.Values); err != nil {
		return err
	}
	if n := cap(s.tail); n < memory/4 && len(s.tail)+len(b.line) > n {
		s.tail = slices.Grow(s.tail, max(1<<10, n, len(b.line))) // twice as much
	}
	s.tail = append(s.tail, b.line...)
	if b.held += len(b.line); b.held > memory && b.limit == 0 {
		return b.spill(ctx)
	}
	return nil
}

func extension(content []byte) string {
	switch kind := http.DetectContentType(content); {
	case kind == "image/jpeg":
		return ".jpg"
	case kind == "image/png":
		return ".png"
	case kind == "application/pdf":
		return ".pdf"
	case strings.HasPrefix(kind, "text/plain"):
		return ".txt"
	}
	return ".bin"
}

// spill moves what is held to the spool, sealed under the person's key.
func (b *bundle) spill(ctx context.Context) (err error) {
	if b.spool == nil {
		if b.spool, b.release, err = b.m.needs.Spool(); err != nil {
			return fmt.Errorf("archive: spool: %w", err)
		}
	}
	for _, s := range b.sheets {
		if len(s.tail) == 0 {
			continue
		}
		p, err := b.keep(ctx, s.tail)
		if err != nil {
			return err
		}
		s.pieces, s.tail = append(s.pieces, p), s.tail[:0]
	}
	for i := range b.files {
		f := &b.files[i]
		if f.data == nil {
			continue
		}
		if f.kept, err = b.keep(ctx, f.data); err != nil {
			return err
		}
		f.data = nil
	}
	b.held = 0
	return nil
}

func spoolPlace(at int64) string { return fmt.Sprintf("archive_spool\x00%d", at) }

func (b *bundle) keep(ctx context.Context, plain []byte) (place, error) {
	text, err := b.m.needs.Sealer.Seal(ctx, b.person.ID, spoolPlace(b.end), plain)
	if err != nil {
		return place{}, err
	}
	if _, err := b.spool.Seek(b.end, io.SeekStart); err != nil {
		return place{}, err
	}
	p := place{b.end, int64(len(text))}
	b.end += p.size
	_, err = b.spool.Write(text)
	return p, err
}

func (b *bundle) fetch(ctx context.Context, p place) ([]byte, error) {
	text := make([]byte, p.size)
	if _, err := b.spool.Seek(p.at, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(b.spool, text); err != nil {
		return nil, err
	}
	return b.m.needs.Sealer.Open(ctx, b.person.ID, spoolPlace(p.at), text)
}

// lines walks the rows of a table, each a JSON object, in the order in which they came.
func (b *bundle) lines(ctx context.Context, s *sheet, do func(line []byte) error) error {
	for _, p := range s.pieces {
		text, err := b.fetch(ctx, p)
		if err == nil {
			err = split(text, do)
		}
		if err != nil {
			return err
		}
	}
	return split(s.tail, do)
}

func split(text []byte, do func([]byte) error) error {
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\n')
		if err := do(text[:n]); err != nil {
			return err
		}
		text = text[n+1:]
	}
	return nil
}

// content gives a file.
func (b *bundle) content(ctx context.Context, f file) ([]byte, error) {
	if f.data != nil {
		return f.data, nil
	}
	return b.fetch(ctx, f.kept)
}

// cells walks the rows of a table as values in the order of its columns.
func (b *bundle) cells(ctx context.Context, s *sheet, do func(cells []any) error) error {
	order := s.ordered()
	cells := make([]any, len(order))
	return b.lines(ctx, s, func(line []byte) error {
		var row map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			return err
		}
		for i, name := range order {
			cells[i] = row[name]
		}
		return do(cells)
	})
}

// ordered gives the columns that came: those of the manifest first, in its order.
func (s *sheet) ordered() []string {
	list := make([]string, 0, len(s.columns))
	for i := range s.Fields {
		if s.known[s.Fields[i].Name] {
			list = append(list, s.Fields[i].Name)
		}
	}
	for _, name := range s.columns {
		if !s.names[name] {
			list = append(list, name)
		}
	}
	return list
}
