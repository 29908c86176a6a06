package vault_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

func open(t testing.TB, d *db.DB, root vault.Root) *vault.Vault {
	t.Helper()
	v, err := vault.New(vault.Needs{DB: d, Root: root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

var (
	root  = vault.Local(bytes.Repeat([]byte{7}, vault.RootSize))
	other = vault.Local(bytes.Repeat([]byte{8}, vault.RootSize))
)

func TestVaultKeepsTheContract(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		coretest.SealerContract(t, open(t, d, root))
	})
}

func TestAnotherRootKeyOpensNothing(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		v := open(t, d, root)
		if err := v.MakeKeys(ctx, "ann"); err != nil {
			t.Fatal(err)
		}
		sealed, err := v.Seal(ctx, "ann", "x", []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		thief := open(t, d, other)
		if got, err := thief.Open(ctx, "ann", "x", sealed); err == nil {
			t.Errorf("another root key opened %q", got)
		}
		for i := range sealed {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1
			if _, err := v.Open(ctx, "ann", "x", bad); err == nil {
				t.Errorf("opened with byte %d flipped", i)
			}
		}
	})
}

func TestADestroyedKeyIsNeverMadeAnewAndDiesOnEveryNode(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		one, two := open(t, d, root), open(t, d, root)
		if err := one.MakeKeys(ctx, "ann"); err != nil {
			t.Fatal(err)
		}
		sealed, err := two.Seal(ctx, "ann", "x", []byte("secret")) // two caches the wrapped key
		if err != nil {
			t.Fatal(err)
		}
		if err := one.DestroyKey(ctx, "ann"); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(2 * time.Second)
		for {
			if _, err = two.Open(ctx, "ann", "x", sealed); core.KindOf(err) == core.Gone {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("two seconds later the other node still opens: %v", err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if err := one.MakeKeys(ctx, "ann", "never-had-one"); err != nil {
			t.Fatal(err)
		}
		if _, err := one.Seal(ctx, "ann", "x", nil); core.KindOf(err) != core.Gone {
			t.Errorf("a destroyed key came back: %v", err)
		}
	})
}

func TestFiveThousandKeysAreMadeQuickly(t *testing.T) {
	dbtest.Each(t, []db.Schema{vault.Schema()}, func(t *testing.T, d *db.DB) {
		owners := make([]core.ID, 5000)
		for i := range owners {
			owners[i] = core.ID(fmt.Sprintf("person-%d", i))
		}
		v := open(t, d, root)
		began := time.Now()
		if err := v.MakeKeys(context.Background(), owners...); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*time.Second && !coretest.RaceDetector {
			t.Errorf("5,000 keys took %v", took)
		} else {
			t.Logf("5,000 keys took %v", took)
		}
		if _, err := v.Seal(context.Background(), owners[4999], "x", nil); err != nil {
			t.Error(err)
		}
	})
}

func TestRootKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	made, err := vault.LoadRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode %v, %v: want 0400", info.Mode(), err)
	}
	again, err := vault.LoadRoot(path)
	if err != nil || !bytes.Equal(made, again) {
		t.Errorf("the second start read another key (%v)", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.LoadRoot(path); err == nil {
		t.Error("a key that everybody can read was accepted")
	}
}

func BenchmarkSeal(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite, []db.Schema{vault.Schema()})
	v := open(b, d, root)
	if err := v.MakeKeys(context.Background(), "ann"); err != nil {
		b.Fatal(err)
	}
	plain := make([]byte, 100)
	for b.Loop() {
		if _, err := v.Seal(context.Background(), "ann", "journal_entry.connection", plain); err != nil {
			b.Fatal(err)
		}
	}
}
