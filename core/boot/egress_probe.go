package boot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tEgress       = i18n.T("La plateforme n'appelle que des destinations autorisées", "The platform calls authorized destinations only")
	tEgressHeld   = i18n.T("%d appels ont été tentés hors de la liste ou vers l'intérieur du réseau : tous refusés, comptés et journalisés, aucune connexion ouverte. La liste tient %d destination(s), toutes nommées par la configuration.", "%d calls were tried outside of the list or towards the inside of the network: all refused, counted and journaled, no connection opened. The list has %d destination(s), each named by the configuration.")
	tEgressOpen   = i18n.T("Une destination que personne n'a nommée a été appelée (essai %d).", "A destination that nobody named was called (trial %d).")
	tEgressInside = i18n.T("Une adresse saisie qui mène à l'intérieur du réseau a été appelée.", "A typed address that leads to the inside of the network was called.")
	tEgressMute   = i18n.T("%d appels refusés, %d inscrits au journal.", "%d calls refused, %d in the journal.")
	tEgressCount  = i18n.T("%d appels refusés, %d comptés.", "%d calls refused, %d counted.")
	tEgressList   = i18n.T("La liste tient %d destination(s), la configuration en nomme %d : l'une n'est nommée nulle part.", "The list has %d destination(s), the configuration names %d: one is named nowhere.")
)

// Probes lists the probe of the way out.
func (w wayOut) Probes() []*core.Probe {
	pretend := func(id, fr, en, value string) core.PlantedFault {
		return core.PlantedFault{ID: "egress.closed/" + id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Pretend(egress.Fact, value)}
	}
	return []*core.Probe{{
		ID: "egress.closed", Kind: core.BehaviourProbe, Title: probe.Text(tEgress), Run: w.run,
		Faults: []core.PlantedFault{
			pretend("open", "Toute destination est permise", "Every destination is permitted", egress.Open),
			pretend("inside", "Une adresse saisie peut mener à l'intérieur du réseau", "A typed address may lead to the inside of the network", egress.Within),
			pretend("mute", "Les refus ne sont pas journalisés", "Refusals are not journaled", egress.Mute),
			pretend("extra", "La liste tient une destination que rien ne nomme", "The list has a destination that nothing names", "203.0.113.7:443"),
		},
	}}
}

// bait is a server of this machine that nobody named.
type bait struct {
	net.Listener
	port   string
	called atomic.Int64
}

func newBait() (*bait, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &bait{Listener: l}
	_, b.port, err = net.SplitHostPort(l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.called.Add(1)
			_ = c.Close()
		}
	}()
	return b, err
}

// run calls what may not be called, and looks at what became of it.
func (w wayOut) run(ctx context.Context, s core.Stage) (core.Sight, error) {
	b, err := newBait()
	if err != nil {
		return core.Sight{}, err
	}
	defer b.Close()
	began, counted := w.h.cfg.Clock.Now().Add(-time.Second), w.h.egress.Refused()
	trials := []func() error{
		func() error { return hungUp(w.h.egress.Dial(ctx, "tcp", b.Addr().String())) },
		func() error { return reach(ctx, w.h.egress.Client(5*time.Second, nil), "http://"+b.Addr().String()) },
		func() error { return reach(ctx, w.h.egress.Typed(core.Strangers), "http://"+b.Addr().String()) },
	}
	for i, try := range trials {
		if !errors.Is(try(), egress.ErrRefused) {
			return probe.Broken(len(trials), i+1, tEgressOpen, i+1), nil
		}
	}
	inside, held, err := w.inside(ctx, s, b)
	if err != nil || !held {
		return probe.Broken(inside, inside, tEgressInside), err
	}
	if b.called.Load() > 0 {
		return probe.Broken(len(trials), len(trials), tEgressOpen, len(trials)), nil
	}
	n := len(trials) + inside
	return w.witnesses(ctx, b, n, began, counted)
}

// inside names, for an organization of canaries, destinations that lead inside, and calls them.
func (w wayOut) inside(ctx context.Context, s core.Stage, b *bait) (n int, held bool, err error) {
	if _, err := s.Stranger(ctx); err != nil {
		return 0, false, err
	}
	for _, address := range []string{"https://0.0.0.0:" + b.port + "/", "https://169.254.169.254/latest", "https://10.0.0.1/", "https://[fd00::1]/"} {
		system := rights.System{Name: fmt.Sprintf("Canary %d", n+1), Way: rights.ByHook, Address: address}
		id, _, err := w.h.rights.AddSystem(ctx, core.Strangers, system)
		if err != nil {
			return n, false, err
		}
		failed := reach(ctx, w.h.egress.Typed(core.Strangers), address)
		if err := w.h.rights.DropSystem(context.WithoutCancel(ctx), core.Strangers, id); err != nil {
			return n, false, err
		}
		n++
		if !errors.Is(failed, egress.ErrRefused) {
			return n, false, nil
		}
	}
	return n, true, nil
}

// witnesses looks whether n refusals were counted and journaled, and whether the list is what the configuration says.
func (w wayOut) witnesses(ctx context.Context, b *bait, n int, began time.Time, before uint64) (core.Sight, error) {
	w.h.egress.Settle()
	var entries []core.ID
	for _, resource := range []core.ID{core.ID(b.Addr().String()), core.Strangers} { // what was typed names its organization
		found, err := w.h.journal.EntriesAbout(ctx, resource, noteEgress.Permission, began, core.Platform)
		if err != nil {
			return core.Sight{}, err
		}
		entries = append(entries, found...)
	}
	if len(entries) < n {
		return probe.Broken(n, len(entries), tEgressMute, n, len(entries)), nil
	}
	if now := w.h.egress.Refused(); now < before+uint64(n) {
		return probe.Broken(n, n, tEgressCount, n, int(now-before)), nil
	}
	named, listed := w.h.destinations(), w.h.egress.Places()
	for _, p := range listed {
		if !slices.Contains(named, p) {
			return probe.Broken(len(listed), len(listed), tEgressList, len(listed), len(named)), nil
		}
	}
	sight := probe.Held(n+len(listed), n+len(listed), tEgressHeld, n, len(listed))
	sight.Entries = entries
	return sight, nil
}

// reach sends a request and gives why it did not arrive.
func reach(ctx context.Context, c *http.Client, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	a, err := c.Do(r)
	if err == nil {
		err = a.Body.Close()
	}
	return err
}

func hungUp(c net.Conn, err error) error {
	if err == nil {
		err = c.Close()
	}
	return err
}
