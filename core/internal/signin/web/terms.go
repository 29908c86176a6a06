package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTermsTitle = i18n.T("Conditions à accepter", "Terms to accept")
	tTermsLead  = i18n.T("L'accès se fait sous les conditions en vigueur. Lisez-les, puis acceptez-les pour continuer.", "Access is under the terms in force. Read them, then accept them to go on.")
	tTermsNew   = i18n.T("J'accepte « %s » (version %d)", "I accept \"%s\" (version %d)")
	tTermsOld   = i18n.T("Vous aviez accepté la version %d.", "You had accepted version %d.")
	tRead       = i18n.T("Lire : %s", "Read: %s")
	tAccept     = i18n.T("Accepter et continuer", "Accept and continue")
	tRefuse     = i18n.T("Pas maintenant", "Not now")
)

func (p pages) terms(w http.ResponseWriter, r *http.Request) error {
	f, ok, err := p.at(w, r, "terms")
	if !ok {
		return err
	}
	return ui.Render(w, r, http.StatusOK, termsPage(f.Terms, nil))
}

func (p pages) termsAccepted(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	var shown []core.Terms
	for name := range r.PostForm {
		rest, ticked := strings.CutPrefix(name, "accept_")
		document, version, _ := strings.Cut(rest, "_")
		if n, err := strconv.ParseInt(version, 10, 64); ticked && err == nil {
			shown = append(shown, core.Terms{Document: core.ID(document), Version: n})
		}
	}
	err := p.m.AcceptTerms(r.Context(), flowOf(r), shown)
	return p.after(w, r, err, func(list ui.Problems) error {
		f, ok, atErr := p.at(w, r, "terms")
		if !ok {
			return atErr
		}
		return ui.Render(w, r, status(list, err), termsPage(f.Terms, list))
	})
}

// termsField names the box of one version of one document: each has its own, so that each can be ticked and named.
func termsField(t core.Terms) string {
	return "accept_" + string(t.Document) + "_" + strconv.FormatInt(t.Version, 10)
}

func before(ctx context.Context, t core.Terms) string {
	if t.Before == 0 {
		return ""
	}
	return tTermsOld.In(ctx, t.Before)
}
