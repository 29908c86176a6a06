package web

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tPlace       = i18n.T("Aperçu", "Overview")
	tRightsOf    = i18n.T("Habilitations de %s", "Rights of %s")
	tHeld        = i18n.T("Rôles", "Roles")
	tNoRoleHeld  = i18n.T("Aucun rôle attribué", "No role assigned")
	tNoRoleText  = i18n.T("Cette personne n'a que ce que l'adhésion donne à tous.", "This person has only what the membership gives to everyone.")
	tCan         = i18n.T("Ce qui est permis, et pourquoi", "What is permitted, and why")
	tHistory     = i18n.T("Historique des attributions", "History of assignments")
	tRevoke      = i18n.T("Retirer", "Revoke")
	tRevokeWhy   = i18n.T("Pourquoi le retirer", "Why revoke it")
	tRevoked     = i18n.T("Le rôle est retiré ; il n'agit plus dès la prochaine requête. Vous pouvez le rendre depuis l'historique.", "The role is revoked; it no longer acts from the next request on. You can give it back from the history.")
	tGiveBack    = i18n.T("Rendre", "Give back")
	tGivenBack   = i18n.T("Le rôle est rendu.", "The role is given back.")
	tBackReason  = i18n.T("Rendu : %s", "Given back: %s")
	tRevokedOn   = i18n.T("retiré", "revoked")
	tExpired     = i18n.T("échu", "expired")
	tFuture      = i18n.T("à venir", "to come")
	tGiveRole    = i18n.T("Attribuer un rôle", "Assign a role")
	tChooseRole  = i18n.T("Choisissez un rôle", "Choose a role")
	tPolicy      = i18n.T("Règle", "Rule")
	tComesWith   = i18n.T("vient avec l'adhésion", "comes with the membership")
	tSuspend     = i18n.T("Suspendre", "Suspend")
	tMemberSince = i18n.T("Dernier acte ici", "Last act here")
	tNothing     = i18n.T("Rien n'est permis à cette personne ici.", "Nothing is permitted to this person here.")
	tBlockedNow  = i18n.T("Cette personne est suspendue : rien de ce qui suit n'agit.", "This person is suspended: nothing below acts.")
	tOnDate      = i18n.T("À la date du %s", "As of %s")
)

// personView is the rights of one person.
type personView struct {
	place    place
	person   access.PersonView
	at       string
	now      time.Time
	form     giveForm
	services []access.ServiceInfo
	problems ui.Problems
	own      bool // one's own page: nothing to change
}

func (p pages) person(w http.ResponseWriter, r *http.Request) error {
	return p.showPerson(w, r, http.StatusOK, giveForm{}, nil)
}

// myRights shows anyone their own rights, and why they have them.
func (p pages) myRights(w http.ResponseWriter, r *http.Request) error {
	where := placeOf(r)
	at, text, err := p.asOf(r)
	if err != nil {
		return err
	}
	v, err := p.m.ViewOwn(r.Context(), where.org, at)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, personPage(personView{place: where, person: v, at: text, now: p.clock.Now(), own: true}))
}

func (p pages) showPerson(w http.ResponseWriter, r *http.Request, status int, f giveForm, problems ui.Problems) error {
	where := placeOf(r)
	at, text, err := p.asOf(r)
	if err != nil {
		return err
	}
	v, err := p.m.ViewPerson(r.Context(), where.org, id(r, "person"), at)
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, personPage(personView{where, v, text, p.clock.Now(), f, p.m.ServicesList(), problems, false}))
}

// crumbs lead back to the table, or to one's place for one's own rights.
func (v personView) crumbs(ctx context.Context) []ui.Crumb {
	if v.own {
		return []ui.Crumb{{Label: tPlace.In(ctx), Href: "/o/" + string(v.place.org)}}
	}
	return []ui.Crumb{{Label: tTable.In(ctx), Href: v.place.table()}}
}

func (v personView) name(ctx context.Context) string { return orSomeone(ctx, v.person.Row.Name) }

func (v personView) path() string {
	if v.own {
		return "/o/" + string(v.place.org) + "/my-rights"
	}
	return v.place.person(v.person.Row.Person)
}

func (v personView) groups() []service { return services(v.person.Columns) }

// can are the lines of one service: each permission once per reason.
func (v personView) can(ctx context.Context, s service) []access.PermissionInfo {
	var out []access.PermissionInfo
	for _, info := range s.infos {
		if len(v.person.Row.Cells[info.Name].Whys) > 0 {
			out = append(out, info)
		}
	}
	return out
}

func (v personView) lines(ctx context.Context, info access.PermissionInfo) []ui.Row {
	c := v.person.Row.Cells[info.Name]
	rows := make([]ui.Row, len(c.Whys))
	for i, w := range c.Whys {
		rows[i] = ui.Row{Cells: append([]templ.Component{permissionName(info, i == 0, c.Unused)}, whyCells(ctx, v.place, w)...)}
	}
	return rows
}

func (v personView) rows(ctx context.Context, s service) []ui.Row {
	var rows []ui.Row
	for _, info := range v.can(ctx, s) {
		rows = append(rows, v.lines(ctx, info)...)
	}
	return rows
}

// heldRows are the assignments in force, each with the button that takes it away.
func (v personView) heldRows(ctx context.Context) []ui.Row {
	var rows []ui.Row
	for _, l := range v.person.History {
		if l.Ended(v.now) {
			continue
		}
		rows = append(rows, ui.Row{Cells: []templ.Component{
			ui.ToIf("habilitation.read", v.roleTitle(ctx, l.Role), v.place.role(l.Role)), ui.Words(access.ScopeWords(ctx, l.Service, l.Object)), v.start(ctx, l),
			ui.Time{At: l.Until, Never: tNoEnd.In(ctx)},
			ui.Words(nameOf(ctx, v.person.Names, l.Approver)), ui.Words(l.Reason), v.unless(ctx, revokeForm(v.place, l.ID, v.roleTitle(ctx, l.Role))),
		}})
	}
	return rows
}

// historyRows are the assignments that ended, each with the button that gives it back.
func (v personView) historyRows(ctx context.Context) []ui.Row {
	var rows []ui.Row
	for _, l := range v.person.History {
		if !l.Ended(v.now) {
			continue
		}
		state, end, by := tExpired.In(ctx), l.Until, ""
		if !l.RevokedAt.IsZero() {
			state, end, by = tRevokedOn.In(ctx), l.RevokedAt, nameOf(ctx, v.person.Names, l.RevokedBy)
		}
		rows = append(rows, ui.Row{Faded: true, Cells: []templ.Component{
			ui.Words(v.roleTitle(ctx, l.Role)), ui.Words(access.ScopeWords(ctx, l.Service, l.Object)),
			ui.Time{At: l.From},
			ui.Time{At: end},
			ui.Words(state), ui.Words(by), ui.Words(l.RevokeReason), v.unless(ctx, againForm(v.place, l.ID, v.roleTitle(ctx, l.Role))),
		}})
	}
	return rows
}

func (v personView) roleTitle(ctx context.Context, role string) string {
	for _, r := range v.person.Roles {
		if r.ID == role {
			return i18n.From(r.Title).In(ctx)
		}
	}
	return role
}

func (v personView) roleOptions(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: tChooseRole.In(ctx)}}
	for _, r := range v.person.Roles {
		if r.ID != access.RoleMember && r.ID != access.RoleSupport {
			out = append(out, ui.Option{Value: r.ID, Label: i18n.From(r.Title).In(ctx)})
		}
	}
	return out
}

func (p pages) assign(w http.ResponseWriter, r *http.Request) error {
	at, f := placeOf(r), readGive(r)
	a, err := f.assignment(at.org)
	if a.Person = id(r, "person"); err == nil {
		_, err = p.m.Give(r.Context(), a)
	}
	if ui.Shown(err) {
		return p.showPerson(w, r, http.StatusUnprocessableEntity, f, renamed(ui.ProblemsOf(r.Context(), err), "person", "role"))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, at.person(a.Person), tAssigned.In(r.Context()))
}

func (p pages) revoke(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	line, err := p.m.Take(r.Context(), at.org, id(r, "assignment"), r.PostFormValue("reason"))
	if ui.Shown(err) && line.Person != "" {
		r.SetPathValue("person", string(line.Person))
		return p.showPerson(w, r, http.StatusConflict, giveForm{}, ui.ProblemsOf(r.Context(), err))
	}
	if err != nil {
		return err
	}
	back := at.person(line.Person)
	if line.Role == access.RoleSupport {
		back = "/o/" + string(at.org) + "/support"
	}
	return ui.Redirect(w, r, back, tRevoked.In(r.Context()))
}

// again gives back what was revoked: undo is to assign once more, with its own entry.
func (p pages) again(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	line, err := p.m.GiveBack(r.Context(), at.org, id(r, "assignment"), tBackReason.In(r.Context(), ""))
	if ui.Shown(err) && line.Person != "" {
		r.SetPathValue("person", string(line.Person))
		return p.showPerson(w, r, http.StatusConflict, giveForm{}, ui.ProblemsOf(r.Context(), err))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, at.person(line.Person), tGivenBack.In(r.Context()))
}

// facts are what is known of the person at once.
func (v personView) facts(ctx context.Context) ui.Facts {
	r := v.person.Row
	f := ui.Facts{{Label: tFunction.In(ctx), Text: under(ctx, r)}, {Label: tMemberSince.In(ctx), Value: dayOf(ctx, r.LastUsed)}}
	if r.Dormant {
		f = append(f, ui.Fact{Label: tState.In(ctx), Value: marks(r)})
	}
	return f
}

// mine tells whether the person is looked at as of now, so that they can be given and taken roles.
func (v personView) mine() bool { return v.at == "" }

var tFunction = i18n.T("Fonction", "Function")

// newSuspension is where the person is suspended.
func (v personView) newSuspension() string {
	return "/o/" + string(v.place.org) + "/suspensions" + query("person", string(v.person.Row.Person)) + "#declare"
}

func (v personView) self(ctx context.Context) bool {
	return v.own || core.ActorOf(ctx).ID == v.person.Row.Person
}

// unless leaves a form out of one's own page.
func (v personView) unless(ctx context.Context, form templ.Component) templ.Component {
	if v.self(ctx) {
		return ui.Faint("")
	}
	return form
}

// start says since when, or that it is to come.
func (v personView) start(ctx context.Context, l access.Line) templ.Component {
	if l.From.After(v.now) {
		return ui.Line(ui.Time{At: l.From}, ui.Badge{Text: tFuture.In(ctx), Tone: ui.Info})
	}
	return ui.Time{At: l.From, Relative: true}
}
