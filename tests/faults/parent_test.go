//go:build faults

package faults

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// runner starts children over the same data, and remembers what they acknowledged.
type runner struct {
	data, url string
	file      string // ids acknowledged so far, one per line
	acked     int
}

func newRunner(t *testing.T, data, url string) *runner {
	t.Helper()
	r := &runner{data: data, url: url, file: filepath.Join(t.TempDir(), "acked")}
	if err := os.WriteFile(r.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// process is one child under way.
type process struct {
	r    *runner
	cmd  *exec.Cmd
	in   io.Closer
	gone chan struct{}

	mu      sync.Mutex
	ids     []string
	refused map[string]int
	checked string // what it said about its predecessor
	failed  string
	news    *sync.Cond
}

func (r *runner) start(t *testing.T) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"=1", envData+"="+r.data, envURL+"="+r.url, envAcked+"="+r.file, "GOMAXPROCS=2")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if testing.Verbose() {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{r: r, cmd: cmd, in: in, gone: make(chan struct{}), refused: map[string]int{}}
	p.news = sync.NewCond(&p.mu)
	go p.listen(out)
	return p
}

func (p *process) listen(out io.Reader) {
	defer close(p.gone)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		p.mu.Lock()
		switch word {
		case "ack":
			p.ids = append(p.ids, rest)
		case "refused":
			p.refused[rest]++
		case "checked":
			p.checked = rest
		case "failed", "stopped":
			p.failed = rest
		}
		p.news.Broadcast()
		p.mu.Unlock()
	}
	p.cmd.Wait()
	p.mu.Lock()
	p.news.Broadcast()
	p.mu.Unlock()
}

// until waits for ok to hold, false when the child ended or the time ran out.
func (p *process) until(within time.Duration, ok func() bool) bool {
	late := time.AfterFunc(within, func() { p.mu.Lock(); p.news.Broadcast(); p.mu.Unlock() })
	defer late.Stop()
	end := time.Now().Add(within)
	p.mu.Lock()
	defer p.mu.Unlock()
	for !ok() {
		select {
		case <-p.gone:
			return ok()
		default:
		}
		if time.Now().After(end) {
			return false
		}
		p.news.Wait()
	}
	return true
}

// kill is kill -9; what was acknowledged until then is owed.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.cmd.Process.Kill()
	p.end(t)
}

// stop asks the child to end by itself.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.in.Close()
	select {
	case <-p.gone:
	case <-time.After(20 * time.Second):
		t.Error("the child does not end by itself")
		p.cmd.Process.Kill()
	}
	p.end(t)
}

func (p *process) end(t *testing.T) {
	t.Helper()
	<-p.gone
	f, err := os.OpenFile(p.r.file, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, id := range p.ids {
		fmt.Fprintln(f, id)
	}
	p.r.acked += len(p.ids)
}

// ready waits until the child has checked what its predecessor left; a failed check fails the test.
func (p *process) ready(t *testing.T) {
	t.Helper()
	if !p.until(60*time.Second, func() bool { return p.checked != "" || p.failed != "" }) || p.failed != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		t.Fatalf("the house does not stand again: %s", p.failed)
	}
}

// last starts a child that only checks, and tells what it found.
func (r *runner) last(t *testing.T) {
	t.Helper()
	p := r.start(t)
	p.ready(t)
	p.stop(t)
	if p.failed != "" {
		t.Fatalf("the last house failed: %s", p.failed)
	}
	t.Logf("at the end: %s", p.checked)
}
