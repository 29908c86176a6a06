package identity

import (
	"context"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// Inviting an address gives no hold on its account: not even to see that there is one.
func TestAnInvitationGivesNoHoldOnAnAccount(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ada := h.ada()
	for _, state := range []string{"invited", "left"} {
		h.members[ada] = append(h.members[ada][:1], core.Membership{Org: "org-evil", OrgKind: "client", Person: ada, State: state})
		_, seen := h.Account(as("evil"), "org-evil", ada)
		for what, err := range map[string]error{
			"see": seen, "flag": h.Flag(as("evil"), "org-evil", ada, "because"), "reset": h.SendReset(as("evil"), "org-evil", ada),
			"unbind": h.Unbind(as("evil"), "org-evil", ada, "in_person", "because"),
		} {
			if core.KindOf(err) != core.NotFound {
				t.Errorf("%s, %s: %v", state, what, err)
			}
		}
	}
	if len(h.ended) > 0 || len(h.mail.Sent("password.reset")) > 0 {
		t.Errorf("ended %v", h.ended)
	}
}

// The second factor of a person opens every organization of theirs: none of them takes it away alone, the provider does.
func TestNoOrganizationUnbindsTheFactorOfAnothersMember(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ada := h.ada()
	for _, other := range []core.Membership{{Org: "org-b", OrgKind: "client", State: "active"}, {Org: core.Platform, OrgKind: "provider", State: "active"}} {
		h.members[ada] = append(h.members[ada][:1], other)
		if err := h.Unbind(as("boss"), "org-a", ada, "call_back", "phone lost, he says"); core.CodeOf(err) != "account.shared" {
			t.Errorf("with %s: %v", other.Org, err)
		}
		if err := h.Unbind(as("staff"), core.Platform, ada, "in_person", "met in person"); err != nil {
			t.Errorf("the provider, with %s: %v", other.Org, err)
		}
	}
}

func TestTheCurrentPasswordCannotBeGuessedFromAStolenSession(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ada := h.ada()
	h.must(h.set(ada, good))
	for range 10 {
		_ = h.ChangePassword(as(ada), ada, "a guess", better)
	}
	if err := h.ChangePassword(as(ada), ada, good, better); core.KindOf(err) != core.TooMany {
		t.Errorf("after ten guesses: %v", err)
	}
	other := core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: ada, Session: "s2"})
	if err := h.ChangePassword(other, ada, good, better); err != nil {
		t.Errorf("the owner is stopped too: %v", err)
	}
}

// Who knows the password, or holds another session, is not shown the secret that its owner is setting up, and does not
// disturb it.
func TestASecretBeingSetUpIsShownWhereItBeganAlone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.ada()
		thief := core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: ada, Session: "stolen"})
		secret, err := h.Enrol(as(ada), ada)
		h.must(err)
		if shown, err := h.Pending(thief, ada); core.KindOf(err) != core.Gone || shown != "" {
			t.Errorf("another session is shown %q, %v", shown, err)
		}
		planted, err := h.Enrol(thief, ada)
		h.must(err)
		if shown, err := h.Pending(as(ada), ada); err != nil || shown != secret || shown == planted {
			t.Errorf("the owner is shown another secret: %v", err)
		}
		code, err := CodeAt(secret, h.clock.Now())
		h.must(err)
		_, err = h.Confirm(as(ada), ada, code)
		h.must(err)
		if code, err = CodeAt(planted, h.clock.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Confirm(thief, ada, code); core.KindOf(err) != core.Gone {
			t.Errorf("the planted secret is confirmed later: %v", err)
		}
	})
}
