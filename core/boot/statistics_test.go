package boot

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/statistics"
)

// TestAskingAgainTellsNothingMore: the same noise, paid once; by whoever asks, on a page or through the API.
func TestAskingAgainTellsNothingMore(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		first, err := w.statistics.Ask(w.as("a.admin"), w.a, "members", "usual")
		w.must("ask", err)
		for range 25 {
			again, err := w.statistics.Ask(w.as("a.admin"), w.a, "members", "usual")
			w.must("ask again", err)
			if fmt.Sprint(again.Figures) != fmt.Sprint(first.Figures) {
				t.Fatalf("asked again it says %v, it was %v: their mean would tell the truth", again.Figures, first.Figures)
			}
		}
		v, err := w.statistics.List(w.as("a.auditor"), w.a)
		w.must("list", err)
		if v.Spent != 250 || len(v.Releases) != 1 {
			t.Errorf("%d thousandths were spent on %d figures", v.Spent, len(v.Releases))
		}
		if v, err = w.statistics.List(w.as("b.admin"), w.b); err != nil || len(v.Releases) != 0 || v.Spent != 0 {
			t.Errorf("another organization sees %v: %v", v.Releases, err)
		}
		w.see("a.admin", "/o/"+string(w.a)+"/statistics", "Members by state", "noise of", "fewer than 10")
		if r := w.ask("a.admin", http.MethodPost, "/api/v1/organizations/"+string(w.a)+"/statistics", `{"measure":"members","precision":"usual"}`); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `"value":null`) {
			t.Errorf("the API answers %d %s", r.Code, r.Body)
		}
		if _, err := w.statistics.Ask(w.as("a.admin"), w.a, "salaries", "usual"); core.KindOf(err) != core.NotFound {
			t.Errorf("a question that is not offered: %v", err)
		}
	})
}

// TestTheBudgetOfAMonthIsKept: beyond it a question is refused with words, what was given stays, and others have their own.
func TestTheBudgetOfAMonthIsKept(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		refused := ""
		for _, m := range statistics.Measures {
			for _, p := range []string{"fine", "usual", "coarse"} {
				if _, err := w.statistics.Ask(w.as("a.admin"), w.a, m.ID, p); err != nil {
					w.wantCode(m.ID, err, "statistics.spent")
					refused = m.ID
				}
			}
		}
		v, err := w.statistics.List(w.as("a.admin"), w.a)
		w.must("list", err)
		if refused == "" || v.Spent > statistics.Monthly {
			t.Errorf("%d thousandths were spent, refused: %q", v.Spent, refused)
		}
		r := w.ask("a.admin", http.MethodPost, "/o/"+string(w.a)+"/statistics", "measure="+refused+"&precision=fine")
		if r.Code != http.StatusUnprocessableEntity || !strings.Contains(r.Body.String(), "could single somebody out") {
			t.Errorf("the page answers %d", r.Code)
		}
		_, err = w.statistics.Ask(w.as("b.admin"), w.b, refused, "fine")
		w.must("another organization", err)
		_, err = w.statistics.Ask(w.as("provider.dpo"), core.Platform, "sign-ins", "fine")
		w.must("the provider", err)
	})
}
