package journal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var qWaiting = db.SQL(`SELECT id, org, body FROM journal_pending WHERE org = $1 ORDER BY id LIMIT 1000`)

// EntriesAbout gives the entries since a moment on one act that a person did or was the subject of, in these journals:
// ids alone, for who names the witnesses of what was seen.
func (m *Module) EntriesAbout(ctx context.Context, person core.ID, action core.Permission, since time.Time, orgs ...core.ID) (found []core.ID, err error) {
	err = m.db.Read(ctx, func(tx core.Tx) error {
		found = nil
		for _, org := range orgs {
			placed, err := m.placedAbout(ctx, tx, person, action, since, org)
			if err != nil {
				return err
			}
			waiting, err := waitingAbout(ctx, tx, person, action, since, org)
			if err != nil {
				return err
			}
			found = append(append(found, placed...), waiting...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("journal: entries about: %w", err)
	}
	return found, nil
}

func (m *Module) placedAbout(ctx context.Context, tx core.Tx, person core.ID, action core.Permission, since time.Time, org core.ID) ([]core.ID, error) {
	l, there, err := findLog(ctx, tx, org)
	if err != nil || !there {
		return nil, err
	}
	var rows []*Row
	for _, f := range []Filter{{Actor: person}, {Subject: person}, {Resource: person}} {
		f.Action, f.From = string(action), since
		p, err := m.page(ctx, tx, &l, f, newestMark, 1000)
		if err != nil {
			return nil, err
		}
		rows = append(rows, p.Rows...)
	}
	slices.SortFunc(rows, func(a, b *Row) int { return int(int64(a.Seq) - int64(b.Seq)) })
	var found []core.ID
	for i, r := range rows {
		if i == 0 || rows[i-1].Seq != r.Seq {
			found = append(found, core.ID(r.ID))
		}
	}
	return found, nil
}

func waitingAbout(ctx context.Context, tx core.Tx, person core.ID, action core.Permission, since time.Time, org core.ID) (found []core.ID, err error) {
	rows, err := db.All(ctx, tx, qWaiting, scanPending, org)
	var f fields
	for _, w := range rows {
		for _, it := range w.items {
			if f.cut(it.text) && f.at() >= clock.Micros(since) && string(f[fAction]) == string(action) &&
				(string(f[fActor]) == string(person) || string(f[fSubject]) == string(person) || string(f[fResource]) == string(person)) {
				found = append(found, core.ID(f[fID]))
			}
		}
	}
	return found, err
}
