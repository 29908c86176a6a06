package outside

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tContact       = i18n.T("Les contacts de sécurité sont publiés (security.txt, RFC 9116)", "The security contacts are published (security.txt, RFC 9116)")
	tContactHeld   = i18n.T("/.well-known/security.txt donne %d contact(s) à un inconnu et vaut jusqu'au %s.", "/.well-known/security.txt gives %d contact(s) to a stranger and is good until %s.")
	tContactNone   = i18n.T("/.well-known/security.txt répond %d : aucun contact n'est publié.", "/.well-known/security.txt answers %d: no contact is published.")
	tContactForm   = i18n.T("/.well-known/security.txt n'est pas dans la forme de la RFC 9116 : %s.", "/.well-known/security.txt is not in the form of RFC 9116: %s.")
	tFaultGone     = i18n.T("Un security.txt absent", "An absent security.txt")
	tFaultLapsed   = i18n.T("Un security.txt périmé", "An expired security.txt")
	securityTxt    = "/.well-known/security.txt"
	plantedContact = "Contact: mailto:security@example.org\nExpires: 2020-01-01T00:00:00Z\n"
)

func (m *Module) contact() *core.Probe {
	instead := func(status int, body string) func(context.Context, core.Saboteur) error {
		return func(_ context.Context, s core.Saboteur) error {
			s.Front(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != securityTxt {
						next.ServeHTTP(w, r)
						return
					}
					w.Header().Set("Content-Type", "text/plain; charset=utf-8")
					w.WriteHeader(status)
					_, _ = w.Write([]byte(body))
				})
			})
			return nil
		}
	}
	return outsideProbe("contact.published", tContact, m.runContact,
		fault("contact.published/absent", tFaultGone, instead(http.StatusNotFound, "")),
		fault("contact.published/expired", tFaultLapsed, instead(http.StatusOK, plantedContact)),
	)
}

func (m *Module) runContact(ctx context.Context, s core.Stage) (core.Sight, error) {
	got, err := probe.Get(ctx, s.Visitor(), securityTxt)
	if err != nil {
		return core.Sight{}, err
	}
	if got.Status != http.StatusOK {
		return probe.Broken(1, 1, tContactNone, got.Status), nil
	}
	contacts, until, wrong := readSecurityTxt(got, m.n.Clock.Now())
	if wrong != "" {
		return probe.Broken(1, 1, tContactForm, wrong), nil
	}
	return probe.Held(contacts, contacts, tContactHeld, contacts, until.Format(time.DateOnly)), nil
}

// readSecurityTxt reads the fields that RFC 9116 demands: at least one contact, and one date of expiry to come.
func readSecurityTxt(got probe.Answer, now time.Time) (contacts int, until time.Time, wrong string) {
	if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain") {
		return 0, until, "Content-Type"
	}
	expires := 0
	for line := range strings.Lines(got.Body) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "contact":
			if u, err := url.Parse(value); err != nil || u.Scheme != "https" && u.Scheme != "mailto" && u.Scheme != "tel" {
				return 0, until, "Contact"
			}
			contacts++
		case "expires":
			var err error
			if until, err = time.Parse(time.RFC3339, value); err != nil {
				return 0, until, "Expires"
			}
			expires++
		}
	}
	switch {
	case contacts == 0:
		return 0, until, "Contact"
	case expires != 1, !until.After(now), until.After(now.AddDate(1, 0, 1)):
		return 0, until, "Expires"
	}
	return contacts, until, ""
}
