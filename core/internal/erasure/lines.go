package erasure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Line is what was counted in one table.
type Line struct {
	Phase string // "weighed", "erased", "left"
	core.Receipt
}

// The phases of counts.
const (
	Weighed = "weighed"
	Erased  = "erased"
	Left    = "left"
)

// qLineRows write several rows, by how many.
var qLineRows = func() map[int]string {
	list := map[int]string{}
	for _, n := range []int{8, 4, 2, 1} {
		rows := make([]string, n)
		for i := range rows {
			at := 9 * i
			rows[i] = fmt.Sprintf("($%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d)", at+1, at+2, at+3, at+4, at+5, at+6, at+7, at+8, at+9)
		}
		list[n] = db.SQL(`INSERT INTO erasure_line (erasure, phase, kept_in, deleted, kept, ground, why_fr, why_en, rule) VALUES ` + strings.Join(rows, ", "))
	}
	return list
}()

// linesOf gives the lines of an order, of one phase or of all (""), by phase and table. Tables that held nothing and are said the
// same of share a row.
func linesOf(ctx context.Context, tx core.Tx, order core.ID, phase string) (all []Line, err error) {
	scan := func(scan db.Scan) (struct{}, error) {
		var l Line
		err := scan(&l.Phase, &l.Table, &l.Deleted, &l.Kept, &l.Ground, &l.Why.FR, &l.Why.EN, &l.Rule)
		for _, l.Table = range strings.Fields(l.Table) {
			all = append(all, l)
		}
		return struct{}{}, err
	}
	if phase == "" {
		_, err = db.All(ctx, tx, qLines, scan, order)
	} else {
		_, err = db.All(ctx, tx, qLinesOf, scan, order, phase)
	}
	slices.SortFunc(all, func(a, b Line) int {
		return cmp.Or(strings.Compare(a.Phase, b.Phase), strings.Compare(a.Table, b.Table))
	})
	return all, err
}

// addLines adds what a pass erased to what others did before: rows that went add up, what stays is as it was seen last.
func addLines(ctx context.Context, tx core.Tx, order core.ID, list []core.Receipt) error {
	before, err := linesOf(ctx, tx, order, Erased)
	if err != nil {
		return err
	}
	list = slices.Clone(list)
	for _, l := range before {
		if i := slices.IndexFunc(list, func(r core.Receipt) bool { return r.Table == l.Table }); i >= 0 {
			list[i].Deleted += l.Deleted
		} else {
			list = append(list, l.Receipt)
		}
	}
	if len(before) == 0 {
		return putLines(ctx, tx, order, Erased, list)
	}
	return setLines(ctx, tx, order, Erased, list)
}

// setLines replaces the lines of a phase.
func setLines(ctx context.Context, tx core.Tx, order core.ID, phase string, list []core.Receipt) error {
	if _, err := tx.Exec(ctx, qUnline, order, phase); err != nil {
		return err
	}
	return putLines(ctx, tx, order, phase, list)
}

func putLines(ctx context.Context, tx core.Tx, order core.ID, phase string, list []core.Receipt) error {
	rows := packed(list)
	for len(rows) > 0 {
		n := 8
		for n > len(rows) {
			n /= 2
		}
		args := make([]any, 0, 9*n)
		for _, r := range rows[:n] {
			args = append(args, order, phase, r.Table, r.Deleted, r.Kept, string(r.Ground), r.Why.FR, r.Why.EN, r.Rule)
		}
		if _, err := tx.Exec(ctx, qLineRows[n], args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// packed puts the tables that held nothing, and of which the same is said, in one row.
func packed(list []core.Receipt) (rows []core.Receipt) {
	of := map[core.Receipt]int{}
	for _, r := range list {
		if r.Deleted != 0 || r.Kept != 0 {
			rows = append(rows, r)
			continue
		}
		said := r
		said.Table = ""
		if i, there := of[said]; there {
			rows[i].Table += " " + r.Table
			continue
		}
		of[said] = len(rows)
		rows = append(rows, r)
	}
	return rows
}
