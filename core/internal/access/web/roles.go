package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tRoles        = i18n.T("Rôles", "Roles")
	tRolesLead    = i18n.T("Un rôle est le plus petit ensemble de permissions pour un travail. Les rôles de base viennent avec le logiciel ; les vôtres n'en contiennent que des permissions.", "A role is the smallest set of permissions for one job. Built-in roles come with the software; your own hold nothing but their permissions.")
	tNewRole      = i18n.T("Nouveau rôle", "New role")
	tRole         = i18n.T("Rôle", "Role")
	tWhatFor      = i18n.T("Pour", "For")
	tPermissions  = i18n.T("Permissions", "Permissions")
	tPermission   = i18n.T("Permission", "Permission")
	tHolders      = i18n.T("Personnes", "People")
	tKind         = i18n.T("Origine", "Origin")
	tBuiltIn      = i18n.T("de base", "built-in")
	tOwnRole      = i18n.T("de l'organisation", "own")
	tOfService    = i18n.T("service %s", "service %s")
	tEdit         = i18n.T("Modifier", "Change")
	tRetire       = i18n.T("Retirer le rôle", "Retire the role")
	tRetireSure   = i18n.T("Ce rôle ne pourra plus être attribué. Continuer ?", "This role can no longer be assigned. Go on?")
	tRetired      = i18n.T("Le rôle est retiré.", "The role is retired.")
	tSavedRole    = i18n.T("Le rôle est enregistré ; il agit dès la prochaine requête.", "The role is saved; it acts from the next request on.")
	tName         = i18n.T("Nom", "Name")
	tNameHint     = i18n.T("Ce que fait la personne : « Secrétariat des assemblées ».", "What the person does: “Assembly office”.")
	tDescription  = i18n.T("Description", "Description")
	tService      = i18n.T("Service", "Service")
	tServiceHint  = i18n.T("Un rôle de service ne contient que des permissions de ce service.", "A role of a service holds permissions of that service only.")
	tWholeOrg     = i18n.T("Toute l'organisation", "The whole organization")
	tWholeHint    = i18n.T("Pour limiter à un service, choisissez-le ; sinon le rôle vaut partout.", "To limit to a service choose it; otherwise the role holds everywhere.")
	tSave         = i18n.T("Enregistrer", "Save")
	tWho          = i18n.T("Qui a ce rôle", "Who has this role")
	tNobody       = i18n.T("Personne n'a ce rôle", "Nobody has this role")
	tNobodyText   = i18n.T("Attribuez-le ci-dessous, avec un motif.", "Assign it below, with a reason.")
	tEveryMember  = i18n.T("Chaque membre actif l'a, du jour de son arrivée à celui de son départ.", "Every active member has it, from the day they join to the day they leave.")
	tGive         = i18n.T("Attribuer ce rôle", "Assign this role")
	tEmail        = i18n.T("Adresse électronique du membre", "E-mail address of the member")
	tMeans        = i18n.T("Ce qu'elle permet", "What it permits")
	tStepUp       = i18n.T("preuve récente demandée", "asks for a fresh proof")
	tScope        = i18n.T("Portée", "Scope")
	tReason       = i18n.T("Motif", "Reason")
	tReasonHint   = i18n.T("Gardé au journal, et montré à qui demande pourquoi.", "Kept in the journal, and shown to whoever asks why.")
	tObject       = i18n.T("Identifiant d'un objet", "Id of one object")
	tObjectHint   = i18n.T("Pour limiter le rôle à un seul objet ; sinon laissez vide.", "To limit the role to one object; otherwise leave it empty.")
	tUntil        = i18n.T("Jusqu'au (inclus)", "Until (included)")
	tUntilHint    = i18n.T("Laissez vide pour un rôle sans fin. La fin agit d'elle-même.", "Leave it empty for a role without an end. The end acts by itself.")
	tAssigned     = i18n.T("Le rôle est attribué.", "The role is assigned.")
	tSince        = i18n.T("Depuis", "Since")
	tEnds         = i18n.T("Jusqu'au", "Until")
	tBy           = i18n.T("Donné par", "Given by")
	tPerson       = i18n.T("Personne", "Person")
	tPolicies     = i18n.T("Politiques", "Policies")
	tPoliciesLead = i18n.T("Rien n'est permis si aucune règle « permit » ne le dit, et une règle « forbid » l'emporte toujours. Voici le texte exact que la plateforme applique à chaque demande.", "Nothing is permitted unless a “permit” says so, and a “forbid” always wins. This is the exact text that the platform applies to each request.")
	tPermits      = i18n.T("permet", "permits")
	tForbids      = i18n.T("interdit", "forbids")
	tText         = i18n.T("Texte de la règle", "Text of the rule")
)

func (p pages) roles(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	list, err := p.m.ListRoles(r.Context(), at.org)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, rolesPage(at, list))
}

func roleRows(ctx context.Context, at place, list []access.RoleInfo) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, r := range list {
		title := i18n.From(r.Title).In(ctx)
		holders := i18n.Number(ctx, r.Holders)
		if r.ID == access.RoleMember {
			holders = "—"
		}
		rows[i] = ui.Row{Label: title, Href: at.role(r.ID), Cells: []templ.Component{
			ui.To(title, at.role(r.ID)), ui.Words(i18n.From(r.Description).In(ctx)), ui.Words(origin(ctx, r)),
			ui.Words(i18n.Number(ctx, int64(len(r.Permissions)))), ui.Words(holders),
		}}
	}
	return rows
}

func origin(ctx context.Context, r access.RoleInfo) string {
	switch {
	case r.Service != "":
		return tOfService.In(ctx, r.Service)
	case r.Custom:
		return tOwnRole.In(ctx)
	}
	return tBuiltIn.In(ctx)
}

// roleView is a role with the form that gives it.
type roleView struct {
	place    place
	role     access.RoleView
	catalog  []access.PermissionInfo
	form     giveForm
	problems ui.Problems
}

// giveForm is what was typed to give a role.
type giveForm struct {
	Email, Role, Service, Object, Until, Reason string
}

func readGive(r *http.Request) giveForm {
	return giveForm{
		Email: r.PostFormValue("email"), Role: r.PostFormValue("role"), Service: r.PostFormValue("service"),
		Object: r.PostFormValue("object"), Until: r.PostFormValue("until"), Reason: r.PostFormValue("reason"),
	}
}

// assignment reads the form; an error names the field.
func (f giveForm) assignment(org core.ID) (core.Assignment, error) {
	until, err := dayEnd(f.Until)
	if err != nil {
		return core.Assignment{}, errDate.With("until", codeDate)
	}
	return core.Assignment{Org: org, Role: f.Role, Service: f.Service, Object: object(f.Object), Until: until, Reason: f.Reason}, nil
}

func (p pages) role(w http.ResponseWriter, r *http.Request) error {
	return p.showRole(w, r, http.StatusOK, giveForm{}, nil)
}

func (p pages) showRole(w http.ResponseWriter, r *http.Request, status int, f giveForm, problems ui.Problems) error {
	at := placeOf(r)
	v, err := p.m.ReadRole(r.Context(), at.org, r.PathValue("role"))
	if err != nil {
		return err
	}
	var holds []access.PermissionInfo
	for _, info := range p.m.Permissions(at.org) {
		if slices.Contains(v.Permissions, info.Name) {
			holds = append(holds, info)
		}
	}
	return ui.Render(w, r, status, rolePage(roleView{at, v, holds, f, problems}))
}

func permissionRows(ctx context.Context, at place, list []access.PermissionInfo) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, info := range list {
		words := i18n.From(info.Title).In(ctx)
		step := templ.Component(ui.Faint(""))
		if info.StepUp {
			step = ui.Badge{Text: tStepUp.In(ctx), Tone: ui.Info}
		}
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.To(words, at.table()+"/who"+query("permission", string(info.Name))), ui.Mono(string(info.Name)),
			ui.Words(i18n.From(info.ModuleTitle).In(ctx)), step,
		}}
	}
	return rows
}

func holderRows(ctx context.Context, at place, v access.RoleView) []ui.Row {
	rows := make([]ui.Row, len(v.Lines))
	for i, l := range v.Lines {
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.PersonLink(nameOf(ctx, v.Names, l.Person), "", at.person(l.Person)), ui.Words(access.ScopeWords(ctx, l.Service, l.Object)),
			ui.Time{At: l.From, Relative: true},
			ui.Time{At: l.Until, Never: tNoEnd.In(ctx)},
			ui.Words(nameOf(ctx, v.Names, l.Approver)), ui.Words(l.Reason),
		}}
	}
	return rows
}

func (p pages) assignByEmail(w http.ResponseWriter, r *http.Request) error {
	at, f := placeOf(r), readGive(r)
	f.Role = r.PathValue("role")
	a, err := f.assignment(at.org)
	if err == nil {
		_, err = p.m.GiveTo(r.Context(), f.Email, a)
	}
	if ui.Shown(err) {
		return p.showRole(w, r, http.StatusUnprocessableEntity, f, renamed(ui.ProblemsOf(r.Context(), err), "person", "email"))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, at.role(f.Role), tAssigned.In(r.Context()))
}

// roleForm is what was typed to define a role.
type roleForm struct {
	place    place
	id       string
	form     access.RoleForm
	chosen   []string
	catalog  []access.PermissionInfo
	services []access.ServiceInfo
	problems ui.Problems
}

func (p pages) newRole(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.m.ListRoles(r.Context(), placeOf(r).org); err != nil {
		return err
	}
	return p.showForm(w, r, http.StatusOK, "", access.RoleForm{}, nil)
}

func (p pages) editRole(w http.ResponseWriter, r *http.Request) error {
	v, err := p.m.ReadRole(r.Context(), placeOf(r).org, r.PathValue("role"))
	if err != nil {
		return err
	}
	f := access.RoleForm{Name: v.Title.FR, Description: v.Description.FR, Service: v.Service, Permissions: v.Permissions}
	return p.showForm(w, r, http.StatusOK, v.ID, f, nil)
}

func (p pages) showForm(w http.ResponseWriter, r *http.Request, status int, id string, f access.RoleForm, problems ui.Problems) error {
	at := placeOf(r)
	v := roleForm{place: at, id: id, form: f, services: p.m.ServicesList(), problems: problems}
	for _, info := range p.m.Permissions(at.org) {
		if id == "" || f.Service == "" || info.Module == f.Service {
			v.catalog = append(v.catalog, info)
		}
	}
	for _, name := range f.Permissions {
		v.chosen = append(v.chosen, string(name))
	}
	return ui.Render(w, r, status, roleFormPage(v))
}

// groups are the permissions of the form by module, in the order of the catalogue.
func (v roleForm) groups() [][]access.PermissionInfo {
	var out [][]access.PermissionInfo
	for i, info := range v.catalog {
		if i == 0 || info.Module != v.catalog[i-1].Module {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], info)
	}
	return out
}

func (v roleForm) action() string {
	if v.id == "" {
		return "/o/" + string(v.place.org) + "/roles/new"
	}
	return v.place.role(v.id) + "/edit"
}

func serviceOptions(ctx context.Context, list []access.ServiceInfo) []ui.Option {
	out := []ui.Option{{Value: "", Label: tWholeOrg.In(ctx)}}
	for _, s := range list {
		out = append(out, ui.Option{Value: s.Name, Label: i18n.From(s.Title).In(ctx)})
	}
	return out
}

func (p pages) saveRole(w http.ResponseWriter, r *http.Request) error {
	at, id := placeOf(r), r.PathValue("role")
	if err := r.ParseForm(); err != nil {
		return errDate.Because(err)
	}
	f := access.RoleForm{Name: r.PostFormValue("name"), Description: r.PostFormValue("description"), Service: r.PostFormValue("service")}
	for _, name := range r.PostForm["permissions"] {
		f.Permissions = append(f.Permissions, core.Permission(name))
	}
	saved, err := p.m.Define(r.Context(), at.org, id, f)
	if ui.Shown(err) {
		return p.showForm(w, r, http.StatusUnprocessableEntity, id, f, ui.ProblemsOf(r.Context(), err))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, at.role(saved), tSavedRole.In(r.Context()))
}

func (p pages) retireRole(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	err := p.m.RetireRole(r.Context(), at.org, r.PathValue("role"))
	if ui.Shown(err) {
		return p.showRole(w, r, http.StatusConflict, giveForm{}, ui.ProblemsOf(r.Context(), err))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/o/"+string(at.org)+"/roles", tRetired.In(r.Context()))
}

func (p pages) policies(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	if _, err := p.m.ListRoles(r.Context(), at.org); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, policiesPage(at, p.m.PoliciesInForce()))
}

func (v roleForm) title(ctx context.Context) string {
	if v.id == "" {
		return tNewRole.In(ctx)
	}
	return v.form.Name
}

func (v roleForm) has(name core.Permission) bool { return slices.Contains(v.chosen, string(name)) }
