package web

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tObservations = i18n.T("Constats", "Observations")
	tObserved     = i18n.T("Ce que chaque sonde a vu, du plus récent au plus ancien.", "What each probe saw, newest first.")
	tNoObserved   = i18n.T("Aucun constat", "No observation")
	tNoObservedIn = i18n.T("Les sondes des politiques en vigueur passent d'elles-mêmes ; on peut aussi les lancer.", "The probes of the policies in force run by themselves; they can also be run by hand.")
	tHolds        = i18n.T("Tient", "Holds")
	tBreaks       = i18n.T("Rompue", "Broken")
	tUnseen       = i18n.T("Rien vu", "Nothing seen")
	tSawWhat      = i18n.T("Ce qui a été essayé", "What was tried")
	tFact         = i18n.T("Le fait", "The fact")
	tResult       = i18n.T("Issue", "Outcome")
	tBegan        = i18n.T("Début", "Began")
	tEnded        = i18n.T("Fin", "Ended")
	tExpires      = i18n.T("Vaut jusqu'au", "Evidence until")
	tProgram      = i18n.T("Version du logiciel", "Software version")
	tNode         = i18n.T("Nœud", "Node")
	tSeen         = i18n.T("Réglages vus", "Settings seen")
	tSealed       = i18n.T("Sceau", "Seal")
	tSound        = i18n.T("Signature valable", "Signature valid")
	tUnsound      = i18n.T("Signature fausse", "Signature wrong")
	tSignature    = i18n.T("Signature Ed25519", "Ed25519 signature")
	tSignedText   = i18n.T("Texte signé", "Signed text")
	tHead         = i18n.T("Tête signée du journal", "Signed head of the journal")
	tWaiting      = i18n.T("L'entrée attend sa place dans l'arbre (quelques secondes).", "The entry waits for its place in the tree (a few seconds).")
	tEntries      = i18n.T("Entrées du journal", "Journal entries")
	tEntriesIn    = i18n.T("Celle qui enregistre le constat, puis celles qui en témoignent. Chacune avec sa preuve d'inclusion.", "The one that records the observation, then those that bear witness. Each with its proof of inclusion.")
	tPlace        = i18n.T("Place", "Place")
	tAct          = i18n.T("Acte", "Act")
	tWhen         = i18n.T("Moment", "Moment")
	tLinks        = i18n.T("Preuve d'inclusion", "Proof of inclusion")
	tHashes       = i18n.N("%d empreinte", "%d empreintes", "%d hash", "%d hashes")
	tUsedBy       = i18n.T("Clauses qui s'y appuient", "Clauses that rest on it")
	tPosition     = i18n.T("Taille de l'arbre", "Size of the tree")
)

func outcome(ctx context.Context, o control.Observation) ui.Badge {
	switch {
	case o.Failed != "":
		return ui.Badge{Text: tUnseen.In(ctx), Tone: ui.Warn}
	case o.Held:
		return ui.Badge{Text: tHolds.In(ctx), Tone: ui.Good}
	}
	return ui.Badge{Text: tBreaks.In(ctx), Tone: ui.Bad}
}

// observationsView lists observations.
type observationsView struct {
	place
	probe string
	list  []control.Observation
	next  core.ID
}

const perPage = 50

func (p pages) observations(w http.ResponseWriter, r *http.Request) (err error) {
	v := observationsView{place: placeOf(r), probe: r.FormValue("probe")}
	if v.list, v.next, err = p.control.Observations(r.Context(), v.probe, core.ID(r.FormValue("before")), perPage); err != nil {
		return err
	}
	return ui.Render(w, asks(r), http.StatusOK, observationsPage(v))
}

func (v observationsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, o := range v.list {
		href := v.base + "/observations/" + string(o.ID)
		why := say(ctx, o.Why)
		if o.Failed != "" {
			why = o.Failed
		}
		rows[i] = ui.Row{Label: o.Probe, Href: href, Cells: []templ.Component{outcome(ctx, o), momentLink(o, href), ui.Mono(o.Probe), ui.Words(why), ui.Words(tOf.In(ctx, o.Sample, o.Population))}}
	}
	return rows
}

func (v observationsView) pager() ui.Pager {
	if v.next == "" {
		return ui.Pager{}
	}
	href := v.base + "/observations?before=" + string(v.next)
	if v.probe != "" {
		href += "&probe=" + v.probe
	}
	return ui.Pager{Next: href}
}

// evidenceView is one observation opened down to the journal.
type evidenceView struct {
	place
	e control.Evidence
}

func (p pages) observation(w http.ResponseWriter, r *http.Request) error {
	e, err := p.control.Observation(r.Context(), core.ID(r.PathValue("observation")))
	if err != nil {
		return err
	}
	return ui.Render(w, asks(r), http.StatusOK, observationPage(evidenceView{placeOf(r), e}))
}

func (v evidenceView) facts(ctx context.Context) ui.Facts {
	return ui.Facts{
		{Label: tOutcome.In(ctx), Value: outcome(ctx, v.e.Observation)},
		{Label: tBegan.In(ctx), Value: ui.Words(ui.Exact(ctx, v.e.Start.UTC()))},
		{Label: tEnded.In(ctx), Value: ui.Words(ui.Exact(ctx, v.e.End.UTC()))},
		{Label: tExpires.In(ctx), Value: ui.Time{At: v.e.Expires}},
		{Label: tSample.In(ctx), Text: tOf.In(ctx, v.e.Sample, v.e.Population)},
		{Label: tProgram.In(ctx), Text: v.e.Version},
		{Label: tNode.In(ctx), Text: v.e.Node},
	}
}

func (v evidenceView) seal(ctx context.Context) ui.Facts {
	sound := ui.Badge{Text: tUnsound.In(ctx), Tone: ui.Bad}
	if v.e.Sound {
		sound = ui.Badge{Text: tSound.In(ctx), Tone: ui.Good}
	}
	return ui.Facts{
		{Label: tSealed.In(ctx), Value: sound},
		{Label: tPosition.In(ctx), Text: i18n.Number(ctx, int64(v.e.Position))},
		{Label: tSignature.In(ctx), Value: ui.Mono(base64.StdEncoding.EncodeToString(v.e.Signature))},
	}
}

func (v evidenceView) seen(ctx context.Context) ui.Facts {
	var f ui.Facts
	for _, k := range slices.Sorted(maps.Keys(v.e.Settings)) {
		f = append(f, ui.Fact{Label: k, Value: ui.Mono(v.e.Settings[k])})
	}
	return f
}

func (v evidenceView) entryRows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.e.Lines))
	for i, l := range v.e.Lines {
		href := "/provider/journal/entries/" + strconv.FormatUint(l.Seq, 10)
		rows[i] = ui.Row{Label: l.ID, Cells: []templ.Component{
			ui.ToIf("journal.read", i18n.Number(ctx, int64(l.Seq)), href), ui.Mono(l.Action), ui.Words(l.Outcome), ui.Mono(l.Time), ui.Words(tHashes.In(ctx, len(l.Proof))),
		}}
	}
	return rows
}
