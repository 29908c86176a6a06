package journal

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/verify"
)

// Probes gives the probes of this room; settings tell how long entries and addresses are kept.
func (m *Module) Probes(settings core.Settings) []*core.Probe {
	behaviour := func(id string, title i18n.Sentence, see func(context.Context, core.Stage) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
		return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Run: see, Faults: faults}
	}
	data := func(id string, title i18n.Sentence, see func(context.Context, core.Stage) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
		return &core.Probe{ID: id, Kind: core.DataProbe, Title: probe.Text(title), Run: see, Faults: faults}
	}
	aged := func(what func(core.JournalPolicy) int, mark func(logState) uint64, window uint64, held, old i18n.Sentence) func(context.Context, core.Stage) (core.Sight, error) {
		return func(ctx context.Context, _ core.Stage) (core.Sight, error) {
			return m.seeAge(ctx, settings, what, mark, window, held, old)
		}
	}
	return []*core.Probe{
		behaviour("journal.complete", tComplete, m.seeComplete,
			core.PlantedFault{ID: "journal.complete/cache", Title: probe.Text(tFaultCache), Plant: probe.Front(probe.Cache)},
			core.PlantedFault{ID: "journal.complete/silent", Title: probe.Text(tFaultSilent), Plant: probe.Front(silent)}),
		behaviour("journal.reason", tReason, m.seeReason, core.PlantedFault{ID: "journal.reason/open", Title: probe.Text(tFaultOpen), Plant: probe.Front(reasonless)}),
		behaviour("journal.export", tExported, m.seeExport, core.PlantedFault{ID: "journal.export/changed", Title: probe.Text(tFaultExport), Plant: probe.Front(doctored)}),
		data("journal.verify", tVerified, m.seeVerified,
			core.PlantedFault{ID: "journal.verify/entry", Title: probe.Text(tFaultEntry), Plant: probe.Rows(
				`UPDATE journal_batch SET body = CAST(substr(body, 1, 60) || x'58' || substr(body, 62) AS BLOB) WHERE pos = (SELECT min(pos) FROM journal_batch)`)},
			core.PlantedFault{ID: "journal.verify/gone", Title: probe.Text(tFaultGone), Plant: probe.Rows(
				`DELETE FROM journal_batch WHERE pos = (SELECT min(pos) FROM journal_batch)`)}),
		data("journal.tamper", tTamper, m.seeTamper,
			core.PlantedFault{ID: "journal.tamper/cut", Title: probe.Text(tFaultCut), Plant: probe.Rows(
				`DELETE FROM journal_batch WHERE pos > (SELECT min(pos) FROM journal_batch)`, `DELETE FROM journal_tile`, `DELETE FROM journal_checkpoint`)}),
		data("journal.outside", tOutside, m.seeOutside,
			core.PlantedFault{ID: "journal.outside/lost", Title: probe.Text(tFaultLost), Plant: probe.Rows(
				`CREATE TRIGGER planted_lost AFTER UPDATE ON journal_outlet BEGIN UPDATE journal_outlet SET size = 0, failure = 'planted' WHERE outlet = NEW.outlet AND log = NEW.log; END`,
				`UPDATE journal_outlet SET size = 0, at = 1, failure = 'planted'`)}),
		data("journal.retention", tRetained, aged(func(p core.JournalPolicy) int { return p.RetentionDays },
			func(l logState) uint64 { return l.pruned }, tileSize, tRetainedHeld, tRetainedOld),
			core.PlantedFault{ID: "journal.retention/kept", Title: probe.Text(tFaultAged), Plant: ancient}),
		data("journal.address", tAddress, aged(func(p core.JournalPolicy) int { return p.AddressDays },
			func(l logState) uint64 { return max(l.trimmed, l.pruned) }, 1, tAddressHeld, tAddressOld),
			core.PlantedFault{ID: "journal.address/kept", Title: probe.Text(tFaultFull), Plant: ancient}),
	}
}

// silent answers a change with success and does nothing: an act that reaches neither its room nor the journal.
func silent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/me/sessions/end-others" {
			http.Redirect(w, r, "/me/sessions", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// seeComplete: a sign-in, reads, a change and a refusal of a canary, each with its entry.
func (m *Module) seeComplete(ctx context.Context, s core.Stage) (core.Sight, error) {
	admin, err := s.Canary(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	c, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	boss, err := s.Enter(ctx, admin)
	if err != nil {
		return core.Sight{}, err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	org := "/o/" + string(c.Org)
	// Two reads of the same page are two reads.
	for _, ask := range []func() (probe.Answer, error){
		func() (probe.Answer, error) { return probe.Get(ctx, boss, org+"/members/"+string(c.Member)) },
		func() (probe.Answer, error) { return probe.Get(ctx, boss, org+"/members/"+string(c.Member)) },
		func() (probe.Answer, error) { return probe.Post(ctx, client, "/me/sessions/end-others", url.Values{}) },
		func() (probe.Answer, error) { return probe.Get(ctx, client, org+"/habilitations") },
	} {
		if _, err := ask(); err != nil {
			return core.Sight{}, err
		}
	}
	wants := []struct {
		who    core.Canary
		action core.Permission
		least  int
	}{{c, "signin.complete", 1}, {admin, "signin.complete", 1}, {c, "member.read", 2}, {c, "session.end_own", 1}, {c, "habilitation.read", 1}}
	var entries []core.ID
	acts := 0
	var lacks []string
	for _, want := range wants {
		acts += want.least
		found, err := s.Witness(ctx, want.who, want.action)
		if err != nil {
			return core.Sight{}, err
		}
		if entries = append(entries, found...); len(found) < want.least {
			lacks = append(lacks, string(want.action))
		}
	}
	sight := probe.Held(acts, acts, tCompleteHeld, acts, len(entries))
	if len(lacks) > 0 {
		sight = probe.Broken(acts, acts, tCompleteLacks, acts, strings.Join(lacks, ", "))
	}
	sight.Entries = entries
	return sight, nil
}

// reasonless shows a journal to whoever asks.
func reasonless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/journal") {
			_, _ = fmt.Fprintf(w, `<a href="%s/entries/0">signin.complete</a>`, r.URL.Path)
			return
		}
		next.ServeHTTP(w, r)
	})
}

const goodReason = "a probe reads the journal of canaries"

// seeReason: nobody reads a journal without the right and a reason, and the reading is journaled.
func (m *Module) seeReason(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx, "auditor")
	if err != nil {
		return core.Sight{}, err
	}
	plain, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	other, err := s.Enter(ctx, plain)
	if err != nil {
		return core.Sight{}, err
	}
	path := "/o/" + string(c.Org) + "/journal"
	var got [5]int
	var shown [5]bool // whether the answer leads to an entry
	for i, ask := range []func() (probe.Answer, error){
		func() (probe.Answer, error) { return probe.Get(ctx, other, path) },
		func() (probe.Answer, error) { return probe.Get(ctx, client, path) },
		func() (probe.Answer, error) {
			return probe.Post(ctx, client, path+"/visit", url.Values{"reason": {"x"}})
		},
		func() (probe.Answer, error) {
			return probe.Post(ctx, client, path+"/visit", url.Values{"reason": {goodReason}})
		},
		func() (probe.Answer, error) { // entries wait for their place where acts commit in parallel
			if err := m.Settle(ctx); err != nil {
				return probe.Answer{}, err
			}
			return probe.Get(ctx, client, path)
		},
	} {
		a, err := ask()
		if err != nil {
			return core.Sight{}, err
		}
		got[i], shown[i] = a.Status, strings.Contains(a.Body, path+"/entries/")
	}
	opened, err := s.Witness(ctx, c, Open.Permission)
	if err != nil {
		return core.Sight{}, err
	}
	read, err := s.Witness(ctx, c, Read.Permission)
	if err != nil {
		return core.Sight{}, err
	}
	switch {
	case got[0] < 400 || shown[0] || shown[1] || got[2] < 400:
		return probe.Broken(5, 5, tReasonOpen, got[0], got[1], got[2]), nil
	case got[3] >= 400 || got[4] != http.StatusOK || !shown[4]:
		return probe.Broken(5, 5, tReasonShut, got[3], got[4]), nil
	case len(opened) == 0 || len(read) == 0:
		return probe.Broken(5, 5, tReasonUntold), nil
	}
	sight := probe.Held(5, 5, tReasonHeld)
	sight.Entries = append(opened, read...)
	return sight, nil
}

// doctored changes one outcome in an export on its way out.
func doctored(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/journal/export") {
			w = &doctoring{w}
		}
		next.ServeHTTP(w, r)
	})
}

type doctoring struct{ http.ResponseWriter }

func (d *doctoring) Write(b []byte) (int, error) {
	_, err := d.ResponseWriter.Write([]byte(strings.ReplaceAll(string(b), `"journal.open"`, `"journal.opem"`)))
	return len(b), err
}

// seeExport: an export made through its page is checked with the public key alone, and a changed one is not.
func (m *Module) seeExport(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx, "auditor")
	if err != nil {
		return core.Sight{}, err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	path := "/o/" + string(c.Org) + "/journal"
	if _, err := probe.Post(ctx, client, path+"/visit", url.Values{"reason": {goodReason}}); err != nil {
		return core.Sight{}, err
	}
	if err := m.Settle(ctx); err != nil {
		return core.Sight{}, err
	}
	got, err := probe.Get(ctx, client, path+"/export?format=jsonl&actor="+string(c.Person))
	if err != nil {
		return core.Sight{}, err
	}
	if got.Status != http.StatusOK {
		return probe.Broken(1, 1, tExportRefused, got.Status), nil
	}
	report, err := verify.File(strings.NewReader(got.Body), m.Key().String())
	if err != nil {
		return core.Sight{}, probe.Because(err, tExportBlind)
	}
	if !report.OK() {
		return probe.Broken(int(report.Entries), int(report.Entries), tExportWrong, len(report.Findings)), nil
	}
	changed, err := verify.File(strings.NewReader(strings.ReplaceAll(got.Body, `"journal.open"`, `"journal.opem"`)), m.Key().String())
	if report.Entries == 0 || err == nil && changed.OK() {
		return probe.Broken(int(report.Entries), int(report.Entries), tExportDeaf), nil
	}
	sight := probe.Held(int(report.Entries), int(report.Entries), tExportHeld, report.Entries)
	sight.Entries, err = s.Witness(ctx, c, Export.Permission)
	return sight, err
}

// newestChecked is how many of a log's entries one run reads: all of them in most installations, the newest in the others.
const newestChecked = 50_000

// seeVerified: every log answers to its tree and to its signed heads.
func (m *Module) seeVerified(ctx context.Context, _ core.Stage) (core.Sight, error) {
	if err := m.Settle(ctx); err != nil {
		return core.Sight{}, err
	}
	orgs, err := m.Orgs(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	var size, entries uint64
	checkpoints := 0
	for _, org := range orgs {
		var n uint64
		err := m.db.Read(ctx, func(tx core.Tx) (err error) { n, err = m.Size(ctx, tx, org); return err })
		if err != nil {
			return core.Sight{}, err
		}
		rep, err := m.VerifyRange(ctx, org, n-min(n, newestChecked), ^uint64(0))
		if n <= newestChecked && err == nil {
			rep, err = m.Verify(ctx, org)
		}
		if err != nil {
			return core.Sight{}, err
		}
		size, entries, checkpoints = size+max(n, rep.Size), entries+rep.Entries, checkpoints+rep.Checkpoints
		if !rep.OK() {
			return probe.Broken(int(size), int(entries), tVerifiedWrong, len(rep.Findings), rep.Findings[0].Kind), nil
		}
	}
	return probe.Held(int(size), int(entries), tVerifiedHeld, entries, len(orgs), checkpoints), nil
}

// seeTamper: the database is not behind, nor beside, what this node has signed and what outside places hold.
func (m *Module) seeTamper(ctx context.Context, _ core.Stage) (core.Sight, error) {
	if err := m.Check(ctx); err != nil {
		return probe.Broken(1, 1, tTamperSeen), nil
	}
	if err := m.Settle(ctx); err != nil {
		if m.Refusing() != nil {
			return probe.Broken(1, 1, tTamperSeen), nil
		}
		return core.Sight{}, err
	}
	heads := m.heads.all()
	for org, head := range heads {
		rep, err := m.VerifyRange(ctx, org, head.Size, head.Size)
		if err != nil {
			return core.Sight{}, err
		}
		if !rep.OK() || rep.Size < head.Size {
			return probe.Broken(len(heads), len(heads), tTamperSeen), nil
		}
	}
	if err := m.Check(ctx); err != nil || m.Refusing() != nil {
		return probe.Broken(len(heads), len(heads), tTamperSeen), nil
	}
	return probe.Held(len(heads), len(heads), tTamperHeld, len(heads)), nil
}

// seeOutside: each outside place has received the newest signed head of each log, within its rhythm.
func (m *Module) seeOutside(ctx context.Context, _ core.Stage) (core.Sight, error) {
	if len(m.outlets) == 0 {
		return probe.Broken(0, 0, tOutsideNone), nil
	}
	if err := m.Settle(ctx); err != nil {
		return core.Sight{}, err
	}
	logs, late := 0, 0
	var oldest time.Duration
	for _, o := range m.outlets {
		if err := m.deliver(ctx, o); err != nil { // what is due leaves now, as every minute
			return core.Sight{}, err
		}
		err := m.db.Read(ctx, func(tx core.Tx) error {
			sent, err := db.All(ctx, tx, qOutlet, scanSent, o.Name())
			for _, x := range sent {
				logs++
				age := m.clock.Now().Sub(x.At)
				if oldest = max(oldest, age); x.Failure != "" || x.Size == 0 {
					late++
				}
			}
			return err
		})
		if err != nil {
			return core.Sight{}, err
		}
	}
	if late > 0 || logs == 0 {
		return probe.Broken(logs, logs, tOutsideLate, late, logs), nil
	}
	return probe.Held(logs, logs, tOutsideHeld, logs, len(m.outlets), oldest.Round(time.Second)), nil
}

// grace is what a sweep may take.
const grace = 48 * time.Hour

// seeAge: the oldest entries that still stand, or still have their address, are within what each organization keeps.
func (m *Module) seeAge(ctx context.Context, settings core.Settings, what func(core.JournalPolicy) int, mark func(logState) uint64, window uint64, held, old i18n.Sentence) (core.Sight, error) {
	var logs, late int
	days := map[string]string{}
	err := m.db.Read(ctx, func(tx core.Tx) error {
		list, err := allLogs(ctx, tx)
		if err != nil {
			return err
		}
		for _, l := range list {
			var policy core.Policy
			if l.org == core.Platform {
				policy, err = settings.For(ctx, tx)
			} else {
				policy, err = settings.For(ctx, tx, l.org)
			}
			if err != nil {
				return err
			}
			logs++
			keep, from := what(policy.Journal), mark(l)
			days[fmt.Sprintf("%d", keep)] = "days"
			if keep <= 0 {
				late++
				continue
			}
			if from+window > l.size {
				continue
			}
			newest, n, err := newestIn(ctx, tx, place(l.log, from-from%rowSize), place(l.log, from+window))
			if err != nil {
				return err
			}
			if n > 0 && clock.FromMicros(newest).Before(m.clock.Now().AddDate(0, 0, -keep).Add(-grace)) {
				late++
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return core.Sight{}, err
	case late > 0:
		return probe.Broken(logs, logs, old, late, logs), nil
	}
	sight := probe.Held(logs, logs, held, logs)
	sight.Settings = days
	return sight, nil
}

// ancient plants a log whose entries are half a century old and were never swept.
func ancient(ctx context.Context, s core.Saboteur) error {
	lines := make([]string, fieldCount)
	lines[fID], lines[fAt], lines[fNode], lines[fCounter] = "planted", "1", "planted", "1"
	text := []byte(strings.Join(lines, "\n"))
	statements := []string{`INSERT INTO journal_log (log, org) VALUES (9000, 'planted')`}
	for from := range 5 {
		var body []byte
		for range rowSize {
			body = verify.AppendStored(body, text, nil)
		}
		statements = append(statements, fmt.Sprintf(`INSERT INTO journal_batch (pos, count, root, leaves, body) VALUES (%d, %d, zeroblob(32), x'', x'%s')`,
			place(9000, uint64(from*rowSize)), rowSize, hex.EncodeToString(body)))
	}
	return probe.Rows(statements...)(ctx, s)
}
