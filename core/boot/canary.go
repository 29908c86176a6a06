package boot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/password"
)

// The acts of the platform on its own canaries. Nobody holds them.
var (
	settleCanaries = core.ActDef{
		Permission: "canary.settle", Resource: "organization", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Créer l'organisation des canaris", EN: "Make the organization of canaries"},
	}
	makeCanary = core.ActDef{
		Permission: "canary.make", Resource: "person", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Créer un canari pour une sonde", EN: "Make a canary for a probe"},
	}
	eraseCanary = core.ActDef{
		Permission: "canary.erase", Resource: "person", Verb: core.Deletes, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Effacer un canari", EN: "Erase a canary"},
	}
)

// canaryTroops declares the acts on canaries; what canaries are is kept by the rooms of people, like anyone's.
type canaryTroops struct{ h *House }

// Manifest declares the acts.
func (canaryTroops) Manifest() core.Manifest {
	return core.Manifest{
		Module: "canary", Title: core.Text{FR: "Canaris des sondes", EN: "Canaries of probes"},
		Acts: []*core.ActDef{&settleCanaries, &makeCanary, &eraseCanary, &measureSandbox, &fillSandbox},
		Activities: []core.Activity{{
			ID: "canary.probes", Title: core.Text{FR: "Sondes jouées par des canaris", EN: "Probes played by canaries"},
			About: core.Text{FR: "Vérifier les engagements avec des personnes inventées, effacées aussitôt", EN: "Check the commitments with invented persons, erased at once"},
			Part:  core.Controller, Purposes: []core.Purpose{core.PurposeSecurity},
		}},
	}
}

// ExportPerson has nothing to give.
func (canaryTroops) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson has nothing to erase.
func (canaryTroops) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}

// canaryOrgs are the standing organizations of canaries.
var canaryOrgs = map[core.ID]string{core.Canaries: "Canaris (Rempart)", core.Strangers: "Canaris voisins (Rempart)"}

// openCanaries makes an organization of canaries at the first need.
func (h *House) openCanaries(ctx context.Context, org core.ID) error {
	h.settling.Lock()
	defer h.settling.Unlock()
	there := func() (bool, error) {
		err := h.db.Read(ctx, func(tx core.Tx) error { _, err := h.organizations.Org(ctx, tx, org); return err })
		if core.KindOf(err) == core.NotFound {
			return false, nil
		}
		return err == nil, err
	}
	if is, err := there(); is || err != nil {
		return err
	}
	if err := h.vault.MakeKeys(ctx, org); err != nil {
		return err
	}
	err := h.gate.Change(ctx, &core.Act{Def: &settleCanaries, Org: core.Platform, Resource: org}, func(tx core.Tx) error {
		_, err := h.organizations.AddOrg(ctx, tx, core.Organization{ID: org, Name: canaryOrgs[org], Kind: "client", Language: "en", TimeZone: "UTC"})
		return err
	})
	if err != nil {
		if is, again := there(); is && again == nil {
			return nil // another node made it meanwhile
		}
		return fmt.Errorf("canaries: %w", err)
	}
	return nil
}

// makeCanary makes a person with an account, a password, a membership and roles in one act, as a sign-up does.
func (h *House) makeCanary(ctx context.Context, org core.ID, roles []string) (core.Canary, error) {
	staff := false
	for _, r := range roles {
		staff = staff || strings.HasPrefix(r, "provider.")
	}
	if staff {
		org = core.Platform
	} else if err := h.openCanaries(ctx, org); err != nil {
		return core.Canary{}, err
	}
	c := core.Canary{Org: org, Person: ids.New()}
	c.Email = "canary-" + string(c.Person) + core.CanaryDomain
	demanded, err := h.canaryRules(ctx, &c, roles)
	if err != nil {
		return c, err
	}
	hash, err := h.identity.FirstHash(ctx, c.Password)
	if err != nil {
		return c, err
	}
	if err := h.vault.MakeKeys(ctx, c.Person); err != nil {
		return c, err
	}
	act := &core.Act{Def: &makeCanary, Org: org, Resource: c.Person, Subject: c.Person}
	err = h.gate.Change(ctx, act, func(tx core.Tx) error {
		if err := h.addCanary(ctx, tx, &c, roles, hash); err != nil {
			return err
		}
		if !staff && !demanded {
			return nil
		}
		c.Secret, err = h.canaryFactor(ctx, tx, c.Person)
		return err
	})
	return c, err
}

// canaryRules draws a password by the policy in force, and tells whether a second factor is demanded.
func (h *House) canaryRules(ctx context.Context, c *core.Canary, roles []string) (demanded bool, err error) {
	err = h.db.Read(ctx, func(tx core.Tx) error {
		p, err := h.settings.For(ctx, tx, c.Org)
		demanded = p.SignIn.SecondFactor
		for _, r := range roles {
			for _, f := range p.SignIn.FactorRoles {
				demanded = demanded || r == f
			}
		}
		c.Password = password.Generate(p.Password).Plain
		return err
	})
	return demanded, err
}

func (h *House) addCanary(ctx context.Context, tx core.Tx, c *core.Canary, roles []string, hash string) (err error) {
	person := core.NewPerson{ID: c.Person, GivenName: "Canari", FamilyName: "Sonde", Email: c.Email, Language: "en"}
	if _, err = h.identity.AddPerson(ctx, tx, person); err != nil {
		return err
	}
	if c.Member, err = h.organizations.AddMember(ctx, tx, core.Membership{Org: c.Org, Person: c.Person, Function: "canary"}); err != nil {
		return err
	}
	for _, role := range roles {
		if _, err = h.access.Assign(ctx, tx, core.Assignment{Org: c.Org, Person: c.Person, Role: role, Reason: "probe"}); err != nil {
			return fmt.Errorf("canary as %s: %w", role, err)
		}
	}
	if c.Org == core.Platform {
		if err = h.attestation.Fulfil(ctx, tx, c.Person); err != nil {
			return err
		}
	}
	if err = h.identity.KeepPassword(ctx, tx, c.Person, hash); err != nil {
		return err
	}
	credential, err := h.identity.Credential(ctx, tx, c.Person)
	c.Account = credential.Account
	return err
}

// canaryFactor sets an authenticator up with the code before the present one, so that two more can follow at once.
func (h *House) canaryFactor(ctx context.Context, tx core.Tx, person core.ID) (secret string, err error) {
	if secret, err = h.identity.StartTOTP(ctx, tx, person, "canary"); err != nil {
		return "", err
	}
	code, err := identity.CodeAt(secret, h.cfg.Clock.Now().Add(-totpStep))
	if err != nil {
		return "", err
	}
	right, err := h.identity.ConfirmTOTP(ctx, tx, person, "canary", code)
	if err == nil && !right {
		err = fmt.Errorf("canary: its first code was not taken")
	}
	return secret, err
}

const totpStep = 30 * time.Second

// eraseCanaries erases canaries from every room, and destroys their keys.
func (h *House) eraseCanaries(ctx context.Context, list []core.Canary) error {
	if len(list) == 0 {
		return nil
	}
	acts := make([]*core.Act, len(list))
	for i, c := range list {
		acts[i] = &core.Act{Def: &eraseCanary, Org: c.Org, Resource: c.Person}
	}
	acts[0].Also = acts[1:]
	err := h.gate.Change(ctx, acts[0], func(tx core.Tx) error {
		for _, c := range list {
			if err := h.eraseEverywhere(ctx, tx, c.Person); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("canaries: erase: %w", err)
	}
	for _, c := range list {
		if err := h.vault.DestroyKey(ctx, c.Person); err != nil {
			return err
		}
	}
	return nil
}

// eraseEverywhere erases a canary by the way that erases everyone, but for what is kept of persons: of a canary nothing is.
func (h *House) eraseEverywhere(ctx context.Context, tx core.Tx, person core.ID) error {
	if err := h.erasure.DropTrial(ctx, tx, person); err != nil {
		return err
	}
	if _, err := h.erasure.Walk(ctx, tx, person); err != nil {
		return err
	}
	return h.access.DropCanary(ctx, tx, person)
}

// aRun is longer than any run of a probe: a canary older than that was left behind by a process that was killed.
const aRun = 5 * time.Minute

// sweepCanaries erases what runs that were killed left behind: at the first run of a process, then now and then.
func (h *House) sweepCanaries(ctx context.Context) error {
	now := h.cfg.Clock.Now()
	if last := h.swept.Load(); last != nil && now.Sub(*last) < aRun/5 {
		return nil
	}
	h.swept.Store(&now)
	before := now.Add(-aRun)
	left, err := h.findCanaries(ctx, func(p core.Person) bool { return p.CreatedAt.Before(before) })
	if err != nil {
		return fmt.Errorf("canaries: sweep: %w", err)
	}
	return h.eraseCanaries(ctx, left)
}

// findCanaries lists the canaries there are, those that a probe invited too. Nobody whose mail could leave is one.
func (h *House) findCanaries(ctx context.Context, wanted func(core.Person) bool) (found []core.Canary, err error) {
	err = h.db.Read(ctx, func(tx core.Tx) error {
		found = nil
		for _, org := range []core.ID{core.Canaries, core.Strangers, core.Platform} {
			members, err := h.organizations.Members(ctx, tx, org)
			if err != nil {
				return err
			}
			ids := make([]core.ID, len(members))
			for i, m := range members {
				ids[i] = m.Person
			}
			people, err := h.identity.People(ctx, tx, ids...)
			if err != nil {
				return err
			}
			for _, m := range members {
				if p, ok := people[m.Person]; ok && p.IsCanary() && wanted(p) {
					found = append(found, core.Canary{Org: org, Person: m.Person, Member: m.ID, Email: p.Email})
				}
			}
		}
		return nil
	})
	return found, err
}
