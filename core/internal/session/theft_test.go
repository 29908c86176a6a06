package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// browse is an honest browser: it keeps the newest cookie it was given and asks every so often.
func (w *world) browse(secret string, every, during time.Duration) string {
	w.t.Helper()
	for passed := time.Duration(0); passed < during; passed += every {
		w.clock.Advance(every)
		if c := w.good("an honest browser", secret); c.Renewed != "" {
			secret = c.Renewed
		}
	}
	return secret
}

func TestAnHonestBrowserIsNeverLoggedOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, _ := w.begin("ann", firefox)
		later := w.browse(secret, 50*time.Second, time.Hour)
		if later == secret {
			t.Error("an hour of use and the cookie never changed")
		}
		if n := len(w.mail.Sent("")); n != 0 {
			t.Errorf("%d alarms for an honest browser", n)
		}
	})
}

func TestChangingAddressLogsNobodyOut(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	for _, address := range []string{"203.0.113.1", "2001:db8::1", "198.51.100.250"} {
		if _, err := w.Check(from(firefox, address), secret); err != nil {
			t.Errorf("from %s: %v", address, err)
		}
	}
}

func TestAnUpdatedBrowserStaysSignedIn(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	if _, err := w.Check(from(firefox2, "198.51.100.7"), secret); err != nil {
		t.Errorf("a new version of the browser: %v", err)
	}
}

func TestRequestsUnderWayDuringAChangeOfGeneration(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	w.clock.Advance(6 * time.Minute)
	first := w.good("first of several at once", secret)
	second := w.good("second of several at once", secret)
	if first.Renewed == "" || first.Renewed != second.Renewed {
		t.Fatalf("offers %q and %q", first.Renewed, second.Renewed)
	}
	w.good("the new one", first.Renewed)
	w.clock.Advance(20 * time.Second)
	if c := w.good("a request that left before", secret); c.Renewed != "" {
		t.Error("a value left behind is renewed: a thief would keep up")
	}
	w.good("the new one again", first.Renewed)
}

func TestALostAnswerLosesNoSession(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	for range 5 {
		w.clock.Advance(6 * time.Minute)
		w.good("its answers never arrive", secret)
	}
}

func TestACopiedCookieEndsTheSessionAndIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stolen, _ := w.begin("ann", firefox) // the thief copies it here, and keeps the user agent
		mine := w.browse(stolen, time.Minute, 20*time.Minute)
		w.refused("the thief", stolen, "session.stolen")
		w.refused("and the session is over for all", mine, "session.stolen")
		told := w.mail.Sent("session.stolen")
		if len(told) != 1 || told[0].To != "ann@example.org" || told[0].Person != "ann" {
			t.Fatalf("mails %+v", told)
		}
		if !strings.Contains(told[0].Subject, "stopped") {
			t.Errorf("subject %q", told[0].Subject)
		}
	})
}

func TestAThiefWhoKeepsUpIsFoundWhenTheOwnerComesBack(t *testing.T) {
	w := one(t)
	owner, _ := w.begin("ann", firefox)
	thief := w.browse(owner, time.Minute, 12*time.Minute) // the owner drinks a coffee
	w.refused("the owner comes back", owner, "session.stolen")
	w.refused("the thief", thief, "session.stolen")
}

func TestTheftIsJournaledByTheSystem(t *testing.T) {
	w := one(t)
	secret, id := w.begin("ann", firefox)
	m, gate := w.watched()
	if _, err := m.Check(from(chrome, "203.0.113.9"), secret); core.CodeOf(err) != "session.stolen" {
		t.Fatalf("another browser gave %v", err)
	}
	act, ok := gate.Last("session.end_stolen")
	if !ok || act.Resource != id || act.Subject != "ann" || act.Def.Reach != core.BySystem || len(act.Changes) != 1 || act.Changes[0].After != "stolen.browser" {
		t.Errorf("act %+v", act)
	}
}

func TestForgedGenerationsEndTheSession(t *testing.T) {
	w := one(t)
	for name, forge := range map[string]func(root, generation, seal string) string{
		"a later generation with the seal of this one": func(root, _, seal string) string { return root + ".1." + seal },
		"another seal": func(root, g, seal string) string { return root + "." + g + "." + strings.Repeat("A", len(seal)) },
		"no number":    func(root, _, seal string) string { return root + ".x." + seal },
	} {
		secret, _ := w.begin("bob", firefox)
		p := strings.Split(secret, ".")
		w.refused(name, forge(p[0], p[1], p[2]), "session.stolen")
	}
}

func TestUseIsNotedAtMostTwiceAMinute(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	before := dumpSessions(t, w.db)
	w.clock.Advance(20 * time.Second)
	w.good("soon", secret)
	if dumpSessions(t, w.db) != before {
		t.Error("written within half a minute")
	}
	w.clock.Advance(15 * time.Second)
	w.good("later", secret)
	if dumpSessions(t, w.db) == before {
		t.Error("not written after half a minute")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("a.0.b")
	f.Add(strings.Repeat("a", 52) + ".0.AAAAAAAAAAAAAAAA")
	f.Add("....")
	w := one(f)
	real, _ := w.begin("ann", firefox)
	f.Add(real[:60])
	f.Fuzz(func(t *testing.T, secret string) {
		if secret == real {
			return
		}
		c, err := w.Check(from(firefox, "198.51.100.7"), secret)
		if core.KindOf(err) != core.Unauthenticated || c.Actor.ID != "" || c.Renewed != "" {
			t.Errorf("%q gave %+v, %v", secret, c, err)
		}
	})
}
