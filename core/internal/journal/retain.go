package journal

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/ids"
)

// What the journal does to itself: entries by the system, so that they have a name in the catalogue.
var (
	pruneAct = core.ActDef{
		Permission: "journal.prune", Resource: "journal", Verb: core.Deletes, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Effacer les entrées au bout de leur durée de conservation", EN: "Prune entries at the end of their retention"},
	}
	trimAct = core.ActDef{
		Permission: "journal.trim", Resource: "journal", Verb: core.Updates, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Tronquer les adresses après le délai prévu", EN: "Truncate addresses after the set delay"},
	}
	voidAct = core.ActDef{
		Permission: voidAction, Resource: "counter", Verb: core.Updates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Déclarer nuls les numéros d'actes qui n'ont pas abouti", EN: "Declare void the numbers of acts that did not commit"},
	}
)

// Retain applies the policy in force of each organization: it truncates addresses and prunes entries (ACC-11.1), and says
// so in the journal. Run it from a schedule; it costs nothing when nothing is due.
func (m *Module) Retain(ctx context.Context, settings core.Settings) error {
	orgs, err := m.Orgs(ctx)
	if err != nil {
		return err
	}
	for _, org := range orgs {
		if err := m.retain(ctx, settings, org); err != nil {
			return fmt.Errorf("journal: retention of %s: %w", org, err)
		}
	}
	return nil
}

func (m *Module) retain(ctx context.Context, settings core.Settings, org core.ID) error {
	var policy core.Policy
	err := m.db.Read(ctx, func(tx core.Tx) (err error) {
		if org == core.Platform {
			policy, err = settings.For(ctx, tx)
		} else {
			policy, err = settings.For(ctx, tx, org)
		}
		return err
	})
	if err != nil {
		return err
	}
	now := m.clock.Now()
	if days := policy.Journal.AddressDays; days > 0 {
		n, err := m.Trim(ctx, org, now.AddDate(0, 0, -days))
		if err != nil {
			return err
		}
		if err := m.tell(ctx, org, &trimAct, n); err != nil {
			return err
		}
	}
	if days := policy.Journal.RetentionDays; days > 0 {
		n, err := m.Prune(ctx, org, now.AddDate(0, 0, -days))
		if err != nil {
			return err
		}
		return m.tell(ctx, org, &pruneAct, n)
	}
	return nil
}

// tell writes what was done to n entries; nothing when there was none.
func (m *Module) tell(ctx context.Context, org core.ID, act *core.ActDef, n int64) error {
	if n == 0 {
		return nil
	}
	return m.db.Write(ctx, func(tx core.Tx) error {
		now := m.clock.Now()
		return m.Record(ctx, tx, &core.Entry{
			ID: ids.At(now), Org: org, At: now, Actor: core.System("journal"), Action: act.Permission, Verb: act.Verb,
			Type: act.Resource, Resource: org, Purpose: act.Purpose, Note: fmt.Sprintf("%d entries", n),
		})
	})
}
