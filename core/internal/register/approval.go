package register

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Approval is a form as it was approved.
type Approval struct {
	Org    core.ID
	Part   core.Part
	Number int64
	Hash   string
	At     time.Time
	By     core.ID
	Entry  core.ID // of the journal

	document []byte
}

var (
	qApprovals = db.SQL(`SELECT org, form, number, hash, document, approved_at, approved_by, entry FROM register_approval WHERE org = $1 AND form = $2 ORDER BY number DESC LIMIT 50`)
	qApprove   = db.SQL(`INSERT INTO register_approval (org, form, number, hash, document, approved_at, approved_by, entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)

	errSame = i18n.Fault(core.Conflict, "register.approved", "Rien n'a changé depuis la dernière approbation.", "Nothing has changed since the last approval.")
)

func scanApproval(scan db.Scan) (a Approval, err error) {
	var at int64
	err = scan(&a.Org, &a.Part, &a.Number, &a.Hash, &a.document, &at, &a.By, &a.Entry)
	a.At = clock.FromMicros(at)
	return a, err
}

// View is one form with what is to be said around it.
type View struct {
	Form
	Hash      string
	Last      *Approval // nil when it was never approved
	Approvals []Approval
	Changes   []core.Text // since the last approval, in words; nil when it stands as approved
	CardID    core.ID
	CardAt    int64 // revision of the card
	Names     map[core.ID]string
	Flags     []Flag
}

// View gives a form of an organization's register.
func (m *Module) View(ctx context.Context, org core.ID, part core.Part) (v View, err error) {
	act := &core.Act{Def: Read, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		v, err = m.view(ctx, tx, org, part)
		return err
	})
	return v, err
}

func (m *Module) view(ctx context.Context, tx core.Tx, org core.ID, part core.Part) (v View, err error) {
	if v.Form, err = m.form(ctx, tx, org, part); err != nil {
		return v, err
	}
	v.Hash = v.Form.Hash()
	hands, err := m.hands(ctx, tx, org)
	if err != nil {
		return v, err
	}
	for _, h := range hands {
		if h.Kind == Card {
			v.CardID, v.CardAt = h.ID, h.Revision
		}
	}
	if v.Approvals, err = db.All(ctx, tx, qApprovals, scanApproval, org, part); err != nil {
		return v, err
	}
	if v.Flags, err = m.flags(ctx, tx, org); err != nil {
		return v, err
	}
	var who []core.ID
	for _, a := range v.Approvals {
		who = append(who, a.By)
	}
	people, err := m.needs.People.People(ctx, tx, who...)
	if err != nil {
		return v, err
	}
	v.Names = map[core.ID]string{}
	for id, p := range people {
		v.Names[id] = p.Name()
	}
	if len(v.Approvals) == 0 {
		return v, nil
	}
	v.Last = &v.Approvals[0]
	if v.Last.Hash == v.Hash {
		return v, nil
	}
	old, err := m.approved(ctx, *v.Last)
	if err == nil {
		v.Changes = Difference(old, v.Form)
	}
	return v, err
}

// approved opens the form that an approval is about.
func (m *Module) approved(ctx context.Context, a Approval) (f Form, err error) {
	plain, err := m.needs.Sealer.Open(ctx, a.Org, place("register_approval", "document", a.Part, a.Number), a.document)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(plain, &f)
}

// Approve notes that the officer approves a form as they read it: hash is of what they saw.
func (m *Module) Approve(ctx context.Context, org core.ID, part core.Part, hash string) error {
	if err := m.needs.Keys.MakeKeys(ctx, org); err != nil {
		return err
	}
	done := &core.Act{Def: Approve, Org: org, Entry: ids.New()}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		v, err := m.view(ctx, tx, org, part)
		if err != nil {
			return err
		}
		switch {
		case v.Last != nil && v.Last.Hash == v.Hash:
			return errSame
		case v.Hash != hash:
			return errChanged
		}
		number, before := int64(1), ""
		if v.Last != nil {
			number, before = v.Last.Number+1, v.Last.Hash
		}
		plain, err := json.Marshal(v.Form)
		if err != nil {
			return err
		}
		sealed, err := m.needs.Sealer.Seal(ctx, org, place("register_approval", "document", part, number), plain)
		if err != nil {
			return err
		}
		done.Resource = core.ID(part)
		done.Changed(string(part), before, hash)
		_, err = tx.Exec(ctx, qApprove, org, part, number, hash, sealed, clock.Micros(m.now()), core.ActorOf(ctx).ID, done.Entry)
		return err
	})
}

var (
	tAddedOne   = i18n.T("Activité ajoutée : %s.", "Activity added: %s.")
	tRemovedOne = i18n.T("Activité retirée : %s.", "Activity removed: %s.")
	tGained     = i18n.T("%s, %s : ajout de « %s ».", "%s, %s: “%s” added.")
	tLost       = i18n.T("%s, %s : retrait de « %s ».", "%s, %s: “%s” removed.")
	tStopped    = i18n.T("%s : suspendue.", "%s: suspended.")
	tResumed    = i18n.T("%s : remise en vigueur.", "%s: in force again.")
	tColumn     = i18n.T("%s : la colonne %s est traitée.", "%s: column %s is treated.")
	tColumnGone = i18n.T("%s : la colonne %s ne l'est plus.", "%s: column %s is no longer treated.")
	tColumnNew  = i18n.T("%s : le traitement de la colonne %s a changé.", "%s: the treatment of column %s has changed.")
	tWho        = i18n.T("Qui répond du registre : a changé.", "Who answers for the register: has changed.")
	tRegister   = i18n.T("Registre", "Register")

	tPurposes    = i18n.T("finalités", "purposes")
	tBases       = i18n.T("bases légales", "legal bases")
	tPersons     = i18n.T("personnes concernées", "persons concerned")
	tData        = i18n.T("catégories de données", "categories of data")
	tRecipients  = i18n.T("destinataires", "recipients")
	tTransfers   = i18n.T("transferts", "transfers")
	tRetention   = i18n.T("durées", "retention")
	tMeasures    = i18n.T("mesures de sécurité", "security measures")
	tObjective   = i18n.T("objectif", "objective")
	tSentences   = i18n.T("phrases écrites à la main", "sentences written by hand")
	tProcessors  = i18n.T("sous-traitants", "sub-processors")
	tControllers = i18n.T("responsables pour qui l'on agit", "controllers acted for")
)

// Difference says in words what changed from one form to another.
func Difference(old, now Form) (list []core.Text) {
	say := func(s i18n.Sentence, args ...any) { list = append(list, said(s, args...)) }
	before := map[string]Entry{}
	for _, e := range old.Activities {
		before[e.ID] = e
	}
	for _, e := range now.Activities {
		was, there := before[e.ID]
		delete(before, e.ID)
		if !there {
			say(tAddedOne, e.Title)
			continue
		}
		differEntry(say, was, e)
	}
	for _, e := range old.Activities {
		if _, gone := before[e.ID]; gone {
			say(tRemovedOne, e.Title)
		}
	}
	title := said(tRegister)
	differ(say, title, tProcessors, processorTexts(old.Processors), processorTexts(now.Processors))
	differ(say, title, tControllers, clientTexts(old.Controllers), clientTexts(now.Controllers))
	differ(say, title, tMeasures, measureTexts(old.Measures), measureTexts(now.Measures))
	if old.Contact != now.Contact || old.Organization != now.Organization || old.Provider != now.Provider || !same(old.Card, now.Card) {
		say(tWho)
	}
	return list
}

func differEntry(say func(i18n.Sentence, ...any), was, e Entry) {
	differ(say, e.Title, tObjective, []core.Text{was.Title, was.About}, []core.Text{e.Title, e.About})
	differ(say, e.Title, tPurposes, was.Purposes, e.Purposes)
	differ(say, e.Title, tBases, was.Bases, e.Bases)
	differ(say, e.Title, tPersons, was.Persons, e.Persons)
	differ(say, e.Title, tData, was.Data, e.Data)
	differ(say, e.Title, tRecipients, was.Recipients, e.Recipients)
	differ(say, e.Title, tTransfers, was.Transfers, e.Transfers)
	differ(say, e.Title, tRetention, was.Retention, e.Retention)
	differ(say, e.Title, tMeasures, was.Measures, e.Measures)
	differ(say, e.Title, tSentences, saidTexts(was.Sentences), saidTexts(e.Sentences))
	switch {
	case e.Suspended && !was.Suspended:
		say(tStopped, e.Title)
	case !e.Suspended && was.Suspended:
		say(tResumed, e.Title)
	}
	columns, names := columnsOf(was), columnsOf(e)
	for _, n := range sorted(names) {
		if old, there := columns[n]; !there {
			say(tColumn, e.Title, n)
		} else if old != names[n] {
			say(tColumnNew, e.Title, n)
		}
	}
	for _, n := range sorted(columns) {
		if _, there := names[n]; !there {
			say(tColumnGone, e.Title, n)
		}
	}
}

func differ(say func(i18n.Sentence, ...any), title core.Text, what i18n.Sentence, old, now []core.Text) {
	name := said(what)
	for _, t := range now {
		if !slices.Contains(old, t) {
			say(tGained, title, name, t)
		}
	}
	for _, t := range old {
		if !slices.Contains(now, t) {
			say(tLost, title, name, t)
		}
	}
}

func columnsOf(e Entry) map[string]Column {
	out := map[string]Column{}
	for _, t := range e.Tables {
		for _, c := range t.Columns {
			out[t.Name+"."+c.Name] = c
		}
	}
	return out
}

func sorted(m map[string]Column) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func texts[T any](list []T, say func(T) core.Text) []core.Text {
	out := make([]core.Text, len(list))
	for i, one := range list {
		out[i] = say(one)
	}
	return out
}

func saidTexts(list []Said) []core.Text {
	return texts(list, func(s Said) core.Text { return typed(s.Text) })
}

func processorTexts(list []Processor) []core.Text {
	return texts(list, func(p Processor) core.Text { return said(tTransfer, p.Name, p.Country, p.Service) })
}

func clientTexts(list []Client) []core.Text {
	return texts(list, func(c Client) core.Text { return typed(c.Name) })
}

func measureTexts(list []Measure) []core.Text {
	return texts(list, func(m Measure) core.Text { return said(tKeptFor, typed(m.Clause), m.Title) })
}

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// Exported gives a form to be written into a file.
func (m *Module) Exported(ctx context.Context, org core.ID, part core.Part) (f Form, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Export, Org: org}, func(tx core.Tx) error {
		f, err = m.form(ctx, tx, org, part)
		return err
	})
	return f, err
}
