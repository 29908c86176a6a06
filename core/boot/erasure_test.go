package boot

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/mail"
	"github.com/rempart/rempart/verify"
)

var (
	qRowsOf     = db.SQL(`SELECT count(*) FROM identity_person WHERE id = $1`)
	qMemberRows = db.SQL(`SELECT count(*) FROM organization_member WHERE org = $1 AND person = $2`)
	qComesBack  = db.SQLOn(db.SQLite, `CREATE TRIGGER comes_back AFTER DELETE ON organization_member BEGIN
		INSERT INTO access_usage (org, person, permission, last_day) VALUES (OLD.org, OLD.person, 'comes.back', 1) ON CONFLICT DO NOTHING; END`)
	qBackAgain = db.SQLOn(db.SQLite, `CREATE TRIGGER back_again AFTER DELETE ON access_usage WHEN OLD.permission = 'comes.back' BEGIN
		INSERT INTO access_usage (org, person, permission, last_day) VALUES (OLD.org, OLD.person, 'comes.back', 1); END`)
	qGoAway  = db.SQLOn(db.SQLite, `DROP TRIGGER back_again`)
	qGoAway2 = db.SQLOn(db.SQLite, `DROP TRIGGER comes_back`)
)

// plantErasure erases somebody of organization a, for the walks: what it is told of, and the order.
func (w *town) plantErasure() {
	w.t.Helper()
	v := ids.New()
	w.must("key", w.vault.MakeKeys(w.system(), v))
	w.do("erased", func(ctx context.Context, tx core.Tx) error {
		if _, err := w.identity.AddPerson(ctx, tx, core.NewPerson{ID: v, GivenName: "Canary", FamilyName: "Canary-erased", Email: "canary-erased@example.org", Language: "en"}); err != nil {
			return err
		}
		_, err := w.organizations.AddMember(ctx, tx, core.Membership{Org: w.a, Person: v, State: "active"})
		return err
	})
	order := w.orders(v, "", erasure.ByRequest)
	w.must("erase", w.erasure.Advance(w.system(), order))
	w.known["erasure"], w.known["notice"] = []core.ID{order}, []core.ID{w.erasureNow(order).Notices[0].ID}
}

// victim makes a person with rows in several rooms.
func (w *town) victim(name string) core.ID {
	w.t.Helper()
	w.person("a."+name, w.a, "auditor", "Victim")
	id := w.people["a."+name]
	w.do("things of "+name, func(ctx context.Context, tx core.Tx) error {
		if err := w.identity.KeepPassword(ctx, tx, id, "$argon2id$x"); err != nil {
			return err
		}
		if _, err := w.identity.StartTOTP(ctx, tx, id, "victim"); err != nil {
			return err
		}
		return w.identity.Send(ctx, tx, id, "test.note", core.Text{FR: "note", EN: "note"}, core.Text{FR: "note", EN: "note"})
	})
	return id
}

// orders writes an order as a request that was answered does.
func (w *town) orders(person, org core.ID, reason string) (id core.ID) {
	w.t.Helper()
	w.do("order", func(ctx context.Context, tx core.Tx) (err error) {
		id, err = w.erasure.Order(ctx, tx, personal.ErasureOrder{Person: person, Org: org, Reason: reason})
		return err
	})
	return id
}

func (w *town) count(q string, args ...any) (n int64) {
	w.t.Helper()
	w.must("count", w.db.Read(w.t.Context(), func(tx core.Tx) (err error) {
		n, _, err = db.One(w.t.Context(), tx, q, db.Value[int64], args...)
		return err
	}))
	return n
}

func (w *town) erasureNow(id core.ID) erasure.Sheet {
	w.t.Helper()
	s, err := w.erasure.Get(w.as("provider.dpo"), id)
	w.must("order", err)
	return s
}

// gone asks everything that must be true of an erased person.
func (w *town) gone(order, person core.ID) verify.ErasureReport {
	w.t.Helper()
	s := w.erasureNow(order)
	if s.State != erasure.Done {
		w.t.Fatalf("the order is %s %s at %q: %+v", s.State, s.Blocked, s.Step, s.Of(erasure.Left))
	}
	if n := w.count(qRowsOf, person); n != 0 {
		w.t.Errorf("%d rows of the person are left", n)
	}
	if _, err := w.vault.Seal(w.t.Context(), person, "x", nil); core.KindOf(err) != core.Gone {
		w.t.Errorf("the key of the person: %v", err)
	}
	r, err := verify.CheckErasure(strings.NewReader(s.Receipt), w.JournalKey())
	w.must("receipt", err)
	if r.Person != string(person) || r.Order != string(order) || !r.Key || len(r.Tables) < 4 {
		w.t.Errorf("the receipt says %+v", r.ErasureReceipt)
	}
	return r
}

// says is what a receipt says, without what differs from one person to another.
func says(r verify.ErasureReport) string {
	var b strings.Builder
	for _, t := range r.Tables {
		if t.Table != "journal_batch" { // how often the journal names somebody depends on how often they were looked at
			fmt.Fprintf(&b, "%s %d %d %s %s\n", t.Table, t.Deleted, t.Kept, t.Ground, t.Rule)
		}
	}
	return b.String()
}

// TestAnErasureOverTheAPI orders, follows and checks an erasure as an officer does.
func TestAnErasureOverTheAPI(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		w.furnish()
		v := w.victim("victim")
		email := "victim-a-victim@example.org"
		r := w.ask("provider.dpo", http.MethodPost, "/api/v1/provider/erasures/weigh", `{"person":"`+email+`"}`)
		if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `"table":"identity_person","deleted":1`) || !strings.Contains(r.Body.String(), "legitimate_interest") {
			t.Fatalf("weigh: %d %s", r.Code, r.Body)
		}
		if n := w.count(qRowsOf, v); n != 1 {
			t.Fatal("the dry run erased")
		}
		r = w.ask("provider.dpo", http.MethodPost, "/api/v1/provider/erasures", `{"person":"`+email+`","why":"asked by letter"}`)
		if r.Code != http.StatusCreated {
			t.Fatalf("order: %d %s", r.Code, r.Body)
		}
		order := core.ID(strings.Split(strings.SplitAfter(r.Body.String(), `"id":"`)[1], `"`)[0])
		w.must("run", w.erasure.Advance(w.system(), order))
		w.gone(order, v)
		r = w.ask("provider.auditor", http.MethodGet, "/api/v1/provider/erasures/"+string(order), "")
		if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `"state":"done"`) || strings.Contains(r.Body.String(), email) {
			t.Errorf("read: %d %s", r.Code, r.Body)
		}
		if r := w.ask("a.victim", http.MethodGet, "/o/"+string(w.a), ""); r.Code == http.StatusOK {
			t.Error("an erased person still reads")
		}
		w.theyAreTold(order, v)
		w.wants("a client's administrator", "a.admin", "/provider/erasures/"+string(order), http.StatusNotFound)
	})
}

// theyAreTold looks at the last mail of the person, and at what the organization is told.
func (w *town) theyAreTold(order, person core.ID) {
	w.t.Helper()
	if n := w.letters(erasure.MailReceipt); n != 2 { // that of the town too
		w.t.Errorf("%d receipts were mailed", n)
	}
	if w.told("a.admin", erasure.MailRecipient) != 2 || w.told("b.admin", erasure.MailRecipient) != 0 {
		w.t.Error("the administrators of the organization that had the data are to be told, and nobody else")
	}
	o := "/o/" + string(w.a)
	r := w.ask("a.admin", http.MethodGet, o+"/erasures", "")
	if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), string(person)) {
		w.t.Fatalf("what the organization is told: %d", r.Code)
	}
	notices := w.erasureNow(order).Notices
	if len(notices) != 1 {
		w.t.Fatalf("%d notices", len(notices))
	}
	w.post("a.admin", o+"/erasures/"+string(notices[0].ID)+"/handled", nil)
	if w.erasureNow(order).Notices[0].Handled.IsZero() {
		w.t.Error("what the organization says it did is not kept")
	}
}

// TestTheReceiptIsInTheLastMail reads the mail to a canary whose mail never leaves, and checks the receipt in it.
func TestTheReceiptIsInTheLastMail(t *testing.T) {
	w := newTown(t, "")
	ctx := w.system()
	c, err := w.makeCanary(ctx, core.Canaries, []string{"auditor"})
	w.must("canary", err)
	order := w.orders(c.Person, "", erasure.ByRequest)
	w.must("run", w.erasure.Advance(ctx, order))
	held, err := w.mail.Held(ctx, order)
	w.must("mail", err)
	i := slices.IndexFunc(held, func(l mail.Letter) bool { return l.Kind == erasure.MailReceipt })
	if i < 0 || held[i].To != c.Email {
		t.Fatalf("mails: %+v", held)
	}
	crlf := strings.ReplaceAll(held[i].Body, "\n", "\r\n")
	r, err := verify.CheckErasure(strings.NewReader(crlf), w.JournalKey())
	if err != nil || r.Person != string(c.Person) {
		t.Errorf("the receipt of the mail: %v %+v", err, r)
	}
	if _, err := verify.CheckErasure(strings.NewReader(strings.Replace(held[i].Body, "deleted 1", "deleted 2", 1)), w.JournalKey()); err == nil {
		t.Error("a receipt that was changed verifies")
	}
}

// TestTheJournalForgetsTheWords: what was said of a person is found before the erasure and not after it; the journal verifies.
func TestTheJournalForgetsTheWords(t *testing.T) {
	w := newTown(t, "")
	v := w.victim("victim")
	w.post("a.admin", "/o/"+string(w.a)+"/habilitations/persons/"+string(v)+"/assign", url.Values{"role": {"people"}, "reason": {"zebrafish"}})
	x := w.journal.Explorer(w.gate, w.identity)
	found := func() int {
		t.Helper()
		_, err := x.Open(w.as("a.auditor"), w.a, "is what was said of them still found?")
		w.must("visit", err)
		page, err := x.List(w.as("a.auditor"), w.a, journal.Filter{Words: "zebrafish"}, journal.Mark{}, 50)
		w.must("search", err)
		n := 0
		for _, row := range page.Rows { // who looks for a word says it too, in an entry of their own
			if strings.HasPrefix(row.Action, "assignment.") {
				n++
			}
		}
		return n
	}
	if found() == 0 {
		t.Fatal("the journal does not find what was said of a person: nothing is tested")
	}
	order := w.orders(v, "", erasure.ByRequest)
	w.must("run", w.erasure.Advance(w.system(), order))
	w.gone(order, v)
	if n := found(); n != 0 {
		t.Errorf("%d entries still say what was said of an erased person", n)
	}
	reports, err := w.VerifyJournal(w.system())
	w.must("verify", err)
	for _, r := range reports {
		if !r.OK() {
			t.Errorf("the journal does not verify any more: %s", r.String())
		}
	}
}

// TestManyErasuresTakeTwoPeople: above the number set, nothing begins until a second person approves.
func TestManyErasuresTakeTwoPeople(t *testing.T) {
	w := newTown(t, "")
	w.do("limit", func(ctx context.Context, tx core.Tx) error {
		return w.settings.Put(ctx, tx, core.Platform, map[string]string{"erasure.approval": "1"})
	})
	var orders, people []core.ID
	for i := range 3 {
		people = append(people, w.victim(fmt.Sprint("v", i)))
		id, err := w.erasure.Command(w.as("provider.dpo"), "", string(people[i]), "cleaning")
		w.must("order", err)
		orders = append(orders, id)
	}
	w.must("sweep", w.Sweep(t.Context(), "erasure.sweep"))
	for i, id := range orders {
		if s := w.erasureNow(id); s.State != erasure.Waiting || s.Blocked != erasure.BlockedApproval || w.count(qRowsOf, people[i]) != 1 {
			t.Fatalf("order %d is %s %s", i, s.State, s.Blocked)
		}
	}
	if _, err := w.erasure.Approve(w.as("provider.dpo"), orders[0]); core.CodeOf(err) != "erasure.four_eyes" {
		t.Errorf("who ordered approves: %v", err)
	}
	if r := w.ask("provider.auditor", http.MethodPost, "/provider/erasures/"+string(orders[0])+"/approve", ""); r.Code != http.StatusForbidden {
		t.Errorf("an auditor approves: %d", r.Code)
	}
	w.must("refuse", w.erasure.Refuse(w.as("provider.admin"), orders[2], "they stay"))
	w.post("provider.admin", "/provider/erasures/"+string(orders[0])+"/approve", nil)
	w.must("sweep", w.Sweep(t.Context(), "erasure.sweep"))
	for i, id := range orders[:2] {
		w.gone(id, people[i])
	}
	if s := w.erasureNow(orders[2]); s.State != erasure.Refused || w.count(qRowsOf, people[2]) != 1 {
		t.Errorf("the refused one is %s", s.State)
	}
}

// TestAnErasureCanBeCancelledBeforeItBegins, by the person alone, while it waits.
func TestAnErasureCanBeCancelledBeforeItBegins(t *testing.T) {
	w := newTown(t, "")
	w.do("wait", func(ctx context.Context, tx core.Tx) error {
		return w.settings.Put(ctx, tx, core.Platform, map[string]string{"erasure.wait_hours": "24"})
	})
	v := w.victim("victim")
	order := w.orders(v, "", erasure.ByRequest)
	w.must("run", w.erasure.Advance(w.system(), order))
	if s := w.erasureNow(order); s.State != erasure.Ordered {
		t.Fatalf("it began before its time: %s", s.State)
	}
	if r := w.ask("a.member", http.MethodPost, "/me/erasures/"+string(order)+"/cancel", ""); r.Code != http.StatusNotFound {
		t.Errorf("somebody else cancels: %d", r.Code)
	}
	w.post("a.victim", "/me/erasures/"+string(order)+"/cancel", nil)
	w.must("run", w.erasure.Advance(w.system(), order))
	if n := w.count(qRowsOf, v); n != 1 {
		t.Error("a cancelled erasure erased")
	}
	again := w.orders(v, "", erasure.ByOffboarding)
	if r := w.ask("a.victim", http.MethodPost, "/me/erasures/"+string(again)+"/cancel", ""); r.Code != http.StatusConflict {
		t.Errorf("a person cancels what they did not ask for: %d", r.Code)
	}
}

// TestAHoldStopsAnErasure: what must be kept for a case is, in whole, until the hold is lifted; then the same order goes on.
func TestAHoldStopsAnErasure(t *testing.T) {
	w := newTown(t, "")
	v := w.victim("victim")
	hold, err := w.retention.Place(w.as("a.admin"), w.a, retention.Draft{Person: v, Ground: "case 7/2026 before the court", Review: time.Now().AddDate(0, 6, 0)})
	w.must("hold", err)
	order := w.orders(v, "", erasure.ByRequest)
	for range 2 {
		w.must("run", w.erasure.Advance(w.system(), order))
		if s := w.erasureNow(order); s.State != erasure.Waiting || s.Blocked != erasure.BlockedHold || w.count(qRowsOf, v) != 1 {
			t.Fatalf("under a hold the order is %s %s", s.State, s.Blocked)
		}
	}
	w.wants("the person still comes in", "a.victim", "/o/"+string(w.a), http.StatusOK)
	w.see("provider.dpo", "/provider/erasures/"+string(order), "legal hold")
	w.must("lift", w.retention.Lift(w.as("a.admin"), w.a, hold, "the case is closed"))
	w.must("sweep", w.Sweep(t.Context(), "erasure.sweep"))
	w.gone(order, v)
}

// TestWhatOneOrganizationHeldGoesAlone: a person who belongs to two organizations keeps their account in the other.
func TestWhatOneOrganizationHeldGoesAlone(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		v := w.victim("victim")
		w.do("join b", func(ctx context.Context, tx core.Tx) error {
			_, err := w.organizations.AddMember(ctx, tx, core.Membership{Org: w.b, Person: v, Function: "both", State: "active"})
			return err
		})
		order := w.orders(v, w.a, erasure.ByRequest)
		w.must("run", w.erasure.Advance(w.system(), order))
		s := w.erasureNow(order)
		if s.State != erasure.Done || s.Scope != erasure.ScopeMember {
			t.Fatalf("%s %s %s %+v", s.State, s.Scope, s.Blocked, s.Of(erasure.Left))
		}
		if w.count(qMemberRows, w.a, v) != 0 || w.count(qMemberRows, w.b, v) != 1 || w.count(qRowsOf, v) != 1 {
			t.Error("more or less went than what the organization held")
		}
		w.wants("the other organization", "a.victim", "/o/"+string(w.b), http.StatusOK)
		w.wants("the one that was left", "a.victim", "/o/"+string(w.a), http.StatusNotFound)
		second := w.orders(v, w.b, erasure.ByRequest)
		w.must("run", w.erasure.Advance(w.system(), second))
		w.gone(second, v) // nowhere else: the whole person
	})
}

// TestWhoeverIsSharedWithIsTold: an organization that a person left, and that sees what they share with it, is told of the
// erasure (article 19); one whose share was ended is not.
func TestWhoeverIsSharedWithIsTold(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		question := w.question("b.admin", w.b, "follow-up", "profile.given_name")
		for name, want := range map[string]int{"sharer": 2, "former": 1} {
			v := w.victim(name)
			var member core.ID
			w.do("join b", func(ctx context.Context, tx core.Tx) (err error) {
				member, err = w.organizations.AddMember(ctx, tx, core.Membership{Org: w.b, Person: v, Function: "guest", State: "active"})
				return err
			})
			w.shares("a."+name, question, "profile.given_name")
			if name == "former" {
				w.must("end", w.consent.Withdraw(w.as("a."+name), v, question, consent.OnPage))
			}
			w.must("leave b", w.organizations.Remove(w.as("b.admin"), w.b, []core.ID{member}, "gone for good"))
			order := w.orders(v, "", erasure.ByRequest)
			w.must("run", w.erasure.Advance(w.system(), order))
			w.gone(order, v)
			told := w.erasureNow(order).Notices
			if len(told) != want {
				t.Errorf("%s: told are %+v, want %d", name, told, want)
			}
			r := w.ask("b.admin", http.MethodGet, "/o/"+string(w.b)+"/erasures", "")
			if r.Code != http.StatusOK || strings.Contains(r.Body.String(), string(v)) != (want == 2) {
				t.Errorf("%s: what the organization that was shared with is told: %d", name, r.Code)
			}
		}
		if n := w.told("b.admin", erasure.MailRecipient); n != 1 {
			t.Errorf("the administrator of the organization that is shared with is told %d times", n)
		}
	})
}

// TestNothingIsCertifiedWhileSomethingIsLeft: what comes back after the rooms have erased is seen, said, and tried again.
func TestNothingIsCertifiedWhileSomethingIsLeft(t *testing.T) {
	w := newTown(t, "")
	v := w.victim("victim")
	w.do("plant", func(ctx context.Context, tx core.Tx) error {
		_, err := tx.Exec(ctx, qComesBack)
		if err == nil {
			_, err = tx.Exec(ctx, qBackAgain)
		}
		return err
	})
	order := w.orders(v, "", erasure.ByRequest)
	if err := w.erasure.Advance(w.system(), order); core.CodeOf(err) != "erasure.left" {
		t.Fatalf("it ended with %v", err)
	}
	s := w.erasureNow(order)
	if s.State != erasure.Running || s.Blocked != erasure.BlockedLeft || s.Receipt != "" || len(s.Of(erasure.Left)) == 0 {
		t.Fatalf("the order is %s %s: %+v", s.State, s.Blocked, s.Of(erasure.Left))
	}
	r := w.ask("provider.dpo", http.MethodGet, "/provider/erasures/"+string(order), "")
	if !strings.Contains(r.Body.String(), "access_usage") {
		t.Error("the page does not say what is left")
	}
	w.do("mend", func(ctx context.Context, tx core.Tx) error {
		_, err := tx.Exec(ctx, qGoAway)
		if err == nil {
			_, err = tx.Exec(ctx, qGoAway2)
		}
		return err
	})
	w.must("again", w.Sweep(t.Context(), "erasure.sweep"))
	w.gone(order, v)
}

// TestADryRunEndsNoShare: what an erasure would do is shown, and nothing is done; what is shared stays readable.
func TestADryRunEndsNoShare(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		share := w.shares("a.member", w.question("a.admin", w.a, "follow-up", "profile.given_name"), "profile.given_name")
		_, err := w.erasure.Weigh(w.as("provider.dpo"), "", string(w.people["a.member"]))
		w.must("weigh", err)
		if _, err := w.consent.Read(w.as("a.admin"), w.a, share); err != nil {
			t.Errorf("after a dry run, what a person shares is read with: %v", err)
		}
		order := w.orders(w.people["a.member"], "", erasure.ByRequest)
		w.must("run", w.erasure.Advance(w.system(), order))
		if _, err := w.vault.Seal(w.system(), share, "x", nil); core.KindOf(err) != core.Gone {
			t.Errorf("the key of an erased person's share survives: %v", err)
		}
	})
}
