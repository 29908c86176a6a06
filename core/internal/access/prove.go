package access

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/rempart/rempart/core"
)

// Report is the outcome of the exhaustive check of the policies.
type Report struct {
	Policies  int
	Decisions int64 // combinations of facts that were decided
	Permitted int64
	Took      time.Duration
	// Counterexamples holds, for each property that does not hold, the first combination that breaks it; none when the
	// policies keep every property.
	Counterexamples []Counterexample
}

// Holds tells whether every property held.
func (r Report) Holds() bool { return len(r.Counterexamples) == 0 }

// Counterexample is one combination of facts for which the policies decide what they must not.
type Counterexample struct {
	Property string
	Facts    string   // in words: "person, by assignment, inside, suspendedPerson"
	Decision string   // "permit" or "deny"
	Policies []string // that decided
}

// scene is one combination of the facts that the policies read.
type scene struct {
	kind                                               string
	reach                                              core.Reach
	staffOnly, platform                                bool
	self, inside, known, staff, home                   bool
	blockedPerson, blockedOrganization, blockedService bool
	address                                            bool
	scopes                                             int // 0 absent, 1 holds the action, 2 does not
	everywhere, here, elsewhere, otherRole, inSupport  bool
	supportHolds                                       bool
}

// property is what must hold in each scene; broken tells that the decision contradicts it.
type property struct {
	name   string
	broken func(s *scene, permitted bool) bool
}

// support is the one way in for provider staff: a support assignment whose role holds the permission.
func (s *scene) support() bool {
	return s.staff && s.inSupport && s.supportHolds && s.kind == typePerson && !s.platform
}

func (s *scene) blocked() bool { return s.blockedPerson || s.blockedOrganization || s.blockedService }

// asked tells that a person or a service asks for something that is decided by rows.
func (s *scene) asked() bool {
	return s.kind != typeSystem && s.reach != core.ByAnyone
}

// properties are written apart from the policies, in plain conditions: a permit that breaks one is a hole.
var properties = []property{
	{"nobody without an account gets anything beyond what is open to anyone", func(s *scene, ok bool) bool {
		return ok && s.kind == typeNobody && s.reach != core.ByAnyone
	}},
	{"what is kept for the system is never permitted to anyone else", func(s *scene, ok bool) bool {
		return ok && s.reach == core.BySystem && s.kind != typeSystem
	}},
	{"whoever is suspended, or whose organization or service is, is never permitted", func(s *scene, ok bool) bool {
		return ok && s.asked() && s.blocked()
	}},
	{"nobody from outside gets a permit", func(s *scene, ok bool) bool {
		return ok && s.asked() && s.reach == core.ByAssignment && !s.inside && !s.support()
	}},
	{"nobody acts in an organization that they do not know", func(s *scene, ok bool) bool {
		return ok && s.asked() && s.reach == core.BySelf && !s.known
	}},
	{"provider staff is never permitted in a client's organization without a support assignment that holds the permission", func(s *scene, ok bool) bool {
		return ok && s.kind == typePerson && s.reach == core.ByAssignment && s.staff && !s.home && !s.platform && !s.support()
	}},
	{"an assignment permits only what its role holds, only where it reaches: a scope never widens", func(s *scene, ok bool) bool {
		return ok && s.asked() && s.reach == core.ByAssignment && !s.everywhere && !s.here && !s.support()
	}},
	{"a token never does more than its scopes", func(s *scene, ok bool) bool {
		return ok && s.asked() && s.scopes == 2
	}},
	{"an address that is not on the list gets nothing", func(s *scene, ok bool) bool {
		return ok && s.asked() && !s.address
	}},
	{"the provider's acts are for its staff on the platform", func(s *scene, ok bool) bool {
		return ok && s.kind != typeSystem && s.staffOnly && (!s.staff || !s.platform)
	}},
	{"what is one's own is permitted to oneself alone", func(s *scene, ok bool) bool {
		return ok && s.asked() && s.reach == core.BySelf && !s.self
	}},
	{"a member whose role holds the permission is permitted when nothing forbids it", func(s *scene, ok bool) bool {
		return !ok && (s.kind == typePerson || s.kind == typeService) && s.reach == core.ByAssignment && s.inside && (s.everywhere || s.here) &&
			!s.blocked() && s.address && s.scopes != 2 && !(s.staffOnly && (!s.staff || !s.platform)) && !(s.staff && !s.home && !s.platform && !s.support()) && !(s.staff && !s.home && s.platform)
	}},
	{"support that was let in is permitted what its role holds", func(s *scene, ok bool) bool {
		return !ok && s.support() && s.reach == core.ByAssignment && !s.blocked() && s.address && s.scopes != 2 && !s.staffOnly
	}},
	{"everyone can do what comes before sign-in", func(s *scene, ok bool) bool {
		return !ok && s.reach == core.ByAnyone && !s.staffOnly
	}},
}

// Prove decides every combination of the facts that the policies read and checks the properties against each decision.
// It needs no database; it takes a few seconds. An error says that the policies cannot be decided at all.
func (m *Module) Prove(ctx context.Context) (Report, error) {
	return prove(ctx, m.policies, corners(), nil)
}

// prove stops at the first counter-example for which enough says so.
func prove(ctx context.Context, policies []Policy, over []scene, enough func(Counterexample) bool) (Report, error) {
	started := time.Now()
	asked := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := &prover{found: make([]*Counterexample, len(properties)+1), stop: stop, enough: enough}
	var wg sync.WaitGroup
	work := make(chan scene)
	for range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for base := range work {
				p.corner(ctx, policies, base)
			}
		}()
	}
	for _, base := range over {
		work <- base
	}
	close(work)
	wg.Wait()
	report := Report{Policies: len(policies), Decisions: p.decisions, Permitted: p.permitted, Took: time.Since(started)}
	for _, c := range p.found {
		if c != nil {
			report.Counterexamples = append(report.Counterexamples, *c)
		}
	}
	return report, asked.Err()
}

// corners gives each kind of actor, of act and of place; the rest of the facts vary within a corner.
func corners() []scene {
	var all []scene
	for _, kind := range []string{typePerson, typeService, typeNobody, typeSystem} {
		for _, reach := range []core.Reach{core.ByAssignment, core.BySelf, core.ByAnyone, core.BySystem} {
			for bits := range 8 {
				all = append(all, scene{kind: kind, reach: reach, staffOnly: bits&1 != 0, platform: bits&2 != 0, supportHolds: bits&4 != 0})
			}
		}
	}
	return all
}

type prover struct {
	mu        sync.Mutex
	decisions int64
	permitted int64
	found     []*Counterexample
	enough    func(Counterexample) bool
	stop      func()
}

// corner decides the 2^14 x 3 combinations of a corner.
func (p *prover) corner(ctx context.Context, policies []Policy, base scene) {
	stage := newStage(policies, &base)
	var decisions, permitted int64
	for bits := range 1 << 14 {
		if bits&1023 == 0 && ctx.Err() != nil {
			return
		}
		s := base
		s.fill(bits)
		if !s.possible() {
			continue
		}
		for s.scopes = range 3 {
			v := stage.decide(&s)
			decisions++
			if v.allowed {
				permitted++
			}
			p.check(&s, v)
		}
	}
	p.mu.Lock()
	p.decisions += decisions
	p.permitted += permitted
	p.mu.Unlock()
}

// fill sets the facts that vary within a corner.
func (s *scene) fill(bits int) {
	for i, fact := range []*bool{
		&s.self, &s.inside, &s.known, &s.staff, &s.home, &s.blockedPerson, &s.blockedOrganization, &s.blockedService, &s.address,
		&s.everywhere, &s.here, &s.elsewhere, &s.otherRole, &s.inSupport,
	} {
		*fact = bits>>i&1 != 0
	}
}

// possible leaves out what the facts can never say together: inside implies known; the platform is home; nobody and
// the system hold no role and read no row.
func (s *scene) possible() bool {
	switch {
	case s.inside && !s.known, s.platform && (!s.home || !s.known):
		return false
	case s.kind == typeNobody || s.kind == typeSystem:
		return !s.everywhere && !s.here && !s.elsewhere && !s.otherRole && !s.inSupport && !s.inside && !s.staff && !s.blocked()
	}
	return true
}

func (p *prover) check(s *scene, v verdict) {
	if len(v.errors) > 0 {
		p.note(len(properties), "a policy cannot be evaluated: "+v.errors[0], s, v)
	}
	for i, prop := range properties {
		if prop.broken(s, v.allowed) {
			p.note(i, prop.name, s, v)
		}
	}
}

func (p *prover) note(i int, name string, s *scene, v verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found[i] == nil {
		decision := "deny"
		if v.allowed {
			decision = "permit"
		}
		p.found[i] = &Counterexample{Property: name, Facts: s.String(), Decision: decision, Policies: v.policies}
		if p.enough != nil && p.enough(*p.found[i]) {
			p.stop()
		}
	}
}

// String says the facts in words.
func (s *scene) String() string {
	words := []string{strings.ToLower(s.kind), "act by " + reachNames[s.reach]}
	for _, f := range []struct {
		is   bool
		word string
	}{
		{s.staffOnly, "staff act"},
		{s.platform, "on the platform"},
		{!s.platform, "in an organization"},
		{s.self, "on oneself"},
		{s.inside, "inside"},
		{s.known, "known"},
		{s.staff, "staff"},
		{s.home, "home"},
		{s.blockedPerson, "person suspended"},
		{s.blockedOrganization, "organization suspended"},
		{s.blockedService, "service suspended"},
		{!s.address, "address not allowed"},
		{s.scopes == 1, "token holds it"},
		{s.scopes == 2, "token does not hold it"},
		{s.everywhere, "role holds it"},
		{s.here, "role holds it here"},
		{s.elsewhere, "role holds it elsewhere"},
		{s.otherRole, "another role"},
		{s.inSupport, "support assignment"},
		{s.supportHolds, "support holds it"},
	} {
		if f.is {
			words = append(words, f.word)
		}
	}
	return strings.Join(words, ", ")
}

// stage is what does not vary within a corner.
type stage struct {
	policies policySlice
	action   types.Entity
	holders  types.Set
	here     types.Set
	right    types.Set
	wrong    types.Set
}

func newStage(policies []Policy, s *scene) *stage {
	def := &core.ActDef{Permission: "thing.do", Reach: s.reach, Staff: s.staffOnly}
	roles := map[string]bool{"keeper": true}
	if s.supportHolds {
		roles[RoleSupport] = true
	}
	r := newRule(def, "things", roles, policies)
	return &stage{
		policies: r.policies, action: types.Entity{UID: r.action, Parents: r.parents}, holders: r.holders,
		here:  types.NewSet(scopedUID("keeper", "things", ""), scopedUID("keeper", "", "thing-1"), scopedUID("keeper", "things", "thing-1")),
		right: types.NewSet(actionUID("thing.do")), wrong: types.NewSet(actionUID("thing.undo")),
	}
}

func (g *stage) decide(s *scene) verdict {
	context := types.RecordMap{
		"self": types.Boolean(s.self), "inside": types.Boolean(s.inside), "known": types.Boolean(s.known),
		"staff": types.Boolean(s.staff), "home": types.Boolean(s.home), "holders": g.holders, "here": g.here,
		"supportHolds":    types.Boolean(s.supportHolds),
		"suspendedPerson": types.Boolean(s.blockedPerson), "suspendedOrganization": types.Boolean(s.blockedOrganization),
		"suspendedService": types.Boolean(s.blockedService), "addressAllowed": types.Boolean(s.address),
	}
	switch s.scopes {
	case 1:
		context["scopes"] = g.right
	case 2:
		context["scopes"] = g.wrong
	}
	var parents []types.EntityUID
	for _, p := range []struct {
		is  bool
		uid types.EntityUID
	}{
		{s.everywhere, roleUID("keeper")},
		{s.here, scopedUID("keeper", "", "thing-1")},
		{s.elsewhere, scopedUID("keeper", "", "thing-2")},
		{s.otherRole, roleUID("other")},
		{s.inSupport, roleUID(RoleSupport)},
	} {
		if p.is {
			parents = append(parents, p.uid)
		}
	}
	principal := types.NewEntityUID(types.EntityType(s.kind), "p")
	resource := types.NewEntityUID(typeOrganization, "o")
	if s.platform {
		resource = types.NewEntityUID(typePlatform, types.String(core.Platform))
	}
	e := &entities{actor: types.Entity{UID: principal, Parents: types.NewEntityUIDSet(parents...)}, action: g.action}
	return authorize(g.policies, e, cedar.Request{Principal: principal, Action: g.action.UID, Resource: resource, Context: types.NewRecord(context)})
}

// String prints the report as the command line shows it.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d policies, %d decisions in %s, %d permitted\n", r.Policies, r.Decisions, r.Took.Round(time.Millisecond), r.Permitted)
	for _, c := range r.Counterexamples {
		fmt.Fprintf(&b, "BROKEN: %s\n  facts: %s\n  decision: %s by %s\n", c.Property, c.Facts, c.Decision, strings.Join(c.Policies, ", "))
	}
	if r.Holds() {
		fmt.Fprintf(&b, "every property holds (%d)\n", len(properties))
	}
	return b.String()
}
