package boot

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/core/internal/terms"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services"
	"github.com/rempart/rempart/verify"
)

// TestASandboxHasTheShapeAndNobody makes a sandbox of a town with people in it: as many organizations, members and entries, no value
// of the town, and a certificate that can be checked without it.
func TestASandboxHasTheShapeAndNobody(t *testing.T) {
	w := newTown(t, "")
	w.furnish()
	w.acceptsTerms()
	w.must("settle", w.journal.Settle(w.system()))
	dir := t.TempDir()
	s, err := w.MakeSandbox(t.Context(), dir, 1<<20)
	w.must("sandbox", err)
	if s.Orgs != 2 || s.Members < 16 || s.People < 16 || s.Pictures != 1 || s.Entries < 20 || s.Found != 0 || s.Source < 100 || s.Looked < 100 {
		t.Errorf("made %+v", s.Sandbox)
	}
	got, err := verify.CheckSandbox(strings.NewReader(s.Certificate), w.JournalKey())
	if err != nil || got.Members != s.Members || got.Key != s.Key || got.Files != s.Files || got.Files == 0 || got.Bytes != s.Bytes || got.Of != s.Of || got.Served != s.Served || got.Served == 0 {
		t.Errorf("the certificate: %v %+v", err, got)
	}
	if _, err := verify.CheckSandbox(strings.NewReader(strings.Replace(s.Certificate, "found 0", "found 1", 1)), w.JournalKey()); err == nil {
		t.Error("a certificate that was changed verifies")
	}
	found, err := w.CheckSandbox(t.Context(), dir)
	if err != nil || len(found) > 0 {
		t.Errorf("compared again: %v %v", found, err)
	}
	other, err := New(t.Context(), Config{Services: services.All, Data: dir, Origin: "http://localhost:8080"})
	w.must("start it", err)
	reports, err := other.VerifyJournal(w.system())
	w.must("its journal", err)
	for _, r := range reports {
		if !r.OK() {
			t.Errorf("the sandbox's journal: %s", r.String())
		}
	}
	w.sameRooms(t, other)
	plantReal(t, w, other)
	w.must("close", other.Close())
	if found, err = w.CheckSandbox(t.Context(), dir); err != nil || len(found) == 0 {
		t.Errorf("somebody real was planted in it, and the comparison sees %v (%v)", found, err)
	}
	for _, place := range []string{"register_version.data", "rights_request.email"} { // what no text of a table shows
		if !slices.Contains(found, place) {
			t.Errorf("the comparison sees %v, not %s", found, place)
		}
	}
	for _, place := range found {
		if strings.Contains(place, "canary") || strings.Contains(place, "@") {
			t.Errorf("the comparison shows the value: %s", place)
		}
	}
	if _, err := w.CheckSandbox(t.Context(), filepath.Join(dir, "nothing")); err == nil {
		t.Error("a folder that is not there compares well")
	}
}

var qHowMany = map[string]string{
	"requests":   db.SQL(`SELECT count(*) FROM rights_request WHERE trial = 0`),
	"steps":      db.SQL(`SELECT count(*) FROM rights_step`),
	"letters":    db.SQL(`SELECT count(*) FROM rights_letter`),
	"questions":  db.SQL(`SELECT count(*) FROM consent_text`),
	"answers":    db.SQL(`SELECT count(*) FROM consent_record`),
	"shares":     db.SQL(`SELECT count(*) FROM consent_share WHERE ended_at = 0`),
	"hands":      db.SQL(`SELECT count(*) FROM register_version`),
	"documents":  db.SQL(`SELECT count(*) FROM terms_version`),
	"identity":   db.SQL(`SELECT count(*) FROM rights_document WHERE destroyed_at = 0`),
	"acceptance": db.SQL(`SELECT count(*) FROM terms_acceptance`),
}

// acceptsTerms has two members accept a document, one of them its second version too.
func (w *town) acceptsTerms() {
	w.t.Helper()
	text := core.Text{FR: "Texte de canary-terms", EN: "Text of canary-terms"}
	draft := terms.Draft{Title: core.Text{FR: "Canary-règles", EN: "Canary-rules"}, Text: text, Required: true}
	id, err := w.terms.Publish(w.system(), w.a, "", draft)
	w.must("terms", err)
	accept := func(version int64, who ...string) {
		w.do("accept", func(ctx context.Context, tx core.Tx) error {
			for _, one := range who {
				if err := w.terms.Accept(ctx, tx, w.people[one], core.Terms{Org: w.a, Document: id, Version: version}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	accept(1, "a.member", "a.admin")
	draft.Text.FR, draft.Summary, draft.Version = "Texte de canary-terms, mieux dit", text, 1
	_, err = w.terms.Publish(w.system(), w.a, id, draft)
	w.must("terms again", err)
	accept(2, "a.member")
}

// sameRooms counts what both installations keep in the rooms of personal data.
func (w *town) sameRooms(t *testing.T, other *House) {
	t.Helper()
	for what, q := range qHowMany {
		var n [2]int
		for i, h := range []*House{w.House, other} {
			w.must(what, h.db.Read(t.Context(), func(tx core.Tx) (err error) {
				n[i], _, err = db.One(t.Context(), tx, q, db.Value[int])
				return err
			}))
		}
		if n[0] == 0 || n[0] != n[1] {
			t.Errorf("%s: %d in the source, %d in the sandbox", what, n[0], n[1])
		}
	}
}

// plantReal puts a person with a family name of the town into a sandbox, a line of its register, and an address of a requester.
func plantReal(t *testing.T, w *town, other *House) {
	t.Helper()
	id := ids.New()
	w.must("key", other.vault.MakeKeys(w.system(), id))
	w.must("plant", other.db.Write(w.system(), func(tx core.Tx) error {
		_, err := other.identity.AddPerson(context.WithoutCancel(w.system()), tx, core.NewPerson{
			ID: id, GivenName: "Nobody", FamilyName: "Canary-a.member", Email: "nobody@example.invalid", Language: "en",
		})
		return err
	}))
	var typed, places []string
	w.must("read", w.db.Read(w.system(), func(tx core.Tx) error {
		_, err := w.likenesses(w.system(), tx, w.a, func(table, column, value string) {
			switch table + "." + column {
			case "register_version.data":
				typed = append(typed, value)
			case "rights_request.email":
				places = append(places, value)
			}
		})
		return err
	}))
	_, err := other.register.Save(w.system(), core.Platform, register.Draft{Kind: register.Added, Values: map[string]string{
		"title": "x", "about": "x", "part": string(core.Controller), "purposes": "x", "basis": string(core.Contract), "persons": "x", "data": typed[0], "retention": "x",
	}})
	w.must("plant a line", err)
	_, err = other.rights.Record(w.system(), core.Platform, rights.Draft{Kind: rights.Access, Details: rights.Details{Name: "Nobody Else", Email: places[0]}}, time.Time{})
	w.must("plant a request", err)
}

// TestASandboxOfAPlatformThatWasJustFounded: what the program itself calls things, such as the function of who founds a platform, is
// nobody's value.
func TestASandboxOfAPlatformThatWasJustFounded(t *testing.T) {
	h, err := New(t.Context(), Config{Services: services.All, Data: t.TempDir(), Origin: "http://localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := core.WithActor(t.Context(), core.System("test"))
	err = h.CreateAdmin(ctx, Founder{Organization: "Valombre", Email: "jeanne@valombre.example", GivenName: "Jeanne", FamilyName: "Moulin", Language: "fr", Password: "Une-Phrase-assez-longue-7!"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if s, err := h.MakeSandbox(ctx, dir, 1<<20); err != nil || s.People != 1 {
		t.Errorf("%v %+v", err, s)
	}
	if found, err := h.CheckSandbox(ctx, dir); err != nil || len(found) > 0 {
		t.Errorf("compared again: %v %v", found, err)
	}
}
