package recognition

import (
	"context"
	"regexp"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

func (m *Module) syncHealth(ctx context.Context, org, link core.ID) (h SyncHealth, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &SyncSee, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.LinkIn(ctx, tx, org, link); err != nil {
			return err
		}
		row, found, err := m.syncOf(ctx, tx, org, link)
		if err != nil {
			return err
		}
		if !found {
			row = syncRow{org: org, link: link}
		}
		h = row.health(m.now())
		return nil
	})
	return h, err
}

func (m *Module) waiting(ctx context.Context, org core.ID) (all []SyncHealth, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &SyncSee, Org: org}, func(tx core.Tx) error {
		rows, err := db.All(ctx, tx, qSyncs, scanSync(org), org)
		for i := range rows {
			all = append(all, rows[i].health(m.now()))
		}
		return err
	})
	return all, err
}

// What a page says of the last turn, when nobody asked for it by an act.
var (
	_ = i18n.Fault(core.Conflict, "sync.refused", "Une personne a refusé cette mise à jour : rien n'a changé.", "Somebody refused this update: nothing has changed.")
	_ = i18n.Fault(core.Conflict, faultDiffers, "La plateforme et le programme n'ont pas calculé la même empreinte : rien n'a changé.", "The platform and the program did not compute the same digest: nothing has changed.")
)

var qSyncFault = db.SQL(`UPDATE recognition_sync SET fault = $3 WHERE org = $1 AND link = $2`)

// faultCode is the form of a stable word: what a tool said itself stays on its machine.
var faultCode = regexp.MustCompile(`^(source|agent)\.[a-z0-9_]{1,40}$`)

// ReportFault keeps why the last turn of an agent failed, until its next one.
func (m *Module) ReportFault(ctx context.Context, org, link core.ID, code string) error {
	if !faultCode.MatchString(code) {
		return errFaultCode
	}
	return m.needs.Gate.Change(ctx, &core.Act{Def: &SyncFault, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.linkOfAgent(ctx, tx, org, link); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qSyncFault, org, link, code)
		if err == nil && n == 0 {
			err = errNothing
		}
		return err
	})
}

// decideSync changes a session that waits for a person.
func (m *Module) decideSync(ctx context.Context, org, link core.ID, act *core.Act, fn func(core.Tx, *syncRow) error) error {
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		row, found, err := m.syncOf(ctx, tx, org, link)
		if err == nil && (!found || row.state != SyncWaiting) {
			err = errNothing
		}
		if err != nil {
			return err
		}
		if err := fn(tx, &row); err != nil {
			return err
		}
		return row.put(ctx, tx)
	})
}

func (m *Module) approve(ctx context.Context, org, link core.ID) error {
	act := &core.Act{Def: &SyncApprove, Org: org, Resource: link}
	return m.decideSync(ctx, org, link, act, func(tx core.Tx, r *syncRow) error {
		act.Changed("decision", "", "approved")
		r.state, r.fault = syncApproved, ""
		return m.enqueueSettle(ctx, tx, *r)
	})
}

func (m *Module) refuse(ctx context.Context, org, link core.ID) error {
	act := &core.Act{Def: &SyncApprove, Org: org, Resource: link}
	return m.decideSync(ctx, org, link, act, func(tx core.Tx, r *syncRow) error {
		act.Changed("decision", "", "refused")
		if err := m.dropSession(ctx, tx, r); err != nil {
			return err
		}
		return m.noteTurn(ctx, tx, SyncWaiting, r)
	})
}
