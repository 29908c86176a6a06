package boot

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/pop"
)

var (
	numberParam = pop.Param{Name: "number", Type: pop.Number, From: pop.FromNumber, Required: true}
	idParam     = pop.Param{Name: "id", Type: pop.Text, From: pop.FromCard + "id", Required: true}

	openCard = pop.Script{Title: "Canary card", Kind: pop.Open, For: pop.Known, Params: []pop.Param{idParam}, URL: "https://crm.example.org/contacts/{id}"}
	openNew  = pop.Script{Title: "New contact", Kind: pop.Open, For: pop.Unknown, Params: []pop.Param{numberParam}, URL: "https://crm.example.org/new?phone={number}"}
	start    = pop.Script{Title: "Start CRM", Kind: pop.Program, For: pop.Both, Params: []pop.Param{numberParam}, Path: "/usr/bin/crm", Args: []string{"--call={number}"}}
	inform   = pop.Script{
		Title: "Tell the CRM", Kind: pop.Call, By: pop.ByPlatform, For: pop.Both, Params: []pop.Param{numberParam}, Method: "POST",
		URL: "https://crm.example.org:8443/calls", Body: `{"from":"{number}"}`,
	}
)

// plantScripts makes one script of each kind for the walks, and signs the programs.
func (w *town) plantScripts() {
	w.t.Helper()
	m := w.House.recognition()
	w.limitScripts(w.a)
	for _, s := range []pop.Script{openCard, start} {
		id, err := m.MakeScript(w.system(), w.a, s)
		w.must("script", err)
		w.known["script"] = []core.ID{id}
	}
	w.must("sign", m.SignPrograms(w.as("a.admin"), w.a))
}

func (w *town) limitScripts(org core.ID) {
	w.t.Helper()
	w.must("limits", w.House.recognition().LimitScripts(w.system(), org, pop.Limits{Hosts: []string{"crm.example.org", "crm.example.org:8443"}, Schemes: []string{"mycrm"}}))
}

// actions are those of a call from a number in an organization, as a workstation is given them.
func (w *town) actions(org core.ID, c pop.Caller) (list []pop.Action) {
	w.t.Helper()
	w.must("actions", w.db.Read(w.system(), func(tx core.Tx) (err error) {
		list, err = w.House.recognition().Actions(w.system(), tx, org, c)
		return err
	}))
	return list
}

var knownCaller = pop.Caller{Number: "+33612345678", Name: "Jeanne Moulin", Known: true, Scripts: map[string]string{"id": "47/11"}}

// TestScriptsOpenTheRightRecord: for known and unknown callers, within the organization's list, undone and restored (CTI-23).
func TestScriptsOpenTheRightRecord(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		if _, err := m.MakeScript(w.system(), w.a, openCard); core.CodeOf(err) != "script.draft" {
			t.Errorf("a host that nobody allowed was kept: %v", err)
		}
		w.limitScripts(w.a)
		w.user("a.member", w.a, recognition.RoleManager)
		id, err := m.MakeScript(w.as("a.member"), w.a, openCard)
		w.must("make", err)
		_, err = m.MakeScript(w.as("a.member"), w.a, openNew)
		w.must("make", err)

		if got := w.actions(w.a, knownCaller); len(got) != 1 || got[0].URL != "https://crm.example.org/contacts/47%2F11" {
			t.Errorf("a known caller: %+v", got)
		}
		if got := w.actions(w.a, pop.Caller{Number: "+33612345678"}); len(got) != 1 || got[0].URL != "https://crm.example.org/new?phone=%2B33612345678" {
			t.Errorf("an unknown caller: %+v", got)
		}
		if got := w.actions(w.a, pop.Caller{}); len(got) != 0 {
			t.Errorf("a masked caller: %+v", got)
		}
		if got := w.actions(w.b, knownCaller); len(got) != 0 {
			t.Errorf("another organization: %+v", got)
		}

		changed := openCard
		changed.URL = "https://crm.example.org/c/{id}"
		w.must("change", m.ChangeScript(w.as("a.member"), w.a, id, 1, changed))
		if err := m.ChangeScript(w.as("a.member"), w.a, id, 1, openCard); core.CodeOf(err) != "script.changed" {
			t.Errorf("a change of what was read before another: %v", err)
		}
		w.must("remove", m.RemoveScript(w.as("a.member"), w.a, id))
		if got := w.actions(w.a, knownCaller); len(got) != 0 {
			t.Errorf("a removed script: %+v", got)
		}
		w.must("restore", m.RestoreScript(w.as("a.member"), w.a, id, 1))
		if got := w.actions(w.a, knownCaller); len(got) != 1 || !strings.Contains(got[0].URL, "/contacts/") {
			t.Errorf("a script brought back: %+v", got)
		}
		_, versions, err := m.Script(w.as("a.member"), w.a, id)
		w.must("versions", err)
		if len(versions) != 4 || versions[0].What != recognition.ScriptRestored || versions[0].Undoes != 1 || versions[0].By != w.people["a.member"] {
			t.Errorf("its history: %+v", versions)
		}

		w.must("tighten", m.LimitScripts(w.as("a.member"), w.a, pop.Limits{}))
		if got := w.actions(w.a, knownCaller); len(got) != 0 {
			t.Errorf("a host taken off the list is still opened: %+v", got)
		}
		if err := m.RestoreScript(w.as("a.member"), w.a, id, 2); core.CodeOf(err) != "script.draft" {
			t.Errorf("a version beyond the list was brought back: %v", err)
		}
	})
}

var qProgramList = db.SQL(`UPDATE recognition_program SET signature = $2 WHERE org = $1`)

// TestProgramsAreSignedByTheAdministrator: not by who set them up; a change waits for another signature; a forged list counts for nothing.
func TestProgramsAreSignedByTheAdministrator(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		w.user("a.member", w.a, recognition.RoleManager)
		id, err := m.MakeScript(w.as("a.member"), w.a, start)
		w.must("make", err)
		if got := w.actions(w.a, knownCaller); len(got) != 0 {
			t.Errorf("a program that nobody signed: %+v", got)
		}
		if err := m.SignPrograms(w.as("a.member"), w.a); core.KindOf(err) != core.Forbidden {
			t.Errorf("who set the program up signed it: %v", err)
		}
		w.must("sign", m.SignPrograms(w.as("a.admin"), w.a))
		got := w.actions(w.a, knownCaller)
		if len(got) != 1 || got[0].Program != string(id) {
			t.Fatalf("a signed program: %+v", got)
		}

		w.user("a.auditor", w.a, recognition.RoleUser)
		p, err := m.FetchPrograms(w.as("a.auditor"), w.a)
		w.must("fetch", err)
		list, err := p.Open(p.Public, string(w.a), 1)
		w.must("signature", err)
		if path, args, err := list.Command(got[0]); err != nil || path != "/usr/bin/crm" || !slices.Equal(args, []string{"--call=+33612345678"}) {
			t.Errorf("the workstation would start %s %q (%v)", path, args, err)
		}

		moved := start
		moved.Path = "/usr/bin/other"
		w.must("change", m.ChangeScript(w.as("a.member"), w.a, id, 1, moved))
		if got := w.actions(w.a, knownCaller); len(got) != 0 {
			t.Errorf("a program changed since it was signed: %+v", got)
		}
		w.must("sign again", m.SignPrograms(w.as("a.admin"), w.a))
		again, err := m.FetchPrograms(w.as("a.auditor"), w.a)
		w.must("fetch", err)
		if !slices.Equal(again.Public, p.Public) || again.List.Version != 2 || len(w.actions(w.a, knownCaller)) != 1 {
			t.Errorf("a second signature: version %d", again.List.Version)
		}

		w.exec(qProgramList, w.a, make([]byte, 64))
		if forged, err := m.FetchPrograms(w.as("a.auditor"), w.a); err != nil || len(forged.List.Programs) != 0 || len(w.actions(w.a, knownCaller)) != 0 {
			t.Errorf("a list whose signature does not hold: %+v %v", forged.List, err)
		}
	})
}

// TestThePlatformCallsOnlyWhatAScriptNames: the way out asks the rows at each request.
func TestThePlatformCallsOnlyWhatAScriptNames(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		w.limitScripts(w.a)
		allowed := func(org core.ID, address string) bool {
			ok, err := w.guestsAllow(context.Background(), org, address)
			w.must(address, err)
			return ok
		}
		if allowed(w.a, "crm.example.org:8443") {
			t.Error("a host of the list is called before any script names it")
		}
		id, err := m.MakeScript(w.system(), w.a, inform)
		w.must("make", err)
		if !allowed(w.a, "crm.example.org:8443") || allowed(w.a, "crm.example.org:443") || allowed(w.b, "crm.example.org:8443") {
			t.Error("the address of a script is not the only one, for its organization alone")
		}
		w.must("remove", m.RemoveScript(w.system(), w.a, id))
		if allowed(w.a, "crm.example.org:8443") {
			t.Error("the address of a removed script is still called")
		}
	})
}

// TestScriptsAreTriedWithoutDoingAnything: the configuration tool says what each script would do, and why one does nothing.
func TestScriptsAreTriedWithoutDoingAnything(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		w.plantCards(w.a, moulin)
		w.limitScripts(w.a)
		for _, s := range []pop.Script{openCard, openNew, start} {
			_, err := m.MakeScript(w.system(), w.a, s)
			w.must("make", err)
		}
		w.user("a.member", w.a, recognition.RoleManager)
		trial, err := m.TryScripts(w.as("a.member"), w.a, "06 12 34 56 78")
		w.must("try", err)
		if len(trial.Matches) != 1 || len(trial.Tried) != 3 || trial.Tried[0].Action.URL != "https://crm.example.org/contacts/4711" || trial.Tried[1].Error != "not_for" || trial.Tried[2].Error != "unsigned" {
			t.Errorf("a known number: %+v", trial.Tried)
		}
		if trial, err = m.TryScripts(w.as("a.member"), w.a, "anonymous"); err != nil || len(trial.Tried) != 0 {
			t.Errorf("a masked caller: %+v %v", trial, err)
		}
		if _, err := m.TryScripts(w.as("a.auditor"), w.a, "0612345678"); core.KindOf(err) != core.Forbidden {
			t.Errorf("somebody without the permission tried a number: %v", err)
		}
	})
}

// TestAWorkstationFetchesTheSignedList over the API; another organization's program learns nothing.
func TestAWorkstationFetchesTheSignedList(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantScripts()
		w.user("a.member", w.a, recognition.RoleUser)
		path := "/api/v1/organizations/" + string(w.a) + "/recognition/programs"
		if r := w.ask("a.member", http.MethodGet, path, ""); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `"public_key"`) || !strings.Contains(r.Body.String(), `"manifest"`) {
			t.Errorf("%d %s", r.Code, r.Body)
		}
		if r := w.ask("b.admin", http.MethodGet, path, ""); r.Code == http.StatusOK {
			t.Errorf("another organization's: %d %s", r.Code, r.Body)
		}
	})
}

// TestAPersonSeesWhatTheirWorkstationMayStart: which programs, what they receive, who signed; nobody else's list.
func TestAPersonSeesWhatTheirWorkstationMayStart(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		w.user("a.member", w.a, recognition.RoleUser)
		w.user("a.auditor", w.a, recognition.RoleManager)
		at := "/o/" + string(w.a) + "/recognition/workstation"
		w.on("a.member", at, `href="`+at+`/programs"`)
		w.on("a.member", at+"/programs", "has signed no program")
		_, err := m.MakeScript(w.as("a.auditor"), w.a, start)
		w.must("make", err)
		if page := w.on("a.member", at+"/programs"); strings.Contains(page, start.Path) {
			t.Error("a program that nobody signed is shown as one that may start")
		}
		w.must("sign", m.SignPrograms(w.as("a.admin"), w.a))
		w.on("a.member", at+"/programs", start.Title, start.Path, start.Args[0], "Signed by", "Canary", "Fingerprint of the key")
		for _, who := range []string{"a.auditor", "b.admin"} {
			if r := w.ask(who, http.MethodGet, at+"/programs", ""); r.Code == http.StatusOK {
				t.Errorf("%s, who has no workstation here, reads the list", who)
			}
		}
		w.exec(qProgramList, w.a, make([]byte, 64))
		if page := w.on("a.member", at+"/programs"); strings.Contains(page, start.Path) {
			t.Error("a list whose signature does not hold is shown")
		}
	})
}
