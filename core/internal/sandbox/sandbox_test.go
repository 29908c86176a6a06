package sandbox

import (
	"regexp"
	"strings"
	"testing"
)

func blind(t *testing.T, values ...string) *Blind {
	t.Helper()
	b, err := NewBlind()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		b.Add(v)
	}
	return b
}

func TestTheComparisonIsBlindAndForgets(t *testing.T) {
	b, other := blind(t, "Anne.Martin@example.org"), blind(t, "Anne.Martin@example.org")
	if !b.Has("anne.martin@EXAMPLE.org ") || b.Has("anne.martin@example.com") {
		t.Error("a value is found by itself alone, whatever its case")
	}
	if b.hash("x") == other.hash("x") {
		t.Error("two comparisons share a key")
	}
	b.Forget()
	if b.Has("anne.martin@example.org") {
		t.Error("it can be looked up after the key was thrown away")
	}
}

func TestInventedPeopleAreNobody(t *testing.T) {
	all := append(append([]string{}, given["fr"]...), family["fr"]...)
	n := NewNamer(blind(t, all...)) // every name of the lists is somebody's
	fiction := regexp.MustCompile(`^\+3363998[0-9]{4}$`)
	seen := map[string]bool{}
	for range 500 {
		p := n.Person("fr", true)
		if n.not.Has(p.GivenName) || n.not.Has(p.FamilyName) || !strings.HasSuffix(p.Email, "@example.invalid") || !fiction.MatchString(p.Phone) {
			t.Fatalf("invented %+v", p)
		}
		if seen[p.Email] {
			t.Fatalf("%s twice", p.Email)
		}
		seen[p.Email] = true
	}
}

func TestWordsOfTheProgramTellNothing(t *testing.T) {
	for _, c := range []struct {
		column, value string
		want          bool
	}{
		{"state", "active", false},
		{"role", "provider.admin", false},
		{"created_at", "2026-11-22T10:00:00Z", false},
		{"language", "fr", false},
		{"type", "application/pdf", false},
		{"type", "text/plain; charset=utf-8", false},
		{"digest", "abcdef0123", true},
		{"shown", "lyon", true},
		{"given_name", "anne", true},
		{"phone", "+33142000000", true},
		{"note", "Called on Monday", true},
		{"email", "a@b.example", true},
	} {
		if got := Telling(c.column, c.value); got != c.want {
			t.Errorf("%s %q: %v", c.column, c.value, got)
		}
	}
}
