package sheet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

// Limits of a file.
const (
	mostBytes   = 1 << 30
	mostColumns = 300
)

// Settings of a sheet.
type Settings struct {
	File      string   `yaml:"file" need:"yes" say:"/srv/crm/contacts.csv"`
	Key       []string `yaml:"key" say:"id"`         // columns that name a line for good; by default one called id, else the whole line
	Header    *bool    `yaml:"header" say:"true"`    // whether the first line gives the names of columns
	Separator string   `yaml:"separator" say:"';'"`  // of a CSV; found by looking
	Encoding  string   `yaml:"encoding" say:"utf-8"` // utf-8, windows-1252, utf-16; found by looking
	Sheet     string   `yaml:"sheet" say:"Contacts"` // of a workbook; the first that holds anything
}

// Sheet is a file to read.
type Sheet struct {
	s    Settings
	path string
	name string // said in mistakes
}

// Open checks the settings.
func Open(c tool.Config) (*Sheet, error) {
	var s Settings
	if err := c.Decode(&s); err != nil {
		return nil, err
	}
	if s.Separator == `\t` || strings.EqualFold(s.Separator, "tab") {
		s.Separator = "\t"
	}
	if len([]rune(s.Separator)) > 1 || s.Separator != "" && strings.ContainsAny(s.Separator, "\"\r\n") {
		return nil, c.Wrong("separator", "separator: ';'")
	}
	if s.Encoding = strings.ToLower(s.Encoding); s.Encoding != "" && encodings[s.Encoding] == nil {
		return nil, c.Wrong("encoding", "encoding: utf-8 (windows-1252, iso-8859-1, utf-16)")
	}
	path, err := c.Path(s.File)
	if err != nil {
		return nil, err
	}
	return &Sheet{s: s, path: path, name: filepath.Base(s.File)}, nil
}

var errStop = errors.New("enough")

// Fields are the names of the columns.
func (f *Sheet) Fields(ctx context.Context) ([]string, error) {
	var names []string
	err := f.lines(ctx, func(head []string, _ int, row []string) error {
		names = head
		return errStop
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return names, err
}

// Read gives every line.
func (f *Sheet) Read(ctx context.Context, give func(tool.Record) error) error {
	give = tool.Bounded(give)
	var key []int
	return f.lines(ctx, func(head []string, line int, row []string) error {
		if row == nil { // the heading alone
			var err error
			key, err = f.keyOf(head)
			return err
		}
		r := tool.Record{Fields: make(map[string][]string, len(row))}
		values := make([]string, len(row))
		for i, v := range row {
			if values[i] = strings.TrimSpace(v); values[i] != "" {
				r.Fields[head[i]] = values[i : i+1 : i+1]
			}
		}
		if r.Key = keyIn(row, key); r.Key == "" {
			return nil // an empty line, or one without its key: nothing to follow from one reading to the next
		}
		return give(r)
	})
}

// Mark is the SHA-256 of the file.
func (f *Sheet) Mark(ctx context.Context) (string, error) {
	in, err := f.open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := copyWithin(ctx, sum, in); err != nil {
		return "", tool.Unreadable(f.name)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (f *Sheet) open() (*os.File, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, tool.Unreadable(f.name)
	}
	if info, err := in.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > mostBytes {
		in.Close()
		return nil, tool.Unreadable(f.name)
	}
	return in, nil
}

// lines calls each first with the heading and a nil row, then with every line.
func (f *Sheet) lines(ctx context.Context, each func(head []string, line int, row []string) error) error {
	in, err := f.open()
	if err != nil {
		return err
	}
	defer in.Close()
	start := make([]byte, 8)
	n, _ := in.ReadAt(start, 0)
	t := &table{ctx: ctx, f: f, each: each}
	switch start = start[:n]; {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")) || bytes.HasPrefix(start, []byte("PK\x05\x06")):
		err = f.workbook(in, t.add)
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")):
		return tool.Refuse(errOld, f.name)
	default:
		err = f.text(ctx, in, t.add)
	}
	if err == nil && t.head == nil {
		return tool.Refuse(errEmpty, f.name)
	}
	return err
}

// table tells the heading from the lines that follow.
type table struct {
	ctx  context.Context
	f    *Sheet
	head []string
	each func(head []string, line int, row []string) error
}

func (t *table) add(line int, row []string) error {
	if line%1024 == 0 && t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	for len(row) > 0 && strings.TrimSpace(row[len(row)-1]) == "" {
		row = row[:len(row)-1]
	}
	if len(row) == 0 {
		return nil
	}
	if len(row) > mostColumns {
		return tool.Refuse(errWide, t.f.name, line, len(row), mostColumns)
	}
	if t.head == nil {
		titled := t.f.s.Header == nil || *t.f.s.Header
		if titled {
			t.head = titles(row)
		} else {
			t.head = titles(make([]string, len(row)))
		}
		if err := t.each(t.head, line, nil); err != nil || titled {
			return err
		}
	}
	for len(t.head) < len(row) {
		t.head = append(t.head, fmt.Sprintf("column %d", len(t.head)+1))
	}
	return t.each(t.head, line, row)
}

// titles names every column once.
func titles(row []string) []string {
	names := make([]string, len(row))
	for i, cell := range row {
		name := tool.Cut(strings.Join(strings.Fields(cell), " "), 200)
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		for n, plain := 2, name; slices.Contains(names[:i], name); n++ {
			name = fmt.Sprintf("%s (%d)", plain, n)
		}
		names[i] = name
	}
	return names
}

// usual are the titles of columns that name a line for good.
var usual = []string{"id", "uid", "uuid", "identifiant", "key", "contact id", "contact_id", "record id", "code client", "code_client", "customer id", "customer_id", "n° client", "numéro client"}

// keyOf finds the columns of the key; none means the whole line.
func (f *Sheet) keyOf(head []string) (key []int, err error) {
	for _, name := range f.s.Key {
		i := slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(h, name) })
		if i < 0 {
			return nil, tool.Refuse(errColumn, f.name, name, strings.Join(head, ", "))
		}
		key = append(key, i)
	}
	for _, name := range usual {
		if i := slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(h, name) }); i >= 0 && key == nil {
			return []int{i}, nil
		}
	}
	return key, nil
}

func keyIn(row []string, key []int) string {
	var parts []string
	for _, i := range key {
		if i < len(row) {
			parts = append(parts, strings.TrimSpace(row[i]))
		}
	}
	if key != nil {
		return strings.Trim(strings.Join(parts, "\x1f"), "\x1f")
	}
	sum := sha256.Sum256([]byte(strings.Join(row, "\x1f")))
	return hex.EncodeToString(sum[:16])
}
