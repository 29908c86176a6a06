package organization

import (
	"testing"

	"github.com/rempart/rempart/core"
)

func TestAnInvitationCarriesTheRolesThatItsAuthorMayGive(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		got, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "A", Email: "a@example.org"}, "security", "auditor", "security")
		h.ok(err)
		var given []string
		for _, a := range h.others.assigned {
			if a.Person != got.Person || a.Org != h.org || a.Approver != admin.Person || a.Reason == "" {
				t.Errorf("assigned %+v", a)
			}
			given = append(given, a.Role)
		}
		if len(given) != 2 || given[0] != "auditor" || given[1] != "security" {
			t.Fatalf("roles given: %v", given)
		}
		entries := map[core.Permission]int{}
		for _, a := range h.gate.Acts() {
			if a.Subject == got.Person {
				entries[a.Def.Permission]++
			}
		}
		if entries["member.invite_with_roles"] != 1 || entries["assignment.give"] != 2 || entries["member.invite"] != 0 {
			t.Errorf("journal: %v", entries)
		}
		// What one may not give refuses the whole: no member, no message.
		h.others.mayNot = "admin"
		before := len(h.mail.Sent("organization.invitation"))
		if _, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "B", Email: "b@example.org"}, "admin"); code(err) != "access.escalation" {
			t.Fatalf("a role that one may not give: %v", err)
		}
		if page := h.list(Filter{State: "invited"}); len(page.Members) != 1 || len(h.mail.Sent("organization.invitation")) != before {
			t.Errorf("invited all the same: %d members", len(page.Members))
		}
		// A cancelled invitation takes them back.
		h.others.ended = nil
		h.ok(h.Cancel(h.as(admin), h.org, got.ID))
		if len(h.others.ended) != 1 || h.others.ended[0] != "rights "+string(got.Person) {
			t.Errorf("ended: %v", h.others.ended)
		}
	})
}

func TestAnAdministratorWhoHasNotComeInDoesNotReplaceTheLastOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		h.others.holders[h.org] = []core.ID{admin.Person}
		_, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "A", Email: "a@example.org"}, "admin")
		h.ok(err)
		if err := h.Leave(h.as(admin), h.org); code(err) != "member.last_admin" {
			t.Fatalf("the last administrator left to somebody who never came: %v", err)
		}
		_, err = h.Accept(t.Context(), h.link("organization.invitation"))
		h.ok(err)
		h.ok(h.Leave(h.as(admin), h.org))
	})
}
