package boot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

// silent is a tool that does not answer: its host is its customer's business.
type silent struct{ *contacts }

func (silent) Read(context.Context, func(source.Record) error) error {
	return tool.Unreachable("canary-host.example")
}

// TestThePageOfATool says how its synchronisation goes: when it was last proven and is next due, what waits for a person, what failed
// and why, in words.
func TestThePageOfAToolSaysHowItGoes(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(30))
		at := "/o/" + string(w.a) + "/recognition/links/" + string(r.link)
		w.on("a.admin", at, "not yet", "No synchronisation")
		r.mustTurn("full")
		w.on("a.admin", at, "Active", "Next expected", "Digests equal", "Digest proven equal")

		answering := r.opt.Source
		r.opt.Source = silent{r.tool}
		if _, err := r.turn(); core.CodeOf(err) != "source.unreachable" {
			t.Fatalf("a tool that is silent: %v", err)
		}
		page := w.on("a.admin", at, "Last fault", "does not answer", "Tool not readable")
		if strings.Contains(page, "canary-host") || strings.Contains(page, "%s") {
			t.Error("the page names the customer's machine, or shows a hole")
		}
		w.on("a.admin", "/o/"+string(w.a)+"/recognition", "Tool not readable")
		r.opt.Source = answering
		r.mustTurn("nothing")
		if page := w.on("a.admin", at, "Active"); strings.Contains(page, "Last fault") {
			t.Error("a fault that is over is still shown")
		}

		for i := range 10 {
			delete(r.tool.list, "canary-key-00000"+string(rune('0'+i)))
		}
		if _, err := r.turn(); core.CodeOf(err) != "agent.waiting" {
			t.Fatalf("a third less: %v", err)
		}
		w.on("a.admin", at, "An update waits for your approval", "would take away 10 of 30 cards", "Held")
		w.must("refuse", r.m.Refuse(w.as("a.admin"), w.a, r.link))
		w.on("a.admin", at, "Refused", "Somebody refused this update")

		for _, word := range []string{"source.x y", "someone@example.org", "sync.differs", ""} {
			if err := r.m.ReportFault(w.system(), w.a, r.link, word); core.CodeOf(err) != "sync.fault" {
				t.Errorf("%q is taken for a word of ours: %v", word, err)
			}
		}
	})
}

// TestALateToolIsSaidToBeLate: by a letter to those who set it up, on its page and on the overview, until it comes back.
func TestALateToolIsSaidToBeLate(t *testing.T) {
	fake := new(clock.Fake)
	fake.Set(time.Now().Add(5 * time.Minute)) // what the town is given begins before
	w := newTownWith(t, Config{Clock: fake})
	m := w.House.recognition()
	w.manager("a.admin", w.a)
	link, err := m.MakeLink(w.as("a.admin"), w.a, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	w.must("link", err)
	base := "/o/" + string(w.a) + "/recognition"
	at := base + "/links/" + string(link)
	turn := func() {
		t.Helper()
		o, err := m.OpenSync(w.system(), w.a, link, recognition.SyncAsk{Mapping: 1, Every: 600})
		w.must("open", err)
		_, err = m.CommitSync(w.system(), w.a, link, o.Session, 0, o.Digest)
		w.must("commit", err)
	}
	turn()
	if page := w.on("a.admin", at, "Next expected"); strings.Contains(page, "is late") {
		t.Error("late at once")
	}
	fake.Advance(61 * time.Minute)
	w.begin("a.admin")
	w.on("a.admin", at, "“CRM” is late", "Late")
	w.on("a.admin", base, "“CRM” is late")
	for range 2 {
		_, err = m.WatchSync(w.system())
		w.must("watch", err)
	}
	if n := w.letters("recognition.late"); n != 1 {
		t.Errorf("%d letters, want 1", n)
	}
	fake.Advance(time.Minute)
	turn()
	if page := w.on("a.admin", at); strings.Contains(page, "is late") {
		t.Error("still late after it came back")
	}
	fake.Advance(61 * time.Minute)
	_, err = m.WatchSync(w.system())
	w.must("watch", err)
	if n := w.letters("recognition.late"); n != 2 {
		t.Errorf("%d letters after it was late anew, want 2", n)
	}
}

// TestAnInstallCodeEndsAfterAQuarterOfAnHour: at fourteen minutes it serves, at sixteen it does not, and the page says so.
func TestAnInstallCodeEndsAfterAQuarterOfAnHour(t *testing.T) {
	fake := new(clock.Fake)
	fake.Set(time.Now().Add(5 * time.Minute)) // what the town is given begins before
	w := newTownWith(t, Config{Clock: fake})
	m := w.House.recognition()
	w.manager("a.admin", w.a)
	link, err := m.MakeLink(w.system(), w.a, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	w.must("link", err)
	invite := func() string {
		t.Helper()
		made, err := m.InviteAgent(w.as("a.admin"), w.a, recognition.ForSync, link, "srv-late")
		w.must("code", err)
		return made.Code
	}
	over, serves := invite(), invite()
	fake.Advance(14 * time.Minute)
	if got, err := m.Enrol(w.as("stranger"), serves); err != nil || got.Link != link {
		t.Errorf("at fourteen minutes: %v", err)
	}
	w.on("a.admin", "/o/"+string(w.a)+"/recognition/links/"+string(link), "code waiting")
	fake.Advance(2 * time.Minute)
	if got, err := m.Enrol(w.as("stranger"), over); core.CodeOf(err) != "enrol.code" || got.Token != "" {
		t.Errorf("at sixteen minutes: %v", err)
	}
	if page := w.on("a.admin", "/o/"+string(w.a)+"/recognition/links/"+string(link)); strings.Contains(page, "code waiting") {
		t.Error("a code that is over still waits")
	}
}
