package boot

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbcopy"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

// The child of the test that kills: it carries an order on until it stands at a moment, says so, and waits to be killed.
const (
	envErase = "REMPART_ERASE_CHILD" // data folder, URL, order, moment; between them a line feed
	atMoment = "standing at the moment"
)

func TestEraseChild(t *testing.T) {
	asked := strings.Split(os.Getenv(envErase), "\n")
	if len(asked) != 4 {
		t.Skip("the child of another test")
	}
	h, err := New(t.Context(), Config{
		Services: services.All,
		Data:     asked[0], URL: asked[1], Origin: "http://localhost:8080", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		reached: func(_ context.Context, order core.ID, moment string) {
			if string(order) == asked[2] && moment == asked[3] {
				fmt.Println(atMoment)
				select {} // until kill -9
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Fatal("never at the moment: ", h.erasure.Advance(t.Context(), core.ID(asked[2])))
}

// killed carries an order on in another process, which is killed at a moment.
func (w *town) killed(order core.ID, moment string) {
	w.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestEraseChild$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), envErase+"="+strings.Join([]string{w.cfg.Data, w.cfg.URL, string(order), moment}, "\n"))
	out, err := cmd.StdoutPipe()
	w.must("pipe", err)
	w.must("start", cmd.Start())
	stood := false
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if stood = strings.Contains(lines.Text(), atMoment); stood {
			break
		}
		said.WriteString(lines.Text() + "\n")
	}
	w.must("kill", cmd.Process.Kill())
	_ = cmd.Wait()
	if !stood {
		w.t.Fatalf("%s: the process never stood there: %s", moment, said.String())
	}
}

// TestAnErasureEndsTheSameWhereverItIsKilled kills a process before and after each step of an erasure, with kill -9; another node
// takes over, and the end is that of an erasure that nothing interrupted.
func TestAnErasureEndsTheSameWhereverItIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts 17 processes on each engine")
	}
	onEachEngine(t, func(t *testing.T, w *town) {
		w.furnish()
		whole := w.victim("whole")
		order := w.orders(whole, "", erasure.ByRequest)
		w.must("run", w.erasure.Advance(w.system(), order))
		want := says(w.gone(order, whole))
		for i, step := range erasure.Steps {
			for _, moment := range []string{"before " + step, "after " + step} {
				if moment == "after "+erasure.StepCertify {
					continue // it is over
				}
				v := w.victim(fmt.Sprintf("v%d-%s", i, moment[:1]))
				order := w.orders(v, "", erasure.ByRequest)
				w.killed(order, moment)
				w.must("take over", w.erasure.Advance(w.system(), order))
				if got := says(w.gone(order, v)); got != want {
					t.Errorf("killed %s, the receipt says\n%s\nand not\n%s", moment, got, want)
				}
			}
		}
		if n := w.letters(erasure.MailReceipt); n != int64(1+2*len(erasure.Steps)) {
			t.Errorf("%d receipts were mailed for %d erasures", n, 2*len(erasure.Steps))
		}
	})
}

// TestTwoNodesEraseOnce: nodes that carry the same orders on at the same time end them once.
func TestTwoNodesEraseOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		w.furnish()
		other, err := New(t.Context(), Config{Services: services.All, Data: w.cfg.Data, URL: w.cfg.URL, Origin: "http://localhost:8080", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		w.must("second node", err)
		t.Cleanup(func() { w.must("close", other.Close()) })
		var orders, people []core.ID
		for i := range 4 {
			people = append(people, w.victim(fmt.Sprint("v", i)))
			orders = append(orders, w.orders(people[i], "", erasure.ByRequest))
		}
		var all sync.WaitGroup
		for _, h := range []*House{w.House, other} {
			for _, id := range orders {
				all.Go(func() {
					if err := h.erasure.Advance(w.system(), id); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		w.must("hear of it", w.Sweep(t.Context(), "erasure.sweep"))
		want := ""
		for i, id := range orders {
			got := says(w.gone(id, people[i]))
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("one receipt says\n%s\nand another\n%s", want, got)
			}
		}
		if n := w.letters(erasure.MailReceipt); n != 5 {
			t.Errorf("%d receipts were mailed for 5 erasures", n)
		}
	})
}

// TestRestoredDataAreErasedAgain puts data from before an erasure back beside the keys of today: the person cannot be read, and is
// gone before the first request; everybody else is there.
func TestRestoredDataAreErasedAgain(t *testing.T) {
	for _, engine := range dbtest.Kinds() {
		if engine == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(engine), func(t *testing.T) {
			w, back := restorable(t, engine)
			v := w.victim("victim")
			before := back.copy(w)
			order := w.orders(v, "", erasure.ByRequest)
			w.must("run", w.erasure.Advance(w.system(), order))
			w.gone(order, v)
			people := w.count(qPeople)
			w.must("stop", w.Close())

			cfg := back.restore(w, before)
			raw, err := db.Open(t.Context(), db.Config{URL: back.rows(cfg)})
			w.must("open", err)
			w.must("look", raw.Read(t.Context(), func(tx core.Tx) error {
				n, _, err := db.One(t.Context(), tx, qRowsOf, db.Value[int64], v)
				if n != 1 {
					t.Errorf("the copy from before holds %d rows of the person: nothing is tested", n)
				}
				return err
			}))
			w.must("close", raw.Close())
			h, err := New(t.Context(), cfg)
			w.must("start on restored data", err)
			t.Cleanup(func() { w.must("close", h.Close()) })
			w.House = h
			s := w.erasureNow(order)
			if s.Replayed.IsZero() {
				t.Error("the order does not say that it was done again")
			}
			w.gone(order, v)
			if n := w.count(qPeople); n != people {
				t.Errorf("%d persons after the restore, %d before it", n, people)
			}
			w.must("everybody else", w.db.Read(t.Context(), func(tx core.Tx) error {
				p, err := w.identity.Person(t.Context(), tx, w.people["a.member"])
				if p.GivenName != "Canary" {
					t.Errorf("somebody else reads %q", p.GivenName)
				}
				return err
			}))
			if n, err := h.erasure.Replay(w.system()); n != 0 || err != nil {
				t.Errorf("a second start does %d again: %v", n, err)
			}
		})
	}
}

var qPeople = db.SQL(`SELECT count(*) FROM identity_person`)

// restoring knows how data are copied and put back on an engine.
type restoring struct {
	t      *testing.T
	engine dbtest.Kind
}

// restorable builds a town whose keys are apart from its data.
func restorable(t *testing.T, engine dbtest.Kind) (*town, restoring) {
	r := restoring{t: t, engine: engine}
	if engine == dbtest.SQLite {
		return newTown(t, ""), r
	}
	return newTownWith(t, Config{URL: dbtest.Config(t, engine, nil).URL, KeysURL: dbtest.Config(t, engine, nil).URL}), r
}

// copy gives where a copy of the data of this moment is.
func (r restoring) copy(w *town) string {
	r.t.Helper()
	to := filepath.Join(r.t.TempDir(), "before.db")
	from := filepath.Join(w.cfg.Data, "rempart.db")
	if r.engine == dbtest.SQLite {
		w.must("scrub", w.db.Scrub(r.t.Context()))
		content, err := os.ReadFile(from)
		w.must("read", err)
		w.must("copy", os.WriteFile(to, content, 0o600))
		return to
	}
	to, from = dbtest.Config(r.t, r.engine, nil).URL, w.cfg.URL
	_, err := dbcopy.Run(r.t.Context(), dbcopy.Options{Steps: []dbcopy.Step{{From: from, To: to, Schemas: Schemas()}}})
	w.must("copy", err)
	return to
}

// restore puts a copy in the place of the data; the keys stay those of today.
func (r restoring) restore(w *town, before string) Config {
	r.t.Helper()
	cfg := w.cfg
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	w.must("head", os.RemoveAll(filepath.Join(cfg.Data, "journal.head"))) // an operator who restores says so by this
	if r.engine != dbtest.SQLite {
		cfg.URL = before
		return cfg
	}
	for _, ending := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(filepath.Join(cfg.Data, "rempart.db"+ending))
	}
	content, err := os.ReadFile(before)
	w.must("read", err)
	w.must("put back", os.WriteFile(filepath.Join(cfg.Data, "rempart.db"), content, 0o600))
	return cfg
}

func (r restoring) rows(cfg Config) string {
	if cfg.URL != "" {
		return cfg.URL
	}
	return filepath.Join(cfg.Data, "rempart.db")
}
