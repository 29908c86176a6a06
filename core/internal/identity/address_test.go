package identity

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

var addressLink = regexp.MustCompile(`https://trust\.example\.org/(address(?:-back)?)/(\S+)`)

// linkTo gives the secret of the newest link of a kind that was mailed to an address.
func (h *house) linkTo(to, path string) string {
	h.t.Helper()
	for _, kind := range []string{"address.confirm", "address.changed"} {
		sent := h.mail.Sent(kind)
		for i := len(sent) - 1; i >= 0; i-- {
			if m := addressLink.FindStringSubmatch(sent[i].Body); sent[i].To == to && m != nil && m[1] == path {
				return m[2]
			}
		}
	}
	h.t.Fatalf("no link to %s was mailed to %s", path, to)
	return ""
}

func (h *house) emailOf(person core.ID) (email, state string) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx core.Tx) error {
		p, err := h.Person(context.Background(), tx, person)
		email, state = p.Email, p.State
		return err
	}))
	return email, state
}

func (h *house) moveTo(person core.ID, address string) {
	h.t.Helper()
	h.must(h.AskForAddress(as(person), person, address))
	h.must(h.TakeAddress(context.Background(), h.linkTo(address, "address")))
	h.clock.Advance(time.Minute)
}

func TestAPersonChangesTheirAddressThroughBothMailboxes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, ctx := h.ada(), context.Background()
		h.must(h.set(ada, good))
		for typed, want := range map[string]string{"not an address": "person.email", "ada@example.org": "address.same"} {
			if err := h.AskForAddress(as(ada), ada, typed); !strings.Contains(fields(err), want) {
				t.Errorf("%q: %v", typed, fields(err))
			}
		}
		h.must(h.AskForAddress(as(ada), ada, " Ada@New.example.org "))
		confirm := h.mail.Sent("address.confirm")
		if len(confirm) != 1 || strings.Contains(confirm[0].Body+confirm[0].Subject, "Ada") {
			t.Errorf("an address that is not proved yet is told a name: %+v", confirm)
		}
		asked := h.mail.Sent("address.asked")
		if len(asked) != 1 || asked[0].To != "ada@example.org" || strings.Contains(asked[0].Body, "new.example.org") || !strings.Contains(asked[0].Body, "/not-me/") {
			t.Errorf("the present address is told %+v", asked)
		}
		if email, _ := h.emailOf(ada); email != "ada@example.org" {
			t.Errorf("changed before it was confirmed: %s", email)
		}
		link := h.linkTo("ada@new.example.org", "address")
		h.must(h.TakeAddress(ctx, link))
		if email, _ := h.emailOf(ada); email != "ada@new.example.org" {
			t.Errorf("after the link: %s", email)
		}
		if err := h.TakeAddress(ctx, link); core.KindOf(err) != core.Gone {
			t.Errorf("the link serves twice: %v", err)
		}
		if act, _ := h.gate.Last("address.change"); act.Org != "org-a" || act.Subject != ada || len(act.Changes) != 1 {
			t.Errorf("the organization's journal is not told: %+v", act)
		}
		h.must(h.db.Read(ctx, func(tx core.Tx) error {
			_, former, err := h.PersonByEmail(ctx, tx, "ada@example.org")
			p, now, _ := h.PersonByEmail(ctx, tx, "ada@new.example.org")
			if former || !now || p.ID != ada {
				t.Errorf("the former address still opens: %v, the new one: %v", former, now)
			}
			return err
		}))
		h.ended = nil
		h.must(h.GiveAddressBack(ctx, h.linkTo("ada@example.org", "address-back")))
		if email, state := h.emailOf(ada); email != "ada@example.org" || state != stateCompromised || len(h.ended) != 2 {
			t.Errorf("after it was taken back: %s, %s, ended %q", email, state, h.ended)
		}
		if told := h.mail.Sent("account.compromised"); len(told) != 1 || told[0].To != "ada@example.org" {
			t.Errorf("who is told: %+v", told)
		}
		reports, _, err := h.Reports(as("staff"), "open", "")
		if err != nil || len(reports) != 1 || reports[0].About != "address.changed" {
			t.Errorf("staff sees %+v %v", reports, err)
		}
	})
}

func TestAThiefWhoMovesAnAccountTwiceCannotTakeItBackFromItsOwner(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, ctx := h.ada(), context.Background()
		h.must(h.set(ada, good))
		h.moveTo(ada, "thief@evil.example")
		h.moveTo(ada, "thief2@evil.example")
		thiefs, owners := h.linkTo("thief@evil.example", "address-back"), h.linkTo("ada@example.org", "address-back")
		h.must(h.GiveAddressBack(ctx, thiefs)) // the thief uses theirs first
		h.must(h.GiveAddressBack(ctx, owners)) // the owner's still works
		if email, _ := h.emailOf(ada); email != "ada@example.org" {
			t.Fatalf("the owner's link gave %s", email)
		}
		h.moveTo(ada, "ada@new.example.org")
		h.clock.Advance(8 * 24 * time.Hour)
		if err := h.GiveAddressBack(ctx, h.linkTo("ada@example.org", "address-back")); core.KindOf(err) != core.Gone {
			t.Errorf("after a week: %v", err)
		}
	})
	each(t, func(t *testing.T, h *house) {
		ada, ctx := h.ada(), context.Background()
		h.must(h.set(ada, good))
		h.moveTo(ada, "thief@evil.example")
		h.moveTo(ada, "thief2@evil.example")
		h.must(h.GiveAddressBack(ctx, h.linkTo("ada@example.org", "address-back")))
		if err := h.GiveAddressBack(ctx, h.linkTo("thief@evil.example", "address-back")); core.KindOf(err) != core.Gone {
			t.Errorf("the thief's own link after the owner's: %v", err)
		}
	})
}

func TestAnAddressThatIsTakenIsNotToldAndALinkDiesWithThePassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, ctx := h.ada(), context.Background()
		h.must(h.set(ada, good))
		bob, err := h.add(core.NewPerson{Email: "bob@example.org"})
		h.must(err)
		h.must(h.AskForAddress(as(ada), ada, "bob@example.org"))
		if n := len(h.mail.Sent("address.confirm")); n != 0 {
			t.Errorf("%d messages to the address of another account", n)
		}
		h.must(h.AskForAddress(as(ada), ada, "one@example.org"))
		link := h.linkTo("one@example.org", "address")
		h.must(h.db.Write(ctx, func(tx core.Tx) error {
			p, err := h.Person(ctx, tx, bob)
			if err == nil {
				p.Email = "one@example.org"
				err = h.UpdatePerson(ctx, tx, p)
			}
			return err
		}))
		if err := h.TakeAddress(ctx, link); core.CodeOf(err) != "person.email_taken" {
			t.Errorf("taken meanwhile: %v", err)
		}
		h.must(h.AskForAddress(as(ada), ada, "two@example.org"))
		h.must(h.set(ada, better))
		if err := h.TakeAddress(ctx, h.linkTo("two@example.org", "address")); core.KindOf(err) != core.Gone {
			t.Errorf("asked before the password was changed: %v", err)
		}
		if err := h.AskForAddress(as(ada), ada, "three@example.org"); core.CodeOf(err) != "address.often" {
			t.Errorf("a fourth request: %v", err)
		}
	})
}
