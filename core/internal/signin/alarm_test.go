package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// storm plays guesses from ever new machines, each at one of the addresses, and gives how many alarms were mailed.
func (h *house) storm(many int, every time.Duration, addresses ...string) int {
	h.t.Helper()
	for i := range many {
		ctx := stranger(int(h.clock.Now().Unix())%200_000 + i)
		flow, err := h.signin.Begin(ctx, addresses[i%len(addresses)], "", "/")
		h.must(err)
		if err := h.guess(ctx, flow, fmt.Sprintf("guess %d", i)); err != nil && codeOf(err) != "signin.wrong" && codeOf(err) != "signin.step" {
			h.t.Fatal(err)
		}
		h.clock.Advance(every)
	}
	return len(h.mail.Sent("signin.alarm"))
}

func TestWhoLooksAfterSecurityIsToldOncePerEpisodeAboveARate(t *testing.T) {
	h := one(t)
	h.member("ada@example.org", good, "client")
	guard, admin := h.member("guard@example.org", good, "client"), h.member("admin@example.org", good, "client")
	h.near.holders = map[string][]core.ID{"org-client security": {guard}, "org-client admin": {admin}}
	if n := h.storm(12, time.Second, "ada@example.org"); n != 0 {
		t.Fatalf("%d alarms for what one person may mistype", n)
	}
	h.clock.Advance(48 * time.Hour)
	// A patient attack on one account: what the limits let pass, for ten hours.
	if n := h.storm(60, 10*time.Minute, "ada@example.org"); n != 1 {
		t.Fatalf("%d alarms in ten hours of attack on one account, want 1", n)
	}
	m := h.mail.Sent("signin.alarm")[0]
	if m.Person != guard || m.To != "guard@example.org" {
		t.Errorf("told %s, want who holds the security", m.To)
	}
	if !strings.HasPrefix(m.Body, "Hello Ada Martin,") || !strings.Contains(m.Body, "an account of Mairie de Valombre") {
		t.Errorf("the message is %q", m.Body)
	}
	for _, never := range []string{"ada@", "10.", "guess", "/not-me/"} {
		if strings.Contains(m.Subject+m.Body, never) {
			t.Errorf("the message holds %q", never)
		}
	}
	// It goes on: once per day, not more.
	if n := h.storm(3*24*6, 10*time.Minute, "ada@example.org"); n < 3 || n > 4 {
		t.Errorf("%d alarms after three more days, want one a day", n)
	}
}

func TestASprayedOrganizationIsToldAndItsAdministratorsWhereNobodyHoldsSecurity(t *testing.T) {
	h := one(t)
	admin := h.member("admin@example.org", good, "client")
	h.near.holders = map[string][]core.ID{"org-client admin": {admin}}
	var addresses []string
	for i := range 40 {
		addresses = append(addresses, fmt.Sprintf("p%d@example.org", i))
		h.member(addresses[i], "", "client")
	}
	if n := h.storm(50, time.Second, addresses...); n != 0 {
		t.Fatalf("%d alarms after 50 guesses", n)
	}
	if n := h.storm(80, time.Second, addresses...); n != 1 {
		t.Fatalf("%d alarms after 130 guesses over 40 accounts, want 1", n)
	}
	if m := h.mail.Sent("signin.alarm")[0]; m.Person != admin || !strings.Contains(m.Body, "the accounts of Mairie de Valombre") {
		t.Errorf("%s: %q", m.To, m.Body)
	}
	notes := 0
	for _, e := range h.gate.Acts() {
		if e.Reason == "signin.alarm" && e.Org == "org-client" {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("%d entries say that the alarm was given", notes)
	}
	// Guesses at addresses that do not exist raise nothing.
	before := len(h.mail.Sent("signin.alarm"))
	if n := h.storm(200, time.Second, "nobody@example.org", "none@example.org"); n != before {
		t.Errorf("%d alarms about accounts that do not exist", n-before)
	}
}
