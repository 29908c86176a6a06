package boot

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services"
	"github.com/rempart/rempart/verify"
)

// TestASandboxHasTheShapeAndNobody makes a sandbox of a town with people in it: as many organizations, members and entries, no value
// of the town, and a certificate that can be checked without it.
func TestASandboxHasTheShapeAndNobody(t *testing.T) {
	w := newTown(t, "")
	w.furnish()
	w.must("settle", w.journal.Settle(w.system()))
	dir := t.TempDir()
	s, err := w.MakeSandbox(t.Context(), dir)
	w.must("sandbox", err)
	if s.Orgs != 2 || s.Members < 16 || s.People < 16 || s.Pictures != 1 || s.Entries < 20 || s.Found != 0 || s.Source < 100 || s.Looked < 100 {
		t.Errorf("made %+v", s.Sandbox)
	}
	got, err := verify.CheckSandbox(strings.NewReader(s.Certificate), w.JournalKey())
	if err != nil || got.Members != s.Members || got.Key != s.Key {
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
	plantReal(t, w, other)
	w.must("close", other.Close())
	if found, err = w.CheckSandbox(t.Context(), dir); err != nil || len(found) == 0 {
		t.Errorf("somebody real was planted in it, and the comparison sees %v (%v)", found, err)
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

// plantReal puts a person with a family name of the town into a sandbox.
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
}
