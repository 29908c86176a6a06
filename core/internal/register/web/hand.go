package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tSave     = i18n.T("Enregistrer", "Save")
	tBack     = i18n.T("Retour", "Back")
	tEnd      = i18n.T("Retirer du registre", "Take out of the record")
	tEndAsk   = i18n.T("Retirer cet ajout ? Ses versions restent lisibles.", "Take this addition out? Its versions can still be read.")
	tKept     = i18n.T("Enregistré, et marqué comme écrit à la main.", "Saved, and marked as written by hand.")
	tEnded    = i18n.T("Retiré du registre.", "Taken out of the record.")
	tChoose   = i18n.T("Choisir", "Choose")
	tHistory  = i18n.T("Versions", "Versions")
	tRevision = i18n.T("Version", "Version")
	tSays     = i18n.T("Ce qu'elle dit", "What it says")
	tKinds    = map[string]i18n.Sentence{
		register.Card: i18n.T("Qui répond du registre", "Who answers for the record"), register.Added: i18n.T("Activité écrite à la main", "Activity written by hand"),
		register.Sentence: i18n.T("Phrase écrite à la main", "Sentence written by hand"),
	}
)

type handView struct {
	pages
	org      core.ID
	kind     string
	target   string
	id       core.ID
	revision int64
	values   map[string]string
	versions []register.Hand
	problems ui.Problems
}

// card opens the form of who answers: that which stands, or an empty one.
func (p pages) card(w http.ResponseWriter, r *http.Request) error {
	org := p.org(r)
	v, err := p.m.View(r.Context(), org, register.Parts(org)[0])
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, handPage(handView{pages: p, org: org, kind: register.Card, id: v.CardID, revision: v.CardAt, values: v.Card}))
}

func (p pages) blank(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, handPage(handView{pages: p, org: p.org(r), kind: register.Added}))
}

func (p pages) edit(w http.ResponseWriter, r *http.Request) error {
	org := p.org(r)
	list, err := p.m.One(r.Context(), org, ids.Typed(r.PathValue("hand")))
	if err != nil {
		return err
	}
	h := list[0]
	return ui.Render(w, r, http.StatusOK, handPage(handView{
		pages: p, org: org, kind: h.Kind, target: h.Target, id: h.ID, revision: h.Revision, values: h.Values, versions: list,
	}))
}

func (p pages) add(w http.ResponseWriter, r *http.Request) error { return p.save(w, r, "") }
func (p pages) change(w http.ResponseWriter, r *http.Request) error {
	return p.save(w, r, ids.Typed(r.PathValue("hand")))
}

func (p pages) save(w http.ResponseWriter, r *http.Request, hand core.ID) error {
	org := p.org(r)
	d := register.Draft{ID: hand, Kind: r.PostFormValue("kind"), Target: r.PostFormValue("target"), Values: map[string]string{}}
	d.Revision, _ = strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	for _, f := range register.Fields[d.Kind] {
		d.Values[f.Name] = r.PostFormValue(f.Name)
	}
	made, err := p.m.Save(r.Context(), org, d)
	if ui.Shown(err) {
		return ui.Render(w, r, http.StatusUnprocessableEntity, handPage(handView{
			pages: p, org: org, kind: d.Kind, target: d.Target, id: hand, revision: d.Revision, values: d.Values, problems: ui.ProblemsOf(r.Context(), err),
		}))
	} else if err != nil {
		return err
	}
	to := p.at(org)
	switch d.Kind {
	case register.Sentence:
		to = p.at(org, "activities", d.Target)
	case register.Added:
		to = p.at(org, "activities", string(made))
	}
	return ui.Redirect(w, r, to, tKept.In(r.Context()))
}

func (p pages) end(w http.ResponseWriter, r *http.Request) error {
	org := p.org(r)
	if err := p.m.End(r.Context(), org, ids.Typed(r.PathValue("hand"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, p.at(org), tEnded.In(r.Context()))
}

func (v handView) action() string {
	if v.id == "" {
		return v.at(v.org, "hands")
	}
	return v.at(v.org, "hands", string(v.id))
}

// fields leaves out what a client's register does not ask: it is always a controller's.
func (v handView) fields() (list []register.Field) {
	for _, f := range register.Fields[v.kind] {
		if f.Name != "part" || v.org == core.Platform {
			list = append(list, f)
		}
	}
	return list
}

func options(ctx context.Context, f register.Field) []ui.Option {
	out := []ui.Option{{Label: tChoose.In(ctx)}}
	for _, o := range f.Options {
		out = append(out, ui.Option{Value: o, Label: register.OptionTitle(f.Name, o).In(ctx)})
	}
	return out
}

func (v handView) history(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.versions))
	for i, h := range v.versions {
		says := ""
		for _, f := range register.Fields[h.Kind] {
			if s := h.Values[f.Name]; s != "" {
				if says != "" {
					says += " · "
				}
				says += s
			}
		}
		out[i] = ui.Row{Cells: []templ.Component{ui.Words(strconv.FormatInt(h.Revision, 10)), ui.Time{At: h.At}, ui.Words(says)}}
	}
	return out
}
