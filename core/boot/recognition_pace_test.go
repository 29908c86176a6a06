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
	"github.com/rempart/rempart/services/recognition/wire"
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

// TestASessionBringsNoMoreThanANodeCanHold: what it brought is held at once where cards are written, and 2,000 chunks of 3 kilobytes open
// to 64 gigabytes.
func TestASessionBringsNoMoreThanANodeCanHold(t *testing.T) {
	w := newTown(t, "")
	r := w.syncs(contactsOf(1))
	row := wire.Row{Numbers: []string{"+33142000042"}, Name: "Anne", Shown: map[string]string{}}
	for i := range wire.MostFields {
		row.Shown[fmt.Sprint("field ", i)] = strings.Repeat("a", wire.MostText)
	}
	content, err := wire.AppendContent(nil, &row)
	w.must("content", err)
	var raw []byte
	for i := range 900 {
		raw = wire.AppendChange(raw, wire.Change{Op: wire.Put, ID: wire.ID{byte(i >> 8), byte(i)}, Content: content})
	}
	chunk := wire.Chunk(1, raw)
	o, err := r.m.OpenSync(w.system(), w.a, r.link, recognition.SyncAsk{Mapping: 1, Full: true, Fresh: true})
	w.must("open", err)
	brought := 0
	for n := 0; err == nil && brought < 2<<30; n++ {
		if _, err = r.m.PushChunk(w.system(), w.a, r.link, o.Session, n, chunk); err == nil {
			brought += len(raw)
		}
	}
	if core.CodeOf(err) != "sync.heavy" || brought > 1<<30 || brought < 1<<29 {
		t.Fatalf("after %d MB: %v", brought>>20, err)
	}
	// Whoever begins anew begins from nothing.
	o, err = r.m.OpenSync(w.system(), w.a, r.link, recognition.SyncAsk{Mapping: 1, Full: true, Fresh: true})
	w.must("open again", err)
	_, err = r.m.PushChunk(w.system(), w.a, r.link, o.Session, 0, chunk)
	w.must("push again", err)
}
