package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tLead       = i18n.T("Qui appartient à l'organisation, et à quel titre.", "Who belongs to the organization, and as what.")
	tInvite     = i18n.T("Inviter", "Invite")
	tImport     = i18n.T("Importer", "Import")
	tPresent    = i18n.T("Présents", "Present")
	tStates     = i18n.T("État des membres", "State of members")
	tActives    = i18n.T("Actifs", "Active")
	tInviteds   = i18n.T("Invités", "Invited")
	tLefts      = i18n.T("Partis", "Left")
	tFilter     = i18n.T("Filtrer", "Filter")
	tAnyOf      = i18n.T("%s : tous", "%s: any")
	tRole       = i18n.T("Rôle", "Role")
	tSearch     = i18n.T("Chercher", "Search")
	tSearchHint = i18n.T("Nom ou adresse", "Name or address")
	tFound      = i18n.N("%d membre trouvé", "%d membres trouvés", "%d member found", "%d members found")
	tMore       = i18n.T("Plus de 200 membres correspondent : précisez la recherche.", "More than 200 members match: be more precise.")
	tShown      = i18n.N("%d membre sur cette page", "%d membres sur cette page", "%d member on this page", "%d members on this page")
	tCSV        = i18n.T("CSV", "CSV")
	tXLSX       = i18n.T("Excel", "Excel")
	tExportHint = i18n.T("de ce qui est affiché", "of what is shown")
	tResend     = i18n.T("Renvoyer l'invitation", "Resend invitation")
	tMove       = i18n.T("Changer de service", "Change department")
	tRemove     = i18n.T("Retirer", "Remove")
	tSuspend    = i18n.T("Suspendre", "Suspend")
	tNobody     = i18n.T("Aucun membre ici", "No member here")
	tNobodyText = i18n.T("Aucun membre ne correspond à ce qui est demandé.", "No member matches what is asked.")
	tClear      = i18n.T("Tout afficher", "Show all")
	tFunctional = i18n.T("compte fonctionnel", "functional account")
	tResent     = i18n.N("%d invitation renvoyée.", "%d invitations renvoyées.", "%d invitation sent again.", "%d invitations sent again.")
	tMoved      = i18n.N("%d membre changé de service.", "%d membres changés de service.", "%d member moved.", "%d members moved.")
	tRemoved    = i18n.N("%d membre retiré ; ses droits, sessions et jetons sont finis.", "%d membres retirés ; leurs droits, sessions et jetons sont finis.", "%d member removed; their rights, sessions and tokens have ended.", "%d members removed; their rights, sessions and tokens have ended.")
	tSuspended  = i18n.N("%d membre suspendu.", "%d membres suspendus.", "%d member suspended.", "%d members suspended.")
)

// listView is what the list shows.
type listView struct {
	org      core.ID
	f        organization.Filter
	page     organization.Page
	roles    []ui.Option
	suspend  bool
	photos   map[core.ID]core.ID
	problems ui.Problems
}

// href gives the address of the list with one thing changed. What is searched for is never in it.
func (v listView) href(change func(*organization.Filter)) string {
	f := v.f
	f.After = ""
	change(&f)
	return at(v.org, "/members") + query(f)
}

func query(f organization.Filter) string {
	q := url.Values{}
	for _, p := range [][2]string{{"state", f.State}, {"department", f.Department}, {"function", f.Function}, {"role", f.Role}, {"sort", f.Sort}, {"after", string(f.After)}} {
		if p[1] != "" {
			q.Set(p[0], p[1])
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func filterOf(r *http.Request) organization.Filter {
	return organization.Filter{
		State: r.FormValue("state"), Department: r.FormValue("department"), Function: r.FormValue("function"),
		Role: r.FormValue("role"), Sort: r.FormValue("sort"), After: core.ID(r.FormValue("after")), Limit: 50,
	}
}

func (v listView) exportHref(format string) string {
	f := v.f
	f.After = ""
	q := query(f)
	if q == "" {
		return at(v.org, "/members/export?format="+format)
	}
	return at(v.org, "/members/export") + q + "&format=" + format
}

func (v listView) sortHref(sort string) string {
	return v.href(func(f *organization.Filter) { f.Sort = sort })
}

func (v listView) sort() string {
	if v.f.Sort == "" {
		return "name"
	}
	return v.f.Sort
}

func (v listView) tabs(ctx context.Context) ui.Tabs {
	tab := func(label, state string, n int64) ui.Tab {
		return ui.Tab{Label: label, Href: v.href(func(f *organization.Filter) { f.State = state }), Current: v.f.State == state, Count: int(n)}
	}
	return ui.Tabs{Label: tStates.In(ctx), Items: []ui.Tab{
		tab(tPresent.In(ctx), "", v.page.Active+v.page.Invited), tab(tActives.In(ctx), "active", v.page.Active),
		tab(tInviteds.In(ctx), "invited", v.page.Invited), tab(tLefts.In(ctx), "left", v.page.Left),
	}}
}

func labelOptions(ctx context.Context, what i18n.Sentence, list []organization.Label) []ui.Option {
	out := []ui.Option{{Value: "", Label: tAnyOf.In(ctx, what.In(ctx))}}
	for _, l := range list {
		out = append(out, ui.Option{Value: l.ID, Label: l.Text})
	}
	return out
}

func textOf(options []ui.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

func (v listView) chips(ctx context.Context) ui.Chips {
	c := ui.Chips{Clear: at(v.org, "/members")}
	add := func(label, value, text string, drop func(*organization.Filter)) {
		if value != "" {
			c.Items = append(c.Items, ui.Chip{Label: label, Value: text, Remove: v.href(drop)})
		}
	}
	add(tDepartment.In(ctx), v.f.Department, textOf(labelOptions(ctx, tDepartment, v.page.Departments), v.f.Department), func(f *organization.Filter) { f.Department = "" })
	add(tFunction.In(ctx), v.f.Function, textOf(labelOptions(ctx, tFunction, v.page.Functions), v.f.Function), func(f *organization.Filter) { f.Function = "" })
	add(tRole.In(ctx), v.f.Role, textOf(v.roles, v.f.Role), func(f *organization.Filter) { f.Role = "" })
	return c
}

func (v listView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.page.Members))
	for i, m := range v.page.Members {
		href := at(v.org, "/members/"+string(m.ID))
		note := m.Email
		if m.Functional {
			note += " · " + tFunctional.In(ctx)
		}
		id := string(m.ID)
		if m.State == "left" {
			id = ""
		}
		rows[i] = ui.Row{ID: id, Label: m.Name, Href: href, Faded: m.State == "left", Cells: []templ.Component{
			ui.Face(m.Name, note, href, photoOf(m, v.photos)), ui.Words(m.Function), ui.Words(m.Department),
			ui.Words(v.page.Managers[m.Manager]), badge(ctx, m.State),
			ui.Time{At: m.InvitedAt, Relative: true},
		}}
	}
	return rows
}

func personsOf(list []organization.Member) []core.ID {
	out := make([]core.ID, len(list))
	for i, m := range list {
		out[i] = m.Person
	}
	return out
}

// photoOf is the address of a member's photo, "" when there is none: another one for each version of it. Whoever has not
// accepted an invitation is a stranger, whose photo is not shown.
func photoOf(m organization.Member, photos map[core.ID]core.ID) string {
	if m.State != "active" || photos[m.Person] == "" {
		return ""
	}
	return at(m.Org, "/persons/"+string(m.Person)+"/photo?v="+string(photos[m.Person]))
}

func (p pages) view(r *http.Request, f organization.Filter) (listView, error) {
	v := listView{org: core.ID(r.PathValue("org")), f: f, suspend: p.suspend != nil}
	var err error
	if p.roles != nil {
		if v.roles, err = p.roles(r.Context(), v.org); err != nil {
			return v, err
		}
	}
	if v.page, err = p.orgs.List(r.Context(), v.org, f); err != nil {
		return v, err
	}
	v.photos, err = p.photos(r.Context(), personsOf(v.page.Members))
	return v, err
}

func (p pages) members(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r, filterOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, membersPage(v))
}

// search answers a POST: what is looked for is a name, and names never stand in an address.
func (p pages) search(w http.ResponseWriter, r *http.Request) error {
	f := filterOf(r)
	f.Find, f.After, f.Limit = r.PostFormValue("find"), "", 200
	v, err := p.view(r, f)
	if err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, membersPage(v))
}

func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	format := r.FormValue("format")
	out, err := p.orgs.Export(r.Context(), core.ID(r.PathValue("org")), filterOf(r), format)
	if err != nil {
		return err
	}
	kind := "text/csv; charset=utf-8"
	if format == "xlsx" {
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="members-`+p.now().UTC().Format("2006-01-02")+"."+format+`"`)
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(out)
	return err
}

// bulkView is the page that asks for what a bulk act needs: a reason, a department.
type bulkView struct {
	org      core.ID
	do       string // "move", "remove" or "suspend"
	members  []organization.Member
	known    []organization.Label
	values   url.Values
	problems ui.Problems
}

var (
	tBulkMove     = i18n.N("Changer de service %d membre", "Changer de service %d membres", "Change the department of %d member", "Change the department of %d members")
	tBulkRemove   = i18n.N("Retirer %d membre", "Retirer %d membres", "Remove %d member", "Remove %d members")
	tBulkSuspend  = i18n.N("Suspendre %d membre", "Suspendre %d membres", "Suspend %d member", "Suspend %d members")
	tRemoveWarn   = i18n.T("Leurs habilitations, sessions et jetons finissent dans la même seconde. Les comptes fonctionnels dont ils répondent passent à leur responsable.", "Their assignments, sessions and tokens end in the same second. The functional accounts they answer for pass to their manager.")
	tNewDepart    = i18n.T("Nouveau service", "New department")
	tNewDepartHow = i18n.T("Laissez vide pour n'en mettre aucun. Existants : %s", "Leave empty for none. Existing ones: %s")
	tUntil        = i18n.T("Jusqu'au", "Until")
	tUntilHint    = i18n.T("Vide : jusqu'à ce que quelqu'un la lève.", "Empty: until somebody lifts it.")
	tTold         = i18n.T("Texte envoyé à la personne", "Text sent to the person")
	tCause        = i18n.T("Motif", "Cause")
	tUntilBad     = i18n.Reason("member.until", "Donnez une date à venir.", "Give a date to come.")

	causes = []struct {
		id   string
		text i18n.Sentence
	}{
		{"suspicious_activity", i18n.T("Activité suspecte", "Suspicious activity")},
		{"intrusion_attempt", i18n.T("Tentative d'intrusion", "Intrusion attempt")},
		{"presumed_compromise", i18n.T("Compromission présumée", "Presumed compromise")},
		{"breach_of_terms", i18n.T("Manquement aux conditions", "Breach of terms")},
		{"security_risk", i18n.T("Risque de sécurité", "Security risk")},
		{"non_payment", i18n.T("Défaut de paiement", "Non-payment")},
		{"abuse", i18n.T("Abus", "Abuse")},
	}
)

func causeOptions(ctx context.Context) []ui.Option {
	out := make([]ui.Option, len(causes))
	for i, c := range causes {
		out[i] = ui.Option{Value: c.id, Label: c.text.In(ctx)}
	}
	return out
}

func (v bulkView) title(ctx context.Context) string {
	switch v.do {
	case "move":
		return tBulkMove.In(ctx, len(v.members))
	case "suspend":
		return tBulkSuspend.In(ctx, len(v.members))
	}
	return tBulkRemove.In(ctx, len(v.members))
}

func (v bulkView) existing() string {
	all := ""
	for i, l := range v.known[:min(len(v.known), 12)] {
		if i > 0 {
			all += ", "
		}
		all += l.Text
	}
	return all
}

// bulk shows the page of the act that was chosen for the ticked members.
func (p pages) bulk(w http.ResponseWriter, r *http.Request) error {
	do := r.PostFormValue("do")
	if !slices.Contains([]string{"move", "remove", "suspend"}, do) {
		do = "remove"
	}
	return p.ask(w, r, http.StatusOK, do, nil)
}

// ask shows the page of a bulk act, again when something was wrong.
func (p pages) ask(w http.ResponseWriter, r *http.Request, status int, do string, problems ui.Problems) error {
	ctx, org := r.Context(), core.ID(r.PathValue("org"))
	if err := r.ParseForm(); err != nil {
		return err
	}
	members, labels, err := p.orgs.Some(ctx, org, chosen(r.PostForm["member"]))
	if ui.Shown(err) {
		v, again := p.view(r, filterOf(r))
		if again != nil {
			return again
		}
		v.problems = ui.ProblemsOf(ctx, err)
		return ui.Render(w, asking(r), http.StatusUnprocessableEntity, membersPage(v))
	} else if err != nil {
		return err
	}
	return ui.Render(w, r, status, bulkPage(bulkView{org, do, members, labels, r.PostForm, problems}))
}

func (p pages) bulkDone(w http.ResponseWriter, r *http.Request, do string, err error, note string) error {
	if ui.Shown(err) {
		return p.ask(w, r, http.StatusUnprocessableEntity, do, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(core.ID(r.PathValue("org")), "/members"), note)
}

func (p pages) ticked(r *http.Request) (context.Context, core.ID, []core.ID) {
	_ = r.ParseForm() // a form that cannot be read has no ticked row
	return r.Context(), core.ID(r.PathValue("org")), chosen(r.PostForm["member"])
}

func (p pages) bulkResend(w http.ResponseWriter, r *http.Request) error {
	ctx, org, members := p.ticked(r)
	n, err := p.orgs.Resend(ctx, org, members)
	return p.bulkDone(w, r, "remove", err, tResent.In(ctx, n))
}

func (p pages) bulkMove(w http.ResponseWriter, r *http.Request) error {
	ctx, org, members := p.ticked(r)
	n, err := p.orgs.MoveTo(ctx, org, members, r.PostFormValue("department"))
	return p.bulkDone(w, r, "move", err, tMoved.In(ctx, n))
}

func (p pages) bulkRemove(w http.ResponseWriter, r *http.Request) error {
	ctx, org, members := p.ticked(r)
	err := p.orgs.Remove(ctx, org, members, r.PostFormValue("reason"))
	return p.bulkDone(w, r, "remove", err, tRemoved.In(ctx, len(members)))
}

func (p pages) bulkSuspend(w http.ResponseWriter, r *http.Request) error {
	ctx, org, ids := p.ticked(r)
	members, _, err := p.orgs.Some(ctx, org, ids)
	var persons []core.ID
	for _, m := range members {
		persons = append(persons, m.Person)
	}
	var until time.Time
	if day := r.PostFormValue("until"); day != "" && err == nil {
		if until, err = time.Parse(time.DateOnly, day); err != nil || !until.After(p.now()) {
			err = core.Fault(core.Invalid, "member.invalid").With("until", tUntilBad)
		}
	}
	if err == nil {
		err = p.suspend.SuspendMembers(ctx, org, persons, r.PostFormValue("cause"), r.PostFormValue("text"), until)
	}
	return p.bulkDone(w, r, "suspend", err, tSuspended.In(ctx, len(members)))
}

func verbKind(do string) ui.Kind {
	if do == "move" {
		return ui.Primary
	}
	return ui.Danger
}

func next(v listView) string {
	if v.page.Next == "" {
		return ""
	}
	return v.href(func(f *organization.Filter) { f.After = v.page.Next })
}

func first(v listView) string {
	if v.f.After == "" {
		return ""
	}
	return v.href(func(*organization.Filter) {})
}
