package signin_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/ids"
)

// TestAMonthOfGuessingNeverKeepsTheOwnerOut plays thirty days of a botnet that guesses the password of one account, a
// new address and a new browser each time, against the real code on an injected clock. The owner signs in several
// times a day on a known browser. Promises: refused 0 times; fewer than 100 guesses pass in any 24 hours; on an
// unknown browser the owner still comes in, by a code sent to the mailbox; the messages that strangers cause stay few.
func TestAMonthOfGuessingNeverKeepsTheOwnerOut(t *testing.T) {
	days, every := 30, 150*time.Second            // 17,280 attempts
	if testing.Short() || coretest.RaceDetector { // make speed plays the month
		days = 3
	}
	h := one(t)
	h.member("ada@example.org", good, "client")
	home := from("192.0.2.7")
	_, e, err := h.come(home, "ada@example.org", good, "")
	h.must(err)
	known := e.Browser

	start := h.clock.Now()
	end := start.Add(time.Duration(days) * 24 * time.Hour)
	var guesses []time.Time
	attempts, visits, refused, codes := 0, 0, 0, 0
	nextVisit := start.Add(time.Hour)
	for now := start; now.Before(end); now = h.clock.Now() {
		attempts++
		ctx := stranger(attempts)
		flow, err := h.signin.Begin(ctx, "ada@example.org", "", "/")
		h.must(err)
		// Every machine solves the puzzles: the worst case.
		switch err := h.guess(ctx, flow, fmt.Sprintf("guess %d", attempts)); codeOf(err) {
		case "signin.wrong":
			guesses = append(guesses, now)
		case "", "signin.step":
			if attempts%7 == 0 {
				if h.signin.SendCode(ctx, flow) == nil {
					codes++
				}
			}
		default:
			t.Fatalf("an attempt gave %v", err)
		}
		if !now.Before(nextVisit) {
			visits++
			_, e, err := h.come(home, "ada@example.org", good, known)
			if err != nil || e.Session == "" {
				refused++
				t.Logf("visit %d at %s: %+v %v", visits, now.Sub(start), e, err)
			}
			nextVisit = now.Add(3*time.Hour + 17*time.Minute)
		}
		h.clock.Advance(every)
	}
	worst := 0
	for i, j := 0, 0; j < len(guesses); j++ {
		for guesses[j].Sub(guesses[i]) > 24*time.Hour {
			i++
		}
		worst = max(worst, j-i+1)
	}
	t.Logf("%d attempts in %d days: %d guesses passed, at most %d in 24 hours; the owner came %d times on a known browser, refused %d times; %d codes mailed; %d warnings",
		attempts, days, len(guesses), worst, visits, refused, codes, len(h.mail.Sent("signin.attack")))
	if refused != 0 {
		t.Errorf("the owner was refused %d times of %d on a known browser", refused, visits)
	}
	if worst >= 100 {
		t.Errorf("%d guesses passed within 24 hours", worst)
	}
	if perDay := float64(codes) / float64(days); perDay > 75 {
		t.Errorf("strangers caused %.1f codes a day", perDay)
	}
	if n := len(h.mail.Sent("signin.attack")); n < 1 || n > days+1 {
		t.Errorf("the person was warned %d times in %d days, want once per episode", n, days)
	}
	h.ownerOnANewBrowser(t)
}

func stranger(i int) context.Context {
	a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	return core.WithActor(context.Background(), core.Actor{Address: a, Agent: "Mozilla/5.0 (Windows NT 10.0) Chrome/150.0"})
}

// ownerOnANewBrowser comes in while the bucket of unknown browsers is empty.
func (h *house) ownerOnANewBrowser(t *testing.T) {
	t.Helper()
	ctx := from("198.51.100.4")
	h.clock.Advance(time.Hour) // messages asked by strangers are past
	for range 15 {
		flow, err := h.signin.Begin(stranger(7), "ada@example.org", "", "/")
		h.must(err)
		_ = h.guess(stranger(7), flow, "guess")
	}
	flow, err := h.signin.Begin(ctx, "ada@example.org", ids.New(), "/")
	h.must(err)
	step, _, err := h.signin.Next(ctx, flow)
	h.must(err)
	if step != "mailbox" {
		t.Fatalf("on a new browser during the attack: step %q, want the mailed code", step)
	}
	h.must(h.signin.SendCode(ctx, flow))
	sent := h.mail.Sent("signin.code")
	h.must(h.signin.Mailbox(ctx, flow, mailedCode.FindString(sent[len(sent)-1].Body)))
	h.must(h.signin.Password(ctx, flow, good, signin.Proof{}))
	if e, err := h.signin.Advance(ctx, flow); err != nil || e.Session == "" {
		t.Fatalf("after the mailed code: %+v %v", e, err)
	}
}

// TestAStolenKnownBrowserIsSlowedDownAlone shows the growing delay: it stops the browser that fails, and no other.
func TestAStolenKnownBrowserIsSlowedDownAlone(t *testing.T) {
	h := one(t)
	h.member("ada@example.org", good, "client")
	_, laptop, err := h.come(from("192.0.2.7"), "ada@example.org", good, "")
	h.must(err)
	_, phone, err := h.come(from("192.0.2.8"), "ada@example.org", good, "")
	h.must(err)
	passed, start := 0, h.clock.Now()
	for h.clock.Now().Before(start.Add(24 * time.Hour)) {
		_, _, err := h.come(from("192.0.2.9"), "ada@example.org", "guess", laptop.Browser)
		switch {
		case codeOf(err) == "signin.wrong":
			passed++
		case core.KindOf(err) != core.TooMany:
			t.Fatalf("an attempt gave %v", err)
		}
		h.clock.Advance(time.Minute)
	}
	if passed >= 100 || passed < 10 {
		t.Errorf("%d guesses passed on the stolen browser in a day", passed)
	}
	if _, e, err := h.come(from("192.0.2.8"), "ada@example.org", good, phone.Browser); err != nil || e.Session == "" {
		t.Errorf("the other browser of the owner: %+v %v", e, err)
	}
}

// TestUnknownAccountsAreThrottledAlike: the number of attempts tells nothing of an account.
func TestUnknownAccountsAreThrottledAlike(t *testing.T) {
	h := one(t)
	h.member("ada@example.org", good, "client")
	count := func(login string) (n int) {
		for i := range 20 {
			flow, err := h.signin.Begin(stranger(i), login, "", "/")
			h.must(err)
			if codeOf(h.guess(stranger(i), flow, "guess")) == "signin.wrong" {
				n++
			}
		}
		step, _, err := func() (string, signin.Facts, error) {
			flow, err := h.signin.Begin(stranger(99), login, "", "/")
			h.must(err)
			return h.signin.Next(stranger(99), flow)
		}()
		h.must(err)
		if step != "mailbox" {
			t.Errorf("%s: step %q after twenty attempts", login, step)
		}
		return n
	}
	known, unknown := count("ada@example.org"), count("nobody@example.org")
	if known != unknown || known == 0 {
		t.Errorf("%d attempts pass on an account that exists, %d on one that does not", known, unknown)
	}
}

// TestOneSourceCannotSprayOverManyAccounts: one password tried on many accounts from one network.
func TestOneSourceCannotSprayOverManyAccounts(t *testing.T) {
	h := one(t)
	passed := 0
	for i := range 500 {
		ctx := from(fmt.Sprintf("2001:db8:1:2::%x", i+1)) // one rented machine: a whole /64
		flow, err := h.signin.Begin(ctx, fmt.Sprintf("person%d@example.org", i), "", "/")
		h.must(err)
		if codeOf(h.guess(ctx, flow, "Summer2026!")) == "signin.wrong" {
			passed++
		}
	}
	if passed > 200 {
		t.Errorf("%d of 500 accounts were tried from one /64", passed)
	}
	if _, e, err := h.come(from("2001:db8:1:3::1"), "nobody@example.org", "x", ""); codeOf(err) != "signin.wrong" {
		t.Errorf("the next /64 suffers: %+v %v", e, err)
	}
}

// TestUnderPressureAPageWithoutAPuzzleComesBackWithOne: whoever loaded the page before attempts ran high loses nothing;
// a browser without scripts is led to the mailed code.
func TestUnderPressureAPageWithoutAPuzzleComesBackWithOne(t *testing.T) {
	h := one(t)
	h.member("ada@example.org", good, "client")
	ctx := from("198.51.100.4")
	flow, err := h.signin.Begin(ctx, "ada@example.org", "", "/")
	h.must(err)
	for i := range 7 {
		f, err := h.signin.Begin(stranger(i), "ada@example.org", "", "/")
		h.must(err)
		_ = h.guess(stranger(i), f, "guess")
	}
	if err := h.signin.Password(ctx, flow, good, signin.Proof{}); codeOf(err) != "signin.proof" {
		t.Fatalf("a page without a puzzle: %v", err)
	}
	if err := h.guess(ctx, flow, good); err != nil {
		t.Fatalf("with the puzzle: %v", err)
	}
	flow, err = h.signin.Begin(ctx, "ada@example.org", "", "/")
	h.must(err)
	_, f, err := h.signin.Next(ctx, flow)
	h.must(err)
	h.must(h.signin.Password(ctx, flow, good, signin.Proof{Challenge: h.signin.Puzzle(ctx, &f)}))
	if step, _, err := h.signin.Next(ctx, flow); err != nil || step != "mailbox" {
		t.Fatalf("without a script: step %q %v, want the mailed code", step, err)
	}
}
