package organization

import (
	"context"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Organization is a client or the provider, with the version that guards its changes.
type Organization struct {
	core.Organization
	Version int64
}

// OrgLine is an organization in the provider's list.
type OrgLine struct {
	Organization
	Active, Invited, Left int64
}

var (
	errNoOrg    = i18n.Fault(core.NotFound, "organization.absent", "Cette organisation n'existe pas, ou vous n'y avez pas accès.", "There is no such organization, or it is not yours to see.")
	errClosed   = i18n.Fault(core.Gone, "organization.closed", "Cette organisation est fermée.", "This organization is closed.")
	errOrgForm  = i18n.Fault(core.Invalid, "organization.invalid", "Un champ de l'organisation est à corriger.", "A field of the organization needs correcting.")
	errOrgMoved = i18n.Fault(core.Precondition, "organization.moved", "L'organisation a changé depuis que vous l'avez lue. Relisez-la, puis recommencez.", "The organization has changed since you read it. Read it again, then retry.")
	errProvider = i18n.Fault(core.Conflict, "organization.provider", "Le fournisseur lui-même ne peut être ni créé deux fois ni fermé.", "The provider itself can neither be made twice nor closed.")

	reasonName     = i18n.Reason("organization.name", "Donnez un nom de 2 à 120 caractères.", "Give a name of 2 to 120 characters.")
	reasonLanguage = i18n.Reason("organization.language", "Choisissez le français ou l'anglais.", "Choose French or English.")
	reasonZone     = i18n.Reason("organization.time_zone", "Donnez un fuseau horaire, comme Europe/Paris.", "Give a time zone, such as Europe/Paris.")
)

// check cleans what was typed of an organization.
func checkOrg(o core.Organization) (core.Organization, error) {
	bad := errOrgForm
	name, ok := clean(o.Name, 120)
	if !ok || len([]rune(name)) < 2 {
		bad = bad.With("name", reasonName)
	}
	o.Name = name
	if o.Language == "" {
		o.Language = "fr"
	}
	if o.Language != "fr" && o.Language != "en" {
		bad = bad.With("language", reasonLanguage)
	}
	if o.TimeZone == "" {
		o.TimeZone = "Europe/Paris"
	}
	if _, err := time.LoadLocation(o.TimeZone); err != nil || len(o.TimeZone) > 40 || o.TimeZone == "Local" {
		bad = bad.With("time_zone", reasonZone)
	}
	if len(bad.Fields) > 0 {
		return o, bad
	}
	return o, nil
}

// AddOrg makes an organization in the transaction of another act. The provider's id is core.Platform; another's is o.ID
// when its key was made beforehand, or a new one.
func (m *Module) AddOrg(ctx context.Context, tx core.Tx, o core.Organization) (core.ID, error) {
	o, err := checkOrg(o)
	if err != nil {
		return "", err
	}
	switch {
	case o.Kind == "provider":
		o.ID = core.Platform
	case o.ID == core.Platform:
		return "", errProvider
	case o.ID.IsZero():
		o.ID = ids.New()
	}
	if o.Kind != "provider" {
		o.Kind = "client"
	}
	_, err = tx.Exec(ctx, qAddOrg, o.ID, o.Name, fold(o.Name), o.Kind, o.Language, o.TimeZone, clock.Micros(m.needs.Clock.Now()))
	if db.Duplicate(err) {
		return "", errProvider.Because(err)
	}
	return o.ID, err
}

// CreateOrg makes a client organization and invites its first administrator (provider console).
func (m *Module) CreateOrg(ctx context.Context, o core.Organization, first Profile) (core.ID, error) {
	o.ID, o.Kind = ids.New(), "client"
	o, err := checkOrg(o)
	if err != nil {
		return "", err
	}
	if first, err = first.check(); err != nil {
		return "", err
	}
	person := ids.New()
	if err := m.needs.Keys.MakeKeys(ctx, o.ID, person); err != nil {
		return "", err
	}
	secret := newSecret()
	var used core.ID
	act := &core.Act{Def: CreateOrganization, Org: core.Platform, Resource: o.ID}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, err := m.AddOrg(ctx, tx, o); err != nil {
			return err
		}
		got, err := m.invite(ctx, tx, Organization{Organization: o}, person, first, secret, "")
		if err != nil {
			return err
		}
		used, act.Subject = got.Person, got.Person
		act.Changed("name", "", o.Name)
		_, err = m.needs.Rights.Assign(ctx, tx, core.Assignment{
			Org: o.ID, Person: got.Person, Role: "admin", Reason: "first administrator", Approver: core.ActorOf(ctx).ID, From: m.needs.Clock.Now(),
		})
		return err
	})
	if err != nil {
		m.dropKeys(ctx, o.ID, person)
		return "", err
	}
	if used != person {
		m.dropKeys(ctx, person)
	}
	return o.ID, nil
}

// dropKeys destroys keys that seal nothing: the act that they were made for did not happen. A key that stays behind
// harms nobody, so a failure is no error of the act.
func (m *Module) dropKeys(ctx context.Context, owners ...core.ID) {
	ctx = context.WithoutCancel(ctx)
	var all sync.WaitGroup
	places := make(chan struct{}, 32) // together, so that one commit serves many
	for _, o := range owners {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			_ = m.needs.Keys.DestroyKey(ctx, o)
		})
	}
	all.Wait()
}

// EditOrg changes the name, language or time zone of an organization; version is the one that was read.
func (m *Module) EditOrg(ctx context.Context, o core.Organization, version int64) error {
	o, err := checkOrg(o)
	if err != nil {
		return err
	}
	act := &core.Act{Def: EditOrganization, Org: o.ID, Resource: o.ID}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		old, err := m.openOrg(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qEditOrg, o.ID, o.Name, fold(o.Name), o.Language, o.TimeZone, version)
		if err == nil && n == 0 {
			err = errOrgMoved
		}
		act.Changed("name", old.Name, o.Name)
		act.Changed("language", old.Language, o.Language)
		act.Changed("time_zone", old.TimeZone, o.TimeZone)
		return err
	})
}

// CloseOrg ends an organization: every member leaves, so that no assignment, session or token of it lives on.
func (m *Module) CloseOrg(ctx context.Context, org core.ID, reason string) error {
	if org == core.Platform {
		return errProvider
	}
	reason, err := stated(reason)
	if err != nil {
		return err
	}
	act := &core.Act{Def: CloseOrganization, Org: core.Platform, Resource: org, Note: reason}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, err := m.openOrg(ctx, tx, org); err != nil {
			return err
		}
		type pair struct{ id, person core.ID }
		members, err := db.All(ctx, tx, qCurrent, func(scan db.Scan) (p pair, err error) { err = scan(&p.id, &p.person); return p, err }, org)
		if err != nil {
			return err
		}
		for _, p := range members {
			got, err := m.member(ctx, tx, org, p.id)
			if err != nil {
				return err
			}
			if err := m.leave(ctx, tx, got, "organization.closed"); err != nil {
				return err
			}
			act.Also = append(act.Also, &core.Act{Def: RemoveMember, Org: org, Resource: p.id, Subject: p.person, Note: reason})
		}
		_, err = tx.Exec(ctx, qCloseOrg, org, clock.Micros(m.needs.Clock.Now()))
		return err
	})
}

// Orgs lists organizations by name for the provider, 50 at a time, after the one that cursor names ("" for the first).
// Those of canaries are no client's: they are left out.
func (m *Module) Orgs(ctx context.Context, cursor core.ID, limit int) (list []OrgLine, next core.ID, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ListOrganizations, Org: core.Platform}, func(tx core.Tx) error {
		list, next = nil, core.ID("")
		sort := ""
		if !cursor.IsZero() {
			after, err := m.org(ctx, tx, cursor)
			if err != nil {
				return err
			}
			sort = fold(after.Name)
		}
		orgs, err := db.All(ctx, tx, qOrgs, scanOrg, sort, cursor, core.Canaries, core.Strangers, limit+1)
		if err != nil {
			return err
		}
		if len(orgs) > limit {
			orgs = orgs[:limit]
			next = orgs[limit-1].ID
		}
		for _, o := range orgs {
			line := OrgLine{Organization: o}
			if err := m.count(ctx, tx, &line); err != nil {
				return err
			}
			list = append(list, line)
		}
		return nil
	})
	return list, next, err
}

// ReadOrg gives one organization with its counts.
func (m *Module) ReadOrg(ctx context.Context, org core.ID) (OrgLine, error) {
	var line OrgLine
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadOrganization, Org: org, Resource: org}, func(tx core.Tx) error {
		o, err := m.org(ctx, tx, org)
		if err != nil {
			return err
		}
		line = OrgLine{Organization: o}
		return m.count(ctx, tx, &line)
	})
	return line, err
}

func (m *Module) count(ctx context.Context, tx core.Tx, line *OrgLine) error {
	type tally struct {
		state string
		n     int64
	}
	counts, err := db.All(ctx, tx, qOrgCounts, func(scan db.Scan) (t tally, err error) { err = scan(&t.state, &t.n); return t, err }, line.ID)
	for _, c := range counts {
		switch c.state {
		case "active":
			line.Active = c.n
		case "invited":
			line.Invited = c.n
		case "left":
			line.Left = c.n
		}
	}
	return err
}

// Mine gives what the signed-in person belongs to, for the first page.
func (m *Module) Mine(ctx context.Context) ([]core.Membership, error) {
	var list []core.Membership
	person := core.ActorOf(ctx).ID
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadMine, Org: core.Platform, Subject: person}, func(tx core.Tx) (err error) {
		list, err = m.Memberships(ctx, tx, person)
		return err
	})
	return list, err
}

// Client gives one organization with its counts to the provider, who sees no person of it.
func (m *Module) Client(ctx context.Context, org core.ID) (OrgLine, error) {
	var line OrgLine
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ListOrganizations, Org: core.Platform, Resource: org}, func(tx core.Tx) error {
		o, err := m.org(ctx, tx, org)
		if err != nil {
			return err
		}
		line = OrgLine{Organization: o}
		return m.count(ctx, tx, &line)
	})
	return line, err
}
