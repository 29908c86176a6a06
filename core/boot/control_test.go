package boot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/verify"
)

// lamp is a probe whose sight a test chooses.
type lamp struct {
	id    string
	kind  core.ProbeKind
	mu    sync.Mutex
	sight core.Sight
	err   error
	runs  atomic.Int32
	slow  time.Duration
}

func (l *lamp) set(held bool, why string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sight = core.Sight{Held: held, Why: core.Text{FR: why, EN: why}, Population: 9, Sample: 3, Settings: map[string]string{"session.idle": "60"}}
	l.err = err
}

func (l *lamp) probe() *core.Probe {
	return &core.Probe{ID: l.id, Kind: l.kind, Title: core.Text{FR: "Lampe " + l.id, EN: "Lamp " + l.id}, Run: func(context.Context, core.Stage) (core.Sight, error) {
		l.runs.Add(1)
		time.Sleep(l.slow)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.err != nil && l.err.Error() == "panic" {
			panic("at the disco")
		}
		return l.sight, l.err
	}}
}

// board is a town with a room of clauses over lamps.
type board struct {
	*town
	*control.Module
	red, blue *lamp
	clock     *clock.Fake
}

const packText = `policy: lamps
version: "%s"
title: {fr: Lampes, en: Lamps}
issuer: Us
about: {fr: Un essai, en: A test}
lifetime: 6h
clauses:
  - id: L-1
    kind: enforced
    title: {fr: Rouge, en: Red}
    text: {fr: "La session finit après {{session.idle}}.", en: "The session ends after {{session.idle}}."}
    settings: {session.idle: {floor: 60}}
    probes: [lamp.red]
  - id: L-2
    kind: enforced
    title: {fr: Deux, en: Two}
    text: {fr: Les deux., en: Both.}
    probes: [lamp.red, lamp.blue]
  - id: L-3
    kind: enforced
    title: {fr: Plus tard, en: Later}
    text: {fr: Un jour., en: One day.}
    probes: [lamp.blue]
    missing: [{fr: la moitié, en: the half}]
  - id: L-4
    kind: attested
    title: {fr: Gardes, en: Guards}
    text: {fr: Des gardes., en: Guards.}
    attestations: [training]
`

func pack(version string) []byte { return fmt.Appendf(nil, packText, version) }

func newBoard(t *testing.T, w *town, fake *clock.Fake) *board {
	t.Helper()
	b := &board{town: w, red: &lamp{id: "lamp.red", kind: core.BehaviourProbe}, blue: &lamp{id: "lamp.blue", kind: core.SettingProbe}, clock: fake}
	b.red.set(true, "it shines", nil)
	b.blue.set(true, "it shines", nil)
	b.on(w.House)
	return b
}

// on makes the room over the lamps on a node.
func (b *board) on(h *House) { b.Module = control.New(b.needs(h)) }

func (b *board) needs(h *House) control.Needs {
	needs := h.controlNeeds(h.gate)
	lamps := []*core.Probe{b.red.probe(), b.blue.probe()}
	needs.Probes = func() []*core.Probe { return lamps }
	needs.Play = func(ctx context.Context, p *core.Probe) (core.Sight, error) { return p.Run(ctx, nil) }
	if b.clock != nil {
		needs.Clock = b.clock
	}
	return needs
}

func eachBoard(t *testing.T, run func(t *testing.T, b *board)) {
	for _, kind := range dbtest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			run(t, newBoard(t, newTown(t, dbtest.Config(t, kind, nil).URL), nil))
		})
	}
}

func (b *board) publish(version string) control.Published {
	b.t.Helper()
	out, err := b.Publish(b.as("provider.admin"), control.Order{Source: pack(version), Reason: "contract"})
	if e := (&core.Error{}); errors.As(err, &e) {
		b.t.Log(e.Args)
	}
	b.must("publish", err)
	return out
}

func (b *board) run(probes ...string) []control.Observation {
	b.t.Helper()
	list, err := b.Run(b.system(), probes...)
	b.must("run", err)
	return list
}

// clause gives one clause of the pack of the test.
func (b *board) clause(id string) control.Clause {
	b.t.Helper()
	list, _, err := b.Clauses(b.as("provider.auditor"), control.Filter{Pack: "lamps", Clause: id})
	b.must("clauses", err)
	if len(list) != 1 {
		b.t.Fatalf("%d clauses %s", len(list), id)
	}
	return list[0]
}

func (b *board) stands(id string, want control.Status, why string) {
	b.t.Helper()
	c := b.clause(id)
	if c.Status != want || !strings.Contains(c.Why.EN, why) || c.Why.FR == "" || c.Why.FR == c.Why.EN {
		b.t.Errorf("%s is %s (%q, %q), want %s because of %q", id, c.Status, c.Why.EN, c.Why.FR, want, why)
	}
}

func TestAClauseStandsAsItsProbesSaw(t *testing.T) {
	eachBoard(t, func(t *testing.T, b *board) {
		b.publish("1")
		b.stands("L-1", control.Stale, "not run yet")
		b.stands("L-3", control.NotBuilt, "the half")
		b.stands("L-4", control.Stale, "Nobody attests")
		seen := b.run()
		if len(seen) != 2 {
			t.Fatalf("%d observations", len(seen))
		}
		b.stands("L-1", control.Held, "1 probe")
		b.stands("L-2", control.Held, "2 probes")
		b.stands("L-3", control.NotBuilt, "What is built holds")
		if c := b.clause("L-1"); !strings.Contains(c.Text.EN, "60") || c.Evidence.IsZero() || !c.Published || b.clause("L-3").Apart != true {
			t.Errorf("clause %+v", c)
		}
		b.blue.set(false, "it is dark", nil)
		b.run("lamp.blue")
		b.stands("L-1", control.Held, "")
		b.stands("L-2", control.Broken, "it is dark")
		b.stands("L-3", control.Broken, "it is dark") // what is built of it is broken: worse than not built
		b.blue.set(true, "", errors.New("panic"))
		b.run("lamp.blue")
		b.stands("L-2", control.Stale, "panicked")
		b.blue.set(true, "", errors.New("no way in"))
		b.run("lamp.blue")
		b.stands("L-2", control.Stale, "no way in")
		_, sum, err := b.Clauses(b.as("provider.admin"), control.Filter{})
		if err != nil || sum.Total != 4 || sum.Held != 1 || sum.Stale != 2 || sum.NotBuilt != 1 {
			t.Errorf("summary %+v, %v", sum, err)
		}
	})
}

func TestAnObservationIsSignedAndJournaled(t *testing.T) {
	eachBoard(t, func(t *testing.T, b *board) {
		o := b.run("lamp.red")[0]
		b.must("settle", b.journal.Settle(t.Context()))
		e, err := b.Observation(b.as("provider.auditor"), o.ID)
		b.must("open", err)
		if !e.Sound || len(e.Lines) != 1 || e.Lines[0].Resource != string(o.ID) || e.Checkpoint == "" {
			t.Fatalf("evidence %+v", e)
		}
		signed, err := verify.OpenObservation([]byte(e.Text), o.Signature, b.journal.Key())
		if err != nil || signed.Outcome != verify.SawHeld || signed.Sample != 3 || signed.Population != 9 || signed.Settings["session.idle"] != "60" {
			t.Errorf("what was signed: %+v, %v", signed, err)
		}
		if signed.Expires-signed.End != (24 * time.Hour).Microseconds() {
			t.Errorf("a probe that no clause uses expires after %v", time.Duration(signed.Expires-signed.End)*time.Microsecond)
		}
		b.publish("1")
		if o := b.run("lamp.red")[0]; o.Expires.Sub(o.End) != 6*time.Hour {
			t.Errorf("expires after %v, its clauses say 6h", o.Expires.Sub(o.End))
		}
		list, next, err := b.Observations(b.as("provider.admin"), "lamp.red", "", 1)
		if err != nil || len(list) != 1 || next == "" || list[0].ID == o.ID {
			t.Errorf("the first page: %v, %q, %v", list, next, err)
		}
		if list, next, err = b.Observations(b.as("provider.admin"), "lamp.red", next, 1); err != nil || len(list) != 1 || next != "" || list[0].ID != o.ID {
			t.Errorf("the last page: %v, %q, %v", list, next, err)
		}
	})
}

// Two nodes asked for the same probe at once run it once, and its job is done by one of them.
func TestTwoNodesNeverRunAProbeTwice(t *testing.T) {
	one, two := twoNodes(t)
	b := newBoard(t, one, nil)
	b.red.slow = 300 * time.Millisecond
	ctx, stop := context.WithCancel(one.system())
	var queues, all sync.WaitGroup
	var rooms []*control.Module
	for _, w := range []*town{one, two} {
		q := jobs.New(w.db, jobs.Options{Poll: 20 * time.Millisecond})
		needs := b.needs(w.House)
		needs.Jobs = q
		m := control.New(needs)
		rooms = append(rooms, m)
		q.Handle(control.JobRun, m.HandleRun)
		queues.Go(func() { _ = q.Run(ctx) })
	}
	defer queues.Wait()
	defer stop()
	var ran, refused atomic.Int32
	for i := range 4 {
		all.Go(func() {
			_, err := rooms[i%2].Run(ctx, "lamp.red")
			switch {
			case err == nil:
				ran.Add(1)
			case core.CodeOf(err) == "probe.running":
				refused.Add(1)
			default:
				t.Errorf("node %d: %v", i%2, err)
			}
		})
	}
	all.Wait()
	if n := b.red.runs.Load(); n != 1 || ran.Load() != 1 || refused.Load() != 3 {
		t.Fatalf("it ran %d times (%d asked, %d refused)", n, ran.Load(), refused.Load())
	}
	one.do("due", func(ctx context.Context, tx core.Tx) error {
		_, err := tx.Exec(ctx, qDueNow)
		return err
	})
	for range 3 {
		for _, m := range rooms {
			all.Go(func() {
				if err := m.Plan(ctx); err != nil {
					t.Errorf("plan: %v", err)
				}
			})
		}
		all.Wait()
	}
	for deadline := time.Now().Add(10 * time.Second); b.red.runs.Load() < 2 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(time.Second)
	if n := b.red.runs.Load(); n != 2 {
		t.Errorf("its job was done %d times", n-1)
	}
	list, _, err := rooms[0].Observations(one.as("provider.admin"), "lamp.red", "", 9)
	if err != nil || len(list) != 2 {
		t.Errorf("%d observations of two runs, %v", len(list), err)
	}
}

var qDueNow = db.SQL(`UPDATE control_probe SET due_at = 1`)

func TestABreakIsToldOnce(t *testing.T) {
	eachBoard(t, func(t *testing.T, b *board) {
		b.must("contact", b.db.Write(t.Context(), func(tx core.Tx) error {
			return b.settings.Put(t.Context(), tx, core.Platform, map[string]string{"contact.security": "security@rempart.example"})
		}))
		type call struct {
			body, signature string
		}
		calls := make(chan call, 9)
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			calls <- call{string(body), r.Header.Get("Rempart-Signature")}
		}))
		t.Cleanup(receiver.Close)
		hook, secret, err := b.AddWebhook(b.as("provider.admin"), receiver.URL)
		b.must("webhook", err)
		b.publish("1")
		b.must("tell", b.Tell(t.Context()))
		mails := func(kind string) (n int) {
			b.must("mails", b.db.Read(t.Context(), func(tx core.Tx) (err error) {
				n, _, err = db.One(t.Context(), tx, qMailsOf, db.Value[int], kind)
				return err
			}))
			return n
		}
		for _, held := range []bool{true, false, false, true, true} {
			b.red.set(held, "seen", nil)
			b.run("lamp.red")
			if !held {
				b.red.set(true, "", errors.New("flickers"))
				b.run("lamp.red") // neither mends nor breaks
			}
		}
		if broken, mended := mails("control.broken"), mails("control.mended"); broken != 1 || mended != 1 {
			t.Errorf("%d mails of the break, %d of the mending", broken, mended)
		}
		alerts, err := b.Alerts(b.as("provider.auditor"), "", 10)
		if err != nil || len(alerts) != 1 || alerts[0].Mended.IsZero() || alerts[0].Orgs != 2 || len(alerts[0].Clauses) != 2 {
			t.Fatalf("alerts %+v, %v", alerts, err)
		}
		orgs, err := b.AlertOrgs(b.as("provider.admin"), alerts[0].ID, 10)
		if err != nil || !slices.Contains(orgs, b.a) || !slices.Contains(orgs, b.b) {
			t.Errorf("organizations concerned: %v, %v", orgs, err)
		}
		for _, event := range []core.ID{"control.broken", "control.mended"} {
			b.must("deliver", b.HandleWebhook(b.system(), jobs.Run{Payload: map[string]core.ID{"webhook": hook, "alert": alerts[0].ID, "event": event}}))
			got := <-calls
			at, mac, _ := strings.Cut(strings.TrimPrefix(got.signature, "t="), ",v1=")
			h := hmac.New(sha256.New, []byte(secret))
			h.Write([]byte(at + "." + got.body))
			var e control.Event
			if mac != hex.EncodeToString(h.Sum(nil)) || json.Unmarshal([]byte(got.body), &e) != nil || e.Event != string(event) || e.Probe != "lamp.red" || e.Orgs != 2 {
				t.Errorf("received %s with %s", got.body, got.signature)
			}
		}
		list, err := b.Webhooks(b.as("provider.auditor"))
		if err != nil || len(list) != 1 || list[0].LastReply != "200" {
			t.Errorf("webhooks %+v, %v", list, err)
		}
	})
}

var qMailsOf = db.SQL(`SELECT COUNT(*) FROM mail_outbox WHERE kind = $1`)

func TestAlertsLeaveForPublicAddressesOnly(t *testing.T) {
	b := newBoard(t, newTown(t, ""), nil)
	for _, address := range []string{"http://example.org/x", "ftp://example.org", "https://u:p@example.org/", "https://", "javascript:alert(1)", ""} {
		if _, _, err := b.AddWebhook(b.as("provider.admin"), address); core.KindOf(err) != core.Invalid {
			t.Errorf("%q was accepted: %v", address, err)
		}
	}
	hook, _, err := b.AddWebhook(b.as("provider.admin"), "https://169.254.169.254/latest")
	b.must("add", err)
	b.publish("1")
	b.red.set(false, "dark", nil)
	b.run("lamp.red")
	alerts, err := b.Alerts(b.as("provider.admin"), "", 1)
	b.must("alerts", err)
	if err := b.HandleWebhook(b.system(), jobs.Run{Payload: map[string]core.ID{"webhook": hook, "alert": alerts[0].ID, "event": "control.broken"}}); err == nil {
		t.Error("an address of the inside was called")
	}
	if list, _ := b.Webhooks(b.as("provider.admin")); list[0].LastReply != "refused" {
		t.Errorf("the page says %q", list[0].LastReply)
	}
}
