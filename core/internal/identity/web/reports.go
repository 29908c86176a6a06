package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tReports     = i18n.T("Signalements « ce n'est pas moi »", "\"This wasn't me\" reports")
	tReportsLead = i18n.T("Les accès de la personne sont déjà coupés : il reste à comprendre et à conclure.", "The person's accesses are cut already: what is left is to understand and to conclude.")
	tOpen        = i18n.T("Ouverts", "Open")
	tHandled     = i18n.T("Traités", "Handled")
	tWho         = i18n.T("Personne", "Person")
	tWhen        = i18n.T("Reçu", "Received")
	tAbout       = i18n.T("À propos de", "About")
	tConclusion  = i18n.T("Conclusion", "Conclusion")
	tConclHint   = i18n.T("Ce qui a été constaté et fait. Scellé avec les données de la personne.", "What was found and done. Sealed with the person's data.")
	tClose       = i18n.T("Conclure", "Conclude")
	tClosed      = i18n.T("Signalement conclu.", "Report concluded.")
	tNoReport    = i18n.T("Aucun signalement ici", "No report here")
	tNoReportTxt = i18n.T("Ils arrivent par le lien de chaque message d'alerte et par la page « Ma sécurité ».", "They come through the link of each alert and through the \"My security\" page.")
	tReportOf    = i18n.T("Signalement de %s", "Report of %s")
	tStates      = i18n.T("État des signalements", "State of the reports")
	tErased      = i18n.T("Personne effacée", "Erased person")
)

// The kinds of alerts that a report answers, in words.
var alerts = map[string]i18n.Sentence{
	"signin.new_device":   i18n.T("connexion d'un nouveau navigateur", "sign-in from a new browser"),
	"signin.attack":       i18n.T("essais de mot de passe", "guesses at the password"),
	"signin.partial":      i18n.T("mot de passe donné sans second facteur", "password given without second factor"),
	"password.changed":    i18n.T("changement de mot de passe", "change of password"),
	"account.compromised": i18n.T("compte déclaré compromis", "account marked as compromised"),
	"factor.added":        i18n.T("ajout d'un second facteur", "second factor added"),
	"factor.removed":      i18n.T("retrait du second facteur", "second factor removed"),
	"address.asked":       i18n.T("demande de changement d'adresse", "request to change the address"),
	"address.changed":     i18n.T("changement d'adresse de connexion", "change of sign-in address"),
	"recovery.used":       i18n.T("usage d'un code de secours", "use of a recovery code"),
}

type reportsView struct {
	State    string
	List     []identity.Report
	Who      map[core.ID]core.Person
	Next     string
	Problems ui.Problems
	Failed   core.ID
	Typed    string
}

func (p pages) reports(w http.ResponseWriter, r *http.Request) error {
	return p.showReports(w, r, reportsView{})
}

func (p pages) showReports(w http.ResponseWriter, r *http.Request, v reportsView) (err error) {
	if v.State = "open"; r.URL.Query().Get("state") == "handled" {
		v.State = "handled"
	}
	if v.List, v.Who, err = p.m.Reports(r.Context(), v.State, core.ID(r.URL.Query().Get("before"))); err != nil {
		return err
	}
	if n := len(v.List); n == identity.ReportPage {
		v.Next = "/provider/reports?state=" + v.State + "&before=" + string(v.List[n-1].ID)
	}
	return ui.Render(w, r, status(v.Problems), reportsPage(v))
}

func (p pages) reportHandled(w http.ResponseWriter, r *http.Request) error {
	id, typed := core.ID(r.PathValue("report")), strings.TrimSpace(r.PostFormValue("conclusion"))
	err := p.m.HandleReport(r.Context(), id, typed)
	if err != nil && ui.Shown(err) {
		return p.showReports(w, r, reportsView{Problems: ui.ProblemsOf(r.Context(), err), Failed: id, Typed: typed})
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/provider/reports", tClosed.In(r.Context()))
}

func aboutWords(ctx context.Context, r identity.Report) string {
	kind, _, _ := strings.Cut(r.About, " ")
	if s, ok := alerts[kind]; ok {
		return s.In(ctx)
	}
	return tMySecurity.In(ctx)
}

func nameOf(ctx context.Context, v reportsView, r identity.Report) string {
	if p, ok := v.Who[r.Person]; ok {
		return p.Name()
	}
	return tErased.In(ctx)
}

func reportRows(ctx context.Context, v reportsView) []ui.Row {
	rows := make([]ui.Row, 0, len(v.List))
	for _, r := range v.List {
		last := templ.Component(ui.Words(r.Conclusion))
		if r.State == "open" {
			last = ui.Button{Label: tClose.In(ctx), Small: true, Opens: "close-" + string(r.ID), Hint: nameOf(ctx, v, r)}
		}
		rows = append(rows, ui.Row{ID: string(r.ID), Label: nameOf(ctx, v, r), Cells: []templ.Component{
			ui.Person(nameOf(ctx, v, r), v.Who[r.Person].Email), ui.Time{At: r.At, Relative: true}, ui.Words(aboutWords(ctx, r)), last,
		}})
	}
	return rows
}
