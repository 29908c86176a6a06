package boot

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

func TestWhoChangesPostIsLookedAtAgain(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.manages("a.people", "a.member") // holds nothing: nothing to look at
		if v, err := w.review.Reviews(w.as("a.admin"), w.a); err != nil || len(v.Campaigns) != 0 {
			t.Fatalf("a review of nothing: %+v, %v", v.Campaigns, err)
		}
		role := w.light("Lecture")
		for _, r := range []string{role, "auditor"} {
			_, err := w.access.Give(w.as("a.admin"), core.Assignment{Org: w.a, Person: w.people["a.member"], Role: r, Reason: "x"})
			w.must("give", err)
		}
		w.repost("a.member", func(p *organization.Profile) { p.Function, p.Manager = "Archives", w.members["a.security"] })
		v, err := w.review.Reviews(w.as("a.admin"), w.a)
		w.must("reviews", err)
		if len(v.Campaigns) != 1 || v.Campaigns[0].Origin != review.Mover || v.Campaigns[0].Counts.Waiting != 2 || !w.journalled(w.a, "access_review.move") {
			t.Fatalf("the move opened %+v", v.Campaigns)
		}
		if w.told("a.security", "review.mover") != 1 || w.told("a.people", "review.mover") != 0 {
			t.Error("the new manager was not told, or the former was")
		}
		tasks, err := w.review.ToAnswer(w.as("a.security"), w.a)
		w.must("tasks", err)
		i := slices.IndexFunc(tasks.Tasks, func(t review.Task) bool { return t.Role == role })
		if len(tasks.Tasks) != 2 || i < 0 {
			t.Fatalf("the new manager sees %+v", tasks.Tasks)
		}
		line := tasks.Tasks[i].ID
		w.wantCode("kept by the former manager", w.review.Answer(w.as("a.people"), w.a, line, true, "Was fine"), "access_review.manager_only")
		w.wantCode("kept by an administrator", w.review.Answer(w.as("a.admin"), w.a, line, true, "Was fine"), "access_review.manager_only")
		w.must("kept by the new manager", w.review.Answer(w.as("a.security"), w.a, line, true, "Needed there too"))
		w.due(v.Campaigns[0].ID)
		if !w.holds("a.member", role) || w.holds("a.member", "auditor") {
			t.Error("not only what the new manager kept is left")
		}
		w.repost("a.member", func(p *organization.Profile) { p.GivenName = "Canary" }) // no change of post
		n, err := w.organizations.MoveTo(w.as("a.admin"), w.a, []core.ID{w.members["a.member"]}, "Basement")
		if v, e := w.review.Reviews(w.as("a.admin"), w.a); err != nil || n != 1 || e != nil || len(v.Campaigns) != 2 {
			t.Errorf("a change of department opened %d reviews, %v %v", len(v.Campaigns), err, e)
		}
	})
}

func TestAFullListMakesTheAbsentLeaveInOneAct(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		secret := w.bearer("a.member")
		own := func() int {
			return w.ask("", http.MethodGet, "/api/v1/sessions", "", "Authorization", "Bearer "+secret).Code
		}
		if got := own(); got != http.StatusOK {
			t.Fatalf("the token did not work: %d", got)
		}
		list := "e-mail\n"
		for _, role := range append(slices.Clone(clientRoles), "extra") {
			if role != "member" && role != "admin" {
				list += "canary-a-" + role + "@example.org\n"
			}
		}
		list += "somebody.else@example.org\n"
		c, err := w.review.Compare(w.as("a.admin"), w.a, []byte(list))
		w.must("compare", err)
		if c.Members != 6 || c.Listed != 4 || c.Unknown != 1 || len(c.Absent) != 2 {
			t.Fatalf("compared %+v", c)
		}
		_, err = w.review.Compare(w.as("a.auditor"), w.a, []byte(list))
		w.wantCode("compared by an auditor", err, "access.forbidden")
		_, err = w.review.Compare(w.as("a.admin"), w.a, []byte("e-mail\nnot an address\n"))
		w.wantCode("a list that is not whole", err, "import.file")
		w.wantCode("oneself by a list", w.review.Depart(w.as("a.admin"), w.a, []core.ID{w.members["a.admin"], w.members["a.member"]}, "Left", true), "departure.changed")
		w.wantCode("most of them", w.review.Depart(w.as("a.admin"), w.a, []core.ID{w.members["a.member"], w.members["a.extra"], w.members["a.people"], w.members["a.auditor"]}, "Left", false), "departure.most")
		if r := w.ask("a.member", http.MethodGet, "/me/security", ""); r.Code != http.StatusOK {
			t.Fatalf("the session did not work: %d", r.Code)
		}
		role := w.light("Lecture")
		_, err = w.access.Give(w.as("a.admin"), core.Assignment{Org: w.a, Person: w.people["a.member"], Role: role, Reason: "x"})
		w.must("give", err)
		w.exec(qKnow, ids.New(), w.people["a.member"], time.Now().UnixMicro(), []byte("x"))
		began := time.Now()
		w.must("depart", w.review.Depart(w.as("a.admin"), w.a, []core.ID{w.members["a.member"]}, "End of contract", false))
		if r := w.ask("a.member", http.MethodGet, "/me/security", ""); !leads(r, "/signin") {
			t.Errorf("the session of a leaver answers %d", r.Code)
		}
		if got := own(); got != http.StatusUnauthorized {
			t.Errorf("the token of a leaver answers %d", got)
		}
		if w.holds("a.member", role) {
			t.Error("a leaver keeps a role")
		}
		w.do("known browsers", func(ctx context.Context, tx core.Tx) error {
			n, _, err := db.One(ctx, tx, qKnown, db.Value[int64], w.people["a.member"])
			if n != 0 {
				t.Errorf("%d browsers of a leaver are still known", n)
			}
			return err
		})
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestDormantAccountsAreReadFromLiveRows(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.exec(qJoinedAt, w.people["a.member"], time.Now().Add(-400*day).UnixMicro())
		w.exec(qJoinedAt, w.people["a.auditor"], time.Now().Add(-400*day).UnixMicro())
		w.exec(qInAt, w.people["a.auditor"], time.Now().Add(-95*day).UnixMicro())
		d, err := w.review.Dormant(w.as("a.people"), w.a, 0)
		w.must("dormant", err)
		if d.Days != 90 || d.Members != 6 || len(d.Sleepers) != 2 || d.Sleepers[0].Person != w.people["a.member"] || !d.Sleepers[0].SignedIn.IsZero() {
			t.Fatalf("dormant: %+v", d)
		}
		if d, err = w.review.Dormant(w.as("a.people"), w.a, 100); err != nil || len(d.Sleepers) != 1 {
			t.Errorf("for 100 days: %+v, %v", d.Sleepers, err)
		}
		w.exec(qInAt, w.people["a.member"], time.Now().UnixMicro())
		if d, err = w.review.Dormant(w.as("a.people"), w.a, 100); err != nil || len(d.Sleepers) != 0 {
			t.Errorf("after a sign-in: %+v, %v", d.Sleepers, err)
		}
		page := "/o/" + string(w.a) + "/dormant"
		r := w.ask("a.admin", http.MethodPost, page+"/suspend", "days=90&reason=security_risk&word=Unused+account&member="+string(w.members["a.auditor"])+"&member="+string(w.members["a.people"]))
		if !leads(r, page) {
			t.Fatalf("the bulk suspension answered %d", r.Code)
		}
		if r := w.ask("a.auditor", http.MethodGet, "/o/"+string(w.a)+"/habilitations", ""); r.Code == http.StatusOK {
			t.Error("a suspended sleeper reads on")
		}
		if r := w.ask("a.people", http.MethodGet, page, ""); r.Code != http.StatusOK {
			t.Errorf("who is awake was suspended too: %d", r.Code)
		}
	})
}

func TestStaffEntersAClientOnConsentAlone(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		page := "/o/" + string(w.a) + "/habilitations"
		closed := func(when string) {
			t.Helper()
			if r := w.ask("provider.support", http.MethodGet, page, ""); r.Code != http.StatusNotFound {
				t.Errorf("%s the support reads the client's table: %d", when, r.Code)
			}
		}
		closed("uninvited")
		_, err := w.review.AskIn(w.as("a.admin"), w.a, "x", time.Now().Add(day))
		w.wantCode("asked by a client", err, "access.not_found")
		_, err = w.review.AskIn(w.as("provider.support"), w.a, "Ticket 12", time.Now().Add(100*day))
		w.wantCode("for too long", err, "access_request.invalid")
		id, err := w.review.AskIn(w.as("provider.support"), w.a, "Ticket 12", time.Now().Add(5*day))
		w.must("ask in", err)
		closed("before the answer")
		if w.told("a.admin", "review.request") != 1 || !w.journalled(w.a, "support.asked") {
			t.Error("the client was not told")
		}
		for _, who := range []string{"a.people", "a.security", "provider.admin"} {
			if err := w.review.Judge(w.as(who), w.a, id, review.Verdict{Grant: true}); err == nil {
				t.Errorf("%s let the provider in", who)
			}
		}
		closed("after others' word")
		w.must("consent", w.review.Judge(w.as("a.admin"), w.a, id, review.Verdict{Grant: true}))
		if r := w.ask("provider.support", http.MethodGet, page, ""); r.Code != http.StatusOK {
			t.Errorf("the support was let in and reads %d", r.Code)
		}
		if r := w.ask("provider.support", http.MethodPost, "/o/"+string(w.a)+"/suspensions", "scope=person&reason=abuse&text=x&person="+string(w.people["a.member"])); r.Code != http.StatusForbidden {
			t.Errorf("the support changes things: %d", r.Code)
		}
	})
}

// sits gives somebody a session from a place, used just now.
func (w *town) sits(name, address, agent string) {
	w.t.Helper()
	actor := core.System("town")
	actor.Address, actor.Agent = netip.MustParseAddr(address), agent
	ctx := core.WithActor(context.Background(), actor)
	w.must("session", w.db.Write(ctx, func(tx core.Tx) error {
		_, _, err := w.sessions.Begin(ctx, tx, core.NewSession{Person: w.people[name], Account: w.people[name], AAL: 2})
		return err
	}))
}

const (
	laptop = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0"
	phone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/605.1"
)

func TestAnAccountUsedInTwoPlacesIsFlaggedAndExplained(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.exec(qAway)
		w.sits("a.member", "198.51.100.7", laptop)
		w.sits("a.member", "203.0.113.9", browser)
		w.sits("a.auditor", "198.51.100.7", laptop) // a phone beside a computer is everyone's day
		w.sits("a.auditor", "203.0.113.9", phone)
		w.sits("a.people", "198.51.100.7", laptop) // two browsers of one network
		w.sits("a.people", "198.51.4.4", browser)
		for i := range 12 {
			if i == 3 {
				if list, err := w.review.Sharing(w.as("a.security"), w.a); err != nil || len(list) != 0 {
					t.Errorf("flagged after three times: %d, %v", len(list), err)
				}
			}
			w.must("watch", w.review.Watch(w.system()))
		}
		list, err := w.review.Sharing(w.as("a.security"), w.a)
		w.must("sharing", err)
		if len(list) != 1 || list[0].Flag.Person != w.people["a.member"] || list[0].Flag.Score < 60 || len(list[0].Why) == 0 {
			t.Fatalf("flagged %d", len(list))
		}
		if w.told("a.member", "review.sharing") != 1 || w.told("a.security", "review.sharing_seen") != 1 || !w.journalled(w.a, "sharing.flag") {
			t.Error("the flag was not told once to each")
		}
		if other, err := w.review.Sharing(w.as("b.security"), w.b); err != nil || len(other) != 0 {
			t.Errorf("another organization sees %+v, %v", other, err)
		}
		flag := list[0].Flag.ID
		mine, err := w.review.MySharing(w.as("a.member"))
		if err != nil || len(mine) != 1 || mine[0].Flag.ID != flag || len(mine[0].Overlaps) == 0 || mine[0].Overlaps[0].Pair.NetworkA == "" {
			t.Errorf("the person sees %d, %v", len(mine), err)
		}
		w.wantCode("explained by another", w.review.Explain(w.as("a.auditor"), flag, "Me"), "sharing.absent")
		w.must("explained", w.review.Explain(w.as("a.member"), flag, "Remote desktop"))
		w.wantCode("settled from elsewhere", w.review.Settle(w.as("b.security"), w.b, flag, review.FlagMine, "x"), "sharing.absent")
		w.must("settled", w.review.Settle(w.as("a.security"), w.a, flag, review.FlagMine, "Remote desktop, seen"))
		w.must("watch", w.review.Watch(w.system()))
		if list, err = w.review.Sharing(w.as("a.security"), w.a); err != nil || len(list) != 1 || list[0].Flag.State != review.FlagMine {
			t.Errorf("what came before a settlement is held against them again: %d, %v", len(list), err)
		}
	})
}
