package identity

import (
	"errors"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/password"
)

func TestAProbeNeverLetsTimePassForAPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.ada()
		if err := h.LetCodesPass(t.Context(), ada); !errors.Is(err, errNotCanary) {
			t.Errorf("time passed for the authenticator of a person: %v", err)
		}
		sc := &scene{ctx: t.Context(), m: h.Module, c: core.Canary{Person: ada}}
		if err := sc.age(LinkReset); !errors.Is(err, errNotCanary) {
			t.Errorf("time passed for the links of a person: %v", err)
		}
	})
}

func TestEachCandidateBreaksTheRuleItIsMadeFor(t *testing.T) {
	p := core.PasswordPolicy{MinLength: 12, MinStrength: 3, Upper: true, Lower: true, Digit: true, Special: true, Breached: true}
	own := []string{"Canari Sonde", "canary-1@canary.invalid"}
	list := password.Common()
	breached := func(s string) bool { has, err := list.Has(s); return has || err != nil }
	rules := password.Judge("", p, own, breached).Rules
	if len(rules) < 8 {
		t.Fatalf("%d rules", len(rules))
	}
	for _, r := range rules {
		for range 20 {
			if candidate := breaking(r.Code, p, core.Canary{}); met(password.Judge(candidate, p, own, breached), r.Code) {
				t.Errorf("%q does not break %s", candidate, r.Code)
			}
		}
	}
	for range 50 {
		if v := password.Judge(drawn(p), p, own, breached); !v.OK() {
			t.Errorf("a drawn password breaks %s", v.First())
		}
	}
}

func TestTheCostOfAHashIsReadFromItsBeginning(t *testing.T) {
	for head, want := range map[string][2]int{
		"$argon2id$v=19$m=19456,t=2,p=1$abcde": {19456, 2}, "$argon2id$v=19$m=64,t=1,p=1$abcdefghij": {64, 1},
		"$argon2i$v=19$m=19456,t=2,p=1$abcdef": {}, "$2b$12$abcdefghijklmnopqrstuv": {}, "Winter-2026!": {}, "": {},
	} {
		if m, p, ok := costOf(head); ok != (want[0] > 0) || ok && [2]int{m, p} != want {
			t.Errorf("%s: %d, %d, %v", head, m, p, ok)
		}
	}
}
