package boot

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/ids"
)

// Inviting somebody else's address gives an organization no hold on the account: not to see it, cut it, strip it of its
// second factor, nor to see or end its sessions.
func TestInvitingAStrangerGivesNoHoldOnThem(t *testing.T) {
	w := newTown(t, "")
	a := "/o/" + string(w.a)
	for who, address := range map[string]string{"provider.admin": "staff-provider-admin@example.org", "b.member": "person-b-member@example.org"} {
		out := w.submit("a.admin", a+"/members/new", url.Values{"email": {address}, "family_name": {"Typed"}})
		if out.Code != http.StatusSeeOther {
			t.Fatalf("invite %s: %d", who, out.Code)
		}
		person, page := string(w.people[who]), out.Header().Get("Location")
		if text := w.see("a.admin", page); strings.Contains(text, "Staff-provider") || strings.Contains(text, "Person-b") {
			t.Errorf("the page of an invited person shows who %s is", who)
		}
		w.wants("see", "a.admin", a+"/accounts/"+person, http.StatusNotFound)
		for path, form := range map[string]url.Values{
			a + "/accounts/" + person + "/compromised": {"flag_reason": {"because"}},
			a + "/accounts/" + person + "/unbind":      {"unbind_reason": {"because"}, "evidence": {"in_person"}},
			a + "/accounts/" + person + "/reset":       {},
		} {
			if out := w.submit("a.admin", path, form); out.Code != http.StatusNotFound {
				t.Errorf("%s of %s answers %d", path, who, out.Code)
			}
		}
		if out := w.submit("a.admin", page+"/compromised", url.Values{"reason": {"because"}}); out.Code == http.StatusSeeOther {
			t.Errorf("an invited person was marked as compromised")
		}
		if err := w.sessions.EndMember(w.as("a.admin"), w.a, w.session[who], "because"); core.KindOf(err) != core.NotFound {
			t.Errorf("end the session of %s: %v", who, err)
		}
		if _, err := w.sessions.EndPerson(w.as("a.admin"), w.a, w.people[who], "because"); core.KindOf(err) != core.NotFound {
			t.Errorf("end the sessions of %s: %v", who, err)
		}
		w.wants("still in", who, "/me/security", http.StatusOK)
	}
}

// key makes a token of a person, or of the service account when who is "".
func (w *town) key(who string, service core.ID) string {
	w.t.Helper()
	o := token.Order{Name: "key", Scopes: []core.Permission{"session.list"}, Ends: time.Now().Add(time.Hour)}
	if service != "" {
		_, secret, err := w.tokens.CreateFor(w.as("a.admin"), w.a, service, o)
		w.must("token", err)
		return secret
	}
	_, secret, err := w.tokens.Create(w.as(who), o)
	w.must("token", err)
	return secret
}

// A token dies with its holder: suspended, removed, closed with the organization, or with another password.
func TestATokenDiesWithItsHolder(t *testing.T) {
	w := newTown(t, "")
	path := "/api/v1/organizations/" + string(w.a) + "/sessions"
	service := w.known["service"][0]
	_, err := w.access.Give(w.as("a.admin"), core.Assignment{Org: w.a, Person: service, Role: "security", Reason: "watch"})
	w.must("role", err)
	robot, person := w.key("", service), w.key("a.security", "")
	code := func(secret string) int {
		t.Helper()
		return w.ask("", http.MethodGet, path, "", "Authorization", "Bearer "+secret).Code
	}
	if code(robot) != http.StatusOK || code(person) != http.StatusOK {
		t.Fatalf("before: robot %d, person %d", code(robot), code(person))
	}
	for target, secret := range map[core.ID]string{service: robot, w.people["a.security"]: person} {
		id, err := w.access.DeclareSuspension(w.as("a.admin"), w.a, access.SuspensionForm{Scope: "person", Person: target, Reason: "abuse", Text: "x"})
		w.must("suspend", err)
		if got := code(secret); got != http.StatusUnauthorized && got != http.StatusForbidden {
			t.Errorf("the token of a suspended holder answers %d", got)
		}
		w.must("lift", w.access.EndSuspension(w.as("a.admin"), w.a, id, "over"))
		if got := code(secret); got != http.StatusOK {
			t.Errorf("once lifted: %d", got)
		}
	}
	id, err := w.access.DeclareSuspension(w.as("provider.admin"), core.Platform, access.SuspensionForm{Scope: "organization", Organization: w.a, Reason: "non_payment", Text: "x"})
	w.must("suspend the organization", err)
	if got := code(robot); got == http.StatusOK {
		t.Error("the token of a suspended organization answers")
	}
	w.must("lift", w.access.EndSuspension(w.as("provider.admin"), core.Platform, id, "paid"))
	former := person
	for range 2 { // the first password of this person, then another one
		hash, err := w.identity.NewPassword(w.system(), w.people["a.security"], "Quatre-Hiboux7-"+string(ids.New()))
		w.must("password", err)
		w.do("password", func(ctx context.Context, tx core.Tx) error {
			return w.identity.KeepPassword(ctx, tx, w.people["a.security"], hash)
		})
	}
	if got := code(former); got != http.StatusUnauthorized {
		t.Errorf("the token of who changed their password answers %d", got)
	}
	person = w.key("a.security", "")
	w.must("remove", w.organizations.Remove(w.as("a.admin"), w.a, []core.ID{w.members["a.security"]}, "end of contract"))
	if got := code(person); got != http.StatusUnauthorized {
		t.Errorf("the token of who left answers %d", got)
	}
	w.must("close", w.tokens.CloseService(w.as("a.admin"), w.a, service, "no longer used"))
	if got := code(robot); got != http.StatusUnauthorized {
		t.Errorf("the token of a closed service account answers %d", got)
	}
}

// An organization that suspended its last administrator is helped by the provider, with a reason, in both journals; the
// provider lifts nothing else of what an organization decided.
func TestTheProviderFreesALastAdministrator(t *testing.T) {
	w := newTown(t, "")
	suspend := func(who string) core.ID {
		t.Helper()
		id, err := w.access.DeclareSuspension(w.as("a.security"), w.a, access.SuspensionForm{
			Scope: "person", Person: w.people[who], Reason: "presumed_compromise", Text: "night", Confirmed: true,
		})
		w.must("suspend "+who, err)
		return id
	}
	member, admin := suspend("a.member"), suspend("a.admin")
	page := w.see("provider.admin", "/provider/suspensions", "Organizations that nobody administers any more", "Canary Alpha", string(admin))
	if strings.Contains(page, string(member)) {
		t.Error("the provider is shown a suspension that is not its business")
	}
	lift := func(id core.ID, reason string) int {
		return w.submit("provider.admin", "/provider/suspensions/"+string(id)+"/lift", url.Values{"reason": {reason}}).Code
	}
	if got := lift(member, "as asked"); got == http.StatusSeeOther {
		t.Error("the provider lifted what an organization can lift")
	}
	if got := lift(admin, " "); got == http.StatusSeeOther {
		t.Error("the provider lifted it without a reason")
	}
	if got := lift(admin, "asked by the mayor, called back"); got != http.StatusSeeOther {
		t.Fatalf("lift: %d", got)
	}
	w.begin("a.admin")
	w.wants("freed", "a.admin", "/o/"+string(w.a)+"/suspensions", http.StatusOK)
	for _, org := range []core.ID{w.a, core.Platform} {
		if n := w.entries(org, "suspension.lift", admin); n != 1 {
			t.Errorf("%s has %d entries of the lift", org, n)
		}
	}
}

// entries counts the successes of an action on a thing in the journal of an organization.
func (w *town) entries(org core.ID, action core.Permission, thing core.ID) int {
	w.t.Helper()
	w.must("settle", w.journal.Settle(w.system())) // entries wait for their place on PostgreSQL
	x := w.journal.Explorer(w.gate, w.identity)
	ctx := w.system()
	_, err := x.Open(ctx, org, "a test that counts entries")
	w.must("open the journal", err)
	page, err := x.Page(ctx, org, journal.Filter{Action: string(action), Resource: thing, Outcome: "success"}, journal.ParseMark(""))
	w.must("read the journal", err)
	return len(page.Rows)
}

// The command line lists where provider staff may come from: an act of the system, in the journal.
func TestStaffIsAdmittedFromTheCommandLine(t *testing.T) {
	w := newTown(t, "")
	admitted := func(address string) bool {
		err := w.db.Read(t.Context(), func(tx core.Tx) error {
			return w.access.AllowedFrom(t.Context(), tx, w.people["provider.admin"], netip.MustParseAddr(address), core.Platform)
		})
		return err == nil
	}
	if admitted("192.0.2.7") || !admitted("127.0.0.1") {
		t.Fatal("an empty list admits more, or less, than this machine")
	}
	for _, bad := range []string{"nowhere", "0.0.0.0/0", "192.0.2.7 192.0.2.8/99\n::/0", ""} {
		if err := w.AllowStaff(context.Background(), bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	w.must("allow", w.AllowStaff(context.Background(), "192.0.2.7", "2001:db8::/32"))
	for address, want := range map[string]bool{"192.0.2.7": true, "2001:db8::9": true, "192.0.2.8": false, "127.0.0.1": true, "::1": true} {
		if admitted(address) != want {
			t.Errorf("%s: admitted %v", address, !want)
		}
	}
	if n := w.entries(core.Platform, "allow.change", ""); n != 1 {
		t.Errorf("%d entries", n)
	}
}
