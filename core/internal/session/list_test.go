package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/session"
)

func TestASVS_7_4_5_administrators_end_sessions_of_one_and_of_all(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin, adminID := w.begin("ann", firefox)
		ctx := w.as(admin, firefox)
		b1, b1ID := w.begin("bob", firefox)
		b2, _ := w.begin("bob", firefox)
		stranger, strangerID := w.begin("eve", firefox)

		if err := w.EndMember(ctx, "acme", b1ID, "no"); core.CodeOf(err) != "session.reason" {
			t.Errorf("without a reason: %v", err)
		}
		if err := w.EndMember(ctx, "acme", b1ID, "left the desk open"); err != nil {
			t.Fatal(err)
		}
		w.refused("ended by the administrator", b1, "session.ended")
		w.good("the other one of the same member", b2)
		if err := w.EndMember(ctx, "acme", strangerID, "a try"); core.CodeOf(err) != "session.absent" {
			t.Errorf("a session of another organization: %v", err)
		}
		if _, err := w.EndPerson(ctx, "acme", "eve", "a try"); core.CodeOf(err) != "session.absent" {
			t.Errorf("a person of another organization: %v", err)
		}
		if err := w.EndMember(ctx, "acme", adminID, "by mistake"); core.CodeOf(err) != "session.current" {
			t.Errorf("the administrator's own: %v", err)
		}
		if n, err := w.EndOrganization(ctx, "acme", "an incident"); err != nil || n != 1 {
			t.Errorf("ended %d of all, %v", n, err)
		}
		w.refused("everyone's", b2, "session.ended")
		w.good("the administrator's own", admin)
		w.good("another organization's", stranger)
	})
}

func TestASVS_7_5_1_7_5_2_ending_sessions_asks_for_a_fresh_proof(t *testing.T) {
	for _, def := range []core.ActDef{session.EndOwn, session.End} {
		if def.Fresh <= 0 || def.Fresh > 15*time.Minute {
			t.Errorf("%s asks for a proof of the last %v", def.Permission, def.Fresh)
		}
	}
}

func TestASVS_7_5_2_a_person_sees_and_ends_their_sessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, id := w.begin("ann", firefox)
		w.clock.Advance(time.Second)
		phone, phoneID := w.begin("ann", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1")
		_, bobs := w.begin("bob", firefox)
		ctx := w.as(mine, firefox)
		list, err := w.Own(ctx)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d sessions, %v", len(list), err)
		}
		first := list[0]
		if first.ID != phoneID || first.Browser != "Safari" || first.System != "iOS" || first.Address != "198.51.100.7" || first.Current || !list[1].Current {
			t.Errorf("list %+v", list)
		}
		if first.IdleEnd.Sub(first.Used) != 30*time.Minute || first.FinalEnd.Sub(first.Began) != 8*time.Hour {
			t.Errorf("ends %v and %v", first.IdleEnd, first.FinalEnd)
		}
		if err := w.End(ctx, id); core.CodeOf(err) != "session.current" {
			t.Errorf("the current one: %v", err)
		}
		if err := w.End(ctx, bobs); core.CodeOf(err) != "session.absent" {
			t.Errorf("somebody else's: %v", err)
		}
		if err := w.End(ctx, phoneID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Check(from(firefox, "198.51.100.7"), phone); core.CodeOf(err) != "session.ended" {
			t.Errorf("the ended one gave %v", err)
		}
		if err := w.End(ctx, phoneID); core.CodeOf(err) != "session.absent" {
			t.Errorf("twice: %v", err)
		}
	})
}

func TestErasureRemovesSessionsAndExportShowsThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, _ := w.begin("ann", firefox)
		root, _, _ := strings.Cut(secret, ".")
		var records []core.Record
		err := w.db.Read(t.Context(), func(tx core.Tx) error {
			return w.ExportPerson(t.Context(), tx, "ann", func(r core.Record) error { records = append(records, r); return nil })
		})
		if err != nil || len(records) != 1 || records[0].Values["address"] != "198.51.100.7" {
			t.Fatalf("export %+v, %v", records, err)
		}
		for k, v := range records[0].Values {
			if s, ok := v.(string); ok && strings.Contains(s, root) || k == "secret" || k == "pace" {
				t.Errorf("the export holds %s", k)
			}
		}
		var receipts []core.Receipt
		err = w.db.Write(t.Context(), func(tx core.Tx) (err error) { receipts, err = w.ErasePerson(t.Context(), tx, "ann"); return err })
		if err != nil || len(receipts) != 1 || receipts[0].Deleted != 1 {
			t.Fatalf("receipts %+v, %v", receipts, err)
		}
		w.refused("after the erasure", secret, "session.unknown")
	})
}

func TestSweepForgetsWhatEndedLongAgo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.begin("ann", firefox)
		w.clock.Advance(32 * 24 * time.Hour)
		kept, _ := w.begin("ann", firefox)
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(dumpSessions(t, w.db), "annFirefox"); n != 2 {
			t.Errorf("%d rows after the first sweep", n)
		}
		w.good("a live one", kept)
		w.clock.Advance(91 * 24 * time.Hour)
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := w.db.Write(t.Context(), func(tx core.Tx) error {
			_, err := w.Expire(t.Context(), tx, core.Expiry{Rule: "session", Org: core.Platform, Before: w.clock.Now().AddDate(0, 0, -90), Limit: 100})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(dumpSessions(t, w.db), "annFirefox"); n != 1 {
			t.Errorf("%d rows after the second sweep", n)
		}
	})
}
