package boot

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// trace is a text looked for wherever it may stand in clear: as it is, in capitals or not, in UTF-16, hexadecimal or base64.
type trace struct{ plain, folded [][]byte }

// traceOf makes the forms of a text of small letters and digits, 12 or more, that nothing else holds by chance.
func traceOf(text string) trace {
	raw := [][]byte{[]byte(text)}
	for _, big := range []bool{false, true} {
		var wide []byte
		for _, u := range utf16.Encode([]rune(text)) {
			if big {
				wide = append(wide, byte(u>>8), byte(u))
			} else {
				wide = append(wide, byte(u), byte(u>>8))
			}
		}
		raw = append(raw, wide)
	}
	t := trace{folded: slices.Clone(raw)}
	for _, form := range raw {
		t.folded = append(t.folded, []byte(hex.EncodeToString(form)))
		for shift := range 3 { // what stands before it in the same three bytes changes its base64
			coded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), form...))
			from := []int{0, 2, 3}[shift]
			to := (len(form) + shift) / 3 * 4
			t.plain = append(t.plain, []byte(coded[from:to]))
			if url := strings.NewReplacer("+", "-", "/", "_").Replace(coded[from:to]); url != coded[from:to] {
				t.plain = append(t.plain, []byte(url))
			}
		}
	}
	return t
}

// in tells whether a piece of a file holds the text; it lowers the letters of the piece.
func (t trace) in(piece []byte) bool {
	has := func(form []byte) bool { return bytes.Contains(piece, form) }
	if slices.ContainsFunc(t.plain, has) {
		return true
	}
	for i, c := range piece {
		if c >= 'A' && c <= 'Z' {
			piece[i] = c + 'a' - 'A'
		}
	}
	return slices.ContainsFunc(t.folded, has)
}

// overlap is what two pieces share, so that a text across their border is seen.
const overlap = 512

// inFile looks through a file piece by piece; a file that is not there, or goes meanwhile, holds nothing.
func (t trace) inFile(ctx context.Context, path string) (found bool, size int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	defer f.Close()
	buf, kept := make([]byte, 1<<20), 0
	for {
		n, err := io.ReadFull(f, buf[kept:])
		size += int64(n)
		if n > 0 && t.in(bytes.Clone(buf[:kept+n])) {
			return true, size, nil
		}
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, size, ctx.Err()
		}
		if err != nil || ctx.Err() != nil {
			return false, size, errors.Join(err, ctx.Err())
		}
		kept = copy(buf, buf[kept+n-overlap:kept+n])
	}
}

// inFolder gives the files of a folder that hold the text.
func (t trace) inFolder(ctx context.Context, dir string) (holding []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone meanwhile
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		found, _, err := t.inFile(ctx, path)
		if found {
			holding = append(holding, path)
		}
		return err
	})
	return holding, err
}

var qTables = db.SQLOn(db.PostgreSQL, `SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1`)

// tableName is what may stand in a statement made here.
var tableName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// inTables gives the tables of a PostgreSQL database that hold the text: whole rows are looked at as the server writes them,
// bytes in hexadecimal.
func (t trace) inTables(ctx context.Context, d *db.DB) (holding []string, looked int64, err error) {
	forms := make([]any, 0, 9)
	for _, f := range t.folded[:3] {
		forms = append(forms, string(bytes.ReplaceAll(f, []byte{0}, nil)), hex.EncodeToString(f))
	}
	for _, f := range t.plain[:3] {
		forms = append(forms, strings.ToLower(string(f)))
	}
	err = d.Read(ctx, func(tx core.Tx) error {
		tables, err := db.All(ctx, tx, qTables, db.Value[string])
		holding, looked = nil, int64(len(tables))
		for _, table := range tables {
			if !tableName.MatchString(table) {
				continue
			}
			n, _, err := db.One(ctx, tx, db.SQLOn(db.PostgreSQL, wherever(table, len(forms))), db.Value[int64], forms...)
			if err != nil {
				return fmt.Errorf("search %s: %w", table, err)
			}
			if n > 0 {
				holding = append(holding, table)
			}
		}
		return err
	})
	return holding, looked, err
}

func wherever(table string, forms int) string {
	var any []string
	for i := range forms {
		any = append(any, fmt.Sprintf("position($%d::text in line) > 0", i+1))
	}
	return `SELECT COUNT(*) FROM (SELECT lower(x::text) AS line FROM ` + table + ` x) y WHERE ` + strings.Join(any, " OR ")
}

// clear gives the places where a text stands in clear, tables of PostgreSQL or files of SQLite with their logs, and how many
// tables or bytes were looked at.
func (h *House) clear(ctx context.Context, text string) (holding []string, size int64, err error) {
	t := traceOf(text)
	if h.db.Engine() == db.PostgreSQL {
		return t.inTables(ctx, h.db)
	}
	for _, name := range []string{"rempart.db", "rempart.db-wal", "keys.db", "keys.db-wal"} {
		found, n, err := t.inFile(ctx, filepath.Join(h.cfg.Data, name))
		if err != nil {
			return holding, size, err
		}
		size += n
		if found {
			holding = append(holding, name)
		}
	}
	return holding, size, nil
}
