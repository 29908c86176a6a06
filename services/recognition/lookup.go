package recognition

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/number"
)

// HomeRegion is that of numbers without a country, unless the caller names another.
const HomeRegion = "FR"

// Answer is what is known of a caller's number.
type Answer struct {
	Number number.Number
	// Matches are all of them, exact ones only when there is one; by name.
	Matches []Match
}

// Lookup tells who a number is: every card with exactly it, else the companies whose trunk it is behind. A masked caller is never
// looked up, a number that is none gives no match. It is a read of personal data, decided and journaled (card.find).
func (m *Module) Lookup(ctx context.Context, org core.ID, raw string) (Answer, error) {
	return m.LookupFrom(ctx, org, raw, HomeRegion)
}

// LookupFrom is Lookup of a number written as in a region.
func (m *Module) LookupFrom(ctx context.Context, org core.ID, raw, region string) (Answer, error) {
	a := Answer{Number: number.Parse(raw, region)}
	act := &core.Act{Def: FindCard, Org: org}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		a.Matches, err = m.Find(ctx, tx, org, a.Number)
		told(act, a.Matches)
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	return a, nil
}

// told names in the entry the cards that were shown, by their keys. The number is in it nowhere.
func told(act *core.Act, list []Match) {
	act.Resource, act.Note = "", ""
	if len(list) > 0 {
		act.Resource = list[0].ID
	}
	if len(list) > 1 {
		ids := make([]string, len(list))
		for i := range list {
			ids[i] = string(list[i].ID)
		}
		act.Note = strings.Join(ids, " ")
	}
}

// hit is a card found, still sealed.
type hit struct {
	link       core.ID
	key, value []byte
}

// mostMatches is how many cards of one number are told: a switchboard's may stand on thousands.
const mostMatches = 50

// The links are few and come first; CROSS JOIN keeps this order.
var qFind = db.SQL(`SELECT l.id, n.key, c.value FROM recognition_link l CROSS JOIN recognition_number n CROSS JOIN recognition_card c
	WHERE l.org = $1 AND l.state = 'active' AND n.org = l.org AND n.shelf = l.shelf AND n.blind = $2
	AND c.org = n.org AND c.shelf = n.shelf AND c.key = n.key LIMIT 50`)

// Find is Lookup within the transaction of another act, which answers for the decision and the entry.
func (m *Module) Find(ctx context.Context, tx core.Tx, org core.ID, n number.Number) ([]Match, error) {
	if n.Kind != number.E164 {
		return nil, nil // masked, short, internal or no number at all
	}
	blinds, err := m.needs.Index.Indexes(ctx, org, numberField, n.E164)
	if err != nil {
		return nil, err
	}
	var all []Match
	for _, b := range blinds {
		hits, err := m.hits(ctx, tx, org, b[:BlindSize])
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			c, ok, err := m.opened(ctx, h.link, cardPlace(h.key), h.value)
			if err != nil {
				return nil, err
			}
			if ok {
				c.ID, c.Source = core.ID(hexed(h.key)), h.link
				all = append(all, Match{Card: c})
			}
		}
	}
	if len(all) == 0 {
		return m.companies(ctx, tx, org, n.E164)
	}
	slices.SortFunc(all, func(a, b Match) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.ID), string(b.ID)))
	})
	return all[:min(len(all), mostMatches)], nil
}

// hits gives the cards that a blind index leads to, from memory when the organization's index is loaded there.
func (m *Module) hits(ctx context.Context, tx core.Tx, org core.ID, blind []byte) ([]hit, error) {
	if list, ok := m.memory.find(org, blind); ok {
		return list, nil
	}
	return db.All(ctx, tx, qFind, func(scan db.Scan) (h hit, err error) {
		err = scan(&h.link, &h.key, &h.value)
		return h, err
	}, org, blind)
}
