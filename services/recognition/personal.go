package recognition

import (
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

// estates are what the service keeps of organizations.
var estates = lapse.Owned(slices.Concat(
	callEstates,
	scriptEstates,
	supportEstates,
	deviceEstates,
	cardEstates,
	intakeEstates,
	[]lapse.Estate{subscriptionEstate, settingEstate, {Table: "recognition_turn"}, {Table: "recognition_announcement"}},
)...)

// lapses are how its rows end by time.
var lapses = slices.Concat(
	callLapses,
	supportLapses,
	deviceLapses,
	settingLapses,
)

// Due tells which organizations have rows whose period began before a date.
func (*Module) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	return lapses.Due(ctx, tx, rule, before)
}

// Expire ends rows of a retention rule.
func (*Module) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	return lapses.Expire(ctx, tx, e)
}

// Expires lists the tables that end by time.
func (*Module) Expires() []core.Receipt { return lapses.Expires() }

// EraseOrg ends what it keeps of an organization whose contract has ended.
func (m *Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	if err := m.leaveCards(ctx, tx, org); err != nil {
		return nil, err
	}
	if err := m.leaveSupport(ctx, tx, org); err != nil {
		return nil, err
	}
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}

var qForgetMaker = db.SQL(`UPDATE recognition_link SET made_by = '' WHERE made_by = $1`)

// ExportPerson gives what is kept of a person.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	for _, export := range []func(context.Context, core.Tx, core.ID, func(core.Record) error) error{
		m.exportCalls,
		m.exportScripts,
		m.exportSupport,
		m.exportAgents,
	} {
		if err := export(ctx, tx, person, emit); err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson erases what is kept of a person.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qForgetMaker, person)
	if err != nil {
		return nil, err
	}
	all := []core.Receipt{{Table: "recognition_link", Deleted: n}}
	for _, erase := range []func(context.Context, core.Tx, core.ID) ([]core.Receipt, error){
		m.eraseCalls,
		m.eraseScripts,
		m.eraseSupport,
		forgetSubscriber,
		forgetAsker,
		forgetInviter,
	} {
		done, err := erase(ctx, tx, person)
		if err != nil {
			return nil, err
		}
		all = append(all, done...)
	}
	return all, nil
}
