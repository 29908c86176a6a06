package signin

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// SetupLife is how long the link to the set-up page works.
const SetupLife = 30 * time.Minute

var (
	errFounded = i18n.Fault(core.Gone, "setup.done",
		"La plateforme est déjà en service : connectez-vous.", "The platform is already set up: sign in.")
	errOrgName = i18n.Fault(core.Invalid, "setup.organization",
		"Donnez le nom de votre organisation (100 caractères au plus).", "Give the name of your organization (100 characters at most).")
)

var errOrgPerson = i18n.Fault(core.Invalid, "setup.name",
	"Un compte appartient à une personne identifiée : donnez au moins un nom.", "An account belongs to an identified person: give at least one name.")

// MakeSetupToken gives the single-use path where the first administrator is made: "/setup/...". Links made before die.
// Error: Gone once anyone exists: there is no default account, and no second first one (CTI-37.2).
func (m *Module) MakeSetupToken(ctx context.Context) (path string, err error) {
	ctx = core.WithActor(ctx, core.System("setup"))
	err = m.needs.Gate.Change(ctx, &core.Act{Def: &offerSetup, Org: core.Platform}, func(tx core.Tx) error {
		if err := m.unfounded(ctx, tx); err != nil {
			return err
		}
		if err := m.needs.Links.CancelLinks(ctx, tx, linkSetup, ""); err != nil {
			return err
		}
		token, err := m.needs.Links.MakeLink(ctx, tx, linkSetup, "", "", SetupLife)
		path = "/setup/" + token
		return err
	})
	if err != nil {
		return "", err
	}
	return path, nil
}

func (m *Module) unfounded(ctx context.Context, tx core.Tx) error {
	anyone, err := m.needs.People.Anyone(ctx, tx)
	if err == nil && anyone {
		return errFounded
	}
	return err
}

// SetupOpen tells whether a set-up link still works.
func (m *Module) SetupOpen(ctx context.Context, token string) error {
	return m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		if err := m.unfounded(ctx, tx); err != nil {
			return err
		}
		_, _, err := m.needs.Links.Link(ctx, tx, linkSetup, token)
		return err
	})
}

// Founding is what the set-up page asks.
type Founding struct {
	Organization string // the provider's name
	Person       core.NewPerson
	Password     string
}

// Found makes the provider's organization and its first administrator, and gives the secret of a flow that goes on to
// the second factor. token is the set-up link's; the system actor (rempart admin create) needs none.
func (m *Module) Found(ctx context.Context, token string, in Founding, browser core.ID) (secret string, err error) {
	in.Organization = strings.Join(strings.Fields(in.Organization), " ")
	if in.Organization == "" || len([]rune(in.Organization)) > 100 {
		return "", errOrgName.With("organization", errOrgName.Code)
	}
	trusted := token == "" && core.ActorOf(ctx).Kind == core.SystemActor
	if !trusted {
		if strings.TrimSpace(in.Person.GivenName+in.Person.FamilyName) == "" {
			return "", errOrgPerson.With("family_name", errOrgPerson.Code)
		}
		if err := m.SetupOpen(ctx, token); err != nil {
			return "", err
		}
	}
	hash, err := m.needs.FirstHash(ctx, in.Password, in.Organization, in.Person.GivenName, in.Person.FamilyName, in.Person.Email)
	if err != nil {
		return "", err
	}
	person, org := ids.New(), core.Platform // the provider's id is fixed
	if err := m.needs.Keys.MakeKeys(ctx, person, org); err != nil {
		return "", err
	}
	in.Person.ID = person
	act := &core.Act{Def: &foundHouse, Org: core.Platform, Subject: person, Resource: org}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.unfounded(ctx, tx); err != nil {
			return err
		}
		if !trusted {
			if _, _, err := m.needs.Links.UseLink(ctx, tx, linkSetup, token); err != nil {
				return err
			}
		}
		if err := m.found(ctx, tx, in, org, hash); err != nil {
			return err
		}
		act.Changed("organization", "", in.Organization)
		secret, err = m.addFlow(ctx, tx, Flow{
			Kind: kindSignIn, Login: in.Person.Email, Person: person, Browser: browser, Next: "/", PasswordAt: m.needs.Clock.Now(),
		})
		return err
	})
	return secret, err
}

// found writes the rows of the first organization and person.
func (m *Module) found(ctx context.Context, tx core.Tx, in Founding, org core.ID, hash string) error {
	now := m.needs.Clock.Now()
	person := in.Person.ID
	if _, err := m.needs.People.AddPerson(ctx, tx, in.Person); err != nil {
		return err
	}
	if _, err := m.needs.Organizations.AddOrg(ctx, tx, core.Organization{
		ID: org, Name: in.Organization, Kind: "provider", Language: in.Person.Language, TimeZone: "Europe/Paris", State: "active", CreatedAt: now,
	}); err != nil {
		return err
	}
	if _, err := m.needs.Organizations.AddMember(ctx, tx, core.Membership{
		Org: org, Person: person, Function: i18n.T("Administration", "Administration").In(ctx), State: "active", JoinedAt: now,
	}); err != nil {
		return err
	}
	if _, err := m.needs.Access.Assign(ctx, tx, core.Assignment{
		Org: core.Platform, Person: person, Role: "provider.admin", Reason: "setup", Approver: person, From: now,
	}); err != nil {
		return err
	}
	return m.needs.Passwords.KeepPassword(ctx, tx, person, hash)
}
