package signin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/ids"
)

func TestASecondFactorUnboundByAnAdministratorIsAskedAgain(t *testing.T) {
	h := one(t)
	ctx := from("192.0.2.1")
	h.settings.Policy.SignIn.SecondFactor = true
	person := h.member("ada@example.org", good, "client")
	secret, codes := h.app(person)
	boss := core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: "boss"})
	if err := h.identity.Unbind(boss, "org-client", person, "he says so", "phone lost"); codeOf(err) != "account.evidence" {
		t.Fatalf("without evidence of identity: %v", err)
	}
	if err := h.identity.Unbind(boss, "org-other", person, "in_person", "phone lost"); core.KindOf(err) != core.NotFound {
		t.Fatalf("from another organization: %v", err)
	}
	h.must(h.identity.Unbind(boss, "org-client", person, "in_person", "phone lost"))
	if act, _ := h.gate.Last("account.unbind"); len(act.Changes) != 1 || act.Changes[0].After != "in_person" {
		t.Errorf("the journal does not say how the identity was verified: %+v", act.Changes)
	}
	if !strings.Contains(strings.Join(h.near.ended, ", "), string(person)+": factor_unbound") {
		t.Errorf("sessions ended: %q", h.near.ended)
	}
	if n := len(h.mail.Sent("factor.removed")); n != 1 {
		t.Errorf("the person was told %d times", n)
	}
	flow, e, err := h.come(ctx, "ada@example.org", good, "")
	h.must(err)
	if e.Step != "mailbox" {
		t.Fatalf("step %q, want a proof of the mailbox beside the password", e.Step)
	}
	h.must(h.signin.SendCode(ctx, flow))
	h.must(h.signin.Mailbox(ctx, flow, mailedCode.FindString(h.mail.Sent("signin.code")[0].Body)))
	if e, err = h.signin.Advance(ctx, flow); err != nil || e.Step != "enrol" {
		t.Fatalf("step %q, %v, want the set-up of another factor", e.Step, err)
	}
	for _, old := range []string{digits(secret, h.clock.Now()), codes.Plain[0]} {
		if _, err := h.signin.Enrol(ctx, flow, old); err == nil {
			t.Error("the former factor opens")
		}
	}
	// A sign-in begun anew asks again, until the person has come in.
	if _, e, err = h.come(ctx, "ada@example.org", good, ""); err != nil || e.Step != "mailbox" {
		t.Fatalf("begun anew: step %q, %v", e.Step, err)
	}
	key, _, err := h.signin.Enrolment(ctx, flow)
	h.must(err)
	_, err = h.signin.Enrol(ctx, flow, digits(key, h.clock.Now()))
	h.must(err)
	if e, err = h.signin.Advance(ctx, flow); err != nil || e.Session == "" {
		t.Fatalf("with another factor: %+v %v", e, err)
	}
	if _, e, err = h.come(ctx, "ada@example.org", good, e.Browser); err != nil || e.Step != "factor" {
		t.Fatalf("the next time: step %q, %v, want the new factor alone", e.Step, err)
	}
}

func TestAMailedCodeBelongsToOneSignIn(t *testing.T) {
	h := one(t)
	ctx := from("192.0.2.1")
	person := h.member("ada@example.org", good, "client")
	h.must(h.db.Write(ctx, func(tx core.Tx) error { return h.identity.Compromised(ctx, tx, person) }))
	first, _, err := h.come(ctx, "ada@example.org", good, "")
	h.must(err)
	second, _, err := h.come(ctx, "ada@example.org", good, "")
	h.must(err)
	h.must(h.signin.SendCode(ctx, first))
	code := mailedCode.FindString(h.mail.Sent("signin.code")[0].Body)
	if err := h.signin.Mailbox(ctx, second, code); codeOf(err) != "signin.mailed_wrong" {
		t.Fatalf("in another sign-in: %v", err)
	}
	h.clock.Advance(10*time.Minute + time.Second)
	if err := h.signin.Mailbox(ctx, first, code); codeOf(err) != "signin.mailed_wrong" {
		t.Fatalf("after ten minutes: %v", err)
	}
	for range 5 {
		_ = h.signin.Mailbox(ctx, second, "AAAA-AAAA")
	}
	if err := h.signin.Mailbox(ctx, second, "AAAA-AAAA"); core.KindOf(err) != core.Gone {
		t.Fatalf("after six tries: %v", err)
	}
}

func TestExpiredPasswordAndTermsAreAskedInTurn(t *testing.T) {
	h := one(t)
	ctx := from("192.0.2.1")
	h.member("ada@example.org", good, "client")
	h.settings.Policy.Password.MaxAgeDays = 90
	h.clock.Advance(91 * 24 * time.Hour)
	h.near.terms = []core.Terms{{Org: core.Platform, Document: "cgu", Version: 2, Before: 1}}
	flow, e, err := h.come(ctx, "ada@example.org", good, "")
	h.must(err)
	if e.Step != "change" {
		t.Fatalf("step %q, want change", e.Step)
	}
	h.must(h.signin.Choose(ctx, flow, "Another-good1-Pass!phrase"))
	if e, err = h.signin.Advance(ctx, flow); err != nil || e.Step != "terms" {
		t.Fatalf("%+v %v, want terms", e, err)
	}
	h.must(h.signin.AcceptTerms(ctx, flow, nil))
	if e, _ = h.signin.Advance(ctx, flow); e.Step != "terms" {
		t.Fatalf("terms not ticked, step %q", e.Step)
	}
	h.must(h.signin.AcceptTerms(ctx, flow, h.near.terms))
	if e, err = h.signin.Advance(ctx, flow); err != nil || e.Session == "" {
		t.Fatalf("at the end: %+v %v", e, err)
	}
}

func TestInvitedPersonChoosesAFirstPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("192.0.2.1")
		person := h.member("new@example.org", "", "client")
		var path string
		h.must(h.db.Write(ctx, func(tx core.Tx) (err error) { path, err = h.signin.FirstPassword(ctx, tx, person); return err }))
		token := strings.TrimPrefix(path, "/signin/first/")
		flow, err := h.signin.BeginFirst(ctx, token, "")
		h.must(err)
		if _, err := h.signin.BeginFirst(ctx, token, ""); codeOf(err) != "link.gone" {
			t.Fatalf("twice: %v", err)
		}
		if err := h.signin.Choose(ctx, flow, "ada martin 2026"); codeOf(err) != "password.weak" {
			t.Fatalf("made of their own name: %v", err)
		}
		h.must(h.signin.Choose(ctx, flow, good))
		if e, err := h.signin.Advance(ctx, flow); err != nil || e.Session == "" {
			t.Fatalf("at the end: %+v %v", e, err)
		}
		h.must(h.db.Write(ctx, func(tx core.Tx) (err error) { path, err = h.signin.FirstPassword(ctx, tx, person); return err }))
		if path != "" {
			t.Errorf("a person with a password is offered a first one: %s", path)
		}
		// Nobody comes in by an empty password.
		empty := h.member("other@example.org", "", "client")
		_ = empty
		if _, _, err := h.come(ctx, "other@example.org", "", ""); codeOf(err) != "signin.wrong" {
			t.Fatalf("an account without a password: %v", err)
		}
	})
}

func TestSetUpMakesTheFirstAdministratorOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("127.0.0.1")
		first, err := h.signin.MakeSetupToken(ctx)
		h.must(err)
		path, err := h.signin.MakeSetupToken(ctx)
		h.must(err)
		if h.signin.SetupOpen(ctx, strings.TrimPrefix(first, "/setup/")) == nil {
			t.Error("an older set-up link still opens")
		}
		token := strings.TrimPrefix(path, "/setup/")
		in := signin.Founding{Organization: "Hébergeur", Person: core.NewPerson{GivenName: "Lin", FamilyName: "Roy", Email: "lin@example.org", Language: "fr"}, Password: "lin@example.org"}
		if _, err := h.signin.Found(ctx, token, in, ""); codeOf(err) != "password.weak" {
			t.Fatalf("weak: %v", err)
		}
		in.Password = good
		if _, err := h.signin.Found(ctx, "forged", in, ""); codeOf(err) != "link.gone" {
			t.Fatalf("forged link: %v", err)
		}
		if _, err := h.signin.Found(ctx, "", in, ""); err == nil {
			t.Fatal("a visitor founded without a link")
		}
		flow, err := h.signin.Found(ctx, token, in, "")
		h.must(err)
		e, err := h.signin.Advance(ctx, flow)
		if err != nil || e.Step != "enrol" {
			t.Fatalf("%+v %v, want the set-up of the second factor", e, err)
		}
		if len(h.near.assigned) != 1 || h.near.assigned[0].Role != "provider.admin" || h.near.assigned[0].Org != core.Platform {
			t.Errorf("assigned %+v", h.near.assigned)
		}
		if _, err := h.signin.Found(ctx, token, in, ""); codeOf(err) != "setup.done" {
			t.Fatalf("twice: %v", err)
		}
		if _, err := h.signin.MakeSetupToken(ctx); codeOf(err) != "setup.done" {
			t.Fatalf("another link: %v", err)
		}
	})
}

func TestStepUpAndUnlockNeedAProof(t *testing.T) {
	h := one(t)
	person := h.member("ada@example.org", good, "client")
	ctx := core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: person, Session: ids.New(), AAL: 1})
	if _, err := h.signin.Again(ctx, "wrong"); codeOf(err) != "signin.again_wrong" {
		t.Fatalf("wrong: %v", err)
	}
	if s, err := h.signin.Again(ctx, good); err != nil || s != "raised" || h.near.raised[0] != 1 {
		t.Fatalf("password: %q %v %v", s, err, h.near.raised)
	}
	secret, _ := h.app(person)
	if _, err := h.signin.Again(ctx, good); codeOf(err) != "signin.again_wrong" {
		t.Fatalf("the password where a code is asked: %v", err)
	}
	if _, err := h.signin.Again(ctx, digits(secret, h.clock.Now())); err != nil || h.near.raised[1] != 2 {
		t.Fatalf("code: %v %v", err, h.near.raised)
	}
	if s, err := h.signin.Unlock(ctx, good, false); err != nil || s != "reopened" {
		t.Fatalf("unlock by password, where a code is what a step-up asks: %q %v", s, err)
	}
	if _, err := h.signin.Unlock(context.Background(), good, false); err == nil {
		t.Fatal("unlock without a session")
	}
	for range 12 {
		_, _ = h.signin.Unlock(ctx, "wrong", false)
	}
	if _, err := h.signin.Unlock(ctx, good, false); core.KindOf(err) != core.TooMany {
		t.Fatalf("after twelve wrong ones: %v", err)
	}
}

func TestExportHoldsNoSecretAndErasureLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("192.0.2.1")
		person := h.member("ada@example.org", good, "client")
		_, _, err := h.come(ctx, "ada@example.org", good, "")
		h.must(err)
		flow, err := h.signin.Begin(ctx, "ada@example.org", "", "/")
		h.must(err)
		tables := map[string]int{}
		read := func() {
			clear(tables)
			h.must(h.db.Read(ctx, func(tx core.Tx) error {
				return h.signin.ExportPerson(ctx, tx, person, func(r core.Record) error {
					tables[r.Table]++
					if r.Values["code"] != nil || (r.Table == "signin_flow" && r.Values["id"] != nil) {
						t.Errorf("a secret is exported: %+v", r)
					}
					return nil
				})
			}))
		}
		if read(); tables["signin_flow"] != 1 || tables["signin_device"] != 1 {
			t.Errorf("exported %v", tables)
		}
		h.must(h.db.Write(ctx, func(tx core.Tx) error { _, err := h.signin.ErasePerson(ctx, tx, person); return err }))
		if read(); len(tables) != 0 {
			t.Errorf("after erasure: %v", tables)
		}
		if _, _, err := h.signin.Next(ctx, flow); core.KindOf(err) != core.Gone {
			t.Errorf("a flow of an erased person: %v", err)
		}
	})
}

// TestAProofDiesWithWhatItProved: a sign-in that stopped half-way with the former password goes no further once the
// password, or the second factor, was changed by the owner.
func TestAProofDiesWithWhatItProved(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := from("192.0.2.1")
		person := h.member("ada@example.org", good, "client")
		_, _ = h.app(person)
		flow, e, err := h.come(ctx, "ada@example.org", good, "")
		h.must(err)
		if e.Step != "factor" {
			t.Fatalf("step %q", e.Step)
		}
		h.clock.Advance(time.Minute)
		h.must(h.identity.ChangePassword(ctx, person, good, "Another-good1-Pass!phrase"))
		if step, f, err := h.signin.Next(ctx, flow); err != nil || step != "password" || f.Proved() {
			t.Fatalf("after the password changed: step %q, %v", step, err)
		}
		h.must(h.signin.Password(ctx, flow, "Another-good1-Pass!phrase", signin.Proof{}))
		h.clock.Advance(time.Minute)
		secret, _ := h.app(person)
		h.must(h.signin.Factor(ctx, flow, digits(secret, h.clock.Now())))
		h.clock.Advance(time.Minute)
		_, _ = h.app(person) // the phone was changed once more before the sign-in ended
		if step, f, err := h.signin.Next(ctx, flow); err != nil || step != "factor" || f.Proved() {
			t.Fatalf("after the factor changed: step %q, %v", step, err)
		}
	})
}
