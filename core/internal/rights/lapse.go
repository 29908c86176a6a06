package rights

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time.
var lapses = lapse.Of(lapse.Line{
	Table: "rights_request", Rule: rule, Key: []string{"org", "id"}, Org: "org", Person: "account", Since: "closed_at", Where: "state <> 'open'", With: qDropAll[:len(qDropAll)-1],
	Takes: []string{"rights_step", "rights_letter", "rights_task", "rights_document", "rights_link", "rights_notice", "rights_pause"},
})

var (
	qEnding = db.SQL(`SELECT id, person FROM rights_request WHERE org = $1 AND state <> 'open' AND closed_at < $2 AND channel <> 'space'`)
	qGuests = db.SQL(`SELECT id, person FROM rights_request WHERE org = $1 AND channel <> 'space'`)
	qThere  = db.SQL(`SELECT count(*) FROM rights_request WHERE org = $1 AND id = $2`)
)

// Due tells which organizations have requests that were closed before a date.
func (*Module) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	return lapses.Due(ctx, tx, rule, before)
}

// Expire forgets requests that were closed before a date, with the keys that were made for them.
func (m *Module) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	ending, err := m.guests(ctx, tx, qEnding, e.Org, clock.Micros(e.Before))
	if err != nil {
		return nil, err
	}
	gone, err := lapses.Expire(ctx, tx, e)
	if err != nil || e.Dry {
		return gone, err
	}
	for _, r := range ending {
		n, _, err := db.One(ctx, tx, qThere, db.Value[int], e.Org, r.ID)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			m.dropKey(ctx, tx, &r)
		}
	}
	return gone, nil
}

// guests are requests of persons who have no account, whose key is theirs alone.
func (m *Module) guests(ctx context.Context, tx core.Tx, q string, args ...any) ([]Request, error) {
	return db.All(ctx, tx, q, func(scan db.Scan) (r Request, err error) { return r, scan(&r.ID, &r.Person) }, args...)
}

// Expires lists the tables that end by time.
func (*Module) Expires() []core.Receipt { return lapses.Expires() }

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "rights_notice"}, lapse.Estate{Table: "rights_link"}, lapse.Estate{Table: "rights_document"}, lapse.Estate{Table: "rights_task"},
	lapse.Estate{Table: "rights_letter"}, lapse.Estate{Table: "rights_step"}, lapse.Estate{Table: "rights_pause"}, lapse.Estate{Table: "rights_system"},
	lapse.Estate{Table: "rights_request"},
)

// EraseOrg ends what it keeps of an organization whose contract has ended, with the keys of its requesters.
func (m *Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	guests, err := m.guests(ctx, tx, qGuests, org)
	if err != nil {
		return nil, err
	}
	for i := range guests {
		m.dropKey(ctx, tx, &guests[i])
	}
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}
