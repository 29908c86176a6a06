package boot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/wire"
)

// TestAnAgentCannotHaveTheWholeSetReadAgainAndAgain: each of these requests reads every card, and a token may make twenty a second.
func TestAnAgentCannotHaveTheWholeSetReadAgainAndAgain(t *testing.T) {
	now := new(clock.Fake)                   // it stands still: no place comes back meanwhile
	now.Set(time.Now().Add(5 * time.Minute)) // what the town is given begins before
	onTownsWith(t, Config{Clock: now}, func(t *testing.T, w *town) {
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
			if res.StatusCode != http.StatusTooManyRequests || problem.Code != "sync.too_many" || err != nil || after != 5 {
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
// to 64 gigabytes. Whoever brought too much is told, and so are those who look after the tool; what it brings next begins from nothing.
func TestASessionBringsNoMoreThanANodeCanHold(t *testing.T) {
	w := newTown(t, "")
	r := w.syncs(contactsOf(300))
	at := "/o/" + string(w.a) + "/recognition/links/" + string(r.link)
	answering := r.opt.Source
	r.opt.Source = silent{r.tool}
	if _, err := r.turn(); core.CodeOf(err) != "source.unreachable" {
		t.Fatalf("a tool that is silent: %v", err)
	}
	r.opt.Source = answering
	ask := recognition.SyncAsk{Mapping: r.mapping(), Full: true}
	o, err := r.m.OpenSync(w.system(), w.a, r.link, ask)
	w.must("open", err)
	r.fill(o.Session, ask.Mapping)

	// The agent goes on with the session that was cut, and its own chunk is the one too many.
	if res, err := r.turn(); agent.Reason(err) != "sync.heavy" || res.Resumed == 0 {
		t.Fatalf("beyond the bound: %v, %+v", err, res)
	}
	page := w.on("a.admin", at, "Last fault", "This set of cards is too large for one synchronisation")
	if strings.Contains(page, "Being updated") {
		t.Error("the page says that cards still arrive")
	}
	for _, session := range []core.ID{"", o.Session} {
		if _, err := r.m.CommitSync(w.system(), w.a, r.link, session, 0, strings.Repeat("0", 64)); core.CodeOf(err) != "sync.session" {
			t.Errorf("what was refused is committed: %v", err)
		}
	}
	again, err := r.m.OpenSync(w.system(), w.a, r.link, ask)
	w.must("open again", err)
	if again.Next != 0 || again.Session == o.Session {
		t.Errorf("the session that was refused is gone on with at chunk %d", again.Next)
	}
	if res := r.mustTurn("full"); res.Held != 300 || res.Resumed != 0 {
		t.Errorf("the next turn: %+v", res)
	}
	r.wants("0600000007", "Person 000007")
	if page := w.on("a.admin", at, "Active"); strings.Contains(page, "Last fault") {
		t.Error("a fault that is over is still shown")
	}
}

// TestManyChangesAreBroughtAsAWhole: of changes alone the platform takes five chunks. An agent that has more of them brings the whole set
// at once, and a session that brought too many is not gone on with.
func TestManyChangesAreBroughtAsAWhole(t *testing.T) {
	w := newTown(t, "")
	r := w.syncs(contactsOf(300))
	r.opt.Rows = 40
	r.mustTurn("full")
	for i := range 250 {
		r.tool.set(fmt.Sprintf("canary-key-%06d", i), fmt.Sprintf("Somebody %06d", i), mobile(i))
	}
	if res := r.mustTurn("full"); res.Held != 300 {
		t.Errorf("seven chunks of changes: %+v", res)
	}
	r.wants("0600000007", "Somebody 000007")

	ask := recognition.SyncAsk{Mapping: r.mapping()}
	o, err := r.m.OpenSync(w.system(), w.a, r.link, ask)
	w.must("open", err)
	for n := range wire.DeltaChunks + 1 {
		chunk := wire.Chunk(ask.Mapping, wire.AppendChange(nil, wire.Change{Op: wire.Delete, ID: wire.ID{byte(n)}}))
		_, err = r.m.PushChunk(w.system(), w.a, r.link, o.Session, n, chunk)
		if n < wire.DeltaChunks {
			w.must(fmt.Sprint("chunk ", n), err)
		}
	}
	if core.CodeOf(err) != "sync.large" {
		t.Errorf("a sixth chunk of changes: %v", err)
	}
	w.on("a.admin", "/o/"+string(w.a)+"/recognition/links/"+string(r.link), "Last fault", "Too many changes at once")
	again, err := r.m.OpenSync(w.system(), w.a, r.link, ask)
	w.must("open again", err)
	if again.Next != 0 || again.Session == o.Session {
		t.Errorf("the session that was refused is gone on with at chunk %d", again.Next)
	}
	r.mustTurn("nothing")
}

// mapping is the version that the agent said when it began.
func (r *syncRig) mapping() int64 {
	r.w.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sent {
		var b struct{ Mapping int64 }
		if s.method == http.MethodPost && strings.HasSuffix(s.path, "/sync") && json.Unmarshal(s.body, &b) == nil {
			return b.Mapping
		}
	}
	r.w.t.Fatal("the agent began nothing")
	return 0
}

// fill brings a session to the brink of what it may hold: a gigabyte, of which each card takes 256 bytes besides its content.
func (r *syncRig) fill(session core.ID, mapping int64) {
	r.w.t.Helper()
	row := wire.Row{Numbers: []string{"+33142000042"}, Name: "Anne", Shown: map[string]string{}}
	for i := range wire.MostFields {
		row.Shown[fmt.Sprint("field ", i)] = strings.Repeat("a", wire.MostText)
	}
	content, err := wire.AppendContent(nil, &row)
	r.w.must("content", err)
	each := len(content) + 256
	most := (30 << 20) / each
	for n, room := 0, (1<<30)/each; room > 0; n++ {
		some := min(room, most)
		var raw []byte
		for i := range some {
			raw = wire.AppendChange(raw, wire.Change{Op: wire.Put, ID: wire.ID{byte(i >> 8), byte(i)}, Content: content})
		}
		_, err := r.m.PushChunk(r.w.system(), r.w.a, r.link, session, n, wire.Chunk(mapping, raw))
		r.w.must(fmt.Sprint("chunk ", n), err)
		room -= some
	}
}
