package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/policies"
)

var (
	errPack = i18n.Fault(core.NotFound, "control.policy_absent", "Cette politique n'existe pas.", "There is no such policy.")

	tPacksLead     = i18n.T("Les politiques livrées avec le logiciel et celles qui sont en vigueur.", "The policies that come with the software and those that are in force.")
	tInForce       = i18n.T("En vigueur", "In force")
	tNotInForce    = i18n.T("Pas en vigueur", "Not in force")
	tBaseline      = i18n.T("notre recommandation", "our recommendation")
	tIssuer        = i18n.T("Éditeur", "Issuer")
	tSignedBy      = i18n.T("Signée par", "Signed by")
	tSignedOf      = i18n.T("%d sur %d", "%d of %d")
	tPublish       = i18n.T("Publier", "Publish")
	tPublishThis   = i18n.T("Publier cette politique", "Publish this policy")
	tWithdraw      = i18n.T("Retirer", "Withdraw")
	tWithdrawing   = i18n.T("Retirer des clauses", "Withdraw clauses")
	tWithdrawIn    = i18n.T("Une clause retirée n'engage plus personne. C'est une nouvelle version ; les organisations sont prévenues, le motif est gardé.", "A clause that is withdrawn binds nobody any more. It makes a new version; organizations are told, the reason is kept.")
	tWhole         = i18n.T("Sans clause cochée, c'est toute la politique qui est retirée.", "With no clause ticked, the whole policy is withdrawn.")
	tHash          = i18n.T("Empreinte SHA-256", "SHA-256")
	tHistoryOf     = i18n.T("Versions publiées", "Published versions")
	tNumber        = i18n.T("Numéro", "Number")
	tState         = i18n.T("État", "State")
	tReplaced      = i18n.T("remplacée", "replaced")
	tWithdrawn     = i18n.T("retirée", "withdrawn")
	tPinned        = i18n.T("À qui elle est promise", "To whom it is promised")
	tOrg           = i18n.T("Organisation", "Organization")
	tToldTo        = i18n.N("%d personne prévenue", "%d personnes prévenues", "%d person told", "%d persons told")
	tSigned        = i18n.T("Signée", "Signed")
	tNotSigned     = i18n.T("pas encore", "not yet")
	tToldWord      = i18n.T("Prévenus", "Told")
	tWithdrawnWord = i18n.T("Clauses retirées", "Clauses withdrawn")
	tWould         = i18n.T("Ce que la publication change", "What publishing changes")
	tFirstTime     = i18n.N("Première publication : %d clause promise à chaque organisation.", "Première publication : %d clauses promises à chaque organisation.", "First publication: %d clause promised to each organization.", "First publication: %d clauses promised to each organization.")
	tNoChange      = i18n.T("Rien ne change dans les promesses.", "Nothing changes in the promises.")
	tWeakens       = i18n.T("Affaiblit", "Weakens")
	tStrengthens   = i18n.T("Renforce", "Strengthens")
	tRewords       = i18n.T("Reformule", "Rewords")
	tWeakTitle     = i18n.T("Cette version promet moins", "This version promises less")
	tWeakText      = i18n.T("Une mesure peut évoluer, jamais diminuer la protection (USR-0) : ces points demandent l'accord de qui a signé.", "A measure may evolve, never protect less (USR-0): these points call for the agreement of who signed.")
	tGaps          = i18n.T("Réglages trop faibles", "Settings too weak")
	tGapsIn        = i18n.T("La politique demande plus que ce qui est en vigueur.", "The policy demands more than what is in force.")
	tWanted        = i18n.T("Il faudrait", "It would take")
	tAgainst       = i18n.T("Impossible avec", "Impossible with")
	tTighten       = i18n.T("Relever ces réglages en même temps", "Raise these settings at the same time")
	tTightenHint   = i18n.T("Ils s'appliquent à la prochaine requête de chacun.", "They apply at everyone's next request.")
	tApart         = i18n.T("Publiées à part, comme non tenues", "Published apart, as not held")
	tApartIn       = i18n.T("Rien ne peut les montrer tenues : elles ne comptent pas comme tenues.", "Nothing can show them held: they do not count as held.")
	tAffected      = i18n.T("Qui avait signé ou reçu la version d'avant", "Who had signed or was promised the version before")
	tNobody        = i18n.T("Personne.", "Nobody.")
	tPublishDone   = i18n.T("Politique publiée.", "Policy published.")
	tTaken         = i18n.T("Retrait publié.", "Withdrawal published.")
	tAnnexOf       = i18n.T("Annexe", "Annex")
	tDeviations    = i18n.T("Écarts avec notre recommandation", "Departures from our recommendation")
)

var effects = map[policies.Effect]struct {
	word i18n.Sentence
	tone ui.Tone
}{policies.Weaker: {tWeakens, ui.Bad}, policies.Stronger: {tStrengthens, ui.Good}, policies.Reworded: {tRewords, ui.Info}}

// packsView lists policies.
type packsView struct {
	place
	list []control.PackView
}

func (p pages) packs(w http.ResponseWriter, r *http.Request) (err error) {
	v := packsView{place: placeOf(r)}
	if v.list, err = p.control.Packs(r.Context()); err != nil {
		return err
	}
	return ui.Render(w, asks(r), http.StatusOK, packsPage(v))
}

func standing(ctx context.Context, p control.PackView) ui.Badge {
	if p.InForce != nil {
		return ui.Badge{Text: tInForce.In(ctx), Tone: ui.Good}
	}
	return ui.Badge{Text: tNotInForce.In(ctx)}
}

func (v packsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, p := range v.list {
		href, version, signed := v.base+"/policies/"+p.ID, p.Version, ""
		if p.InForce != nil {
			version, signed = p.InForce.Version, tSignedOf.In(ctx, p.Signed, p.Pinned)
		}
		rows[i] = ui.Row{Label: say(ctx, p.Title), Href: href, Faded: p.InForce == nil, Cells: []templ.Component{
			packCell(p, href), standing(ctx, p), ui.Words(version), ui.Words(strconv.Itoa(len(p.Clauses))), ui.Words(signed),
		}}
	}
	return rows
}

// packView is one policy.
type packView struct {
	place
	p    control.PackView
	pins []control.Pin
}

func (p pages) find(r *http.Request) (v packView, err error) {
	v.place = placeOf(r)
	list, err := p.control.Packs(r.Context())
	if err != nil {
		return v, err
	}
	at := slices.IndexFunc(list, func(one control.PackView) bool { return one.ID == r.PathValue("pack") })
	if at < 0 {
		return v, errPack
	}
	v.p = list[at]
	return v, nil
}

func (p pages) pack(w http.ResponseWriter, r *http.Request) error {
	v, err := p.find(r)
	if err != nil {
		return err
	}
	if v.pins, err = p.control.Pins(r.Context(), v.p.ID); err != nil {
		return err
	}
	return ui.Render(w, asks(r), http.StatusOK, packPage(v))
}

func (v packView) path() string { return v.base + "/policies/" + v.p.ID }

func (v packView) crumbs(ctx context.Context, deep bool) []ui.Crumb {
	list := v.place.crumbs(ctx, ui.Crumb{Label: tPolicies.In(ctx), Href: v.base + "/policies"})
	if deep {
		list = append(list, ui.Crumb{Label: say(ctx, v.p.Title), Href: v.path()})
	}
	return list
}

func (v packView) facts(ctx context.Context) ui.Facts {
	f := ui.Facts{
		{Label: tState.In(ctx), Value: standing(ctx, v.p)},
		{Label: tIssuer.In(ctx), Text: v.p.Issuer},
		{Label: tClauses.In(ctx), Value: ui.To(tFound.In(ctx, len(v.p.Clauses)), v.base+"?every=1&pack="+v.p.ID)},
	}
	if now := v.p.InForce; now != nil {
		return append(f, ui.Fact{Label: tVersion.In(ctx), Text: now.Version}, ui.Fact{Label: tHash.In(ctx), Value: ui.Mono(now.Hash)},
			ui.Fact{Label: tPublished.In(ctx), Value: ui.Time{At: now.PublishedAt}},
			ui.Fact{Label: tSignedBy.In(ctx), Text: tSignedOf.In(ctx, v.p.Signed, v.p.Pinned)})
	}
	return append(f, ui.Fact{Label: tVersion.In(ctx), Text: v.p.Version}, ui.Fact{Label: tHash.In(ctx), Value: ui.Mono(v.p.Hash)})
}

func (v packView) versionRows(ctx context.Context) []ui.Row {
	words := map[string]ui.Badge{
		"in_force": {Text: tInForce.In(ctx), Tone: ui.Good}, "replaced": {Text: tReplaced.In(ctx)}, "withdrawn": {Text: tWithdrawn.In(ctx), Tone: ui.Warn},
	}
	rows := make([]ui.Row, len(v.p.History))
	for i, h := range v.p.History {
		version := ""
		if h.Pack != nil {
			version = h.Version
		}
		rows[i] = ui.Row{Label: strconv.FormatInt(h.Number, 10), Cells: []templ.Component{
			ui.Words(strconv.FormatInt(h.Number, 10)), ui.Words(version), words[h.State], ui.Time{At: h.PublishedAt}, ui.Words(strings.Join(h.Withdrawn, ", ")), ui.Mono(short(h.Hash)),
		}}
	}
	return rows
}

func pinRows(ctx context.Context, pins []control.Pin, base string) []ui.Row {
	rows := make([]ui.Row, len(pins))
	for i, one := range pins {
		rows[i] = ui.Row{Label: one.OrgName, Cells: []templ.Component{
			ui.Words(one.OrgName), ui.Words(one.Version), ui.Words(tToldTo.In(ctx, len(one.Told))), signedCell(one),
			ui.ToIf("annex.read", tAnnexOf.In(ctx), base+"/annexes/"+string(one.Org)),
		}}
	}
	return rows
}

// previewView is what a publication would do.
type previewView struct {
	packView
	would    control.Published
	reason   string
	tighten  bool
	problems ui.Problems
}

func (p pages) preview(w http.ResponseWriter, r *http.Request) error {
	one, err := p.find(r)
	if err != nil {
		return err
	}
	return p.previewed(w, r, previewView{packView: one, tighten: true}, http.StatusOK)
}

func (p pages) previewed(w http.ResponseWriter, r *http.Request, v previewView, status int) (err error) {
	if v.would, err = p.control.Preview(r.Context(), control.Order{Pack: v.p.ID, Tighten: true}); err != nil {
		return err
	}
	return ui.Render(w, r, status, previewPage(v))
}

func (p pages) publish(w http.ResponseWriter, r *http.Request) error {
	one, err := p.find(r)
	if err != nil {
		return err
	}
	v := previewView{packView: one, reason: r.PostFormValue("reason"), tighten: r.PostFormValue("tighten") != ""}
	_, err = p.control.Publish(r.Context(), control.Order{Pack: one.p.ID, Tighten: v.tighten, Reason: v.reason})
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return p.previewed(w, r, v, edge.StatusOf(err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, one.path(), tPublishDone.In(r.Context()))
}

func gapRows(ctx context.Context, gaps []core.Gap) []ui.Row {
	rows := make([]ui.Row, len(gaps))
	for i, g := range gaps {
		want := g.Want
		if g.Against != "" {
			want = tAgainst.In(ctx) + " " + g.Against
		}
		rows[i] = ui.Row{Label: g.Key, Cells: []templ.Component{ui.Mono(g.Key), ui.Words(g.Clause), ui.Mono(g.Value), ui.Words(want)}}
	}
	return rows
}

// withdrawView is the form of a withdrawal.
type withdrawView struct {
	packView
	clauses  []string
	reason   string
	problems ui.Problems
}

func (p pages) withdrawal(w http.ResponseWriter, r *http.Request) error {
	one, err := p.find(r)
	if err != nil {
		return err
	}
	if one.p.InForce == nil {
		return errPack
	}
	if one.pins, err = p.control.Pins(r.Context(), one.p.ID); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, withdrawPage(withdrawView{packView: one}))
}

func (p pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	one, err := p.find(r)
	if err != nil {
		return err
	}
	v := withdrawView{packView: one, reason: r.PostFormValue("reason"), clauses: r.PostForm["clause"]}
	_, err = p.control.Withdraw(r.Context(), control.Withdrawal{Pack: one.p.ID, Clauses: v.clauses, Reason: v.reason})
	if ui.Shown(err) && one.p.InForce != nil {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, edge.StatusOf(err), withdrawPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, one.path(), tTaken.In(r.Context()))
}

// options are the clauses that can still be withdrawn.
func (v withdrawView) options(ctx context.Context) []ui.Option {
	var list []ui.Option
	for _, c := range v.p.InForce.Clauses {
		if !slices.Contains(v.p.InForce.Withdrawn, c.ID) {
			list = append(list, ui.Option{Value: c.ID, Label: c.ID + " · " + say(ctx, c.Title)})
		}
	}
	return list
}

// short is the beginning of a hash, for a table; the whole stands on the page of the thing.
func short(hash string) string {
	if len(hash) <= 16 {
		return hash
	}
	return hash[:16] + "…"
}
