package boot

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
)

// counted counts every byte that goes over the connections of a server, both ways.
type counted struct {
	net.Listener
	bytes *atomic.Int64
}

func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countedConn{c, l.bytes}, err
}

type countedConn struct {
	net.Conn
	bytes *atomic.Int64
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func (c countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

var (
	givenNames  = []string{"Anne", "Karim", "Léa", "Jean-Baptiste", "Fatou", "Hugo", "Chloé", "Mohamed", "Inès", "Paul", "Nguyen", "Sophie"}
	familyNames = []string{"Martin", "Bernard", "Dubois", "Benali", "Petit", "Robert", "Diallo", "Richard", "Da Silva", "Durand", "Leroy", "Moreau", "Lefèvre", "Nguyen"}
	firms       = []string{"Ateliers", "Garage", "Cabinet", "Mairie", "Transports", "Boulangerie", "Clinique", "Société"}
)

// crm writes n contacts as a tool exports them: half a change of turn is one of every thousand.
func crm(b *testing.B, path string, n int, turn int) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "id;first_name;last_name;company;phone;notes")
	line := func(id int, generation uint64) {
		r := rand.New(rand.NewPCG(uint64(id), generation))
		fmt.Fprintf(w, "%d;%s;%s%d;%s %d;%02d %02d %02d %02d %02d;a note that stays here\n", id, givenNames[r.IntN(len(givenNames))], familyNames[r.IntN(len(familyNames))],
			r.IntN(100_000), firms[r.IntN(len(firms))], r.IntN(10_000), 6, 10+r.IntN(28), r.IntN(100), r.IntN(100), r.IntN(100))
	}
	for id := range n {
		switch {
		case turn > 0 && id%4_000 == 1: // gone
		case turn > 0 && id%2_000 == 3: // changed
			line(id, uint64(turn))
		default:
			line(id, 0)
		}
	}
	for id := range turn * n / 4_000 { // new
		line(n+id, 0)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}

const benchFile = `
every: 1m
source: {kind: csv, file: contacts.csv, key: [id]}
mapping:
  region: FR
  numbers: [phone]
  name: [first_name, last_name]
  company: company
  scripts: {customer: id}
`

// phases says when each phase of a turn begins, for whoever looks for what takes long (-v).
func phases(b *testing.B) func(agent.Progress) {
	began, phase := time.Now(), ""
	return func(p agent.Progress) {
		if p.Phase != phase {
			phase = p.Phase
			b.Logf("  %6.2f s %s", time.Since(began).Seconds(), p.Phase)
		}
	}
}

// BenchmarkSync brings a million contacts of a CSV file to SQLite by a real agent over HTTP, then a thousandth of them changed, then
// repairs a lost store.
func BenchmarkSync(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	for b.Loop() {
		w := newTown(b, "")
		w.manager("a.admin", w.a)
		m := w.House.recognition()
		link, err := m.MakeLink(w.as("a.admin"), w.a, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
		w.must("link", err)
		var wire atomic.Int64
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r.Host = "localhost:8080"
			w.handler.ServeHTTP(rw, r)
		}))
		server.Listener = counted{server.Listener, &wire}
		server.Start()
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- w.jobs.Run(ctx) }()

		dir := b.TempDir()
		cfg, err := agent.Read(filepath.Join(dir, "agent.yaml"), []byte(benchFile))
		w.must("configuration", err)
		made, err := m.InviteAgent(w.as("a.admin"), w.a, recognition.ForSync, link, "bench")
		w.must("code", err)
		id, err := agent.Enrol(ctx, cfg, server.URL, made.Code)
		w.must("enrol", err)
		turn := func(name, how string) agent.Result {
			wire.Store(0)
			a, err := agent.New(cfg, id, agent.Options{Poll: 100 * time.Millisecond, Tell: phases(b)})
			w.must("agent", err)
			defer a.Close()
			res, err := a.Turn(ctx)
			w.must(name, err)
			if res.How != how || res.Held != n && how == "full" {
				b.Fatalf("%s: %+v", name, res)
			}
			b.Logf("%s: %d cards held, %d sent, %d deleted, %.2f s, %d bytes on the wire in all", name, res.Held, res.Sent, res.Deleted, res.Took.Seconds(), wire.Load())
			return res
		}
		crm(b, filepath.Join(dir, "contacts.csv"), n, 0)
		first := turn("first", "full")
		b.ReportMetric(float64(n)/first.Took.Seconds(), "first_cards/s")
		b.ReportMetric(float64(wire.Load())/float64(n), "first_B/card")

		crm(b, filepath.Join(dir, "contacts.csv"), n, 1)
		delta := turn("delta", "delta")
		b.ReportMetric(float64(wire.Load())/1000, "delta_kB")
		b.ReportMetric(delta.Took.Seconds(), "delta_s")
		if found, err := m.Lookup(w.system(), w.a, "0000"); err != nil || len(found.Matches) > 0 {
			b.Fatal(err)
		}

		w.must("lose the store", os.Remove(cfg.Store))
		crm(b, filepath.Join(dir, "contacts.csv"), n, 2)
		repair := turn("repair", "repair")
		b.ReportMetric(float64(wire.Load())/1000, "repair_kB")
		b.ReportMetric(repair.Took.Seconds(), "repair_s")
		b.ReportMetric(0, "ns/op")
		server.Close()
		stop()
		<-done
	}
}
