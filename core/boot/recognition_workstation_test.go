package boot

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/desk"
	"github.com/rempart/rempart/services/recognition/line"
)

// deskScreen is a notification service that remembers.
type deskScreen struct {
	mu     sync.Mutex
	shown  []desk.Notice
	hidden int
}

func (s *deskScreen) Show(n desk.Notice) (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, n)
	return uint32(len(s.shown)), nil
}

func (s *deskScreen) Hide(uint32) error        { s.mu.Lock(); defer s.mu.Unlock(); s.hidden++; return nil }
func (*deskScreen) Chosen() <-chan desk.Chosen { return nil }
func (*deskScreen) Close() error               { return nil }
func (s *deskScreen) seen() (list []desk.Notice, hidden int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown, s.hidden
}

// TestTheAgentOfAWorkstationFollowsCallsAndDials is the agent itself before the platform itself: it signs in by a code, shows who calls
// within a second, takes the notice away when the call is answered, has its own phone ring, and tells how it is protected.
func TestTheAgentOfAWorkstationFollowsCallsAndDials(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		rig := w.phones(w.a, map[string]string{"a.member": "101", "a.auditor": "102"})
		rig.run()
		code, err := rig.m.InviteDesk(w.as("a.member"), w.a)
		w.must("code", err)
		account := desk.Account{URL: w.front().URL, Language: "en"}
		account.Org, account.Token, err = desk.Connect(account).Enrol(t.Context(), code.Code)
		w.must("enrolment", err)
		keep, err := desk.OpenKeep(t.TempDir())
		w.must("folder", err)
		w.must("sign-in", keep.SignIn(account))
		screen := &deskScreen{}
		platform := desk.Connect(account)
		a := &desk.Agent{
			Platform: platform, Notifier: screen, Keep: keep, Log: slog.New(slog.DiscardHandler), Open: func(string) error { return nil },
			Posture: func() desk.Posture { return desk.Posture{Name: "reception", States: map[string]string{"disk": "good"}} },
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		w.eventually("the workstation told its state", func() bool {
			list, err := rig.m.Devices(w.as("a.admin"), w.a)
			return err == nil && len(list.Devices) == 1 && list.Devices[0].Name == "reception"
		})
		w.eventually("a call is shown", func() bool {
			n, _ := screen.seen()
			if len(n) == 0 {
				w.must("ring", rig.m.Report(w.system(), w.a, line.Event{Call: "1", Extension: "101", State: line.Ringing, Remote: callerNumber}))
			}
			return len(n) > 0
		})
		w.must("ring of a colleague", rig.m.Report(w.system(), w.a, line.Event{Call: "2", Extension: "102", State: line.Ringing, Remote: callerNumber}))
		began := time.Now()
		w.must("ring", rig.m.Report(w.system(), w.a, line.Event{Call: "3", Extension: "101", State: line.Ringing, Hidden: true, Remote: callerNumber, Display: "Jeanne"}))
		w.eventually("a masked call is shown", func() bool { n, _ := screen.seen(); return len(n) > 1 })
		t.Logf("shown %v after the exchange told it", time.Since(began).Round(time.Millisecond))
		w.must("answer", rig.m.Report(w.system(), w.a, line.Event{Call: "3", Extension: "101", State: line.Answered, Hidden: true}))
		w.eventually("the notice goes", func() bool { _, hidden := screen.seen(); return hidden > 0 })
		shown, _ := screen.seen()
		if len(shown) != 2 {
			t.Errorf("%d notices, want those of one's own calls alone: %v", len(shown), shown)
		}
		if text := shown[len(shown)-1].Title + shown[len(shown)-1].Body; strings.Contains(text, "612345678") || strings.Contains(text, "Jeanne") {
			t.Errorf("a masked caller is shown: %q", text)
		}
		w.must("dial", platform.Dial(t.Context(), "06 12 34 56 78"))
		w.eventually("one's own phone rings", func() bool {
			d := rig.x.Dialled()
			return len(d) == 1 && d[0].Extension == "101" && d[0].Number == callerNumber
		})
		if err := platform.Dial(t.Context(), "not a number"); err == nil {
			t.Error("what is no number was called")
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the agent ended with %v", err)
		}
	})
}
