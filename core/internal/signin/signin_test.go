package signin_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

func each(t *testing.T, f func(t *testing.T, h *house)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(t, newHouse(t, d, light, -1)) })
}

func one(t *testing.T) *house {
	return newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas), light, -1)
}

// come signs in as far as the password leads.
func (h *house) come(ctx context.Context, email, plain string, browser core.ID) (flow string, e signin.Entry, err error) {
	flow, err = h.signin.Begin(ctx, email, browser, "/")
	if err != nil {
		return flow, e, err
	}
	if err = h.signin.Password(ctx, flow, plain, signin.Proof{}); err != nil {
		return flow, e, err
	}
	e, err = h.signin.Advance(ctx, flow)
	return flow, e, err
}

func TestAMemberComesInWithAPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		person := h.member("ada@example.org", good, "client")
		_, e, err := h.come(from("192.0.2.1"), " ADA@Example.org ", good, "")
		h.must(err)
		if e.Session == "" || e.Browser.IsZero() || len(h.near.begun) != 1 || h.near.begun[0].Person != person || h.near.begun[0].AAL != 1 {
			t.Fatalf("no session of the person: %+v %+v", e, h.near.begun)
		}
		if n := len(h.mail.Sent("signin.new_device")); n != 1 {
			t.Errorf("%d mails about a new browser, want 1", n)
		}
		if _, err := h.signin.Advance(from("192.0.2.1"), "whatever"); codeOf(err) != "signin.expired" {
			t.Errorf("an unknown flow gave %v", err)
		}
		if _, e, err = h.come(from("192.0.2.1"), "ada@example.org", good, e.Browser); err != nil || e.Session == "" {
			t.Fatalf("second sign-in: %v", err)
		}
		if n := len(h.mail.Sent("signin.new_device")); n != 1 {
			t.Errorf("the same browser was told as new: %d mails", n)
		}
		act, ok := h.gate.Last("signin.complete")
		if !ok || act.Org != "org-client" || act.Subject != person {
			t.Errorf("the entry of the session: %+v", act)
		}
	})
}

func TestWrongPasswordAndUnknownAccountAnswerAlike(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.member("ada@example.org", good, "client")
		_, _, known := h.come(from("192.0.2.1"), "ada@example.org", "not it at all", "")
		_, _, unknown := h.come(from("192.0.2.1"), "nobody@example.org", "not it at all", "")
		if codeOf(known) != "signin.wrong" || codeOf(unknown) != codeOf(known) {
			t.Fatalf("known %v, unknown %v", known, unknown)
		}
		var reasons []string
		for _, a := range h.gate.Acts() {
			if a.Def.Permission == "signin.password" {
				reasons = append(reasons, a.Outcome.String()+" "+a.Reason)
			}
		}
		if strings.Join(reasons, ", ") != "failure signin.wrong, failure signin.unknown" {
			t.Errorf("journal says %q", reasons)
		}
		h.must(h.signin.AskReset(from("192.0.2.1"), "nobody@example.org"))
		h.must(h.signin.AskReset(from("192.0.2.1"), "ada@example.org"))
		if n := len(h.mail.Sent("password.reset")); n != 1 {
			t.Errorf("%d reset mails, want 1", n)
		}
	})
}

func TestProviderStaffNeverGetsASessionWithoutASecondFactor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("127.0.0.1")
		person := h.member("staff@example.org", good, "provider")
		flow, e, err := h.come(ctx, "staff@example.org", good, "")
		h.must(err)
		if e.Session != "" || e.Step != "enrol" {
			t.Fatalf("staff without a factor got %+v, want the step that sets one up", e)
		}
		// Even a register of steps that forgets the second factor opens nothing.
		h.signin.Register(signin.Step{Name: "enrol", Due: func(*signin.Facts) bool { return false }})
		if e, err := h.signin.Advance(ctx, flow); codeOf(err) != "signin.factor_missing" || e.Session != "" {
			t.Fatalf("without the step: %+v, %v", e, err)
		}
		if len(h.near.begun) != 0 {
			t.Fatal("a session was begun")
		}
		secret, _ := h.app(person)
		flow, e, err = h.come(ctx, "staff@example.org", good, "")
		h.must(err)
		if e.Step != "factor" {
			t.Fatalf("step %q, want factor", e.Step)
		}
		h.signin.Register(signin.Step{Name: "factor", Due: func(*signin.Facts) bool { return false }})
		if e, err := h.signin.Advance(ctx, flow); err == nil || e.Session != "" {
			t.Fatalf("skipping the factor gave %+v", e)
		}
		h.signin.Register(signin.Step{Name: "factor", Due: func(f *signin.Facts) bool { return f.Factors.TOTP && f.Flow.FactorAt.IsZero() }})
		h.must(h.signin.Factor(ctx, flow, digits(secret, h.clock.Now())))
		e, err = h.signin.Advance(ctx, flow)
		h.must(err)
		if e.Session == "" || h.near.begun[0].AAL != 2 || !h.near.begun[0].Staff {
			t.Fatalf("with the factor: %+v %+v", e, h.near.begun)
		}
		if act, ok := h.gate.Last("signin.address"); !ok || act.Outcome != core.Success {
			t.Error("the check of the address of staff is not in the journal (KSK-3.2)")
		}
	})
}

// A role of the provider is enough to be staff, whatever the organizations one is a member of.
func TestAHolderOfAProviderRoleIsStaff(t *testing.T) {
	h := one(t)
	h.member("ada@example.org", good, "client")
	h.near.staff = true
	if _, e, err := h.come(from("127.0.0.1"), "ada@example.org", good, ""); err != nil || e.Step != "enrol" {
		t.Fatalf("%+v %v, want the set-up of a second factor", e, err)
	}
}

func TestEveryStatementRunsOnBothEngines(t *testing.T) { dbtest.Statements(t, schemas, "signin_") }

func TestSecondFactorDemandedByPolicyAndByRole(t *testing.T) {
	h := one(t)
	h.member("ada@example.org", good, "client")
	h.settings.Policy.SignIn.FactorRoles = []string{"security"}
	if _, e, err := h.come(from("192.0.2.1"), "ada@example.org", good, ""); err != nil || e.Session == "" {
		t.Fatalf("a member without the role: %+v %v", e, err)
	}
	h.near.roles = []string{"member", "security"}
	if _, e, err := h.come(from("192.0.2.1"), "ada@example.org", good, ""); err != nil || e.Step != "enrol" {
		t.Fatalf("a holder of the role: %+v %v", e, err)
	}
	h.near.roles, h.settings.Policy.SignIn.SecondFactor = nil, true
	flow, e, err := h.come(from("192.0.2.1"), "ada@example.org", good, "")
	if err != nil || e.Step != "enrol" {
		t.Fatalf("where the organization demands it: %+v %v", e, err)
	}
	secret, _, err := h.signin.Enrolment(from("192.0.2.1"), flow)
	h.must(err)
	again, _, err := h.signin.Enrolment(from("192.0.2.1"), flow)
	h.must(err)
	if again != secret {
		t.Error("the page shown again shows another secret")
	}
	if _, err := h.signin.Enrol(from("192.0.2.1"), flow, "000000"); codeOf(err) != "signin.code_wrong" {
		t.Fatalf("wrong code: %v", err)
	}
	batch, err := h.signin.Enrol(from("192.0.2.1"), flow, digits(secret, h.clock.Now()))
	h.must(err)
	if len(batch.Plain) != 10 {
		t.Fatalf("%d recovery codes", len(batch.Plain))
	}
	if e, err = h.signin.Advance(from("192.0.2.1"), flow); err != nil || e.Session == "" {
		t.Fatalf("after the set-up: %+v %v", e, err)
	}
}

func TestACodeOpensOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("192.0.2.1")
		secret, codes := h.app(h.member("ada@example.org", good, "client"))
		first, _, err := h.come(ctx, "ada@example.org", good, "")
		h.must(err)
		second, _, err := h.come(ctx, "ada@example.org", good, "")
		h.must(err)
		code := digits(secret, h.clock.Now())
		h.must(h.signin.Factor(ctx, first, code))
		if err := h.signin.Factor(ctx, second, code); codeOf(err) != "signin.code_wrong" {
			t.Fatalf("the same code again gave %v", err)
		}
		h.must(h.signin.Factor(ctx, second, strings.ToUpper(codes.Plain[3])))
		if n := len(h.mail.Sent("recovery.used")); n != 1 {
			t.Errorf("%d mails about a recovery code", n)
		}
		third, _, err := h.come(ctx, "ada@example.org", good, "")
		h.must(err)
		if err := h.signin.Factor(ctx, third, codes.Plain[3]); codeOf(err) != "signin.code_wrong" {
			t.Fatalf("a spent recovery code gave %v", err)
		}
		h.clock.Advance(30 * time.Second)
		late := digits(secret, h.clock.Now().Add(-61*time.Second))
		if err := h.signin.Factor(ctx, third, late); codeOf(err) != "signin.code_wrong" {
			t.Fatalf("a code of two steps ago gave %v", err)
		}
	})
}

func TestFiveWrongCodesEndTheSignInAndWarnThePerson(t *testing.T) {
	h := one(t)
	ctx := from("192.0.2.1")
	h.app(h.member("ada@example.org", good, "client"))
	flow, _, err := h.come(ctx, "ada@example.org", good, "")
	h.must(err)
	for range 5 {
		if err := h.signin.Factor(ctx, flow, "000000"); codeOf(err) != "signin.code_wrong" {
			t.Fatalf("wrong code: %v", err)
		}
	}
	if err := h.signin.Factor(ctx, flow, "000000"); codeOf(err) != "signin.tries" {
		t.Fatalf("sixth: %v", err)
	}
	if n := len(h.mail.Sent("signin.partial")); n != 1 {
		t.Errorf("%d warnings that the password is known, want 1", n)
	}
}

func TestSuspendedIsToldOnlyAfterTheRightPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.member("ada@example.org", good, "client")
		h.near.block = &core.Block{ID: "b1", Reason: "non_payment", Until: h.clock.Now().Add(time.Hour)}
		if _, _, err := h.come(from("192.0.2.1"), "ada@example.org", "wrong password", ""); codeOf(err) != "signin.wrong" {
			t.Fatalf("before proof: %v", err)
		}
		_, e, err := h.come(from("192.0.2.1"), "ada@example.org", good, "")
		if codeOf(err) != "signin.suspended" || e.Block.Reason != "non_payment" || e.Session != "" {
			t.Fatalf("after proof: %+v %v", e, err)
		}
		if act, _ := h.gate.Last("signin.suspension"); act.Outcome != core.Refused || act.Reason != "signin.suspended" {
			t.Errorf("journal: %+v", act)
		}
		h.near.block, h.near.refused = nil, core.Fault(core.Forbidden, "access.address")
		if _, e, err = h.come(from("192.0.2.1"), "ada@example.org", good, ""); codeOf(err) != "access.address" || e.Session != "" {
			t.Fatalf("from an address not admitted: %+v %v", e, err)
		}
		if act, _ := h.gate.Last("signin.address"); act.Outcome != core.Refused {
			t.Errorf("journal: %+v", act)
		}
	})
}

var linkIn = regexp.MustCompile(`https://trust\.example\.org/([a-z-]+)/([a-z0-9]+)`)

func (h *house) link(kind string) (page, token string) {
	h.t.Helper()
	sent := h.mail.Sent(kind)
	if len(sent) == 0 {
		h.t.Fatalf("no mail %s", kind)
	}
	m := linkIn.FindStringSubmatch(sent[len(sent)-1].Body)
	if m == nil {
		h.t.Fatalf("no link in %q", sent[len(sent)-1].Body)
	}
	return m[1], m[2]
}

func TestResetByLink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("192.0.2.1")
		person := h.member("ada@example.org", good, "client")
		h.must(h.signin.AskReset(ctx, "ada@example.org"))
		_, old := h.link("password.reset")
		h.must(h.signin.AskReset(ctx, "ada@example.org"))
		page, token := h.link("password.reset")
		if page != "reset" {
			t.Fatalf("link to %s", page)
		}
		if err := h.signin.Reset(ctx, old, "Another-good1-Pass!phrase"); codeOf(err) != "link.gone" {
			t.Fatalf("a link replaced by another gave %v", err)
		}
		if err := h.signin.Reset(ctx, token, "short"); codeOf(err) != "password.weak" {
			t.Fatalf("weak: %v", err)
		}
		if err := h.signin.Reset(ctx, token, good); codeOf(err) != "password.weak" {
			t.Fatalf("the same password again: %v", err)
		}
		h.must(h.signin.Reset(ctx, token, "Another-good1-Pass!phrase"))
		if err := h.signin.Reset(ctx, token, "Yet-Another2-good!phrase"); codeOf(err) != "link.gone" {
			t.Fatalf("second use: %v", err)
		}
		if len(h.near.ended) == 0 || h.near.ended[len(h.near.ended)-1] != string(person)+": password_reset" {
			t.Errorf("sessions ended: %q", h.near.ended)
		}
		if !slices.Contains(h.near.ended, string(person)+": token password_changed") {
			t.Errorf("tokens outlive a reset: %q", h.near.ended)
		}
		if _, _, err := h.come(ctx, "ada@example.org", good, ""); codeOf(err) != "signin.wrong" {
			t.Fatalf("the former password: %v", err)
		}
		if _, e, err := h.come(ctx, "ada@example.org", "Another-good1-Pass!phrase", ""); err != nil || e.Session == "" {
			t.Fatalf("the new password: %+v %v", e, err)
		}
		h.must(h.signin.AskReset(ctx, "ada@example.org"))
		_, late := h.link("password.reset")
		h.clock.Advance(31 * time.Minute)
		if err := h.signin.Reset(ctx, late, "Yet-Another2-good!phrase"); codeOf(err) != "link.gone" {
			t.Fatalf("after half an hour: %v", err)
		}
	})
}

func TestAStrangerCannotFillTheJournalByAsking(t *testing.T) {
	h := one(t)
	h.member("ada@example.org", good, "client")
	ctx := from("192.0.2.66")
	for range 200 {
		h.must(h.signin.AskReset(ctx, "ada@example.org"))
	}
	entries := 0
	for _, act := range h.gate.Acts() {
		if act.Def.Permission == "signin.reset_ask" {
			entries++
		}
	}
	if entries == 0 || entries > 30 {
		t.Errorf("%d entries", entries)
	}
	if n := len(h.mail.Sent("password.reset")); n > 3 {
		t.Errorf("%d messages", n)
	}
}

func TestResetDoesNotGoAroundTheSecondFactor(t *testing.T) {
	h := one(t)
	ctx := from("192.0.2.1")
	h.app(h.member("ada@example.org", good, "client"))
	h.must(h.signin.AskReset(ctx, "ada@example.org"))
	_, token := h.link("password.reset")
	h.must(h.signin.Reset(ctx, token, "Another-good1-Pass!phrase"))
	if _, e, err := h.come(ctx, "ada@example.org", "Another-good1-Pass!phrase", ""); err != nil || e.Step != "factor" {
		t.Fatalf("after a reset: %+v %v", e, err)
	}
}

var mailedCode = regexp.MustCompile(`[A-Z0-9]{4}-[A-Z0-9]{4}`)

func TestThisWasNotMe(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("192.0.2.1")
		person := h.member("ada@example.org", good, "client")
		_, e, err := h.come(ctx, "ada@example.org", good, "")
		h.must(err)
		page, token := h.link("signin.new_device")
		if page != "not-me" {
			t.Fatalf("link to %s", page)
		}
		h.must(h.identity.NotMe(ctx, token))
		if err := h.identity.NotMe(ctx, token); codeOf(err) != "link.gone" {
			t.Errorf("twice: %v", err)
		}
		ended := strings.Join(h.near.ended, ", ")
		if !strings.Contains(ended, string(person)+": compromised") || !strings.Contains(ended, string(person)+": token compromised") {
			t.Errorf("ended: %s", ended)
		}
		list, who, err := h.identity.Reports(ctx, "open", "")
		h.must(err)
		if len(list) != 1 || list[0].Person != person || who[person].Email != "ada@example.org" || !strings.HasPrefix(list[0].About, "signin.new_device") {
			t.Fatalf("reports: %+v", list)
		}
		// Whoever knows the password cannot choose the next one without the mailbox.
		flow, e, err := h.come(ctx, "ada@example.org", good, e.Browser)
		h.must(err)
		if e.Step != "mailbox" {
			t.Fatalf("step %q, want the proof of the mailbox", e.Step)
		}
		if err := h.signin.Choose(ctx, flow, "Another-good1-Pass!phrase"); codeOf(err) != "signin.step" {
			t.Fatalf("choosing without it: %v", err)
		}
		h.must(h.signin.SendCode(ctx, flow))
		mails := h.mail.Sent("signin.code")
		if err := h.signin.Mailbox(ctx, flow, "AAAA-AAAA"); codeOf(err) != "signin.mailed_wrong" {
			t.Fatalf("wrong code: %v", err)
		}
		h.must(h.signin.Mailbox(ctx, flow, mailedCode.FindString(mails[len(mails)-1].Body)))
		e, err = h.signin.Advance(ctx, flow)
		h.must(err)
		if e.Step != "change" {
			t.Fatalf("step %q, want change", e.Step)
		}
		h.must(h.signin.Choose(ctx, flow, "Another-good1-Pass!phrase"))
		if e, err = h.signin.Advance(ctx, flow); err != nil || e.Session == "" {
			t.Fatalf("at the end: %+v %v", e, err)
		}
		h.must(h.identity.HandleReport(core.WithActor(ctx, core.Actor{Kind: core.HumanActor, ID: ids.New()}), list[0].ID, "Called back; the phone was stolen."))
		if err := h.identity.HandleReport(ctx, list[0].ID, "again"); codeOf(err) != "report.handled" {
			t.Errorf("handled twice: %v", err)
		}
		list, _, err = h.identity.Reports(ctx, "handled", "")
		h.must(err)
		if len(list) != 1 || list[0].Conclusion != "Called back; the phone was stolen." {
			t.Errorf("handled: %+v", list)
		}
	})
}
