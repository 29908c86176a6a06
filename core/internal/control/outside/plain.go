package outside

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tPlain         = i18n.T("HTTP en clair est refusé, ou renvoyé vers HTTPS, sauf sur la machine elle-même", "Plain HTTP is refused, or sent to HTTPS, but on the machine itself")
	tPlainHeld     = i18n.T("%d endroit(s) essayé(s) en clair : aucun ne rend une page à une autre machine.", "%d place(s) tried in clear: none gives a page to another machine.")
	tPlainOrigin   = i18n.T("L'adresse que les gens tapent est en HTTP, au-delà de cette machine.", "The address that people type is HTTP, beyond this machine.")
	tPlainAnswers  = i18n.T("En clair, l'adresse de la plateforme répond %d au lieu de renvoyer vers HTTPS.", "In clear, the platform's address answers %d instead of sending to HTTPS.")
	tPlainListener = i18n.T("Ce processus sert des pages en clair au-delà de cette machine (port %s).", "This process serves pages in clear beyond this machine (port %s).")
	tPlainReach    = i18n.T("N'a pas pu être vu : l'adresse de la plateforme ne se laisse pas joindre d'ici.", "Could not be seen: the platform's address cannot be reached from here.")
	tFaultPlain    = i18n.T("Un serveur qui rend ses pages en clair", "A server that gives its pages in clear")
	tFaultOpen     = i18n.T("Un écouteur en clair ouvert aux autres machines", "A plain listener open to other machines")
)

func (m *Module) plain() *core.Probe {
	return outsideProbe("outside.plain", tPlain, m.runPlain,
		fault("outside.plain/answers", tFaultPlain, plantPlain),
		pretending("outside.plain/listener", tFaultOpen, map[string]string{factListeners: "0.0.0.0:8080 plain"}),
	)
}

func (m *Module) runPlain(ctx context.Context, _ core.Stage) (core.Sight, error) {
	u, err := m.origin()
	if err != nil {
		return core.Sight{}, err
	}
	tried := 0
	for _, l := range m.listeners() {
		tried++
		host, port, err := net.SplitHostPort(l.Address)
		if err != nil {
			return core.Sight{}, err
		}
		if !isLoopback(host) && !l.TLS && !l.Metrics { // figures without personal data may leave in clear
			return probe.Broken(tried, tried, tPlainListener, port), nil
		}
	}
	tried++
	switch {
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return probe.Broken(tried, tried, tPlainOrigin), nil
	default:
		status, err := m.askPlain(ctx, u)
		if err != nil {
			return core.Sight{}, err
		}
		if status != 0 {
			return probe.Broken(tried, tried, tPlainAnswers, status), nil
		}
	}
	return probe.Held(tried, tried, tPlainHeld, tried), nil
}

// askPlain asks the origin's name over plain HTTP; 0 means refused, or sent to HTTPS.
func (m *Module) askPlain(ctx context.Context, u *url.URL) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	to := "http://" + net.JoinHostPort(u.Hostname(), m.text(factPort, "80")) + "/signin"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return 0, err
	}
	c := m.n.Client
	got, err := probe.Do(c, r)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, context.DeadlineExceeded): // nobody there, or dropped on the way
		return 0, nil
	case err != nil:
		return 0, probe.Because(err, tPlainReach)
	case got.Leads("https://" + u.Hostname()):
		return 0, nil
	case got.Status == http.StatusBadRequest && strings.Contains(got.Body, "HTTPS"): // a TLS port that is spoken to in clear
		return 0, nil
	}
	return got.Status, nil
}

// plantPlain serves a page in clear for two minutes.
func plantPlain(_ context.Context, s core.Saboteur) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })}
	time.AfterFunc(2*time.Minute, func() { _ = server.Close() })
	go func() { _ = server.Serve(l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s.Pretend(factOrigin, "https://127.0.0.1")
	s.Pretend(factListeners, "")
	s.Pretend(factPort, port)
	return nil
}
