package journal_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/verify"
)

func TestCheckpointsLeaveTheInstallation(t *testing.T) {
	d, other := dbtest.Open(t, dbtest.SQLite, schemas), dbtest.Open(t, dbtest.SQLite, schemas)
	witness := newHouse(t, other, func(n *journal.Needs) { n.Name = "witness.example/journal" })
	key := verify.Key{Name: "test.example/journal", Public: witness.Key().Public} // the tests share one key
	server := httptest.NewServer(http.StripPrefix("/w", witness.AddCheckpoint(key)))
	defer server.Close()

	var mu sync.Mutex
	bucket := map[string]string{}
	store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bucket[r.Method+" "+r.URL.Path] = string(b)
	}))
	defer store.Close()

	folder, mailer := t.TempDir(), coretest.Mailer()
	each := time.Nanosecond
	h := newHouse(t, d, func(n *journal.Needs) {
		n.Outlets = []journal.Outlet{
			journal.Folder{Path: folder, Each: each},
			journal.Bucket{URL: store.URL + "/b", Client: store.Client(), Each: each},
			journal.Mailbox{DB: d, Mailer: mailer, To: "outside@example.org", Each: each},
			journal.Witness{URL: server.URL + "/w", Client: server.Client(), Each: each},
		}
	})
	h.fill(3)
	h.runUntil(func() bool { return h.sentTo(4, 3) })
	h.fill(300) // the witness needs a proof that 303 extends 3
	h.clock.Advance(time.Minute)
	h.runUntil(func() bool { return h.sentTo(4, 303) })

	for size, name := range map[int]string{3: "00000000000000000003.note", 303: "00000000000000000303.note"} {
		b, err := os.ReadFile(filepath.Join(folder, "org-a", name))
		if err != nil {
			t.Fatal(err)
		}
		c, err := verify.OpenCheckpoint(b, h.Key())
		if err != nil || c.Size != uint64(size) || c.Origin != "test.example/journal/org-a" {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		mu.Lock()
		if bucket["PUT /b/org-a/"+name] != string(b) {
			t.Errorf("the bucket lacks %s: %v", name, bucket)
		}
		mu.Unlock()
	}
	if sent := mailer.Sent("journal.checkpoint"); len(sent) != 2 || !strings.Contains(sent[1].Body, "test.example/journal/org-a\n303\n") {
		t.Errorf("%d mails", len(sent))
	}
	var text string
	err := d.Read(t.Context(), func(tx core.Tx) (err error) {
		text, _, err = db.One(t.Context(), tx, qNoteOf, db.Value[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(text), note.VerifierList(verify.CosignatureVerifier(witness.WitnessName(), witness.Key().Public)))
	if err != nil || len(n.Sigs) != 1 {
		t.Errorf("the witness's cosignature is not kept: %v\n%s", err, text)
	}
	if rep := h.verify("org-a"); !rep.OK() {
		t.Errorf("%s", rep.String())
	}
}

// sentTo tells whether so many outlets have received a size.
func (h *house) sentTo(outlets, size int64) bool {
	var n int64
	err := h.db.Read(h.t.Context(), func(tx core.Tx) (err error) {
		n, _, err = db.One(h.t.Context(), tx, qSentTo, db.Value[int64], size)
		return err
	})
	return err == nil && n == outlets
}

// runUntil runs the journal's work until something is so.
func (h *house) runUntil(so func() bool) {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Error("after twenty seconds it is not so")
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		h.t.Fatal(err)
	}
}

var qSentTo = db.SQL(`SELECT COUNT(*) FROM journal_outlet WHERE size = $1 AND failure = ''`)

var qNoteOf = db.SQL(`SELECT note FROM journal_checkpoint ORDER BY size DESC LIMIT 1`)

func TestAWitnessNeverGoesBack(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		known := verify.Key{Name: "log.example/journal", Public: h.Key().Public}
		server := httptest.NewServer(h.AddCheckpoint(known))
		defer server.Close()
		signed := func(origin string, size uint64, root verify.Hash) string {
			msg, err := note.Sign(&note.Note{Text: verify.Checkpoint{Origin: origin, Size: size, Root: root}.Body()},
				verify.NewSigner(origin, h.Key().Public, func(m []byte) ([]byte, error) { return testKey.Sign(nil, m, plainHash{}) }))
			if err != nil {
				t.Fatal(err)
			}
			return string(msg)
		}
		one, two := verify.LeafHash([]byte("1")), verify.LeafHash([]byte("2"))
		both := verify.NodeHash(one, two)
		proof := base64.StdEncoding.EncodeToString(two[:]) + "\n"
		const origin = "log.example/journal/org"
		for i, c := range []struct {
			body   string
			status int
			answer string
		}{
			{"old 0\n\n" + signed(origin, 1, one), 200, "— test.example/journal/witness "},
			{"old 0\n\n" + signed(origin, 1, one), 409, "1\n"},
			{"old 1\n" + proof + "\n" + signed(origin, 2, verify.NodeHash(two, one)), 422, ""},
			{"old 1\n\n" + signed(origin, 2, both), 422, ""},
			{"old 1\n" + proof + "\n" + signed(origin, 2, both), 200, "— test.example/journal/witness "},
			{"old 2\n\n" + signed(origin, 1, one), 400, ""},
			{"old 0\n\n" + signed(origin, 1, one), 409, "2\n"},
			{"old 0\n\n" + signed("other.example/journal/org", 1, one), 404, ""},
			{"old 0\n\n" + strings.Replace(signed(origin, 1, one), "\n1\n", "\n3\n", 1), 403, ""},
			{"old x\n\n" + signed(origin, 1, one), 400, ""},
			{"old 0\nAAAA\n\n" + signed(origin, 1, one), 400, ""},
			{"", 400, ""},
		} {
			res, err := http.Post(server.URL+"/add-checkpoint", "text/plain", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if res.StatusCode != c.status || !strings.HasPrefix(string(got), c.answer) {
				t.Errorf("request %d: %d %q, want %d %q", i, res.StatusCode, got, c.status, c.answer)
			}
			if c.status == 409 && res.Header.Get("Content-Type") != "text/x.tlog.size" {
				t.Errorf("request %d: type %s", i, res.Header.Get("Content-Type"))
			}
		}
	})
}

type plainHash struct{}

func (plainHash) HashFunc() crypto.Hash { return 0 }

func FuzzWitness(f *testing.F) {
	f.Add("old 0\n\na/b\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n— a/b AAAA\n")
	d := dbtest.Open(f, dbtest.SQLite, schemas)
	h := newHouse(f, d)
	handler := h.AddCheckpoint(verify.Key{Name: "a", Public: h.Key().Public})
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(body)))
		if w.Code == http.StatusOK || w.Code >= 500 {
			t.Errorf("answered %d to %q", w.Code, body)
		}
	})
}

// Two nodes over one PostgreSQL: entries of both get their places within a second, whichever holds the lease, and the
// other takes over when it stops.
func TestTwoNodesPlaceEntriesWithinASecond(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres, schemas)
	second, err := db.Open(t.Context(), db.Config{URL: dbtest.URL(d)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	real := func(n *journal.Needs) { n.Clock = clock.Real{} }
	a, b := newHouse(t, d, real), newHouse(t, second, real)
	ctxA, stopA := context.WithCancel(t.Context())
	ctxB, stopB := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = a.Run(ctxA) })
	all.Go(func() { _ = b.Run(ctxB) })
	defer all.Wait()
	defer stopB()
	write := func(h *house, d *db.DB, n int) {
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := range n {
					err := d.Write(t.Context(), func(tx core.Tx) error {
						e := core.Entry{ID: core.ID(fmt.Sprintf("%p-%d-%d-%d", h, w, i, time.Now().UnixNano())), Org: "org-a", At: time.Now(), Actor: person("ann"), Action: "x.y"}
						return h.Record(t.Context(), tx, &e)
					})
					if err != nil {
						t.Errorf("write: %v", err)
					}
				}
			})
		}
		writers.Wait()
	}
	placed := func(want uint64, within time.Duration) {
		t.Helper()
		end := time.Now().Add(within)
		for {
			head, err := a.Head(t.Context())
			if err == nil && head.Entries == want && !head.Waiting {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("after %v: %+v, %v; want %d entries", within, head, err, want)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	time.Sleep(1500 * time.Millisecond) // one of them takes the lease
	var both sync.WaitGroup
	both.Go(func() { write(a, d, 25) })
	both.Go(func() { write(b, second, 25) })
	both.Wait()
	placed(200, time.Second)
	stopA() // the lease ends by itself
	write(b, second, 5)
	placed(220, 5*time.Second)
	if rep := b.verify("org-a"); !rep.OK() || rep.Entries != 220 {
		t.Errorf("%s", rep.String())
	}
}
