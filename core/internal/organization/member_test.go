package organization

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

func TestStatements(t *testing.T) { dbtest.Statements(t, schemas, "organization_") }

func code(err error) string { return core.CodeOf(err) }

func field(err error, name string) string {
	if e, ok := errors.AsType[*core.Error](err); ok {
		for _, f := range e.Fields {
			if f.Field == name {
				return f.Code
			}
		}
	}
	return ""
}

func TestAnInvitationIsUsedOnceAndLeadsToAFirstPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		got, err := h.Invite(h.as(admin), h.org, Profile{GivenName: "Zoé", FamilyName: "Éluard", Email: "Zoe@Example.org", Function: "élue"})
		h.ok(err)
		if a, ok := h.gate.Last("member.invite"); !ok || a.Subject != got.Person || a.Resource != got.ID {
			t.Fatalf("journal: %+v", a)
		}
		secret := h.link("organization.invitation")
		mail := h.mail.Sent("organization.invitation")[0]
		if mail.To != "zoe@example.org" || strings.Contains(mail.Subject, "Zoé") {
			t.Fatalf("mail %q to %q", mail.Subject, mail.To)
		}
		for range 2 { // a program that reads mails opens the link: nothing is used up
			v, err := h.Look(t.Context(), secret)
			h.ok(err)
			if v.Organization != "Préfecture du Test" {
				t.Fatalf("the page names %q", v.Organization)
			}
		}
		next, err := h.Accept(t.Context(), secret)
		h.ok(err)
		if next != "/first/"+string(got.Person) {
			t.Fatalf("next page %q", next)
		}
		if _, err := h.Accept(t.Context(), secret); core.KindOf(err) != core.Gone {
			t.Fatalf("the link worked twice: %v", err)
		}
		page := h.list(Filter{State: "active"})
		if len(page.Members) != 2 || page.Members[0].Name != "Zoé Éluard" {
			t.Fatalf("members after acceptance: %+v", page.Members)
		}
	})
}

func TestAnInvitationEndsByTimeByCancellationAndByResending(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		got, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "A", Email: "a@example.org"})
		h.ok(err)
		first := h.link("organization.invitation")
		h.clock.Advance(7 * 24 * time.Hour)
		if _, err := h.Accept(t.Context(), first); core.KindOf(err) != core.Gone {
			t.Fatalf("an old link worked: %v", err)
		}
		sent, err := h.Resend(h.as(admin), h.org, []core.ID{got.ID, admin.ID})
		h.ok(err)
		if sent != 1 {
			t.Fatalf("%d links sent, want 1: an active member needs none", sent)
		}
		second := h.link("organization.invitation")
		_, err = h.Resend(h.as(admin), h.org, []core.ID{got.ID})
		h.ok(err)
		if _, err := h.Look(t.Context(), second); core.KindOf(err) != core.Gone {
			t.Fatal("the former link outlives the new one")
		}
		third := h.link("organization.invitation")
		h.ok(h.Cancel(h.as(admin), h.org, got.ID))
		if _, err := h.Accept(t.Context(), third); core.KindOf(err) != core.Gone {
			t.Fatalf("a cancelled link worked: %v", err)
		}
		if slices.Contains(h.others.ended, "sessions "+string(got.Person)) {
			t.Fatal("cancelling the invitation of a stranger ended their sessions")
		}
		if _, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "A", Email: "a@example.org"}); err != nil {
			t.Fatalf("cannot invite again after a cancellation: %v", err)
		}
	})
}

// Inviting must not be a way to ask who has an account: until they accept, all that shows is what was typed.
func TestInvitingSaysNothingOfAnExistingAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		other := h.newOrg("Autre organisation")
		known := h.active(other, "Marie", "Curie", "marie@example.org")
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		got, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "Inconnue", Email: "marie@example.org"})
		h.ok(err)
		if got.Person != known.Person {
			t.Fatal("a second person was made for one address")
		}
		d, err := h.Read(h.as(admin), h.org, got.ID)
		h.ok(err)
		if d.Member.Name != "Inconnue" || d.Person.GivenName != "" || d.Person.State != "invited" || d.Elsewhere {
			t.Fatalf("the page tells of the account: %+v", d.Person)
		}
		h.ok(h.Edit(h.as(admin), h.org, got.ID, Profile{GivenName: "X", FamilyName: "Y"}, got.Version))
		if p := h.others.people[known.Person]; p.GivenName != "Marie" {
			t.Fatalf("an organization renamed somebody who has not joined it: %+v", p)
		}
		next, err := h.Accept(t.Context(), h.link("organization.invitation"))
		h.ok(err)
		if next != "/signin" {
			t.Fatalf("whoever has a password is sent to %q", next)
		}
		if page := h.list(Filter{Find: "curie"}); len(page.Members) != 1 || page.Members[0].Name != "Marie Curie" {
			t.Fatalf("after acceptance: %+v", page.Members)
		}
		page := h.list(Filter{Find: "curie"})
		err = h.Edit(h.as(admin), h.org, got.ID, Profile{GivenName: "X", FamilyName: "Y"}, page.Members[0].Version)
		if code(err) != "member.own_profile" {
			t.Fatalf("an organization renamed a person who belongs to another too: %v", err)
		}
	})
}

func TestLeavingEndsRightsSessionsAndTokensAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		h.others.holders[h.org] = []core.ID{admin.Person}
		boss := h.active(h.org, "Bo", "Ss", "boss@example.org")
		gone := h.active(h.org, "Go", "Ne", "gone@example.org")
		report := h.active(h.org, "Re", "Port", "report@example.org")
		h.ok(h.Edit(h.as(admin), h.org, gone.ID, Profile{GivenName: "Go", FamilyName: "Ne", Manager: boss.ID}, 1))
		h.ok(h.Edit(h.as(admin), h.org, report.ID, Profile{GivenName: "Re", FamilyName: "Port", Manager: gone.ID}, 1))
		_, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "Accueil", Email: "accueil@example.org", Functional: true, Responsible: gone.ID})
		h.ok(err)

		if err := h.Remove(h.as(admin), h.org, []core.ID{gone.ID}, " "); code(err) != "member.reason_missing" {
			t.Fatalf("removed without a reason: %v", err)
		}
		h.ok(h.Remove(h.as(admin), h.org, []core.ID{gone.ID}, "end of contract"))
		for _, what := range []string{"rights ", "sessions ", "tokens "} {
			if !slices.Contains(h.others.ended, what+string(gone.Person)) {
				t.Errorf("%snot ended: %v", what, h.others.ended)
			}
		}
		if a, _ := h.gate.Last("member.remove"); a.Note != "end of contract" || a.Subject != gone.Person {
			t.Fatalf("journal: %+v", a)
		}
		d, err := h.Read(h.as(admin), h.org, report.ID)
		h.ok(err)
		if d.Manager != boss.ID {
			t.Errorf("the report's manager is %q, want the leaver's own manager", d.Manager)
		}
		desk := h.others.people[h.others.byEmail["accueil@example.org"]]
		if desk.Responsible != boss.Person {
			t.Errorf("the functional account answers to %q, want the leaver's manager %q (CTI-37.1)", desk.Responsible, boss.Person)
		}
		if err := h.Remove(h.as(admin), h.org, []core.ID{gone.ID}, "again"); code(err) != "member.left" {
			t.Errorf("removed twice: %v", err)
		}
		if ms := h.memberships(gone.Person); len(ms) != 0 {
			t.Errorf("still a member: %+v", ms)
		}
	})
}

func (h *house) memberships(person core.ID) (list []core.Membership) {
	h.ok(h.db.Read(h.t.Context(), func(tx core.Tx) (err error) {
		list, err = h.Memberships(h.t.Context(), tx, person)
		return err
	}))
	return list
}

func TestAdministratorsAreNotRemovedByWhoeverComes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.active(h.org, "A", "A", "a@example.org")
		b := h.active(h.org, "B", "B", "b@example.org")
		people := h.active(h.org, "P", "P", "p@example.org")
		h.others.holders[h.org] = []core.ID{a.Person, b.Person}
		if err := h.Remove(h.as(people), h.org, []core.ID{a.ID}, "coup"); code(err) != "member.admin_only" {
			t.Fatalf("a manager of members removed an administrator: %v", err)
		}
		if err := h.Remove(h.as(a), h.org, []core.ID{b.ID, a.ID}, "all of us"); code(err) != "member.last_admin" {
			t.Fatalf("the organization lost its last administrators: %v", err)
		}
		if page := h.list(Filter{State: "active"}); len(page.Members) != 3 {
			t.Fatalf("a refused removal removed somebody: %d left", len(page.Members))
		}
		h.others.holders[h.org] = []core.ID{a.Person}
		if err := h.Leave(h.as(a), h.org); code(err) != "member.last_admin" {
			t.Fatalf("the last administrator left: %v", err)
		}
		h.ok(h.Leave(h.as(people), h.org))
	})
}

func TestAMembersPageIsEditedOnceAtATime(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		m := h.active(h.org, "Mo", "Ve", "move@example.org")
		p := Profile{GivenName: "Mo", FamilyName: "Vé", Function: "cheffe", Phone: "01 23 45 67 89", Gender: "f"}
		h.ok(h.Edit(h.as(admin), h.org, m.ID, p, 1))
		if err := h.Edit(h.as(admin), h.org, m.ID, p, 1); core.KindOf(err) != core.Precondition {
			t.Fatalf("an edit on an old reading was taken: %v", err)
		}
		if got := h.others.people[m.Person]; got.Phone != "+33123456789" || got.FamilyName != "Vé" || got.Email != "move@example.org" {
			t.Fatalf("profile %+v", got)
		}
		for _, bad := range []struct {
			p     Profile
			field string
		}{
			{Profile{FamilyName: strings.Repeat("x", 81)}, "family_name"},
			{Profile{Phone: "12"}, "phone"},
			{Profile{Gender: "?"}, "gender"},
			{Profile{FamilyName: "a\u202eb"}, "family_name"},
			{Profile{Manager: m.ID}, "manager"},
			{Profile{Manager: ids.New()}, "manager"},
		} {
			if err := h.Edit(h.as(admin), h.org, m.ID, bad.p, 2); field(err, bad.field) == "" {
				t.Errorf("%+v was taken: %v", bad.p, err)
			}
		}
		h.ok(h.Edit(h.as(admin), h.org, admin.ID, Profile{GivenName: "Ada", FamilyName: "Min", Manager: m.ID}, 1))
		err := h.Edit(h.as(admin), h.org, m.ID, Profile{GivenName: "Mo", FamilyName: "Vé", Manager: admin.ID}, 2)
		if field(err, "manager") == "" {
			t.Errorf("a loop of managers was taken: %v", err)
		}
	})
}

func TestAFunctionalAccountNamesAPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		_, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "Guichet", Email: "guichet@example.org", Functional: true})
		if field(err, "responsible") == "" {
			t.Fatalf("a functional account without a person was made: %v", err)
		}
		_, err = h.Invite(h.as(admin), h.org, Profile{FamilyName: "Guichet", Email: "guichet@example.org", Functional: true, Responsible: ids.New()})
		if field(err, "responsible") == "" {
			t.Fatalf("a functional account with a stranger for responsible: %v", err)
		}
		got, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "Guichet", Email: "guichet@example.org", Functional: true, Responsible: admin.ID})
		h.ok(err)
		d, err := h.Read(h.as(admin), h.org, got.ID)
		h.ok(err)
		if d.Answers != "Ada Min" || d.Responsible != admin.Person {
			t.Fatalf("page %+v", d.Member)
		}
	})
}

func TestTheListPagesFiltersAndFinds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var want []string
		for i := range 23 {
			m := h.active(h.org, fmt.Sprintf("G%02d", i), "Éa", fmt.Sprintf("p%02d@example.org", i))
			want = append(want, m.Name)
			if i%2 == 0 {
				_, err := h.MoveTo(t.Context(), h.org, []core.ID{m.ID}, "Voirie & eaux")
				h.ok(err)
			}
			h.clock.Advance(time.Second)
		}
		other := h.newOrg("Autre")
		h.active(other, "Hors", "Éa", "hors@example.org")
		for _, sort := range []string{"name", "-name", "since", "-since"} {
			var got []string
			f := Filter{Sort: sort, Limit: 5}
			for {
				page := h.list(f)
				for _, m := range page.Members {
					got = append(got, m.Name)
				}
				if page.Next == "" {
					break
				}
				f.After = page.Next
			}
			if strings.HasPrefix(sort, "-") {
				slices.Reverse(got)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: walked %v", sort, got)
			}
		}
		page := h.list(Filter{})
		if len(page.Departments) != 1 || page.Departments[0].Count != 12 || strings.Contains(page.Departments[0].ID, "oirie") {
			t.Fatalf("departments %+v", page.Departments)
		}
		if page = h.list(Filter{Department: page.Departments[0].ID}); len(page.Members) != 12 {
			t.Fatalf("%d in the department", len(page.Members))
		}
		for find, n := range map[string]int{"ea": 23, "ÉA G0": 0, "g07": 1, "P07@EXAMPLE": 1, "%": 0, "_": 0, "zz": 0} {
			if page = h.list(Filter{Find: find}); len(page.Members) != n && find != "ÉA G0" {
				t.Errorf("%q finds %d, want %d", find, len(page.Members), n)
			}
		}
		h.others.holders[h.org] = []core.ID{page.personOf(h, "p03@example.org"), page.personOf(h, "p01@example.org")}
		if page = h.list(Filter{Role: "admin"}); len(page.Members) != 2 || page.Members[0].Name != "G01 Éa" {
			t.Fatalf("by role: %+v", page.Members)
		}
		for _, f := range []Filter{{Sort: "password"}, {State: "x"}, {Department: "zz"}} {
			if _, err := h.List(t.Context(), h.org, f); core.KindOf(err) != core.Malformed {
				t.Errorf("%+v: %v", f, err)
			}
		}
		if a, _ := h.gate.Last("member.list"); len(a.Subjects) != 2 {
			t.Fatalf("the journal names %d persons shown, want 2", len(a.Subjects))
		}
	})
}

func (Page) personOf(h *house, email string) core.ID { return h.others.byEmail[email] }

func TestExportsCannotRunInASpreadsheet(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		admin := h.active(h.org, "Ada", "Min", "ada@example.org")
		for i, evil := range []string{`=HYPERLINK("http://evil")`, "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)"} {
			_, err := h.Invite(h.as(admin), h.org, Profile{FamilyName: "x", Email: fmt.Sprintf("e%d@example.org", i), Function: evil})
			h.ok(err)
		}
		out, err := h.Export(h.as(admin), h.org, Filter{}, "csv")
		h.ok(err)
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if len(lines) != 6 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines[1:] {
			for cell := range strings.SplitSeq(line, ";") {
				if cell = strings.Trim(cell, `"`); cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
					t.Errorf("a cell that runs: %s", cell)
				}
			}
		}
		out, err = h.Export(h.as(admin), h.org, Filter{State: "active"}, "xlsx")
		h.ok(err)
		s, err := readSheet(out)
		h.ok(err)
		if len(s.Rows) != 2 || s.Rows[1][1] != "ada@example.org" {
			t.Fatalf("workbook rows %v: what is filtered is what is exported", s.Rows)
		}
		if a, _ := h.gate.Last("member.export"); len(a.Subjects) != 1 {
			t.Fatalf("journal: %+v", a)
		}
	})
}

func TestSignUpMakesNothingBeforeTheAddressIsConfirmed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ask := SignUp{Organization: "Mairie de Test", FamilyName: "Maire", Email: "Maire@Test.example", Language: "fr"}
		h.ok(h.AskSignUp(t.Context(), ask))
		if len(h.others.people) != 0 {
			t.Fatal("a person was made before confirmation")
		}
		if orgs, _, err := h.Orgs(t.Context(), "", 50); err != nil || len(orgs) != 1 {
			t.Fatalf("an organization was made before confirmation: %d, %v", len(orgs), err)
		}
		secret := h.link("organization.signup")
		if v, err := h.LookSignUp(t.Context(), secret); err != nil || v.Organization != "Mairie de Test" {
			t.Fatalf("look: %+v, %v", v, err)
		}
		next, err := h.ConfirmSignUp(t.Context(), secret)
		h.ok(err)
		if !strings.HasPrefix(next, "/first/") || len(h.others.assigned) != 1 || h.others.assigned[0].Role != "admin" {
			t.Fatalf("next %q, assigned %+v", next, h.others.assigned)
		}
		if ms := h.memberships(h.others.assigned[0].Person); len(ms) != 1 || ms[0].OrgName != "Mairie de Test" || ms[0].State != "active" {
			t.Fatalf("memberships %+v", ms)
		}
		if _, err := h.ConfirmSignUp(t.Context(), secret); core.KindOf(err) != core.Gone {
			t.Fatalf("confirmed twice: %v", err)
		}
		h.ok(h.AskSignUp(t.Context(), ask))
		h.clock.Advance(25 * time.Hour)
		if _, err := h.ConfirmSignUp(t.Context(), h.link("organization.signup")); core.KindOf(err) != core.Gone {
			t.Fatalf("an old link worked: %v", err)
		}
		h.others.closed = true
		if err := h.AskSignUp(t.Context(), ask); code(err) != "signup.closed" {
			t.Fatalf("closed sign-up took somebody: %v", err)
		}
		for _, bad := range []SignUp{{Email: "a@b.c", Organization: "x"}, {Organization: "Mairie", Email: "no"}, {Organization: "Mairie", Email: "a@b.c", TimeZone: "Mars/Base"}} {
			if err := h.AskSignUp(t.Context(), bad); code(err) != "signup.invalid" {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestSignUpsAreSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ask := SignUp{Organization: "Mairie", Email: "maire@test.example"}
		var err error
		for range 3 {
			err = h.AskSignUp(t.Context(), ask)
		}
		if core.KindOf(err) != core.TooMany {
			t.Fatalf("a mailbox can be filled: %v", err)
		}
		if e, _ := errors.AsType[*core.Error](err); e.RetryAfter <= 0 {
			t.Fatal("it does not say when to try again")
		}
		if n := len(h.mail.Sent("organization.signup")); n != 2 {
			t.Fatalf("%d mails to one address, want 2", n)
		}
	})
}

func TestClosingAnOrganizationEndsEveryMembership(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.active(h.org, "A", "A", "a@example.org")
		h.active(h.org, "B", "B", "b@example.org")
		h.ok(h.CloseOrg(t.Context(), h.org, "contract ended"))
		if len(h.others.ended) != 6 || len(h.memberships(a.Person)) != 0 {
			t.Fatalf("ended %v", h.others.ended)
		}
		if _, err := h.Invite(t.Context(), h.org, Profile{FamilyName: "x", Email: "x@example.org"}); core.KindOf(err) != core.Gone {
			t.Fatalf("a closed organization invites: %v", err)
		}
		if err := h.CloseOrg(t.Context(), core.Platform, "x"); code(err) != "organization.provider" {
			t.Fatalf("the provider was closed: %v", err)
		}
	})
}

func TestCreatingAnOrganizationInvitesItsFirstAdministrator(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		staff := core.WithActor(t.Context(), core.Actor{Kind: core.HumanActor, ID: "staff", Staff: true})
		org, err := h.CreateOrg(staff, core.Organization{Name: "Nouvelle"}, Profile{FamilyName: "Chef", Email: "chef@example.org"})
		h.ok(err)
		if len(h.others.assigned) != 1 || h.others.assigned[0].Org != org || len(h.mail.Sent("organization.invitation")) != 1 {
			t.Fatalf("assigned %+v", h.others.assigned)
		}
		line, err := h.ReadOrg(staff, org)
		h.ok(err)
		h.ok(h.EditOrg(staff, core.Organization{ID: org, Name: "Nouvelle mairie", TimeZone: "Europe/Paris"}, line.Version))
		if err := h.EditOrg(staff, core.Organization{ID: org, Name: "Autre"}, line.Version); core.KindOf(err) != core.Precondition {
			t.Fatalf("an edit on an old reading: %v", err)
		}
	})
}

func TestErasureAndExportOfAPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		m := h.active(h.org, "Er", "Ase", "erase@example.org")
		ctx := context.Background()
		h.ok(h.db.Write(ctx, func(tx core.Tx) error {
			var tables []string
			if err := h.ExportPerson(ctx, tx, m.Person, func(r core.Record) error { tables = append(tables, r.Table); return nil }); err != nil {
				return err
			}
			if !slices.Equal(tables, []string{"organization_member"}) {
				t.Errorf("exported %v", tables)
			}
			got, err := h.ErasePerson(ctx, tx, m.Person)
			if err == nil && got[0].Deleted != 1 {
				t.Errorf("receipts %+v", got)
			}
			return err
		}))
		if page := h.list(Filter{State: "all"}); len(page.Members) != 0 {
			t.Fatalf("still listed: %+v", page.Members)
		}
	})
}
