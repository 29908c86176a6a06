package control

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var errSoon = i18n.Fault(core.Conflict, "control.soon", "Pas encore disponible.", "Not yet available.")

// Clauses lists clauses with their computed status, and the split over them. For provider staff.
func (m *Module) Clauses(ctx context.Context, f Filter) ([]Clause, Summary, error) {
	return nil, Summary{}, errSoon
}

// Promised lists the clauses promised to an organization. For its own people.
func (m *Module) Promised(ctx context.Context, org core.ID, f Filter) ([]Clause, Summary, error) {
	return nil, Summary{}, errSoon
}

// History gives the share of time that a clause held, or a whole pack when clause is "", over so many days.
func (m *Module) History(ctx context.Context, pack, clause string, days int) (Days, error) {
	return Days{}, errSoon
}

// Observations lists those of a probe (of all probes when it is ""), newest first, before one; next is "" at the end.
func (m *Module) Observations(ctx context.Context, probe string, before core.ID, limit int) (list []Observation, next core.ID, err error) {
	return nil, "", errSoon
}

// Observation opens one down to its journal entries.
func (m *Module) Observation(ctx context.Context, id core.ID) (Evidence, error) {
	return Evidence{}, errSoon
}

// Packs lists the packs that ship and those in force, by id.
func (m *Module) Packs(ctx context.Context) ([]PackView, error) { return nil, errSoon }

// Pins lists which organization was promised what of a pack, the version in force first.
func (m *Module) Pins(ctx context.Context, pack string) ([]Pin, error) { return nil, errSoon }

// PinsOf lists what an organization was promised, newest first. For its own people.
func (m *Module) PinsOf(ctx context.Context, org core.ID) ([]Pin, error) { return nil, errSoon }

// Difference says in words what changed between the version that an organization signed and the one in force.
func (m *Module) Difference(ctx context.Context, org core.ID, pack string) ([]core.Text, error) {
	return nil, errSoon
}

// Sign notes that an organization signs the version in force, whose hash was read. For its administrators.
func (m *Module) Sign(ctx context.Context, org core.ID, pack, hash string) error { return errSoon }

// Preview tells what publishing would do, without doing it.
func (m *Module) Preview(ctx context.Context, o Order) (Published, error) {
	return Published{}, errSoon
}

// Publish puts a pack in force.
func (m *Module) Publish(ctx context.Context, o Order) (Published, error) {
	return Published{}, errSoon
}

// Withdraw takes clauses back, or a whole pack, in a new version.
func (m *Module) Withdraw(ctx context.Context, w Withdrawal) (Published, error) {
	return Published{}, errSoon
}

// Run runs probes now, each once; all of the packs in force when none is named.
func (m *Module) Run(ctx context.Context, probes ...string) ([]Observation, error) {
	return nil, errSoon
}

// Alerts lists breaks, those that last first, then newest first.
func (m *Module) Alerts(ctx context.Context, before core.ID, limit int) ([]Alert, error) {
	return nil, errSoon
}

// Webhooks lists where alerts are sent.
func (m *Module) Webhooks(ctx context.Context) ([]Webhook, error) { return nil, errSoon }

// AddWebhook sends alerts to an address from now on; the secret that signs them is shown once.
func (m *Module) AddWebhook(ctx context.Context, url string) (id core.ID, secret string, err error) {
	return "", "", errSoon
}

// DropWebhook ends a destination.
func (m *Module) DropWebhook(ctx context.Context, id core.ID) error { return errSoon }

// Bundle gives the proof of a clause, to be checked elsewhere (verify.Bundle).
func (m *Module) Bundle(ctx context.Context, pack, clause string) ([]byte, error) {
	return nil, errSoon
}
