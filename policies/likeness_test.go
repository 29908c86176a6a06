package policies

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
)

// TestALikenessOfAPackSaysNothingOfIt: each pack that ships, taken for a hand-written one, gives a pack of the same shape that reads and
// checks, in which no text, name or reference of it stands.
func TestALikenessOfAPackSaysNothingOfIt(t *testing.T) {
	var c Catalogue
	for _, p := range Embedded() {
		for _, clause := range p.Clauses {
			c.Probes, c.Attestations = append(c.Probes, clause.Probes...), append(c.Attestations, clause.Attestations...)
			for _, d := range clause.Settings {
				sort := Number
				if strings.HasPrefix(d.Key, "contact.") {
					sort = Contact
				}
				c.Settings = append(c.Settings, Setting{Key: d.Key, Sort: sort, Default: "1", Read: func(raw string) (string, core.Text) { return raw, core.Text{} }, Looser: func(v, floor string) bool { return false }})
			}
		}
	}
	for _, p := range Embedded() {
		n := 0
		src, err := Like(p, c, "invented", func() string { n++; return fmt.Sprintf("Mention %d", n) })
		if err != nil {
			t.Fatal(err)
		}
		like, err := Parse("invented.yaml", src)
		if err != nil {
			t.Fatalf("%s: %v\n%s", p.ID, err, src)
		}
		if len(like.Clauses) != len(p.Clauses) {
			t.Errorf("%s: %d clauses for %d", p.ID, len(like.Clauses), len(p.Clauses))
		}
		for i := range p.Clauses {
			was, now := &p.Clauses[i], &like.Clauses[i]
			if len(now.Kinds) != len(was.Kinds) || len(now.Probes) != len(was.Probes) || len(now.Attestations) != len(was.Attestations) || now.Lifetime != was.Lifetime || len(now.Missing) != len(was.Missing) {
				t.Errorf("%s %s is like %+v", p.ID, was.ID, now)
			}
			if now.ID != LikeClause(i) {
				t.Errorf("clause %d is %s", i, now.ID)
			}
		}
		for _, text := range p.Texts() {
			if text != "" && strings.Contains(string(src), text) {
				t.Errorf("%s: %q stands in its likeness", p.ID, text)
			}
		}
	}
	if len(Embedded()[0].Texts()) < 20 {
		t.Error("a pack says nothing")
	}
}
