package register

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// Form is one form of article 30 as it stands: that of a controller (30-1) or of a processor (30-2).
type Form struct {
	Org          core.ID           `json:"org"`
	Part         core.Part         `json:"part"`
	Organization string            `json:"organization"`
	Provider     string            `json:"provider"`
	At           time.Time         `json:"at"`
	Contact      string            `json:"officer_contact"` // where the data-protection officer is written to
	Card         map[string]string `json:"card,omitempty"`  // written by hand
	Controllers  []Client          `json:"controllers,omitempty"`
	Activities   []Entry           `json:"activities"`
	Processors   []Processor       `json:"processors"`
	Measures     []Measure         `json:"measures"`
}

// Client is a controller that the provider acts for (article 30-2-a).
type Client struct {
	Org     core.ID           `json:"org"`
	Name    string            `json:"name"`
	Contact string            `json:"officer_contact"`
	Card    map[string]string `json:"card,omitempty"`
}

// Entry is one activity as a form shows it. ByHand says that a person wrote the whole of it.
type Entry struct {
	ID         string      `json:"id"`
	ByHand     bool        `json:"by_hand"`
	Revision   int64       `json:"revision,omitempty"` // of what was written by hand
	Module     string      `json:"module,omitempty"`
	Title      core.Text   `json:"title"`
	About      core.Text   `json:"about"`
	Part       core.Part   `json:"part"`
	Purposes   []core.Text `json:"purposes"`
	Bases      []core.Text `json:"bases"`
	Persons    []core.Text `json:"persons"`
	Data       []core.Text `json:"data"`
	Recipients []core.Text `json:"recipients"`
	Transfers  []core.Text `json:"transfers"`
	Retention  []core.Text `json:"retention"`
	Measures   []core.Text `json:"measures,omitempty"` // written by hand
	Software   string      `json:"software"`
	Sentences  []Said      `json:"sentences,omitempty"`
	Tables     []Table     `json:"tables,omitempty"`
	Suspended  bool        `json:"suspended"`
}

// Said is a sentence written by hand on an activity.
type Said struct {
	ID       core.ID `json:"id"`
	Revision int64   `json:"revision"`
	Text     string  `json:"text"`
}

// Table is one table of an activity, with its personal columns.
type Table struct {
	Name    string    `json:"name"`
	Title   core.Text `json:"title"`
	Columns []Column  `json:"columns"`
}

// Column is one personal column: why, on which ground, for how long, what becomes of it.
type Column struct {
	Name      string    `json:"name"`
	Category  core.Text `json:"category"`
	Purpose   core.Text `json:"purpose"`
	Basis     core.Text `json:"basis"`
	Retention core.Text `json:"retention"`
	Sealed    bool      `json:"sealed"`
	Blind     bool      `json:"blind,omitempty"` // to the organization's own key: the provider's staff cannot read it
	Erasure   core.Text `json:"erasure"`
}

// product is what carries out the activities that the program declares.
const product = "Rempart"

// pinned is what an approval is about: not the hour, nor how each measure stands today.
func (f Form) pinned() Form {
	f.At = time.Time{}
	f.Measures = slices.Clone(f.Measures)
	for i := range f.Measures {
		f.Measures[i].State = ""
	}
	return f
}

// Hash is the SHA-256 of what an approval is about, in hexadecimal.
func (f Form) Hash() string {
	b, err := json.Marshal(f.pinned())
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Parts are the forms of an organization's register: the provider has both.
func Parts(org core.ID) []core.Part {
	if org == core.Platform {
		return []core.Part{core.Controller, core.Processor}
	}
	return []core.Part{core.Controller}
}

// form writes a form from the manifests, the settings, the sub-processors, the clauses in force and what was written by hand.
func (m *Module) form(ctx context.Context, tx core.Tx, org core.ID, part core.Part) (f Form, err error) {
	if !slices.Contains(Parts(org), part) {
		return f, errAbsent
	}
	f = Form{Org: org, Part: part, At: m.now()}
	if f.Organization, err = m.name(ctx, tx, org); err != nil {
		return f, err
	}
	if f.Provider, err = m.name(ctx, tx, core.Platform); err != nil {
		return f, err
	}
	if f.Contact, err = m.needs.Around.Contact(ctx, tx, org); err != nil {
		return f, err
	}
	hands, err := m.hands(ctx, tx, org)
	if err != nil {
		return f, err
	}
	f.Card = card(hands)
	values, err := m.needs.Around.Values(ctx, tx, org)
	if err != nil {
		return f, err
	}
	f.Activities = m.entries(org, part, values, hands)
	if f.Processors, err = m.needs.Around.Processors(ctx, tx); err != nil {
		return f, err
	}
	transfers(&f)
	if f.Measures, err = m.needs.Around.Measures(ctx, tx, org); err != nil {
		return f, err
	}
	if part == core.Processor {
		f.Controllers, err = m.controllers(ctx, tx)
	}
	return f, err
}

// name is that of an organization; an installation whose provider was not founded yet has none.
func (m *Module) name(ctx context.Context, tx core.Tx, org core.ID) (string, error) {
	o, err := m.needs.Orgs.Org(ctx, tx, org)
	if core.KindOf(err) == core.NotFound {
		return "", nil
	}
	return o.Name, err
}

func card(hands []Hand) map[string]string {
	for _, h := range hands {
		if h.Kind == Card {
			return h.Values
		}
	}
	return nil
}

// controllers lists the organizations that the provider acts for.
func (m *Module) controllers(ctx context.Context, tx core.Tx) (list []Client, err error) {
	for after := core.ID(""); ; {
		page, err := m.needs.Orgs.AllOrgs(ctx, tx, after, 200)
		if err != nil || len(page) == 0 {
			return list, err
		}
		for _, o := range page {
			after = o.ID
			if o.Kind != "client" || o.State != "active" || o.ID == core.Canaries || o.ID == core.Strangers {
				continue
			}
			c := Client{Org: o.ID, Name: o.Name}
			if c.Contact, err = m.needs.Around.Contact(ctx, tx, o.ID); err != nil {
				return nil, err
			}
			rows, err := db.All(ctx, tx, qCards, scanHand, o.ID)
			if err != nil {
				return nil, err
			}
			for i := range rows {
				if err := m.open(ctx, &rows[i]); err != nil {
					return nil, err
				}
				c.Card = rows[i].Values
			}
			list = append(list, c)
		}
	}
}

var qCards = db.SQL(`SELECT ` + handColumns + ` FROM register_hand h JOIN register_version v ON v.org = h.org AND v.hand = h.id AND v.revision = h.revision
	WHERE h.org = $1 AND h.kind = 'card' AND h.ended_at = 0`)

// shows tells whether a form shows an activity that the program declares: to a client, what the provider does for it.
func shows(org core.ID, part core.Part, a core.Activity) bool {
	if org == core.Platform {
		return a.Part == part
	}
	return a.Part == core.Processor
}

func (m *Module) entries(org core.ID, part core.Part, values map[string]string, hands []Hand) (list []Entry) {
	rules, tables := map[string]core.RetentionRule{}, map[string]core.Table{}
	for _, one := range m.manifests {
		for _, r := range one.Rules {
			rules[r.Name] = r
		}
		for _, t := range one.Tables {
			tables[t.Name] = t
		}
	}
	stopped := m.stopped(org)
	for _, one := range m.manifests {
		for _, a := range one.Activities {
			if shows(org, part, a) {
				e := generated(one.Module, a, tables, rules, values)
				e.Suspended = slices.Contains(stopped, a.ID)
				list = append(list, e)
			}
		}
	}
	for _, h := range hands {
		if h.Kind == Added && h.Values["part"] == string(part) {
			list = append(list, written(h))
		}
	}
	for i := range list {
		for _, h := range hands {
			if h.Kind == Sentence && h.Target == list[i].ID {
				list[i].Sentences = append(list[i].Sentences, Said{h.ID, h.Revision, h.Values["text"]})
			}
		}
	}
	return list
}

func (m *Module) stopped(org core.ID) []string {
	s := m.state.Load()
	if org == core.Platform {
		return s.list[org]
	}
	return slices.Concat(s.list[core.Platform], s.list[org])
}

func generated(module string, a core.Activity, tables map[string]core.Table, rules map[string]core.RetentionRule, values map[string]string) Entry {
	e := Entry{ID: a.ID, Module: module, Title: a.Title, About: a.About, Part: a.Part, Persons: a.Persons, Recipients: a.Recipients, Software: product}
	for _, p := range a.Purposes {
		e.Purposes = add(e.Purposes, said(PurposeTitle(p)))
	}
	for _, name := range a.Tables {
		t := Table{Name: name, Title: tables[name].Title}
		for _, c := range tables[name].Columns {
			// A table may serve several activities: each shows the columns that its own purposes explain.
			if !c.Personal || !slices.Contains(a.Purposes, c.Purpose) {
				continue
			}
			rule := since(rules[c.Retention], values)
			col := Column{
				Name: c.Name, Category: said(CategoryTitle(c.Category)), Purpose: said(PurposeTitle(c.Purpose)), Basis: said(BasisTitle(c.Basis)),
				Retention: kept(rules[c.Retention], values), Sealed: c.Sealed, Blind: c.Blind, Erasure: said(erasure(c.OnErase)),
			}
			t.Columns = append(t.Columns, col)
			e.Data, e.Bases, e.Retention = add(e.Data, col.Category), add(e.Bases, col.Basis), add(e.Retention, said(tKeptFor, col.Category, rule))
		}
		e.Tables = append(e.Tables, t)
	}
	return e
}

var tKeptFor = i18n.T("%s : %s", "%s: %s")

// kept says a retention rule in words, with the setting that tightens it.
func kept(r core.RetentionRule, values map[string]string) core.Text {
	if v := values[r.Setting]; r.Setting != "" && v != "" {
		return said(tRuled, r.Title, v)
	}
	return r.Title
}

// since says what starts the period too.
func since(r core.RetentionRule, values map[string]string) core.Text {
	if r.From == (core.Text{}) {
		return kept(r, values)
	}
	return said(tSince, kept(r, values), r.From)
}

func erasure(e core.Erase) i18n.Sentence {
	switch e {
	case core.Keep:
		return tKeeps
	case core.ShredKey:
		return tShred
	}
	return tGone
}

func add(list []core.Text, t core.Text) []core.Text {
	if slices.Contains(list, t) {
		return list
	}
	return append(list, t)
}

// written is an activity that a person wrote.
func written(h Hand) Entry {
	lines := func(name string) (list []core.Text) {
		for l := range strings.Lines(h.Values[name]) {
			if l = strings.TrimSpace(l); l != "" {
				list = append(list, typed(l))
			}
		}
		return list
	}
	return Entry{
		ID: string(h.ID), ByHand: true, Revision: h.Revision, Title: typed(h.Values["title"]), About: typed(h.Values["about"]), Part: core.Part(h.Values["part"]),
		Purposes: lines("purposes"), Bases: []core.Text{said(BasisTitle(core.LegalBasis(h.Values["basis"])))}, Persons: lines("persons"), Data: lines("data"),
		Recipients: lines("recipients"), Transfers: lines("transfers"), Retention: lines("retention"), Measures: lines("measures"), Software: h.Values["software"],
	}
}

var tTransfer = i18n.T("%s (%s) : %s", "%s (%s): %s")

// transfers tells, of each activity that the program carries out, which sub-processors work outside of the European Economic Area.
func transfers(f *Form) {
	for _, p := range f.Processors {
		if !p.Outside {
			continue
		}
		for i := range f.Activities {
			if !f.Activities[i].ByHand {
				f.Activities[i].Transfers = append(f.Activities[i].Transfers, said(tTransfer, p.Name, p.Country, p.Ground))
			}
		}
	}
}

// known finds an activity of an organization's register.
func (m *Module) known(ctx context.Context, tx core.Tx, org core.ID, id string) (Entry, error) {
	for _, part := range Parts(org) {
		hands, err := m.hands(ctx, tx, org)
		if err != nil {
			return Entry{}, err
		}
		for _, e := range m.entries(org, part, nil, hands) {
			if e.ID == id {
				return e, nil
			}
		}
	}
	return Entry{}, errAbsent
}

// Activities implements personal.Registrar: what is in force for an organization, what was written by hand too.
func (m *Module) Activities(ctx context.Context, tx core.Tx, org core.ID) (list []core.Activity, err error) {
	stopped := m.stopped(org)
	for _, part := range Parts(org) {
		for _, one := range m.manifests {
			for _, a := range one.Activities {
				if shows(org, part, a) && !slices.Contains(stopped, a.ID) {
					list = append(list, a)
				}
			}
		}
	}
	hands, err := m.hands(ctx, tx, org)
	for _, h := range hands {
		if h.Kind != Added {
			continue
		}
		e := written(h)
		a := core.Activity{ID: e.ID, Title: e.Title, About: e.About, Part: e.Part, Persons: e.Persons, Recipients: e.Recipients}
		for _, p := range e.Purposes {
			a.Purposes = append(a.Purposes, core.Purpose(p.EN))
		}
		list = append(list, a)
	}
	return list, err
}
