package boot

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/restraint"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
)

// withheld settles somebody whose name stands nowhere else, with a role, so that every list shows them.
func (w *town) withheld() {
	w.furnish()
	w.person("a.withheld", w.a, "people", "Withheld")
	for _, name := range []string{"person", "member", "session"} {
		list := w.known[name]
		if name != "assignment" {
			w.known[name] = list[len(list)-1:]
		}
	}
}

func (w *town) restrain(name string, r personal.Restraint) (id core.ID) {
	w.t.Helper()
	r.Person = w.people[name]
	if r.Ground == "" {
		r.Ground = restraint.Accuracy
	}
	w.do("restrain", func(ctx context.Context, tx core.Tx) (err error) {
		id, err = w.restraint.Restrain(ctx, tx, r)
		return err
	})
	return id
}

// shown names the pages that show somebody's name or address to a person.
func (w *town) shown(who, name, mail string) (pages []string) {
	for _, route := range w.Routes() {
		method, path := w.address(route)
		if method != http.MethodGet || route.Access.IsPublic() {
			continue
		}
		page := w.ask(who, method, path, "").Body.String()
		if strings.Contains(page, name) || strings.Contains(page, mail) {
			pages = append(pages, route.Pattern)
		}
	}
	return pages
}

// TestARestrictedPersonIsKeptAndNotUsed walks every page that those who look after an organization can open: before the
// restriction several show the person, afterwards none does; no act on the person passes, and their own pages go on.
func TestARestrictedPersonIsKeptAndNotUsed(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		w.withheld()
		const name, mail = "Withheld-a.withheld", "withheld-a-withheld@example.org"
		for _, who := range []string{"a.admin", "a.security", "a.auditor", "provider.admin"} {
			w.visitJournal(who)
		}
		before := w.shown("a.admin", name, mail)
		if len(before) < 5 {
			t.Fatalf("before the restriction only %q show the person: the walk sees nothing", before)
		}
		t.Logf("before, %d pages show the person to an administrator: %s", len(before), strings.Join(before, ", "))
		id := w.restrain("a.withheld", personal.Restraint{})
		for _, who := range []string{"a.admin", "a.people", "a.security", "a.auditor", "provider.admin", "provider.operator"} {
			for _, page := range w.shown(who, name, mail) {
				t.Errorf("%s shows the restricted person to %s", page, who)
			}
		}
		for _, page := range []string{"/me/data", "/me/profile", "/me/security", "/me/sessions"} {
			if r := w.ask("a.withheld", http.MethodGet, page, ""); r.Code != http.StatusOK {
				t.Errorf("%s answers %d to the restricted person", page, r.Code)
			}
		}
		if r := w.ask("a.withheld", http.MethodGet, "/me/profile", ""); !strings.Contains(r.Body.String(), mail) {
			t.Error("their own profile does not show the restricted person to themselves")
		}
		if r := w.ask("provider.dpo", http.MethodGet, "/provider/restraints", ""); !strings.Contains(r.Body.String(), name) {
			t.Errorf("the officer's desk does not name the restricted person (%d)", r.Code)
		}
		w.actsOnWithheld(t)
		w.must("give up", w.restraint.GiveUp(w.as("a.withheld"), id))
		if after := w.shown("a.admin", name, mail); len(after) < len(before) {
			t.Errorf("once it is over %d pages show the person, %d did before", len(after), len(before))
		}
	})
}

// visitJournal says why the journal is read, so that its pages open.
func (w *town) visitJournal(who string) {
	base := "/o/" + string(w.a)
	if strings.HasPrefix(who, "provider") {
		base = "/provider"
	}
	w.ask(who, http.MethodPost, base+"/journal/visit", "reason=looking+for+names")
}

// actsOnWithheld tries what an administrator may do with a member: each is refused, for the same reason.
func (w *town) actsOnWithheld(t *testing.T) {
	t.Helper()
	admin, person, member := w.as("a.admin"), w.people["a.withheld"], w.members["a.withheld"]
	acts := map[string]func() error{
		"read the member": func() error { _, err := w.organizations.Read(admin, w.a, member); return err },
		"give a role": func() error {
			_, err := w.access.Give(admin, core.Assignment{Org: w.a, Person: person, Role: "auditor", Reason: "a reason", From: time.Now()})
			return err
		},
		"remove the member": func() error { return w.organizations.Remove(admin, w.a, []core.ID{member}, "gone for good") },
		"see the photo":     func() error { _, err := w.identity.MemberPhoto(admin, w.a, person); return err },
	}
	for what, act := range acts {
		if err := act(); core.CodeOf(err) != "restraint.restricted" {
			t.Errorf("%s: got %v, want restraint.restricted", what, err)
		}
	}
	if _, err := w.access.DeclareSuspension(admin, w.a, access.SuspensionForm{Scope: "person", Person: person, Confirmed: true, Reason: "security_risk", Text: "security goes on"}); err != nil {
		t.Errorf("security is barred too: %v", err)
	}
}

// TestAnObjectionBarsItsPurposeOnly: an objection to support leaves the rest open.
func TestAnObjectionBarsItsPurposeOnly(t *testing.T) {
	w := newTown(t, "")
	w.withheld()
	w.restrain("a.withheld", personal.Restraint{Purpose: core.PurposeSupport, Ground: restraint.Objection, Org: w.a})
	bar := func(act core.Act) error {
		var err error
		w.must("read", w.db.Read(w.system(), func(tx core.Tx) error {
			act.Subject = w.people["a.withheld"]
			err = w.restraint.Bar(w.as("a.admin"), tx, core.ActorOf(w.as("a.admin")), &act)
			return nil
		}))
		return err
	}
	def := organization.ReadMember
	for _, c := range []struct {
		act  core.Act
		want string
	}{
		{core.Act{Def: def, Org: w.a, Purpose: core.PurposeSupport}, "restraint.objected"},
		{core.Act{Def: def, Org: w.b, Purpose: core.PurposeSupport}, ""},
		{core.Act{Def: def, Org: w.a}, ""},
	} {
		if got := core.CodeOf(bar(c.act)); got != c.want {
			t.Errorf("for %q in %s: got %q, want %q", c.act.Purpose, c.act.Org, got, c.want)
		}
	}
	w.do("object to security", func(ctx context.Context, tx core.Tx) error {
		_, err := w.restraint.Restrain(ctx, tx, personal.Restraint{Person: w.people["a.withheld"], Purpose: core.PurposeSecurity, Ground: restraint.Objection})
		if core.CodeOf(err) != "restraint.invalid" {
			t.Errorf("an objection to security: got %v", err)
		}
		return nil
	})
}

// TestAConsentPassesARestriction: what a restricted person agreed to may be done for that purpose, by that organization, until
// they take it back (article 18-2); an objection passes for nobody.
func TestAConsentPassesARestriction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		q := w.question("a.admin", w.a, "follow-up", "profile.given_name")
		w.shares("a.member", q, "profile.given_name")
		w.restrain("a.member", personal.Restraint{})
		bar := func(org core.ID, purpose core.Purpose) (code string) {
			w.must("read", w.db.Read(w.system(), func(tx core.Tx) error {
				act := core.Act{Def: organization.ReadMember, Org: org, Purpose: purpose, Subject: w.people["a.member"]}
				code = core.CodeOf(w.restraint.Bar(w.as("a.admin"), tx, core.ActorOf(w.as("a.admin")), &act))
				return nil
			}))
			return code
		}
		for _, c := range []struct {
			org     core.ID
			purpose core.Purpose
			want    string
		}{
			{w.a, "follow-up", ""},
			{w.b, "follow-up", "restraint.restricted"},
			{w.a, "another", "restraint.restricted"},
			{w.a, "", "restraint.restricted"},
		} {
			if got := bar(c.org, c.purpose); got != c.want {
				t.Errorf("for %q in %s: got %q, want %q", c.purpose, c.org, got, c.want)
			}
		}
		w.must("withdraw", w.consent.Withdraw(w.as("a.member"), w.people["a.member"], q, consent.OnPage))
		if got := bar(w.a, "follow-up"); got != "restraint.restricted" {
			t.Errorf("once the consent is withdrawn: got %q", got)
		}
	})
}

// TestARestrictionActsOnEveryNodeWithinASecond restricts on one node and looks on the other.
func TestARestrictionActsOnEveryNodeWithinASecond(t *testing.T) {
	one, two := twoNodes(t)
	one.withheld()
	page := "/o/" + string(one.a) + "/members"
	names := func() bool {
		return strings.Contains(two.ask("a.admin", http.MethodGet, page, "").Body.String(), "Withheld-a.withheld")
	}
	if !names() {
		t.Fatal("the second node does not show the person before the restriction")
	}
	one.restrain("a.withheld", personal.Restraint{})
	start := time.Now()
	for names() {
		if time.Since(start) > withinOneSecond {
			t.Fatal("a second later the second node still shows the person")
		}
	}
	t.Logf("the second node blanked the person after %s", time.Since(start).Round(time.Millisecond))
	if r := two.ask("a.admin", http.MethodGet, page+"/"+string(one.members["a.withheld"]), ""); r.Code != http.StatusForbidden {
		t.Errorf("the second node answers %d on the person's page", r.Code)
	}
}

var qSoon = db.SQL(`UPDATE restraint_restraint SET ends_at = 1 WHERE id = $1`)

// TestThePersonIsToldBeforeARestrictionEnds: article 18-3.
func TestThePersonIsToldBeforeARestrictionEnds(t *testing.T) {
	w := newTown(t, "")
	w.withheld()
	id := w.restrain("a.withheld", personal.Restraint{})
	dpo := w.as("provider.dpo")
	w.must("announce", w.restraint.LiftOne(dpo, id))
	inForce := func() int {
		var n int
		w.do("of", func(ctx context.Context, tx core.Tx) error {
			list, err := w.restraint.Of(ctx, tx, w.people["a.withheld"])
			n = len(list)
			return err
		})
		return n
	}
	if inForce() != 1 {
		t.Fatal("the restriction ended without notice")
	}
	if n := w.mails("restraint.notice"); n != 1 {
		t.Fatalf("%d notices were written, want 1", n)
	}
	if err := w.restraint.LiftOne(dpo, id); core.CodeOf(err) != "restraint.notice_due" {
		t.Errorf("lifted during the notice: %v", err)
	}
	w.do("age", func(ctx context.Context, tx core.Tx) error { _, err := tx.Exec(ctx, qSoon, id); return err })
	w.must("sweep", w.restraint.Sweep(core.WithActor(context.Background(), core.System("restraint.sweep"))))
	if inForce() != 0 {
		t.Error("the restriction did not end when its notice was over")
	}
}

var qMails = db.SQL(`SELECT count(*) FROM mail_outbox WHERE kind = $1`)

// mails counts the messages of a kind.
func (w *town) mails(kind string) (n int64) {
	w.do("mails", func(ctx context.Context, tx core.Tx) (err error) {
		n, _, err = db.One(ctx, tx, qMails, db.Value[int64], kind)
		return err
	})
	return n
}

// BenchmarkRestraint measures what the question costs the gate beside the decision: an act on somebody else while a thousand
// persons are restricted. The budget is 5 µs.
func BenchmarkRestraint(b *testing.B) {
	w := newTown(b, "")
	w.do("restrain", func(ctx context.Context, tx core.Tx) error {
		for i := range 1000 {
			if _, err := w.restraint.Restrain(ctx, tx, personal.Restraint{Person: core.ID(fmt.Sprintf("somebody-%d", i)), Ground: restraint.Claims}); err != nil {
				return err
			}
		}
		return nil
	})
	act := core.Act{Def: organization.ReadMember, Org: w.a, Subject: w.people["a.member"]}
	ctx := w.as("a.admin")
	actor := core.ActorOf(ctx)
	for name, ask := range map[string]func(tx core.Tx) error{
		"decision":  func(tx core.Tx) error { return w.access.Decide(ctx, tx, actor, &act) },
		"restraint": func(tx core.Tx) error { return w.restraint.Bar(ctx, tx, actor, &act) },
	} {
		b.Run(name, func(b *testing.B) {
			w.must("read", w.db.Read(ctx, func(tx core.Tx) error {
				for range b.N {
					if err := ask(tx); err != nil {
						return err
					}
				}
				return nil
			}))
		})
	}
}

// plantRestraint restricts somebody of a, and makes the archive of another, so that their routes are walked.
func (w *town) plantRestraint() {
	w.t.Helper()
	w.person("a.kept", w.a, "member", "Canary")
	w.known["restraint"] = []core.ID{w.restrain("a.kept", personal.Restraint{Ground: restraint.Claims})}
	w.do("archive", func(ctx context.Context, tx core.Tx) error {
		id, err := w.archive.Prepare(ctx, tx, w.people["a.member"], "", false)
		w.known["archive"] = []core.ID{id}
		return err
	})
	w.must("build", w.archive.BuildOne(core.WithActor(context.Background(), core.System("job:archive.build")), w.known["archive"][0]))
	w.known["table"] = []core.ID{"identity_person"}
}
