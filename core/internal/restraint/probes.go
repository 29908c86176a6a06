package restraint

import (
	"context"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "restraint.holds", Kind: core.BehaviourProbe, Title: probe.Text(tpHolds), Run: m.seeHolds, Faults: []core.PlantedFault{lifted, deaf}},
	}
}

var (
	tpHolds  = i18n.T("Les données d'une personne sous limitation sont gardées et ne servent pas", "The data of a person under restriction are kept and not used")
	tpBlind  = i18n.T("Avant toute limitation, un administrateur canari ne voit pas l'autre canari (%d) : rien ne peut être vu.", "Before any restriction, a canary administrator does not see the other canary (%d): nothing can be seen.")
	tpActs   = i18n.T("Sous limitation, l'acte d'un administrateur sur un canari a répondu %d.", "Under restriction, an administrator's act on a canary answered %d.")
	tpShows  = i18n.T("Sous limitation, la liste des membres montre encore l'adresse d'un canari.", "Under restriction, the list of members still shows a canary's address.")
	tpCloses = i18n.T("Sous limitation, la liste entière est fermée (%d).", "Under restriction, the whole list is closed (%d).")
	tpOwn    = i18n.T("Sous limitation, un canari n'ouvre plus ses propres pages (%d).", "Under restriction, a canary cannot open its own pages any more (%d).")
	tpHeld   = i18n.T("Un administrateur canari voyait l'autre ; sous limitation il a été refusé (restraint.restricted), la liste est restée ouverte sans le nommer, et le canari a ouvert sa propre page. Limitations en vigueur : %d.",
		"A canary administrator saw the other; under restriction it was refused (restraint.restricted), the list stayed open without naming it, and the canary opened its own page. Restrictions in force: %d.")
)

var (
	lifted = core.PlantedFault{
		ID: "restraint.holds/lifted", Title: core.Text{FR: "Une limitation est levée dès qu'elle est posée", EN: "A restriction is lifted as soon as it is placed"},
		Plant: probe.Rows(`CREATE TRIGGER planted_lifted AFTER INSERT ON restraint_restraint BEGIN UPDATE restraint_restraint SET lifted_at = 1 WHERE id = NEW.id; END`),
	}
	deaf = core.PlantedFault{
		ID: "restraint.holds/deaf", Title: core.Text{FR: "Les serveurs n'apprennent pas qu'une limitation est posée", EN: "Nodes do not learn that a restriction is placed"},
		Plant: probe.Rows(`CREATE TRIGGER planted_deaf AFTER INSERT ON restraint_turn BEGIN DELETE FROM restraint_turn; END`,
			`CREATE TRIGGER planted_deaf_too AFTER UPDATE ON restraint_turn BEGIN DELETE FROM restraint_turn; END`),
	}
)

// seeHolds restricts a canary, and has another look at it.
func (m *Module) seeHolds(ctx context.Context, s core.Stage) (core.Sight, error) {
	admin, err := s.Canary(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	c, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	above, err := s.Enter(ctx, admin)
	if err != nil {
		return core.Sight{}, err
	}
	in, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	list := "/o/" + string(c.Org) + "/members"
	one := list + "/" + string(c.Member)
	if a, err := probe.Get(ctx, above, one); err != nil || a.Status != http.StatusOK || !strings.Contains(a.Body, c.Email) {
		if err == nil {
			err = probe.Unseen(tpBlind, a.Status)
		}
		return core.Sight{}, err
	}
	if err := m.restrainCanary(ctx, c); err != nil {
		return core.Sight{}, err
	}
	return m.lookAt(ctx, above, in, c, list, one)
}

// lookAt asks for the pages of somebody restricted, as others and as themselves.
func (m *Module) lookAt(ctx context.Context, above, in *http.Client, c core.Canary, list, one string) (core.Sight, error) {
	if a, err := probe.Get(ctx, above, one); err != nil || a.Status != http.StatusForbidden || !strings.Contains(a.Body, errRestricted.Code) {
		return probe.Broken(1, 1, tpActs, a.Status), err
	}
	a, err := probe.Get(ctx, above, list)
	if err != nil || a.Status != http.StatusOK {
		return probe.Broken(1, 1, tpCloses, a.Status), err
	}
	if strings.Contains(a.Body, c.Email) {
		return probe.Broken(1, 1, tpShows), nil
	}
	if a, err := probe.Get(ctx, in, "/me/profile"); err != nil || a.Status != http.StatusOK || !strings.Contains(a.Body, c.Email) {
		return probe.Broken(1, 1, tpOwn, a.Status), err
	}
	n := 0
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		of, err := m.inForce(ctx, tx)
		for _, list := range of {
			n += len(list)
		}
		return err
	})
	return probe.Held(n, 1, tpHeld, n), err
}

// restrainCanary restricts a canary, and nobody else.
func (m *Module) restrainCanary(ctx context.Context, c core.Canary) error {
	return m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		people, err := m.needs.People.People(ctx, tx, c.Person)
		if err != nil || !people[c.Person].IsCanary() {
			return err
		}
		_, err = m.Restrain(ctx, tx, personal.Restraint{Person: c.Person, Ground: Claims})
		return err
	})
}
