package boot

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/core/internal/vault/sheet"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services"
)

var recoveryShown = regexp.MustCompile(`([A-Z2-7]{4}-){7}[A-Z2-7]{4}`)

// TestAnOrganizationKeepsFieldsThatTheProviderCannotRead through its page: the key is shown once, opens in one session, and none
// of it is the provider's to see.
func TestAnOrganizationKeepsFieldsThatTheProviderCannotRead(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		page := "/o/" + string(w.a) + "/settings/blindness"
		const phrase = "cinq mots sans aucun lien"
		if r := w.submit("a.member", page, url.Values{"phrase": {phrase}, "again": {phrase}}); r.Code != http.StatusForbidden {
			t.Errorf("a member makes the key: %d", r.Code)
		}
		if r := w.submit("a.admin", page, url.Values{"phrase": {"short"}, "again": {"short"}}); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("a short phrase: %d", r.Code)
		}
		r := w.submit("a.admin", page, url.Values{"phrase": {phrase}, "again": {phrase}})
		recovery := recoveryShown.FindString(r.Body.String())
		if r.Code != http.StatusOK || recovery == "" {
			t.Fatalf("making the key: %d", r.Code)
		}
		if shown := w.see("a.admin", page); strings.Contains(shown, recovery) {
			t.Error("the recovery key is shown twice")
		}
		const where = "rights_request.words/1"
		var sealed []byte
		w.must("seal", w.db.Read(t.Context(), func(tx core.Tx) (err error) {
			sealed, err = w.blind.SealTo(w.system(), tx, w.a, where, []byte("only for us"))
			return err
		}))
		open := func(who, unlock string) error {
			return w.db.Read(t.Context(), func(tx core.Tx) error {
				_, err := w.blind.OpenFor(w.as(who), tx, w.a, unlock, where, sealed)
				return err
			})
		}
		if err := open("provider.admin", ""); core.CodeOf(err) != "blind.locked" {
			t.Errorf("the provider reads: %v", err)
		}
		r = w.submit("a.admin", page+"/unlock", url.Values{"secret": {phrase}})
		var unlock string
		for _, c := range r.Result().Cookies() {
			if c.Name == edge.UnlockCookie {
				unlock = c.Value
				if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge != 0 {
					t.Errorf("the cookie is %s", c)
				}
			}
		}
		if r.Code != http.StatusSeeOther || unlock == "" {
			t.Fatalf("unlocking: %d", r.Code)
		}
		if r := w.submit("a.admin", page+"/unlock", url.Values{"secret": {"a wrong phrase, of course"}}); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("a wrong phrase: %d", r.Code)
		}
		if n := w.entries(w.a, "organization_key.unlock", w.a); n != 1 { // a failure is another entry, tried beside the room
			t.Errorf("%d entries of unlocking", n)
		}
		if err := open("provider.admin", unlock); core.CodeOf(err) != "blind.locked" {
			t.Errorf("the provider reads with a stolen cookie: %v", err)
		}
	})
}

// TestKeysTurnAndAreRestored: the work of each day is journaled; a machine that lost everything gets its keys back from the parts
// of the sheet and a copy, and reads its data.
func TestKeysTurnAndAreRestored(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.must("sweep", w.Sweep(t.Context(), "vault.rotate"))
		was, err := w.KeyState(t.Context())
		w.must("state", err)
		if was.Sheet {
			t.Error("a sheet is said to be made")
		}
		if page := w.see("provider.admin", "/provider"); !strings.Contains(page, "rempart keys sheet") {
			t.Error("the console does not say that no sheet was made")
		}
		made, err := w.MakeSheet(t.Context(), 2, 3, i18n.FR)
		w.must("sheet", err)
		if page := w.see("provider.admin", "/provider"); strings.Contains(page, "rempart keys sheet") {
			t.Error("the console still says that no sheet was made")
		}
		now, err := w.RotateKeys(t.Context())
		w.must("rotate", err)
		if now.Epoch != was.Epoch+1 || now.Ending || !now.Sheet || now.SheetForm != "2 of 3" {
			t.Errorf("%+v after %+v", now, was)
		}
		if n := w.entries(core.Platform, "key.rotate", ""); n != 1 {
			t.Errorf("%d entries of a rotation", n)
		}
		if n := w.entries(core.Platform, "key.sheet", ""); n != 1 {
			t.Errorf("%d entries of a sheet", n)
		}
		parts := made.Parts[0].Text() + "\n" + strings.Join(made.Parts[2].Words(), " ")
		w.must("check", w.CheckSheet(parts))
		if err := w.CheckSheet(made.Parts[0].Text()); !errors.Is(err, sheet.ErrFew) {
			t.Errorf("one part alone: %v", err)
		}
		who := w.people["a.member"]
		sealed, err := w.vault.Seal(t.Context(), who, "t.f/1", []byte("kept"))
		w.must("seal", err)
		packed := w.keyCopy()

		lost := t.TempDir()
		cfg := Config{Services: services.All, Data: lost, Origin: "http://localhost:8080"}
		if _, err := RestoreKeys(t.Context(), cfg, made.Parts[1].Text(), packed); !errors.Is(err, sheet.ErrFew) {
			t.Errorf("one part restored: %v", err)
		}
		if _, err := os.Stat(filepath.Join(lost, "root.key")); err == nil {
			t.Error("a restore that failed left a root key")
		}
		keys, err := RestoreKeys(t.Context(), cfg, parts, packed)
		if err != nil || keys == 0 {
			t.Fatalf("%d keys, %v", keys, err)
		}
		back, err := New(t.Context(), cfg)
		w.must("open", err)
		defer back.Close()
		if got, err := back.vault.Open(t.Context(), who, "t.f/1", sealed); err != nil || string(got) != "kept" {
			t.Errorf("after the restore %q, %v", got, err)
		}
		w.must("sweep", back.Sweep(t.Context(), "vault.rotate"))
		if _, err := RestoreKeys(t.Context(), cfg, parts, packed); !errors.Is(err, vault.ErrNotEmpty) {
			t.Errorf("a second restore mixed keys: %v", err)
		}
	})
}

// keyCopy makes a copy of the key store as it goes to its places.
func (w *town) keyCopy() []byte {
	w.t.Helper()
	place := w.t.TempDir()
	root, err := vault.LoadRoot(w.rootFile())
	w.must("root", err)
	v, err := vault.New(vault.Needs{DB: w.keys, Root: root, Copies: []string{place}})
	w.must("vault", err)
	defer v.Close()
	w.must("copy", v.Copy(w.t.Context()))
	packed, err := os.ReadFile(filepath.Join(place, vault.CopyName))
	w.must("read", err)
	return packed
}
