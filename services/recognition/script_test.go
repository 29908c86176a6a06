package recognition

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/number"
	"github.com/rempart/rempart/services/recognition/pop"
)

// TestTheRequestOfAScriptIsSentAsItStands: its method, headers and body; a redirect or an error is told, and nothing is followed.
func TestTheRequestOfAScriptIsSentAsItStands(t *testing.T) {
	answer := http.StatusNoContent
	var got, body string
	crm := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, body = r.Method+" "+r.URL.String()+" "+r.Header.Get("X-Caller")+" "+r.Header.Get("Content-Type"), string(text)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answer)
	}))
	defer crm.Close()
	client := crm.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // as the way out does
	m := &Module{needs: Needs{Client: func(org core.ID) *http.Client {
		if org != "a" {
			t.Errorf("the way out of %q was taken", org)
		}
		return client
	}}}
	a := pop.Action{Kind: pop.Call, By: pop.ByPlatform, Method: "POST", URL: crm.URL + "/calls?tel=%2B33612345678", Headers: map[string]string{"X-Caller": "Moulin"}, Body: `{"n":"+33612345678"}`}
	if err := m.perform(t.Context(), "a", a); err != nil || got != "POST /calls?tel=%2B33612345678 Moulin application/json" || body != a.Body {
		t.Errorf("%v: %s %s", err, got, body)
	}
	for _, status := range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		answer = status
		if err := m.perform(t.Context(), "a", a); core.CodeOf(err) != "script.answered" {
			t.Errorf("%d: %v", status, err)
		}
	}
	crm.Close()
	if err := m.perform(t.Context(), "a", a); core.CodeOf(err) != "script.unreachable" {
		t.Errorf("nobody there: %v", err)
	}
}

// TestACompanysNumberDoesNotMakeThePersonKnown: what scripts get of a caller is the same when a call comes and when a number is tried.
func TestACompanysNumberDoesNotMakeThePersonKnown(t *testing.T) {
	n := number.Parse("01 42 00 12 99", HomeRegion)
	person := Match{Card: Card{Name: "Jeanne Moulin", Company: "Valombre", Scripts: map[string]string{"id": "7"}}}
	trunk := person
	trunk.CompanyOnly = true
	if c := callerOf(n, []Match{person}); !c.Known || c.Name != "Jeanne Moulin" || c.Scripts["id"] != "7" {
		t.Errorf("a person found is told as %+v", c)
	}
	if c := callerOf(n, []Match{trunk}); c.Known || c.Name != "" || c.Scripts != nil || c.Company != "Valombre" || c.Number != "+33142001299" {
		t.Errorf("a company found is told as %+v", c)
	}
	if c := callerOf(number.Parse("101", HomeRegion), nil); c.Number != "" {
		t.Errorf("an extension starts scripts as %q", c.Number)
	}
}
