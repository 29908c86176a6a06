package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/gate"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// house is the ground of an installation: two files, the vault, the journal, the gate.
type house struct {
	data, keys *db.DB
	journal    *journal.Module
	gate       *gate.Gate
	people     []core.ID
	stop       context.CancelFunc
	stopped    chan struct{}
}

// permitAll stands for the decision, which has a benchmark of its own.
type permitAll struct{}

func (permitAll) Decide(context.Context, core.Tx, core.Actor, *core.Act) error { return nil }

func build(ctx context.Context, dir string) (*house, error) {
	h := &house{stopped: make(chan struct{})}
	var err error
	if h.data, err = db.Open(ctx, db.Config{URL: filepath.Join(dir, "rempart.db")}); err != nil {
		return nil, err
	}
	if h.keys, err = db.Open(ctx, db.Config{URL: filepath.Join(dir, "keys.db")}); err != nil {
		return nil, err
	}
	if err := h.data.Migrate(ctx, journal.Schema()); err != nil {
		return nil, err
	}
	if err := h.keys.Migrate(ctx, vault.Schema()); err != nil {
		return nil, err
	}
	root, err := vault.LoadRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		return nil, err
	}
	sealer, err := vault.New(vault.Needs{DB: h.keys, Root: root})
	if err != nil {
		return nil, err
	}
	for range 1024 {
		h.people = append(h.people, ids.New())
	}
	if err := sealer.MakeKeys(ctx, append([]core.ID{core.Platform, "org"}, h.people...)...); err != nil {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	h.journal = journal.New(journal.Needs{
		DB: h.data, Sealer: sealer, Name: "bench.example/journal", Key: key, HeadFile: filepath.Join(dir, "heads.json"),
	})
	h.gate = gate.New(gate.Needs{Store: h.data, Decider: permitAll{}, Recorder: h.journal, Clock: clock.Real{}})
	ctx, h.stop = context.WithCancel(ctx)
	go func() { defer close(h.stopped); _ = h.journal.Run(ctx) }()
	return h, nil
}

func (h *house) close() {
	h.stop()
	<-h.stopped
	_ = h.data.Close()
	_ = h.keys.Close()
}

var moveMember = core.ActDef{
	Permission: "member.update", Resource: "member", Verb: core.Updates, Purpose: core.PurposeService,
	Title: core.Text{FR: "Modifier un membre", EN: "Update a member"},
}

// act does one act as a person about another: what most entries look like.
func (h *house) act(ctx context.Context, client int) error {
	person := h.people[client%len(h.people)]
	ctx = core.WithActor(ctx, core.Actor{
		Kind: core.HumanActor, ID: person, Account: person, Session: person, Request: person, AAL: 2,
		Address: netip.AddrFrom4([4]byte{192, 0, 2, byte(client)}), Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	})
	act := &core.Act{Def: &moveMember, Org: "org", Resource: person, Subject: h.people[(client+7)%len(h.people)]}
	return h.gate.Change(ctx, act, func(core.Tx) error {
		act.Changed("function", "clerk", "head of department")
		return nil
	})
}

// cpu is the time that this process has used of all processors.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rempart(ctx context.Context, s settings, clients int) (result, error) {
	dir, err := os.MkdirTemp(s.dir, "rempart-")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	h, err := build(ctx, dir)
	if err != nil {
		return result{}, err
	}
	defer h.close()
	if s.profile != "" {
		f, err := os.Create(fmt.Sprintf("%s.%d", s.profile, clients))
		if err != nil {
			return result{}, err
		}
		_ = pprof.StartCPUProfile(f)
	}
	r, before, err := warmed(ctx, clients, s.seconds, h.act)
	pprof.StopCPUProfile()
	if err != nil {
		return r, err
	}
	if err := h.journal.Settle(ctx); err != nil {
		return r, err
	}
	rep, err := h.journal.Verify(ctx, "org")
	if err != nil {
		return r, err
	}
	if !rep.OK() || rep.Entries != uint64(before+r.done) {
		return r, fmt.Errorf("%d acts were acknowledged: %s", before+r.done, rep.String())
	}
	return r, nil
}

// million plants entries through the recorder and measures what reads them.
func million(ctx context.Context, s settings) ([]target, error) {
	dir, err := os.MkdirTemp(s.dir, "million-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	h, err := build(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer h.close()
	began := time.Now()
	if err := h.plant(ctx, s.entries); err != nil {
		return nil, err
	}
	planted := time.Since(began)
	if err := h.journal.Settle(ctx); err != nil {
		return nil, err
	}
	began = time.Now()
	if err := h.journal.Index(ctx); err != nil {
		return nil, err
	}
	fmt.Printf("  planted %d entries in %s, indexed what was left in %s\n", s.entries, planted.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	best := time.Hour
	for range 3 {
		rep, err := h.journal.Verify(ctx, "org")
		if err != nil {
			return nil, err
		}
		if !rep.OK() || rep.Entries != uint64(s.entries) {
			return nil, fmt.Errorf("%s", rep.String())
		}
		best = min(best, rep.Took)
	}
	limit := time.Duration(float64(1500*time.Millisecond) * float64(s.entries) / 1e6)
	lines := []target{{fmt.Sprintf("verify %d entries from SQLite", s.entries), best.Round(time.Millisecond).String(), "<= " + limit.String(), best <= limit}}
	pages, err := h.readPages(ctx)
	return append(lines, pages...), err
}

// pageLimit is how long a page of the explorer may take, whatever the log holds.
const pageLimit = 100 * time.Millisecond

// readPages measures pages of the explorer: the newest, deep in the past, and each kind of filter.
func (h *house) readPages(ctx context.Context) ([]target, error) {
	ctx = core.WithActor(ctx, core.System("bench"))
	x := h.journal.Explorer(h.gate, nil)
	someone := h.people[17]
	first := time.Now().AddDate(-1, 0, 0)
	var lines []target
	for _, c := range []struct {
		what string
		f    journal.Filter
	}{
		{"newest", journal.Filter{}},
		{"the middle of the past", journal.Filter{To: first.AddDate(0, 4, 0)}},
		{"the oldest", journal.Filter{To: first.AddDate(0, 0, 2)}},
		{"one actor", journal.Filter{Actor: someone}},
		{"a person's timeline", journal.Filter{Person: someone}},
		{"refusals", journal.Filter{Outcome: "unusual"}},
		{"a frequent act by one actor", journal.Filter{Actor: someone, Action: "role.assign"}},
		{"refusals of a frequent act", journal.Filter{Outcome: "refused", Action: "member.read"}},
		{"a frequent act that nobody was refused on one object", journal.Filter{Action: "member.read", Outcome: "failure"}},
		{"words that nothing holds", journal.Filter{Words: "nowhere to be found"}},
	} {
		best := time.Hour
		rows := 0
		for range 5 {
			began := time.Now()
			v, err := x.Page(ctx, "org", c.f, journal.Mark{})
			if err != nil {
				return nil, err
			}
			best, rows = min(best, time.Since(began)), len(v.Rows)
		}
		lines = append(lines, target{"page: " + c.what, fmt.Sprintf("%.1f ms, %d rows", float64(best.Microseconds())/1000, rows), "<= " + pageLimit.String(), best <= pageLimit})
	}
	return lines, nil
}

// plant records entries in large transactions, spread over people, actions and a year.
func (h *house) plant(ctx context.Context, n int) error {
	verbs := [...]core.Permission{"member.read", "member.update", "session.begin", "role.assign", "journal.read"}
	start := time.Now().AddDate(-1, 0, 0)
	for done := 0; done < n; done += 1000 {
		err := h.data.Write(ctx, func(tx core.Tx) error {
			for i := done; i < min(n, done+1000); i++ {
				at := start.Add(time.Duration(i) * 30 * time.Second)
				person := h.people[i%len(h.people)]
				e := &core.Entry{
					ID: ids.At(at), Org: "org", At: at, Action: verbs[i%len(verbs)], Verb: core.Verb(i % 4), Type: "member",
					Resource: h.people[(i/3)%len(h.people)], Subjects: []core.ID{h.people[(i/7)%len(h.people)]}, Purpose: core.PurposeService,
					Actor: core.Actor{
						Kind: core.HumanActor, ID: person, Session: person, Request: person,
						Address: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
					},
					Changes: []core.FieldChange{{Field: "function", Before: "clerk", After: "head of department"}},
				}
				if i%97 == 0 {
					e.Outcome, e.Reason = core.Refused, "access.forbidden"
				}
				if err := h.journal.Record(ctx, tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
