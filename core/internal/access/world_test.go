package access

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// The acts of an imaginary service, for tests.
var (
	readRoom   = core.ActDef{Permission: "room.read", Resource: "room", Verb: core.Reads, Holders: []string{"admin", "member", "auditor"}, Title: core.Text{FR: "Lire une salle", EN: "Read a room"}}
	writeRoom  = core.ActDef{Permission: "room.write", Resource: "room", Verb: core.Updates, Holders: []string{"admin", "room.keeper"}, Title: core.Text{FR: "Écrire dans une salle", EN: "Write in a room"}}
	eraseRoom  = core.ActDef{Permission: "room.erase", Resource: "room", Verb: core.Deletes, Fresh: 10 * time.Minute, Holders: []string{"admin"}, Title: core.Text{FR: "Effacer une salle", EN: "Erase a room"}}
	ownNotes   = core.ActDef{Permission: "note.own", Resource: "note", Verb: core.Updates, Reach: core.BySelf, Title: core.Text{FR: "Ses notes", EN: "One's notes"}}
	signIn     = core.ActDef{Permission: "door.open", Resource: "door", Verb: core.Authenticates, Reach: core.ByAnyone, Title: core.Text{FR: "Entrer", EN: "Enter"}}
	sweep      = core.ActDef{Permission: "room.sweep", Resource: "room", Verb: core.Deletes, Reach: core.BySystem, Title: core.Text{FR: "Balayer", EN: "Sweep"}}
	openVault  = core.ActDef{Permission: "console.open", Resource: "console", Verb: core.Updates, Staff: true, Holders: []string{"provider.admin"}, Title: core.Text{FR: "Ouvrir la console", EN: "Open the console"}}
	undeclared = core.ActDef{Permission: "ghost.walk", Resource: "ghost", Holders: []string{"admin"}}
)

var rooms = core.Manifest{
	Module: "rooms", Title: core.Text{FR: "Salles", EN: "Rooms"},
	Acts: []*core.ActDef{&readRoom, &writeRoom, &eraseRoom, &ownNotes, &signIn, &sweep, &openVault},
	Roles: []core.Role{{
		ID: "room.keeper", Kind: "client", Title: core.Text{FR: "Tenue des salles", EN: "Room keeping"},
		Description: core.Text{FR: "Tient les salles à jour.", EN: "Keeps rooms up to date."},
	}},
}

// town is who belongs where: it stands for the modules of organizations, identities and tokens.
type town struct {
	mu       sync.Mutex
	members  map[[2]core.ID]core.Membership
	persons  map[core.ID]core.Person
	services map[core.ID]core.ID
}

func (w *town) MemberOf(_ context.Context, _ core.Tx, org, person core.ID) (core.Membership, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := w.members[[2]core.ID{org, person}]
	return m, ok && m.State != "left", nil
}

func (w *town) Memberships(_ context.Context, _ core.Tx, person core.ID) (out []core.Membership, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.members {
		if m.Person == person && m.State != "left" {
			out = append(out, m)
		}
	}
	return out, nil
}

func (w *town) MembersAt(_ context.Context, _ core.Tx, org core.ID, at time.Time, after core.ID, limit int) (out []core.Membership, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.members {
		here := m.Org == org && m.State != "invited" && !m.JoinedAt.After(at) && (m.LeftAt.IsZero() || m.LeftAt.After(at))
		if here && m.Person > after {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b core.Membership) int { return cmp(a.Person, b.Person) })
	return out[:min(limit, len(out))], nil
}

func cmp(a, b core.ID) int {
	if a < b {
		return -1
	}
	return 1
}

func (w *town) Org(_ context.Context, _ core.Tx, id core.ID) (core.Organization, error) {
	if id == "" || id == "nowhere" {
		return core.Organization{}, core.Fault(core.NotFound, "organization.absent")
	}
	return core.Organization{ID: id, Name: string(id), Kind: "client"}, nil
}

func (w *town) AllOrgs(context.Context, core.Tx, core.ID, int) ([]core.Organization, error) {
	return []core.Organization{{ID: "acme", Name: "Acme"}, {ID: "beta", Name: "Beta"}}, nil
}

func (w *town) People(_ context.Context, _ core.Tx, ids ...core.ID) (map[core.ID]core.Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[core.ID]core.Person{}
	for _, id := range ids {
		if p, ok := w.persons[id]; ok {
			out[id] = p
		}
	}
	return out, nil
}

func (w *town) PersonByEmail(_ context.Context, _ core.Tx, email string) (core.Person, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.persons {
		if p.Email == email {
			return p, true, nil
		}
	}
	return core.Person{}, false, nil
}

func (w *town) ServiceName(_ context.Context, _ core.Tx, org, service core.ID) (string, bool, error) {
	return string(service), w.services[service] == org, nil
}

// world is a module over a real database, with two organizations:
// acme: ann (admin), pete (people), sam (security), max (member), ivy (invited), lee (left); beta: bea (admin).
// platform: root (provider.admin), stan (provider.support). robot is a service account of acme.
type world struct {
	*Module
	t     *testing.T
	d     *db.DB
	town  *town
	mail  *coretest.FakeMailer
	gate  *coretest.FakeGate
	clock *clock.Fake
	raw   map[string]bool
}

var home = netip.MustParseAddr("127.0.0.1")

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := emptyWorld(t, d)
	at := w.clock.Now()
	w.join("acme", "active", "ann", "pete", "sam", "max")
	w.join("acme", "invited", "ivy")
	w.join("acme", "left", "lee")
	w.join("beta", "active", "bea")
	w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
		for _, a := range []core.Assignment{
			{Org: "acme", Person: "ann", Role: "admin"},
			{Org: "acme", Person: "pete", Role: "people"},
			{Org: "acme", Person: "sam", Role: "security"},
			{Org: "beta", Person: "bea", Role: "admin"},
			{Org: core.Platform, Person: "root", Role: "provider.admin"},
			{Org: core.Platform, Person: "stan", Role: "provider.support"},
		} {
			if _, err := w.Assign(ctx, tx, a); err != nil {
				t.Fatalf("assign %+v: %v", a, err)
			}
		}
	})
	w.town.services["robot"] = "acme"
	_ = at
	return w
}

func emptyWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{
		t: t, d: d, clock: &clock.Fake{}, mail: coretest.Mailer(), gate: coretest.Gate(d),
		town: &town{members: map[[2]core.ID]core.Membership{}, persons: map[core.ID]core.Person{}, services: map[core.ID]core.ID{}},
	}
	m, err := New(Needs{
		Gate: w.gate, Members: w.town, Roster: w.town, People: w.town, Services: w.town, Mail: w.mail, Sealer: coretest.Sealer(), Clock: w.clock,
		Manifests: []core.Manifest{rooms}, Settings: coretest.Settings(core.Policy{Access: core.AccessPolicy{UnusedDays: 90}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Module = m
	for _, p := range []core.ID{"ann", "pete", "sam", "max", "ivy", "lee", "bea", "root", "stan"} {
		w.town.persons[p] = core.Person{ID: p, GivenName: string(p), FamilyName: "Élan", Email: string(p) + "@example.org", Language: "fr"}
	}
	return w
}

func (w *world) join(org core.ID, state string, persons ...core.ID) {
	for _, p := range persons {
		m := core.Membership{ID: "m-" + p, Org: org, OrgKind: "client", Person: p, State: state, JoinedAt: w.clock.Now(), Function: "rôle de " + string(p)}
		if state == "left" {
			m.JoinedAt, m.LeftAt = w.clock.Now().Add(-48*time.Hour), w.clock.Now().Add(-24*time.Hour)
		}
		w.town.members[[2]core.ID{org, p}] = m
	}
}

// as runs fn in a write transaction with an actor.
func (w *world) as(actor core.Actor, fn func(ctx context.Context, tx core.Tx)) {
	w.t.Helper()
	ctx := core.WithActor(w.t.Context(), actor)
	if err := w.d.Write(ctx, func(tx core.Tx) error { fn(ctx, tx); return nil }); err != nil {
		w.t.Fatal(err)
	}
}

// try runs fn like a verb of a page: its error rolls everything back and comes back.
func (w *world) try(actor core.Actor, fn func(ctx context.Context, tx core.Tx) error) error {
	ctx := core.WithActor(w.t.Context(), actor)
	return w.d.Write(ctx, func(tx core.Tx) error { return fn(ctx, tx) })
}

func (w *world) person(id core.ID) core.Actor {
	return core.Actor{Kind: core.HumanActor, ID: id, Session: "s", Address: home, AuthenticatedAt: w.clock.Now(), AAL: 2}
}

func (w *world) decide(actor core.Actor, act core.Act) error {
	w.t.Helper()
	var err error
	if e := w.d.Read(w.t.Context(), func(tx core.Tx) error {
		err = w.Decide(w.t.Context(), tx, actor, &act)
		return nil
	}); e != nil {
		w.t.Fatal(e)
	}
	return err
}

func (w *world) assign(a core.Assignment) core.ID {
	w.t.Helper()
	var id core.ID
	w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
		var err error
		if id, err = w.Assign(ctx, tx, a); err != nil {
			w.t.Fatalf("assign %+v: %v", a, err)
		}
	})
	return id
}

func (w *world) wantCode(what string, err error, code string) {
	w.t.Helper()
	if code == "" && err != nil || code != "" && core.CodeOf(err) != code {
		w.t.Errorf("%s: got %v, want %q", what, err, code)
	}
}

func eachWorld(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}
