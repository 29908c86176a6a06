package vault_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/seal"
)

const phrase = "cinq mots sans aucun lien"

// session is a person of an organization in a session.
func session(t *testing.T, name string) context.Context {
	return core.WithActor(t.Context(), core.Actor{Kind: core.HumanActor, ID: core.ID("person-" + name), Session: core.ID("session-" + name)})
}

type blindHouse struct {
	*vault.Blind
	v    *vault.Vault
	gate *coretest.FakeGate
	now  *clock.Fake
	data *db.DB
}

func blindness(t *testing.T, d *db.DB) *blindHouse {
	t.Helper()
	h := &blindHouse{v: open(t, dbtest.Open(t, dbtest.SQLite, each), root), gate: coretest.Gate(d), now: &clock.Fake{}, data: d}
	h.Blind = vault.NewBlind(vault.BlindNeeds{
		Gate: h.gate, Reader: d, Vault: h.v, Clock: h.now,
		Hasher: password.NewHasher(password.Params{Memory: 64, Passes: 1, Lanes: 1}, password.Limits{}),
	})
	return h
}

// sealTo and openFor go through a transaction each.
func (h *blindHouse) sealTo(ctx context.Context, org core.ID, where string, plain []byte) (sealed []byte, err error) {
	err = h.data.Read(ctx, func(tx core.Tx) (err error) { sealed, err = h.SealTo(ctx, tx, org, where, plain); return err })
	return sealed, err
}

func (h *blindHouse) openFor(ctx context.Context, org core.ID, unlock, where string, sealed []byte) (plain []byte, err error) {
	err = h.data.Read(ctx, func(tx core.Tx) (err error) {
		plain, err = h.OpenFor(ctx, tx, org, unlock, where, sealed)
		return err
	})
	return plain, err
}

var blindSchemas = []db.Schema{vault.BlindSchema(), abuse.Schema}

func TestTheProviderWritesAndDoesNotRead(t *testing.T) {
	dbtest.Each(t, blindSchemas, func(t *testing.T, d *db.DB) {
		h := blindness(t, d)
		admin, other := session(t, "admin"), session(t, "other")
		const where = "rights_request.words/1"
		before, err := h.sealTo(admin, "org", where, []byte("written before the key"))
		if err != nil {
			t.Fatal(err)
		}
		if _, blind := seal.Blind(before); blind {
			t.Error("an organization without key has a public one")
		}
		recovery, err := h.Make(admin, "org", phrase, phrase)
		if err != nil {
			t.Fatal(err)
		}
		canary := []byte("canary-of-a-diagnosis")
		sealed, err := h.sealTo(core.WithActor(t.Context(), core.System("x")), "org", where, canary)
		if err != nil {
			t.Fatal(err)
		}
		if short, _ := h.sealTo(admin, "org", where, []byte("x")); len(short) != len(sealed) {
			t.Errorf("a short text has %d bytes and a longer one %d: its length tells", len(short), len(sealed))
		}
		closed := func(ctx context.Context, what, unlock string) {
			t.Helper()
			if got, err := h.openFor(ctx, "org", unlock, where, sealed); core.CodeOf(err) != "blind.locked" {
				t.Errorf("%s: %q, %v", what, got, err)
			}
		}
		closed(admin, "before unlocking", "")
		if _, err := h.Unlock(admin, "org", "another phrase altogether"); core.CodeOf(err) != "blind.wrong" {
			t.Errorf("a wrong phrase: %v", err)
		}
		if act, ok := h.gate.Last("organization_key.unlock"); !ok || act.Outcome != core.Failure || act.Reason != "blind.wrong" {
			t.Errorf("the wrong phrase is not journaled: %+v", act)
		}
		for _, secret := range []string{phrase, recovery, strings.ToLower(strings.ReplaceAll(recovery, "-", " "))} {
			unlock, err := h.Unlock(admin, "org", secret)
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.openFor(admin, "org", unlock, where, sealed)
			if err != nil || !bytes.Equal(got, canary) {
				t.Fatalf("%q, %v", got, err)
			}
			closed(other, "the cookie in another session", unlock)
			if _, err := h.openFor(admin, "else", unlock, where, sealed); err == nil {
				t.Error("it opened as another organization's")
			}
			if _, err := h.openFor(admin, "org", unlock, "rights_request.words/2", sealed); err == nil {
				t.Error("moved to another row it opened")
			}
			rawBlind(t, h, unlock, canary, recovery)
			if err := h.Lock(admin, "org"); err != nil {
				t.Fatal(err)
			}
			closed(admin, "locked again", unlock)
		}
		unlock, err := h.Unlock(admin, "org", phrase)
		if err != nil {
			t.Fatal(err)
		}
		h.now.Advance(9 * time.Hour)
		closed(admin, "the next morning", unlock)
		if err := h.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := h.openFor(other, "org", "", where, before); err != nil || string(got) != "written before the key" {
			t.Errorf("what was written before the key: %q, %v", got, err)
		}
	})
}

// rawBlind looks for what must not be kept in the raw files of the database, the write-ahead log included.
func rawBlind(t *testing.T, h *blindHouse, unlock string, canary []byte, recovery string) {
	t.Helper()
	if h.data.Engine() != db.SQLite {
		return
	}
	files, err := filepath.Glob(dbtest.URL(h.data) + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for what, needle := range map[string][]byte{"the value": canary, "the passphrase": []byte(phrase), "the recovery key": []byte(recovery), "the cookie": []byte(unlock)} {
			if bytes.Contains(body, needle) {
				t.Errorf("%s stands in clear in %s", what, filepath.Base(f))
			}
		}
	}
}

func TestThePassphraseChangesAndTheValuesStay(t *testing.T) {
	dbtest.Each(t, blindSchemas, func(t *testing.T, d *db.DB) {
		h := blindness(t, d)
		admin := session(t, "admin")
		if _, err := h.Make(admin, "org", "short", "short"); core.CodeOf(err) != "blind.phrase" {
			t.Errorf("a short phrase: %v", err)
		}
		if _, err := h.Make(admin, "org", phrase, phrase+"x"); core.CodeOf(err) != "blind.phrase_again" {
			t.Errorf("two phrases: %v", err)
		}
		recovery, err := h.Make(admin, "org", phrase, phrase)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Make(admin, "org", phrase, phrase); core.CodeOf(err) != "blind.made" {
			t.Errorf("a second key: %v", err)
		}
		sealed, err := h.sealTo(admin, "org", "t.f/1", []byte("kept"))
		if err != nil {
			t.Fatal(err)
		}
		const next = "six autres mots choisis ailleurs"
		if err := h.Rephrase(admin, "org", "a wrong phrase, of course", next, next); core.CodeOf(err) != "blind.wrong" {
			t.Errorf("a wrong phrase: %v", err)
		}
		if err := h.Rephrase(admin, "org", recovery, next, next); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Unlock(admin, "org", phrase); core.CodeOf(err) != "blind.wrong" {
			t.Errorf("the former phrase: %v", err)
		}
		unlock, err := h.Unlock(admin, "org", next)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.openFor(admin, "org", unlock, "t.f/1", sealed); err != nil || string(got) != "kept" {
			t.Errorf("%q, %v", got, err)
		}
		for range 20 {
			if _, err = h.Unlock(admin, "org", "a wrong phrase, of course"); core.KindOf(err) == core.TooMany {
				return
			}
		}
		t.Errorf("nobody slows down whoever guesses: %v", err)
	})
}
