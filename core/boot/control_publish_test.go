package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services"
	"github.com/rempart/rempart/verify"
)

func TestPublishingBindsSettingsUntilWithdrawn(t *testing.T) {
	eachBoard(t, func(t *testing.T, b *board) {
		admin := b.as("provider.admin")
		b.must("loosen", b.db.Write(t.Context(), func(tx core.Tx) error {
			return b.settings.Put(t.Context(), tx, core.Platform, map[string]string{"session.idle": "90"})
		}))
		order := control.Order{Source: pack("1"), Reason: "contract"}
		if _, err := b.Publish(b.as("provider.operator"), order); core.KindOf(err) != core.Forbidden {
			t.Errorf("an operator publishes: %v", err)
		}
		if _, err := b.Publish(b.as("a.admin"), order); core.KindOf(err) != core.NotFound && core.KindOf(err) != core.Forbidden {
			t.Errorf("a client publishes: %v", err)
		}
		_, err := b.Publish(admin, order)
		if e := (&core.Error{}); !errors.As(err, &e) || e.Code != "policy.weaker_settings" || len(e.Fields) != 1 || e.Fields[0].Field != "session.idle" || e.Fields[0].Args[0] != "L-1" {
			t.Fatalf("a weaker setting was not listed: %v", err)
		}
		look, err := b.Preview(admin, order)
		if err != nil || len(look.Gaps) != 1 || !slices.Equal(look.Apart, []string{"L-3"}) {
			t.Errorf("preview %+v, %v", look, err)
		}
		order.Tighten = true
		out, err := b.Publish(admin, order)
		if err != nil || out.Number != 1 || len(out.Gaps) != 1 {
			t.Fatalf("tightened: %+v, %v", out, err)
		}
		refused := func(when string, want bool) {
			t.Helper()
			body := `{"values":{"session.idle":"75"},"reason":"comfort"}`
			tag := b.ask("provider.admin", http.MethodGet, "/api/v1/provider/settings", "").Header().Get("ETag")
			r := b.ask("provider.admin", http.MethodPatch, "/api/v1/provider/settings", body, "If-Match", tag)
			if named := strings.Contains(r.Body.String(), "L-1"); named != want || (r.Code == http.StatusOK) == want {
				t.Errorf("%s: %d %s", when, r.Code, r.Body)
			}
		}
		refused("published", true)
		if _, err := b.Publish(admin, order); core.CodeOf(err) != "policy.same" {
			t.Errorf("the same again: %v", err)
		}
		b.must("tell", b.Tell(t.Context()))
		b.must("sign", b.Sign(b.as("a.admin"), b.a, "lamps", out.Hash))
		if err := b.Sign(b.as("b.admin"), b.a, "lamps", out.Hash); err == nil {
			t.Error("somebody else's administrator signed")
		}
		gone, err := b.Withdraw(admin, control.Withdrawal{Pack: "lamps", Clauses: []string{"L-1"}, Reason: "no longer"})
		if err != nil || gone.Number != 2 || gone.Hash == out.Hash || len(gone.Affected) != 2 || len(gone.Changes) != 1 {
			t.Fatalf("withdrawn: %+v, %v", gone, err)
		}
		if i := slices.IndexFunc(gone.Affected, func(p control.Pin) bool { return p.Org == b.a }); gone.Affected[i].SignedAt.IsZero() || gone.Affected[i].SignedBy != b.people["a.admin"] {
			t.Errorf("who had signed: %+v", gone.Affected)
		}
		refused("withdrawn", false)
		if c := b.clause("L-1"); c.Published || !c.Withdrawn {
			t.Errorf("still promised: %+v", c)
		}
		b.must("tell", b.Tell(t.Context()))
		b.must("tell", b.Tell(t.Context())) // twice: nobody is told again
		pins, err := b.PinsOf(b.as("a.auditor"), b.a)
		if err != nil || len(pins) != 2 || pins[0].Number != 2 || len(pins[0].Told) != 1 || pins[0].Told[0].Person != b.people["a.admin"] || pins[1].SignedAt.IsZero() {
			t.Errorf("pins %+v, %v", pins, err)
		}
		diff, err := b.Difference(b.as("a.admin"), b.a, "lamps")
		if err != nil || len(diff) != 1 || diff[0].Clause != "L-1" {
			t.Errorf("difference %+v, %v", diff, err)
		}
		if all, err := b.Withdraw(admin, control.Withdrawal{Pack: "lamps", Reason: "end"}); err != nil || all.State != "withdrawn" || all.Number != 3 {
			t.Errorf("the whole: %+v, %v", all, err)
		}
		b.must("settle", b.journal.Settle(t.Context()))
		if n := b.entries(core.Platform, "policy.publish", "lamps"); n != 3 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestClientsReadWhatTheyWerePromised(t *testing.T) {
	b := newBoard(t, newTown(t, ""), nil)
	b.publish("1")
	b.red.set(false, "inside detail", nil)
	b.run()
	if list, _, err := b.Promised(b.as("a.admin"), b.a, control.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("before anything was promised: %d, %v", len(list), err)
	}
	b.must("tell", b.Tell(t.Context()))
	list, sum, err := b.Promised(b.as("a.auditor"), b.a, control.Filter{})
	if err != nil || len(list) != 4 || sum.Broken != 2 {
		t.Fatalf("%d clauses, %+v, %v", len(list), sum, err)
	}
	for _, c := range list {
		if strings.Contains(fmt.Sprint(c.Why), "inside") || len(c.Probes) > 0 && c.Probes[0].Last != nil {
			t.Errorf("%s shows the inside: %v", c.ID, c.Why)
		}
	}
	for who, org := range map[string]core.ID{"b.admin": b.a, "a.member": b.a, "provider.admin": b.a} {
		if _, _, err := b.Promised(b.as(who), org, control.Filter{}); err == nil {
			t.Errorf("%s reads the clauses of another's annex", who)
		}
	}
	for _, who := range []string{"a.admin", "a.auditor", "provider.support"} {
		if _, _, err := b.Clauses(b.as(who), control.Filter{}); err == nil {
			t.Errorf("%s reads every clause", who)
		}
		if _, err := b.Run(b.as(who), "lamp.red"); err == nil {
			t.Errorf("%s runs a probe", who)
		}
	}
	if n := b.red.runs.Load(); n != 1 {
		t.Errorf("a refused run played the probe (%d)", n)
	}
	if _, err := b.Run(b.as("provider.operator"), "lamp.red"); err != nil {
		t.Errorf("an operator cannot run a probe: %v", err)
	}
	if _, err := b.Run(b.as("provider.operator"), "lamp.red"); core.KindOf(err) != core.TooMany {
		t.Errorf("again at once: %v", err)
	}
}

func TestHistoryCountsTime(t *testing.T) {
	fake := &clock.Fake{}
	fake.Set(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	b := newBoard(t, newTown(t, ""), fake)
	b.publish("1")
	b.run()
	fake.Advance(5 * time.Hour)
	b.red.set(false, "dark", nil)
	b.run()
	fake.Advance(time.Hour)
	b.red.set(true, "bright", nil)
	b.run()
	fake.Advance(6 * time.Hour) // midnight, and what it saw expires
	b.must("refresh", b.Refresh(t.Context()))
	b.stands("L-1", control.Stale, "expired")
	fake.Advance(12 * time.Hour)
	h, err := b.History(b.as("provider.auditor"), "lamps", "L-1", 30)
	b.must("history", err)
	last := h.Days[len(h.Days)-2:]
	if len(h.Days) != 30 || h.Known != 24*time.Hour || fmt.Sprintf("%.1f", h.Percent) != "45.8" {
		t.Errorf("known %v, %f %%", h.Known, h.Percent)
	}
	if last[0].Held != 11*time.Hour || last[0].Broken != time.Hour || last[1].Other != 12*time.Hour || h.Days[0].Percent() != -1 {
		t.Errorf("days %+v", last)
	}
	if c := b.clause("L-1"); !c.Since.Equal(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("stale since %v", c.Since)
	}
	whole, err := b.History(b.as("provider.auditor"), "lamps", "", 30)
	if err != nil || whole.Known != 4*24*time.Hour {
		t.Errorf("the pack is known for %v, %v", whole.Known, err)
	}
	if _, err := b.History(b.as("provider.auditor"), "lamps", "X-1", 30); core.KindOf(err) != core.NotFound {
		t.Errorf("no such clause: %v", err)
	}
}

func TestProbesRunByThemselves(t *testing.T) {
	fake := &clock.Fake{}
	b := newBoard(t, newTown(t, ""), fake)
	b.publish("1")
	waiting := func() (n int) {
		b.must("count", b.db.Read(t.Context(), func(tx core.Tx) (err error) {
			n, _, err = db.One(t.Context(), tx, qJobsOf, db.Value[int], control.JobRun)
			return err
		}))
		return n
	}
	b.must("plan", b.Plan(b.system()))
	if n := waiting(); n > 1 {
		t.Errorf("%d probes were begun at once: they should be spread", n)
	}
	fake.Advance(2 * time.Hour)
	b.must("plan", b.Plan(b.system()))
	b.must("plan", b.Plan(b.system())) // what waits is not asked for again
	if n := waiting(); n != 2 {
		t.Errorf("%d probes wait for a node", n)
	}
}

var qJobsOf = db.SQL(`SELECT COUNT(*) FROM jobs_job WHERE kind = $1 AND state = 'waiting'`)

func TestABundleIsCheckedElsewhere(t *testing.T) {
	eachBoard(t, func(t *testing.T, b *board) {
		b.publish("1")
		b.run()
		b.must("settle", b.journal.Settle(t.Context()))
		raw, err := b.Bundle(b.as("provider.auditor"), "", "L-2")
		b.must("bundle", err)
		key := b.JournalKey()
		rep, err := verify.CheckBundle(bytes.NewReader(raw), key)
		if err != nil || !rep.OK() || rep.Status != "held" || len(rep.Seen) != 2 || !rep.Trusted {
			t.Fatalf("the bundle: %v\n%s", err, rep.String())
		}
		if strings.Contains(string(raw), b.cfg.Data) {
			t.Error("the bundle names a path of the machine")
		}
		for name, forge := range map[string][2]string{
			"another status":      {`"status": "held"`, `"status": "attested"`},
			"another text":        {"lamp.red\\nheld", "lamp.red\\nbroken"},
			"another sample":      {`\n9\n3\n`, `\n9\n9\n`},
			"another pack":        {"issuer: Us", "issuer: Me"},
			"another entry":       {`"action": "probe.observe"`, `"action": "probe.approve"`},
			"another checkpoint":  {"/platform\\n", "/platform\\n1"},
			"another observation": {`"probes": [`, `"probes": ["lamp.green",`},
			"another digest":      {`digest\",\"after\":\"`, `digest\",\"after\":\"0`},
		} {
			forged := strings.Replace(string(raw), forge[0], forge[1], 1)
			if forged == string(raw) {
				t.Errorf("%s: nothing to forge in\n%s", name, raw)
				continue
			}
			if rep, err := verify.CheckBundle(strings.NewReader(forged), key); err == nil && rep.OK() {
				t.Errorf("%s went unseen", name)
			}
		}
		other, err := New(t.Context(), Config{Services: services.All, Data: t.TempDir(), Origin: "http://localhost:8080", Log: b.cfg.Log})
		b.must("another installation", err)
		defer other.Close()
		if rep, err := verify.CheckBundle(bytes.NewReader(raw), other.JournalKey()); err == nil && rep.OK() {
			t.Error("another key checks it")
		}
	})
}

// A year of observations must not weigh on the dashboard.
func BenchmarkDashboard(bench *testing.B) {
	w := newTown(bench, "")
	b := &board{town: w, red: &lamp{id: "lamp.red"}, blue: &lamp{id: "lamp.blue"}}
	b.red.set(true, "", nil)
	b.blue.set(true, "", nil)
	b.on(w.House)
	b.publish("1")
	o := b.run("lamp.red")[0]
	w.do("a year", func(ctx context.Context, tx core.Tx) error {
		for i := range 100_000 {
			if _, err := tx.Exec(ctx, qYear, fmt.Sprintf("0%07d", i), o.ID); err != nil {
				return err
			}
		}
		return nil
	})
	auditor := b.as("provider.auditor")
	bench.ResetTimer()
	began := cpu(bench)
	for bench.Loop() {
		if list, _, err := b.Clauses(auditor, control.Filter{Every: true}); err != nil || len(list) < 100 {
			bench.Fatal(len(list), err)
		}
		if _, err := b.History(auditor, "lamps", "", 365); err != nil {
			bench.Fatal(err)
		}
	}
	bench.ReportMetric(float64((cpu(bench)-began).Microseconds())/1000/float64(bench.N), "cpu-ms/op")
}

var qYear = db.SQL(`INSERT INTO control_observation (id, probe, outcome, why_fr, why_en, population, sample, settings, entries, began_at, ended_at, expires_at, version, node, log, entry, position, signature)
	SELECT $1, probe, outcome, why_fr, why_en, population, sample, settings, entries, began_at, ended_at, expires_at, version, node, log, entry, position, signature
	FROM control_observation WHERE id = $2`)

// The probes of this room and of settings hold on a system where much was published, on every engine, and leave nothing.
func TestTheRoomOfClausesWatchesItself(t *testing.T) {
	eachBoard(t, func(t *testing.T, b *board) {
		w := b.town
		go func() { _ = w.journal.Run(t.Context()) }()
		b.publish("1")
		b.must("tell", b.Tell(t.Context()))
		_, err := b.Withdraw(b.as("provider.admin"), control.Withdrawal{Pack: "lamps", Clauses: []string{"L-2"}, Reason: "no longer"})
		b.must("withdraw", err)
		b.must("tell", b.Tell(t.Context()))
		before, err := w.settings.Read(b.as("provider.admin"), core.Platform)
		b.must("settings", err)
		for _, id := range []string{"control.versions", "control.weakening", "control.runs", "settings.floor"} {
			sight, err := w.Play(t.Context(), w.probe(id))
			if err != nil || !sight.Held {
				t.Errorf("%s: %+v, %v", id, sight.Why, err)
			}
		}
		after, err := w.settings.Read(b.as("provider.admin"), core.Platform)
		if err != nil || after.Version != before.Version {
			t.Errorf("a trial changed settings: %v", err)
		}
		if packs, err := b.Packs(b.as("provider.auditor")); err != nil || slices.ContainsFunc(packs, func(p control.PackView) bool { return p.ID == "rempart-trial" }) {
			t.Errorf("a trial policy stayed: %v", err)
		}
	})
}
