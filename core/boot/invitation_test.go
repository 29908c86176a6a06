package boot

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var qComeIn = db.SQL(`UPDATE organization_member SET state = 'active' WHERE org = $1 AND person = $2`)

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
