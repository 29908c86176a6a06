package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tSupportTitle = i18n.T("Support du prestataire", "Provider support")
	tSupportLead  = i18n.T("Le prestataire n'entre pas chez vous. Pour qu'une personne de son support puisse lire votre espace, ouvrez-le-lui vous-même, jusqu'à une date.", "The provider does not enter your space. For a person of its support to read it, open it to them yourself, until a date.")
	tClosed       = i18n.T("Votre espace est fermé au prestataire", "Your space is closed to the provider")
	tClosedText   = i18n.T("Aucune personne du prestataire ne peut rien lire ici.", "No person of the provider can read anything here.")
	tOpenNow      = i18n.N("Votre espace est ouvert à %d personne du prestataire", "Votre espace est ouvert à %d personnes du prestataire", "Your space is open to %d person of the provider", "Your space is open to %d people of the provider")
	tOpen         = i18n.T("Ouvrir au support", "Open to support")
	tStaffEmail   = i18n.T("Adresse électronique de la personne du support", "E-mail address of the person of support")
	tSupportUntil = i18n.T("Jusqu'au (inclus), 90 jours au plus", "Until (included), 90 days at most")
	tSupportWhy   = i18n.T("Numéro du ticket, question posée…", "Ticket number, question asked…")
	tOpened       = i18n.T("L'espace est ouvert à cette personne ; tout ce qu'elle lit est au journal.", "The space is open to this person; everything they read is in the journal.")
	tOpenedBy     = i18n.T("Ouvert par", "Opened by")
	tStaffTable   = i18n.T("Habilitations du personnel", "Habilitations of staff")
	tStaffTLead   = i18n.T("Fonction, personne, portée : tout rôle du prestataire et tout accès de support qu'un client a ouvert. Les autres sont techniquement bloqués.", "Function, person, scope: every role of the provider and every support access that a client opened. Everyone else is technically blocked.")
	tFullTable    = i18n.T("Table détaillée", "Detailed table")
)

type supportView struct {
	place    place
	lines    []access.Line
	names    map[core.ID]string
	form     giveForm
	problems ui.Problems
}

func (p pages) support(w http.ResponseWriter, r *http.Request) error {
	return p.showSupport(w, r, http.StatusOK, giveForm{}, nil)
}

func (p pages) showSupport(w http.ResponseWriter, r *http.Request, status int, f giveForm, problems ui.Problems) error {
	at := placeOf(r)
	lines, names, err := p.m.SupportLines(r.Context(), at.org)
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, supportPage(supportView{at, lines, names, f, problems}))
}

func (p pages) openToSupport(w http.ResponseWriter, r *http.Request) error {
	at, f := placeOf(r), readGive(r)
	f.Role, f.Service, f.Object = access.RoleSupport, "", ""
	a, err := f.assignment(at.org)
	if err == nil {
		_, err = p.m.GiveTo(r.Context(), f.Email, a)
	}
	if ui.Shown(err) {
		return p.showSupport(w, r, http.StatusUnprocessableEntity, f, renamed(ui.ProblemsOf(r.Context(), err), "person", "email"))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/o/"+string(at.org)+"/support", tOpened.In(r.Context()))
}

func (v supportView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.lines))
	for i, l := range v.lines {
		name := nameOf(ctx, v.names, l.Person)
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.PersonLink(name, "", v.place.person(l.Person)),
			ui.Time{At: l.From, Relative: true},
			ui.Time{At: l.Until},
			ui.Words(nameOf(ctx, v.names, l.Approver)), ui.Words(l.Reason), revokeForm(v.place, l.ID, name),
		}}
	}
	return rows
}

// staffView is the table of staff habilitations.
type staffView struct {
	lines []access.StaffLine
	at    string
}

func (p pages) staff(w http.ResponseWriter, r *http.Request) error {
	at, text, err := p.asOf(r)
	if err != nil {
		return err
	}
	lines, err := p.m.ViewStaff(r.Context(), at)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, staffPage(staffView{lines, text}))
}

func (p pages) staffFile(w http.ResponseWriter, r *http.Request) error {
	at, _, err := p.asOf(r)
	if err != nil {
		return err
	}
	f, err := p.m.ExportStaff(r.Context(), at, format(r))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

func (v staffView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.lines))
	for i, l := range v.lines {
		scope := templ.Component(ui.Words(tPlatform.In(ctx)))
		if l.Org != core.Platform {
			scope = ui.To(l.OrgName, "/o/"+string(l.Org)+"/habilitations")
		}
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.Words(l.Function), ui.PersonLink(orSomeone(ctx, l.Name), "", "/o/platform/habilitations/persons/"+string(l.Person)), ui.Words(i18n.From(l.RoleTitle).In(ctx)), scope,
			ui.Time{At: l.From, Relative: true},
			ui.Time{At: l.Until, Never: tNoEnd.In(ctx)},
			ui.Words(l.Reason),
		}}
	}
	return rows
}
