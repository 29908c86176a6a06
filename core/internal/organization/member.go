package organization

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Member is a person in an organization, as that organization knows them.
type Member struct {
	core.Membership
	Name        string // what the organization typed, then the person's own name once they have accepted
	Email       string
	Functional  bool
	Responsible core.ID // person who answers for a functional account (CTI-37.1)
	InvitedAt   time.Time
	Import      core.ID // the import that made it, "" when invited by hand
	Version     int64
	sort, find  string // what lists sort by and search in
	kept        []byte // what was typed, until it is opened
}

// called gives a member the names that lists show, sort by and search in.
func (n Member) called(name, given, family string) Member {
	n.Name, n.sort, n.find = name, sortOf(given, family, n.Email), findOf(given, family, n.Email)
	return n
}

// Profile is what can be typed of a member: no more than KSK-1.1 allows.
type Profile struct {
	GivenName, FamilyName, Gender, Email, Phone, Language string
	Function, Department, Group, Committee                string
	Manager                                               core.ID // membership
	Functional                                            bool
	Responsible                                           core.ID // membership of the person responsible
}

var (
	errNoMember    = i18n.Fault(core.NotFound, "member.absent", "Ce membre n'existe pas dans cette organisation.", "There is no such member in this organization.")
	errExists      = i18n.Fault(core.Conflict, "member.exists", "Cette adresse est déjà celle d'un membre de l'organisation.", "This address already belongs to a member of the organization.")
	errForm        = i18n.Fault(core.Invalid, "member.invalid", "Un champ du membre est à corriger.", "A field of the member needs correcting.")
	errMoved       = i18n.Fault(core.Precondition, "member.moved", "Ce membre a changé depuis que vous l'avez lu. Relisez-le, puis recommencez.", "This member has changed since you read it. Read it again, then retry.")
	errLeft        = i18n.Fault(core.Conflict, "member.left", "Cette personne a déjà quitté l'organisation.", "This person has already left the organization.")
	errReason      = i18n.Fault(core.Invalid, "member.reason_missing", "Dites pourquoi, en 500 caractères au plus : la raison est gardée au journal.", "Say why, in at most 500 characters: the reason is kept in the journal.")
	errKeptByOwner = i18n.Fault(core.Conflict, "member.own_profile", "Cette personne appartient aussi à une autre organisation : elle seule change son nom, son téléphone et sa langue.", "This person also belongs to another organization: only they change their name, phone and language.")

	reasonEmail       = i18n.Reason("member.email", "Donnez une adresse électronique valide.", "Give a valid e-mail address.")
	reasonLong        = i18n.Reason("member.too_long", "Trop long : %d caractères au plus, sans caractère invisible.", "Too long: at most %d characters, without invisible ones.")
	reasonGender      = i18n.Reason("member.gender", "Choisissez une civilité de la liste, ou aucune.", "Choose a gender of the list, or none.")
	reasonPhone       = i18n.Reason("member.phone", "Donnez un numéro au format international, comme +33 1 23 45 67 89.", "Give a number in international form, such as +33 1 23 45 67 89.")
	reasonLang        = i18n.Reason("member.language", "Choisissez le français ou l'anglais.", "Choose French or English.")
	reasonManager     = i18n.Reason("member.manager", "Le responsable hiérarchique doit être un membre présent, et la chaîne ne peut pas revenir à la personne elle-même.", "The manager must be a present member, and the chain cannot come back to the person.")
	reasonResponsible = i18n.Reason("member.responsible", "Un compte fonctionnel doit avoir une personne responsable, membre active de l'organisation.", "A functional account must have a responsible person, an active member of the organization.")
)

// check cleans a profile; every field that is wrong is named.
func (p Profile) check() (Profile, error) {
	bad := errForm
	for _, f := range []struct {
		name string
		text *string
		most int
	}{
		{"given_name", &p.GivenName, 80},
		{"family_name", &p.FamilyName, 80},
		{"function", &p.Function, 120},
		{"department", &p.Department, 120},
		{"group", &p.Group, 120},
		{"committee", &p.Committee, 120},
	} {
		text, ok := clean(*f.text, f.most)
		if !ok {
			bad = bad.With(f.name, reasonLong, f.most)
		}
		*f.text = text
	}
	var ok bool
	if p.Email, ok = address(p.Email); !ok {
		bad = bad.With("email", reasonEmail)
	}
	if p.Phone, ok = phone(p.Phone); !ok {
		bad = bad.With("phone", reasonPhone)
	}
	switch p.Gender {
	case "", "f", "m", "x":
	default:
		bad = bad.With("gender", reasonGender)
	}
	switch p.Language {
	case "", "fr", "en":
	default:
		bad = bad.With("language", reasonLang)
	}
	if p.Functional && p.Responsible.IsZero() {
		bad = bad.With("responsible", reasonResponsible)
	}
	if len(bad.Fields) > 0 {
		return p, bad
	}
	return p, nil
}

func (p Profile) name() string {
	return core.Person{GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email}.Name()
}

// sortOf and findOf write what a list sorts by and searches in.
func sortOf(given, family, email string) string {
	if s := fold(family + " " + given); s != "" {
		return s
	}
	return fold(email)
}

func findOf(given, family, email string) string {
	return fold(given+" "+family+" "+given) + " " + email
}

// stated checks a reason that somebody gives for a grave act.
func stated(reason string) (string, error) {
	reason, ok := clean(reason, 500)
	if !ok || reason == "" {
		return "", errReason.With("reason", "member.reason_missing")
	}
	return reason, nil
}

// AddMember makes a membership in the transaction of another act: set-up, sign-up, the demonstration. The person
// exists; State "" means active.
func (m *Module) AddMember(ctx context.Context, tx core.Tx, ms core.Membership) (core.ID, error) {
	if _, err := m.openOrg(ctx, tx, ms.Org); err != nil {
		return "", err
	}
	people, err := m.needs.People.People(ctx, tx, ms.Person)
	if err != nil {
		return "", err
	}
	p := people[ms.Person]
	if ms.State == "" {
		ms.State = "active"
	}
	if ms.ID.IsZero() {
		ms.ID = ids.New()
	}
	now := m.needs.Clock.Now()
	if ms.State == "active" && ms.JoinedAt.IsZero() {
		ms.JoinedAt = now
	}
	got := Member{Membership: ms, Name: p.Name(), Email: p.Email, Functional: p.Functional, Responsible: p.Responsible, InvitedAt: now}
	return ms.ID, m.insert(ctx, tx, got, p.GivenName, p.FamilyName)
}

func (m *Module) insert(ctx context.Context, tx core.Tx, n Member, given, family string) error {
	kept, err := m.sealed(ctx, n.called(n.Name, given, family))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAddMember, n.Org, n.ID, n.Person, kept, n.Manager, n.Functional, n.Responsible, n.State,
		clock.Micros(n.InvitedAt), clock.Micros(n.JoinedAt), n.Import)
	if db.Duplicate(err) {
		return errExists.Because(err)
	}
	return err
}

// under checks that manager can be the line manager of member: present, and not under the member.
func (m *Module) under(ctx context.Context, tx core.Tx, org, member, manager core.ID) error {
	bad := errForm.With("manager", reasonManager)
	for at, depth := manager, 0; !at.IsZero(); depth++ {
		if at == member || depth > 64 {
			return bad
		}
		got, found, err := db.One(ctx, tx, qMember, scanMember, org, at)
		if err != nil {
			return err
		}
		if !found || depth == 0 && got.State == "left" {
			return bad
		}
		at = got.Manager
	}
	return nil
}

// answering gives the person of an active membership, who will answer for a functional account.
func (m *Module) answering(ctx context.Context, tx core.Tx, org, member core.ID) (core.ID, error) {
	got, found, err := db.One(ctx, tx, qMember, scanMember, org, member)
	if err != nil {
		return "", err
	}
	if !found || got.State != "active" || got.Functional {
		return "", errForm.With("responsible", reasonResponsible)
	}
	return got.Person, nil
}

// Detail is a member's page.
type Detail struct {
	Member
	Person      core.Person // their own profile; only what the organization typed while they are invited
	ManagerName string
	Answers     string   // name of the responsible person of a functional account
	Reports     []Member // those whom they manage
	AnswersFor  []Member // functional accounts that they answer for
	Invitation  *Invitation
	Elsewhere   bool // belongs to another organization too: their name, phone and language are theirs alone to change
}

// Read gives a member's page and journals the reading.
func (m *Module) Read(ctx context.Context, org, id core.ID) (Detail, error) {
	var d Detail
	act := &core.Act{Def: ReadMember, Org: org, Resource: id}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		d, err = m.detail(ctx, tx, org, id)
		act.Subject = d.Member.Person
		return err
	})
	return d, err
}

func (m *Module) detail(ctx context.Context, tx core.Tx, org, id core.ID) (d Detail, err error) {
	if d.Member, err = m.member(ctx, tx, org, id); err != nil {
		return d, err
	}
	d.Person = core.Person{ID: d.Member.Person, FamilyName: d.Name, Email: d.Email, State: "invited"}
	if d.State == "active" {
		people, err := m.needs.People.People(ctx, tx, d.Member.Person)
		if err != nil {
			return d, err
		}
		if p, ok := people[d.Member.Person]; ok {
			d.Person = p
		}
		n, _, err := db.One(ctx, tx, qElsewhere, db.Value[int64], d.Member.Person, org)
		if err != nil {
			return d, err
		}
		d.Elsewhere = n > 0
	}
	if !d.Manager.IsZero() {
		boss, found, err := m.one(ctx, tx, qMember, org, d.Manager)
		if err != nil {
			return d, err
		}
		if found {
			d.ManagerName = boss.Name
		}
	}
	if !d.Responsible.IsZero() {
		who, found, err := m.one(ctx, tx, qMemberOf, org, d.Responsible)
		if err != nil {
			return d, err
		}
		if found {
			d.Answers = who.Name
		}
	}
	if d.Reports, err = m.all(ctx, tx, qManages, org, id); err != nil {
		return d, err
	}
	slices.SortFunc(d.Reports, func(a, b Member) int { return byName(&a, &b) })
	if d.AnswersFor, err = m.all(ctx, tx, qResponsible, org, d.Member.Person); err != nil {
		return d, err
	}
	d.Invitation, err = m.lastInvitation(ctx, tx, org, id)
	return d, err
}

// Edit changes what an organization says of a member. Names, gender, phone and language are the person's own as soon
// as they belong to another organization; the address never changes here, for whoever holds it can take the account.
func (m *Module) Edit(ctx context.Context, org, id core.ID, p Profile, version int64) error {
	act := &core.Act{Def: EditMember, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		old, err := m.member(ctx, tx, org, id)
		if err != nil {
			return err
		}
		act.Subject = old.Person
		p.Email, p.Functional = old.Email, false
		np, err := p.check()
		if err != nil {
			return err
		}
		if old.State == "left" {
			return errLeft
		}
		if np.Manager != old.Manager {
			if err := m.under(ctx, tx, org, id, np.Manager); err != nil {
				return err
			}
		}
		answers := old.Responsible
		if old.Functional && !np.Responsible.IsZero() {
			if answers, err = m.answering(ctx, tx, org, np.Responsible); err != nil {
				return err
			}
		}
		return m.edit(ctx, tx, act, old, np, answers, version)
	})
}

func (m *Module) edit(ctx context.Context, tx core.Tx, act *core.Act, old Member, p Profile, answers core.ID, version int64) error {
	person, err := m.profile(ctx, tx, act, old, p, answers)
	if err != nil {
		return err
	}
	now := old.called(person.Name(), person.GivenName, person.FamilyName)
	now.Function, now.Department, now.Group, now.Committee = p.Function, p.Department, p.Group, p.Committee
	kept, err := m.sealed(ctx, now)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qEditMember, old.Org, old.ID, kept, p.Manager, answers, version)
	if err == nil && n == 0 {
		err = errMoved
	}
	act.Changed("function", old.Function, p.Function)
	act.Changed("department", old.Department, p.Department)
	act.Changed("group", old.Group, p.Group)
	act.Changed("committee", old.Committee, p.Committee)
	act.Changed("manager", string(old.Manager), string(p.Manager))
	act.Changed("responsible", string(old.Responsible), string(answers))
	if err != nil {
		return err
	}
	return m.moved(ctx, tx, act, old, p.Function, p.Department, p.Manager)
}

// profile changes the person's own data where the organization may, and gives the names that the list will show.
func (m *Module) profile(ctx context.Context, tx core.Tx, act *core.Act, old Member, p Profile, answers core.ID) (core.Person, error) {
	elsewhere, _, err := db.One(ctx, tx, qElsewhere, db.Value[int64], old.Person, old.Org)
	if err != nil {
		return core.Person{}, err
	}
	people, err := m.needs.People.People(ctx, tx, old.Person)
	if err != nil {
		return core.Person{}, err
	}
	person := people[old.Person]
	typed := core.Person{GivenName: p.GivenName, FamilyName: p.FamilyName, Email: old.Email}
	if elsewhere > 0 || person.State != "invited" && old.State == "invited" {
		if old.State == "invited" {
			act.Changed("name", old.Name, typed.Name())
			return typed, nil // only what this organization calls them
		}
		if typed.Name() != person.Name() || p.Phone != person.Phone {
			return person, errKeptByOwner
		}
		return person, nil
	}
	now := person
	now.GivenName, now.FamilyName, now.Gender, now.Phone = p.GivenName, p.FamilyName, p.Gender, p.Phone
	if p.Language != "" {
		now.Language = p.Language
	}
	if person.Functional {
		now.Responsible = answers
	}
	act.Changed("given_name", person.GivenName, now.GivenName)
	act.Changed("family_name", person.FamilyName, now.FamilyName)
	act.Changed("gender", person.Gender, now.Gender)
	act.Changed("phone", person.Phone, now.Phone)
	act.Changed("language", person.Language, now.Language)
	if now == person {
		return now, nil
	}
	return now, m.needs.People.UpdatePerson(ctx, tx, now)
}

// PersonChanged keeps what organizations list of a person in step with what the person changed of their own profile.
func (m *Module) PersonChanged(ctx context.Context, tx core.Tx, p core.Person) error {
	list, err := m.all(ctx, tx, qActiveOf, p.ID)
	if err != nil {
		return err
	}
	for _, n := range list {
		n.Email = p.Email
		kept, err := m.sealed(ctx, n.called(p.Name(), p.GivenName, p.FamilyName))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qRename, n.Org, n.ID, kept); err != nil {
			return err
		}
	}
	return nil
}

// MoveTo changes the department of several members at once.
func (m *Module) MoveTo(ctx context.Context, org core.ID, members []core.ID, department string) (int, error) {
	department, ok := clean(department, 120)
	if !ok {
		return 0, errForm.With("department", reasonLong, 120)
	}
	done := 0
	act := &core.Act{Def: EditMember, Org: org}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		done = 0
		return m.each(ctx, tx, act, org, members, func(got Member, one *core.Act) error {
			if got.Department == department {
				return nil
			}
			one.Changed("department", got.Department, department)
			done++
			now := got
			now.Department = department
			kept, err := m.sealed(ctx, now)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, qMove, org, got.ID, kept); err != nil {
				return err
			}
			return m.moved(ctx, tx, act, got, got.Function, department, got.Manager)
		})
	})
	return done, err
}

// each runs f on several members, each with its own entry; the first is the act itself.
func (m *Module) each(ctx context.Context, tx core.Tx, act *core.Act, org core.ID, members []core.ID, f func(Member, *core.Act) error) error {
	if len(members) == 0 || len(members) > 500 {
		return errChoose
	}
	seen := make(map[core.ID]bool, len(members))
	for i, id := range members {
		if seen[id] {
			continue
		}
		seen[id] = true
		got, err := m.member(ctx, tx, org, id)
		if err != nil {
			return err
		}
		one := act
		if i > 0 {
			one = &core.Act{Def: act.Def, Org: org, Note: act.Note}
			act.Also = append(act.Also, one)
		}
		one.Resource, one.Subject = got.ID, got.Person
		if err := f(got, one); err != nil {
			return err
		}
	}
	return nil
}

var errChoose = i18n.Fault(core.Invalid, "member.choose", "Choisissez de 1 à 500 membres.", "Choose 1 to 500 members.")

// names gives the given and family names of a text "Given Family", for sheets that hold one column for both.
func names(full string) (given, family string) {
	given, family, found := strings.Cut(strings.TrimSpace(full), " ")
	if !found {
		return "", given
	}
	return given, family
}
