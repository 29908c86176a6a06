package access

import (
	"strings"
	"testing"

	"github.com/rempart/rempart/core/coretest"
)

func TestPoliciesKeepTheirProperties(t *testing.T) {
	all, err := Policies()
	if err != nil {
		t.Fatal(err)
	}
	report, err := prove(t.Context(), all, someCorners(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	if !report.Holds() || report.Decisions < 100_000 || report.Permitted == 0 {
		t.Errorf("the policies do not hold:\n%s", report)
	}
}

// someCorners are all of them; the race detector, which is slow and has nothing to find between them, takes a few.
func someCorners() []scene {
	if !coretest.RaceDetector {
		return corners()
	}
	return corners()[:8]
}

// Each planted fault breaks a property and is shown by a counter-example: the proof can fail.
func TestProofCatchesBadPolicies(t *testing.T) {
	good, err := Policies()
	if err != nil {
		t.Fatal(err)
	}
	const notes = `@id("planted") @clause("x") @fr("x") @en("x") `
	without := func(id string) []Policy {
		var some []Policy
		for _, p := range good {
			if p.ID != id {
				some = append(some, p)
			}
		}
		if len(some) == len(good) {
			t.Fatalf("there is no policy %s", id)
		}
		return some
	}
	with := func(text string) []Policy {
		extra, err := parsePolicies("planted", []byte(notes+text))
		if err != nil {
			t.Fatal(err)
		}
		return append(append([]Policy(nil), good...), extra...)
	}
	for name, c := range map[string]struct {
		policies []Policy
		property string
	}{
		"a permit for every member":      {with(`@source("access_assignment") permit (principal, action in Reach::"assignment", resource) when { context.inside };`), "a scope never widens"},
		"a permit for whoever is staff":  {with(`@source("access_assignment") permit (principal, action in Reach::"assignment", resource) when { context.staff && context.inside };`), "a scope never widens"},
		"a permit on any own thing":      {with(`@source("self") permit (principal, action in Reach::"self", resource);`), "to oneself alone"},
		"a forbid too many":              {with(`forbid (principal, action in Reach::"assignment", resource) when { context.here.contains(Scoped::"keeper//thing-1") };`), "is permitted when nothing forbids it"},
		"a policy that cannot be read":   {with(`forbid (principal, action, resource) when { context.moon };`), "cannot be evaluated"},
		"no suspension of persons":       {without("forbid.suspended.person"), "suspended"},
		"no suspension of services":      {without("forbid.suspended.service"), "suspended"},
		"no suspension of organizations": {without("forbid.suspended.organization"), "suspended"},
		"no rule on staff":               {without("forbid.staff-away"), "without a support assignment"},
		"no rule on staff acts":          {without("forbid.staff-only"), "for its staff on the platform"},
		"no address list":                {without("forbid.address"), "address"},
		"no token scope":                 {without("forbid.token"), "token"},
		"no stranger":                    {without("forbid.stranger"), "do not know"},
		"no support":                     {without("permit.support"), "support that was let in"},
	} {
		report, err := prove(t.Context(), c.policies, corners(), func(e Counterexample) bool { return strings.Contains(e.Property, c.property) })
		if err != nil {
			t.Fatal(err)
		}
		if report.Holds() || !strings.Contains(report.String(), c.property) {
			t.Errorf("%s: not caught, or not by its property:\n%s", name, report)
		}
	}
}
