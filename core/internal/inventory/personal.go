package inventory

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qOwned   = db.SQL(`SELECT ` + columns + current + `WHERE i.owner = $1 OR i.made_by = $1 ORDER BY i.id`)
	qChanged = db.SQL(`SELECT ` + columns + ` FROM inventory_item i JOIN inventory_version v ON v.item = i.id WHERE v.changed_by = $1 ORDER BY v.item, v.revision`)
	qSentTo  = db.SQL(`SELECT step, sent_at FROM inventory_reminder WHERE person = $1 ORDER BY sent_at`)

	qForgetSent = db.SQL(`DELETE FROM inventory_reminder WHERE person = $1`)
	// Of a canary nothing stays.
	qTrialFiles    = db.SQL(`DELETE FROM inventory_file WHERE item IN (SELECT id FROM inventory_item WHERE made_by = $1 AND trial = 1)`)
	qTrialVersions = db.SQL(`DELETE FROM inventory_version WHERE item IN (SELECT id FROM inventory_item WHERE made_by = $1 AND trial = 1)`)
	qTrialSent     = db.SQL(`DELETE FROM inventory_reminder WHERE item IN (SELECT id FROM inventory_item WHERE made_by = $1 AND trial = 1)`)
	qTrialItems    = db.SQL(`DELETE FROM inventory_item WHERE made_by = $1 AND trial = 1`)
)

type sent struct {
	step string
	at   int64
}

func scanSent(scan db.Scan) (s sent, err error) { err = scan(&s.step, &s.at); return s, err }

// ExportPerson gives the lines that a person answers for, holds or wrote, and the reminders that they got.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	owned, err := db.All(ctx, tx, qOwned, scanItem, person)
	if err != nil {
		return err
	}
	if err := m.unseal(ctx, owned); err != nil {
		return err
	}
	for _, it := range owned {
		err := emit(core.Record{Table: "inventory_item", Values: map[string]any{
			"register": it.Register, "owner": it.Owner == person, "made_by": it.MadeBy == person, "label": it.Values["label"], "state": it.State, "due_at": it.Due, "made_at": it.MadeAt,
		}})
		if err != nil {
			return err
		}
	}
	changed, err := db.All(ctx, tx, qChanged, scanItem, person)
	if err != nil {
		return err
	}
	for _, it := range changed {
		if err := emit(core.Record{Table: "inventory_version", Values: map[string]any{"item": it.ID, "revision": it.Revision, "changed_at": it.ChangedAt, "entry": it.Entry}}); err != nil {
			return err
		}
	}
	letters, err := db.All(ctx, tx, qSentTo, scanSent, person)
	if err != nil {
		return err
	}
	for _, s := range letters {
		if err := emit(core.Record{Table: "inventory_reminder", Values: map[string]any{"step": s.step, "sent_at": clock.FromMicros(s.at)}}); err != nil {
			return err
		}
	}
	return nil
}

var whyKept = core.Text{FR: "Qui détenait ou a changé une ligne des registres reste, par un identifiant seul : quelqu'un doit en répondre (article 32).", EN: "Who held or changed a line of the registers stays, by an id alone: somebody must answer for it (article 32)."}

// ErasePerson forgets the reminders. Who held what and who changed a register stays as pseudonymous ids: clients were promised
// that somebody answers for it (article 32 GDPR).
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	gone, err := tx.Exec(ctx, qForgetSent, person)
	if err != nil {
		return nil, err
	}
	canary, err := core.CanaryIn(ctx, tx, person, m.needs.People.People)
	if err != nil {
		return nil, err
	}
	if canary {
		for _, q := range []string{qTrialFiles, qTrialVersions, qTrialSent, qTrialItems} {
			if _, err := tx.Exec(ctx, q, person); err != nil {
				return nil, err
			}
		}
	}
	owned, err := db.All(ctx, tx, qOwned, scanItem, person)
	if err != nil {
		return nil, err
	}
	changed, err := db.All(ctx, tx, qChanged, scanItem, person)
	if err != nil {
		return nil, err
	}
	return []core.Receipt{
		{Table: "inventory_reminder", Deleted: gone},
		{Table: "inventory_item", Kept: int64(len(owned)), Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
		{Table: "inventory_version", Kept: int64(len(changed)), Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
	}, nil
}
