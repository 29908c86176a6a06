package ui

import (
	"context"
	"net/http"

	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	tNotFound   = i18n.T("Page introuvable", "Page not found")
	tForbidden  = i18n.T("Accès refusé", "Access refused")
	tTooMany    = i18n.T("Trop de demandes", "Too many requests")
	tBusy       = i18n.T("Un instant", "One moment")
	tGone       = i18n.T("Ce lien ne sert plus", "This link no longer works")
	tConflict   = i18n.T("Demande impossible", "Request not possible")
	tBadRequest = i18n.T("Demande incorrecte", "Bad request")
	tInternal   = i18n.T("Une erreur de notre côté", "An error on our side")
	tHome       = i18n.T("Retour à l'accueil", "Back to the home page")
	tRetryIn    = i18n.N("Réessayez dans %d seconde.", "Réessayez dans %d secondes.", "Try again in %d second.", "Try again in %d seconds.")
	tRetryMin   = i18n.N("Réessayez dans %d minute.", "Réessayez dans %d minutes.", "Try again in %d minute.", "Try again in %d minutes.")
	tRequest    = i18n.T("Identifiant de la requête", "Request id")
	tErrorCode  = i18n.T("Code", "Code")
)

// ErrorPage shows an error to people. It asks nothing of the database: it must work when nothing else does.
func ErrorPage(w http.ResponseWriter, r *http.Request, p edge.Problem) {
	f, _ := r.Context().Value(frameKey{}).(Frame)
	s := scene{path: backOf(r), theme: ThemeOf(r), version: f.Version, contact: f.Contact, request: p.Request}
	page := failure(p)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", i18n.Of(r.Context()).String())
	w.WriteHeader(p.Status)
	// The reader may be gone: nothing is left to tell them.
	_ = page.Render(context.WithValue(r.Context(), sceneKey{}, s), w)
}

// backOf is the page to come back to after a choice of language: the one asked for, when it was only read.
func backOf(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	return "/"
}

// failureTitle says in a word what happened.
func failureTitle(status int) i18n.Sentence {
	switch status {
	case http.StatusNotFound:
		return tNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return tForbidden
	case http.StatusTooManyRequests:
		return tTooMany
	case http.StatusServiceUnavailable:
		return tBusy
	case http.StatusGone:
		return tGone
	case http.StatusConflict, http.StatusPreconditionFailed:
		return tConflict
	case http.StatusInternalServerError:
		return tInternal
	}
	return tBadRequest
}

// wait says when to try again.
func wait(ctx context.Context, p edge.Problem) string {
	switch n := int(p.RetryAfter.Seconds()); {
	case p.RetryAfter <= 0:
		return ""
	case n < 90:
		return tRetryIn.In(ctx, max(n, 1))
	default:
		return tRetryMin.In(ctx, (n+59)/60)
	}
}
