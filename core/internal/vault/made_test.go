package vault_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

var qSpoil = db.SQL(`UPDATE vault_key SET wrapped = $2 WHERE owner = $1`)

// TestAKeyJustMadeIsNotReadAgain: whoever makes a person seals their values at once.
func TestAKeyJustMadeIsNotReadAgain(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		one, two := open(t, d, root), open(t, d, root)
		if err := one.MakeKeys(t.Context(), "ann", "bob"); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), func(tx core.Tx) error {
			_, err := tx.Exec(t.Context(), qSpoil, "ann", []byte("whoever reads this sees it"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := two.Seal(t.Context(), "ann", "x", nil); err == nil {
			t.Fatal("the stored key is not spoilt: nothing can be seen")
		}
		if _, err := one.Seal(t.Context(), "ann", "x", nil); err != nil {
			t.Errorf("the node that made the key read it again: %v", err)
		}
		sealed, err := one.Seal(t.Context(), "bob", "x", []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := two.Open(t.Context(), "bob", "x", sealed); err != nil || string(got) != "secret" {
			t.Errorf("what it seals opens elsewhere as %q: %v", got, err)
		}
	})
}

// TestAKeyMadeInVainIsNotKept: who had one keeps it, and who lost theirs gets none.
func TestAKeyMadeInVainIsNotKept(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		one, two := open(t, d, root), open(t, d, root)
		if err := one.MakeKeys(t.Context(), "ann", "gone"); err != nil {
			t.Fatal(err)
		}
		if err := one.DestroyKey(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		for _, owners := range [][]core.ID{{"ann", "new"}, {"gone"}, {"twice", "twice"}} {
			if err := two.MakeKeys(t.Context(), owners...); err != nil {
				t.Fatal(err)
			}
		}
		for _, owner := range []core.ID{"ann", "new", "twice"} {
			sealed, err := two.Seal(t.Context(), owner, "x", []byte("secret"))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := one.Open(t.Context(), owner, "x", sealed); err != nil || !bytes.Equal(got, []byte("secret")) {
				t.Errorf("%s: sealed under another key than the one that is stored: %v", owner, err)
			}
		}
		if _, err := two.Seal(t.Context(), "gone", "x", nil); core.KindOf(err) != core.Gone {
			t.Errorf("a destroyed key came back: %v", err)
		}
	})
}

// TestAKeyJustMadeDiesLikeAnyOther, though nothing was sealed with it yet, on the node that made it: with its owner, with its organization.
func TestAKeyJustMadeDiesLikeAnyOther(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		one, two := open(t, d, root), open(t, d, root)
		if err := one.MakeKeys(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if err := one.MakeKeysIn(t.Context(), "org", "share"); err != nil {
			t.Fatal(err)
		}
		if err := two.DestroyKey(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if err := two.DestroyOrg(t.Context(), "org"); err != nil {
			t.Fatal(err)
		}
		for _, owner := range []core.ID{"ann", "share"} {
			deadline := time.Now().Add(2 * time.Second)
			for {
				_, err := one.Seal(t.Context(), owner, "x", nil)
				if core.KindOf(err) == core.Gone {
					break
				}
				if time.Now().After(deadline) {
					t.Errorf("two seconds later the key of %s still seals: %v", owner, err)
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	})
}
