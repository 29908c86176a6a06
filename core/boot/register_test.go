package boot

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/internal/register/export"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/paper/papertest"
	"github.com/rempart/rempart/services"
)

var (
	qRefusals    = db.SQL(`SELECT count(*) FROM register_flag`)
	qVersionBody = db.SQL(`SELECT body FROM register_version WHERE org = $1`)
)

// plantRecord writes an activity by hand into the register of organization a, for the walks.
func (w *town) plantRecord() {
	w.t.Helper()
	id, err := w.register.Save(w.as("a.admin"), w.a, register.Draft{Kind: register.Added, Values: byHand("canary-activity")})
	w.must("plant in the register", err)
	w.known["hand"], w.known["activity"] = []core.ID{id}, []core.ID{id}
}

func byHand(title string) map[string]string {
	return map[string]string{
		"title": title, "about": "Tenir la liste", "part": "controller", "purposes": "cantine\nfacturation", "basis": "public_task", "persons": "élèves",
		"data": "nom\nallergies (sensible)", "retention": "un an", "recipients": "=HYPERLINK(1)",
	}
}

// views reads a form as the officer of the provider, or of organization a.
func (w *town) views(org core.ID, part core.Part) register.View {
	w.t.Helper()
	who := "provider.dpo"
	if org != core.Platform {
		who = "a.admin"
	}
	v, err := w.register.View(w.as(who), org, part)
	w.must("read the register", err)
	return v
}

func recordEntry(v register.View, id string) (register.Entry, bool) {
	i := slices.IndexFunc(v.Activities, func(e register.Entry) bool { return e.ID == id })
	if i < 0 {
		return register.Entry{}, false
	}
	return v.Activities[i], true
}

// TestTheRegisterIsWrittenByTheProgram: each form says what article 30 asks, from what the rooms declare.
func TestTheRegisterIsWrittenByTheProgram(t *testing.T) {
	w := newTown(t, "")
	client := w.views(w.a, core.Controller)
	accounts, ok := recordEntry(client, "identity.accounts")
	if !ok {
		t.Fatal("a client does not see what is done with its people's accounts")
	}
	if len(accounts.Purposes) == 0 || len(accounts.Bases) == 0 || len(accounts.Persons) == 0 || len(accounts.Data) == 0 || len(accounts.Retention) == 0 || len(accounts.Tables) == 0 {
		t.Errorf("an activity lacks what article 30 asks: %+v", accounts)
	}
	if _, shown := recordEntry(client, "attestation.duties"); shown {
		t.Error("a client's register shows what the provider does for itself")
	}
	own, acting := w.views(core.Platform, core.Controller), w.views(core.Platform, core.Processor)
	if _, ok := recordEntry(own, "attestation.duties"); !ok {
		t.Error("the provider's form as a controller lacks the training of its staff")
	}
	if _, ok := recordEntry(acting, "identity.accounts"); !ok || len(acting.Controllers) != 2 || acting.Controllers[0].Name == "" {
		t.Errorf("the provider's form as a processor names controllers %v", acting.Controllers)
	}
	for _, v := range []register.View{own, acting} {
		for _, e := range v.Activities {
			if e.Title.FR == "" || e.About.EN == "" || len(e.Purposes) == 0 || len(e.Data) > 0 && (len(e.Persons) == 0 || len(e.Retention) == 0) {
				t.Errorf("%s lacks what article 30 asks", e.ID)
			}
		}
	}
	if _, err := w.register.View(w.as("b.admin"), w.a, core.Controller); core.KindOf(err) != core.NotFound {
		t.Errorf("another organization reads the register: %v", err)
	}
}

// TestTheOfficerApprovesWhatTheyRead: what changes afterwards is said in words, and the approval is of one hash.
func TestTheOfficerApprovesWhatTheyRead(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.person("a.privacy", w.a, "privacy", "Canary")
		first := w.views(w.a, core.Controller)
		if first.Last != nil || len(first.Changes) > 0 {
			t.Fatal("a register that nobody approved says otherwise")
		}
		if err := w.register.Approve(w.as("a.privacy"), w.a, core.Controller, strings.Repeat("0", 64)); core.CodeOf(err) != "register.changed" {
			t.Errorf("approved something else than what stands: %v", err)
		}
		stale := w.as("a.privacy")
		actor := core.ActorOf(stale)
		actor.AuthenticatedAt = time.Now().Add(-time.Hour)
		if err := w.register.Approve(core.WithActor(stale, actor), w.a, core.Controller, first.Hash); core.KindOf(err) != core.StepUp {
			t.Errorf("approved without a fresh proof of identity: %v", err)
		}
		if err := w.register.Approve(w.as("a.auditor"), w.a, core.Controller, first.Hash); core.KindOf(err) != core.Forbidden {
			t.Errorf("an auditor approved: %v", err)
		}
		w.must("approve", w.register.Approve(w.as("a.privacy"), w.a, core.Controller, first.Hash))
		if v := w.views(w.a, core.Controller); v.Last == nil || v.Last.Hash != first.Hash || len(v.Changes) > 0 || v.Last.Entry == "" {
			t.Fatalf("the approval reads %+v, changes %v", v.Last, v.Changes)
		}
		if err := w.register.Approve(w.as("a.privacy"), w.a, core.Controller, first.Hash); core.CodeOf(err) != "register.approved" {
			t.Errorf("approved twice: %v", err)
		}
		id, err := w.register.Save(w.as("a.admin"), w.a, register.Draft{Kind: register.Added, Values: byHand("Cantine")})
		w.must("add by hand", err)
		_, err = w.register.Save(w.as("a.admin"), w.a, register.Draft{Kind: register.Sentence, Target: "identity.accounts", Values: map[string]string{"text": "Les élus aussi."}})
		w.must("a sentence", err)
		v := w.views(w.a, core.Controller)
		e, _ := recordEntry(v, string(id))
		if !e.ByHand || e.Revision != 1 || len(e.Purposes) != 2 || v.Hash == first.Hash {
			t.Errorf("what was written by hand reads %+v", e)
		}
		said := ""
		for _, c := range v.Changes {
			said += c.FR + "\n"
		}
		if !strings.Contains(said, "Activité ajoutée : Cantine.") || !strings.Contains(said, "phrases écrites à la main : ajout de « Les élus aussi. »") || len(v.Changes) != 2 {
			t.Errorf("the difference says:\n%s", said)
		}
		values := byHand("Cantine scolaire")
		if _, err := w.register.Save(w.as("a.admin"), w.a, register.Draft{ID: id, Kind: register.Added, Revision: 3, Values: values}); core.CodeOf(err) != "register.changed" {
			t.Errorf("a version that was not read was written over: %v", err)
		}
		_, err = w.register.Save(w.as("a.admin"), w.a, register.Draft{ID: id, Kind: register.Added, Revision: 1, Values: values})
		w.must("change", err)
		versions, err := w.register.One(w.as("a.auditor"), w.a, id)
		if err != nil || len(versions) != 2 || versions[1].Values["title"] != "Cantine" {
			t.Errorf("the versions read %v, %v", versions, err)
		}
		w.must("sealed", w.db.Read(t.Context(), func(tx core.Tx) error {
			bodies, err := db.All(t.Context(), tx, qVersionBody, db.Value[[]byte], w.a)
			for _, b := range bodies {
				if bytes.Contains(b, []byte("Cantine")) {
					t.Error("what was written by hand is in clear in the database")
				}
			}
			return err
		}))
		w.must("end", w.register.End(w.as("a.admin"), w.a, id))
		if _, there := recordEntry(w.views(w.a, core.Controller), string(id)); there {
			t.Error("what was taken out still stands")
		}
		_, err = w.register.Save(w.as("b.admin"), w.b, register.Draft{ID: id, Kind: register.Added, Revision: 2, Values: values})
		if core.KindOf(err) != core.NotFound {
			t.Errorf("another organization changed it: %v", err)
		}
	})
}

// TestAPurposeThatTheRegisterDoesNotHaveIsRefused: at the gate, before anything is read, and the refusal is journaled.
func TestAPurposeThatTheRegisterDoesNotHaveIsRefused(t *testing.T) {
	w := newTown(t, "")
	read := false
	act := &core.Act{Def: review.ReadSharing, Org: w.a, Purpose: "advertising"}
	err := w.gate.Read(w.as("a.admin"), act, func(core.Tx) error { read = true; return nil })
	if core.CodeOf(err) != "purpose.unknown" || read {
		t.Fatalf("a read for advertising: %v (read: %t)", err, read)
	}
	late := &core.Act{Def: review.ReadSharing, Org: w.a}
	if err := w.gate.Read(w.as("a.admin"), late, func(core.Tx) error { late.Purpose = "advertising"; return nil }); core.CodeOf(err) != "purpose.unknown" {
		t.Errorf("a read that turns out to be for advertising: %v", err)
	}
	if err := w.gate.Read(w.as("a.admin"), &core.Act{Def: review.ReadSharing, Org: w.a}, func(core.Tx) error { return nil }); err != nil {
		t.Errorf("the declared purpose: %v", err)
	}
	if err := w.gate.Change(w.system(), &core.Act{Def: review.FlagSharing, Org: w.a, Purpose: "advertising"}, func(core.Tx) error { return nil }); core.CodeOf(err) != "purpose.unknown" {
		t.Errorf("the platform's own work for advertising: %v", err)
	}
}

// TestASuspendedActivityStops: its acts are refused from the next request on, those of its neighbour are not, and what carries the
// platform cannot be suspended.
func TestASuspendedActivityStops(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		page := "/o/" + string(w.a) + "/sharing"
		if r := w.ask("a.admin", http.MethodGet, page, ""); r.Code != http.StatusOK {
			t.Fatalf("before: %d", r.Code)
		}
		at := "/provider/register/activities/review.sharing"
		if r := w.ask("provider.dpo", http.MethodPost, at+"/suspend", "reason="); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("suspended without a reason: %d", r.Code)
		}
		if r := w.ask("provider.dpo", http.MethodPost, at+"/suspend", url.Values{"reason": {"Analyse d'impact à refaire"}}.Encode()); r.Code != http.StatusSeeOther {
			t.Fatalf("suspend: %d %s", r.Code, r.Body)
		}
		r := w.ask("a.admin", http.MethodGet, page, "")
		if r.Code != http.StatusForbidden || !strings.Contains(r.Body.String(), "purpose.unknown") || !strings.Contains(r.Body.String(), "data-protection officer") {
			t.Errorf("after: %d %s", r.Code, r.Body)
		}
		if r := w.ask("a.admin", http.MethodGet, "/o/"+string(w.a)+"/dormant", ""); r.Code != http.StatusOK {
			t.Errorf("the neighbour activity is refused too: %d", r.Code)
		}
		if e, _ := recordEntry(w.views(w.a, core.Controller), "review.sharing"); !e.Suspended {
			t.Error("the client's register does not say that the activity is suspended")
		}
		w.must("the door", w.db.Read(t.Context(), func(tx core.Tx) error {
			list, err := w.registrar().Activities(t.Context(), tx, w.a)
			if slices.ContainsFunc(list, func(a core.Activity) bool { return a.ID == "review.sharing" }) || !slices.ContainsFunc(list, func(a core.Activity) bool { return a.ID == "review.requests" }) {
				t.Error("other rooms are told that the suspended activity is in force, or not of its neighbour")
			}
			return err
		}))
		if err := w.register.Suspend(w.as("provider.dpo"), core.Platform, "session.sessions", "all of it"); core.CodeOf(err) != "register.ground" {
			t.Errorf("suspended what carries the platform: %v", err)
		}
		if err := w.register.Suspend(w.as("provider.admin"), core.Platform, "review.requests", "no"); core.KindOf(err) != core.Forbidden {
			t.Errorf("an administrator suspended: %v", err)
		}
		if r := w.ask("provider.dpo", http.MethodPost, at+"/resume", "x=1"); r.Code != http.StatusSeeOther {
			t.Fatalf("resume: %d", r.Code)
		}
		if r := w.ask("a.admin", http.MethodGet, page, ""); r.Code != http.StatusOK {
			t.Errorf("back in force: %d", r.Code)
		}
		w.person("a.privacy", w.a, "privacy", "Canary")
		w.must("suspend at home", w.register.Suspend(w.as("a.privacy"), w.a, "review.sharing", "not with us"))
		if r := w.ask("a.admin", http.MethodGet, page, ""); r.Code != http.StatusForbidden {
			t.Errorf("suspended by its organization: %d", r.Code)
		}
		if r := w.ask("b.admin", http.MethodGet, "/o/"+string(w.b)+"/sharing", ""); r.Code != http.StatusOK {
			t.Errorf("suspended by one organization, refused to another: %d", r.Code)
		}
	})
}

// TestASuspensionActsOnEveryNode: within a second.
func TestASuspensionActsOnEveryNode(t *testing.T) {
	one, two := twoNodes(t)
	cut(t, two, "a.admin", "/o/"+string(one.a)+"/sharing", func() {
		one.must("suspend", one.register.Suspend(one.as("provider.dpo"), core.Platform, "review.sharing", "a test"))
	})
}

// TestPersonsReadWhatIsDoneWithTheirData (articles 13 and 14): each reads the register of their own organizations and of the provider,
// what is written by hand included, and of no other; what is suspended is not done and not said.
func TestPersonsReadWhatIsDoneWithTheirData(t *testing.T) {
	w := newTown(t, "")
	w.plantRecord()
	page := w.ask("a.member", http.MethodGet, "/me/register", "").Body.String()
	for _, want := range []string{"Canary Alpha", "The provider", "canary-activity", "public task", "un an", "Members of organizations"} {
		if !strings.Contains(page, want) {
			t.Errorf("a member of a does not read %q", want)
		}
	}
	if page := w.ask("b.member", http.MethodGet, "/me/register", "").Body.String(); strings.Contains(page, "Canary Alpha") || strings.Contains(page, "canary-activity") {
		t.Error("a member of b reads the register of a")
	}
	if r := w.ask("", http.MethodGet, "/me/register", ""); r.Code != http.StatusSeeOther {
		t.Errorf("nobody reads it: %d", r.Code)
	}
	const paused = "Accounts that seem shared"
	before := strings.Count(page, paused)
	w.must("suspend", w.register.Suspend(w.as("provider.dpo"), core.Platform, "review.sharing", "a test"))
	if after := strings.Count(w.ask("a.member", http.MethodGet, "/me/register", "").Body.String(), paused); before == 0 || after >= before {
		t.Errorf("a suspended activity is said %d times, %d before", after, before)
	}
}

// programsAreToldToo: what comes by the API is looked at in the same way, and what was refused was never kept.
func (w *town) programsAreToldToo(t *testing.T) {
	t.Helper()
	holds := "/api/v1/organizations/" + string(w.a) + "/holds"
	review := `","review_at":"` + time.Now().AddDate(0, 1, 0).Format(time.RFC3339) + `"}`
	r := w.ask("a.admin", http.MethodPost, holds, `{"ground":"Claim of Paul, who is on sick leave since May`+review)
	if r.Code != http.StatusCreated || r.Header().Get("Rempart-Sensitive") != "health" {
		t.Errorf("%d, told %q: %s", r.Code, r.Header().Get("Rempart-Sensitive"), r.Body)
	}
	if n := w.views(w.a, core.Controller).Flags[0].Count; n != 2 {
		t.Errorf("counted %d times, want 2", n)
	}
	for name, body := range map[string]string{
		"of nothing": `{"ground":"Seizure by the court of Rennes` + review, "refused": `{"ground":"on sick leave here","review_at":"2020-01-01T00:00:00Z"}`,
	} {
		if r := w.ask("a.admin", http.MethodPost, holds, body); r.Header().Get("Rempart-Sensitive") != "" || name == "refused" && r.Code < 400 {
			t.Errorf("%s: %d, told %q", name, r.Code, r.Header().Get("Rempart-Sensitive"))
		}
	}
	if n := w.views(w.a, core.Controller).Flags[0].Count; n != 2 {
		t.Errorf("what was refused, or says nothing, counts: %d", n)
	}
}

// TestWhatSeemsSensitiveIsToldAndCounted: the typist reads it on the next page, the administrator a count, and nobody the text.
func TestWhatSeemsSensitiveIsToldAndCounted(t *testing.T) {
	w := newTown(t, "")
	body := url.Values{"kind": {register.Sentence}, "target": {"identity.accounts"}, "text": {"Paul est hospitalisé, ne pas le relancer"}}.Encode()
	r := w.ask("a.admin", http.MethodPost, "/o/"+string(w.a)+"/register/hands", body)
	if r.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	next := httpGetWithCookies(w, "a.admin", "/o/"+string(w.a)+"/register", r.Result().Cookies())
	if !strings.Contains(next, "seems to hold sensitive data (health)") {
		t.Error("whoever typed it is not told")
	}
	if !strings.Contains(next, "Free texts") || w.views(w.a, core.Controller).Flags[0].Count != 1 {
		t.Error("the administrator sees no count")
	}
	if v := w.views(core.Platform, core.Controller); len(v.Flags) != 0 {
		t.Errorf("another register counts it: %v", v.Flags)
	}
	w.programsAreToldToo(t)
	w.must("rows", w.db.Read(t.Context(), func(tx core.Tx) error {
		n, _, err := db.One(t.Context(), tx, qRefusals, db.Value[int])
		if n != 1 {
			t.Errorf("%d rows are kept, want one count", n)
		}
		return err
	}))
}

func httpGetWithCookies(w *town, who, path string, cookies []*http.Cookie) string {
	w.t.Helper()
	var list []string
	for _, c := range cookies {
		list = append(list, c.Name+"="+c.Value)
	}
	list = append(list, "__Host-session="+w.cookies[who])
	return w.ask("", http.MethodGet, path, "", "Cookie", strings.Join(list, "; ")).Body.String()
}

// TestTheRegisterIsExported in each form, and LibreOffice opens the spreadsheet: a common page, then a sheet per activity.
func TestTheRegisterIsExported(t *testing.T) {
	w := newTown(t, "")
	_, err := w.register.Save(w.as("provider.dpo"), core.Platform, register.Draft{Kind: register.Added, Values: byHand("Paie")})
	w.must("add", err)
	v := w.views(core.Platform, core.Controller)
	files := map[string][]byte{}
	for _, format := range export.Formats {
		r := w.ask("provider.dpo", http.MethodGet, "/provider/register/export/"+format, "")
		if r.Code != http.StatusOK || !strings.Contains(r.Header().Get("Content-Disposition"), "."+format) {
			t.Fatalf("%s: %d %v", format, r.Code, r.Header())
		}
		files[format] = r.Body.Bytes()
	}
	if r := w.ask("provider.dpo", http.MethodGet, "/provider/register/export/doc", ""); r.Code != http.StatusNotFound {
		t.Errorf("an unknown format answers %d", r.Code)
	}
	var read struct {
		Activities []struct{ ID string }
		SHA256     string
	}
	if err := json.Unmarshal(files["json"], &read); err != nil || len(read.Activities) != len(v.Activities) || read.SHA256 != v.Hash {
		t.Errorf("the JSON reads %d activities, hash %s: %v", len(read.Activities), read.SHA256, err)
	}
	if n := bytes.Count(files["csv"], []byte("\n")); n < len(v.Activities)+1 || bytes.Contains(files["csv"], []byte(",=HYPER")) || !bytes.Contains(files["csv"], []byte("'=HYPER")) {
		t.Errorf("the CSV has %d lines, or runs a formula", n)
	}
	if !bytes.HasPrefix(files["pdf"], []byte("%PDF-1.")) {
		t.Error("the PDF is none")
	}
	content := odfPart(t, files["ods"], "content.xml")
	if n := strings.Count(content, "<table:table "); n != len(v.Activities)+1 {
		t.Errorf("%d sheets for %d activities", n, len(v.Activities))
	}
	if text := odfPart(t, files["odt"], "content.xml"); !strings.Contains(text, "Paie") || !strings.Contains(text, "written by hand (version 1)") {
		t.Error("the text lacks the activity written by hand, or does not mark it")
	}
	t.Run("in LibreOffice", func(t *testing.T) {
		dir := papertest.Convert(t, "r.ods", files["ods"], papertest.Sheets)
		sheets, _ := filepath.Glob(filepath.Join(dir, "r-*.csv"))
		if len(sheets) != len(v.Activities)+1 {
			t.Fatalf("LibreOffice reads %d sheets for %d activities", len(sheets), len(v.Activities))
		}
		common, err := os.ReadFile(filepath.Join(dir, "r-Common page.csv"))
		if err != nil || !bytes.Contains(common, []byte("The provider")) || !bytes.Contains(common, []byte("Paie")) || !bytes.Contains(common, []byte(v.Hash)) {
			t.Errorf("the common page reads %q, %v", common, err)
		}
	})
}

func odfPart(t *testing.T, file []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPeopleGetWhatTheyWroteIntoTheRegister, and an erasure says why it stays.
func TestPeopleGetWhatTheyWroteIntoTheRegister(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.person("a.privacy", w.a, "privacy", "Canary")
		_, err := w.register.Save(w.as("a.privacy"), w.a, register.Draft{Kind: register.Card, Values: map[string]string{"name": "Ville d'Alizé", "officer": "M. Zéphyr"}})
		w.must("card", err)
		w.must("approve", w.register.Approve(w.as("a.privacy"), w.a, core.Controller, w.views(w.a, core.Controller).Hash))
		w.must("suspend", w.register.Suspend(w.as("a.privacy"), w.a, "review.sharing", "a reason of one's own"))
		got := map[string]core.Record{}
		w.must("export", w.db.Read(t.Context(), func(tx core.Tx) error {
			return w.register.ExportPerson(t.Context(), tx, w.people["a.privacy"], func(r core.Record) error { got[r.Table] = r; return nil })
		}))
		if len(got) != 3 || got["register_suspension"].Values["reason"] != "a reason of one's own" {
			t.Errorf("exported %v", got)
		}
		w.must("erase", w.gate.Keep(w.system(), register.Trying, func(tx core.Tx) error {
			receipts, err := w.register.ErasePerson(t.Context(), tx, w.people["a.privacy"])
			if len(receipts) != 3 || receipts[0].Ground == "" || receipts[0].Why == (core.Text{}) {
				t.Errorf("an erasure answers %v", receipts)
			}
			return err
		}))
		acting := w.views(core.Platform, core.Processor)
		if i := slices.IndexFunc(acting.Controllers, func(c register.Client) bool { return c.Org == w.a }); i < 0 || acting.Controllers[i].Card["officer"] != "M. Zéphyr" {
			t.Error("the provider's form does not name the controller's officer (article 30-2-a)")
		}
	})
}

// BenchmarkBar measures what the register adds to each act: a look at two maps.
func BenchmarkBar(b *testing.B) {
	w := newTown(b, "")
	ctx, act := w.as("a.admin"), &core.Act{Def: review.ReadSharing, Org: w.a}
	actor := core.ActorOf(ctx)
	for _, suspended := range []bool{false, true} {
		name := "nothing suspended"
		if suspended {
			name = "an activity suspended"
			w.must("suspend", w.register.Suspend(w.as("provider.dpo"), core.Platform, "terms.acceptance", "a measure"))
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := w.register.Bar(ctx, nil, actor, act); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var qUnexplained = db.SQLOn(db.SQLite, `ALTER TABLE organization_member ADD COLUMN shoe_size TEXT`)

// TestTheHouseRefusesToOpenOnWhatNobodyExplains: a column that appeared in the schema, and that no manifest treats.
func TestTheHouseRefusesToOpenOnWhatNobodyExplains(t *testing.T) {
	cfg := Config{Services: services.All, Data: t.TempDir(), Origin: "http://localhost:8080", Log: slog.New(slog.DiscardHandler)}
	for _, want := range []string{"", "column organization_member.shoe_size has no treatment"} {
		h, err := New(t.Context(), cfg)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Fatalf("opening gives %v, want %q", err, want)
		}
		if err != nil {
			return
		}
		if err := h.db.Write(t.Context(), func(tx core.Tx) error { _, err := tx.Exec(t.Context(), qUnexplained); return err }); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
