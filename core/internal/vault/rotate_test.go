package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/seal"
)

// node opens a vault with a clock and places for copies.
func node(t testing.TB, d *db.DB, c core.Clock, places ...string) *vault.Vault {
	t.Helper()
	v, err := vault.New(vault.Needs{DB: d, Root: root, Clock: c, Copies: places})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	if err := v.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

var each = []db.Schema{vault.Schema()}

// rows is a copy of the data: what was sealed, by owner.
type rows map[core.ID][]byte

const where = "identity_person.phone/1"

func sealRows(t testing.TB, v *vault.Vault, owners ...core.ID) rows {
	t.Helper()
	all := rows{}
	for _, o := range owners {
		sealed, err := v.Seal(t.Context(), o, where, []byte("phone of "+o))
		if err != nil {
			t.Fatal(err)
		}
		all[o] = sealed
	}
	return all
}

// opens tells for whom a copy of the data opens.
func (r rows) opens(t testing.TB, v *vault.Vault) map[core.ID]bool {
	t.Helper()
	open := map[core.ID]bool{}
	for o, sealed := range r {
		got, err := v.Open(t.Context(), o, where, sealed)
		if err == nil && string(got) != "phone of "+string(o) {
			t.Errorf("%s opened as %q", o, got)
		}
		open[o] = err == nil
	}
	return open
}

// tick is what the platform does by itself every so often.
func tick(t testing.TB, v *vault.Vault) {
	t.Helper()
	if _, err := v.Rotate(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(v.Copy(t.Context()), v.Scrub(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// TestAnErasedPersonIsUnreadableInAnOlderBackup: a backup of the data taken before an erasure opens for everybody but the erased
// person, with the key store and with whatever copy of it stands in any place 48 hours later; and the key store's own files hold
// no key of an organization that an older file could need.
func TestAnErasedPersonIsUnreadableInAnOlderBackup(t *testing.T) {
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		now := &clock.Fake{}
		places := []string{t.TempDir(), t.TempDir()}
		v := node(t, d, now, places...)
		if err := errors.Join(v.MakeKeys(t.Context(), "ann", "bob"), v.MakeKeysIn(t.Context(), "org", "org", "share")); err != nil {
			t.Fatal(err)
		}
		backup := sealRows(t, v, "ann", "bob", "org", "share")
		tick(t, v)
		then, _, _, err := v.EpochsKept(t.Context())
		if err != nil || len(then) != 2 {
			t.Fatalf("%d keys of organizations, %v", len(then), err)
		}
		for o, open := range restored(t, places[0], backup) {
			if !open {
				t.Errorf("before the erasure the copy does not open %s", o)
			}
		}

		now.Advance(5 * time.Hour)
		if err := v.DestroyKey(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		for range 48 {
			now.Advance(time.Hour)
			tick(t, v)
		}

		want := func(what string, got map[core.ID]bool) {
			t.Helper()
			if got["ann"] || !got["bob"] || !got["org"] || !got["share"] {
				t.Errorf("48 hours later %s opens %v: want all but ann", what, got)
			}
		}
		want("the key store", backup.opens(t, v))
		want("the key store of another node", backup.opens(t, node(t, d, now)))
		for _, place := range places {
			files, err := os.ReadDir(place)
			if err != nil || len(files) != 1 {
				t.Errorf("%d files stand in a place of copies: want the latest alone (%v)", len(files), err)
			}
			want("a copy", restored(t, place, backup))
		}
		kept, _, _, err := v.EpochsKept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, old := range then {
			for _, k := range kept {
				if bytes.Equal(old, k) {
					t.Error("a key of two days ago is still there")
				}
			}
			inFiles(t, d, old)
		}
	})
}

// restored fills an empty key store from the copy of a place and tells for whom a copy of the data opens with it.
func restored(t *testing.T, place string, backup rows) map[core.ID]bool {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join(place, vault.CopyName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Restore(t.Context(), dbtest.Open(t, dbtest.SQLite, each), other, packed); !errors.Is(err, vault.ErrCopy) {
		t.Errorf("another root key restored a copy: %v", err)
	}
	d := dbtest.Open(t, dbtest.SQLite, each)
	if _, err := vault.Restore(t.Context(), d, root, packed); err != nil {
		t.Fatal(err)
	}
	return backup.opens(t, open(t, d, root))
}

// inFiles looks for a destroyed key in the raw files of a SQLite key store, the write-ahead log included.
func inFiles(t *testing.T, d *db.DB, needle []byte) {
	t.Helper()
	if d.Engine() != db.SQLite {
		return
	}
	files, err := filepath.Glob(dbtest.URL(d) + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of the key store: %v", err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(body, needle) {
			t.Errorf("%s still holds a destroyed key of an organization", filepath.Base(f))
		}
	}
}

var errKilled = errors.New("killed")

func TestARotationInterruptedAnywhereGoesOn(t *testing.T) {
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		now := &clock.Fake{}
		place := t.TempDir()
		v := node(t, d, now, place)
		if err := v.MakeKeys(t.Context(), "ann", "bob"); err != nil {
			t.Fatal(err)
		}
		f := seal.EmailField("identity_person.email")
		index, err := v.Index(t.Context(), "org", f, "ann@example.org")
		if err != nil {
			t.Fatal(err)
		}
		backup := sealRows(t, v, "ann", "bob")
		for i, step := range []string{"begin", "rewrap", "secrets", "copy", "destroy"} {
			now.Advance(25 * time.Hour)
			dying := node(t, d, now, place)
			dying.OnStep(func(s string) error {
				if s == step {
					return errKilled
				}
				return nil
			})
			if _, err := dying.Rotate(t.Context(), false); !errors.Is(err, errKilled) {
				t.Fatalf("%s: %v", step, err)
			}
			fresh := core.ID(fmt.Sprint("fresh-", i)) // somebody comes meanwhile
			if err := dying.MakeKeys(t.Context(), fresh); err != nil {
				t.Fatal(err)
			}
			for o, sealed := range sealRows(t, dying, fresh) {
				backup[o] = sealed
			}
			if step == "destroy" || step == "copy" {
				if s, err := dying.State(t.Context()); err != nil || !s.Ending {
					t.Errorf("%s: the older epoch is said to be destroyed (%v)", step, err)
				}
			}
			next := node(t, d, now, place)
			if did, err := next.Rotate(t.Context(), false); err != nil || !did {
				t.Fatalf("%s: going on did %v, %v", step, did, err)
			}
			if did, err := next.Rotate(t.Context(), false); err != nil || did {
				t.Errorf("%s: once more did %v, %v", step, did, err)
			}
			s, err := next.State(t.Context())
			if err != nil || s.Ending || s.Epoch != int64(3+i) || s.Living != int64(3+i) {
				t.Errorf("%s: %+v, %v", step, s, err)
			}
			for o, open := range backup.opens(t, next) {
				if !open {
					t.Errorf("%s: %s does not open", step, o)
				}
			}
			if again, err := next.Index(t.Context(), "org", f, "ann@example.org"); err != nil || !bytes.Equal(index, again) {
				t.Errorf("%s: the index changed (%v)", step, err)
			}
		}
	})
}

func TestTwoNodesMakeOneEpoch(t *testing.T) {
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		now := &clock.Fake{}
		place := t.TempDir()
		nodes := []*vault.Vault{node(t, d, now, place), node(t, d, now, place)}
		if err := nodes[0].MakeKeys(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		backup := sealRows(t, nodes[1], "ann")
		now.Advance(25 * time.Hour)
		var all sync.WaitGroup
		for _, v := range nodes {
			all.Go(func() {
				if _, err := v.Rotate(t.Context(), false); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() { // people come while it turns
				for i := range 20 {
					o := core.ID(fmt.Sprintf("%p-%d", v, i))
					if err := v.MakeKeys(t.Context(), o); err != nil {
						t.Error(err)
					}
					if _, err := v.Seal(t.Context(), o, where, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		tick(t, nodes[0])
		if _, seen, _, err := nodes[0].EpochsKept(t.Context()); err != nil || seen != 2 {
			t.Errorf("two nodes that turned at once saw %d epochs: want 2 (%v)", seen, err)
		}
		fresh := node(t, d, now, place)
		if !backup.opens(t, fresh)["ann"] {
			t.Error("ann does not open any more")
		}
		for _, v := range nodes {
			for i := range 20 {
				if _, err := fresh.Seal(t.Context(), core.ID(fmt.Sprintf("%p-%d", v, i)), where, nil); err != nil {
					t.Errorf("a key made while the epoch turned: %v", err)
				}
			}
		}
	})
}

func TestAnEpochOutlivesACopyThatFails(t *testing.T) {
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		now := &clock.Fake{}
		lost := filepath.Join(t.TempDir(), "unmounted")
		v := node(t, d, now, t.TempDir(), lost)
		if err := v.MakeKeys(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		now.Advance(25 * time.Hour)
		if _, err := v.Rotate(t.Context(), false); err == nil {
			t.Fatal("a copy could not be written and nobody was told")
		}
		s, err := v.State(t.Context())
		if err != nil || !s.Ending || s.Copies[0].Fault != "" || s.Copies[1].Fault == "" {
			t.Fatalf("%+v, %v", s, err)
		}
		if err := os.Mkdir(lost, 0o700); err != nil {
			t.Fatal(err)
		}
		tick(t, v)
		if s, err = v.State(t.Context()); err != nil || s.Ending || s.Copies[1].Fault != "" {
			t.Fatalf("%+v, %v", s, err)
		}
		if err := os.WriteFile(filepath.Join(lost, vault.CopyName), []byte("rot"), 0o600); err != nil {
			t.Fatal(err)
		}
		tick(t, v)
		packed, err := os.ReadFile(filepath.Join(lost, vault.CopyName))
		if err != nil {
			t.Fatal(err)
		}
		if _, keys, err := vault.ReadCopy(t.Context(), root, packed); err != nil || keys != 1 {
			t.Errorf("a spoilt copy was left as it was: %d keys, %v", keys, err)
		}
		if _, err := vault.Restore(t.Context(), d, root, packed); !errors.Is(err, vault.ErrNotEmpty) {
			t.Errorf("a copy was mixed with living keys: %v", err)
		}
	})
}

func TestKeysOfBeforeEpochsAreWrappedAnew(t *testing.T) {
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		v := open(t, d, root)
		sealed, err := v.OldKey(t.Context(), "ann", where, []byte("phone of ann"))
		if err != nil {
			t.Fatal(err)
		}
		backup := rows{"ann": sealed}
		if !backup.opens(t, v)["ann"] {
			t.Error("a value of before does not open")
		}
		if err := v.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, _, old, err := v.EpochsKept(t.Context()); err != nil || old != 0 {
			t.Errorf("%d keys are still wrapped by the root key (%v)", old, err)
		}
		if next := open(t, d, root); !backup.opens(t, next)["ann"] {
			t.Error("a value of before does not open once its key is wrapped anew")
		}
	})
}

func TestAnOrganizationEndsWithItsKeys(t *testing.T) {
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		v, far := open(t, d, root), open(t, d, root)
		if err := errors.Join(v.MakeKeysIn(t.Context(), "org", "org", "share"), v.MakeKeys(t.Context(), "ann", "late")); err != nil {
			t.Fatal(err)
		}
		backup := sealRows(t, far, "org", "share", "ann")
		f := seal.EmailField("organization_member.email")
		if _, err := v.Index(t.Context(), "org", f, "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		if err := v.DestroyOrg(t.Context(), "org"); err != nil {
			t.Fatal(err)
		}
		var got map[core.ID]bool
		for range 200 { // the other node hears of it
			if got = backup.opens(t, far); !got["share"] && !got["org"] {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if got["org"] || got["share"] || !got["ann"] {
			t.Errorf("opens %v: want ann alone", got)
		}
		if _, err := v.Index(t.Context(), "org", f, "ann@example.org"); core.KindOf(err) != core.Gone {
			t.Errorf("its index lives on: %v", err)
		}
		if err := v.MakeKeysIn(t.Context(), "org", "new"); core.KindOf(err) != core.Gone {
			t.Errorf("it got another key: %v", err)
		}
		if gone, err := v.Destroyed(t.Context(), "share"); err != nil || !gone {
			t.Errorf("%v, %v", gone, err)
		}
		if gone, err := v.Destroyed(t.Context(), "ann"); err != nil || gone {
			t.Errorf("%v, %v", gone, err)
		}
		if err := v.DestroyOrg(t.Context(), core.Platform); err == nil {
			t.Error("the platform's keys can be destroyed as an organization's")
		}
		if did, err := v.Rotate(t.Context(), true); err != nil || !did {
			t.Fatalf("%v, %v", did, err)
		}
		if got := backup.opens(t, open(t, d, root)); got["org"] || got["share"] || !got["ann"] {
			t.Errorf("after an epoch opens %v: want ann alone", got)
		}
	})
}
