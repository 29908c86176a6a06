package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tHoldsLead  = i18n.T("Ce qu'un litige ou une autorité impose de garder : ni balayage, ni effacement n'y touche tant que la conservation n'est pas levée.", "What a dispute or an authority orders to keep: neither sweep nor erasure touches it until the hold is lifted.")
	tNoHold     = i18n.T("Aucune conservation imposée", "No legal hold")
	tPlace      = i18n.T("Imposer une conservation", "Place a hold")
	tPlaced     = i18n.T("La conservation est imposée ; elle agit dès maintenant.", "The hold is placed; it acts from now on.")
	tLift       = i18n.T("Lever", "Lift")
	tLiftTitle  = i18n.T("Lever la conservation", "Lift the hold")
	tLiftedNote = i18n.T("La conservation est levée.", "The hold is lifted.")
	tOnWhom     = i18n.T("Porte sur", "Covers")
	tGround     = i18n.T("Fondement ou affaire", "Ground or case")
	tGroundHint = i18n.T("Article, décision ou affaire : ce texte est scellé, et montré à qui demande un effacement.", "Article, decision or case: this text is sealed, and shown to whoever asks for an erasure.")
	tReview     = i18n.T("À revoir le", "To review on")
	tReviewHint = i18n.T("Dans l'année : une conservation imposée ne dure pas sans que quelqu'un la revoie.", "Within a year: no hold lasts without somebody looking at it again.")
	tUntil      = i18n.T("Prend fin le", "Ends on")
	tUntilHint  = i18n.T("Vide : jusqu'à ce qu'elle soit levée.", "Empty: until it is lifted.")
	tState      = i18n.T("État", "State")
	tLive       = i18n.T("en vigueur", "in force")
	tOver       = i18n.T("levée", "lifted")
	tWhy        = i18n.T("Pourquoi", "Why")
	tEmail      = i18n.T("Adresse de la personne", "Address of the person")
	tEmailHint  = i18n.T("Vide : tout le monde dans l'organisation.", "Empty: everybody in the organization.")
	tEverywhere = i18n.T("Toutes, pour cette personne", "All of them, for this person")
	tEverybody  = i18n.T("tout le monde", "everybody")
	tSince      = i18n.T("Depuis", "Since")
	tBack       = i18n.T("Retour", "Back")
	tErased     = i18n.T("Personne effacée", "Erased person")
)

type holdsView struct {
	base
	list  []retention.Hold
	names map[core.ID]string
	m     *retention.Module
}

func (p pages) holds(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	list, names, err := p.m.Holds(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, holdsPage(holdsView{base{org, path}, list, names, p.m}))
}

func (v holdsView) whom(ctx context.Context, h retention.Hold) string {
	who := tEverybody.In(ctx)
	if h.Person != "" {
		if who = v.names[h.Person]; who == "" {
			who = tErased.In(ctx)
		}
	}
	if v.provider() && h.Org != core.Platform {
		return fmt.Sprintf("%s (%s)", who, h.Org)
	}
	return who
}

func (v holdsView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.list))
	for i, h := range v.list {
		live := h.Live(v.m.Now())
		state := ui.Badge{Text: tOver.In(ctx)}
		var act templ.Component = ui.Words("")
		if live {
			state = ui.Badge{Text: tLive.In(ctx), Tone: ui.Warn}
			if ui.May(ctx, retention.LiftHold.Permission) && (v.provider() || h.In != core.Platform) {
				act = ui.Link{Label: tLift.In(ctx), Href: v.path + "/holds/" + string(h.ID) + "/lift", Kind: ui.Quiet, Small: true, Hint: v.whom(ctx, h)}
			}
		}
		out[i] = ui.Row{Label: v.whom(ctx, h), Faded: !live, Cells: []templ.Component{
			ui.Words(v.whom(ctx, h)), ui.Words(h.Ground), ui.Time{At: h.Since}, ui.Words(i18n.Date(ctx, h.Review)), state, act,
		}}
	}
	return out
}

type holdForm struct {
	base
	orgs     []core.Organization
	values   map[string]string
	problems ui.Problems
}

func (p pages) form(w http.ResponseWriter, r *http.Request, status int, v holdForm) (err error) {
	v.org, v.path = at(r)
	if v.provider() {
		if v.orgs, err = p.m.Clients(r.Context()); err != nil {
			return err
		}
	}
	return ui.Render(w, r, status, placePage(v))
}

func (p pages) blank(w http.ResponseWriter, r *http.Request) error {
	return p.form(w, r, http.StatusOK, holdForm{values: map[string]string{"review": p.m.Now().AddDate(0, 6, 0).Format("2006-01-02")}})
}

func (v holdForm) options(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: string(core.Platform), Label: tEverywhere.In(ctx)}}
	for _, o := range v.orgs {
		out = append(out, ui.Option{Value: string(o.ID), Label: o.Name})
	}
	return out
}

func (p pages) place(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	values := map[string]string{}
	for _, name := range []string{"org", "email", "ground", "review", "ends"} {
		values[name] = r.PostFormValue(name)
	}
	person, err := p.m.Find(r.Context(), org, values["email"])
	if err == nil {
		_, err = p.m.Place(r.Context(), org, retention.Draft{
			Org: ids.Typed(values["org"]), Person: person, Ground: values["ground"], Review: date(values["review"]), Ends: date(values["ends"]),
		})
	}
	if ui.Shown(err) || core.CodeOf(err) == "hold.nobody" {
		return p.form(w, r, http.StatusUnprocessableEntity, holdForm{values: values, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path+"/holds", tPlaced.In(r.Context()))
}

type liftView struct {
	base
	hold     core.ID
	why      string
	problems ui.Problems
}

func (p pages) lifting(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	if err := p.m.Known(r.Context(), org, ids.Typed(r.PathValue("hold"))); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, liftPage(liftView{base: base{org, path}, hold: ids.Typed(r.PathValue("hold"))}))
}

func (p pages) lift(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	v := liftView{base: base{org, path}, hold: ids.Typed(r.PathValue("hold")), why: r.PostFormValue("why")}
	err := p.m.Lift(r.Context(), org, v.hold, v.why)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, liftPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path+"/holds", tLiftedNote.In(r.Context()))
}
