package boot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition"
)

// TestAnAgentCannotHaveTheWholeSetReadAgainAndAgain: each of these requests reads every card, and a token may make twenty a second.
func TestAnAgentCannotHaveTheWholeSetReadAgainAndAgain(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(20))
		r.mustTurn("full")
		o, err := r.m.OpenSync(w.system(), w.a, r.link, recognition.SyncAsk{Mapping: 1})
		w.must("open", err)
		const most = 200
		asked := 0
		for ; err == nil && asked < most; asked++ {
			if asked%2 == 0 {
				_, err = r.m.SyncCells(w.system(), w.a, r.link, o.Session, 64)
			} else {
				_, err = r.m.SyncItems(w.system(), w.a, r.link, o.Session)
			}
		}
		if core.CodeOf(err) != "sync.too_many" || asked < 100 {
			t.Fatalf("after %d askings: %v", asked, err)
		}
		for path, body := range map[string]string{
			"":                                  `{"mapping":1}`,
			"/" + string(o.Session) + "/cells":  `{"cells":64}`,
			"/" + string(o.Session) + "/items":  ``,
			"/" + string(o.Session) + "/commit": fmt.Sprintf(`{"count":1,"digest":%q}`, strings.Repeat("0", 64)),
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.id.Server+"/api/v1/organizations/"+string(w.a)+"/links/"+string(r.link)+"/sync"+path, strings.NewReader(body))
			w.must("request", err)
			req.Header.Set("Authorization", "Bearer "+r.id.Token)
			req.Header.Set("Content-Type", "application/json")
			res, err := http.DefaultClient.Do(req)
			w.must("ask", err)
			var problem struct{ Code string }
			_ = json.NewDecoder(res.Body).Decode(&problem)
			w.must("close", res.Body.Close())
			after, err := strconv.Atoi(res.Header.Get("Retry-After"))
			if res.StatusCode != http.StatusTooManyRequests || problem.Code != "sync.too_many" || err != nil || after < 1 || after > 5 {
				t.Errorf("sync%s answers %d %s, Retry-After %q", path, res.StatusCode, problem.Code, res.Header.Get("Retry-After"))
			}
		}
		// Another tool of the same organization is as free as before.
		other, err := r.m.MakeLink(w.as("a.admin"), w.a, recognition.LinkDraft{Name: "Other", Kind: "csv"})
		w.must("link", err)
		_, err = r.m.OpenSync(w.system(), w.a, other, recognition.SyncAsk{Mapping: 1})
		w.must("open another", err)
	})
}
