package boot

import (
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/policies"
	"github.com/rempart/rempart/services"
)

// TestThePacksThatShipAreRight: settings, values, placeholders, probes, attestations, and every deviation told.
func TestThePacksThatShipAreRight(t *testing.T) {
	c := Catalogue()
	for _, p := range policies.Embedded() {
		for _, problem := range policies.Check(p, c) {
			t.Error(problem)
		}
	}
}

// TestTextsFilledWithDefaultsShowNoBraces: each placeholder of a text becomes words.
func TestTextsFilledWithDefaultsShowNoBraces(t *testing.T) {
	c, filled := Catalogue(), 0
	for _, p := range policies.Embedded() {
		for _, clause := range p.Clauses {
			text := policies.Fill(clause.Text, c, func(key string) string { s, _ := c.Setting(key); return s.Default })
			if strings.Contains(text.FR+text.EN, "{{") {
				t.Errorf("%s: %s", clause.ID, text.EN)
			}
			if text != clause.Text {
				filled++
			}
		}
	}
	if filled < 15 {
		t.Errorf("only %d texts show a setting", filled)
	}
}

// awaited are probes of rooms that are being built: their clauses say "not built yet" until they come.
var awaited = []string{
	"settings.guard", "settings.next_request",
}

// TestProbesAndPacksNameEachOther: a probe that a pack names exists, and every probe serves a clause.
func TestProbesAndPacksNameEachOther(t *testing.T) {
	h, err := New(t.Context(), Config{Services: services.All, Data: t.TempDir(), Origin: "http://localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	here, named := h.Catalogue().Probes, Catalogue().Probes
	for _, p := range named {
		if !slices.Contains(here, p) && !slices.Contains(awaited, p) {
			t.Errorf("no room has the probe %s", p)
		}
	}
	for _, p := range here {
		if !slices.Contains(named, p) {
			t.Errorf("the probe %s serves no clause", p)
		}
	}
}
