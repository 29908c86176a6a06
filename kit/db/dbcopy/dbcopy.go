package dbcopy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"strings"

	"github.com/rempart/rempart/kit/db"
)

// Options say what to copy where.
type Options struct {
	Steps    []Step
	Progress func(Progress) // nil: silence
}

// Step copies the tables of some schemas. Steps with the same target share one transaction: the rows and the keys of a
// platform, in two files, move to one server together or not at all.
type Step struct {
	From, To string // URLs as kit/db reads them
	// Schemas make the tables of the target and must be those of the source: both sides are migrated first.
	Schemas []db.Schema
}

// Progress is said about ten times a second at most, and at the end of each table.
type Progress struct {
	Table        string
	Rows, Of     int64
	Tables, Last int // this table's number, and how many there are
}

// Report is what was copied.
type Report struct{ Tables []Table }

// Table is one copied table: Digest is the sum of the SHA-256 of its rows, the same on both sides whatever their order.
type Table struct {
	Name   string
	Rows   int64
	Digest string
}

// source and target hide what differs between the engines; both are one open transaction.
type source interface {
	tables(ctx context.Context) (map[string][]string, error) // table → columns
	count(ctx context.Context, table string) (int64, error)
	rows(ctx context.Context, table string, columns []string, each func([]any) error) error
	close()
}

type target interface {
	source
	fill(ctx context.Context, table string, columns []string, next func() ([]any, error)) error
	settle(ctx context.Context) error // foreign keys and sequences
	commit(ctx context.Context) error
}

// Run copies every table of each step and checks each row. The tables of the target must be empty; the source should be
// at rest (it is read in one snapshot: what is written to it meanwhile is not copied).
func Run(ctx context.Context, o Options) (Report, error) {
	rep, err := run(ctx, o)
	if err != nil {
		return Report{}, fmt.Errorf("db copy: %w", err)
	}
	return rep, nil
}

func run(ctx context.Context, o Options) (rep Report, err error) {
	if err := prepare(ctx, o.Steps); err != nil {
		return rep, err
	}
	targets := map[string]target{}
	defer func() {
		for _, dst := range targets {
			dst.close()
		}
	}()
	for _, step := range o.Steps {
		dst := targets[step.To]
		if dst == nil {
			if dst, err = openTarget(ctx, step.To); err != nil {
				return rep, fmt.Errorf("target: %w", err)
			}
			targets[step.To] = dst
		}
		done, err := step.run(ctx, dst, o.Progress)
		if err != nil {
			return rep, err
		}
		rep.Tables = append(rep.Tables, done...)
	}
	for _, dst := range targets {
		if err := dst.settle(ctx); err != nil {
			return rep, err
		}
	}
	for _, dst := range targets {
		if err := dst.commit(ctx); err != nil {
			return rep, err
		}
	}
	return rep, nil
}

// prepare brings both sides of every step to the same schema.
func prepare(ctx context.Context, steps []Step) error {
	for _, s := range steps {
		if s.From == s.To {
			return errors.New("source and target are the same")
		}
		if db.EngineOf(s.From) == db.SQLite {
			if _, err := os.Stat(filePath(s.From)); err != nil {
				return fmt.Errorf("source: %w", err)
			}
		}
		for _, u := range []string{s.From, s.To} {
			if err := migrate(ctx, u, s.Schemas); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s Step) run(ctx context.Context, dst target, progress func(Progress)) (done []Table, err error) {
	src, err := openSource(ctx, s.From)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	defer src.close()
	plan, err := s.compare(ctx, src, dst)
	if err != nil {
		return nil, err
	}
	for i, t := range plan {
		copied, err := one(ctx, src, dst, t, func(n int64) {
			if progress != nil {
				progress(Progress{Table: t.name, Rows: n, Of: t.rows, Tables: i + 1, Last: len(plan)})
			}
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		done = append(done, copied)
	}
	return done, nil
}

// concerns tells whether a table belongs to one of the step's schemas.
func (s Step) concerns(table string) bool {
	for _, schema := range s.Schemas {
		if strings.HasPrefix(table, schema.Module+"_") {
			return true
		}
	}
	return false
}

func migrate(ctx context.Context, url string, schemas []db.Schema) error {
	d, err := db.Open(ctx, db.Config{URL: url, Pool: 2})
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Migrate(ctx, schemas...)
}

func openSource(ctx context.Context, url string) (source, error) {
	if db.EngineOf(url) == db.PostgreSQL {
		return openPostgres(ctx, url, true)
	}
	return openSQLite(ctx, url, true)
}

func openTarget(ctx context.Context, url string) (target, error) {
	if db.EngineOf(url) == db.PostgreSQL {
		return openPostgres(ctx, url, false)
	}
	return openSQLite(ctx, url, false)
}

type planned struct {
	name    string
	columns []string
	rows    int64
}

// compare refuses what cannot be copied whole.
func (s Step) compare(ctx context.Context, src source, dst target) ([]planned, error) {
	have, err := src.tables(ctx)
	if err != nil {
		return nil, err
	}
	want, err := dst.tables(ctx)
	if err != nil {
		return nil, err
	}
	for name := range want {
		if !s.concerns(name) {
			continue
		}
		n, err := dst.count(ctx, name)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, fmt.Errorf("the target is not empty: %s has %d rows", name, n)
		}
	}
	var plan []planned
	for _, name := range sorted(have) {
		if !s.concerns(name) {
			continue
		}
		n, err := src.count(ctx, name)
		if err != nil {
			return nil, err
		}
		columns, there := want[name]
		switch {
		case !there && n == 0:
			continue // a table of one engine only, with nothing under way
		case !there:
			return nil, fmt.Errorf("%s exists on the source only and has %d rows", name, n)
		case strings.Join(sortedList(columns), ",") != strings.Join(sortedList(have[name]), ","):
			return nil, fmt.Errorf("%s has other columns on the target", name)
		}
		plan = append(plan, planned{name, have[name], n})
	}
	return plan, nil
}

// one copies a table and compares the digests of both sides.
func one(ctx context.Context, src source, dst target, t planned, progress func(int64)) (Table, error) {
	var read digest
	next, stop := pull(ctx, src, t)
	defer stop()
	err := dst.fill(ctx, t.name, t.columns, func() ([]any, error) {
		row, err := next()
		if row == nil || err != nil {
			return nil, err
		}
		read.add(row)
		if read.rows%10_000 == 0 {
			progress(read.rows)
		}
		return row, nil
	})
	if err != nil {
		return Table{}, err
	}
	var written digest
	if err := dst.rows(ctx, t.name, t.columns, func(row []any) error { written.add(row); return nil }); err != nil {
		return Table{}, err
	}
	if read != written {
		return Table{}, fmt.Errorf("%d rows were read and %d are there, or their hashes differ", read.rows, written.rows)
	}
	progress(read.rows)
	return Table{t.name, read.rows, read.String()}, nil
}

// pull turns the rows of the source into something that the target asks for one at a time.
func pull(ctx context.Context, src source, t planned) (next func() ([]any, error), stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ch := make(chan []any, 256)
	var failed error
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer close(ch)
		failed = src.rows(ctx, t.name, t.columns, func(row []any) error {
			select {
			case ch <- row:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	next = func() ([]any, error) {
		row, open := <-ch
		if !open {
			<-gone
			return nil, failed
		}
		return row, nil
	}
	return next, func() {
		cancel()
		for range ch { //nolint:revive // drained so that the reader ends
		}
		<-gone
	}
}

// Hash gives the number and the digest of the rows of these tables (table → columns), or of every table when it is nil:
// to compare a database with what it was.
func Hash(ctx context.Context, url string, tables map[string][]string) ([]Table, error) {
	src, err := openSource(ctx, url)
	if err != nil {
		return nil, err
	}
	defer src.close()
	if tables == nil {
		if tables, err = src.tables(ctx); err != nil {
			return nil, err
		}
	}
	var all []Table
	for _, name := range sorted(tables) {
		var d digest
		if err := src.rows(ctx, name, tables[name], func(row []any) error { d.add(row); return nil }); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, Table{name, d.rows, d.String()})
	}
	return all, nil
}

// Columns lists the columns of every table but the ground's own.
func Columns(ctx context.Context, url string) (map[string][]string, error) {
	src, err := openSource(ctx, url)
	if err != nil {
		return nil, err
	}
	defer src.close()
	return src.tables(ctx)
}

// digest sums the SHA-256 of rows as 256-bit numbers: the order of rows does not matter, their number does.
type digest struct {
	rows int64
	sum  [4]uint64
}

func (d *digest) add(row []any) {
	h := sha256.New()
	var b [9]byte
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			h.Write([]byte{0})
		case int64:
			b[0] = 1
			binary.BigEndian.PutUint64(b[1:], uint64(v))
			h.Write(b[:])
		case float64:
			b[0] = 2
			binary.BigEndian.PutUint64(b[1:], math.Float64bits(v))
			h.Write(b[:])
		case string:
			b[0] = 3
			binary.BigEndian.PutUint64(b[1:], uint64(len(v)))
			h.Write(b[:])
			h.Write([]byte(v))
		case []byte:
			b[0] = 4
			binary.BigEndian.PutUint64(b[1:], uint64(len(v)))
			h.Write(b[:])
			h.Write(v)
		default:
			panic(fmt.Sprintf("db copy: a column holds a %T", v))
		}
	}
	sum := h.Sum(nil)
	var carry uint64
	for i := range d.sum {
		d.sum[i], carry = bits.Add64(d.sum[i], binary.LittleEndian.Uint64(sum[8*i:]), carry)
	}
	d.rows++
}

func (d *digest) String() string {
	var b [32]byte
	for i, n := range d.sum {
		binary.LittleEndian.PutUint64(b[8*i:], n)
	}
	return hex.EncodeToString(b[:])
}
