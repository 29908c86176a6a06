package identity

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Masks tells whose data must not be shown by the act that a transaction serves (article 18 GDPR); nil when nobody's.
type Masks interface {
	Masks(ctx context.Context, tx core.Tx, persons ...core.ID) (map[core.ID]bool, error)
}

var tRestricted = i18n.T("Données limitées", "Restricted data")

// Masked is what is shown of a person in place of what they have restricted: no name, no address, no phone.
func Masked(ctx context.Context, p core.Person) core.Person {
	shown := core.Person{
		ID: p.ID, FamilyName: tRestricted.In(ctx), Language: p.Language, Functional: p.Functional, Responsible: p.Responsible, State: p.State, CreatedAt: p.CreatedAt,
	}
	if p.IsCanary() { // what looks after canaries knows them by their domain alone
		shown.Email = "restricted" + core.CanaryDomain
	}
	return shown
}

// mask blanks those of found whose data must not be shown.
func (m *Module) mask(ctx context.Context, tx core.Tx, found map[core.ID]core.Person) error {
	if m.needs.Masks == nil || len(found) == 0 || core.ActOf(tx) == nil {
		return nil
	}
	list := make([]core.ID, 0, len(found))
	for id := range found {
		list = append(list, id)
	}
	masked, err := m.needs.Masks.Masks(ctx, tx, list...)
	for id := range masked {
		found[id] = Masked(ctx, found[id])
	}
	return err
}

// Person gives one person, as the act of the transaction may show them. Error: NotFound.
func (m *Module) Person(ctx context.Context, tx core.Tx, id core.ID) (core.Person, error) {
	p, err := m.person(ctx, tx, id)
	if err != nil || m.needs.Masks == nil || core.ActOf(tx) == nil {
		return p, err
	}
	masked, err := m.needs.Masks.Masks(ctx, tx, id)
	if masked[id] {
		p = Masked(ctx, p)
	}
	return p, err
}
