package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tConsole   = i18n.T("Console", "Console")
	tOrgs      = i18n.T("Organisations", "Organizations")
	tOrgsLead  = i18n.T("Les clients de la plateforme, et le fournisseur lui-même. Leurs données restent les leurs : y entrer demande leur accord.", "The clients of the platform, and the provider itself. Their data stays theirs: entering it takes their agreement.")
	tNewOrg    = i18n.T("Créer une organisation", "Make an organization")
	tNewLead   = i18n.T("Sa première personne reçoit une invitation et l'administre.", "Its first person gets an invitation and administers it.")
	tFirst     = i18n.T("Première personne", "First person")
	tKind      = i18n.T("Nature", "Kind")
	tClient    = i18n.T("Client", "Client")
	tProvider  = i18n.T("Fournisseur", "Provider")
	tOpen      = i18n.T("Ouverte", "Open")
	tShut      = i18n.T("Fermée", "Closed")
	tSince     = i18n.T("Depuis", "Since")
	tOrgsShown = i18n.N("%d organisation sur cette page", "%d organisations sur cette page", "%d organization on this page", "%d organizations on this page")
	tNoOrg     = i18n.T("Aucune organisation", "No organization")
	tNoOrgText = i18n.T("Créez la première, ou laissez l'inscription libre ouverte.", "Make the first one, or leave self-service sign-up open.")
	tCreated   = i18n.T("Organisation créée ; l'invitation est partie.", "Organization made; the invitation has left.")
	tClose     = i18n.T("Fermer cette organisation", "Close this organization")
	tCloseLead = i18n.T("Tous ses membres la quittent : habilitations, sessions et jetons finissent dans la même seconde. Ce n'est pas une suspension : elle ne rouvre pas.", "All its members leave it: assignments, sessions and tokens end in the same second. This is no suspension: it does not open again.")
	tClosedOrg = i18n.T("Organisation fermée.", "Organization closed.")
	tSuspendIt = i18n.T("Suspendre plutôt", "Suspend it instead")
	tStaff     = i18n.T("Personnel du fournisseur", "Provider staff")
	tOrgEdit   = i18n.T("Profil de l'organisation", "Organization profile")
	tOrgSaved  = i18n.T("Profil enregistré.", "Profile saved.")
)

// orgsView is the provider's list.
type orgsView struct {
	list  []organization.OrgLine
	after core.ID
	next  core.ID
}

func kindBadge(ctx context.Context, k string) ui.Badge {
	if k == "provider" {
		return ui.Badge{Text: tProvider.In(ctx), Tone: ui.Info}
	}
	return ui.Badge{Text: tClient.In(ctx)}
}

func orgState(ctx context.Context, s string) ui.Badge {
	if s == "active" {
		return ui.Badge{Text: tOpen.In(ctx), Tone: ui.Good}
	}
	return ui.Badge{Text: tShut.In(ctx)}
}

func (v orgsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, o := range v.list {
		href := "/provider/organizations/" + string(o.ID)
		n := func(n int64) templ.Component { return ui.Words(i18n.Number(ctx, n)) }
		rows[i] = ui.Row{Label: o.Name, Href: href, Faded: o.State != "active", Cells: []templ.Component{
			ui.To(o.Name, href), kindBadge(ctx, o.Kind), orgState(ctx, o.State), n(o.Active), n(o.Invited), ui.Time{At: o.CreatedAt},
		}}
	}
	return rows
}

func (v orgsView) pager(ctx context.Context) ui.Pager {
	p := ui.Pager{Shown: tOrgsShown.In(ctx, len(v.list))}
	if v.after != "" {
		p.Previous = "/provider/organizations"
	}
	if v.next != "" {
		p.Next = "/provider/organizations?after=" + string(v.next)
	}
	return p
}

func (p pages) organizations(w http.ResponseWriter, r *http.Request) error {
	v := orgsView{after: core.ID(r.FormValue("after"))}
	var err error
	if v.list, v.next, err = p.orgs.Orgs(r.Context(), v.after, 50); err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "organization.create", "member.list"), http.StatusOK, orgsPage(v))
}

// orgForm is the form of an organization: made by the provider, or edited by its administrators.
type orgForm struct {
	org      core.Organization
	first    organization.Profile
	version  int64
	problems ui.Problems
}

func orgOf(r *http.Request) core.Organization {
	return core.Organization{Name: r.PostFormValue("name"), Language: r.PostFormValue("language"), TimeZone: r.PostFormValue("time_zone")}
}

func (p pages) creating(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, newOrgPage(orgForm{org: core.Organization{Language: "fr", TimeZone: "Europe/Paris"}}))
}

func (p pages) created(w http.ResponseWriter, r *http.Request) error {
	f := orgForm{org: orgOf(r), first: profileOf(r)}
	f.first.Functional, f.first.Language = false, f.org.Language
	id, err := p.orgs.CreateOrg(r.Context(), f.org, f.first)
	if ui.Shown(err) {
		f.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, newOrgPage(f))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/provider/organizations/"+string(id), tCreated.In(r.Context()))
}

// clientView is one organization as the provider sees it: counts, no person.
type clientView struct {
	organization.OrgLine
	reason   string
	problems ui.Problems
}

func (p pages) organization(w http.ResponseWriter, r *http.Request) error {
	return p.client(w, r, http.StatusOK, nil)
}

func (p pages) client(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	line, err := p.orgs.Client(r.Context(), core.ID(r.PathValue("client")))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "organization.close", "suspension.declare"), status, clientPage(clientView{line, r.PostFormValue("reason"), problems}))
}

func (v clientView) facts(ctx context.Context) ui.Facts {
	return ui.Facts{
		{Label: tKind.In(ctx), Value: kindBadge(ctx, v.Kind)},
		{Label: tState.In(ctx), Value: orgState(ctx, v.State)},
		{Label: tSince.In(ctx), Value: ui.Time{At: v.CreatedAt}},
		{Label: tLanguage.In(ctx), Text: languageName(ctx, v.Language)},
		{Label: tTimeZone.In(ctx), Text: v.TimeZone},
		{Label: tActives.In(ctx), Text: strconv.FormatInt(v.Active, 10)},
		{Label: tInviteds.In(ctx), Text: strconv.FormatInt(v.Invited, 10)},
		{Label: tLefts.In(ctx), Text: strconv.FormatInt(v.Left, 10)},
	}
}

func (p pages) close(w http.ResponseWriter, r *http.Request) error {
	err := p.orgs.CloseOrg(r.Context(), core.ID(r.PathValue("client")), r.PostFormValue("reason"))
	if ui.Shown(err) {
		return p.client(w, r, http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/provider/organizations", tClosedOrg.In(r.Context()))
}

func (p pages) profile(w http.ResponseWriter, r *http.Request) error {
	line, err := p.orgs.ReadOrg(r.Context(), core.ID(r.PathValue("org")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, orgProfilePage(orgForm{org: line.Organization.Organization, version: line.Version}))
}

func (p pages) profileSaved(w http.ResponseWriter, r *http.Request) error {
	f := orgForm{org: orgOf(r)}
	f.org.ID = core.ID(r.PathValue("org"))
	f.version, _ = strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err := p.orgs.EditOrg(r.Context(), f.org, f.version); ui.Shown(err) {
		f.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, orgProfilePage(f))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(f.org.ID, ""), tOrgSaved.In(r.Context()))
}
