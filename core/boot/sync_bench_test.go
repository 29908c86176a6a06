package boot

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
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

// syncAgent names the folder of the agent that this very test binary is to be: the benchmark's agent is a process of its own, so that its
// CPU is known apart from the platform's.
const syncAgent = "REMPART_BENCH_AGENT"

// syncTurn is what a turn took; the agent writes it.
type syncTurn struct {
	agent.Result
	CPU      time.Duration // of the agent
	Platform time.Duration // CPU of the platform meanwhile
}

// own is the agent's own time: that in which it waited for no answer of the platform.
func (t syncTurn) own() time.Duration { return t.Took - t.Waited }

// cpuTime is what this process has used of all processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkTheAgentOfASync makes one turn in the folder that BenchmarkSync names: it is the process of that one's agent.
func BenchmarkTheAgentOfASync(b *testing.B) {
	dir := os.Getenv(syncAgent)
	if dir == "" {
		b.Skip("the agent's process of BenchmarkSync")
	}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	if at := os.Getenv(syncAgent + "_PROFILE"); at != "" {
		f, err := os.Create(at)
		must(err)
		must(pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	cfg, err := agent.Read(filepath.Join(dir, "agent.yaml"), []byte(benchFile))
	must(err)
	id, err := agent.LoadIdentity(cfg.Identity)
	must(err)
	began, phase := time.Now(), ""
	tell := func(p agent.Progress) {
		if p.Phase != phase {
			phase = p.Phase
			b.Logf("%6.2f s, CPU %5.2f s: %s", time.Since(began).Seconds(), cpuTime().Seconds(), phase)
		}
	}
	a, err := agent.New(cfg, id, agent.Options{Poll: 100 * time.Millisecond, Tell: tell})
	must(err)
	defer a.Close()
	before := cpuTime()
	res, err := a.Turn(b.Context())
	must(err)
	text, err := json.Marshal(syncTurn{Result: res, CPU: cpuTime() - before})
	must(err)
	must(os.WriteFile(filepath.Join(dir, "turn.json"), text, 0o600))
}

// benchCards is how many contacts are synchronised.
func benchCards(b *testing.B) int {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	if said := os.Getenv("REMPART_BENCH_CARDS"); said != "" {
		var err error
		if n, err = strconv.Atoi(said); err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// machineLoad tells how busy the machine is: figures of time hang on it.
func machineLoad() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// BenchmarkSync brings a million contacts of a CSV file to SQLite by a real agent over HTTP, then a thousandth of them changed, then
// repairs a lost store. REMPART_BENCH_CARDS says another number of contacts.
func BenchmarkSync(b *testing.B) {
	n := benchCards(b)
	for b.Loop() {
		r := newSyncBench(b)
		r.write(n, 0)
		first := r.turn("first", "full")
		if first.Held != n {
			b.Fatalf("%d cards held", first.Held)
		}
		b.ReportMetric(float64(n)/first.Took.Seconds(), "first_cards/s")
		b.ReportMetric(float64(n)/(first.CPU+first.Platform).Seconds(), "first_cards/CPU_s")
		b.ReportMetric(float64(r.wire.Load())/float64(n), "first_B/card")

		r.write(n, 1)
		delta := r.turn("delta", "delta")
		b.ReportMetric(float64(r.wire.Load())/1000, "delta_kB")
		b.ReportMetric(delta.Took.Seconds(), "delta_s")
		b.ReportMetric(delta.own().Seconds(), "delta_agent_s")
		b.ReportMetric(delta.CPU.Seconds(), "delta_agent_CPU_s")
		b.ReportMetric(delta.Platform.Seconds(), "delta_platform_CPU_s")
		if found, err := r.m.Lookup(r.w.system(), r.w.a, "0000"); err != nil || len(found.Matches) > 0 {
			b.Fatal(err)
		}

		r.w.must("lose the store", os.Remove(r.cfg.Store))
		r.write(n, 2)
		repair := r.turn("repair", "repair")
		b.ReportMetric(float64(r.wire.Load())/1000, "repair_kB")
		b.ReportMetric(repair.Took.Seconds(), "repair_s")
		b.ReportMetric(0, "ns/op")
		r.remove(n)
		r.stop()
	}
}

// syncBench is a platform and the folder of an agent that enrolled.
type syncBench struct {
	b    *testing.B
	w    *town
	m    *recognition.Module
	link core.ID
	dir  string
	cfg  agent.Config
	wire atomic.Int64
	stop func()
}

func newSyncBench(b *testing.B) *syncBench {
	r := &syncBench{b: b, w: newTown(b, ""), dir: b.TempDir()}
	r.w.manager("a.admin", r.w.a)
	r.m = r.w.House.recognition()
	var err error
	r.link, err = r.m.MakeLink(r.w.as("a.admin"), r.w.a, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	r.w.must("link", err)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		req.Host = "localhost:8080"
		r.w.handler.ServeHTTP(rw, req)
	}))
	server.Listener = counted{server.Listener, &r.wire}
	server.Start()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.w.House.Run(ctx) }()
	r.stop = func() { server.Close(); stop(); <-done }
	r.cfg, err = agent.Read(filepath.Join(r.dir, "agent.yaml"), []byte(benchFile))
	r.w.must("configuration", err)
	made, err := r.m.InviteAgent(r.w.as("a.admin"), r.w.a, recognition.ForSync, r.link, "bench")
	r.w.must("code", err)
	_, err = agent.Enrol(ctx, r.cfg, server.URL, made.Code)
	r.w.must("enrol", err)
	return r
}

func (r *syncBench) write(n, turn int) { crm(r.b, filepath.Join(r.dir, "contacts.csv"), n, turn) }

// turn has the agent's process make one.
func (r *syncBench) turn(name, how string) (t syncTurn) {
	r.b.Helper()
	self, err := os.Executable()
	r.w.must("executable", err)
	c := exec.Command(self, "-test.run", "^$", "-test.bench", "^BenchmarkTheAgentOfASync$", "-test.benchtime", "1x", "-test.v")
	c.Env = append(os.Environ(), syncAgent+"="+r.dir)
	if at := os.Getenv("REMPART_BENCH_PROFILE"); at != "" {
		c.Env = append(c.Env, syncAgent+"_PROFILE="+filepath.Join(at, name+".pprof"))
	}
	r.wire.Store(0)
	before := cpuTime()
	out, err := c.CombinedOutput()
	r.b.Logf("%s", out)
	r.w.must(name, err)
	took := cpuTime() - before
	text, err := os.ReadFile(filepath.Join(r.dir, "turn.json"))
	r.w.must("read the turn", err)
	r.w.must("turn", json.Unmarshal(text, &t))
	if t.Platform = took; t.How != how {
		r.b.Fatalf("%s: %+v", name, t)
	}
	r.b.Logf("%s at load %s: %d cards held, %d sent, %d deleted, %.2f s, of which the agent %.2f s; CPU of the agent %.2f s, of the platform %.2f s; %d bytes on the wire in all",
		name, machineLoad(), t.Held, t.Sent, t.Deleted, t.Took.Seconds(), t.own().Seconds(), t.CPU.Seconds(), t.Platform.Seconds(), r.wire.Load())
	return t
}

// remove ends the link, and waits until its last row is gone.
func (r *syncBench) remove(n int) {
	began, before := time.Now(), cpuTime()
	r.w.must("remove", r.m.RemoveLink(r.w.as("a.admin"), r.w.a, r.link))
	gone := func() (left int64) {
		r.w.must("count", r.w.db.Read(context.Background(), func(tx core.Tx) (err error) {
			left, _, err = db.One(context.Background(), tx, qShelvesLeft, db.Value[int64])
			return err
		}))
		return left
	}
	for gone() > 0 {
		time.Sleep(50 * time.Millisecond)
	}
	r.b.ReportMetric(time.Since(began).Seconds(), "removed_s")
	r.b.ReportMetric((cpuTime() - before).Seconds(), "removed_CPU_s")
	r.b.Logf("removed at load %s: the rows of %d cards after %.2f s", machineLoad(), n, time.Since(began).Seconds())
}

var qShelvesLeft = db.SQL(`SELECT COUNT(*) FROM recognition_shelf`)
