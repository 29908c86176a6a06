package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tSuspensions   = i18n.T("Suspensions", "Suspensions")
	tSuspendLead   = i18n.T("Une suspension coupe à la seconde les sessions et les jetons, sur tous les nœuds, et se lève par une personne ou à sa date. La personne en est avertie.", "A suspension cuts sessions and tokens within a second, on every node, and is lifted by a person or by its date. The person is told.")
	tInForce       = i18n.T("En vigueur", "In force")
	tPastOnes      = i18n.T("Levées ou échues", "Lifted or expired")
	tAbove         = i18n.T("Prononcées par le prestataire", "Declared by the provider")
	tOrphaning     = i18n.T("Organisations que plus personne n'administre", "Organizations that nobody administers any more")
	tNoneInForce   = i18n.T("Aucune suspension en vigueur", "No suspension in force")
	tDeclare       = i18n.T("Suspendre un accès", "Suspend an access")
	tWhat          = i18n.T("Quoi", "What")
	tAPerson       = i18n.T("Une personne", "A person")
	tAPersonHere   = i18n.T("Une personne de l'organisation", "A person of the organization")
	tAService      = i18n.T("Un service", "A service")
	tAnOrg         = i18n.T("Une organisation", "An organization")
	tOrgField      = i18n.T("Organisation", "Organization")
	tWithin        = i18n.T("Dans cette organisation seulement", "In this organization only")
	tEverywhere    = i18n.T("Partout", "Everywhere")
	tWhyField      = i18n.T("Motif", "Reason")
	tChooseReason  = i18n.T("Choisissez un motif", "Choose a reason")
	tExplain       = i18n.T("Explication", "Explanation")
	tExplainHint   = i18n.T("La personne lira ce texte en essayant de se connecter.", "The person will read this text when they try to sign in.")
	tSuspendUntil  = i18n.T("Jusqu'au (inclus)", "Until (included)")
	tUntilLift     = i18n.T("Laissez vide : la suspension dure jusqu'à ce qu'on la lève.", "Leave it empty: the suspension lasts until it is lifted.")
	tConfirm       = i18n.T("C'est voulu : je coupe mon propre accès, ou celui de la dernière personne qui administre", "This is meant: I cut my own access, or the last administrator's")
	tDeclared      = i18n.T("L'accès est coupé.", "The access is cut.")
	tLift          = i18n.T("Lever", "Lift")
	tLiftWhy       = i18n.T("Pourquoi la lever", "Why lift it")
	tLifted        = i18n.T("La suspension est levée ; l'accès est rétabli dès la prochaine requête.", "The suspension is lifted; the access is restored from the next request on.")
	tDeclaredBy    = i18n.T("Par", "By")
	tLiftedState   = i18n.T("levée", "lifted")
	tExpiredState  = i18n.T("échue", "expired")
	tChosenPerson  = i18n.T("Personne choisie", "Person chosen")
	tServiceOf     = i18n.T("service %s", "service %s")
	tEverywhereTag = i18n.T("partout", "everywhere")
	tScopePerson   = i18n.T("personne", "person")
	tScopeOrg      = i18n.T("organisation", "organization")
	tNotSet        = i18n.T("Aucun", "None")
)

// suspensionForm is what was typed to suspend.
type suspensionForm struct {
	Scope, Email, Person, Organization, Service, Within, Reason, Text, Until string
	Confirmed                                                                bool
}

func (f suspensionForm) order() (access.SuspensionForm, error) {
	until, err := dayEnd(f.Until)
	if err != nil {
		return access.SuspensionForm{}, errDate.With("until", codeDate)
	}
	o := access.SuspensionForm{Scope: f.Scope, Reason: f.Reason, Text: f.Text, Until: until, Confirmed: f.Confirmed}
	switch f.Scope {
	case access.ScopeOrganization:
		o.Organization = core.ID(f.Organization)
	case access.ScopeService:
		o.Service, o.Within = f.Service, core.ID(f.Within)
	default:
		o.Scope, o.Email, o.Person = access.ScopePerson, f.Email, core.ID(f.Person)
	}
	return o, nil
}

// target is the name of the input that says what is suspended.
func (f suspensionForm) target() string {
	switch {
	case f.Scope == access.ScopeOrganization, f.Scope == access.ScopeService:
		return f.Scope
	case f.Person != "":
		return "person"
	}
	return "email"
}

// suspensionsView is the suspensions of a place, with the form that declares one.
type suspensionsView struct {
	place    place
	list     access.SuspensionView
	form     suspensionForm
	problems ui.Problems
	confirm  bool // ask: it cuts oneself or the last administrator
}

func (p pages) suspensions(w http.ResponseWriter, r *http.Request) error {
	f := suspensionForm{Scope: access.ScopePerson, Person: string(object(r.URL.Query().Get("person")))}
	if org := r.URL.Query().Get("organization"); org != "" {
		f.Scope, f.Organization = access.ScopeOrganization, string(object(org))
	}
	return p.showSuspensions(w, r, http.StatusOK, f, nil, false)
}

func (p pages) showSuspensions(w http.ResponseWriter, r *http.Request, status int, f suspensionForm, problems ui.Problems, confirm bool) error {
	at := placeOf(r)
	list, err := p.m.ViewSuspensions(r.Context(), at.org)
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, suspensionsPage(suspensionsView{at, list, f, problems, confirm}))
}

func (p pages) suspend(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	f := suspensionForm{
		Scope: r.PostFormValue("scope"), Email: r.PostFormValue("email"), Person: r.PostFormValue("person"), Organization: r.PostFormValue("organization"),
		Service: r.PostFormValue("service"), Within: r.PostFormValue("within"), Reason: r.PostFormValue("reason"), Text: r.PostFormValue("text"),
		Until: r.PostFormValue("until"), Confirmed: r.PostFormValue("confirm") != "",
	}
	o, err := f.order()
	if err == nil {
		_, err = p.m.DeclareSuspension(r.Context(), at.org, o)
	}
	if ui.Shown(err) {
		problems := renamed(ui.ProblemsOf(r.Context(), err), "target", f.target())
		return p.showSuspensions(w, r, http.StatusUnprocessableEntity, f, problems, core.CodeOf(err) == "suspension.confirm")
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, at.base+"/suspensions", tDeclared.In(r.Context()))
}

func (p pages) lift(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	err := p.m.EndSuspension(r.Context(), at.org, id(r, "suspension"), r.PostFormValue("reason"))
	if ui.Shown(err) {
		return p.showSuspensions(w, r, http.StatusConflict, suspensionForm{}, ui.ProblemsOf(r.Context(), err), false)
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, at.base+"/suspensions", tLifted.In(r.Context()))
}

func (v suspensionsView) scopes(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: access.ScopePerson, Label: tAPersonHere.In(ctx)}}
	if v.place.org == core.Platform {
		out[0].Label = tAPerson.In(ctx)
		out = append(out, ui.Option{Value: access.ScopeOrganization, Label: tAnOrg.In(ctx)})
	}
	if len(v.list.Services) > 0 {
		out = append(out, ui.Option{Value: access.ScopeService, Label: tAService.In(ctx)})
	}
	return out
}

func (v suspensionsView) reasons(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: tChooseReason.In(ctx)}}
	for _, r := range access.Reasons {
		out = append(out, ui.Option{Value: r, Label: access.ReasonTitle(ctx, r)})
	}
	return out
}

func (v suspensionsView) serviceOptions(ctx context.Context) []ui.Option {
	out := serviceOptions(ctx, v.list.Services)
	out[0].Label = tNotSet.In(ctx)
	return out
}

func (v suspensionsView) orgOptions(none string) []ui.Option {
	out := []ui.Option{{Value: "", Label: none}}
	for _, o := range v.list.Orgs {
		out = append(out, ui.Option{Value: string(o.ID), Label: o.Name})
	}
	return out
}

// target names what is suspended.
func (v suspensionsView) target(ctx context.Context, s access.Suspension) templ.Component {
	switch s.Scope {
	case access.ScopeOrganization:
		return ui.Line(ui.Words(nameOf(ctx, v.list.Names, s.Target)), ui.Faint(tScopeOrg.In(ctx)))
	case access.ScopeService:
		where := tEverywhereTag.In(ctx)
		if s.ActsIn != "" {
			where = v.list.Names[s.ActsIn]
		}
		return ui.Line(ui.Words(tServiceOf.In(ctx, v.serviceTitle(ctx, string(s.Target)))), ui.Faint(where))
	}
	if v.place.provider() {
		return ui.Person(nameOf(ctx, v.list.Names, s.Target), tScopePerson.In(ctx))
	}
	return ui.PersonLink(nameOf(ctx, v.list.Names, s.Target), "", v.place.person(s.Target))
}

func (v suspensionsView) serviceTitle(ctx context.Context, name string) string {
	for _, s := range v.list.Services {
		if s.Name == name {
			return i18n.From(s.Title).In(ctx)
		}
	}
	return name
}

func (v suspensionsView) live(ctx context.Context) []ui.Row {
	var rows []ui.Row
	for _, s := range v.list.Own {
		if !s.InForce(v.list.Now) {
			continue
		}
		rows = append(rows, ui.Row{Cells: []templ.Component{
			v.target(ctx, s), ui.Words(access.ReasonTitle(ctx, s.Reason)), ui.Words(s.Text),
			ui.Time{At: s.From, Relative: true},
			ui.Time{At: s.Until, Never: tNoEnd.In(ctx)},
			ui.Words(nameOf(ctx, v.list.Names, s.DeclaredBy)), liftForm(v.place, s.ID),
		}})
	}
	return rows
}

// orphaning are suspensions of clients that leave them without any administrator, for the provider alone.
func (v suspensionsView) orphaning(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list.Orphaning))
	for i, s := range v.list.Orphaning {
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.Words(nameOf(ctx, v.list.Names, s.ActsIn)), ui.Person(nameOf(ctx, v.list.Names, s.Target), tScopePerson.In(ctx)),
			ui.Words(access.ReasonTitle(ctx, s.Reason)),
			ui.Time{At: s.From, Relative: true},
			liftForm(v.place, s.ID),
		}}
	}
	return rows
}

func (v suspensionsView) above(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list.Above))
	for i, s := range v.list.Above {
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.Words(v.scopeWords(ctx, s)), ui.Words(access.ReasonTitle(ctx, s.Reason)), ui.Words(s.Text),
			ui.Time{At: s.From, Relative: true},
			ui.Time{At: s.Until, Never: tNoEnd.In(ctx)},
		}}
	}
	return rows
}

func (v suspensionsView) scopeWords(ctx context.Context, s access.Suspension) string {
	if s.Scope == access.ScopeService {
		return tServiceOf.In(ctx, v.serviceTitle(ctx, string(s.Target)))
	}
	return tScopeOrg.In(ctx)
}

func (v suspensionsView) past(ctx context.Context) []ui.Row {
	var rows []ui.Row
	for _, s := range v.list.Own {
		if s.InForce(v.list.Now) {
			continue
		}
		state, end, by := tExpiredState.In(ctx), s.Until, ""
		if !s.LiftedAt.IsZero() {
			state, end, by = tLiftedState.In(ctx), s.LiftedAt, nameOf(ctx, v.list.Names, s.LiftedBy)
		}
		rows = append(rows, ui.Row{Faded: true, Cells: []templ.Component{
			v.target(ctx, s), ui.Words(access.ReasonTitle(ctx, s.Reason)), ui.Time{At: s.From}, ui.Time{At: end}, ui.Words(state), ui.Words(by), ui.Words(s.LiftReason),
		}})
	}
	return rows
}
