package boot

import (
	"strings"
	"testing"

	"github.com/rempart/rempart/policies"
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
