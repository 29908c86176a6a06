package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
)

// Criteria are what a list of persons is computed from. Accounts, Addresses and the span look into the journals; Tables look at
// who has rows there. What each finds is added up: a list that names one person too many does less harm than one too few.
type Criteria struct {
	From, To  time.Time
	Accounts  []core.ID      `json:",omitempty"` // persons whose account did what it should not, or was in other hands
	Addresses []netip.Prefix `json:",omitempty"`
	Tables    []string       `json:",omitempty"` // copied, lost or altered as a whole
	Orgs      []core.ID      `json:",omitempty"` // only these; every one when empty
}

// Affected is a person possibly affected, in an organization.
type Affected struct {
	Org, Person core.ID
	Why         []string // "account", "read", "written", names of tables
	Acts        int
	First, Last time.Time
}

// Scope is one computation of the list.
type Scope struct {
	ID                     core.ID
	At                     time.Time
	By                     core.ID
	Entries, Persons, Orgs int
	Criteria               Criteria
}

var (
	qAddScope = db.SQL(`INSERT INTO incident_scope (incident, id, at, by, entries, persons, orgs, criteria) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qScopes   = db.SQL(`SELECT COUNT(*) FROM incident_scope WHERE incident = $1`)
	qScope    = db.SQL(`SELECT id, at, by, entries, persons, orgs, criteria FROM incident_scope WHERE incident = $1 ORDER BY id DESC LIMIT 1`)
	qClear    = db.SQL(`DELETE FROM incident_affected WHERE incident = $1`)
	qAffect   = db.SQL(`INSERT INTO incident_affected (org, incident, person, why, acts, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qAffected = db.SQL(`SELECT org, person, why, acts, first_at, last_at FROM incident_affected WHERE incident = $1 AND org = $2 ORDER BY acts DESC, person`)
	qByOrg    = db.SQL(`SELECT org, COUNT(*) FROM incident_affected WHERE incident = $1 GROUP BY org ORDER BY org`)
	qUntold   = db.SQL(`SELECT COUNT(DISTINCT a.org) FROM incident_affected a WHERE a.incident = $1 AND a.org <> $2
		AND NOT EXISTS (SELECT 1 FROM incident_notice n WHERE n.org = a.org AND n.incident = a.incident AND n.sent_at > 0)`)
)

var (
	errCriteria = i18n.Fault(core.Invalid, "incident.criteria", "La liste ne peut pas être établie ainsi.", "The list cannot be computed like this.")
	codeNothing = i18n.Reason("incident.criteria_none", "Donnez au moins des comptes, des adresses ou des tables.", "Give at least accounts, addresses or tables.")
	codeSpan    = i18n.Reason("incident.criteria_span", "Donnez un début, puis une fin : les comptes et les adresses se cherchent dans le journal de cette période.", "Give a beginning, then an end: accounts and addresses are looked for in the journal of that span.")
	codeAddress = i18n.Reason("incident.criteria_address", "« %s » n'est ni une adresse IP ni un réseau.", "“%s” is neither an IP address nor a network.")
	codeTable   = i18n.Reason("incident.criteria_table", "« %s » n'est pas une table qui contient des personnes.", "“%s” is no table that holds persons.")
)

// ParseAddresses reads addresses and networks, separated by spaces, commas or lines.
func ParseAddresses(text string) (list []netip.Prefix, err error) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' || r == '\r' || r == '\t' }) {
		p, bad := netip.ParsePrefix(word)
		if bad != nil {
			a, bad := netip.ParseAddr(word)
			if bad != nil {
				return nil, errCriteria.With("addresses", codeAddress, word)
			}
			a = a.Unmap()
			p = netip.PrefixFrom(a, a.BitLen())
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

func (m *Module) judgeCriteria(c Criteria) error {
	wrong := errCriteria
	if len(c.Accounts) == 0 && len(c.Addresses) == 0 && len(c.Tables) == 0 {
		wrong = wrong.With("accounts", codeNothing)
	}
	if len(c.Accounts)+len(c.Addresses) > 0 && (Span{From: c.From, To: c.To}).whole(m.now()) != nil {
		wrong = wrong.With("from", codeSpan)
	}
	known := m.needs.Holdings.Tables()
	for _, t := range c.Tables {
		if !slices.ContainsFunc(known, func(k core.Table) bool { return k.Name == t }) {
			wrong = wrong.With("tables", codeTable, t)
		}
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	return nil
}

// found is a list in the making.
type found struct {
	list    map[[2]core.ID]*Affected
	entries int
	homes   map[core.ID][]core.ID // organizations of a person
}

func (f *found) add(org, person core.ID, why string, at time.Time) {
	key := [2]core.ID{org, person}
	a := f.list[key]
	if a == nil {
		a = &Affected{Org: org, Person: person}
		f.list[key] = a
	}
	if !slices.Contains(a.Why, why) {
		a.Why = append(a.Why, why)
	}
	if at.IsZero() {
		return
	}
	a.Acts++
	if a.First.IsZero() || at.Before(a.First) {
		a.First = at
	}
	if at.After(a.Last) {
		a.Last = at
	}
}

// Compute computes the list of persons possibly affected, and keeps it in place of the former one. Its criteria stay, each time.
func (m *Module) Compute(ctx context.Context, id core.ID, c Criteria) (s Scope, err error) {
	if err := m.judgeCriteria(c); err != nil {
		return s, err
	}
	allowed := &core.Act{Def: List, Org: core.Platform, Resource: id}
	if err := m.needs.Gate.Read(ctx, allowed, func(tx core.Tx) error { _, err := m.live(ctx, tx, id); return err }); err != nil {
		return s, err
	}
	f := &found{list: map[[2]core.ID]*Affected{}, homes: map[core.ID][]core.ID{}}
	if err := m.fromJournal(ctx, c, f); err != nil {
		return s, err
	}
	if err := m.fromTables(ctx, c, f); err != nil {
		return s, err
	}
	s = Scope{ID: ids.New(), At: m.now(), By: core.ActorOf(ctx).ID, Entries: f.entries, Criteria: c}
	people, orgs := map[core.ID]bool{}, map[core.ID]bool{}
	for key := range f.list {
		people[key[1]], orgs[key[0]] = true, true
	}
	s.Persons, s.Orgs = len(people), len(orgs)
	err = m.working(ctx, id, func(tx core.Tx, _ *Incident, done *core.Act) error {
		return m.keepList(ctx, tx, id, s, f, done)
	})
	return s, err
}

func (m *Module) keepList(ctx context.Context, tx core.Tx, id core.ID, s Scope, f *found, done *core.Act) error {
	plain, err := json.Marshal(s.Criteria)
	if err != nil {
		return err
	}
	sealed, err := m.seal(ctx, core.Platform, placeCriteria, s.ID, plain)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qClear, id); err != nil {
		return err
	}
	for _, a := range f.list {
		if _, err := tx.Exec(ctx, qAffect, a.Org, id, a.Person, strings.Join(a.Why, " "), a.Acts, clock.Micros(a.First), clock.Micros(a.Last)); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, qAddScope, id, s.ID, clock.Micros(s.At), s.By, s.Entries, s.Persons, s.Orgs, sealed); err != nil {
		return err
	}
	done.Changed("persons", "", fmt.Sprint(s.Persons))
	done.Changed("organizations", "", fmt.Sprint(s.Orgs))
	return m.step(ctx, tx, id, "list", fmt.Sprintf("%d / %d / %d", s.Persons, s.Orgs, s.Entries), done)
}

func (c *Criteria) wants(org core.ID) bool { return len(c.Orgs) == 0 || slices.Contains(c.Orgs, org) }

// fromJournal finds whom the acts of accounts, or from addresses, concerned.
func (m *Module) fromJournal(ctx context.Context, c Criteria, f *found) error {
	if len(c.Accounts)+len(c.Addresses) == 0 {
		return nil
	}
	logs, err := m.needs.Journal.Logs(ctx)
	if err != nil {
		return err
	}
	for _, org := range logs {
		if org != core.Platform && !c.wants(org) {
			continue
		}
		one := func(e Seen) error { return m.entry(ctx, c, f, e) }
		if len(c.Addresses) > 0 {
			if err := m.needs.Journal.Walk(ctx, org, Span{From: c.From, To: c.To}, one); err != nil {
				return err
			}
			continue
		}
		for _, account := range c.Accounts {
			if err := m.needs.Journal.Walk(ctx, org, Span{From: c.From, To: c.To, Actor: account}, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// suspect tells whether an entry was made by one of the accounts or from one of the addresses.
func (c *Criteria) suspect(e Seen) bool {
	if slices.Contains(c.Accounts, e.Actor) {
		return true
	}
	a, err := netip.ParseAddr(e.Address)
	return err == nil && slices.ContainsFunc(c.Addresses, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

func (m *Module) entry(ctx context.Context, c Criteria, f *found, e Seen) error {
	f.entries++
	if !c.suspect(e) || !e.Success {
		return nil
	}
	why := "written"
	if e.Verb == "read" || e.Verb == "export" {
		why = "read"
	}
	concerned := e.Subjects
	if e.Actor != "" && !slices.Contains(concerned, e.Actor) {
		concerned = append(slices.Clone(concerned), e.Actor) // whose account was in other hands is the first affected
	}
	for _, person := range concerned {
		word := why
		if person == e.Actor {
			word = "account"
		}
		orgs := []core.ID{e.Org}
		if e.Org == core.Platform {
			var err error
			if orgs, err = m.homes(ctx, f, person); err != nil {
				return err
			}
		}
		for _, org := range orgs {
			if c.wants(org) {
				f.add(org, person, word, e.At)
			}
		}
	}
	return nil
}

// homes are the organizations that a person belongs to; the platform for who belongs to none.
func (m *Module) homes(ctx context.Context, f *found, person core.ID) ([]core.ID, error) {
	if known, ok := f.homes[person]; ok {
		return known, nil
	}
	var orgs []core.ID
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		orgs = nil
		people, err := m.needs.People.People(ctx, tx, person)
		if err != nil {
			return err
		}
		if _, there := people[person]; !there {
			return nil // a service account, the system, or somebody erased
		}
		list, err := m.needs.Orgs.Memberships(ctx, tx, person)
		for _, one := range list {
			if one.State != "left" {
				orgs = append(orgs, one.Org)
			}
		}
		if len(orgs) == 0 {
			orgs = []core.ID{core.Platform}
		}
		return err
	})
	f.homes[person] = orgs
	return orgs, err
}

// fromTables finds who has rows in tables.
func (m *Module) fromTables(ctx context.Context, c Criteria, f *found) error {
	if len(c.Tables) == 0 {
		return nil
	}
	orgs := c.Orgs
	if len(orgs) == 0 {
		orgs = []core.ID{core.Platform}
		for after := core.ID(""); ; {
			var list []core.Organization
			err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
				list, err = m.needs.Orgs.AllOrgs(ctx, tx, after, 500)
				return err
			})
			if err != nil {
				return err
			}
			for _, o := range list {
				orgs = append(orgs, o.ID)
			}
			if len(list) < 500 {
				break
			}
			after = list[len(list)-1].ID
		}
	}
	has := map[core.ID][]string{} // a person of several organizations is looked at once
	for _, org := range orgs {
		for after := core.ID(""); ; {
			var list []core.ID
			err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
				if list, err = m.needs.Orgs.PersonsOf(ctx, tx, org, after, 200); err != nil {
					return err
				}
				for _, person := range list {
					if _, done := has[person]; !done {
						if has[person], err = m.needs.Holdings.Has(ctx, tx, person, c.Tables); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			for _, person := range list {
				for _, t := range has[person] {
					f.add(org, person, t, time.Time{})
				}
			}
			if len(list) < 200 {
				break
			}
			after = list[len(list)-1]
		}
	}
	return nil
}

func scanAffected(scan db.Scan) (a Affected, err error) {
	var why string
	var first, last int64
	err = scan(&a.Org, &a.Person, &why, &a.Acts, &first, &last)
	a.Why, a.First, a.Last = strings.Fields(why), clock.FromMicros(first), clock.FromMicros(last)
	return a, err
}

// Group is the persons of one organization in a list.
type Group struct {
	Org     core.ID
	Name    string
	Persons int
	Notices []Notice
}

// groups gives how many persons of which organizations a list has, with the notices made for them.
func (m *Module) groups(ctx context.Context, tx core.Tx, incident core.ID) ([]Group, error) {
	list, err := db.All(ctx, tx, qByOrg, func(scan db.Scan) (g Group, err error) { err = scan(&g.Org, &g.Persons); return g, err }, incident)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Name, err = m.orgName(ctx, tx, list[i].Org); err != nil {
			return nil, err
		}
		if list[i].Notices, err = db.All(ctx, tx, qNotices, scanNotice, incident, list[i].Org); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (m *Module) orgName(ctx context.Context, tx core.Tx, org core.ID) (string, error) {
	o, err := m.needs.Orgs.Org(ctx, tx, org)
	if core.KindOf(err) == core.NotFound {
		return string(org), nil
	}
	return o.Name, err
}

// Listed gives the persons of one organization in a list, with their names: for the officer.
func (m *Module) Listed(ctx context.Context, incident, org core.ID) (list []Affected, names map[core.ID]core.Person, err error) {
	done := &core.Act{Def: List, Org: core.Platform, Resource: incident}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		if _, err := m.load(ctx, tx, incident); err != nil {
			return err
		}
		if list, err = db.All(ctx, tx, qAffected, scanAffected, incident, org); err != nil {
			return err
		}
		done.Subjects = nil
		for _, a := range list {
			done.Subjects = append(done.Subjects, a.Person)
		}
		names, err = m.needs.People.People(ctx, tx, done.Subjects...)
		return err
	})
	return list, names, err
}

// Whys are the codes of why a person is in a list, in words; the names of tables have their own titles.
var Whys = map[string]i18n.Sentence{
	"account": i18n.T("son compte a servi", "their account was used"),
	"read":    i18n.T("ses données ont été lues", "their data were read"),
	"written": i18n.T("ses données ont été changées", "their data were changed"),
}

// Why says in words why a person is in a list.
func (m *Module) Why(lang i18n.Lang, codes []string) string {
	var words []string
	for _, c := range codes {
		if s, known := Whys[c]; known {
			words = append(words, s.Say(lang))
			continue
		}
		for _, t := range m.needs.Holdings.Tables() {
			if t.Name == c {
				words = append(words, i18n.From(t.Title).Say(lang))
			}
		}
	}
	return strings.Join(words, ", ")
}

// table is a list as a sheet, in a language.
func (m *Module) table(lang i18n.Lang, list []Affected, people map[core.ID]core.Person) *sheet.Sheet {
	s := &sheet.Sheet{Head: []string{tcPerson.Say(lang), tcName.Say(lang), tcMail.Say(lang), tcWhy.Say(lang), tcActs.Say(lang), tcFirst.Say(lang), tcLast.Say(lang)}}
	for _, a := range list {
		p := people[a.Person]
		name := p.Name()
		if p.ID == "" {
			name = tcErased.Say(lang)
		}
		s.Rows = append(s.Rows, []string{string(a.Person), name, p.Email, m.Why(lang, a.Why), fmt.Sprint(a.Acts), clock.Stamp(a.First), clock.Stamp(a.Last)})
	}
	return s
}

var (
	tcPerson = i18n.T("identifiant", "id")
	tcName   = i18n.T("nom", "name")
	tcMail   = i18n.T("adresse électronique", "e-mail address")
	tcWhy    = i18n.T("pourquoi", "why")
	tcActs   = i18n.T("actes", "acts")
	tcFirst  = i18n.T("premier", "first")
	tcLast   = i18n.T("dernier", "last")
	tcErased = i18n.T("personne effacée", "erased person")
)

// Tables lists the tables that a list can be computed from.
func (m *Module) Tables() []core.Table { return m.needs.Holdings.Tables() }
