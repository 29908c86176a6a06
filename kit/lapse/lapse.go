package lapse

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Line says how the rows of a table end by a rule of the manifest.
type Line struct {
	Table string
	Rule  string
	Key   []string // the columns that tell a row from the others
	// Org and Person are the columns that say whose a row is; "" when it belongs to no organization, or to nobody.
	Org, Person string
	// Since is the moment, in microseconds, at which the period of a row begins; a row where it is zero has not begun it.
	Since string
	Where string // further condition; "" for every row
	// Clear are columns set to Cleared ("NULL") where the row itself stays.
	Clear, Cleared string
	// Keep are the columns that the archive keeps; none for a line whose rule has no archive.
	Keep []string
	// With are statements on other tables that go with a row, with the key as arguments; Takes names those tables.
	With, Takes []string
	// Reveal opens what is sealed of a row on its way to the archive; nil drops sealed values.
	Reveal func(ctx context.Context, tx core.Tx, row map[string]any) error

	due, find, leave, end string
}

// Lines are those of a module.
type Lines []*Line

// Of registers the statements of each line.
func Of(lines ...Line) Lines {
	all := make(Lines, len(lines))
	for i := range lines {
		l := lines[i]
		l.register()
		all[i] = &l
	}
	return all
}

func (l *Line) org() string {
	if l.Org == "" {
		return "'" + string(core.Platform) + "'"
	}
	return l.Org
}

func (l *Line) register() {
	person, where := "''", ""
	if l.Person != "" {
		person = l.Person
	}
	if l.Where != "" {
		where = " AND (" + l.Where + ")"
	}
	old := "(" + l.Since + ") > 0 AND (" + l.Since + ") < "
	l.due = db.SQL(`SELECT ` + l.org() + `, count(*) FROM ` + l.Table + ` WHERE ` + old + `$1` + where + ` GROUP BY 1 ORDER BY 1`)
	columns := slices.Concat([]string{person, "(" + l.Since + ")"}, l.Key, l.Keep)
	of, next := "", 2
	if l.Org != "" {
		of, next = " AND "+l.Org+" = $2", 3
	}
	l.find = db.SQL(`SELECT ` + strings.Join(columns, ", ") + ` FROM ` + l.Table + ` WHERE ` + old + `$1` + of + where +
		` ORDER BY ` + strings.Join(l.Key, ", ") + ` LIMIT $` + strconv.Itoa(next) + ` OFFSET $` + strconv.Itoa(next+1))
	if l.Org != "" && len(l.Keep) > 0 {
		l.leave = db.SQL(`SELECT ` + strings.Join(columns, ", ") + ` FROM ` + l.Table + ` WHERE ` + l.Org + ` = $1 ORDER BY ` + strings.Join(l.Key, ", "))
	}
	is := make([]string, len(l.Key))
	for i, k := range l.Key {
		is[i] = k + " = $" + strconv.Itoa(i+1)
	}
	if l.Clear == "" {
		l.end = db.SQL(`DELETE FROM ` + l.Table + ` WHERE ` + strings.Join(is, " AND "))
		return
	}
	l.end = db.SQL(`UPDATE ` + l.Table + ` SET ` + l.Clear + ` WHERE ` + strings.Join(is, " AND "))
}

// cell is one value of a row, as either engine gives it.
type cell struct{ v any }

// Scan implements sql.Scanner.
func (c *cell) Scan(src any) error {
	switch v := src.(type) {
	case int32:
		c.v = int64(v)
	case []byte:
		c.v = bytes.Clone(v)
	default:
		c.v = v
	}
	return nil
}

type row struct {
	person core.ID
	began  int64
	key    []any
	values map[string]any
}

func (l *Line) scan(scan db.Scan) (r row, err error) {
	cells := make([]cell, len(l.Key)+len(l.Keep))
	into := []any{&r.person, &r.began}
	for i := range cells {
		into = append(into, &cells[i])
	}
	if err = scan(into...); err != nil {
		return r, err
	}
	r.values = make(map[string]any, len(cells))
	for i, k := range slices.Concat(l.Key, l.Keep) {
		if i < len(l.Key) {
			r.key = append(r.key, cells[i].v)
		}
		if len(l.Keep) > 0 {
			r.values[k] = cells[i].v
		}
	}
	return r, nil
}

// Due tells which organizations have rows whose period began before a date, each once.
func (ls Lines) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	var all []core.ID
	for _, l := range ls {
		if l.Rule != rule {
			continue
		}
		orgs, err := db.All(ctx, tx, l.due, func(scan db.Scan) (org core.ID, err error) {
			var n int64
			err = scan(&org, &n)
			return org, err
		}, clock.Micros(before))
		if err != nil {
			return nil, fmt.Errorf("lapse: %s: %w", l.Table, err)
		}
		all = append(all, orgs...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Expire ends rows of an organization, or counts them.
func (ls Lines) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	var all []core.Receipt
	for _, l := range ls {
		if l.Rule != e.Rule || l.Org == "" && e.Org != core.Platform {
			continue
		}
		r, err := l.expire(ctx, tx, e)
		if err != nil {
			return nil, fmt.Errorf("lapse: %s: %w", l.Table, err)
		}
		if r.Deleted+r.Kept > 0 {
			all = append(all, r)
		}
	}
	return all, nil
}

func (l *Line) expire(ctx context.Context, tx core.Tx, e core.Expiry) (core.Receipt, error) {
	done := core.Receipt{Table: l.Table, Rule: l.Rule}
	args := []any{clock.Micros(e.Before)}
	if len(l.Keep) == 0 && !e.Beyond.IsZero() {
		args[0] = clock.Micros(e.Beyond)
	}
	if l.Org != "" {
		args = append(args, e.Org)
	}
	found, err := db.All(ctx, tx, l.find, l.scan, append(args, e.Limit, e.Skip[l.Table])...)
	if err != nil {
		return done, err
	}
	for _, r := range found {
		if e.Held != nil && e.Held(e.Org, r.person) {
			done.Kept++
			continue
		}
		moved := e.Archive != nil && len(l.Keep) > 0
		if !e.Dry {
			if err := l.finish(ctx, tx, e, r, moved); err != nil {
				return done, err
			}
		}
		done.Deleted++
		if moved {
			done.Archived++
		}
	}
	return done, nil
}

func (l *Line) finish(ctx context.Context, tx core.Tx, e core.Expiry, r row, moved bool) error {
	if moved {
		if err := l.reveal(ctx, tx, r.values); err != nil {
			return err
		}
		if err := e.Archive(ctx, core.Archived{Table: l.Table, Org: e.Org, Person: r.person, Began: clock.FromMicros(r.began), Values: r.values}); err != nil {
			return err
		}
	}
	for _, with := range l.With {
		if _, err := tx.Exec(ctx, with, r.key...); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, l.end, r.key...)
	return err
}

// Leave moves to the archive every row that it may keep of an organization that ends, young ones too.
func (ls Lines) Leave(ctx context.Context, tx core.Tx, org core.ID, archive func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	var all []core.Receipt
	for _, l := range ls {
		if l.leave == "" {
			continue
		}
		rows, err := db.All(ctx, tx, l.leave, l.scan, org)
		if err != nil {
			return nil, fmt.Errorf("lapse: %s: %w", l.Table, err)
		}
		for _, r := range rows {
			if err := l.finish(ctx, tx, core.Expiry{Org: org, Archive: archive}, r, true); err != nil {
				return nil, fmt.Errorf("lapse: %s: %w", l.Table, err)
			}
		}
		if n := int64(len(rows)); n > 0 {
			all = append(all, core.Receipt{Table: l.Table, Rule: l.Rule, Deleted: n, Archived: n})
		}
	}
	return all, nil
}

// reveal opens what is sealed; what nobody opens does not go to the archive, which could not read it.
func (l *Line) reveal(ctx context.Context, tx core.Tx, values map[string]any) error {
	if l.Reveal != nil {
		if err := l.Reveal(ctx, tx, values); err != nil {
			return err
		}
	}
	for k, v := range values {
		if _, sealed := v.([]byte); sealed {
			delete(values, k)
		}
	}
	return nil
}

// Expires lists the tables and rules.
func (ls Lines) Expires() []core.Receipt {
	var all []core.Receipt
	for _, l := range ls {
		all = append(all, core.Receipt{Table: l.Table, Rule: l.Rule})
		for _, t := range l.Takes {
			all = append(all, core.Receipt{Table: t, Rule: l.Rule})
		}
	}
	return all
}

// Estate is a table of organizations: what ends with them.
type Estate struct {
	Table string
	Org   string // the column of the organization; "org" when empty
	Where string // instead of the column, with $1 for the organization
	// Stays says why the rows stay; they are not touched.
	Stays core.Text
	// Ground of what stays.
	Ground core.LegalBasis

	count, end string
}

// Estates are those of a module, in the order in which they are emptied.
type Estates []*Estate

// Owned registers the statements of each estate.
func Owned(list ...Estate) Estates {
	all := make(Estates, len(list))
	for i := range list {
		x := list[i]
		if x.Where == "" {
			if x.Org == "" {
				x.Org = "org"
			}
			x.Where = x.Org + " = $1"
		}
		x.count = db.SQL(`SELECT count(*) FROM ` + x.Table + ` WHERE ` + x.Where)
		if x.Stays == (core.Text{}) {
			x.end = db.SQL(`DELETE FROM ` + x.Table + ` WHERE ` + x.Where)
		}
		all[i] = &x
	}
	return all
}

// Erase empties the estates of an organization.
func (es Estates) Erase(ctx context.Context, tx core.Tx, org core.ID) ([]core.Receipt, error) {
	var all []core.Receipt
	for _, x := range es {
		r := core.Receipt{Table: x.Table, Ground: x.Ground, Why: x.Stays}
		var err error
		if x.end == "" {
			r.Kept, _, err = db.One(ctx, tx, x.count, db.Value[int64], org)
		} else {
			r.Deleted, err = tx.Exec(ctx, x.end, org)
		}
		if err != nil {
			return nil, fmt.Errorf("lapse: %s: %w", x.Table, err)
		}
		if r.Deleted+r.Kept > 0 {
			all = append(all, r)
		}
	}
	return all, nil
}

// List gives the tables, and the ground of those that stay.
func (es Estates) List() []core.Receipt {
	all := make([]core.Receipt, len(es))
	for i, x := range es {
		all[i] = core.Receipt{Table: x.Table, Ground: x.Ground, Why: x.Stays}
	}
	return all
}

// Export gives every row of an organization, without what is sealed or secret, which the room adds by its own means.
func (es Estates) Export(ctx context.Context, tx core.Tx, org core.ID, m core.Manifest, emit func(core.Record) error) error {
	for _, x := range es {
		for _, t := range m.Tables {
			if t.Name != x.Table {
				continue
			}
			if err := x.export(ctx, tx, org, t, emit); err != nil {
				return fmt.Errorf("lapse: %s: %w", x.Table, err)
			}
		}
	}
	return nil
}

func (x *Estate) export(ctx context.Context, tx core.Tx, org core.ID, t core.Table, emit func(core.Record) error) error {
	var names []string
	for _, c := range t.Columns {
		if !c.Sealed && !c.Secret {
			names = append(names, c.Name)
		}
	}
	query := db.SQL(`SELECT ` + strings.Join(names, ", ") + ` FROM ` + x.Table + ` WHERE ` + x.Where) // names that the manifest declares: no input
	rows, err := tx.Query(ctx, query, org)
	if err != nil {
		return err
	}
	for rows.Next() {
		cells, into := make([]cell, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			rows.Close()
			return err
		}
		r := core.Record{Table: x.Table, Values: make(map[string]any, len(names))}
		for i, n := range names {
			if _, blob := cells[i].v.([]byte); !blob {
				r.Values[n] = cells[i].v
			}
		}
		if err := emit(r); err != nil {
			rows.Close()
			return err
		}
	}
	if err := rows.Err(); err != nil {
		rows.Close()
		return err
	}
	return rows.Close()
}
