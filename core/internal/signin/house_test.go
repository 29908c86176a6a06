package signin_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/password"
)

var schemas = []db.Schema{abuse.Schema, identity.Schema(), signin.Schema()}

// light is a cost that keeps tests short; the rules around it are the real ones.
var light = password.Params{Memory: 64, Passes: 1, Lanes: 1}

const good = "Vif-Agate7-Tilleul!Nord"

// house is the real identity and sign-in over a real database, with a clock that the test moves; the rooms around are
// played by neighbours.
type house struct {
	t        testing.TB
	db       *db.DB
	gate     *coretest.FakeGate
	clock    *clock.Fake
	mail     *coretest.FakeMailer
	settings *coretest.FakeSettings
	sealer   *coretest.FakeSealer
	near     *neighbours
	identity *identity.Module
	signin   *signin.Module
}

func newHouse(t testing.TB, d *db.DB, cost password.Params, beat time.Duration) *house {
	h := &house{
		t: t, db: d, gate: coretest.Gate(d), clock: &clock.Fake{}, mail: coretest.Mailer(), sealer: coretest.Sealer(),
		near: &neighbours{members: map[core.ID][]core.Membership{}},
	}
	h.settings = coretest.Settings(core.Policy{
		Password: core.PasswordPolicy{MinLength: 12, MinStrength: 3, Breached: true, History: 3},
		SignIn:   core.SignInPolicy{Attempts: 10},
	})
	h.identity = identity.New(identity.Needs{
		Gate: h.gate, Reader: d, Clock: h.clock, Sealer: h.sealer, Keys: h.sealer, Index: coretest.Indexer(), Settings: h.settings, Mail: h.mail, Members: h.near,
		Sessions: h.near, Tokens: tokens{h.near}, Hasher: password.NewHasher(cost, password.Limits{}), Origin: "https://trust.example.org",
	})
	h.signin = signin.New(signin.Needs{
		Gate: h.gate, Reader: d, Clock: h.clock, Settings: h.settings, Keys: h.sealer, Sealer: h.sealer, People: h.identity, Passwords: h.identity,
		Factors: h.identity, Codes: h.identity, Mails: h.identity, Links: h.identity, Organizations: h.near, Access: h.near, Guards: h.near,
		Sessions: h.near, Terms: h.near, FirstHash: h.identity.FirstHash, Judge: h.identity.JudgePassword, Key: []byte("a key of thirty-two bytes, a test"), Beat: beat, PuzzleBits: 4,
	})
	return h
}

// member makes a person of an organization with a password.
func (h *house) member(email, plain, kind string) core.ID {
	h.t.Helper()
	id := ids.New()
	h.near.join(id, core.Membership{Org: "org-" + core.ID(kind), OrgName: "Mairie de Valombre", OrgKind: kind, Person: id, State: "active"})
	err := h.db.Write(context.Background(), func(tx core.Tx) error {
		_, err := h.identity.AddPerson(context.Background(), tx, core.NewPerson{ID: id, GivenName: "Ada", FamilyName: "Martin", Email: email, Language: "en"})
		return err
	})
	h.must(err)
	if plain != "" {
		hash, err := h.identity.NewPassword(context.Background(), id, plain)
		h.must(err)
		h.must(h.db.Write(context.Background(), func(tx core.Tx) error { return h.identity.KeepPassword(context.Background(), tx, id, hash) }))
	}
	return id
}

// app sets an authenticator application up for a person and gives its secret.
func (h *house) app(person core.ID) (secret string, codes core.RecoveryCodes) {
	h.t.Helper()
	ctx := context.Background()
	secret, err := h.identity.Enrol(ctx, person)
	h.must(err)
	codes, err = h.identity.Confirm(ctx, person, digits(secret, h.clock.Now()))
	h.must(err)
	h.clock.Advance(time.Minute) // the code of the set-up is used
	return secret, codes
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// from gives the context of a browser at an address.
func from(address string) context.Context {
	return core.WithActor(context.Background(), core.Actor{Address: netip.MustParseAddr(address), Agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
}

func codeOf(err error) string { return core.CodeOf(err) }

// neighbours plays organization, access, session, token and terms.
type neighbours struct {
	mu       sync.Mutex
	members  map[core.ID][]core.Membership
	block    *core.Block
	refused  error
	roles    []string
	staff    bool // holds a role of the provider
	terms    []core.Terms
	begun    []core.NewSession
	ended    []string // person: reason
	raised   []int
	assigned []core.Assignment
	holders  map[string][]core.ID // "org role"
}

func (n *neighbours) join(person core.ID, m core.Membership) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.members[person] = append(n.members[person], m)
}

func (n *neighbours) Memberships(_ context.Context, _ core.Tx, person core.ID) ([]core.Membership, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.members[person], nil
}

func (n *neighbours) MemberOf(_ context.Context, _ core.Tx, org, person core.ID) (core.Membership, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.members[person] {
		if m.Org == org {
			return m, true, nil
		}
	}
	return core.Membership{}, false, nil
}

func (n *neighbours) AddOrg(_ context.Context, _ core.Tx, o core.Organization) (core.ID, error) {
	return o.ID, nil
}

func (n *neighbours) AddMember(_ context.Context, _ core.Tx, m core.Membership) (core.ID, error) {
	m.OrgKind = "provider"
	n.join(m.Person, m)
	return ids.New(), nil
}

func (n *neighbours) Blocked(context.Context, core.Tx, core.ID, ...core.ID) (core.Block, bool, error) {
	if n.block == nil {
		return core.Block{}, false, nil
	}
	return *n.block, true, nil
}

func (n *neighbours) AllowedFrom(context.Context, core.Tx, core.ID, netip.Addr, ...core.ID) error {
	return n.refused
}

func (n *neighbours) RolesOf(context.Context, core.Tx, core.ID) ([]string, error) {
	return n.roles, nil
}

func (n *neighbours) Holders(_ context.Context, _ core.Tx, org core.ID, role string) ([]core.ID, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.holders[string(org)+" "+role], nil
}

func (n *neighbours) IsStaff(context.Context, core.Tx, core.ID) (bool, error) { return n.staff, nil }

func (n *neighbours) Assign(_ context.Context, _ core.Tx, a core.Assignment) (core.ID, error) {
	n.assigned = append(n.assigned, a)
	return ids.New(), nil
}

func (n *neighbours) Begin(_ context.Context, _ core.Tx, s core.NewSession) (string, core.ID, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.begun = append(n.begun, s)
	return fmt.Sprintf("secret-%d", len(n.begun)), ids.New(), nil
}

func (n *neighbours) Raise(_ context.Context, _ core.Tx, _ core.ID, aal int) (string, error) {
	n.raised = append(n.raised, aal)
	return "raised", nil
}

func (n *neighbours) Reopen(context.Context, core.Tx, core.ID) (string, error) {
	return "reopened", nil
}

func (n *neighbours) EndAll(_ context.Context, _ core.Tx, person, _ core.ID, reason string) (int64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended = append(n.ended, string(person)+": "+reason)
	return 1, nil
}

func (n *neighbours) Due(context.Context, core.Tx, core.ID, ...core.ID) ([]core.Terms, error) {
	return n.terms, nil
}

func (n *neighbours) Accept(_ context.Context, _ core.Tx, _ core.ID, list ...core.Terms) error {
	if len(list) == len(n.terms) {
		n.terms = nil
	}
	return nil
}

type tokens struct{ near *neighbours }

func (t tokens) EndAll(ctx context.Context, tx core.Tx, person core.ID, reason string) (int64, error) {
	return t.near.EndAll(ctx, tx, person, "", "token "+reason)
}

// digits are what the person's application shows.
func digits(secret string, at time.Time) string {
	code, err := identity.CodeAt(secret, at)
	if err != nil {
		panic(err)
	}
	return code
}

// guess tries a password as a browser does, solving the puzzle where one is asked.
func (h *house) guess(ctx context.Context, flow, plain string) error {
	proof := signin.Proof{}
	step, f, err := h.signin.Next(ctx, flow)
	if err != nil {
		return err
	}
	if c := h.signin.Puzzle(ctx, &f); step == "password" && c != "" {
		proof = signin.Proof{Challenge: c, Nonce: abuse.Solve(c)}
	}
	return h.signin.Password(ctx, flow, plain, proof)
}
