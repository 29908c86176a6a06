package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tMembers     = i18n.T("Sessions des membres", "Members' sessions")
	tMembersLead = i18n.T("Qui est connecté en ce moment. Une session arrêtée ici est refusée partout dès la requête suivante ; votre propre session n'est jamais concernée.", "Who is signed in right now. A session ended here is refused everywhere from the next request on; your own session is never concerned.")
	tPerson      = i18n.T("Personne", "Person")
	tNone        = i18n.T("Aucune session en cours", "No live session")
	tNoneText    = i18n.T("Personne de cette organisation n'est connecté.", "Nobody of this organization is signed in.")
	tWhy         = i18n.T("Motif", "Reason")
	tWhyHint     = i18n.T("Il est gardé dans le journal ; les personnes concernées peuvent le demander.", "It is kept in the journal; the persons concerned may ask for it.")
	tEndTicked   = i18n.T("Mettre fin aux sessions cochées", "End the ticked sessions")
	tEndAll      = i18n.T("Mettre fin à toutes les sessions", "End every session")
	tAskAll      = i18n.T("Déconnecter tous les membres de l'organisation, sauf vous ?", "Sign out every member of the organization but you?")
	tStop        = i18n.T("Arrêter des sessions", "Stop sessions")
	tNext        = i18n.N("%d session sur cette page", "%d sessions sur cette page", "%d session on this page", "%d sessions on this page")
	tPickOne     = i18n.T("Cochez au moins une session.", "Tick at least one session.")
)

// membersView is what the page shows.
type membersView struct {
	org      core.ID
	page     session.Page
	after    core.ID
	reason   string
	problems ui.Problems
}

// place is where the sessions of an organization are; those of the provider's staff are in its console.
func place(org core.ID) string {
	if org == core.Platform {
		return "/provider/sessions"
	}
	return "/o/" + string(org) + "/sessions"
}

// orgOf is the organization of the page: the provider's own when its path names none.
func orgOf(r *http.Request) core.ID {
	if org := core.ID(r.PathValue("org")); org != "" {
		return org
	}
	return core.Platform
}

func (v membersView) section() string {
	if v.org == core.Platform {
		return ui.ProviderIn
	}
	return ui.OrgSessions
}

func (v membersView) next() string {
	if v.page.Next == "" {
		return ""
	}
	return place(v.org) + "?after=" + url.QueryEscape(string(v.page.Next))
}

func (v membersView) first() string {
	if v.after == "" {
		return ""
	}
	return place(v.org)
}

func memberRows(ctx context.Context, v membersView) []ui.Row {
	rows := make([]ui.Row, len(v.page.Sessions))
	for i, s := range v.page.Sessions {
		id := string(s.ID)
		if s.Current {
			id = "" // cannot be ticked: one does not end one's own by mistake
		}
		rows[i] = ui.Row{ID: id, Label: s.Name + ", " + what(ctx, s), Cells: []templ.Component{
			ui.Person(s.Name, ""),
			ui.Line(append([]templ.Component{ui.Words(what(ctx, s))}, marks(ctx, s)...)...),
			ui.Mono(orDash(s.Address)),
			ui.Time{At: s.Began},
			ui.Time{At: s.Used, Relative: true},
			ends(ctx, s),
		}}
	}
	return rows
}

func (p pages) load(r *http.Request) (membersView, error) {
	v := membersView{org: orgOf(r), after: core.ID(r.FormValue("after"))}
	var err error
	v.page, err = p.sessions.OfOrganization(r.Context(), v.org, v.after)
	return v, err
}

func (p pages) members(w http.ResponseWriter, r *http.Request) error {
	v, err := p.load(r)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, membersPage(v))
}

// endMembers ends the ticked sessions, or all of them, for the reason given.
func (p pages) endMembers(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), orgOf(r)
	if err := r.ParseForm(); err != nil {
		return err
	}
	reason, ticked := r.PostFormValue("reason"), r.PostForm["session"]
	var n int64
	var err error
	switch {
	case r.PostFormValue("all") != "":
		n, err = p.sessions.EndOrganization(ctx, org, reason)
	case len(ticked) == 0:
		return p.fail(w, r, http.StatusUnprocessableEntity, ui.Problems{{Text: tPickOne.In(ctx)}})
	default:
		n, err = p.endEach(ctx, org, ticked, reason)
	}
	if ui.Shown(err) {
		return p.fail(w, r, edge.StatusOf(err), ui.ProblemsOf(ctx, err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, place(org), tEndedN.In(ctx, int(n)))
}

// endEach ends sessions one by one, each with its entry; one that has ended meanwhile is what was wanted.
func (p pages) endEach(ctx context.Context, org core.ID, ids []string, reason string) (n int64, err error) {
	for _, id := range ids {
		switch err := p.sessions.EndMember(ctx, org, core.ID(id), reason); {
		case err == nil:
			n++
		case core.CodeOf(err) != "session.absent":
			return n, err
		}
	}
	return n, nil
}

// fail shows the page again with what was typed.
func (p pages) fail(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	v, err := p.load(r)
	if err != nil {
		return err
	}
	v.reason, v.problems = r.PostFormValue("reason"), problems
	return ui.Render(w, r, status, membersPage(v))
}
