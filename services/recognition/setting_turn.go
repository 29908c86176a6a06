package recognition

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Turn is how one synchronisation ended.
type Turn struct {
	At      time.Time
	Outcome string // "idle" when it was done, "waiting", "refused", "differs"
	Puts    int
	Deletes int
	Cards   int
}

var turnTable = core.Table{
	Name: "recognition_turn", Title: core.Text{FR: "Dernières synchronisations", EN: "Last synchronisations"}, Unsaved: true,
	Columns: core.Plain("org", "link", "at", "outcome", "puts", "deletes", "cards"),
}

// Fifty synchronisations of a link are remembered.
var (
	qTurnAdd = db.SQL(`INSERT INTO recognition_turn (org, link, at, outcome, puts, deletes, cards) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org, link, at) DO NOTHING`)
	qTurnOld = db.SQL(`DELETE FROM recognition_turn WHERE org = $1 AND link = $2 AND at <= (SELECT coalesce(min(at), 0) - 1 FROM
		(SELECT at FROM recognition_turn WHERE org = $1 AND link = $2 ORDER BY at DESC LIMIT 50) AS kept)`)
	qTurns    = db.SQL(`SELECT at, outcome, puts, deletes, cards FROM recognition_turn WHERE org = $1 AND link = $2 ORDER BY at DESC LIMIT 50`)
	qTurnDrop = db.SQL(`DELETE FROM recognition_turn WHERE org = $1 AND link = $2`)
)

// noteTurn remembers how a synchronisation ended, within its act.
func (m *Module) noteTurn(ctx context.Context, tx core.Tx, was SyncState, r *syncRow) error {
	outcome := string(r.state)
	switch {
	case r.fault == faultDiffers:
		outcome = "differs"
	case r.state == was || r.state == SyncOpen || r.state == SyncSwitching || r.state == syncApproved:
		return nil
	}
	if _, err := tx.Exec(ctx, qTurnAdd, r.org, r.link, clock.Micros(m.now()), outcome, r.puts, r.deletes, r.cards); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, qTurnOld, r.org, r.link)
	return err
}

// Turns lists the last synchronisations of a link, newest first.
func (m *Module) Turns(ctx context.Context, org, link core.ID) (list []Turn, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLinks, Org: org, Resource: link}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qTurns, func(scan db.Scan) (t Turn, err error) {
			var at int64
			err = scan(&at, &t.Outcome, &t.Puts, &t.Deletes, &t.Cards)
			t.At = clock.FromMicros(at)
			return t, err
		}, org, link)
		return err
	})
	return list, err
}

// dropSettings ends what was kept of the setting up of a link, and of its synchronisations.
func dropSettings(ctx context.Context, tx core.Tx, org, link core.ID) error {
	for _, q := range []string{qPreviewDrop, qToolsDrop, qTurnDrop} {
		if _, err := tx.Exec(ctx, q, org, link); err != nil {
			return err
		}
	}
	return nil
}
