package boot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/source"
)

// contacts is a tool of a customer: what tests change between two turns.
type contacts struct {
	mu   sync.Mutex
	list map[string]map[string][]string
}

func (c *contacts) Fields(context.Context) ([]string, error) {
	return []string{"name", "phone", "company", "iban", "note"}, nil
}

func (c *contacts) Read(ctx context.Context, give func(source.Record) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, f := range c.list { // in no order: nothing may hang on it
		if err := give(source.Record{Key: k, Fields: f}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (c *contacts) set(key, name, phone string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list[key] = map[string][]string{
		"name": {name}, "phone": {phone}, "company": {"Société " + key}, "iban": {"FR76-canary-iban-" + key}, "note": {"canary-note of " + key},
	}
}

func mobile(n int) string {
	return fmt.Sprintf("06 %02d %02d %02d %02d", n/1000000%100, n/10000%100, n/100%100, n%100)
}

func contactsOf(n int) *contacts {
	c := &contacts{list: map[string]map[string][]string{}}
	for i := range n {
		c.set(fmt.Sprintf("canary-key-%06d", i), fmt.Sprintf("Person %06d", i), mobile(i))
	}
	return c
}

// syncRig is a customer's computer, an agent that enrolled there, and the wire between both.
type syncRig struct {
	w    *town
	m    *recognition.Module
	link core.ID
	dir  string
	tool *contacts
	cfg  agent.Config
	id   agent.Identity
	opt  agent.Options

	mu   sync.Mutex
	sent []exchangeSeen
	cut  func(n int, r *http.Request) string // "before", "after", ""
}

// exchangeSeen is one request as it went over the wire.
type exchangeSeen struct {
	method, path string
	head         http.Header
	body, answer []byte
}

const agentFile = `
every: 1m
source: {kind: csv, file: none.csv}
mapping:
  region: FR
  numbers: [phone]
  name: [name]
  company: company
  scripts: {customer: name}
`

func (w *town) manager(who string, org core.ID) {
	w.t.Helper()
	w.user(who, org, recognition.RoleManager)
}

// syncs installs an agent at organization a through the code that a manager made.
func (w *town) syncs(tool *contacts) *syncRig {
	w.t.Helper()
	w.manager("a.admin", w.a)
	r := &syncRig{w: w, m: w.House.recognition(), dir: w.t.TempDir(), tool: tool}
	var err error
	r.link, err = r.m.MakeLink(w.as("a.admin"), w.a, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	w.must("link", err)
	server := httptest.NewServer(r.wire(w.handler))
	w.t.Cleanup(server.Close)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.jobs.Run(ctx) }()
	w.t.Cleanup(func() { stop(); <-done })
	r.cfg, err = agent.Read(filepath.Join(r.dir, "agent.yaml"), []byte(agentFile))
	w.must("configuration", err)
	made, err := r.m.InviteAgent(w.as("a.admin"), w.a, recognition.ForSync, r.link, "CRM of the office")
	w.must("code", err)
	r.id, err = agent.Enrol(context.Background(), r.cfg, server.URL, made.Code)
	w.must("enrol", err)
	r.opt = agent.Options{Version: "test", Source: tool, Poll: 5 * time.Millisecond}
	return r
}

// wire records what goes over it, and cuts it where a test says so.
func (r *syncRig) wire(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Body, req.Host = io.NopCloser(bytes.NewReader(body)), "localhost:8080"
		r.mu.Lock()
		how := ""
		if r.cut != nil {
			how = r.cut(len(r.sent), req)
		}
		r.mu.Unlock()
		rec := httptest.NewRecorder()
		if how != "before" {
			next.ServeHTTP(rec, req)
		}
		r.mu.Lock()
		r.sent = append(r.sent, exchangeSeen{req.Method, req.URL.RequestURI(), req.Header.Clone(), body, bytes.Clone(rec.Body.Bytes())})
		r.mu.Unlock()
		if how != "" {
			panic(http.ErrAbortHandler)
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func (r *syncRig) turn() (agent.Result, error) {
	r.w.t.Helper()
	a, err := agent.New(r.cfg, r.id, r.opt)
	r.w.must("agent", err)
	defer a.Close()
	return a.Turn(context.Background())
}

func (r *syncRig) mustTurn(how string) agent.Result {
	r.w.t.Helper()
	res, err := r.turn()
	r.w.must("turn", err)
	if how != "" && res.How != how {
		r.w.t.Fatalf("the turn was %q, want %q: %+v", res.How, how, res)
	}
	return res
}

func (r *syncRig) knows(phone string) (names []string) {
	r.w.t.Helper()
	found, err := r.m.Lookup(r.w.system(), r.w.a, phone)
	r.w.must("lookup", err)
	for _, c := range found.Matches {
		names = append(names, c.Name)
	}
	return names
}

func (r *syncRig) wants(phone string, names ...string) {
	r.w.t.Helper()
	if got := r.knows(phone); !slices.Equal(got, names) {
		r.w.t.Fatalf("%s is %v, want %v", phone, got, names)
	}
}

func onTowns(t *testing.T, fn func(t *testing.T, w *town)) { onTownsWith(t, Config{}, fn) }

// onTownsWith is onTowns for a house of another configuration.
func onTownsWith(t *testing.T, cfg Config, fn func(t *testing.T, w *town)) {
	for _, kind := range dbtest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			cfg := cfg
			if kind != dbtest.SQLite {
				c := dbtest.Config(t, kind, nil)
				cfg.URL, cfg.Connections = c.URL, c.Pool
			}
			fn(t, newTownWith(t, cfg))
		})
	}
}

func TestAnAgentBringsWhatChangedAndBothSetsAreProvenEqual(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(300))
		if res := r.mustTurn("full"); res.Held != 300 || res.Sent != 300 {
			t.Fatalf("first turn: %+v", res)
		}
		r.wants("+33600000007", "Person 000007")
		r.mustTurn("nothing")

		r.tool.set("canary-key-000007", "Renamed", mobile(7))
		r.tool.set("canary-key-new", "New", "01 42 00 00 42")
		delete(r.tool.list, "canary-key-000009")
		if res := r.mustTurn("delta"); res.Sent != 2 || res.Deleted != 1 || res.Held != 300 {
			t.Fatalf("second turn: %+v", res)
		}
		r.wants("0600000007", "Renamed")
		r.wants("01 42 00 00 42", "New")
		r.wants("0600000009")

		// The store is lost, then the tool changes: only what differs is sent.
		w.must("lose the store", os.Remove(r.cfg.Store))
		r.tool.set("canary-key-000011", "Moved", "01 42 00 00 11")
		delete(r.tool.list, "canary-key-000012")
		if res := r.mustTurn("repair"); res.Sent != 1 || res.Deleted > 2 || res.Held != 299 {
			t.Fatalf("repair: %+v", res)
		}
		r.wants("0600000011")
		r.wants("01 42 00 00 11", "Moved")
		r.wants("0600000012")

		// Another choice of fields is another version: everything is sent anew by itself.
		cfg, err := agent.Read(filepath.Join(r.dir, "agent.yaml"), []byte(strings.Replace(agentFile, "company: company", "shown: {Société: company}", 1)))
		w.must("configuration", err)
		r.cfg = cfg
		if res := r.mustTurn(""); res.Sent != 299 || res.Held != 299 {
			t.Fatalf("another mapping: %+v", res)
		}
		found, err := r.m.Lookup(w.system(), w.a, "0600000001")
		w.must("lookup", err)
		if len(found.Matches) != 1 || found.Matches[0].Shown["Société"] != "Société canary-key-000001" || found.Matches[0].Company != "" {
			t.Fatalf("after another mapping: %+v", found.Matches)
		}
		if n := w.entries(w.a, "sync.push", r.link); n < 5 {
			t.Errorf("%d entries of synchronisations in the journal", n)
		}
		h, err := r.m.SyncHealthOf(w.as("a.admin"), w.a, r.link)
		w.must("health", err)
		if h.State != recognition.SyncIdle || h.Cards != 299 || h.Done.IsZero() || h.Digest == "" || h.Late {
			t.Errorf("health: %+v", h)
		}
	})
}

// TestRowsChangedBehindTheBackAreSeen: the digest is read from the rows, so that a table brought back from elsewhere shows.
func TestRowsChangedBehindTheBackAreSeen(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(50))
		r.mustTurn("full")
		w.do("tamper", func(ctx context.Context, tx core.Tx) error {
			l, err := r.m.LinkIn(ctx, tx, w.a, r.link)
			if err != nil {
				return err
			}
			var gone []recognition.Key
			if err := r.m.Walk(ctx, tx, w.a, l.Shelf, func(k recognition.Key, _ recognition.Mark) error {
				if len(gone) < 3 {
					gone = append(gone, k)
				}
				return nil
			}); err != nil {
				return err
			}
			return r.m.Delete(ctx, tx, w.a, r.link, l.Shelf, gone)
		})
		if res := r.mustTurn("repair"); res.Sent != 3 || res.Held != 50 {
			t.Fatalf("%+v", res)
		}
	})
}

// TestACutAtAnyPointSendsAtMostOneChunkAgain kills the agent at each request in turn, before the platform saw it and after.
func TestACutAtAnyPointSendsAtMostOneChunkAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("tens of synchronisations")
	}
	w := newTown(t, "")
	r := w.syncs(contactsOf(60))
	r.opt.Rows = 20 // three chunks
	for _, how := range []string{"before", "after"} {
		for at := 1; ; at++ {
			// A fresh link for each cut: every step of a first synchronisation.
			r.anew()
			r.sent = nil
			cut := false
			r.cut = func(n int, _ *http.Request) string {
				if n+1 >= at && !cut { // this request and every further one of this process is lost
					cut = true
				}
				if cut {
					return how
				}
				return ""
			}
			a, err := agent.New(r.cfg, r.id, r.opt)
			w.must("agent", err)
			ctx, stop := context.WithTimeout(context.Background(), 400*time.Millisecond)
			_, err = a.Turn(ctx)
			stop()
			a.Close()
			if err == nil {
				if at < 5 {
					t.Fatalf("a synchronisation of %d requests was not cut", at)
				}
				break
			}
			if got := r.knows("0600000001"); len(got) > 1 {
				t.Fatalf("cut %s %d: half a synchronisation shows %v", how, at, got)
			}
			chunks := r.chunks()
			r.cut = nil
			res := r.mustTurn("")
			if again := r.chunks() - 3; again > 1 && chunks <= 3 {
				t.Errorf("cut %s request %d: %d chunks were sent again", how, at, again)
			}
			if res.Held != 60 {
				t.Fatalf("cut %s request %d: %+v", how, at, res)
			}
			r.wants("0600000059", "Person 000059")
		}
	}
}

// anew gives the agent another link.
func (r *syncRig) anew() {
	r.w.t.Helper()
	r.cut = nil
	_ = os.Remove(r.cfg.Store)
	_ = os.Remove(r.cfg.Identity)
	r.w.must("remove", r.m.RemoveLink(r.w.as("a.admin"), r.w.a, r.link))
	var err error
	r.link, err = r.m.MakeLink(r.w.as("a.admin"), r.w.a, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	r.w.must("link", err)
	r.w.do("attempts", func(ctx context.Context, tx core.Tx) error { _, err := tx.Exec(ctx, qNoAttempts); return err })
	made, err := r.m.InviteAgent(r.w.as("a.admin"), r.w.a, recognition.ForSync, r.link, "again")
	r.w.must("code", err)
	r.id, err = agent.Enrol(context.Background(), r.cfg, r.id.Server, made.Code)
	r.w.must("enrol", err)
}

var qNoAttempts = db.SQL(`DELETE FROM abuse_bucket`)

// chunks counts those that arrived: what a process sent into a cut wire again and again counts once.
func (r *syncRig) chunks() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, last := 0, ""
	for _, s := range r.sent {
		if strings.Contains(s.path, "/chunks/") {
			if s.path+string(s.body) != last {
				n++
			}
			last = s.path + string(s.body)
		}
	}
	return n
}

func TestADeltaThatTakesMuchAwayWaitsForAPerson(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(40))
		r.mustTurn("full")
		for i := range 9 { // 22.5 %
			delete(r.tool.list, fmt.Sprintf("canary-key-%06d", i))
		}
		before := w.letters("recognition.waiting")
		if _, err := r.turn(); core.CodeOf(err) != "agent.waiting" {
			t.Fatalf("the turn: %v", err)
		}
		r.wants("0600000003", "Person 000003")
		if n := w.letters("recognition.waiting") - before; n != 1 {
			t.Errorf("%d letters to the manager", n)
		}
		all, err := r.m.Waiting(w.as("a.admin"), w.a)
		w.must("waiting", err)
		if len(all) != 1 || all[0].Deletes != 9 || all[0].Link != r.link {
			t.Fatalf("waiting: %+v", all)
		}
		if err := r.m.Approve(w.as("a.member"), w.a, r.link); core.KindOf(err) != core.Forbidden && core.KindOf(err) != core.NotFound {
			t.Fatalf("a member approves: %v", err)
		}
		w.must("refuse", r.m.Refuse(w.as("a.admin"), w.a, r.link))
		r.wants("0600000003", "Person 000003")
		if _, err := r.turn(); core.CodeOf(err) != "agent.no" {
			t.Fatalf("the turn after a refusal: %v", err)
		}
		if n := w.letters("recognition.waiting") - before; n != 1 {
			t.Errorf("the same change was asked about again: %d letters", n)
		}
		delete(r.tool.list, "canary-key-000020")
		if _, err := r.turn(); core.CodeOf(err) != "agent.waiting" {
			t.Fatalf("another change: %v", err)
		}
		w.must("approve", r.m.Approve(w.as("a.admin"), w.a, r.link))
		w.eventually("what was approved is done", func() bool { return len(r.knows("0600000003")) == 0 })
		if res := r.mustTurn("nothing"); res.Held != 30 {
			t.Fatalf("%+v", res)
		}
	})
}
