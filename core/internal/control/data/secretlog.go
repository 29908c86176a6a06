package data

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tSecretLog      = i18n.T("Aucun secret n'atteint le journal technique", "No secret reaches the technical log")
	tSecretLogHeld  = i18n.T("%d lignes écrites pendant une connexion, un échec et des pages d'un canari : ni mot de passe, ni clé d'authentificateur, ni session, ni adresse électronique, avant même tout masquage.", "%d lines written during a sign-in, a failure and pages of a canary: no password, no authenticator key, no session, no e-mail address, even before any masking.")
	tSecretLogFound = i18n.T("Le journal technique a reçu en clair : %s d'un canari.", "The technical log was handed in clear: %s of a canary.")
	tSecretLogNone  = i18n.T("N'a pas pu être vu : le journal technique n'a rien reçu pendant l'essai.", "Could not be seen: the technical log was handed nothing during the trial.")
	tFaultLogForm   = i18n.T("Une trace qui écrit les formulaires envoyés", "A trace that writes the forms sent")
	tFaultLogCookie = i18n.T("Une trace qui écrit les cookies", "A trace that writes cookies")
)

func (m *Module) secretLog() *core.Probe {
	return dataProbe("data.secret_log", tSecretLog, m.runSecretLog,
		m.tracing("data.secret_log/form", tFaultLogForm, func(r *http.Request) string { return readForm(r).Encode() }),
		m.tracing("data.secret_log/cookie", tFaultLogCookie, func(r *http.Request) string { return r.Header.Get("Cookie") }),
	)
}

// tracing is a fault that logs something of each request.
func (m *Module) tracing(id string, title i18n.Sentence, what func(*http.Request) string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: probe.Text(title), Plant: func(_ context.Context, s core.Saboteur) error {
		s.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				m.n.Log.DebugContext(r.Context(), "planted", "seen", what(r))
				next.ServeHTTP(w, r)
			})
		})
		return nil
	}}
}

func (m *Module) runSecretLog(ctx context.Context, s core.Stage) (core.Sight, error) {
	if m.n.Heard == nil {
		return core.Sight{}, probe.Unseen(tSecretLogNone)
	}
	stop := m.n.Heard.Listen()
	needles, err := leave(ctx, s)
	if err == nil {
		err = forget(ctx, s, &needles)
	}
	lines, whole := stop()
	if err != nil {
		return core.Sight{}, err
	}
	if len(lines) == 0 || !whole {
		return core.Sight{}, probe.Unseen(tSecretLogNone)
	}
	text := strings.Join(lines, "\n")
	for _, n := range needles {
		for _, form := range n.forms() {
			if strings.Contains(text, string(form)) {
				return probe.Broken(len(lines), len(lines), tSecretLogFound, n.what), nil
			}
		}
	}
	return probe.Held(len(lines), len(lines), tSecretLogHeld, len(lines)), nil
}

// forget makes another canary ask for a new password and open a page of its own: its address must not be logged.
func forget(ctx context.Context, s core.Stage, needles *[]needle) error {
	c, err := s.Canary(ctx)
	if err != nil {
		return err
	}
	*needles = append(*needles, needle{"e-mail address", c.Email}, needle{"password", c.Password})
	client, err := s.Enter(ctx, c)
	if err != nil {
		return err
	}
	if _, err := probe.Get(ctx, client, "/account"); err != nil {
		return err
	}
	_, err = probe.Post(ctx, s.Visitor(), "/reset", url.Values{"email": {c.Email}})
	return err
}
