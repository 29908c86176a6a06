package archive

import (
	"archive/zip"
	"bufio"
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Format names the form of data.json; schema.json describes it.
const Format = "rempart/person/1"

// PersonSchema is the JSON Schema (2020-12) of data.json; docs/person.schema.json is the same.
//
//go:embed person.schema.json
var PersonSchema []byte

// language of an archive is the person's.
func (b *bundle) language() i18n.Lang {
	l, _ := i18n.Parse(b.person.Language)
	return l
}

// compose writes the archive: a page to read, JSON with its schema, one CSV per table, the files.
func (b *bundle) compose(ctx context.Context, w io.Writer, at time.Time) error {
	ctx = i18n.With(ctx, b.language())
	slices.SortStableFunc(b.sheets, func(x, y *sheet) int { return strings.Compare(x.Room.EN, y.Room.EN) })
	z := zip.NewWriter(w)
	err := entry(z, "index.html", at, func(w *bufio.Writer) error { return b.page(ctx, w, at) })
	if err == nil {
		err = entry(z, "index.pdf", at, func(w *bufio.Writer) error { return b.pdf(ctx, w, at) })
	}
	if err == nil {
		err = entry(z, "data.json", at, func(w *bufio.Writer) error { return b.json(ctx, w, at, "\n") })
	}
	if err == nil {
		err = entry(z, "schema.json", at, func(w *bufio.Writer) error { _, err := w.Write(PersonSchema); return err })
	}
	for _, s := range b.sheets {
		if err == nil {
			err = entry(z, "csv/"+s.Name+".csv", at, func(w *bufio.Writer) error { return b.csv(ctx, w, s) })
		}
	}
	for _, f := range b.files {
		if err != nil {
			break
		}
		err = entry(z, f.name, at, func(w *bufio.Writer) error {
			content, err := b.content(ctx, f)
			if err == nil {
				_, err = w.Write(content)
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("archive: compose: %w", err)
	}
	return z.Close()
}

func entry(z *zip.Writer, name string, at time.Time, write func(*bufio.Writer) error) error {
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// column is a column in data.json.
type column struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Category  string `json:"category,omitempty"`
	Purpose   string `json:"purpose,omitempty"`
	Basis     string `json:"basis,omitempty"`
	Retention string `json:"retention,omitempty"`
}

func (b *bundle) columns(ctx context.Context, s *sheet, order []string) []column {
	list := make([]column, len(order))
	for i, name := range order {
		list[i] = column{Name: name, Title: i18n.From(Word(s.Name, name)).In(ctx)}
		if f := s.treats(name); f != nil && f.Personal {
			list[i].Category, list[i].Purpose, list[i].Basis = f.Category, string(f.Purpose), string(f.Basis)
			list[i].Retention = i18n.From(f.Until).In(ctx)
		}
	}
	return list
}

// heads are what data.json says of a table before its rows: the same for everybody of whom the same columns came.
type heads struct {
	sync.Mutex
	of map[headOf][]byte
}

type headOf struct {
	table, columns string
	language       i18n.Lang
}

// headsKept bounds them: there are few, as long as rooms give values under few names.
const headsKept = 1000

// head gives what stands before the rows of a table.
func (b *bundle) head(ctx context.Context, s *sheet) ([]byte, error) {
	order, all := s.ordered(), &b.m.heads
	key := headOf{s.Name, strings.Join(order, ","), b.language()}
	all.Lock()
	defer all.Unlock()
	if head := all.of[key]; head != nil {
		return head, nil
	}
	head, err := json.Marshal(struct {
		Name    string   `json:"name"`
		Title   string   `json:"title"`
		Room    string   `json:"room"`
		Columns []column `json:"columns"`
	}{s.Name, i18n.From(s.Title).In(ctx), i18n.From(s.Room).In(ctx), b.columns(ctx, s, order)})
	if err != nil {
		return nil, err
	}
	head = append(head[:len(head)-1], `,"rows":[`...)
	if all.of == nil || len(all.of) >= headsKept {
		all.of = map[headOf][]byte{}
	}
	all.of[key] = head
	return head, nil
}

// json writes data.json, row after row; gap stands before each of them.
func (b *bundle) json(ctx context.Context, w *bufio.Writer, at time.Time, gap string) error {
	head, err := json.Marshal(struct {
		Format   string    `json:"format"`
		Person   core.ID   `json:"person"`
		MadeAt   time.Time `json:"made_at"`
		Language string    `json:"language"`
		Portable bool      `json:"portable"`
	}{Format, b.person.ID, at.UTC(), b.language().String(), b.portable})
	if err != nil {
		return err
	}
	w.Write(head[:len(head)-1])
	w.WriteString(`,"tables":[`)
	for i, s := range b.sheets {
		if i > 0 {
			w.WriteByte(',')
		}
		head, err := b.head(ctx, s)
		if err != nil {
			return err
		}
		w.WriteString(gap)
		w.Write(head)
		sep := gap
		err = b.lines(ctx, s, func(line []byte) error {
			w.WriteString(sep)
			sep = "," + gap
			_, err := w.Write(line)
			return err
		})
		if err != nil {
			return err
		}
		w.WriteString("]}")
	}
	_, err = w.WriteString("]}\n")
	return err
}

// csv writes one table (RFC 4180), its first line the stable names of the columns. A cell that a spreadsheet would compute
// begins with an apostrophe.
func (b *bundle) csv(ctx context.Context, w *bufio.Writer, s *sheet) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(s.ordered()); err != nil {
		return err
	}
	line := make([]string, len(s.ordered()))
	err := b.cells(ctx, s, func(cells []any) error {
		for i, c := range cells {
			line[i] = inert(text(c))
		}
		return out.Write(line)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return s
		}
		return "'" + s
	}
	return s
}

// text writes a value of a row as it stands in a cell.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	out, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(out)
}
