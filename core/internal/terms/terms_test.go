package terms

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

var schemas = []db.Schema{Schema}

type named struct{}

func (named) People(_ context.Context, _ core.Tx, list ...core.ID) (map[core.ID]core.Person, error) {
	got := map[core.ID]core.Person{}
	for _, id := range list {
		got[id] = core.Person{ID: id, FamilyName: "Name of " + string(id)}
	}
	return got, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func draft(text string) Draft {
	return Draft{Title: core.Text{FR: "Conditions", EN: "Terms"}, Text: core.Text{FR: text, EN: text + " (en)"}, Summary: core.Text{FR: "plus clair", EN: "clearer"}, Required: true}
}

func due(t *testing.T, m *Module, d *db.DB, person core.ID, orgs ...core.ID) (list []core.Terms) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx core.Tx) (err error) {
		list, err = m.Due(t.Context(), tx, person, orgs...)
		return err
	}))
	return list
}

func accept(t *testing.T, m *Module, d *db.DB, person core.ID, list ...core.Terms) error {
	t.Helper()
	return d.Write(t.Context(), func(tx core.Tx) error { return m.Accept(t.Context(), tx, person, list...) })
}

func TestStatements(t *testing.T) { dbtest.Statements(t, schemas, "terms_") }

func TestAcceptanceIsKeptPerVersionAndAskedAgain(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		now := &clock.Fake{}
		m := New(Needs{Gate: coretest.Gate(d), Clock: now, People: named{}})
		ctx, org := t.Context(), ids.New()
		id, err := m.Publish(ctx, core.Platform, "", draft("# Un\n\nPremière version."))
		must(t, err)
		_, err = m.Publish(ctx, org, "", draft("Charte de l'organisation"))
		must(t, err)

		if got := due(t, m, d, "p1"); len(got) != 1 || got[0].Version != 1 || got[0].Before != 0 || got[0].Address != "/terms/"+string(id) {
			t.Fatalf("due %+v", got)
		}
		both := due(t, m, d, "p1", org, core.Platform, org)
		if len(both) != 2 {
			t.Fatalf("due in the organization: %+v", both)
		}
		must(t, accept(t, m, d, "p1", both...))
		must(t, accept(t, m, d, "p1", both...)) // twice says nothing more
		if got := due(t, m, d, "p1", org); len(got) != 0 {
			t.Fatalf("asked again of whoever accepted: %+v", got)
		}

		now.Advance(time.Hour)
		typo := draft("# Un\n\nPremière version corrigée.")
		typo.Version = 1
		_, err = m.Publish(ctx, core.Platform, id, typo)
		must(t, err)
		if got := due(t, m, d, "p1", org); len(got) != 0 {
			t.Fatalf("a correction that asks nothing asked: %+v", got)
		}
		if got := due(t, m, d, "p2"); len(got) != 1 || got[0].Version != 2 {
			t.Fatalf("a newcomer accepts the version in force: %+v", got)
		}
		change := draft("# Deux\n\nDeuxième version.")
		change.Version, change.Again = 2, true
		_, err = m.Publish(ctx, core.Platform, id, change)
		must(t, err)
		got := due(t, m, d, "p1", org)
		if len(got) != 1 || got[0].Version != 3 || got[0].Before != 1 {
			t.Fatalf("a change that asks again: %+v", got)
		}
		stale := got[0]
		stale.Version = 2
		if err := accept(t, m, d, "p1", stale); core.CodeOf(err) != "terms.stale" {
			t.Fatalf("a version that is no longer in force was accepted: %v", err)
		}
		foreign := got[0]
		foreign.Org = org
		if err := accept(t, m, d, "p1", foreign); core.KindOf(err) != core.NotFound {
			t.Fatalf("accepted under another organization: %v", err)
		}
		must(t, accept(t, m, d, "p1", got...))
		who, err := m.Accepted(ctx, core.Platform, id, time.Time{}, "", 50)
		must(t, err)
		if len(who) != 2 || who[0].Version != 3 || who[0].Name != "Name of p1" {
			t.Fatalf("who accepted: %+v", who)
		}
	})
}

func TestAPublishedVersionStaysAndShowsWhatChanged(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		m := New(Needs{Gate: coretest.Gate(d), Clock: &clock.Fake{}, People: named{}})
		ctx := core.WithActor(t.Context(), core.Actor{Kind: core.HumanActor, ID: "dpo"})
		id, err := m.Publish(ctx, core.Platform, "", draft("Les journaux sont gardés six mois."))
		must(t, err)
		second := draft("Les journaux sont gardés douze mois.")
		second.Version = 1
		_, err = m.Publish(ctx, core.Platform, id, second)
		must(t, err)
		if _, err := m.Publish(ctx, core.Platform, id, second); core.KindOf(err) != core.Conflict && core.KindOf(err) != core.Precondition {
			t.Fatalf("published twice: %v", err)
		}
		second.Version = 2
		if _, err := m.Publish(ctx, core.Platform, id, second); core.CodeOf(err) != "terms.same" {
			t.Fatalf("the same text made a version: %v", err)
		}
		r, err := m.Read(t.Context(), id, 0)
		must(t, err)
		if r.Shown.Number != 2 || r.Before == nil || len(r.Versions) != 2 || r.Shown.PublishedBy != "dpo" || r.Shown.Hash == r.Before.Hash {
			t.Fatalf("reading %+v", r)
		}
		rows := Compare(r.Before.Text.FR, r.Shown.Text.FR)
		if len(rows) != 1 || rows[0].Sign != 2 || rows[0].Pieces[1] != (Piece{-1, "six"}) || rows[0].Pieces[2] != (Piece{1, "douze"}) {
			t.Fatalf("difference %+v", rows)
		}
		old, err := m.Read(t.Context(), id, 1)
		must(t, err)
		if old.Shown.Text.FR != "Les journaux sont gardés six mois." {
			t.Fatalf("the first version reads %q", old.Shown.Text.FR)
		}
		must(t, m.Withdraw(ctx, core.Platform, id, 2))
		if _, err := m.Read(t.Context(), id, 0); core.KindOf(err) != core.NotFound {
			t.Fatalf("a withdrawn document is read by anyone: %v", err)
		}
		if got := due(t, m, d, "p1"); len(got) != 0 {
			t.Fatalf("a withdrawn document is asked: %+v", got)
		}
		if list, err := m.Public(t.Context()); err != nil || len(list) != 0 {
			t.Fatalf("public list %+v, %v", list, err)
		}
		if list, err := m.Manage(ctx, core.Platform); err != nil || len(list) != 1 {
			t.Fatalf("managed %+v, %v", list, err)
		}
		if _, err := m.ManageOne(ctx, ids.New(), id, 0); core.KindOf(err) != core.NotFound {
			t.Fatalf("another organization manages it: %v", err)
		}
	})
}

func TestADraftIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Draft){
		"title": func(d *Draft) { d.Title.EN = "" }, "text": func(d *Draft) { d.Text.EN = " " },
		"hidden direction mark": func(d *Draft) { d.Text.FR = "a\u202eb" }, "no summary": func(d *Draft) { d.Version, d.Summary.FR = 1, "" },
		"too long": func(d *Draft) { d.Text.FR = strings.Repeat("x", mostText+1) },
	} {
		d := draft("text")
		change(&d)
		if _, err := d.check(); core.CodeOf(err) != "terms.invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMarkingIsReadAndNothingElse(t *testing.T) {
	blocks := Parse("# Titre\n\nUn **mot** *penché* et [un lien](https://a.example/x).\nsuite\n\n- un\n- deux\n  suite\n\n1. premier\n\n<script>alert(1)</script> [x](javascript:alert(1)) [y](//evil) *seul")
	kinds := ""
	for _, b := range blocks {
		kinds += b.Kind + " "
	}
	if kinds != "h2 p li li oli p " {
		t.Fatalf("blocks %s", kinds)
	}
	p := blocks[1].Spans
	if !p[1].Bold || p[1].Text != "mot" || !p[3].Em || p[5].Link != "https://a.example/x" || !strings.HasSuffix(p[len(p)-1].Text, "suite") {
		t.Fatalf("spans %+v", p)
	}
	last := blocks[5].Spans
	if len(last) != 1 || last[0].Link != "" || !strings.Contains(last[0].Text, "<script>") || !strings.Contains(last[0].Text, "javascript:") {
		t.Fatalf("what must stay text: %+v", last)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# a\n**b** [c](https://d)\n- e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, b := range Parse(s) {
			for _, span := range b.Spans {
				if l := span.Link; l != "" && !strings.HasPrefix(l, "https://") && !strings.HasPrefix(l, "mailto:") && (!strings.HasPrefix(l, "/") || strings.HasPrefix(l, "//")) {
					t.Fatalf("a link to %q", l)
				}
			}
		}
	})
}

func FuzzCompare(f *testing.F) {
	f.Add("a\nb c d\ne", "a\nb x d\nf")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 2000 || len(b) > 2000 {
			return
		}
		var before, after []string
		for _, r := range Compare(a, b) {
			var x, y []string
			for _, p := range r.Pieces {
				if p.Sign <= 0 {
					x = append(x, p.Text)
				}
				if p.Sign >= 0 {
					y = append(y, p.Text)
				}
			}
			if r.Sign != 1 {
				before = append(before, strings.Join(x, " "))
			}
			if r.Sign != -1 {
				after = append(after, strings.Join(y, " "))
			}
		}
		plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		if plain(strings.Join(before, "\n")) != plain(a) || plain(strings.Join(after, "\n")) != plain(b) {
			t.Fatalf("a comparison lost words: %q against %q gives %q and %q", a, b, before, after)
		}
	})
}
