package session_test

import (
	"net/netip"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

func TestASVS_7_4_1_a_session_signed_out_is_over_on_every_node(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		w := build(t, d)
		other := w.node(again(t, d))
		secret, id := w.begin("ann", firefox)
		ctx := w.as(secret, firefox)
		if _, err := other.Check(from(firefox, "198.51.100.7"), secret); err != nil {
			t.Fatalf("the other node refuses a live session: %v", err)
		}
		if err := w.SignOut(ctx); err != nil {
			t.Fatal(err)
		}
		w.refused("here", secret, "session.ended")
		if _, err := other.Check(from(firefox, "198.51.100.7"), secret); core.CodeOf(err) != "session.ended" {
			t.Errorf("the other node gave %v", err)
		}
		err := d.Write(t.Context(), func(tx core.Tx) error { _, err := w.Raise(t.Context(), tx, id, 2); return err })
		if core.CodeOf(err) != "session.absent" {
			t.Errorf("a session that is over was raised: %v", err)
		}
	})
}

func TestASVS_7_4_2_every_session_ends_with_the_account(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, _ := w.begin("ann", firefox)
		b, _ := w.begin("ann", firefox)
		other, _ := w.begin("bob", firefox)
		var n int64
		err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { n, err = w.EndAll(t.Context(), tx, "ann", "", "disabled"); return err })
		if err != nil || n != 2 {
			t.Fatalf("ended %d, %v", n, err)
		}
		w.refused("first", a, "session.ended")
		w.refused("second", b, "session.ended")
		w.good("somebody else", other)
	})
}

func TestASVS_7_4_3_all_other_sessions_can_be_ended(t *testing.T) {
	w := one(t)
	mine, id := w.begin("ann", firefox)
	other, _ := w.begin("ann", firefox)
	var n int64
	err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { n, err = w.EndAll(t.Context(), tx, "ann", id, "password"); return err })
	if err != nil || n != 1 {
		t.Fatalf("ended %d, %v", n, err)
	}
	w.good("the one in use", mine)
	w.refused("the other", other, "session.ended")
}

func TestSuspensionIsReadLive(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	w.good("before", secret)
	w.house.block("ann")
	w.refused("a suspended person", secret, "session.suspended")
	other, _ := w.begin("bob", firefox)
	w.house.block("acme")
	w.refused("a suspended organization", other, "session.suspended")
	w.house.members["bolt"] = append(w.house.members["bolt"], "bob")
	w.good("another organization still opens", other)
}

func TestAllowListIsReadLive(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	w.house.only["acme"] = netip.MustParsePrefix("203.0.113.0/24")
	w.refused("from an unlisted address", secret, "access.address")
	if _, err := w.Check(from(firefox, "203.0.113.5"), secret); err != nil {
		t.Errorf("from a listed address: %v", err)
	}
}
