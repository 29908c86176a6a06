package boot

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition"
)

// plantSupport makes a reported problem and a workstation in a.
func (w *town) plantSupport() {
	m := w.House.recognition()
	w.person("a.caller", w.a, "recognition.user", "Canary")
	id, err := m.ReportProblem(w.as("a.caller"), w.a, recognition.CaseDraft{Scope: recognition.ScopeCalls, Problem: "canary-problem", Days: 3})
	w.must("case", err)
	device := ids.New()
	w.must("workstation", m.ReportPosture(w.as("a.caller"), w.a, recognition.Posture{Device: device, Name: "canary-machine", System: "canary-system"}))
	w.known["case"], w.known["device"] = []core.ID{id}, []core.ID{device}
}

var (
	qLineRows    = db.SQL(`SELECT count(*) FROM recognition_case_line`)
	qExpiredRows = db.SQL(`SELECT count(*) FROM recognition_case WHERE ended = 'expired' AND closed_by = ''`)
	qClearRows   = db.SQL(`SELECT count(*) FROM recognition_device WHERE length(details) < 40`)
	qAgeCase     = db.SQL(`UPDATE recognition_case SET until_at = until_at - $1`)
	qAgeDevice   = db.SQL(`UPDATE recognition_device SET seen_at = seen_at - $1`)
)

// TestASupportLogIsScopedSeenByTheNamedAndDestroyed is CTI-33.
func TestASupportLogIsScopedSeenByTheNamedAndDestroyed(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		w.person("a.caller", w.a, "recognition.user", "Canary")
		w.person("a.other", w.a, "recognition.user", "Canary")
		part := recognition.TraceCalls + string(w.people["a.caller"])
		ctx := w.system()

		m.Trace(ctx, w.a, part, "before anything was reported")
		problems := "/o/" + string(w.a) + "/recognition/problems"
		if rec := w.fill("a.caller", problems, "problem", "No name is shown", "days", "3"); rec.Code != http.StatusSeeOther {
			t.Fatalf("a person who reports a problem is answered %d: %s", rec.Code, rec.Body)
		}
		m.Trace(ctx, w.a, part, "ringing from +33 6 12 34 56 78 and sip:marie.durand@pbx.example, looked up: no card")
		m.Trace(ctx, w.a, recognition.TraceCalls+string(w.people["a.other"]), "somebody else's call")
		m.Trace(ctx, w.b, part, "another organization")

		list, err := m.SupportCases(w.as("provider.admin"))
		if err != nil || len(list.Cases) != 1 {
			t.Fatalf("the administrator sees %d cases (%v), want 1", len(list.Cases), err)
		}
		id := list.Cases[0].ID
		page := "/provider/support-logs/" + string(id)
		for _, who := range []string{"provider.support", "provider.admin", "provider.operator", "provider.dpo", "a.admin", "a.caller", "b.admin", ""} {
			if rec := w.ask(who, "GET", page, ""); rec.Code == http.StatusOK {
				t.Errorf("%q reads a case that nobody was named for", who)
			}
		}
		if rec := w.fill("provider.support", page+"/name", "person", string(w.people["provider.support"])); rec.Code < 400 {
			t.Errorf("support names itself: %d", rec.Code)
		}
		if rec := w.fill("provider.admin", page+"/name", "person", string(w.people["provider.support"])); rec.Code != http.StatusSeeOther {
			t.Fatalf("naming is answered %d: %s", rec.Code, rec.Body)
		}
		rec := w.ask("provider.support", "GET", page, "")
		body := rec.Body.String()
		if rec.Code != http.StatusOK || !strings.Contains(body, "No name is shown") || !strings.Contains(body, "looked up: no card") {
			t.Fatalf("whoever is named reads %d: %s", rec.Code, body)
		}
		for _, secret := range []string{"612345678", "6 12 34", "marie.durand", "before anything", "somebody else", "another organization"} {
			if strings.Contains(body, secret) {
				t.Errorf("the log shows %q", secret)
			}
		}
		if rec := w.ask("provider.admin", "GET", page, ""); rec.Code == http.StatusOK {
			t.Error("whoever names reads it too")
		}
		if n := w.entries(w.a, "support_log.read", id); n != 1 {
			t.Errorf("the client's journal has %d entries of the reading, want 1", n)
		}

		if rec := w.fill("a.other", problems+"/"+string(id)+"/close", "x", "1"); rec.Code < 400 {
			t.Errorf("a colleague closes it: %d", rec.Code)
		}
		if rec := w.fill("a.caller", problems+"/"+string(id)+"/close", "x", "1"); rec.Code != http.StatusSeeOther {
			t.Fatalf("closing is answered %d: %s", rec.Code, rec.Body)
		}
		if rec := w.ask("provider.support", "GET", page, ""); rec.Code == http.StatusOK {
			t.Error("a closed case is still read")
		}
		if dead, err := w.vault.Destroyed(ctx, id); err != nil || !dead {
			t.Errorf("the key of a closed case: destroyed %v (%v)", dead, err)
		}
		if n := w.count(qLineRows); n != 0 {
			t.Errorf("%d lines stay of a closed case", n)
		}
		m.Trace(ctx, w.a, part, "after it was closed")
		w.must("round", m.EndLeftCases(ctx))
		if n := w.count(qLineRows); n != 0 {
			t.Errorf("%d lines were noted after the case was closed", n)
		}
	})
}

// TestACaseThatNobodyClosesIsClosed: nothing is noted once its days are over, and a week later the platform ends it.
func TestACaseThatNobodyClosesIsClosed(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		w.person("a.caller", w.a, "recognition.user", "Canary")
		id, err := m.ReportProblem(w.as("a.caller"), w.a, recognition.CaseDraft{Scope: recognition.ScopeCalls, Problem: "x", Days: 1})
		w.must("case", err)
		if _, err := m.ReportProblem(w.as("a.caller"), w.a, recognition.CaseDraft{Scope: recognition.ScopeCalls, Problem: "x", Days: 1}); core.KindOf(err) != core.Conflict {
			t.Errorf("the same is reported twice: %v", err)
		}
		w.must("round", m.EndLeftCases(w.system()))
		if dead, _ := w.vault.Destroyed(w.system(), id); dead {
			t.Fatal("an open case was ended at once")
		}
		w.exec(qAgeCase, (9 * day).Microseconds())
		m.Trace(w.system(), w.a, recognition.TraceCalls+string(w.people["a.caller"]), "too late")
		w.must("round", m.EndLeftCases(w.system()))
		if dead, _ := w.vault.Destroyed(w.system(), id); !dead {
			t.Error("nobody closed it, and its key lives")
		}
		if n := w.count(qExpiredRows); n != 1 {
			t.Errorf("%d cases ended by the platform, want 1", n)
		}
	})
}

// TestAWorkstationTellsItsStateAndUnknownIsNeverGood is USR-2.6.
func TestAWorkstationTellsItsStateAndUnknownIsNeverGood(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		path := "/api/v1/organizations/" + string(w.a) + "/workstations"
		report := func(who, device string, states map[string]string) int {
			body, _ := json.Marshal(map[string]any{"device": device, "name": "canary-machine", "system": "Debian 12", "states": states})
			return w.ask(who, "PUT", path, string(body)).Code
		}
		device := string(ids.New())
		if code := report("a.member", device, map[string]string{"disk": "bad", "firewall": "good"}); code != http.StatusNoContent {
			t.Fatalf("a member's report is answered %d", code)
		}
		if code := report("b.member", device, map[string]string{"disk": "good"}); code < 400 {
			t.Errorf("a stranger reports a workstation: %d", code)
		}
		if code := report("a.member", device, map[string]string{"disk": "excellent"}); code < 400 {
			t.Errorf("an unknown state is taken: %d", code)
		}
		for _, who := range []string{"a.member", "a.auditor", "b.security", "provider.admin", ""} {
			if rec := w.ask(who, "GET", path, ""); rec.Code == http.StatusOK {
				t.Errorf("%q sees the workstations of a", who)
			}
		}
		rec := w.ask("a.security", "GET", "/o/"+string(w.a)+"/devices", "")
		page := rec.Body.String()
		if rec.Code != http.StatusOK || !strings.Contains(page, "canary-machine") || !strings.Contains(page, "missing since") {
			t.Fatalf("security sees %d: %s", rec.Code, page)
		}
		if good, unknown := strings.Count(page, ">good<"), strings.Count(page, ">unknown<"); good != 1 || unknown != 2 {
			t.Errorf("the page says good %d times and unknown %d times, want 1 and 2", good, unknown)
		}
		if w.count(qClearRows) != 0 {
			t.Error("the name of a workstation is kept in clear")
		}
		before := w.entries(w.a, "workstation.report", core.ID(device))
		report("a.member", device, map[string]string{"disk": "bad", "firewall": "good"})
		if after := w.entries(w.a, "workstation.report", core.ID(device)); after != before {
			t.Errorf("saying the same again makes %d entries", after-before)
		}
		w.exec(qAgeDevice, (8 * day).Microseconds())
		page = w.ask("a.security", "GET", "/o/"+string(w.a)+"/devices", "").Body.String()
		if strings.Contains(page, ">good<") || strings.Count(page, ">unknown<") != 4 {
			t.Error("a workstation that is silent for eight days is still known to be good")
		}
	})
}

// TestAWorkstationSignsInByACodeOnce: the code gives a token of the person's own, that can do what a workstation does and no more.
func TestAWorkstationSignsInByACodeOnce(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		code, err := w.House.recognition().InviteDesk(w.as("a.member"), w.a)
		w.must("code", err)
		enrol := func(code string) (int, string) {
			body, _ := json.Marshal(map[string]string{"code": code})
			rec := w.ask("", "POST", "/api/v1/workstations/enrolments", string(body))
			var got struct{ Token string }
			_ = json.Unmarshal(rec.Body.Bytes(), &got)
			return rec.Code, got.Token
		}
		if status, _ := enrol("0000-0000-0000-0000"); status != http.StatusGone {
			t.Errorf("a wrong code is answered %d", status)
		}
		status, token := enrol(strings.ToLower(code.Code))
		if status != http.StatusOK || token == "" {
			t.Fatalf("the code is answered %d", status)
		}
		if status, again := enrol(code.Code); status != http.StatusGone || again != "" {
			t.Errorf("the code serves twice: %d", status)
		}
		body, _ := json.Marshal(map[string]any{"device": ids.New(), "name": "machine", "system": "", "states": map[string]string{}})
		if rec := w.ask("", "PUT", "/api/v1/organizations/"+string(w.a)+"/workstations", string(body), "Authorization", "Bearer "+token); rec.Code != http.StatusNoContent {
			t.Errorf("the token does not report: %d %s", rec.Code, rec.Body)
		}
		if rec := w.ask("", "GET", "/api/v1/me/data", "", "Authorization", "Bearer "+token); rec.Code == http.StatusOK {
			t.Error("the token of a workstation reads the person's data")
		}
	})
}
