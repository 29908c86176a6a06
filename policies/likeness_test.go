package policies

import (
	"fmt"
	"slices"
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

// TestALikenessShowsNoSettingThatIsNoMore: what a published text shows may have been removed from the program since.
func TestALikenessShowsNoSettingThatIsNoMore(t *testing.T) {
	src, err := Starter("annexe")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse("annexe.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	if len(Placeholders(p.Clauses[0].Text.FR)) != 1 {
		t.Fatal("its first clause shows no setting")
	}
	src, err = Like(p, Catalogue{}, "invented", func() string { return "Mention" })
	if err != nil {
		t.Fatal(err)
	}
	like, err := Parse("invented.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	if problems := Check(like, Catalogue{}); problems.Fatal() || len(Placeholders(like.Clauses[0].Text.FR)) > 0 {
		t.Errorf("%v in\n%s", problems, src)
	}
}

// TestAPackNamesWhatItsLikenessLeavesOut: addresses and sets of names, and no number, country or default.
func TestAPackNamesWhatItsLikenessLeavesOut(t *testing.T) {
	read := func(raw string) (string, core.Text) { return raw, core.Text{} }
	c := Catalogue{Settings: []Setting{
		{Key: "contact", Sort: Contact, Read: read},
		{Key: "usual", Sort: Contact, Default: "cnil@example.org", Read: read},
		{Key: "roles", Sort: Words, Read: read},
		{Key: "countries", Sort: Words, Read: read},
		{Key: "idle", Sort: Number, Read: read},
	}}
	p := &Pack{Clauses: []Clause{{Settings: []Demand{
		{Key: "contact", Exact: "dpo@moulin.example"},
		{Key: "usual", Exact: "cnil@example.org"},
		{Key: "roles", Floor: "admin,fauconnier"},
		{Key: "countries", Floor: "fr,de"},
		{Key: "idle", Floor: "45"},
		{Key: "gone", Floor: "fauconnier"},
	}}}}
	addresses, words := p.Names(c)
	if !slices.Equal(addresses, []string{"dpo@moulin.example"}) || !slices.Equal(words, []string{"admin", "fauconnier"}) {
		t.Errorf("%v, %v", addresses, words)
	}
	if kept := likeDemands(&p.Clauses[0], c); len(kept) != 2 || kept["idle"]["floor"] != "45" || kept["countries"]["floor"] != "fr,de" {
		t.Errorf("kept %v", kept)
	}
}
