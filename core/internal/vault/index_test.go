package vault_test

import (
	"bytes"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/seal"
)

func TestIndexKeepsTheContract(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		coretest.IndexerContract(t, open(t, d, root))
	})
}

func TestIndexIsTheSameOnEveryNodeAndHoldsNoValue(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		f := seal.EmailField("identity_person.email")
		one, two := open(t, d, root), open(t, d, root)
		a, err := one.Index(t.Context(), "org", f, "ann@example.org")
		if err != nil {
			t.Fatal(err)
		}
		b, err := two.Index(t.Context(), "org", f, " Ann@EXAMPLE.org")
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("two nodes index the same address as %x and %x, %v", a, b, err)
		}
		thief := open(t, d, other)
		if c, err := thief.Index(t.Context(), "org", f, "ann@example.org"); err == nil {
			t.Errorf("another root key indexed as %x", c)
		}
		next := f
		next.Version = 2
		if c, err := one.Index(t.Context(), "org", next, "ann@example.org"); err != nil || bytes.Equal(a, c) {
			t.Errorf("another version of the normaliser makes the same index (%v)", err)
		}
	})
}

func BenchmarkIndex(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite, []db.Schema{vault.Schema()})
	v := open(b, d, root)
	f := seal.EmailField("identity_person.email")
	for b.Loop() {
		if _, err := v.Index(b.Context(), core.Platform, f, "ann@example.org"); err != nil {
			b.Fatal(err)
		}
	}
}
