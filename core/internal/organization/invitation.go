package organization

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// invitationLife is how long a mailed link works.
const invitationLife = 7 * 24 * time.Hour

// Invitation is a mailed link that makes a membership active.
type Invitation struct {
	ID, Org, Member, Person core.ID
	CreatedBy               core.ID
	CreatedAt, ExpiresAt    time.Time
	UsedAt, CancelledAt     time.Time
}

// State says where an invitation stands: "sent", "used", "cancelled" or "expired".
func (i Invitation) State(now time.Time) string {
	switch {
	case !i.UsedAt.IsZero():
		return "used"
	case !i.CancelledAt.IsZero():
		return "cancelled"
	case !now.Before(i.ExpiresAt):
		return "expired"
	}
	return "sent"
}

var (
	errInvitation = i18n.Fault(core.Gone, "invitation.ended", "Cette invitation a expiré, a été annulée ou a déjà servi. Demandez-en une nouvelle à l'organisation.", "This invitation has expired, was cancelled or was used already. Ask the organization for a new one.")
	errAccepted   = i18n.Fault(core.Conflict, "invitation.accepted", "Cette personne a déjà accepté son invitation.", "This person has already accepted the invitation.")

	inviteSubject = i18n.T("Invitation à rejoindre %s", "Invitation to join %s")
	inviteBody    = i18n.T(`Bonjour,

%s vous invite à la rejoindre. Pour accepter, ouvrez ce lien, valable une seule fois et jusqu'au %s :

%s

Si vous n'attendiez pas ce message, ignorez-le : rien ne se passera.
`, `Hello,

%s invites you to join it. To accept, open this link, which works once and until %s:

%s

If you did not expect this message, ignore it: nothing will happen.
`)
)

const invitationColumns = `id, org, member, person, created_by, created_at, expires_at, used_at, cancelled_at`

var (
	qAddInvitation = db.SQL(`INSERT INTO organization_invitation (org, id, member, person, secret, created_by, created_at, expires_at, used_at, cancelled_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)`)
	qLastInvitation = db.SQL(`SELECT ` + invitationColumns + ` FROM organization_invitation WHERE org = $1 AND member = $2 ORDER BY created_at DESC, id DESC LIMIT 1`)
	qInvitation     = db.SQL(`SELECT ` + invitationColumns + ` FROM organization_invitation WHERE secret = $1`)
	qUse            = db.SQL(`UPDATE organization_invitation SET used_at = $3 WHERE org = $1 AND id = $2 AND used_at = 0 AND cancelled_at = 0 AND expires_at > $3`)
	qCancelAll      = db.SQL(`UPDATE organization_invitation SET cancelled_at = $3 WHERE org = $1 AND member = $2 AND used_at = 0 AND cancelled_at = 0`)
	qDropInvitation = db.SQL(`DELETE FROM organization_invitation WHERE org = $1 AND member = $2`)
	qInvitationsOf  = db.SQL(`SELECT ` + invitationColumns + ` FROM organization_invitation WHERE person = $1 ORDER BY id`)
	qEraseInvited   = db.SQL(`DELETE FROM organization_invitation WHERE person = $1`)
	qForgetInviter  = db.SQL(`UPDATE organization_invitation SET created_by = '' WHERE created_by = $1`)
)

func scanInvitation(scan db.Scan) (i Invitation, err error) {
	var created, expires, used, cancelled int64
	err = scan(&i.ID, &i.Org, &i.Member, &i.Person, &i.CreatedBy, &created, &expires, &used, &cancelled)
	i.CreatedAt, i.ExpiresAt = clock.FromMicros(created), clock.FromMicros(expires)
	i.UsedAt, i.CancelledAt = clock.FromMicros(used), clock.FromMicros(cancelled)
	return i, err
}

// newSecret makes the secret of a mailed link: 256 random bits; only its hash is kept.
func newSecret() string { return ids.Secret("", 32) }

func hashOf(secret string) []byte { sum := sha256.Sum256([]byte(secret)); return sum[:] }

func (m *Module) lastInvitation(ctx context.Context, tx core.Tx, org, member core.ID) (*Invitation, error) {
	i, found, err := db.One(ctx, tx, qLastInvitation, scanInvitation, org, member)
	if err != nil || !found {
		return nil, err
	}
	return &i, nil
}

// Invite makes a member of a person, known or new, and mails them a link. The answer is the same whether the address
// already has an account or not. Whoever invites approves the roles, which they must be allowed to give: they are written
// now, and nothing is permitted by them before the invitation is accepted.
func (m *Module) Invite(ctx context.Context, org core.ID, p Profile, roles ...string) (Member, error) {
	p, err := p.check()
	if err != nil {
		return Member{}, err
	}
	person := ids.New()
	if err := m.needs.Keys.MakeKeys(ctx, person); err != nil {
		return Member{}, err
	}
	secret := newSecret()
	var got Member
	act := &core.Act{Def: InviteMember, Org: org}
	if len(roles) > 0 {
		act.Def = InviteWithRoles
	}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		o, err := m.openOrg(ctx, tx, org)
		if err != nil {
			return err
		}
		if got, err = m.invite(ctx, tx, o, person, p, secret, ""); err == nil {
			act.Also, err = m.promise(ctx, tx, got, roles)
		}
		act.Resource, act.Subject = got.ID, got.Person
		act.Changed("name", "", got.Name)
		act.Changed("function", "", p.Function)
		act.Changed("department", "", p.Department)
		return err
	})
	if err != nil || got.Person != person {
		m.dropKeys(ctx, person)
	}
	if err != nil {
		return Member{}, err
	}
	return got, nil
}

var givenWithInvitation = i18n.T("Donné avec l'invitation", "Given with the invitation")

// promise gives roles to somebody who is invited; each has its entry.
func (m *Module) promise(ctx context.Context, tx core.Tx, n Member, roles []string) (entries []*core.Act, err error) {
	reason := givenWithInvitation.In(ctx)
	for _, role := range slices.Compact(slices.Sorted(slices.Values(roles))) {
		id, err := m.needs.Rights.Assign(ctx, tx, core.Assignment{Org: n.Org, Person: n.Person, Role: role, Reason: reason, Approver: core.ActorOf(ctx).ID})
		if err != nil {
			return nil, err
		}
		e := &core.Act{Def: m.needs.GiveAct, Org: n.Org, Resource: id, Subject: n.Person, Note: reason}
		e.Changed("role", "", role)
		entries = append(entries, e)
	}
	return entries, nil
}

// invite makes the person when the address is new, the membership, and the mailed link.
func (m *Module) invite(ctx context.Context, tx core.Tx, o Organization, person core.ID, p Profile, secret string, batch core.ID) (Member, error) {
	known, found, err := m.needs.People.PersonByEmail(ctx, tx, p.Email)
	if err != nil {
		return Member{}, err
	}
	var answers core.ID
	if p.Functional {
		if answers, err = m.answering(ctx, tx, o.ID, p.Responsible); err != nil {
			return Member{}, err
		}
	}
	if found {
		person = known.ID
		if _, already, err := db.One(ctx, tx, qMemberOf, scanMember, o.ID, person); err != nil {
			return Member{}, err
		} else if already {
			return Member{}, errExists.With("email", "member.exists")
		}
	} else if _, err := m.needs.People.AddPeople(ctx, tx, []core.NewPerson{p.newPerson(person, answers, o.Language)}); err != nil {
		return Member{}, err
	}
	n := p.member(o.ID, person, answers, m.needs.Clock.Now(), batch)
	if !n.Manager.IsZero() {
		if err := m.under(ctx, tx, o.ID, n.ID, n.Manager); err != nil {
			return Member{}, err
		}
	}
	if err := m.insert(ctx, tx, n, p.GivenName, p.FamilyName); err != nil {
		return Member{}, err
	}
	n.Version = 1
	return n, m.send(ctx, tx, o, n, language(p.Language, o.Language), secret)
}

func (p Profile) newPerson(id, answers core.ID, fallback string) core.NewPerson {
	return core.NewPerson{
		ID: id, GivenName: p.GivenName, FamilyName: p.FamilyName, Gender: p.Gender, Email: p.Email, Phone: p.Phone,
		Language: language(p.Language, fallback).String(), Functional: p.Functional, Responsible: answers,
	}
}

func (p Profile) member(org, person, answers core.ID, now time.Time, batch core.ID) Member {
	return Member{
		Membership: core.Membership{
			ID: ids.New(), Org: org, Person: person, Function: p.Function, Department: p.Department, Group: p.Group, Committee: p.Committee,
			Manager: p.Manager, State: "invited",
		},
		Name: p.name(), Email: p.Email, Functional: p.Functional, Responsible: answers, InvitedAt: now, Import: batch,
	}
}

func language(chosen, fallback string) i18n.Lang {
	if l, ok := i18n.Parse(chosen); ok {
		return l
	}
	l, _ := i18n.Parse(fallback)
	return l
}

// send keeps the hash of the secret and queues the mail.
func (m *Module) send(ctx context.Context, tx core.Tx, o Organization, n Member, lang i18n.Lang, secret string) error {
	now := m.needs.Clock.Now()
	until := now.Add(invitationLife)
	if _, err := tx.Exec(ctx, qCancelAll, n.Org, n.ID, clock.Micros(now)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, qAddInvitation, n.Org, ids.New(), n.ID, n.Person, hashOf(secret), core.ActorOf(ctx).ID, clock.Micros(now), clock.Micros(until))
	if err != nil {
		return err
	}
	said := i18n.With(ctx, lang)
	return m.needs.Mail.Queue(ctx, tx, core.Mail{
		Org: n.Org, Person: n.Person, To: n.Email, Kind: "organization.invitation",
		Subject: inviteSubject.In(said, o.Name),
		Body:    inviteBody.In(said, o.Name, i18n.Moment(said, until), strings.TrimSuffix(m.needs.Origin, "/")+"/invitation/"+secret),
	})
}

// Resend mails new links to members who have not accepted; the former links die.
func (m *Module) Resend(ctx context.Context, org core.ID, members []core.ID) (int, error) {
	sent := 0
	act := &core.Act{Def: InviteMember, Org: org}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		sent = 0
		o, err := m.openOrg(ctx, tx, org)
		if err != nil {
			return err
		}
		return m.each(ctx, tx, act, org, members, func(got Member, one *core.Act) error {
			one.Note = "resent"
			if got.State != "invited" {
				if len(members) == 1 {
					return errAccepted
				}
				return nil
			}
			sent++
			return m.send(ctx, tx, o, got, language("", o.Language), newSecret())
		})
	})
	return sent, err
}

// Cancel withdraws an invitation: the link dies and the membership with it.
func (m *Module) Cancel(ctx context.Context, org, member core.ID) error {
	act := &core.Act{Def: CancelInvitation, Org: org, Resource: member}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		got, err := m.member(ctx, tx, org, member)
		if err != nil {
			return err
		}
		act.Subject = got.Person
		if got.State != "invited" {
			return errAccepted
		}
		return m.leave(ctx, tx, got, "invitation.cancelled")
	})
}

// Invited is what the page of a mailed link shows; nothing but the name of the organization and when it ends.
type Invited struct {
	Organization string
	ExpiresAt    time.Time
}

// Look tells what a mailed link is for, and changes nothing: programs that read mails open links too.
func (m *Module) Look(ctx context.Context, secret string) (Invited, error) {
	var v Invited
	err := m.needs.Gate.Read(ctx, &core.Act{Def: LookInvitation, Org: core.Platform}, func(tx core.Tx) error {
		i, o, err := m.live(ctx, tx, secret)
		v = Invited{o.Name, i.ExpiresAt}
		return err
	})
	return v, err
}

func (m *Module) live(ctx context.Context, tx core.Tx, secret string) (Invitation, Organization, error) {
	i, found, err := db.One(ctx, tx, qInvitation, scanInvitation, hashOf(secret))
	if err != nil {
		return i, Organization{}, err
	}
	if !found || i.State(m.needs.Clock.Now()) != "sent" {
		return i, Organization{}, errInvitation
	}
	o, err := m.org(ctx, tx, i.Org)
	if err == nil && o.State != "active" {
		err = errInvitation
	}
	return i, o, err
}

// Accept makes the membership of a mailed link active and says where to go next: the choice of a first password, or
// the way in for whoever already has one. Holding the link gives no session by itself.
func (m *Module) Accept(ctx context.Context, secret string) (next string, err error) {
	act := &core.Act{Def: AcceptInvitation}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		i, o, err := m.live(ctx, tx, secret)
		if err != nil {
			return err
		}
		act.Org, act.Resource, act.Subject = o.ID, i.Member, i.Person
		now := m.needs.Clock.Now()
		n, err := tx.Exec(ctx, qUse, i.Org, i.ID, clock.Micros(now))
		if err == nil && n == 0 {
			err = errInvitation
		}
		if err != nil {
			return err
		}
		people, err := m.needs.People.People(ctx, tx, i.Person)
		if err != nil {
			return err
		}
		p, ok := people[i.Person]
		if !ok {
			return errInvitation
		}
		got, err := m.member(ctx, tx, i.Org, i.Member)
		if err != nil {
			return err
		}
		got.Email = p.Email
		kept, err := m.sealed(ctx, got.called(p.Name(), p.GivenName, p.FamilyName))
		if err != nil {
			return err
		}
		n, err = tx.Exec(ctx, qJoin, i.Org, i.Member, clock.Micros(now), kept)
		if err == nil && n == 0 {
			err = errInvitation
		}
		if err != nil {
			return err
		}
		next, err = m.needs.Passwords.FirstPassword(ctx, tx, i.Person)
		return err
	})
	if err == nil && next == "" {
		next = "/signin"
	}
	return next, err
}
