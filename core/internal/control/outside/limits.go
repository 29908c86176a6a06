package outside

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tLimits       = i18n.T("Un flot de requêtes d'une adresse est arrêté, et les autres sont servies", "A flood from one address is stopped, and others are served")
	tLimitsHeld   = i18n.T("%d requêtes d'une adresse en %d ms : %d refusées (429, avec l'attente à respecter) à partir de la %de ; pendant ce temps une autre adresse a été servie %d fois sur %d.", "%d requests from one address in %d ms: %d refused (429, with the time to wait) from number %d on; meanwhile another address was served %d times of %d.")
	tLimitsNone   = i18n.T("%d requêtes d'une seule adresse en %d ms : %d refusée(s).", "%d requests from one address in %d ms: %d refused.")
	tLimitsOthers = i18n.T("Pendant un flot de requêtes d'une adresse, une autre n'a été servie que %d fois sur %d.", "During a flood from one address, another was served only %d times of %d.")
	tLimitsWait   = i18n.T("Le refus ne dit pas combien attendre (Retry-After).", "The refusal does not say how long to wait (Retry-After).")
	tFaultFlood   = i18n.T("Une limite qui prend chaque requête pour celle d'une autre adresse", "A limit that takes each request for another address's")
	tFaultShut    = i18n.T("Une limite qui ferme la porte à tous", "A limit that shuts the door on all")
)

const (
	floodSize   = 3000 // well above what one address may send in a burst, whatever the machine's speed
	floodEnough = 50   // refusals that show that the limit is there
)

func (m *Module) limits() *core.Probe {
	return outsideProbe("outside.limits", tLimits, m.runLimits,
		fault("outside.limits/never", tFaultFlood, func(_ context.Context, s core.Saboteur) error {
			var n atomic.Uint32
			s.Front(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					k := n.Add(1)
					r = r.Clone(r.Context())
					r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", k>>16&0xff, k>>8&0xff, k&0xff)
					next.ServeHTTP(w, r)
				})
			})
			return nil
		}),
		fault("outside.limits/all", tFaultShut, func(_ context.Context, s core.Saboteur) error {
			s.Front(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r = r.Clone(r.Context())
					r.RemoteAddr = "192.0.2.77:1" // nobody's (RFC 5737)
					next.ServeHTTP(w, r)
				})
			})
			return nil
		}),
	)
}

// runLimits floods the door from one address, while another one asks for a page now and then.
func (m *Module) runLimits(ctx context.Context, s core.Stage) (core.Sight, error) {
	flood, other := s.Visitor(), s.Visitor()
	began, sent, refused, first, served, others := time.Now(), 0, 0, 0, 0, 0
	silent := false
	for sent < floodSize && refused < floodEnough {
		got, err := probe.Get(ctx, flood, "/flood-of-a-probe")
		if err != nil {
			return core.Sight{}, err
		}
		sent++
		if got.Status != http.StatusTooManyRequests {
			continue
		}
		if refused++; refused == 1 {
			first = sent
		}
		silent = silent || got.Header.Get("Retry-After") == ""
		if refused%10 != 0 {
			continue
		}
		others++
		if got, err = probe.Get(ctx, other, "/signin"); err != nil {
			return core.Sight{}, err
		}
		if got.Status == http.StatusOK {
			served++
		}
	}
	took := int(time.Since(began).Milliseconds())
	switch {
	case refused < floodEnough:
		return probe.Broken(sent, sent, tLimitsNone, sent, took, refused), nil
	case served < others:
		return probe.Broken(sent, sent, tLimitsOthers, served, others), nil
	case silent:
		return probe.Broken(sent, sent, tLimitsWait), nil
	}
	return probe.Held(sent, sent, tLimitsHeld, sent, took, refused, first, served, others), nil
}
