package boot

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/db"
)

var (
	qReviewMails = db.SQL(`SELECT count(*) FROM mail_outbox WHERE person = $1 AND kind <> 'organization.invitation'`)
	qComeIn      = db.SQL(`UPDATE organization_member SET state = 'active' WHERE org = $1 AND person = $2`)
)

// A role that goes with an invitation permits nothing before it is accepted, and only who may give a role sends it along.
func TestARoleOfAnInvitationActsOnceAccepted(t *testing.T) {
	w := newTown(t, "")
	a := "/o/" + string(w.a)
	reads := func() int { return w.ask("b.member", http.MethodGet, a+"/members", "").Code }
	form := url.Values{"email": {"person-b-member@example.org"}, "family_name": {"Guest"}, "role": {"auditor"}}
	w.see("a.admin", a+"/members/new", `name="role"`, `value="auditor"`)
	if out := w.submit("a.security", a+"/members/new", form); out.Code != http.StatusForbidden {
		t.Fatalf("who may not invite: %d", out.Code)
	}
	above := url.Values{"email": {"above@example.org"}, "family_name": {"Above"}, "role": {"admin"}}
	if out := w.submit("a.people", a+"/members/new", above); out.Code < 400 {
		t.Fatalf("a role above one's own goes with an invitation: %d", out.Code)
	}
	if _, err := w.organizations.Invite(w.as("a.people"), w.a, profile(Player{Email: "above@example.org"}), "admin"); core.CodeOf(err) != "assignment.escalation" {
		t.Fatalf("a role above one's own: %v", err)
	}
	if out := w.submit("a.admin", a+"/members/new", form); out.Code != http.StatusSeeOther {
		t.Fatalf("invite: %d %.500s", out.Code, out.Body)
	}
	if got := reads(); got != http.StatusNotFound && got != http.StatusForbidden {
		t.Fatalf("before the invitation is accepted: %d", got)
	}
	w.do("accept", func(ctx context.Context, tx core.Tx) error {
		_, err := tx.Exec(ctx, qComeIn, w.a, w.people["b.member"])
		return err
	})
	if got := reads(); got != http.StatusOK {
		t.Errorf("once accepted: %d", got)
	}
}

// Who was invited with a role and has not come in gets no message meant for those who hold it, and takes nobody's place.
func TestWhoIsOnlyInvitedGuardsNothing(t *testing.T) {
	w := bare(newTown(t, ""))
	w.must("security leaves", w.organizations.Remove(w.as("a.admin"), w.a, []core.ID{w.members["a.security"]}, "left"))
	for _, role := range []string{"admin", "security"} {
		got, err := w.organizations.Invite(w.as("a.admin"), w.a, profile(Player{Email: "guest-" + role + "@example.org"}), role)
		w.must("invite", err)
		w.people["guest."+role] = got.Person
		w.do("holders", func(ctx context.Context, tx core.Tx) error {
			list, err := w.access.Holders(ctx, tx, w.a, role)
			if slices.Contains(list, got.Person) {
				t.Errorf("who is invited as %s holds the role already", role)
			}
			return err
		})
	}
	_, err := w.review.Begin(w.as("a.admin"), w.a, review.Start{Scope: review.ScopeAll, Days: 30})
	w.must("review", err)
	w.do("mails", func(ctx context.Context, tx core.Tx) error {
		for _, role := range []string{"admin", "security"} {
			n, _, err := db.One(ctx, tx, qReviewMails, db.Value[int64], w.people["guest."+role])
			if err != nil || n != 0 {
				t.Errorf("who is invited as %s was sent %d messages: %v", role, n, err)
			}
		}
		return nil
	})
	if w.told("a.admin", "review.campaign")+w.told("a.people", "review.campaign") == 0 {
		t.Error("those who hold the roles were not told")
	}
}
