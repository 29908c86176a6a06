package boot

import (
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/retention"
)

// TestEveryRetentionWordHasARule: each word has a rule, and each table of personal data with a limited time a room that ends
// its rows, or a ground why none does.
func TestEveryRetentionWordHasARule(t *testing.T) {
	w := newTown(t, "")
	for _, g := range retention.Gaps(w.modules, w.Manifests(), unswept) {
		if g.Word != "" {
			t.Errorf("%s: %s is kept for %q, which no rule explains", g.Module, g.Table, g.Word)
			continue
		}
		t.Errorf("%s: nothing ends the rows of %s by their age, and no ground says why", g.Module, g.Table)
	}
	known := map[string]bool{}
	for _, mf := range w.Manifests() {
		for _, table := range mf.Tables {
			known[table.Name] = true
		}
	}
	for table := range unswept {
		if !known[table] {
			t.Errorf("%s has a ground and does not exist", table)
		}
	}
}

// TestAnEndlessTableIsSeen plants a word without a rule and a table that nothing ends.
func TestAnEndlessTableIsSeen(t *testing.T) {
	w := newTown(t, "")
	planted := core.Manifest{
		Module: "planted", Rules: []core.RetentionRule{{Name: "fortnight", Days: 14}},
		Tables: []core.Table{
			{Name: "planted_word", Columns: core.Personal(core.Column{Retention: "whenever"}, "phone")},
			{Name: "planted_table", Columns: core.Personal(core.Column{Retention: "fortnight"}, "phone")},
		},
	}
	var found []string
	for _, g := range retention.Gaps(w.modules, append(w.Manifests(), planted), unswept) {
		if g.Module == "planted" {
			found = append(found, g.Table+":"+g.Word)
		}
	}
	if got := strings.Join(found, " "); got != "planted_word:whenever planted_table:" {
		t.Errorf("found %q", got)
	}
}

// TestEveryTableOfAnOrganizationEndsWithIt: each table with an organization is emptied with it, or says why it stays.
func TestEveryTableOfAnOrganizationEndsWithIt(t *testing.T) {
	w := newTown(t, "")
	for _, table := range retention.Unowned(w.modules, w.Manifests(), lasting) {
		t.Errorf("the rows of %s would outlive their organization, and no ground says why", table)
	}
	planted := core.Manifest{Module: "planted", Tables: []core.Table{{Name: "planted_org", Columns: core.Plain("org", "id")}}}
	if got := retention.Unowned(w.modules, append(w.Manifests(), planted), lasting); len(got) == 0 || got[len(got)-1] != "planted_org" {
		t.Errorf("a planted table of organizations is not seen: %v", got)
	}
}
