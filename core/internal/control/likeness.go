package control

import (
	"bytes"
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/policies"
)

// Likeness is the shape of a policy in force, for a test environment: one that ships is the same one there, one's own becomes another
// with as many clauses that ask for the same.
type Likeness struct {
	pack   *policies.Pack
	ships  bool
	hash   string
	gone   []int // places of the clauses that were withdrawn from it
	Signed []SignedBy
}

// SignedBy is who signed it for which organization.
type SignedBy struct{ Org, Person core.ID }

// Public is what everybody who publishes the same policy has; nothing for one's own.
func (l *Likeness) Public() []string {
	if !l.ships {
		return nil
	}
	return []string{l.pack.Version, l.pack.Hash, l.hash}
}

// Likenesses gives the shape of the policies in force, and says everything that was written in one's own, but for the words that known
// knows in what it asks.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, known func(word string) bool, say func(column, value string)) ([]Likeness, error) {
	rows, err := db.All(ctx, tx, qPublished, scanPublication)
	if err != nil {
		return nil, err
	}
	all := make([]Likeness, len(rows))
	for i, row := range rows {
		p, err := m.opened(ctx, tx, row)
		if err != nil {
			return nil, err
		}
		l := Likeness{pack: p.Pack, hash: row.Hash}
		l.ships = slices.ContainsFunc(m.needs.Shipped(), func(s *policies.Pack) bool { return s.ID == p.Pack.ID && bytes.Equal(s.Source, row.source) })
		if !l.ships {
			say("hash", row.Hash)
			for _, text := range p.Texts() {
				say("title", text)
			}
			addresses, words := p.Names(m.needs.Catalogue())
			for _, address := range addresses {
				say("address", address)
			}
			for _, w := range words {
				if !known(w) {
					say("label", w)
				}
			}
		}
		for n := range p.Clauses {
			if slices.Contains(p.Withdrawn, p.Clauses[n].ID) {
				l.gone = append(l.gone, n)
			}
		}
		pins, err := m.pins(ctx, tx, row.pack, row.Number)
		if err != nil {
			return nil, err
		}
		for _, pin := range pins {
			if !pin.SignedAt.IsZero() {
				l.Signed = append(l.Signed, SignedBy{pin.Org, pin.SignedBy})
			}
		}
		all[i] = l
	}
	return all, nil
}

// Imitate puts the like of a policy in force, and gives what was published. name is what one's own is called; word invents what it says.
func (m *Module) Imitate(ctx context.Context, l Likeness, name string, word func() string) (out Published, err error) {
	o := Order{Pack: l.pack.ID, Tighten: true, Reason: word()}
	clause := func(n int) string { return l.pack.Clauses[n].ID }
	if !l.ships {
		if o.Source, err = policies.Like(l.pack, m.needs.Catalogue(), name, word); err != nil {
			return out, err
		}
		o.Pack, clause = name, policies.LikeClause
	}
	if out, err = m.Publish(ctx, o); err != nil || len(l.gone) == 0 {
		return out, err
	}
	w := Withdrawal{Pack: o.Pack, Reason: word()}
	for _, n := range l.gone {
		w.Clauses = append(w.Clauses, clause(n))
	}
	return m.Withdraw(ctx, w)
}
