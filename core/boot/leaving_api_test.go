package boot

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// calls makes a call of the API and gives what it answers; another status fails the test.
func (w *town) calls(who, method, path, body string, want int) map[string]any {
	w.t.Helper()
	r := w.ask(who, method, "/api/v1"+path, body)
	if r.Code != want {
		w.t.Fatalf("%s: %s %s answers %d, want %d: %s", who, method, path, r.Code, want, r.Body)
	}
	out := map[string]any{}
	if r.Body.Len() > 0 && r.Header().Get("Content-Type") != "application/zip" {
		w.must(path, json.Unmarshal(r.Body.Bytes(), &out))
	}
	return out
}

// TestLegalHoldsByTheAPI: an organization holds its own people and lifts what it placed; what the provider holds, the provider lifts.
func TestLegalHoldsByTheAPI(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		o := "/organizations/" + string(w.a)
		review := `"review_at":"` + time.Now().AddDate(0, 2, 0).Format(time.RFC3339) + `"`
		own := w.calls("a.admin", http.MethodPost, o+"/holds", `{"person":"canary-a-member@example.org","ground":"Dispute before the labour court",`+review+`}`, http.StatusCreated)["id"].(string)
		w.calls("a.admin", http.MethodPost, o+"/holds", `{"person":"canary-b-member@example.org","ground":"Somebody of another organization",`+review+`}`, http.StatusNotFound)
		w.calls("a.member", http.MethodPost, o+"/holds", `{"ground":"A member may not do this",`+review+`}`, http.StatusForbidden)
		w.calls("b.admin", http.MethodPost, "/organizations/"+string(w.b)+"/holds/"+own+"/lift", `{"why":"it is none of ours"}`, http.StatusNotFound)
		all := w.calls("provider.dpo", http.MethodPost, "/provider/holds", `{"organization":"`+string(w.a)+`","ground":"Seizure by the court, case 77",`+review+`}`, http.StatusCreated)["id"].(string)
		w.calls("a.admin", http.MethodPost, o+"/holds/"+all+"/lift", `{"why":"we would rather not"}`, http.StatusNotFound)
		w.calls("a.admin", http.MethodPost, o+"/holds/"+own+"/lift", `{"why":"the dispute is settled"}`, http.StatusNoContent)
		w.calls("a.admin", http.MethodPost, o+"/holds/"+own+"/lift", `{"why":"the dispute is settled"}`, http.StatusConflict)
		w.calls("provider.dpo", http.MethodPost, "/provider/holds/"+all+"/lift", `{"why":"the court released it"}`, http.StatusNoContent)
		for _, one := range w.calls("provider.dpo", http.MethodGet, "/provider/holds", "", http.StatusOK)["items"].([]any) {
			if h := one.(map[string]any); h["lifted_at"] == nil || h["ground"] == "" {
				t.Errorf("not lifted: %v", h)
			}
		}
		w.calls("a.admin", http.MethodGet, "/provider/holds", "", http.StatusNotFound)
	})
}

// TestAContractEndsByTheAPI: the organization ends it, takes everything away, asks for more time that the provider grants, calls it
// off; the provider sets another and cancels it.
func TestAContractEndsByTheAPI(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		o, p := "/organizations/"+string(w.a)+"/offboarding", "/provider/offboarding/"+string(w.a)
		day := func(days int) string { return `"` + time.Now().AddDate(0, 0, days).Format(time.RFC3339) + `"` }
		w.calls("a.admin", http.MethodPost, o, `{"reason":"soon","ends_at":`+day(60)+`}`, http.StatusUnprocessableEntity)
		if s := w.calls("a.admin", http.MethodPost, o, `{"reason":"we move to another provider","ends_at":`+day(60)+`}`, http.StatusOK); s["state"] != "leaving" || s["days_left"].(float64) < 59 {
			t.Errorf("it stands at %v", s)
		}
		w.calls("a.member", http.MethodGet, o+"/download", "", http.StatusForbidden)
		r := w.ask("a.admin", http.MethodGet, "/api/v1"+o+"/download", "")
		z, err := zip.NewReader(bytes.NewReader(r.Body.Bytes()), int64(r.Body.Len()))
		w.must("the file", err)
		if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "members.csv" }) {
			t.Errorf("%d files, none of them the members", len(z.File))
		}
		w.calls("a.admin", http.MethodPost, o+"/extensions", `{"until":`+day(90)+`,"reason":"the new one is not ready"}`, http.StatusOK)
		more := w.calls("provider.admin", http.MethodGet, p, "", http.StatusOK)["extensions"].([]any)[0].(map[string]any)
		w.calls("a.admin", http.MethodPost, p+"/extensions/"+more["id"].(string), `{"grant":true,"word":"a month more then"}`, http.StatusNotFound)
		w.calls("provider.admin", http.MethodPost, p+"/extensions/"+more["id"].(string), `{"grant":true,"word":"a month more then"}`, http.StatusOK)
		if s := w.calls("a.admin", http.MethodGet, o, "", http.StatusOK); s["days_left"].(float64) < 89 {
			t.Errorf("more time was granted, and it stands at %v", s)
		}
		if s := w.calls("a.admin", http.MethodPost, o+"/off", `{"reason":"we stay after all"}`, http.StatusOK); s["leaving"] != false {
			t.Errorf("called off, it stands at %v", s)
		}
		if s := w.calls("provider.admin", http.MethodPost, p, `{"reason":"not paid for a year"}`, http.StatusOK); s["state"] != "leaving" {
			t.Errorf("set by the provider, it stands at %v", s)
		}
		w.calls("provider.admin", http.MethodPost, p+"/off", `{"reason":"paid at last"}`, http.StatusOK)
		if n := len(w.calls("provider.admin", http.MethodGet, "/provider/offboarding", "", http.StatusOK)["items"].([]any)); n != 2 {
			t.Errorf("%d ends of contract, want 2", n)
		}
		w.calls("provider.admin", http.MethodGet, "/provider/offboarding/ends/"+string(core.Canaries)+"/certificate", "", http.StatusNotFound)
	})
}
