package trust

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var errClosed = i18n.Fault(core.NotFound, "trust.closed", "Cette page n'existe pas, ou ne vous est pas ouverte.", "This page does not exist, or is not open to you.")

var (
	qPage    = db.SQL(`SELECT state, changed_at FROM trust_page WHERE id = 'public'`)
	qSetPage = db.SQL(`INSERT INTO trust_page (id, state, changed_at, changed_by) VALUES ('public', $1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at, changed_by = excluded.changed_by`)
)

// Fact is one promise that is held or attested, as the public reads it: neither how it is tested nor where.
type Fact struct {
	ID       string
	Title    core.Text
	Text     core.Text
	Attested bool
	Evidence time.Time
}

// Facts is the public page.
type Facts struct {
	Provider string
	At       time.Time
	Packs    []annex.Pack
	ByPack   map[string][]Fact
	Total    int
}

func (m *Module) isOpen(ctx context.Context, tx core.Tx) (bool, time.Time, error) {
	type row struct {
		state string
		at    int64
	}
	r, found, err := db.One(ctx, tx, qPage, func(scan db.Scan) (r row, err error) { err = scan(&r.state, &r.at); return r, err })
	return found && r.state == "open", clock.FromMicros(r.at), err
}

// Opened tells staff whether the page is open, and since when.
func (m *Module) Opened(ctx context.Context) (open bool, at time.Time, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLinks, Org: core.Platform}, func(tx core.Tx) error {
		open, at, err = m.isOpen(ctx, tx)
		return err
	})
	return open, at, err
}

// Open opens or closes the public page.
func (m *Module) Open(ctx context.Context, open bool) error {
	state := "closed"
	if open {
		state = "open"
	}
	act := &core.Act{Def: OpenTrust, Org: core.Platform, Resource: "public"}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		was, _, err := m.isOpen(ctx, tx)
		if err != nil {
			return err
		}
		before := "closed"
		if was {
			before = "open"
		}
		act.Changed("state", before, state)
		_, err = tx.Exec(ctx, qSetPage, state, clock.Micros(m.needs.Clock.Now()), by(ctx))
		return err
	})
}

// Public gives what anyone may read, while the page is open: only what is published, and held or attested.
func (m *Module) Public(ctx context.Context) (f Facts, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadTrust, Org: core.Platform}, func(tx core.Tx) error {
		open, _, err := m.isOpen(ctx, tx)
		if err == nil && !open {
			return errClosed
		}
		return err
	})
	if err != nil {
		return f, err
	}
	return m.facts(ctx)
}

// factsFor is how long what the public page shows is kept: anyone may ask for it, as often as they like.
const factsFor = 30 * time.Second

// facts computes the public page, once in a while.
func (m *Module) facts(ctx context.Context) (Facts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.needs.Clock.Now()
	if age := now.Sub(m.shown.At); age >= 0 && age < factsFor {
		return m.shown, nil
	}
	ctx = aside(ctx)
	d := annex.Document{}
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		provider, err := m.needs.Orgs.Org(ctx, tx, core.Platform)
		d.Provider = provider.Name
		return err
	})
	if err != nil {
		return Facts{}, err
	}
	if d.Clauses, err = m.clauses(ctx, core.Platform, control.Filter{}); err != nil {
		return Facts{}, err
	}
	if err := m.packs(ctx, core.Platform, &d); err != nil {
		return Facts{}, err
	}
	f := Facts{Provider: d.Provider, At: now, ByPack: map[string][]Fact{}}
	for _, c := range d.Clauses {
		if !c.Published || c.Evidence.IsZero() || c.Status != control.Held && c.Status != control.Attested {
			continue
		}
		f.ByPack[c.Pack] = append(f.ByPack[c.Pack], Fact{c.ID, c.Title, c.Text, c.Status == control.Attested, c.Evidence})
		f.Total++
	}
	for _, p := range d.Packs {
		if len(f.ByPack[p.ID]) > 0 {
			f.Packs = append(f.Packs, p)
		}
	}
	m.shown = f
	return f, nil
}

// Contacts gives the provider's contacts to whoever asks (ACC-14.1).
func (m *Module) Contacts(ctx context.Context) (list []annex.Contact, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadTrust, Org: core.Platform}, func(core.Tx) error { return nil })
	if err != nil {
		return nil, err
	}
	return m.needs.Contacts(aside(ctx), core.Platform)
}

// SecurityText is the file of RFC 9116; "" while no security contact is set.
func SecurityText(origin, contact string, now time.Time) string {
	if contact == "" {
		return ""
	}
	if !strings.HasPrefix(contact, "https://") {
		contact = "mailto:" + contact
	}
	// A file that never changes within a day, and never promises more than half a year.
	expires := now.UTC().Truncate(24*time.Hour).AddDate(0, 6, 0).Format(time.RFC3339)
	return "Contact: " + contact + "\nExpires: " + expires + "\nPreferred-Languages: fr, en\nCanonical: " + origin +
		"/.well-known/security.txt\nPolicy: " + origin + "/contacts\n"
}

// SecurityText gives the file of this platform.
func (m *Module) SecurityText(ctx context.Context) (string, error) {
	list, err := m.Contacts(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		if c.Security {
			return SecurityText(m.needs.Origin, c.Address, m.needs.Clock.Now()), nil
		}
	}
	return "", nil
}
