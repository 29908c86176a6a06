package outside

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tHeaders      = i18n.T("Chaque réponse porte les en-têtes qui protègent le navigateur", "Every answer carries the headers that protect the browser")
	tHeadersHeld  = i18n.T("%d réponses regardées (pages, API, fichiers, adresse inconnue) : politique de contenu à nonce neuf, Trusted Types, aucun cadre, nosniff, COOP, CORP, Referrer-Policy, Permissions-Policy%s.", "%d answers looked at (pages, API, files, unknown address): content policy with a fresh nonce, Trusted Types, no frame, nosniff, COOP, CORP, Referrer-Policy, Permissions-Policy%s.")
	tHeadersWrong = i18n.T("La réponse %s manque à sa protection : %s.", "Answer %s lacks its protection: %s.")
	tHeadersSame  = i18n.T("Le nonce de la politique de contenu est le même d'une réponse à l'autre.", "The nonce of the content policy is the same from one answer to the next.")
	tFaultPolicy  = i18n.T("La politique de contenu retirée", "The content policy taken away")
	tFaultFrame   = i18n.T("Les cadres étrangers permis", "Foreign frames permitted")
	tFaultSniff   = i18n.T("nosniff retiré", "nosniff taken away")
	tFaultNonce   = i18n.T("Un nonce qui ne change jamais", "A nonce that never changes")
)

var nonceOf = regexp.MustCompile(`'nonce-([A-Za-z0-9_\-+/=]{16,})'`)

// samplePaths are answers of every kind: a page, the API, a file, an address that does not exist, health.
var samplePaths = []string{"/signin", "/", "/api/v1/", "/no-such-page", "/livez", "/robots.txt"}

func (m *Module) headers() *core.Probe {
	return outsideProbe("outside.headers", tHeaders, m.runHeaders,
		changing("outside.headers/policy", tFaultPolicy, func(h http.Header) { h.Del("Content-Security-Policy") }),
		changing("outside.headers/frame", tFaultFrame, func(h http.Header) {
			h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors *", 1))
		}),
		changing("outside.headers/sniff", tFaultSniff, func(h http.Header) { h.Del("X-Content-Type-Options") }),
		changing("outside.headers/nonce", tFaultNonce, func(h http.Header) {
			h.Set("Content-Security-Policy", nonceOf.ReplaceAllString(h.Get("Content-Security-Policy"), "'nonce-AAAAAAAAAAAAAAAAAAAAAA'"))
		}),
	)
}

func (m *Module) runHeaders(ctx context.Context, s core.Stage) (core.Sight, error) {
	secure := strings.HasPrefix(m.n.Origin, "https://")
	visitor, nonces := s.Visitor(), map[string]bool{}
	for i, path := range samplePaths {
		got, err := probe.Get(ctx, visitor, path)
		if err != nil {
			return core.Sight{}, err
		}
		if lacks := unprotected(got.Header, secure); lacks != "" {
			return probe.Broken(len(samplePaths), i+1, tHeadersWrong, path, lacks), nil
		}
		nonces[nonceOf.FindString(got.Header.Get("Content-Security-Policy"))] = true
	}
	if len(nonces) != len(samplePaths) {
		return probe.Broken(len(samplePaths), len(samplePaths), tHeadersSame), nil
	}
	hsts := ""
	if secure {
		hsts = ", HSTS"
	}
	return probe.Held(len(samplePaths), len(samplePaths), tHeadersHeld, len(samplePaths), hsts), nil
}

// unprotected names the first header that is missing or too weak, "" when all is there (OWASP ASVS 5.0 V3.4).
func unprotected(h http.Header, secure bool) string {
	csp := directives(h.Get("Content-Security-Policy"))
	scripts := csp["script-src"]
	switch {
	case !nonceOf.MatchString(scripts) || strings.Contains(scripts, "unsafe-") || strings.Contains(scripts, "*"):
		return "Content-Security-Policy script-src"
	case csp["default-src"] != "'none'":
		return "Content-Security-Policy default-src"
	case strings.Contains(csp["style-src"], "unsafe-"):
		return "Content-Security-Policy style-src"
	case csp["frame-ancestors"] != "'none'":
		return "Content-Security-Policy frame-ancestors"
	case csp["base-uri"] != "'none'":
		return "Content-Security-Policy base-uri"
	case csp["form-action"] != "'self'" && csp["form-action"] != "'none'":
		return "Content-Security-Policy form-action"
	case csp["require-trusted-types-for"] != "'script'":
		return "Trusted Types"
	case secure && !strings.Contains(h.Get("Strict-Transport-Security"), "max-age=63072000"):
		return "Strict-Transport-Security"
	}
	for _, want := range [][2]string{
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Referrer-Policy", "same-origin"},
	} {
		if h.Get(want[0]) != want[1] {
			return want[0]
		}
	}
	if h.Get("Permissions-Policy") == "" {
		return "Permissions-Policy"
	}
	return ""
}

func directives(policy string) map[string]string {
	all := map[string]string{}
	for piece := range strings.SplitSeq(policy, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(piece), " ")
		all[name] = value
	}
	return all
}

// changing is a fault that changes the headers of every answer.
func changing(id string, title i18n.Sentence, change func(http.Header)) core.PlantedFault {
	return fault(id, title, func(_ context.Context, s core.Saboteur) error {
		s.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(&changed{ResponseWriter: w, change: change}, r)
			})
		})
		return nil
	})
}

type changed struct {
	http.ResponseWriter
	change func(http.Header)
	began  bool
}

func (c *changed) WriteHeader(status int) {
	if !c.began {
		c.began = true
		c.change(c.Header())
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *changed) Write(b []byte) (int, error) {
	if !c.began {
		c.WriteHeader(http.StatusOK)
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (c *changed) Unwrap() http.ResponseWriter { return c.ResponseWriter }
