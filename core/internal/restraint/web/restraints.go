package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/restraint"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

const path = "/provider/restraints"

type pages struct {
	m        *restraint.Module
	purposes func(ctx context.Context) []core.Purpose
}

// Routes are the pages of this module. purposes gives those that a person may object to, beyond the platform's own.
func Routes(m *restraint.Module, purposes func(ctx context.Context) []core.Purpose) []edge.Route {
	p := pages{m, purposes}
	return []edge.Route{
		{Pattern: "GET " + path, Access: edge.Needs(&restraint.ListRestraints), Handle: p.list},
		{Pattern: "POST " + path, Access: edge.Needs(&restraint.PlaceOne), Handle: p.place},
		{Pattern: "POST " + path + "/{restraint}/lift", Access: edge.Needs(&restraint.LiftRestraint), Handle: p.lift},
		{Pattern: "POST /me/restraints/{restraint}/give-up", Access: edge.Needs(&restraint.GiveUpOwn), Handle: p.giveUp},
	}
}

var (
	tTitle   = i18n.T("Limitations et oppositions", "Restrictions and objections")
	tLead    = i18n.T("Les données d'une personne sous limitation sont conservées et ne servent pas. Ses propres actes, ses droits, la sécurité et les demandes d'une autorité restent ouverts.", "The data of a person under restriction are kept and not used. Their own acts, their rights, security and an authority's demands stay open.")
	tPerson  = i18n.T("Personne", "Person")
	tWhat    = i18n.T("Portée", "Scope")
	tGround  = i18n.T("Motif", "Ground")
	tSince   = i18n.T("Depuis", "Since")
	tEnd     = i18n.T("Fin", "End")
	tAll     = i18n.T("Toute utilisation", "Any use")
	tFor     = i18n.T("Opposition : %s", "Objection: %s")
	tIn      = i18n.T("%s · chez %s", "%s · in %s")
	tNone    = i18n.T("Personne n'a fait limiter ses données", "Nobody has had their data restricted")
	tNoneTxt = i18n.T("Une demande de limitation ou d'opposition acceptée apparaît ici.", "A request for restriction or objection that is granted appears here.")
	tOpen    = i18n.T("en vigueur", "in force")
	tTold    = i18n.T("prévenue, fin le %s", "told, ends on %s")
	tTell    = i18n.T("Prévenir et lever", "Tell and lift")
	tLift    = i18n.T("Lever", "Lift")
	tPlace   = i18n.T("Limiter ou noter une opposition", "Restrict, or note an objection")
	tEmail   = i18n.T("Adresse de connexion de la personne", "Sign-in address of the person")
	tNote    = i18n.T("Note pour le journal", "Note for the journal")
	tSave    = i18n.T("Enregistrer", "Save")
	tPlaced  = i18n.T("Enregistré. Les données ne servent plus, sur tous les serveurs, dans la seconde.", "Saved. The data are no longer used, on every server, within a second.")
	tLifted  = i18n.T("Fait. Une limitation prend fin sept jours après que la personne a été prévenue ; une opposition, tout de suite.", "Done. A restriction ends seven days after the person was told; an objection, at once.")
	tGaveUp  = i18n.T("Vous y avez renoncé : vos données peuvent servir de nouveau.", "You gave it up: your data may be used again.")
	tAct     = i18n.T("Acte", "Act")

	grounds = map[string]i18n.Sentence{
		restraint.Accuracy:  i18n.T("Exactitude contestée (18-1-a)", "Accuracy contested (18-1-a)"),
		restraint.Unlawful:  i18n.T("Traitement illicite, effacement refusé par la personne (18-1-b)", "Unlawful, and the person opposes erasure (18-1-b)"),
		restraint.Claims:    i18n.T("Besoin pour un droit en justice (18-1-c)", "Needed for a legal claim (18-1-c)"),
		restraint.Objection: i18n.T("Opposition (21, 18-1-d)", "Objection (21, 18-1-d)"),
	}
)

// Ground says a ground in words.
func Ground(ctx context.Context, ground string) string { return grounds[ground].In(ctx) }

type view struct {
	list     []restraint.Line
	purposes []core.Purpose
	draft    restraint.Draft
	problems ui.Problems
	m        *restraint.Module
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, restraint.Draft{}, nil)
}

func (p pages) show(w http.ResponseWriter, r *http.Request, status int, d restraint.Draft, problems ui.Problems) error {
	list, err := p.m.List(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "restraint.place", "restraint.lift"), status, listPage(view{list, p.purposes(r.Context()), d, problems, p.m}))
}

func (p pages) place(w http.ResponseWriter, r *http.Request) error {
	d := restraint.Draft{Email: r.PostFormValue("email"), Purpose: core.Purpose(r.PostFormValue("purpose")), Ground: r.PostFormValue("ground"), Note: r.PostFormValue("note")}
	_, err := p.m.Place(r.Context(), d)
	if ui.Shown(err) {
		return p.show(w, r, http.StatusUnprocessableEntity, d, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path, tPlaced.In(r.Context()))
}

func (p pages) lift(w http.ResponseWriter, r *http.Request) error {
	err := p.m.LiftOne(r.Context(), ids.Typed(r.PathValue("restraint")))
	if core.KindOf(err) == core.Conflict {
		return p.show(w, r, http.StatusConflict, restraint.Draft{}, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path, tLifted.In(r.Context()))
}

func (p pages) giveUp(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.GiveUp(r.Context(), ids.Typed(r.PathValue("restraint"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/data", tGaveUp.In(r.Context()))
}

func scope(ctx context.Context, l restraint.Line) string {
	what := tAll.In(ctx)
	if l.Purpose != "" {
		what = tFor.In(ctx, string(l.Purpose))
	}
	if l.OrgName != "" {
		what = tIn.In(ctx, what, l.OrgName)
	}
	return what
}

func (v view) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, l := range v.list {
		state := ui.Badge{Text: tOpen.In(ctx), Tone: ui.Warn}
		if !l.Ends.IsZero() {
			state = ui.Badge{Text: tTold.In(ctx, i18n.Date(ctx, l.Ends)), Tone: ui.Info}
		}
		rows[i] = ui.Row{Label: l.Name, Cells: []templ.Component{
			ui.Words(l.Name), ui.Words(scope(ctx, l)), ui.Words(Ground(ctx, l.Ground)), ui.Words(i18n.Date(ctx, l.Since)), state, v.button(l),
		}}
	}
	return rows
}

// options are the purposes to object to; the first is to restrict any use.
func (v view) options(ctx context.Context) []ui.Option {
	list := []ui.Option{{Label: tAll.In(ctx)}}
	for _, p := range v.purposes {
		list = append(list, ui.Option{Value: string(p), Label: tFor.In(ctx, string(p))})
	}
	return list
}

func choices(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(restraint.Grounds))
	for i, g := range restraint.Grounds {
		list[i] = ui.Option{Value: g, Label: Ground(ctx, g)}
	}
	return list
}
