package organization

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

var schemas = []db.Schema{Schema, abuse.Schema}

// others stands for the other rooms of the house: persons, rights, sessions, tokens, passwords, settings.
type others struct {
	mu       sync.Mutex
	people   map[core.ID]core.Person
	byEmail  map[string]core.ID
	holders  map[core.ID][]core.ID // administrators by organization
	ended    []string
	assigned []core.Assignment
	mayNot   string // a role that nobody may give
	closed   bool
	erased   []core.ID
}

func (o *others) AddPeople(_ context.Context, _ core.Tx, list []core.NewPerson) ([]core.ID, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]core.ID, len(list))
	for i, p := range list {
		if p.ID == "" {
			return nil, fmt.Errorf("no key was made for a person")
		}
		o.people[p.ID] = core.Person{
			ID: p.ID, GivenName: p.GivenName, FamilyName: p.FamilyName, Gender: p.Gender, Email: p.Email, Phone: p.Phone,
			Language: p.Language, Functional: p.Functional, Responsible: p.Responsible, State: "invited",
		}
		o.byEmail[p.Email] = p.ID
		out[i] = p.ID
	}
	return out, nil
}

func (o *others) People(_ context.Context, _ core.Tx, list ...core.ID) (map[core.ID]core.Person, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := map[core.ID]core.Person{}
	for _, id := range list {
		if p, ok := o.people[id]; ok {
			found[id] = p
		}
	}
	return found, nil
}

func (o *others) PersonByEmail(_ context.Context, _ core.Tx, email string) (core.Person, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	id, ok := o.byEmail[email]
	return o.people[id], ok, nil
}

func (o *others) UpdatePerson(_ context.Context, _ core.Tx, p core.Person) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.people[p.ID] = p
	return nil
}

func (o *others) ErasePerson(_ context.Context, _ core.Tx, person core.ID) ([]core.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.byEmail, o.people[person].Email)
	delete(o.people, person)
	o.erased = append(o.erased, person)
	return nil, nil
}

func (o *others) Assign(_ context.Context, _ core.Tx, a core.Assignment) (core.ID, error) {
	o.assigned = append(o.assigned, a)
	if a.Role == "admin" {
		o.holders[a.Org] = append(o.holders[a.Org], a.Person)
	}
	if o.mayNot != "" && a.Role == o.mayNot {
		return "", core.Fault(core.Forbidden, "access.escalation")
	}
	return ids.New(), nil
}

func (o *others) RevokeAll(_ context.Context, _ core.Tx, org, person core.ID, _ string) error {
	o.ended = append(o.ended, "rights "+string(person))
	return nil
}

func (o *others) Given(_ context.Context, _ core.Tx, org core.ID, role string) ([]core.ID, error) {
	if role != "admin" {
		return nil, nil
	}
	return o.holders[org], nil
}

type sessions struct{ o *others }

func (s sessions) EndAll(_ context.Context, _ core.Tx, person, _ core.ID, _ string) (int64, error) {
	s.o.ended = append(s.o.ended, "sessions "+string(person))
	return 1, nil
}

type tokens struct{ o *others }

func (s tokens) EndAll(_ context.Context, _ core.Tx, person core.ID, _ string) (int64, error) {
	s.o.ended = append(s.o.ended, "tokens "+string(person))
	return 1, nil
}

func (o *others) FirstPassword(_ context.Context, _ core.Tx, person core.ID) (string, error) {
	if o.people[person].State != "invited" {
		return "", nil
	}
	return "/first/" + string(person), nil
}

func (o *others) SignUpOpen(context.Context, core.Tx) (bool, error) { return !o.closed, nil }

type house struct {
	*Module
	t      testing.TB
	db     *db.DB
	gate   *coretest.FakeGate
	others *others
	mail   *coretest.FakeMailer
	clock  *clock.Fake
	org    core.ID
}

func build(t testing.TB, d *db.DB) *house {
	o := &others{people: map[core.ID]core.Person{}, byEmail: map[string]core.ID{}, holders: map[core.ID][]core.ID{}}
	h := &house{t: t, db: d, gate: coretest.Gate(d), others: o, mail: coretest.Mailer(), clock: &clock.Fake{}}
	sealer := coretest.Sealer()
	h.Module = New(Needs{
		Gate: h.gate, Clock: h.clock, Sealer: sealer, Keys: sealer, Mail: h.mail, People: o, Forgetting: o, Rights: o,
		Sessions: sessions{o}, Tokens: tokens{o}, Passwords: o, SignUps: o, GiveAct: &core.ActDef{Permission: "assignment.give"}, Origin: "https://trust.example.org",
	})
	h.org = h.newOrg("Préfecture du Test")
	return h
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { fn(t, build(t, d)) })
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) newOrg(name string) (id core.ID) {
	h.t.Helper()
	h.ok(h.db.Write(h.t.Context(), func(tx core.Tx) (err error) {
		id, err = h.AddOrg(h.t.Context(), tx, core.Organization{Name: name})
		return err
	}))
	return id
}

// active makes a person with an account who is an active member of org.
func (h *house) active(org core.ID, given, family, email string) Member {
	h.t.Helper()
	id, known := h.others.byEmail[email]
	if !known {
		id = ids.New()
		h.others.people[id] = core.Person{ID: id, GivenName: given, FamilyName: family, Email: email, State: "active", Language: "fr"}
		h.others.byEmail[email] = id
	}
	var got Member
	h.ok(h.db.Write(h.t.Context(), func(tx core.Tx) error {
		member, err := h.AddMember(h.t.Context(), tx, core.Membership{Org: org, Person: id})
		if err != nil {
			return err
		}
		got, err = h.member(h.t.Context(), tx, org, member)
		return err
	}))
	return got
}

func (h *house) as(m Member) context.Context {
	return core.WithActor(h.t.Context(), core.Actor{Kind: core.HumanActor, ID: m.Person, Session: "s"})
}

func (h *house) list(f Filter) Page {
	h.t.Helper()
	page, err := h.List(h.t.Context(), h.org, f)
	h.ok(err)
	return page
}

// link gives the secret of the last mail of a kind.
func (h *house) link(kind string) string {
	h.t.Helper()
	sent := h.mail.Sent(kind)
	if len(sent) == 0 {
		h.t.Fatalf("no mail %s was sent", kind)
	}
	for _, word := range strings.Fields(sent[len(sent)-1].Body) {
		if strings.HasPrefix(word, "https://trust.example.org/") {
			return word[strings.LastIndexByte(word, '/')+1:]
		}
	}
	h.t.Fatal("the mail has no link")
	return ""
}

func workbook(t testing.TB, rows [][]any, change ...func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		at, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", at, &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range change {
		c(f)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
