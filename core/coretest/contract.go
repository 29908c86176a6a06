package coretest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/rempart/rempart/core"
)

// Vault is a sealer that makes and destroys keys.
type Vault interface {
	core.Sealer
	core.Keymaker
}

// SealerContract is what every sealer keeps: a value opens for its owner in its place only, and never again once the
// owner's key was destroyed.
func SealerContract(t *testing.T, v Vault) {
	t.Helper()
	ctx := context.Background()
	if err := v.MakeKeys(ctx, "ann", "bob"); err != nil {
		t.Fatalf("make keys: %v", err)
	}
	sealed, err := v.Seal(ctx, "ann", "identity_person.phone", []byte("+33142000000"))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	plain, err := v.Open(ctx, "ann", "identity_person.phone", sealed)
	if err != nil || !bytes.Equal(plain, []byte("+33142000000")) {
		t.Fatalf("open gave %q, %v", plain, err)
	}
	if _, err := v.Open(ctx, "bob", "identity_person.phone", sealed); err == nil {
		t.Error("a value of ann opened for bob")
	}
	if _, err := v.Open(ctx, "ann", "identity_person.email", sealed); err == nil {
		t.Error("a value moved to another column opened")
	}
	if err := v.DestroyKey(ctx, "ann"); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	if _, err := v.Open(ctx, "ann", "identity_person.phone", sealed); core.KindOf(err) != core.Gone {
		t.Errorf("after the key was destroyed open gave %v, want an error of kind Gone", err)
	}
	other, err := v.Seal(ctx, "bob", "x", []byte("1"))
	if err != nil {
		t.Fatalf("bob's key suffered from ann's end: %v", err)
	}
	if _, err := v.Open(ctx, "bob", "x", other); err != nil {
		t.Errorf("bob cannot open: %v", err)
	}
}

// GateContract is what every gate keeps, whatever it decides: an error of the work reaches the caller and leaves
// nothing behind.
func GateContract(t *testing.T, g core.Gate, write, read *core.ActDef) {
	t.Helper()
	ctx := core.WithActor(context.Background(), core.System("contract"))
	boom := errors.New("boom")
	if err := g.Change(ctx, &core.Act{Def: write, Org: core.Platform}, func(core.Tx) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("Change gave %v, want the error of the work", err)
	}
	if err := g.Read(ctx, &core.Act{Def: read, Org: core.Platform}, func(core.Tx) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("Read gave %v, want the error of the work", err)
	}
	committed := false
	err := g.Change(ctx, &core.Act{Def: write, Org: core.Platform}, func(tx core.Tx) error {
		tx.OnCommit(func() { committed = true })
		return nil
	})
	if err != nil || !committed {
		t.Errorf("Change gave %v, committed %v", err, committed)
	}
}
