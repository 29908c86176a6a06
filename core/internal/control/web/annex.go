package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tAnnexLead   = i18n.T("L'annexe du contrat, écrite à partir de l'état vivant. Chaque version établie est gardée avec son empreinte et ce qui a changé.", "The annex of the contract, written from the live state. Each version made is kept with its hash and what changed.")
	tAnnexFor    = i18n.T("Pour %s", "For %s")
	tMakeAnnex   = i18n.T("Établir une version", "Make a version")
	tAnnexMade   = i18n.T("Version %d établie.", "Version %d made.")
	tAnnexNow    = i18n.T("Ce que dirait l'annexe aujourd'hui", "What the annex would say today")
	tAnnexFirst  = i18n.T("Aucune version n'a encore été établie.", "No version has been made yet.")
	tAnnexSame   = i18n.T("Rien n'a changé depuis la version %d.", "Nothing has changed since version %d.")
	tAnnexDiffer = i18n.T("Ce qui a changé depuis la version %d", "What has changed since version %d")
	tAnnexKept   = i18n.T("Versions gardées", "Kept versions")
	tNoKept      = i18n.T("Aucune version", "No version")
	tNoKeptIn    = i18n.T("Établissez-en une pour la joindre au contrat.", "Make one to join it to the contract.")
	tChanges     = i18n.T("Changements", "Changes")
	tFirstOne    = i18n.T("première version", "first version")
	tNoChanges   = i18n.T("aucun", "none")
	tFilesOf     = i18n.T("Fichiers", "Files")
	tWeaker      = i18n.T("protège moins", "protects less")
	tTightened   = i18n.T("Ce que l'organisation a durci", "What the organization has tightened")
	tImposed     = i18n.T("Imposé", "Imposed")
	tChosen      = i18n.T("Choisi", "Chosen")
	tPoliciesOwn = i18n.T("Politiques promises", "Promised policies")
	tPoliciesIn  = i18n.T("Ce que le fournisseur promet à l'organisation : la version, qui l'a signée, ce qui a changé.", "What the provider promises to the organization: the version, who signed it, what changed.")
	tSignIt      = i18n.T("Signer cette version", "Sign this version")
	tSignAsk     = i18n.T("Signer, au nom de l'organisation, la version dont l'empreinte est %s ?", "Sign, for the organization, the version whose hash is %s?")
	tSignDone    = i18n.T("Version signée.", "Version signed.")
	tSince       = i18n.T("Ce qui a changé depuis la version signée", "What has changed since the version signed")
)

// annexView is the page of an organization's annexes.
type annexView struct {
	place
	client core.ID
	path   string
	draft  annex.Document
	since  []annex.Change
	kept   []trust.Kept
}

// client is the organization of an annex page: that of the path, in one place or the other.
func annexPlace(r *http.Request) annexView {
	v := annexView{place: placeOf(r)}
	v.client, v.path = v.org, v.base+"/annex"
	if c := r.PathValue("client"); c != "" {
		v.client, v.path = core.ID(c), v.base+"/annexes/"+c
	}
	return v
}

func (p pages) annexes(w http.ResponseWriter, r *http.Request) (err error) {
	ctx, v := r.Context(), annexPlace(r)
	if v.kept, err = p.trust.Annexes(ctx, v.org, v.client); err != nil {
		return err
	}
	if v.draft, v.since, err = p.trust.Draft(ctx, v.org, v.client); err != nil {
		return err
	}
	return ui.Render(w, asks(r), http.StatusOK, annexPage(v))
}

func (p pages) makeAnnex(w http.ResponseWriter, r *http.Request) error {
	v := annexPlace(r)
	k, err := p.trust.Make(r.Context(), v.org, v.client)
	if core.KindOf(err) == core.Conflict {
		return ui.RedirectWith(w, r, v.path, ui.Note{Tone: ui.Info, Text: i18n.Explain(r.Context(), core.CodeOf(err))})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, v.path, tAnnexMade.In(r.Context(), k.Number))
}

func (p pages) annexFile(w http.ResponseWriter, r *http.Request) error {
	v := annexPlace(r)
	number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64)
	d, k, err := p.trust.Annex(r.Context(), v.org, v.client, number)
	if err != nil {
		return err
	}
	lang := i18n.Of(r.Context())
	if l, ok := i18n.Parse(r.FormValue("lang")); ok {
		lang = l
	}
	f, err := trust.File(d, k, r.PathValue("form"), lang)
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

func (v annexView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.kept))
	for i, k := range v.kept {
		rows[i] = ui.Row{Label: strconv.FormatInt(k.Number, 10), Cells: []templ.Component{
			ui.Words(strconv.FormatInt(k.Number, 10)), ui.Time{At: k.At}, keptCell(k, i == len(v.kept)-1), filesCell(v, k), ui.Mono(short(k.Hash)),
		}}
	}
	return rows
}

func (v annexView) tightRows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.draft.Tightened))
	for i, s := range v.draft.Tightened {
		rows[i] = ui.Row{Label: s.Key, Cells: []templ.Component{ui.Words(say(ctx, s.Title)), ui.Mono(s.Demand), ui.Mono(s.Value)}}
	}
	return rows
}

func (v annexView) counts(ctx context.Context) ui.Facts {
	n := map[control.Status]int{}
	for _, c := range v.draft.Clauses {
		n[c.Status]++
	}
	var f ui.Facts
	for _, s := range statuses {
		f = append(f, ui.Fact{Label: annex.StatusWord(s).In(ctx), Text: count(n[s])})
	}
	return f
}

// promisedView lists what an organization was promised.
type promisedView struct {
	place
	pins     []pinned
	problems ui.Problems
}

type pinned struct {
	control.Pin
	title   string
	current bool // the version in force
	changes []change
}

func (p pages) promised(w http.ResponseWriter, r *http.Request) error {
	v := promisedView{place: placeOf(r)}
	return p.promisedAs(w, r, v, http.StatusOK)
}

func (p pages) promisedAs(w http.ResponseWriter, r *http.Request, v promisedView, status int) error {
	ctx := r.Context()
	pins, err := p.control.PinsOf(ctx, v.org)
	if err != nil {
		return err
	}
	packs, err := p.trust.Policies(ctx, v.org)
	if err != nil {
		return err
	}
	for _, one := range pins {
		shown := pinned{Pin: one, title: titleOf(ctx, packs, one.Pack), current: one.State == "in_force"}
		if shown.current && one.SignedAt.IsZero() {
			list, err := p.control.Difference(ctx, v.org, one.Pack)
			if err != nil && core.KindOf(err) != core.NotFound {
				return err
			}
			for _, c := range list {
				shown.changes = append(shown.changes, change(c))
			}
		}
		v.pins = append(v.pins, shown)
	}
	return ui.Render(w, asks(r), status, promisedPage(v))
}

func (p pages) sign(w http.ResponseWriter, r *http.Request) error {
	v := promisedView{place: placeOf(r)}
	err := p.control.Sign(r.Context(), v.org, r.PathValue("pack"), r.PostFormValue("hash"))
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return p.promisedAs(w, r, v, edge.StatusOf(err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, v.base+"/policies", tSignDone.In(r.Context()))
}

func sinceTitle(ctx context.Context, v annexView) string {
	if len(v.kept) == 0 {
		return tChanges.In(ctx)
	}
	return tAnnexDiffer.In(ctx, v.kept[0].Number)
}
