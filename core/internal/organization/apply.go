package organization

import (
	"context"
	"encoding/json"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// reversal is what an undo needs, sealed beside the import for as long as it can be undone.
type reversal struct {
	Added   []added
	Changed []changed
}

type added struct {
	Member, Person core.ID
	Made           bool // the person was made by this import
}

type changed struct {
	Before  Member
	Sort    string
	Person  *core.Person // the profile before, when it changed
	After   *core.Person // the profile as the import left it: what the person changed since is theirs
	Version int64        // of the membership after the import
}

// ApplyOptions says how to apply an import.
type ApplyOptions struct {
	LeaveOut bool // leave the refused lines out; otherwise one refused line refuses all
	Invite   bool // mail an invitation to every new member now
}

// Apply makes the members that a dry run showed, all of them or none, one entry of the journal per person. A member who
// changed since the dry run stops it: what is applied is exactly what was shown.
func (m *Module) Apply(ctx context.Context, org, id core.ID, how ApplyOptions) error {
	tried, err := m.ReadImport(ctx, org, id)
	if err != nil {
		return err
	}
	if tried.State != ImportReady {
		return errNotReady
	}
	keys := make([]core.ID, tried.Counts.New)
	for i := range keys {
		keys[i] = ids.New()
	}
	if len(keys) > 0 {
		if err := m.needs.Keys.MakeKeys(ctx, keys...); err != nil {
			return err
		}
	}
	var spare []core.ID
	act := &core.Act{Def: ImportMembers, Org: org, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		o, err := m.openOrg(ctx, tx, org)
		if err != nil {
			return err
		}
		i, err := m.imported(ctx, tx, org, id)
		if err != nil {
			return err
		}
		switch {
		case i.State != ImportReady:
			return errNotReady
		case i.Counts.Refused > 0 && !how.LeaveOut:
			return errRefused
		case i.Counts.New+i.Counts.Changed == 0:
			return errNothing
		case i.Counts.New != len(keys):
			return errNotReady // mapped again meanwhile
		}
		w := &writing{m: m, tx: tx, act: act, org: o, batch: id, keys: keys, invite: how.Invite}
		if err := w.all(ctx, i.Lines); err != nil {
			return err
		}
		spare = w.keys
		return m.applied(ctx, tx, org, id, w.back)
	})
	if err != nil {
		spare = keys
	}
	m.dropKeys(ctx, spare...)
	return err
}

func (m *Module) applied(ctx context.Context, tx core.Tx, org, id core.ID, back reversal) error {
	plain, err := json.Marshal(back)
	if err != nil {
		return err
	}
	sealed, err := m.needs.Sealer.Seal(ctx, org, undoPlace, plain)
	if err != nil {
		return err
	}
	now := m.needs.Clock.Now()
	n, err := tx.Exec(ctx, qApply, org, id, clock.Micros(now), clock.Micros(now.Add(undoLife)), sealed)
	if err == nil && n == 0 {
		err = errNotReady
	}
	return err
}

// writing is one application of an import.
type writing struct {
	m       *Module
	tx      core.Tx
	act     *core.Act
	org     Organization
	batch   core.ID
	keys    []core.ID // not used yet
	invite  bool
	back    reversal
	members map[string]core.ID // membership by address
	have    map[string]*known
}

func (w *writing) all(ctx context.Context, lines []Line) (err error) {
	if w.have, err = w.m.roster(ctx, w.tx, w.org.ID); err != nil {
		return err
	}
	w.members = make(map[string]core.ID, len(w.have)+len(lines))
	for email, k := range w.have {
		w.members[email] = k.ID
	}
	if err := w.add(ctx, lines); err != nil {
		return err
	}
	for _, l := range lines {
		if l.Verdict == LineChanged {
			if err := w.change(ctx, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// add makes the new persons in one go, then their memberships, so that managers can be other lines of the sheet.
func (w *writing) add(ctx context.Context, lines []Line) error {
	var news []Line
	var people []core.NewPerson
	var made []Member
	var isNew []bool
	for _, l := range lines {
		if l.Verdict != LineNew {
			continue
		}
		if _, joined := w.have[l.Profile.Email]; joined {
			return errImportMoved.With("line", errImportMoved.Code, l.Number)
		}
		person, found, err := w.m.needs.People.PersonByEmail(ctx, w.tx, l.Profile.Email)
		if err != nil {
			return err
		}
		id := person.ID
		if !found {
			id, w.keys = w.keys[0], w.keys[1:]
			people = append(people, l.Profile.newPerson(id, "", w.org.Language))
		}
		n := l.Profile.member(w.org.ID, id, "", w.m.needs.Clock.Now(), w.batch)
		news, made, isNew = append(news, l), append(made, n), append(isNew, !found)
		w.members[l.Profile.Email] = n.ID
	}
	if len(people) > 0 {
		if _, err := w.m.needs.People.AddPeople(ctx, w.tx, people); err != nil {
			return err
		}
	}
	for i, n := range made {
		l := news[i]
		if l.Manager != "" {
			if n.Manager = w.members[l.Manager]; n.Manager.IsZero() {
				return errImportMoved.With("line", errImportMoved.Code, l.Number)
			}
		}
		if err := w.m.insert(ctx, w.tx, n, l.Profile.GivenName, l.Profile.FamilyName); err != nil {
			return err
		}
		w.back.Added = append(w.back.Added, added{n.ID, n.Person, isNew[i]})
		entry := &core.Act{Def: InviteMember, Org: w.org.ID, Resource: n.ID, Subject: n.Person}
		entry.Changed("name", "", n.Name)
		entry.Changed("function", "", n.Function)
		entry.Changed("department", "", n.Department)
		w.act.Also = append(w.act.Also, entry)
		if w.invite {
			if err := w.m.send(ctx, w.tx, w.org, n, language(l.Profile.Language, w.org.Language), newSecret()); err != nil {
				return err
			}
		}
	}
	return nil
}

// change applies a line to a member who is still as the dry run saw them.
func (w *writing) change(ctx context.Context, l Line) error {
	k := w.have[l.Profile.Email]
	if k == nil || k.ID != l.Member || k.Version != l.Version {
		return errImportMoved.With("line", errImportMoved.Code, l.Number)
	}
	p := l.Profile
	if l.Manager != "" {
		if p.Manager = w.members[l.Manager]; p.Manager.IsZero() {
			return errImportMoved.With("line", errImportMoved.Code, l.Number)
		}
	}
	entry := &core.Act{Def: EditMember, Org: w.org.ID, Resource: k.ID, Subject: k.Person, Changes: l.Changes}
	undo := changed{Before: k.Member, Sort: k.sort, Version: k.Version + 1}
	now := k.Member
	now.Function, now.Department, now.Group, now.Committee = p.Function, p.Department, p.Group, p.Committee
	after := k.person
	after.GivenName, after.FamilyName, after.Gender, after.Phone = p.GivenName, p.FamilyName, p.Gender, p.Phone
	if p.Language != "" {
		after.Language = p.Language
	}
	if !k.own && after != k.person {
		before := k.person
		undo.Person, undo.After = &before, &after
		if err := w.m.needs.People.UpdatePerson(ctx, w.tx, after); err != nil {
			return err
		}
		now = now.called(after.Name(), after.GivenName, after.FamilyName)
	}
	kept, err := w.m.sealed(ctx, now)
	if err != nil {
		return err
	}
	n, err := w.tx.Exec(ctx, qEditMember, k.Org, k.ID, kept, p.Manager, k.Responsible, k.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return errImportMoved.With("line", errImportMoved.Code, l.Number)
	}
	w.back.Changed = append(w.back.Changed, undo)
	w.act.Also = append(w.act.Also, entry)
	return w.m.moved(ctx, w.tx, w.act, k.Member, p.Function, p.Department, p.Manager)
}

// Undo takes an import back within 24 hours: memberships that nobody has accepted go, and persons that only this import
// made go with them; members whose row has not moved since get their former values. The others are left and counted.
func (m *Module) Undo(ctx context.Context, org, id core.ID) (kept int, err error) {
	var erased []core.ID
	act := &core.Act{Def: UndoImport, Org: org, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		kept, erased = 0, nil
		i, err := m.imported(ctx, tx, org, id)
		if err != nil {
			return err
		}
		now := m.needs.Clock.Now()
		if i.State != ImportApplied || !now.Before(i.ExpiresAt) || i.undo == nil {
			return errNotApplied
		}
		plain, err := m.needs.Sealer.Open(ctx, org, undoPlace, i.undo)
		if err != nil {
			return err
		}
		var back reversal
		if err := json.Unmarshal(plain, &back); err != nil {
			return err
		}
		for _, c := range back.Changed {
			restored, err := m.restore(ctx, tx, act, c)
			if err != nil {
				return err
			}
			if !restored {
				kept++
			}
		}
		for _, a := range back.Added {
			gone, forgotten, err := m.takeBack(ctx, tx, act, org, a)
			if err != nil {
				return err
			}
			if !gone {
				kept++
			}
			if forgotten {
				erased = append(erased, a.Person)
			}
		}
		n, err := tx.Exec(ctx, qUndo, org, id, clock.Micros(now), kept)
		if err == nil && n == 0 {
			err = errNotApplied
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	m.dropKeys(ctx, erased...)
	return kept, nil
}

// takeBack removes a membership that the import added, unless the person has accepted it since.
func (m *Module) takeBack(ctx context.Context, tx core.Tx, act *core.Act, org core.ID, a added) (gone, forgotten bool, err error) {
	got, found, err := db.One(ctx, tx, qMember, scanMember, org, a.Member)
	if err != nil || !found || got.State != "invited" {
		return false, false, err
	}
	if err := m.needs.Rights.RevokeAll(ctx, tx, org, a.Person, "import.undone"); err != nil {
		return false, false, err
	}
	if _, err := tx.Exec(ctx, qUnmanage, org, a.Member, ""); err != nil {
		return false, false, err
	}
	if _, err := tx.Exec(ctx, qDropInvitation, org, a.Member); err != nil {
		return false, false, err
	}
	if _, err := tx.Exec(ctx, qDropMember, org, a.Member); err != nil {
		return false, false, err
	}
	entry := &core.Act{Def: CancelInvitation, Org: org, Resource: a.Member, Subject: a.Person}
	act.Also = append(act.Also, entry)
	if !a.Made {
		return true, false, nil
	}
	elsewhere, _, err := db.One(ctx, tx, qElsewhere, db.Value[int64], a.Person, org)
	if err != nil || elsewhere > 0 {
		return true, false, err
	}
	people, err := m.needs.People.People(ctx, tx, a.Person)
	if err != nil || people[a.Person].State != "invited" {
		return true, false, err
	}
	_, err = m.needs.Forgetting.ErasePerson(ctx, tx, a.Person)
	return true, err == nil, err
}

// sameProfile compares what an import may write of a person.
func sameProfile(a, b core.Person) bool {
	return a.GivenName == b.GivenName && a.FamilyName == b.FamilyName && a.Gender == b.Gender && a.Phone == b.Phone && a.Language == b.Language
}

// restore gives a member the values that they had before the import, unless they changed since.
func (m *Module) restore(ctx context.Context, tx core.Tx, act *core.Act, c changed) (bool, error) {
	b := c.Before
	now, found, err := m.one(ctx, tx, qMember, b.Org, b.ID)
	if err != nil || !found || now.Version != c.Version || now.State == "left" {
		return false, err
	}
	people, err := m.needs.People.People(ctx, tx, b.Person)
	if err != nil {
		return false, err
	}
	p := people[b.Person]
	if c.Person != nil {
		elsewhere, _, err := db.One(ctx, tx, qElsewhere, db.Value[int64], b.Person, b.Org)
		if err != nil || elsewhere > 0 || c.After != nil && !sameProfile(p, *c.After) {
			return false, err
		}
		p.GivenName, p.FamilyName, p.Gender, p.Phone, p.Language = c.Person.GivenName, c.Person.FamilyName, c.Person.Gender, c.Person.Phone, c.Person.Language
		if err := m.needs.People.UpdatePerson(ctx, tx, p); err != nil {
			return false, err
		}
	}
	given, family := p.GivenName, p.FamilyName
	if b.State == "invited" && p.State != "invited" {
		given, family = names(b.Name)
	}
	before := b
	before.sort, before.find = c.Sort, findOf(given, family, b.Email)
	kept, err := m.sealed(ctx, before)
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, qEditMember, b.Org, b.ID, kept, b.Manager, now.Responsible, now.Version)
	entry := &core.Act{Def: EditMember, Org: b.Org, Resource: b.ID, Subject: b.Person}
	entry.Changed("function", now.Function, b.Function)
	entry.Changed("department", now.Department, b.Department)
	entry.Changed("group", now.Group, b.Group)
	entry.Changed("committee", now.Committee, b.Committee)
	entry.Changed("manager", string(now.Manager), string(b.Manager))
	act.Also = append(act.Also, entry)
	return err == nil, err
}
