package boot

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

// eachTown runs a test on a town of every engine.
func eachTown(t *testing.T, f func(t *testing.T, w *town)) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			target := ""
			if kind != dbtest.SQLite {
				target = dbtest.Config(t, kind, nil).URL
			}
			f(t, bare(newTown(t, target)))
		})
	}
}

func (w *town) wantCode(what string, err error, code string) {
	w.t.Helper()
	if code == "" && err != nil || code != "" && core.CodeOf(err) != code {
		w.t.Errorf("%s: got %v, want %q", what, err, code)
	}
}

// manages makes boss the line manager of report in organization a.
func (w *town) manages(boss, report string) {
	w.t.Helper()
	w.repost(report, func(p *organization.Profile) { p.Manager = w.members[boss] })
}

// post changes what the organization says of a member.
func (w *town) repost(name string, change func(*organization.Profile)) {
	w.t.Helper()
	admin := w.as("a.admin")
	if name == "a.admin" {
		admin = w.as("a.people")
	}
	d, err := w.organizations.Read(admin, w.a, w.members[name])
	w.must("read "+name, err)
	p := organization.Profile{
		GivenName: d.Person.GivenName, FamilyName: d.Person.FamilyName, Language: d.Person.Language, Function: d.Function, Department: d.Department, Manager: d.Manager,
	}
	change(&p)
	w.must("edit "+name, w.organizations.Edit(admin, w.a, w.members[name], p, d.Version))
}

// holds tells whether somebody holds a role in organization a now.
func (w *town) holds(name, role string) bool {
	w.t.Helper()
	held := false
	w.do("roles of "+name, func(ctx context.Context, tx core.Tx) error {
		list, err := w.access.AssignmentsOf(ctx, tx, w.people[name])
		for _, a := range list {
			held = held || a.Org == w.a && a.Role == role
		}
		return err
	})
	return held
}

// light makes a role of organization a that a line manager's word is enough for.
func (w *town) light(name string) string {
	w.t.Helper()
	id, err := w.access.Define(w.as("a.admin"), w.a, "", access.RoleForm{Name: name, Permissions: []core.Permission{"member.list"}})
	w.must("role", err)
	return id
}

// told counts the messages of a kind that wait for somebody.
func (w *town) told(name, kind string) int {
	w.t.Helper()
	n := 0
	w.do("mails", func(ctx context.Context, tx core.Tx) error {
		got, _, err := db.One(ctx, tx, qTold, db.Value[int64], w.people[name], kind)
		n = int(got)
		return err
	})
	return n
}

var (
	qTold      = db.SQL(`SELECT count(*) FROM mail_outbox WHERE person = $1 AND kind = $2`)
	qDeadline  = db.SQL(`UPDATE review_campaign SET deadline_at = $2 WHERE id = $1`)
	qFounded   = db.SQL(`UPDATE organization_organization SET created_at = $2 WHERE id = $1`)
	qLapsedAt  = db.SQL(`UPDATE review_line SET answered_at = answered_at - $2 WHERE campaign = $1 AND answer = 'lapsed'`)
	qAgeAsked  = db.SQL(`UPDATE review_request SET asked_at = asked_at - $1, expires_at = expires_at - $1`)
	qAgeGiven  = db.SQL(`UPDATE review_line SET from_at = from_at - $2 WHERE id = $1`)
	qJoinedAt  = db.SQL(`UPDATE organization_member SET joined_at = $2 WHERE person = $1`)
	qPlantFlag = db.SQL(`INSERT INTO review_sharing (id, person, state, score, seen, first_at, last_at, judged_by, judged_at, word) VALUES ($1, $2, 'explained', 70, 5, $3, $3, '', 0, '')`)
	qNoRequest = db.SQL(`DELETE FROM review_request`)
	qNoReview  = db.SQL(`DELETE FROM review_campaign`)
	qNoLine    = db.SQL(`DELETE FROM review_line`)
	qNoFlag    = db.SQL(`DELETE FROM review_sharing`)
	qNoMail    = db.SQL(`DELETE FROM mail_outbox`)
	qKnow      = db.SQL(`INSERT INTO signin_device (id, person, browser, label, created_at, seen_at, failures, wait_until) VALUES ($1, $2, $1, $4, $3, $3, 0, 0)`)
	qKnown     = db.SQL(`SELECT count(*) FROM signin_device WHERE person = $1`)
	qAway      = db.SQL(`UPDATE session_session SET used_at = used_at - 600000000`)
	qInAt      = db.SQL(`UPDATE identity_account SET signed_in_at = $2 WHERE person = $1`)
)

func (w *town) exec(q string, args ...any) {
	w.t.Helper()
	w.do(q, func(ctx context.Context, tx core.Tx) error { _, err := tx.Exec(ctx, q, args...); return err })
}

const day = 24 * time.Hour

// plantReviews makes a request, a review and a flag in organization a, with canary values.
func (w *town) plantReviews() {
	w.t.Helper()
	request, err := w.review.Ask(w.as("a.member"), w.a, review.Wish{Role: "auditor", Reason: "canary-request", Until: time.Now().Add(day)})
	w.must("request", err)
	campaign, err := w.review.Begin(w.as("a.admin"), w.a, review.Start{Scope: review.ScopeAll, Days: 30})
	w.must("review", err)
	line := w.lines(campaign)["a.people"].ID
	flag := ids.New()
	w.exec(qPlantFlag, flag, w.people["a.member"], time.Now().UnixMicro())
	w.known["request"], w.known["review"], w.known["line"], w.known["sharing"] = []core.ID{request}, []core.ID{campaign}, []core.ID{line}, []core.ID{flag}
}

// bare takes what plantReviews made away again.
func bare(w *town) *town {
	w.t.Helper()
	for _, q := range []string{qNoRequest, qNoReview, qNoLine, qNoFlag, qNoMail} {
		w.exec(q)
	}
	return w
}

// bearer makes an access token of somebody, who may list members with it.
func (w *town) bearer(name string) string {
	w.t.Helper()
	_, secret, err := w.tokens.Create(w.as(name), token.Order{Name: "t", Scopes: []core.Permission{"session.list_own"}, Ends: time.Now().Add(time.Hour)})
	w.must("token", err)
	return secret
}

func TestTheLineManagerJudges(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.manages("a.security", "a.member")
		role := w.light("Lecture des membres")
		wish := review.Wish{Role: role, Reason: "canary-why", Until: time.Now().Add(30 * day)}
		id, err := w.review.Ask(w.as("a.member"), w.a, wish)
		w.must("ask", err)
		if w.told("a.security", "review.request") != 1 || w.told("a.admin", "review.request") != 0 {
			t.Error("the request did not go to the line manager alone")
		}
		_, err = w.review.Ask(w.as("a.member"), w.a, wish)
		w.wantCode("the same asked twice", err, "access_request.twice")
		for who, code := range map[string]string{"a.member": "access_request.own_request", "a.admin": "access_request.absent", "a.people": "access_request.absent", "a.auditor": "access_request.absent"} {
			w.wantCode("judged by "+who, w.review.Judge(w.as(who), w.a, id, review.Verdict{Grant: true}), code)
		}
		w.wantCode("judged by a stranger", w.review.Judge(w.as("b.admin"), w.a, id, review.Verdict{Grant: true}), "access.not_found")
		w.wantCode("judged in another organization", w.review.Judge(w.as("b.admin"), w.b, id, review.Verdict{Grant: true}), "access_request.absent")
		if w.holds("a.member", role) {
			t.Fatal("the role came without a judgement")
		}
		w.wantCode("refused without a word", w.review.Judge(w.as("a.security"), w.a, id, review.Verdict{}), "access_request.invalid")
		end := time.Now().Add(10 * day).Truncate(time.Second)
		w.must("granted", w.review.Judge(w.as("a.security"), w.a, id, review.Verdict{Grant: true, Until: end, Word: "For the move"}))
		w.wantCode("judged again", w.review.Judge(w.as("a.security"), w.a, id, review.Verdict{Grant: true}), "access_request.closed")
		w.do("assignment", func(ctx context.Context, tx core.Tx) error {
			list, err := w.access.AssignmentsOf(ctx, tx, w.people["a.member"])
			if len(list) != 1 || list[0].Approver != w.people["a.security"] || !list[0].Until.Equal(end) || list[0].Reason != "canary-why" {
				t.Errorf("the assignment is %+v", list)
			}
			return err
		})
		if w.told("a.member", "review.granted") != 1 {
			t.Error("the person was not told")
		}
		if r := w.ask("a.member", http.MethodGet, "/o/"+string(w.a)+"/members", ""); r.Code != http.StatusOK {
			t.Errorf("the role does not act: %d", r.Code)
		}
		// Who judged and who was refused is in the journal.
		for _, words := range [][]string{{"access_request.judge", "refused", "access_request.own_request"}, {"access_request.judge", "success"}, {"access_request.ask", "success"}} {
			if !w.journalled(w.a, words...) {
				t.Errorf("the journal does not tell %v", words)
			}
		}
	})
}

// journalled tells whether an entry of an organization holds all the words.
func (w *town) journalled(org core.ID, words ...string) bool {
	w.t.Helper()
	var b bytes.Buffer
	_, err := w.VerifyJournal(w.system())
	w.must("journal", err)
	w.must("export", w.ExportJournal(w.system(), org, "jsonl", "A test reads what was kept", &b))
	for line := range strings.Lines(b.String()) {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			return true
		}
	}
	return false
}

func TestAGraveRoleNeedsASecondWord(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.manages("a.auditor", "a.member") // this manager may give nothing
		id, err := w.review.Ask(w.as("a.member"), w.a, review.Wish{Role: "security", Reason: "Night watch", Until: time.Now().Add(30 * day)})
		w.must("ask", err)
		w.must("the manager grants", w.review.Judge(w.as("a.auditor"), w.a, id, review.Verdict{Grant: true}))
		if w.holds("a.member", "security") {
			t.Fatal("a line manager gave a role that rules the house")
		}
		if w.told("a.admin", "review.confirm") != 1 {
			t.Error("nobody was asked to confirm")
		}
		w.wantCode("confirmed by the same manager", w.review.Judge(w.as("a.auditor"), w.a, id, review.Verdict{Grant: true}), "access_request.absent")
		w.wantCode("confirmed by who could not give it", w.review.Judge(w.as("a.people"), w.a, id, review.Verdict{Grant: true}), "access_request.absent")
		w.must("an administrator confirms", w.review.Judge(w.as("a.admin"), w.a, id, review.Verdict{Grant: true}))
		if !w.holds("a.member", "security") {
			t.Error("the role was not given")
		}
	})
}

// Who draws the chart of an organization cannot give a role above their own to whoever they put under themselves, nor get it
// from whoever they put above.
func TestWhoNamesManagersGivesNothingByIt(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		role, err := w.access.Define(w.as("a.admin"), w.a, "", access.RoleForm{Name: "Accounts that seem shared", Permissions: []core.Permission{"sharing.read"}})
		w.must("role", err)
		wish := review.Wish{Role: role, Reason: "Between us", Until: time.Now().Add(30 * day)}
		for _, pair := range [][2]string{{"a.people", "a.member"}, {"a.member", "a.people"}} { // manager, who asks
			w.repost("a.people", func(p *organization.Profile) { p.Manager = "" })
			w.repost("a.member", func(p *organization.Profile) { p.Manager = "" })
			w.manages(pair[0], pair[1])
			id, err := w.review.Ask(w.as(pair[1]), w.a, wish)
			w.must("ask", err)
			w.must("the manager grants", w.review.Judge(w.as(pair[0]), w.a, id, review.Verdict{Grant: true}))
			if w.holds(pair[1], role) {
				t.Errorf("%s got a role from %s alone", pair[1], pair[0])
			}
			w.must("an administrator confirms", w.review.Judge(w.as("a.admin"), w.a, id, review.Verdict{Grant: true}))
			if !w.holds(pair[1], role) {
				t.Errorf("%s did not get what an administrator confirmed", pair[1])
			}
		}
	})
}

func TestWithoutAManagerAdministratorsJudgeAndSilenceLapses(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		role := w.light("Lecture")
		id, err := w.review.Ask(w.as("a.member"), w.a, review.Wish{Role: role, Reason: "x", Until: time.Now().Add(300 * day)})
		w.must("ask", err)
		if w.told("a.admin", "review.request") != 1 {
			t.Error("no administrator was told")
		}
		q, err := w.review.ToJudge(w.as("a.admin"), w.a)
		w.must("queue", err)
		if len(q.Requests) != 1 || q.Requests[0].ID != id {
			t.Errorf("the queue of the administrator is %+v", q.Requests)
		}
		if q, err := w.review.ToJudge(w.as("a.auditor"), w.a); err != nil || len(q.Requests) != 0 {
			t.Errorf("the queue of who could not give it is %+v, %v", q.Requests, err)
		}
		w.exec(qAgeAsked, int64(8*day/time.Microsecond))
		w.must("sweep", w.review.Sweep(w.system()))
		w.must("sweep again", w.review.Sweep(w.system()))
		if n := w.told("a.admin", "review.request_reminder"); n != 1 {
			t.Errorf("%d reminders after a week", n)
		}
		w.exec(qAgeAsked, int64(23*day/time.Microsecond))
		w.must("sweep", w.review.Sweep(w.system()))
		w.wantCode("judged after its end", w.review.Judge(w.as("a.admin"), w.a, id, review.Verdict{Grant: true}), "access_request.closed")
		if w.told("a.member", "review.expired") != 1 || !w.journalled(w.a, "access_request.expire") {
			t.Error("the silence was not told")
		}
	})
}

// lines gives the lines of a review.
func (w *town) lines(id core.ID) map[string]review.Line {
	w.t.Helper()
	v, err := w.review.Review(w.as("a.admin"), w.a, id, "")
	w.must("review", err)
	out := map[string]review.Line{}
	for name, person := range w.people {
		for _, l := range v.Lines {
			if l.Person == person {
				out[name] = l
			}
		}
	}
	return out
}

func (w *town) due(id core.ID) {
	w.t.Helper()
	w.exec(qDeadline, id, time.Now().Add(-time.Minute).UnixMicro())
	w.must("sweep", w.review.Sweep(w.system()))
}

func TestWhatNobodyConfirmsIsRevoked(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.manages("a.people", "a.security")
		id, err := w.review.Begin(w.as("a.admin"), w.a, review.Start{Scope: review.ScopeAll, Days: 30})
		w.must("begin", err)
		_, err = w.review.Begin(w.as("a.admin"), w.a, review.Start{Scope: review.ScopeAll, Days: 30})
		w.wantCode("a second one beside it", err, "access_review.running")
		if w.told("a.people", "review.campaign") != 1 || w.told("a.admin", "review.campaign") != 1 || w.told("a.auditor", "review.campaign") != 0 {
			t.Error("not exactly those who answer were told")
		}
		l := w.lines(id)
		w.wantCode("kept by its holder", w.review.Answer(w.as("a.security"), w.a, l["a.security"].ID, true, "Mine"), "access_review.own_line")
		w.wantCode("kept by a colleague", w.review.Answer(w.as("a.auditor"), w.a, l["a.security"].ID, true, "Why not"), "access_review.absent")
		w.wantCode("kept without a word", w.review.Answer(w.as("a.people"), w.a, l["a.security"].ID, true, " "), "access_review.word")
		w.must("kept", w.review.Answer(w.as("a.people"), w.a, l["a.security"].ID, true, "On call until June"))
		w.wantCode("answered twice", w.review.Answer(w.as("a.people"), w.a, l["a.security"].ID, false, "No"), "access_review.answered")
		w.must("revoked", w.review.Answer(w.as("a.admin"), w.a, l["a.auditor"].ID, false, "The audit is over"))
		if w.holds("a.auditor", "auditor") || !w.holds("a.security", "security") || !w.holds("a.people", "people") {
			t.Error("the answers did not act")
		}
		w.due(id)
		if w.holds("a.people", "people") || !w.holds("a.security", "security") || !w.holds("a.admin", "admin") {
			t.Error("the deadline did not do what it should")
		}
		l = w.lines(id)
		for name, want := range map[string]string{"a.security": review.Kept, "a.auditor": review.Revoked, "a.people": review.Lapsed, "a.admin": review.Left} {
			if l[name].Answer != want {
				t.Errorf("%s: %q, want %q", name, l[name].Answer, want)
			}
		}
		if w.told("a.people", "review.lapsed") != 1 || w.told("a.admin", "review.closed") != 1 || !w.journalled(w.a, "access_review.lapse", "success") {
			t.Error("the end was not told")
		}
		w.wantCode("restored by its holder", w.review.Restore(w.as("a.people"), w.a, l["a.people"].ID, "Mine"), "access.forbidden")
		w.must("restored", w.review.Restore(w.as("a.admin"), w.a, l["a.people"].ID, "Was on leave"))
		if !w.holds("a.people", "people") {
			t.Error("the undo gave nothing back")
		}
		w.wantCode("restored twice", w.review.Restore(w.as("a.admin"), w.a, l["a.people"].ID, "Again"), "access_review.not_lapsed")
		for _, format := range []string{"csv", "pdf"} {
			f, err := w.review.Export(w.as("a.auditor"), w.a, id, format)
			if format == "csv" && core.KindOf(err) != core.Forbidden {
				t.Errorf("who lost the right exports: %v", err)
			}
			f, err = w.review.Export(w.as("a.admin"), w.a, id, format)
			if err != nil || len(f.Bytes) < 200 || format == "csv" && !strings.Contains(string(f.Bytes), "On call until June") {
				t.Errorf("%s: %d bytes, %v", format, len(f.Bytes), err)
			}
		}
	})
}

func TestTheUndoOfAReviewEndsAfterADay(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		id, err := w.review.Begin(w.as("a.admin"), w.a, review.Start{Scope: review.ScopeRole, Role: "security", Days: 5})
		w.must("begin", err)
		w.due(id)
		w.exec(qLapsedAt, id, int64(25*time.Hour/time.Microsecond))
		w.wantCode("restored too late", w.review.Restore(w.as("a.admin"), w.a, w.lines(id)["a.security"].ID, "Late"), "access_review.too_late")
	})
}

func TestTheYearlyReviewOpensByItself(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.must("sweep", w.review.Sweep(w.system()))
		v, err := w.review.Reviews(w.as("a.auditor"), w.a)
		w.must("reviews", err)
		if len(v.Campaigns) != 0 || v.Plan.Overdue || v.Plan.Days != 365 || time.Until(v.Plan.Next) < 364*day {
			t.Errorf("a new organization has %+v", v.Plan)
		}
		w.exec(qFounded, w.a, time.Now().Add(-370*day).UnixMicro())
		w.exec(qFounded, core.Platform, time.Now().Add(-370*day).UnixMicro())
		if v, err = w.review.Reviews(w.as("a.auditor"), w.a); err != nil || !v.Plan.Overdue {
			t.Errorf("a late review does not show: %+v, %v", v.Plan, err)
		}
		w.must("sweep", w.review.Sweep(w.system()))
		w.must("sweep again", w.review.Sweep(w.system()))
		if v, err = w.review.Reviews(w.as("a.auditor"), w.a); err != nil || v.Plan.Overdue || len(v.Campaigns) != 1 || v.Campaigns[0].Origin != review.Planned || v.Campaigns[0].Counts.Total != 4 {
			t.Errorf("after the sweep: %+v, %+v, %v", v.Plan, v.Campaigns, err)
		}
		staff, err := w.review.Reviews(w.as("provider.auditor"), core.Platform)
		if err != nil || len(staff.Campaigns) != 1 || staff.Campaigns[0].Counts.Total != len(providerRoles) {
			t.Errorf("the staff is not reviewed: %+v, %v", staff.Campaigns, err)
		}
	})
}

func TestKeepingTogetherIsForOneUsedRoleAlone(t *testing.T) {
	w := bare(newTown(t, ""))
	role := w.light("Lecture")
	for _, name := range []string{"a.member", "a.extra", "a.auditor"} {
		_, err := w.access.Give(w.as("a.admin"), core.Assignment{Org: w.a, Person: w.people[name], Role: role, Reason: "x"})
		w.must("give", err)
	}
	id, err := w.review.Begin(w.as("a.admin"), w.a, review.Start{Scope: review.ScopeRole, Role: role, Days: 5})
	w.must("begin", err)
	l := w.lines(id)
	all, err := w.review.Begin(w.as("a.admin"), w.a, review.Start{Scope: review.ScopeRole, Role: "security", Days: 5})
	w.must("begin another", err)
	keep := func(lines ...core.ID) error {
		_, err := w.review.KeepTogether(w.as("a.admin"), w.a, lines, "All of the office")
		return err
	}
	w.wantCode("two roles", keep(l["a.member"].ID, w.lines(all)["a.security"].ID), "access_review.bulk")
	w.exec(qAgeGiven, l["a.auditor"].ID, int64(100*day/time.Microsecond))
	w.wantCode("one of them unused", keep(l["a.member"].ID, l["a.auditor"].ID), "access_review.bulk")
	if w.lines(id)["a.member"].Answer != "" {
		t.Error("half of a refused act was kept")
	}
	w.wantCode("nothing", keep(), "access_review.bulk")
	w.must("the same role", keep(l["a.member"].ID, l["a.extra"].ID))
	if got := w.lines(id); got["a.member"].Answer != review.Kept || got["a.extra"].Answer != review.Kept || got["a.auditor"].Answer != "" {
		t.Errorf("kept %+v", got)
	}
}
