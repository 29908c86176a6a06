package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	errClause = i18n.Fault(core.NotFound, "control.clause_absent", "Cette clause n'existe pas, ou ne vous a pas été promise.", "There is no such clause, or it was not promised to you.")

	tText       = i18n.T("Le texte promis", "The text promised")
	tNow        = i18n.T("Comment elle tient", "How it stands")
	tSettings   = i18n.T("Réglages", "Settings")
	tSetting    = i18n.T("Réglage", "Setting")
	tDemanded   = i18n.T("Demandé", "Demanded")
	tValue      = i18n.T("En vigueur", "In force")
	tImposedBy  = i18n.T("Imposé par", "Imposed by")
	tThisOne    = i18n.T("cette clause", "this clause")
	tNoProbe    = i18n.T("Aucune sonde : cette clause repose sur une attestation, ou n'est pas encore construite.", "No probe: this clause rests on an attestation, or is not built yet.")
	tRunNow     = i18n.T("Sonder maintenant", "Probe now")
	tLastRun    = i18n.T("Dernier constat", "Last observation")
	tEntry      = i18n.T("Entrée du journal", "Journal entry")
	tSample     = i18n.T("Échantillon", "Sample")
	tOf         = i18n.T("%d sur %d", "%d of %d")
	tNotThere   = i18n.T("sonde absente de ce logiciel", "probe that this software does not have")
	tRests      = i18n.T("Attestations", "Attestations")
	tRestsKind  = i18n.T("Attestation", "Attestation")
	tSignedOn   = i18n.T("Signée le", "Signed on")
	tUntil      = i18n.T("Valable jusqu'au", "Valid until")
	tNoEnd      = i18n.T("sans terme", "no end")
	tFiles      = i18n.T("Empreinte des pièces", "SHA-256 of its files")
	tMissing    = i18n.T("Ce qui manque encore", "What is still missing")
	tMissingIn  = i18n.T("Tant qu'une part manque, la clause ne peut pas être dite tenue.", "While a part is missing, the clause cannot be called held.")
	tCannot     = i18n.T("Ce que le logiciel ne peut pas montrer", "What the software cannot show")
	tDeviates   = i18n.T("Écart avec notre recommandation", "Departs from our recommendation")
	tReferences = i18n.T("Références", "References")
	tNature     = i18n.T("Nature", "Kind")
	tPublished  = i18n.T("Publiée", "Published")
	tYes        = i18n.T("oui", "yes")
	tNo         = i18n.T("non : elle n'engage personne", "no: it binds nobody")
	tStatusOf   = i18n.T("État depuis", "Status since")
	tProveIt    = i18n.T("La faire vérifier ailleurs", "Have it checked elsewhere")
	tProveHow   = i18n.T("Le dossier de preuve se vérifie sur une autre machine, sans notre base.", "The bundle of proof is checked on another machine, without our database.")
)

// clauseView is the page of a clause.
type clauseView struct {
	place
	c        annex.Clause
	pack     string
	history  control.Days
	days     int
	settings []settingLine
}

// settingLine is a setting that the clause demands something of, and whose demand is the floor in force.
type settingLine struct {
	annex.Setting
	imposed []string // other clauses that ask as much of it
}

func (p pages) clause(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	pack, id := r.PathValue("pack"), r.PathValue("clause")
	v := clauseView{place: placeOf(r), pack: pack, days: filterOf(r).days}
	live, err := p.trust.Clauses(ctx, v.org, control.Filter{Pack: pack, Clause: id, Every: true})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(live, func(c annex.Clause) bool { return c.Pack == pack && c.ID == id })
	if at < 0 {
		return errClause
	}
	v.c = live[at]
	packs, err := p.trust.Policies(ctx, v.org)
	if err != nil {
		return err
	}
	v.pack = titleOf(ctx, packs, pack)
	rules, err := p.trust.Rules(ctx, v.org)
	if err != nil {
		return err
	}
	v.settings = linesOf(rules, v.c)
	if v.history, err = p.trust.History(ctx, v.org, pack, id, v.days); err != nil && core.KindOf(err) != core.NotFound {
		return err
	}
	return ui.Render(w, asks(r), http.StatusOK, clausePage(v))
}

func titleOf(ctx context.Context, packs []control.PackView, id string) string {
	for _, p := range packs {
		if p.ID == id {
			return say(ctx, p.Title)
		}
	}
	return id
}

// linesOf are the settings of a clause, with the clauses that impose as much.
func linesOf(rules []trust.Rule, c annex.Clause) []settingLine {
	var list []settingLine
	for _, s := range trust.AskedOf(rules, c) {
		line := settingLine{Setting: s}
		for _, r := range rules {
			if r.Key != s.Key {
				continue
			}
			for _, a := range r.Clauses {
				if a.Clause != c.ID && (a.Least == r.Floor || a.Exact == r.Floor) && !slices.Contains(line.imposed, a.Clause) {
					line.imposed = append(line.imposed, a.Clause)
				}
			}
		}
		list = append(list, line)
	}
	return list
}

func (v clauseView) settingRows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.settings))
	for i, s := range v.settings {
		by := tThisOne.In(ctx)
		if len(s.imposed) > 0 {
			by += ", " + strings.Join(s.imposed, ", ")
		}
		rows[i] = ui.Row{Label: s.Key, Cells: []templ.Component{ui.Words(say(ctx, s.Title)), ui.Mono(s.Demand), ui.Mono(s.Value), ui.Words(by)}}
	}
	return rows
}

func (v clauseView) facts(ctx context.Context) ui.Facts {
	published := tNo
	if v.c.Published {
		published = tYes
	}
	f := ui.Facts{
		{Label: tStatus.In(ctx), Value: badge(ctx, v.c.Status, v.c.Evidence)},
		{Label: tStatusOf.In(ctx), Value: ui.Time{At: v.c.Since, Never: tNever.In(ctx)}},
		{Label: tEvidenceDate.In(ctx), Value: ui.Time{At: v.c.Evidence, Never: tUnproved.In(ctx)}},
		{Label: tNature.In(ctx), Text: kindWords(ctx, v.c.Kinds)},
		{Label: tPolicy.In(ctx), Text: v.pack},
		{Label: tPublished.In(ctx), Text: published.In(ctx)},
	}
	if len(v.c.References) > 0 {
		f = append(f, ui.Fact{Label: tReferences.In(ctx), Text: strings.Join(v.c.References, ", ")})
	}
	return f
}

var tEvidenceDate = i18n.T("Date de la preuve", "Date of evidence")

func (v clauseView) probeIDs() string {
	var all []string
	for _, p := range v.c.Probes {
		all = append(all, p.ID)
	}
	return strings.Join(all, ",")
}

func (v clauseView) probeRows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.c.Probes))
	for i, one := range v.c.Probes {
		sample := ""
		if !one.End.IsZero() {
			sample = tOf.In(ctx, one.Sample, one.Population)
		}
		rows[i] = ui.Row{Label: one.ID, Cells: []templ.Component{probeCell(v, one), sawCell(v, one), ui.Words(sample)}}
	}
	return rows
}

func (v clauseView) standingRows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.c.Standings))
	for i, s := range v.c.Standings {
		rows[i] = ui.Row{Label: s.Kind, Cells: []templ.Component{ui.Words(say(ctx, s.Named())), ui.Time{At: s.Signed}, ui.Time{At: s.Until, Never: tNoEnd.In(ctx)}, ui.Mono(short(s.Evidence))}}
	}
	return rows
}

func (v clauseView) windows(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tWindow.In(ctx)}
	for _, n := range []int{30, 90, 365} {
		href := v.clauseHref(v.c.Pack, v.c.ID)
		if n != 30 {
			href += "?" + filter{days: n}.query().Encode()
		}
		t.Items = append(t.Items, ui.Tab{Label: tDays.In(ctx, n), Href: href, Current: v.days == n})
	}
	return t
}
