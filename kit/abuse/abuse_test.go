package abuse_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

var (
	ctx     = context.Background()
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	key     = []byte("thirty-two bytes of an installation")
	schemas = []db.Schema{abuse.Schema}
)

func take(t testing.TB, d *db.DB, k string, l abuse.Limit, at time.Time) (v abuse.Verdict) {
	t.Helper()
	if err := d.Write(ctx, func(tx core.Tx) (err error) { v, err = abuse.Take(ctx, tx, k, l, at); return err }); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestALimitLetsItsBurstPassThenItsRate(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		l := abuse.Limit{Burst: 3, Every: time.Minute}
		for i := range 3 {
			if !take(t, d, "a", l, noon).OK {
				t.Fatalf("event %d of the burst was refused", i+1)
			}
		}
		v := take(t, d, "a", l, noon)
		if v.OK || v.Retry != time.Minute {
			t.Fatalf("beyond the burst: %+v, want a wait of a minute", v)
		}
		if !take(t, d, "b", l, noon).OK {
			t.Error("another key suffers")
		}
		if take(t, d, "a", l, noon.Add(59*time.Second)).OK || !take(t, d, "a", l, noon.Add(time.Minute)).OK {
			t.Error("the rate is not one a minute")
		}
		err := d.Write(ctx, func(tx core.Tx) error { return abuse.Return(ctx, tx, "a", l, noon.Add(time.Minute)) })
		if err != nil || !take(t, d, "a", l, noon.Add(time.Minute)).OK {
			t.Errorf("a place given back cannot be taken: %v", err)
		}
		err = d.Write(ctx, func(tx core.Tx) error { _, err := abuse.Sweep(ctx, tx, noon.Add(time.Hour)); return err })
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if !take(t, d, "a", l, noon.Add(time.Hour)).OK {
				t.Error("an hour later the burst is not whole")
			}
		}
	})
}

func TestParallelTakesNeverPassMoreThanTheBurst(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		var passed sync.Map
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				if take(t, d, "a", abuse.Limit{Burst: 7, Every: time.Hour}, noon).OK {
					passed.Store(i, true)
				}
			})
		}
		all.Wait()
		n := 0
		passed.Range(func(any, any) bool { n++; return true })
		if n != 7 {
			t.Errorf("%d of 40 passed, want 7", n)
		}
	})
}

func TestPerDayHoldsInAnyWindow(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	for _, burst := range []int{1, 10, 50, 400} {
		l, k := abuse.PerDay(burst, 100), fmt.Sprint("k", burst)
		var passed []time.Time
		for at := noon; at.Before(noon.Add(50 * time.Hour)); at = at.Add(3 * time.Minute) {
			if take(t, d, k, l, at).OK {
				passed = append(passed, at)
			}
		}
		worst := 0
		for i, j := 0, 0; j < len(passed); j++ {
			for passed[j].Sub(passed[i]) >= 24*time.Hour {
				i++
			}
			worst = max(worst, j-i+1)
		}
		if worst >= 100 {
			t.Errorf("burst %d: %d passed within 24 hours", burst, worst)
		}
	}
}

func TestEveryStatementRunsOnBothEngines(t *testing.T) { dbtest.Statements(t, schemas, "abuse_") }

func TestFrontCountsSourcesWithinBoundedMemory(t *testing.T) {
	f := abuse.NewFront(1, 3, 1000)
	a, same := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:2")
	for range 3 {
		if !f.Allow(a, noon).OK {
			t.Fatal("the burst was refused")
		}
	}
	if v := f.Allow(same, noon); v.OK || v.Retry <= 0 {
		t.Errorf("another address of the same /64 passes: %+v", v)
	}
	if !f.Allow(netip.MustParseAddr("2001:db8:0:1::1"), noon).OK {
		t.Error("the next /64 suffers")
	}
	if abuse.Source(netip.MustParseAddr("::ffff:192.0.2.1")) != abuse.Source(netip.MustParseAddr("192.0.2.1")) {
		t.Error("IPv4 mapped in IPv6 is another source")
	}
	for i := range 50_000 {
		f.Allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), noon)
	}
	if n := f.Remembered(); n > 1000 {
		t.Errorf("%d sources remembered, bound is 1000", n)
	}
}

func TestAPuzzleIsBoundToItsFormItsSourceAndItsTimeAndServesOnce(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		p := abuse.NewPuzzles(key)
		here := netip.MustParseAddr("192.0.2.1")
		check := func(p *abuse.Puzzles, form string, addr netip.Addr, challenge, nonce string, at time.Time) error {
			return d.Write(ctx, func(tx core.Tx) error { return p.Check(ctx, tx, form, addr, challenge, nonce, at) })
		}
		c := p.Make("signin", here, 8, noon)
		nonce := abuse.Solve(c)
		if err := check(p, "reset", here, c, nonce, noon); core.CodeOf(err) != "puzzle.invalid" {
			t.Errorf("another form: %v", err)
		}
		if err := check(p, "signin", netip.MustParseAddr("192.0.2.2"), c, nonce, noon); core.CodeOf(err) != "puzzle.invalid" {
			t.Errorf("another source: %v", err)
		}
		if err := check(abuse.NewPuzzles([]byte("another key")), "signin", here, c, nonce, noon); core.CodeOf(err) != "puzzle.invalid" {
			t.Errorf("another key: %v", err)
		}
		if err := check(p, "signin", here, c, nonce, noon.Add(abuse.PuzzleLife+time.Second)); core.CodeOf(err) != "puzzle.gone" {
			t.Errorf("too late: %v", err)
		}
		wrong := 0
		for i := range 64 {
			if check(p, "signin", here, p.Make("signin", here, 20, noon), fmt.Sprint(i), noon) != nil {
				wrong++
			}
		}
		if wrong != 64 {
			t.Errorf("%d of 64 unsolved answers passed", 64-wrong)
		}
		if err := check(p, "signin", here, c, nonce, noon); err != nil {
			t.Fatalf("the right answer: %v", err)
		}
		if err := check(p, "signin", here, c, nonce, noon); core.CodeOf(err) != "puzzle.gone" {
			t.Errorf("used twice: %v", err)
		}
	})
}

// TestTheWorkerSolvesWhatTheServerChecks runs the browser's script.
func TestTheWorkerSolvesWhatTheServerChecks(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is absent: the script of the browser cannot be run here")
	}
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	p, here := abuse.NewPuzzles(key), netip.MustParseAddr("192.0.2.1")
	for range 3 {
		c := p.Make("signin", here, 12, time.Now())
		run := exec.Command(node, "-e", "let onmessage; const postMessage = (n) => console.log(n);"+string(abuse.Worker)+
			fmt.Sprintf(";onmessage({data:{challenge:%q,bits:%d}})", c, abuse.Difficulty(c)))
		var out, bad bytes.Buffer
		run.Stdout, run.Stderr = &out, &bad
		if err := run.Run(); err != nil {
			t.Fatalf("the script: %v\n%s", err, bad.String())
		}
		err := d.Write(ctx, func(tx core.Tx) error {
			return p.Check(ctx, tx, "signin", here, c, strings.TrimSpace(out.String()), time.Now())
		})
		if err != nil {
			t.Errorf("the answer %q of the script: %v", out.String(), err)
		}
	}
}

func TestADeviceCookieCannotBeForged(t *testing.T) {
	b := abuse.NewBrowsers(key)
	cookie, id := b.Issue("")
	if b.Parse(cookie.Value) != id || !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" {
		t.Fatalf("cookie %+v", cookie)
	}
	again, same := b.Issue(id)
	if same != id || again.Value != cookie.Value {
		t.Error("a known browser gets another name")
	}
	other, _ := abuse.NewBrowsers([]byte("another key")).Issue(id)
	for _, bad := range []string{"", string(id), string(id) + ".", other.Value, cookie.Value + "A", strings.ToUpper(cookie.Value)} {
		if got := b.Parse(bad); got != "" {
			t.Errorf("%q names browser %s", bad, got)
		}
	}
}

func FuzzCookie(f *testing.F) {
	b := abuse.NewBrowsers(key)
	c, id := b.Issue("")
	f.Add(c.Value)
	f.Add(string(id) + ".AAAA")
	f.Add(".")
	f.Fuzz(func(t *testing.T, s string) {
		if got := b.Parse(s); got != "" {
			if again, _ := b.Issue(got); again.Value != s {
				t.Errorf("%q was taken for the cookie of %s", s, got)
			}
		}
	})
}

func FuzzChallenge(f *testing.F) {
	p, here := abuse.NewPuzzles(key), netip.MustParseAddr("192.0.2.1")
	c := p.Make("signin", here, 1, noon)
	f.Add(c, abuse.Solve(c))
	f.Add(c[:10]+"\n"+c[10:], abuse.Solve(c))
	f.Add("", "0")
	f.Add(strings.Repeat("A", 76), "18446744073709551615")
	other := abuse.NewPuzzles([]byte("another key"))
	f.Fuzz(func(t *testing.T, challenge, nonce string) {
		if p.Check(ctx, refusing{}, "signin", here, challenge, nonce, noon) == nil {
			t.Fatal("a challenge passed that could not be spent")
		}
		if errors.Is(other.Check(ctx, refusing{}, "signin", here, challenge, nonce, noon), errSpend) {
			t.Errorf("%q was taken for one signed by another key", challenge)
		}
		if strings.ContainsAny(challenge, "\r\n") && errors.Is(p.Check(ctx, refusing{}, "signin", here, challenge, nonce, noon), errSpend) {
			t.Errorf("%q is another spelling of a challenge: it could be used twice", challenge)
		}
	})
}

var errSpend = errors.New("spend")

// refusing is a transaction that a check reaches only once everything else was right.
type refusing struct{ core.Tx }

func (refusing) Exec(context.Context, string, ...any) (int64, error) { return 0, errSpend }

func BenchmarkTake(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite, schemas)
	l := abuse.Limit{Burst: 1000, Every: time.Second}
	err := d.Write(ctx, func(tx core.Tx) error {
		for i := range b.N {
			if _, err := abuse.Take(ctx, tx, "k", l, noon.Add(time.Duration(i)*time.Second)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkFront(b *testing.B) {
	f, a := abuse.NewFront(1e9, 1<<30, 1000), netip.MustParseAddr("192.0.2.1")
	for range b.N {
		f.Allow(a, noon)
	}
}
