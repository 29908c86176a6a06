package policies_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/policies"
)

var letters = map[policies.Kind]string{policies.Enforced: "E", policies.Verified: "V", policies.Attested: "A"}

// TestThePacksHoldEveryPublishedClause: the ids and kinds of the five packs are those of the published policies, no more, no less.
func TestThePacksHoldEveryPublishedClause(t *testing.T) {
	text, err := os.ReadFile("testdata/clauses.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(want) != 129 {
		t.Fatalf("the list holds %d clauses, want 129", len(want))
	}
	var got []string
	for _, p := range policies.Embedded() {
		if p.Baseline {
			continue
		}
		for _, c := range p.Clauses {
			kinds := make([]string, len(c.Kinds))
			for i, k := range c.Kinds {
				kinds[i] = letters[k]
			}
			got = append(got, c.ID+" "+strings.Join(kinds, "/"))
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("the packs lack %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("%s is in no published policy, or with another kind", g)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d clauses, want %d", len(got), len(want))
	}
}

func texts(c *policies.Clause) []core.Text {
	all := []core.Text{c.Title, c.Text}
	all = append(all, c.Missing...)
	for _, d := range c.Deviates {
		all = append(all, d.Why)
	}
	return all
}

// A space that lets a sign go to the next line, an English quotation mark, a typewriter's apostrophe.
var typewriter = regexp.MustCompile(`[ ][:;!?»%]|«[ ]|["']`)

func TestFrenchTextsAreSetAsInPrint(t *testing.T) {
	for _, p := range policies.Embedded() {
		for i := range p.Clauses {
			c := &p.Clauses[i]
			for _, text := range texts(c) {
				if m := typewriter.FindString(text.FR); m != "" {
					t.Errorf("%s %s: %q in %q", p.ID, c.ID, m, text.FR)
				}
				if strings.ContainsAny(text.EN, `'"`) {
					t.Errorf("%s %s: typewriter quotes in %q", p.ID, c.ID, text.EN)
				}
			}
			if strings.HasSuffix(c.Title.FR, ".") || !strings.HasSuffix(c.Text.FR, ".") || !strings.HasSuffix(c.Text.EN, ".") {
				t.Errorf("%s %s: a title ends without a full stop, a text with one", p.ID, c.ID)
			}
		}
	}
}

// TestTheRecommendationRestsOnReferences: each advice has its numbers.
func TestTheRecommendationRestsOnReferences(t *testing.T) {
	numbered := regexp.MustCompile(`^(ASVS [678]\.\d+\.\d+|CNIL \d{4}-\d+|ANSSI R\d+|NIST SP 800-63B|GDPR \d+)$`)
	csv, err := os.ReadFile("../docs/data/asvs-5.0.0-v6-v7-v8.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies.Embedded() {
		for _, c := range p.Clauses {
			if p.Baseline && len(c.References) == 0 {
				t.Errorf("%s: an advice without a reference", c.ID)
			}
			refs := slices.Clone(c.References)
			for _, d := range c.Deviates {
				refs = append(refs, d.Reference)
			}
			for _, r := range refs {
				if !numbered.MatchString(r) {
					t.Errorf("%s: %q is no reference by number", c.ID, r)
				}
				if n, ok := strings.CutPrefix(r, "ASVS "); ok && !strings.Contains(string(csv), ",V"+n+",") {
					t.Errorf("%s: ASVS 5.0 has no requirement %s", c.ID, n)
				}
			}
		}
	}
}

func TestFindGivesAPackByItsName(t *testing.T) {
	if p, ok := policies.Find("kiosk"); !ok || p.Issuer != "Qualigraf" {
		t.Errorf("Find = %v %v", p, ok)
	}
	if _, ok := policies.Find("nobody"); ok {
		t.Error("a pack that nobody wrote was found")
	}
	if b := policies.Baseline(); b == nil || !b.Baseline {
		t.Error("no recommendation")
	}
}
