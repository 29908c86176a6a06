package boot

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/mail"
)

// TestThePlatformCallsWhatItsConfigurationNames and nothing else: the relay and the witnesses stand on the list, and what an
// organization typed serves for it alone, until it is withdrawn.
func TestThePlatformCallsWhatItsConfigurationNames(t *testing.T) {
	w := newTownWith(t, Config{
		Mail:      mail.Config{Relay: "relay.example.org:587", From: "Rempart <no-reply@example.org>"},
		Witnesses: []string{"https://witness.example.org/w"},
	})
	var listed []string
	for _, p := range w.House.egress.Places() {
		if p.Why == (core.Text{}) {
			t.Errorf("%s does not say why", p.Address())
		}
		listed = append(listed, p.Address())
	}
	if want := []string{"relay.example.org:587", "witness.example.org:443"}; !slices.Equal(listed, want) {
		t.Errorf("the list is %v, want %v", listed, want)
	}
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer s.Close()
	id, _, err := w.rights.AddSystem(w.as("a.admin"), w.a, rights.System{Name: "Their files", Way: rights.ByHook, Address: s.URL})
	w.must("system", err)
	calls := func(org core.ID) error { return reach(t.Context(), w.House.egress.Typed(org), s.URL) }
	w.must("typed by them", calls(w.a))
	if err := calls(w.b); !errors.Is(err, egress.ErrRefused) {
		t.Errorf("what an organization named served for another: %v", err)
	}
	w.must("drop", w.rights.DropSystem(w.as("a.admin"), w.a, id))
	if err := calls(w.a); !errors.Is(err, egress.ErrRefused) || asked != 1 {
		t.Errorf("what was withdrawn is still called (%d times): %v", asked, err)
	}
	w.House.egress.Settle()
	for _, org := range []core.ID{w.a, w.b} {
		entries, err := w.journal.EntriesAbout(t.Context(), org, "egress.refused", w.cfg.Clock.Now().AddDate(0, 0, -1), core.Platform)
		if err != nil || len(entries) != 1 {
			t.Errorf("%d entries tell of the refusal, %v", len(entries), err)
		}
	}
	// A platform that others reach does not call its own machine for a client.
	w.cfg.Origin = "https://trust.example.org"
	if w.near(w.a) || !w.near(core.Platform) {
		t.Error("who may have this machine called is wrong")
	}
}

// TestRefusalsAreCounted where the operator's figures are.
func TestRefusalsAreCounted(t *testing.T) {
	w := newTown(t, "")
	if _, err := w.House.egress.Dial(t.Context(), "tcp", "elsewhere.example:443"); !errors.Is(err, egress.ErrRefused) {
		t.Fatal(err)
	}
	r := httptest.NewRecorder()
	w.server.Metrics().ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(r.Body.String(), "rempart_egress_refused_total 1\n") {
		t.Error("the figures do not tell of the refusal")
	}
}

// TestTheProbeOfTheWayOutHoldsOnALiveHouse on each engine, and leaves no destination behind.
func TestTheProbeOfTheWayOutHoldsOnALiveHouse(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		seen, err := w.Play(t.Context(), wayOut{w.House}.Probes()[0])
		if err != nil || !seen.Held || len(seen.Entries) != 7 {
			t.Errorf("%+v, %v", seen, err)
		}
		left, err := w.rights.ListSystems(w.system(), core.Strangers)
		if err != nil || len(left) != 0 {
			t.Errorf("%d destinations are left, %v", len(left), err)
		}
	})
}
