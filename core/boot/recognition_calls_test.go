package boot

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/fake"
)

const callerNumber = "+33612345678"

// phoneRig is an organization with a demonstration exchange, one phone each.
type phoneRig struct {
	w    *town
	m    *recognition.Module
	line core.ID
	x    *fake.Exchange
}

// user gives a person a role of caller recognition.
func (w *town) user(who string, org core.ID, role string) {
	w.t.Helper()
	w.do("role of "+who, func(ctx context.Context, tx core.Tx) error {
		_, err := w.access.Assign(ctx, tx, core.Assignment{Org: org, Person: w.people[who], Role: role, Reason: "test", From: time.Now().Add(-time.Minute)})
		return err
	})
}

// phones connects a demonstration exchange of an organization: the extension of each person by name.
func (w *town) phones(org core.ID, of map[string]string) *phoneRig {
	w.t.Helper()
	rig := &phoneRig{w: w, m: w.House.recognition()}
	d := recognition.ExchangeDraft{Kind: recognition.KindFake, Title: "canary-exchange", Region: "FR"}
	for who, ext := range of {
		w.user(who, org, recognition.RoleUser)
		d.Phones = append(d.Phones, recognition.Phone{Extension: ext, Person: w.people[who]})
	}
	var err error
	rig.line, err = rig.m.MakeLine(w.system(), org, d)
	w.must("line", err)
	rig.x = rig.m.FakeExchange(rig.line)
	return rig
}

// run speaks to exchanges on this node until the test ends.
func (r *phoneRig) run() {
	r.w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.m.Run(ctx) }()
	r.w.t.Cleanup(func() {
		stop()
		r.w.must("run", <-done)
	})
	r.w.eventually("the exchange is spoken to", func() bool {
		lines, err := r.m.Lines(r.w.system(), r.w.a)
		r.w.must("lines", err)
		return slices.ContainsFunc(lines, func(x recognition.Exchange) bool { return x.ID == r.line && x.Condition == "up" })
	})
}

// eventually waits for what another goroutine does.
func (w *town) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("after ten seconds, not yet: %s", what)
		}
	}
}

func (r *phoneRig) history(who, search string) []recognition.Seen {
	r.w.t.Helper()
	list, err := r.m.History(r.w.as(who), r.w.a, recognition.HistoryQuery{Search: search})
	r.w.must("history of "+who, err)
	return list
}

// TestACallIsRecognisedForItsUserAlone: it is in the history of whose phone rang with the card, in nobody else's, and follows the call.
func TestACallIsRecognisedForItsUserAlone(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantCards(w.a, recognition.Card{Numbers: []string{callerNumber}, Name: "Élodie Martin", Company: "Valombre", Shown: map[string]string{"Contract": "gold"}})
		rig := w.phones(w.a, map[string]string{"a.member": "101", "a.people": "102"})
		rig.run()
		told, stop := rig.m.Follow(w.as("a.member"), w.a)
		defer stop()
		began := time.Now()
		call := rig.x.Ring("101", "06 12 34 56 78", "E MARTIN")
		select {
		case id := <-told:
			seen, err := rig.m.Watch(w.as("a.member"), w.a, id)
			w.must("watch", err)
			if len(seen.Cards) != 1 || seen.Cards[0].Name != "Élodie Martin" || seen.Remote != callerNumber || seen.State != line.Ringing {
				t.Errorf("the page sees %+v", seen)
			}
			t.Logf("%s from ring to page", time.Since(began))
			if _, err := rig.m.Watch(w.as("a.people"), w.a, id); core.KindOf(err) != core.NotFound {
				t.Errorf("another member sees the call: %v", err)
			}
			if _, err := rig.m.Watch(w.as("b.admin"), w.a, id); core.KindOf(err) != core.NotFound {
				t.Errorf("another organization sees the call: %v", err)
			}
		case <-time.After(3 * time.Second):
			t.Fatal("the page was told nothing")
		}
		w.must("answer", rig.x.Answer(call))
		w.must("hang up", rig.x.Hangup(call))
		w.eventually("the call ended", func() bool { h := rig.history("a.member", ""); return len(h) == 1 && h[0].State == line.Ended })
		if h := rig.history("a.people", ""); len(h) != 0 {
			t.Errorf("another member's history has %d calls", len(h))
		}
		h := rig.history("a.member", "")[0]
		w.must("note", rig.m.Note(w.as("a.member"), w.a, h.ID, "asked for an invoice"))
		if err := rig.m.Note(w.as("a.people"), w.a, h.ID, "mine"); core.KindOf(err) != core.NotFound {
			t.Errorf("another member writes a note: %v", err)
		}
		for _, search := range []string{"élodie", "valombre", "0612345678", "345678", "invoice"} {
			if len(rig.history("a.member", search)) != 1 {
				t.Errorf("%q does not find the call", search)
			}
		}
		if len(rig.history("a.member", "nobody")) != 0 {
			t.Error("a search for nobody finds the call")
		}
	})
}

var qEverythingOfCalls = db.SQL(`SELECT (SELECT count(*) FROM recognition_call WHERE masked = 1), (SELECT count(*) FROM recognition_known)`)

// TestAMaskedCallerIsNeitherLookedUpNorKept, whatever the exchange leaked, and even when it says so late.
func TestAMaskedCallerIsNeitherLookedUpNorKept(t *testing.T) {
	w := newTown(t, "")
	w.plantCards(w.a, recognition.Card{Numbers: []string{callerNumber}, Name: "Canary Hidden"})
	rig := w.phones(w.a, map[string]string{"a.member": "101"})
	report := func(call string, e line.Event) {
		e.Call, e.Extension = call, "101"
		w.must("report", rig.m.Report(w.system(), w.a, e))
	}
	report("hidden", line.Event{State: line.Ringing, Hidden: true, Remote: callerNumber, Display: "Canary Hidden"})
	report("anonymous", line.Event{State: line.Ringing, Remote: "anonymous"})
	report("prefix", line.Event{State: line.Ringing, Remote: "Restricted", Display: "Anonymous"})
	report("late", line.Event{State: line.Ringing, Remote: callerNumber, Display: "Canary Hidden"})
	if h := rig.history("a.member", "canary hidden"); len(h) != 1 {
		t.Fatalf("%d calls know the caller before the last one hides, want 1", len(h))
	}
	report("late", line.Event{State: line.Answered, Hidden: true})
	for _, c := range rig.history("a.member", "") {
		if !c.Hidden || c.Remote != "" || c.Display != "" || len(c.Cards) > 0 || len(c.Actions) > 0 {
			t.Errorf("a masked call keeps %+v", c)
		}
	}
	w.must("count", w.db.Read(t.Context(), func(tx core.Tx) error {
		counts, _, err := db.One(t.Context(), tx, qEverythingOfCalls, func(scan db.Scan) (n [2]int64, err error) { err = scan(&n[0], &n[1]); return n, err })
		if counts != [2]int64{4, 0} {
			t.Errorf("%d masked calls and %d callers known, want 4 and 0", counts[0], counts[1])
		}
		return err
	}))
}

// TestABusyPhoneStillShowsWhoRings: however many calls came and went before, the one that rings now is told to a page that opens.
func TestABusyPhoneStillShowsWhoRings(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		rig := w.phones(w.a, map[string]string{"a.member": "101"})
		for i := range 101 {
			w.must("report", rig.m.Report(w.system(), w.a, line.Event{Call: strconv.Itoa(i), Extension: "101", State: line.Missed, Remote: callerNumber}))
		}
		w.must("report", rig.m.Report(w.system(), w.a, line.Event{Call: "now", Extension: "101", State: line.Ringing, Remote: callerNumber}))
		live, err := rig.m.Live(w.as("a.member"), w.a, time.Time{})
		if err != nil || len(live) != 1 || live[0].State != line.Ringing {
			t.Errorf("%d calls are live: %v, want the one that rings", len(live), err)
		}
		missed, err := rig.m.Live(w.as("a.member"), w.a, time.Now().Add(-time.Hour))
		if err != nil || len(missed) != 100 || missed[99].State != line.Ringing {
			t.Errorf("a page that was away is told %d calls (%v), want the last hundred, the newest last", len(missed), err)
		}
	})
}

// TestALinkRemovedTakesItsNamesOutOfHistories in the same second (CTI-32.1): the number stays the person's own history, the name was the link's.
func TestALinkRemovedTakesItsNamesOutOfHistories(t *testing.T) {
	w := newTown(t, "")
	link := w.plantCards(w.a, recognition.Card{Numbers: []string{callerNumber}, Name: "Élodie Martin"})
	rig := w.phones(w.a, map[string]string{"a.member": "101"})
	w.must("report", rig.m.Report(w.system(), w.a, line.Event{Call: "1", Extension: "101", State: line.Ringing, Remote: callerNumber}))
	if h := rig.history("a.member", "élodie"); len(h) != 1 {
		t.Fatal("the caller was not recognised")
	}
	w.must("remove", rig.m.RemoveLink(w.as("a.admin"), w.a, link))
	if h := rig.history("a.member", "élodie"); len(h) != 0 {
		t.Error("the name stands in the history after its link was removed")
	}
	if h := rig.history("a.member", ""); len(h) != 1 || h[0].Remote != callerNumber || len(h[0].Cards) != 0 {
		t.Errorf("the call itself is %+v", h)
	}
}

// TestOnesOwnPhoneRingsFirst: a number dialled reaches the exchange for one's own extension, from one's own phone only.
func TestOnesOwnPhoneRingsFirst(t *testing.T) {
	w := newTown(t, "")
	rig := w.phones(w.a, map[string]string{"a.member": "101"})
	rig.run()
	w.must("dial", rig.m.Dial(w.as("a.member"), w.a, "01 42 00 00 00"))
	if d := rig.x.Dialled(); len(d) != 1 || d[0] != (fake.Dialled{Extension: "101", Number: "+33142000000"}) {
		t.Errorf("the exchange was asked %v", d)
	}
	w.eventually("the call is in the history, as one's own", func() bool {
		h := rig.history("a.member", "")
		return len(h) == 1 && h[0].Own && h[0].Outgoing
	})
	call := rig.history("a.member", "")[0]
	w.user("a.people", w.a, recognition.RoleUser)
	if err := rig.m.Hangup(w.as("a.people"), w.a, call.ID); err == nil {
		t.Error("another member hung the call up")
	}
	w.must("hang up", rig.m.Hangup(w.as("a.member"), w.a, call.ID))
	for want, number := range map[string]string{"call.number": "not a number", "call.no_phone": "0142000000"} {
		who := map[string]string{"call.number": "a.member", "call.no_phone": "a.people"}[want]
		if err := rig.m.Dial(w.as(who), w.a, number); core.CodeOf(err) != want {
			t.Errorf("%s dialling %q gives %v, want %s", who, number, err, want)
		}
	}
}

// TestOneNodeSpeaksToAnExchange, and another takes over once it has gone.
func TestOneNodeSpeaksToAnExchange(t *testing.T) {
	if coretest.RaceDetector {
		t.Skip("two houses and their database: without the detector")
	}
	one, two := twoNodes(t)
	rig := one.phones(one.a, map[string]string{"a.member": "101"})
	second := two.House.recognition()
	first, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- rig.m.Run(first) }()
	one.eventually("the first node speaks to it", func() bool {
		x, err := rig.m.Line(one.system(), one.a, rig.line)
		return err == nil && x.Condition == "up"
	})
	other, stopOther := context.WithCancel(context.Background())
	defer stopOther()
	finished := make(chan error, 1)
	go func() { finished <- second.Run(other) }()
	told, forget := second.Follow(two.as("a.member"), one.a)
	defer forget()
	rig.x.Ring("101", callerNumber, "")
	select {
	case id := <-told:
		if _, err := second.Watch(two.as("a.member"), one.a, id); err != nil {
			t.Error(err)
		}
	case <-time.After(2 * time.Second):
		t.Fatal("a page on the other node was told nothing")
	}
	if n := len(rig.history("a.member", "")); n != 1 {
		t.Fatalf("%d calls, want one: two nodes speak to one exchange", n)
	}
	one.must("dial from the other node", second.Dial(two.as("a.member"), one.a, "0142000000"))
	if d := rig.x.Dialled(); len(d) != 1 {
		t.Errorf("the exchange was asked %v", d)
	}
	stop()
	one.must("first", <-ended)
	two.eventually("the second node takes over", func() bool {
		call := second.FakeExchange(rig.line).Ring("101", "+33142000001", "")
		defer func() { _ = second.FakeExchange(rig.line).Hangup(call) }()
		time.Sleep(100 * time.Millisecond)
		return len(rig.history("a.member", "142000001")) > 0
	})
	stopOther()
	two.must("second", <-finished)
}

// plantCalls makes an exchange of organization a with a call on it, for the walks over every route.
func (w *town) plantCalls() {
	w.t.Helper()
	w.person("a.ringing", w.a, "member", "Canary") // one of their own: the walk knows by heart what the roles of the others may do
	rig := w.phones(w.a, map[string]string{"a.ringing": "canary-101"})
	w.must("report", rig.m.Report(w.system(), w.a, line.Event{Call: "canary-call", Extension: "canary-101", State: line.Ringing, Remote: "canary-caller", Display: "canary-display"}))
	w.known["line"], w.known["call"] = []core.ID{rig.line}, []core.ID{rig.history("a.ringing", "")[0].ID}
	w.known["kind"] = append(w.known["kind"], recognition.KindFake)
}

// openStream is a page that listens, over a real connection.
type openStream struct {
	who   string
	lines chan string // data of events
	ended chan time.Time
}

func (w *town) listen(t *testing.T, front, who string, org core.ID) *openStream {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front+"/o/"+string(org)+"/calls/stream", nil)
	w.must("request", err)
	req.Host = "localhost:8080"
	req.Header.Set("User-Agent", browser)
	req.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: w.cookies[who]})
	res, err := http.DefaultTransport.RoundTrip(req)
	w.must("stream of "+who, err)
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("the stream of %s answers %d", who, res.StatusCode)
	}
	s := &openStream{who: who, lines: make(chan string, 64), ended: make(chan time.Time, 1)}
	go func() {
		defer res.Body.Close()
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				s.lines <- data
			}
		}
		s.ended <- time.Now()
	}()
	return s
}

// TestSixtyFourPagesListenAtOnce: each hears its own person's call and no other; who is suspended, or signed out, or loses the role,
// hears nothing more within a second, and the others go on.
func TestSixtyFourPagesListenAtOnce(t *testing.T) {
	if coretest.RaceDetector {
		t.Skip("sixty-four sessions and their connections: without the detector")
	}
	eachTown(t, func(t *testing.T, w *town) {
		const pages = 64
		names := make([]string, pages)
		of := map[string]string{}
		for i := range names {
			names[i] = fmt.Sprintf("a.user%02d", i)
			w.person(names[i], w.a, "member", "Person")
			of[names[i]] = strconv.Itoa(200 + i)
		}
		rig := w.phones(w.a, of)
		front := httptest.NewServer(w.handler)
		t.Cleanup(front.Close)
		t.Cleanup(front.CloseClientConnections)
		streams := make([]*openStream, pages)
		for i, who := range names {
			streams[i] = w.listen(t, front.URL, who, w.a)
		}
		began := time.Now()
		for i, who := range names {
			w.must("report", rig.m.Report(w.system(), w.a, line.Event{Call: who, Extension: of[who], State: line.Ringing, Remote: fmt.Sprintf("+331420000%02d", i)}))
		}
		for i, s := range streams {
			select {
			case data := <-s.lines:
				if !strings.Contains(data, fmt.Sprintf("+331420000%02d", i)) {
					t.Errorf("%s hears %s", s.who, data)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s hears nothing", s.who)
			}
		}
		t.Logf("%d calls reported one after the other and heard on %d pages in %s", pages, pages, time.Since(began))
		cuts := map[int]func(){
			0: func() {
				w.do("suspension", func(ctx context.Context, tx core.Tx) error {
					_, err := w.access.Declare(ctx, tx, access.Suspension{Block: core.Block{Scope: "person", Reason: "security_risk", Text: "test"}, DecidedIn: w.a, Target: w.people[names[0]]}, true)
					return err
				})
			},
			1: func() {
				w.do("sign out", func(ctx context.Context, tx core.Tx) error {
					_, err := w.sessions.EndAll(ctx, tx, w.people[names[1]], "", "signed_out")
					return err
				})
			},
			2: func() {
				w.do("role", func(ctx context.Context, tx core.Tx) error {
					_, err := tx.Exec(ctx, qNoRole, w.people[names[2]], recognition.RoleUser)
					return err
				})
			},
		}
		for i, cut := range cuts {
			cut()
			at := time.Now()
			select {
			case end := <-streams[i].ended:
				if took := end.Sub(at); took > withinOneSecond {
					t.Errorf("the stream of %s went on for %s", names[i], took)
				}
			case <-time.After(3 * time.Second):
				t.Errorf("the stream of %s goes on (%d)", names[i], i)
			}
		}
		last := pages - 1
		w.must("report", rig.m.Report(w.system(), w.a, line.Event{Call: names[last], Extension: of[names[last]], State: line.Answered}))
		select {
		case <-streams[last].lines:
		case <-time.After(3 * time.Second):
			t.Error("the others do not go on")
		}
	})
}

var qNoRole = db.SQL(`DELETE FROM access_assignment WHERE person = $1 AND role = $2`)

// TestHostedExchangesTellTheirCalls: with a program's token and the permission, of one's own organization alone; a masked caller is not kept.
func TestHostedExchangesTellTheirCalls(t *testing.T) {
	w := newTown(t, "")
	rig := w.phones(w.a, map[string]string{"a.member": "101"})
	_, token, err := grants{w.House}.Grant(w.as("a.admin"), service.Granted{
		Org: w.a, Name: "exchange", Responsible: w.people["a.admin"], Role: recognition.RoleAgent, Scopes: []core.Permission{"call.report"}, Until: time.Now().Add(time.Hour),
	})
	w.must("token", err)
	_, other, err := grants{w.House}.Grant(w.as("b.admin"), service.Granted{
		Org: w.b, Name: "exchange", Responsible: w.people["b.admin"], Role: recognition.RoleAgent, Scopes: []core.Permission{"call.report"}, Until: time.Now().Add(time.Hour),
	})
	w.must("token", err)
	_, lookups := w.program(w.a, "a.admin")
	at := "/api/v1/organizations/" + string(w.a) + "/calls"
	tell := func(token, path, body string, head ...string) int {
		return w.ask("", http.MethodPost, path, body, append(head, "Authorization", "Bearer "+token)...).Code
	}
	ring := func(call, number string, hidden bool) string {
		return fmt.Sprintf(`{"call":%q,"extension":"101","state":"ringing","number":%q,"hidden":%v}`, call, number, hidden)
	}
	if code := tell(token, at, ring("1", "+33612345678", false)); code != http.StatusNoContent {
		t.Fatalf("the exchange is answered %d", code)
	}
	if code := tell(token, at, ring("2", "+33612345679", true)); code != http.StatusNoContent {
		t.Fatalf("the exchange is answered %d for a masked caller", code)
	}
	form := "event=newCall&callId=3&direction=in&from=33612345670&to=33142000000&extension=101"
	if code := tell(token, at+"/form", form, "Content-Type", "application/x-www-form-urlencoded"); code != http.StatusNoContent {
		t.Errorf("the form is answered %d", code)
	}
	h := rig.history("a.member", "")
	if len(h) != 3 || h[2].Remote != callerNumber || !h[1].Hidden || h[1].Remote != "" || h[0].Remote == "" {
		t.Errorf("the history is %+v", h)
	}
	for what, answer := range map[string]int{
		"another organization's exchange":       tell(other, at, ring("4", "+33612345678", false)),
		"a token that may only look numbers up": tell(lookups, at, ring("5", "+33612345678", false)),
		"nobody":                                tell("none", at, ring("6", "+33612345678", false)),
		"an extension that is nobody's":         tell(token, at, strings.Replace(ring("7", "+33612345678", false), "101", "999", 1)),
	} {
		if answer != http.StatusNotFound && answer != http.StatusUnauthorized {
			t.Errorf("%s is answered %d", what, answer)
		}
	}
	if n := len(rig.history("a.member", "")); n != 3 {
		t.Errorf("%d calls after what was refused", n)
	}
}
