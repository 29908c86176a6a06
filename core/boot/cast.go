package boot

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/signin"
)

// Player is one person of a trial (the demonstration, the tests): someone with a password, and where they act.
type Player struct {
	Name         string  `json:"name"` // "admin": how scenes call them
	GivenName    string  `json:"given_name"`
	FamilyName   string  `json:"family_name"`
	Email        string  `json:"email"`
	Password     string  `json:"password"`
	Language     string  `json:"language"`
	Org          core.ID `json:"org"` // organization they belong to
	Organization string  `json:"organization"`
	// Roles are given in Org, or on the platform for names that start with "provider.".
	Roles  []string `json:"roles"`
	Factor bool     `json:"-"` // sets up an authenticator even when none is demanded
	Secret string   `json:"totp,omitempty"`
	// Recovery are the recovery codes of who has a second factor.
	Recovery []string `json:"recovery,omitempty"`
	Person   core.ID  `json:"person"`
	Member   core.ID  `json:"member"`
	Function string   `json:"function"`
}

// Trial is a house with people in it, for a demonstration or for tests.
type Trial struct {
	Provider core.ID
	Players  map[string]*Player

	house   *House
	code    func(secret string) (string, error)
	letters func(to, kind string) (string, error)
	first   *Player
}

// NewTrial makes the provider with its first administrator in an empty house. code gives a code of an authenticator;
// letters gives the body of the last message of a kind to an address. Every act goes through the gate, as that person.
func (h *House) NewTrial(ctx context.Context, organization string, admin Player, code func(string) (string, error), letters func(to, kind string) (string, error)) (*Trial, error) {
	t := &Trial{Players: map[string]*Player{}, house: h, code: code, letters: letters}
	system := core.WithActor(ctx, core.System("trial"))
	flow, err := h.signin.Found(system, "", signin.Founding{
		Organization: organization, Password: admin.Password,
		Person: core.NewPerson{Email: admin.Email, GivenName: admin.GivenName, FamilyName: admin.FamilyName, Language: admin.Language},
	}, "")
	if err != nil {
		return nil, fmt.Errorf("trial: found: %w", err)
	}
	p := &admin
	p.Organization, p.Roles = organization, []string{"provider.admin"}
	t.first = p
	if err := t.factor(anonymous(ctx), p, flow); err != nil {
		return nil, err
	}
	return t, t.meet(ctx, p)
}

// meet reads who a player has become.
func (t *Trial) meet(ctx context.Context, p *Player) error {
	err := t.house.db.Read(ctx, func(tx core.Tx) error {
		person, ok, err := t.house.identity.PersonByEmail(ctx, tx, p.Email)
		if err != nil || !ok {
			return fmt.Errorf("trial: %s is not there: %w", p.Name, err)
		}
		p.Person = person.ID
		members, err := t.house.organizations.Memberships(ctx, tx, person.ID)
		if err != nil {
			return err
		}
		for _, m := range members {
			if p.Org == "" || m.Org == p.Org {
				p.Org, p.Organization, p.Member = m.Org, m.OrgName, m.ID
			}
			if m.OrgKind == "provider" {
				t.Provider = m.Org
			}
		}
		return nil
	})
	t.Players[p.Name] = p
	return err
}

func anonymous(ctx context.Context) context.Context {
	return core.WithActor(ctx, core.Actor{Address: netip.MustParseAddr("127.0.0.1"), Agent: "trial"})
}

// as acts as a player who has just proved who they are.
func (t *Trial) as(ctx context.Context, p *Player) context.Context {
	return core.WithActor(ctx, core.Actor{
		Kind: core.HumanActor, ID: p.Person, Staff: p.Org == t.Provider, Address: netip.MustParseAddr("127.0.0.1"),
		AuthenticatedAt: t.house.cfg.Clock.Now(), AAL: 2, Agent: "trial",
	})
}

// Organization makes a client organization; its first administrator accepts the invitation.
func (t *Trial) Organization(ctx context.Context, name string, admin Player) (core.ID, error) {
	id, err := t.house.organizations.CreateOrg(t.as(ctx, t.first), core.Organization{Name: name, Language: admin.Language, TimeZone: "Europe/Paris"}, profile(admin))
	if err != nil {
		return "", fmt.Errorf("trial: organization %s: %w", name, err)
	}
	admin.Org, admin.Organization, admin.Roles = id, name, append([]string{"admin"}, admin.Roles...)
	return id, t.accept(ctx, &admin)
}

func profile(p Player) organization.Profile {
	return organization.Profile{GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email, Language: p.Language, Function: p.Function}
}

// Join invites a player into an organization as by, accepts, and gives the roles.
func (t *Trial) Join(ctx context.Context, by string, org core.ID, p Player) error {
	inviter := t.Players[by]
	if _, err := t.house.organizations.Invite(t.as(ctx, inviter), org, profile(p)); err != nil {
		return fmt.Errorf("trial: invite %s: %w", p.Name, err)
	}
	p.Org = org
	if err := t.accept(ctx, &p); err != nil {
		return err
	}
	for _, role := range p.Roles {
		a := core.Assignment{Org: org, Person: p.Person, Role: role, Reason: p.Function, From: t.house.cfg.Clock.Now()}
		if strings.HasPrefix(role, "provider.") {
			a.Org = core.Platform
		}
		if _, err := t.house.access.Give(t.as(ctx, inviter), a); err != nil {
			return fmt.Errorf("trial: %s as %s: %w", p.Name, role, err)
		}
	}
	return nil
}

// accept opens the mailed invitation, chooses the password and sets up the second factor where it is due.
func (t *Trial) accept(ctx context.Context, p *Player) error {
	if _, err := t.house.mail.Deliver(core.WithActor(ctx, core.System("mail"))); err != nil {
		return err
	}
	body, err := t.letters(p.Email, "organization.invitation")
	if err != nil {
		return err
	}
	secret := pathIn(body, "/invitation/")
	who := anonymous(ctx)
	next, err := t.house.organizations.Accept(who, secret)
	if err != nil {
		return fmt.Errorf("trial: %s accepts: %w", p.Name, err)
	}
	flow, err := t.house.signin.BeginFirst(who, strings.TrimPrefix(next, "/signin/first/"), "")
	if err != nil {
		return fmt.Errorf("trial: %s begins: %w", p.Name, err)
	}
	if err := t.house.signin.Choose(who, flow, p.Password); err != nil {
		return fmt.Errorf("trial: %s chooses a password: %w", p.Name, err)
	}
	if err := t.factor(who, p, flow); err != nil {
		return err
	}
	return t.meet(ctx, p)
}

// factor goes on with a sign-in until nothing is due.
func (t *Trial) factor(ctx context.Context, p *Player, flow string) error {
	for range 5 {
		step, f, err := t.house.signin.Next(ctx, flow)
		switch {
		case err != nil:
			return fmt.Errorf("trial: %s signs in: %w", p.Name, err)
		case step == "terms":
			err = t.house.signin.AcceptTerms(ctx, flow, f.Terms)
		case step == "enrol":
			err = t.enrol(ctx, p, flow)
		case step == "" && p.Factor && p.Secret == "":
			return t.volunteer(ctx, p, f.Person.ID)
		case step == "":
			return nil
		default:
			err = fmt.Errorf("step %s is due", step)
		}
		if err != nil {
			return fmt.Errorf("trial: %s signs in: %w", p.Name, err)
		}
	}
	return fmt.Errorf("trial: %s: a sign-in without end", p.Name)
}

func (t *Trial) enrol(ctx context.Context, p *Player, flow string) error {
	secret, _, err := t.house.signin.Enrolment(ctx, flow)
	if err != nil {
		return err
	}
	code, err := t.code(secret)
	if err != nil {
		return err
	}
	batch, err := t.house.signin.Enrol(ctx, flow, code)
	p.Secret, p.Recovery = secret, batch.Plain
	return err
}

// volunteer sets up a second factor that nobody demanded.
func (t *Trial) volunteer(ctx context.Context, p *Player, person core.ID) error {
	p.Person = person
	self := t.as(ctx, p)
	secret, err := t.house.identity.Enrol(self, person)
	if err != nil {
		return err
	}
	code, err := t.code(secret)
	if err != nil {
		return err
	}
	batch, err := t.house.identity.Confirm(self, person, code)
	p.Secret, p.Recovery = secret, batch.Plain
	return err
}

// Import takes a sheet of members as a player: a dry run, then all of it.
func (t *Trial) Import(ctx context.Context, by string, sheet []byte) error {
	p := t.Players[by]
	who := t.as(ctx, p)
	id, err := t.house.organizations.CheckSheet(who, p.Org, sheet)
	if err != nil {
		return fmt.Errorf("trial: import: %w", err)
	}
	return t.house.organizations.Apply(who, p.Org, id, organization.ApplyOptions{})
}

// pathIn gives what follows a path in a text, up to the next space.
func pathIn(text, path string) string {
	_, rest, found := strings.Cut(text, path)
	if !found {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "\n")
	return strings.TrimSpace(rest)
}
