package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/number"
	"github.com/rempart/rempart/services/recognition/pop"
)

var (
	tsShown      = i18n.T("Ce que montre la notification", "What the notification shows")
	tsShownLead  = i18n.T("Le nom et la société d'abord, puis ces champs, dans cet ordre.", "The name and the company first, then these fields, in this order.")
	tsLabelOf    = i18n.T("Intitulé de « %s »", "Label of “%s”")
	tsPlaceOf    = i18n.T("Place de « %s »", "Place of “%s”")
	tsScripts    = i18n.T("Ce que reçoivent les scripts", "What scripts receive")
	tsScriptsLd  = i18n.T("Chaque valeur, sous le nom de paramètre que vos scripts emploient.", "Each value, under the name of the parameter that your scripts use.")
	tsParamOf    = i18n.T("Paramètre pour « %s »", "Parameter for “%s”")
	tsNoShown    = i18n.T("Aucun champ à afficher au-delà du nom et de la société.", "No field to show beyond the name and the company.")
	tsNoScripts  = i18n.T("Aucun champ pour les scripts.", "No field for scripts.")
	tsChooseMore = i18n.T("Choisir d'autres champs", "Choose other fields")
	tsBadLabel   = i18n.T("Donnez un intitulé de 1 à 60 caractères, différent des autres.", "Give a label of 1 to 60 characters, different from the others.")
	tsSample     = i18n.T("Aperçu", "Preview")
	tsSampleLead = i18n.T("Avec la première fiche que le programme a montrée.", "With the first card that the program showed.")
	tsTryStep    = i18n.T("Enregistrer et essayer", "Save and try")

	tsTry       = i18n.T("Essayer un numéro", "Try a number")
	tsTryLead   = i18n.T("Tapez un numéro : voici ce que verra la personne appelée, et ce que feront vos scripts. Rien n'est appelé ni lancé.", "Type a number: here is what the person called will see, and what your scripts will do. Nothing is called nor started.")
	tsNumber    = i18n.T("Numéro de l'appelant", "Number of the caller")
	tsTryHint   = i18n.T("Comme vous l'écririez : 06 12 34 56 78, +32 475 12 34 56.", "As you would write it: 06 12 34 56 78, +32 475 12 34 56.")
	tsTryNow    = i18n.T("Essayer", "Try")
	tsRead      = i18n.T("Numéro compris", "Number understood")
	tsNotif     = i18n.T("Notification", "Notification")
	tsUnknown   = i18n.T("Appelant inconnu", "Unknown caller")
	tsUnknownTx = i18n.T("Aucune fiche n'a exactement ce numéro. On ne devine jamais d'après les derniers chiffres.", "No card has exactly this number. It is never guessed from the last digits.")
	tsMaskedCal = i18n.T("Appelant masqué : jamais recherché, jamais noté.", "Masked caller: never looked up, never noted.")
	tsNoSuchNum = i18n.T("Ce n'est pas un numéro : %s.", "This is no number: %s.")
	tsCompOnly  = i18n.T("Société, personne inconnue", "Company, person unknown")
	tsFromTold  = i18n.T("Fiche de l'aperçu : la première synchronisation n'est pas encore arrivée.", "A card of the preview: the first synchronisation has not come yet.")
	tsSeveral   = i18n.T("%d fiches ont ce numéro : toutes sont montrées.", "%d cards have this number: all of them are shown.")
	tsWhatDone  = i18n.T("Ce que feraient vos scripts", "What your scripts would do")
	tsNoDone    = i18n.T("Aucun script pour cet appelant", "No script for this caller")
	tsNoDoneTxt = i18n.T("Les scripts ouvrent une fiche, appellent un programme ou en lancent un.", "Scripts open a record, call a program or start one.")
	tsByItself  = i18n.T("de lui-même", "by itself")
	tsByButton  = i18n.T("par un bouton", "by a button")
	tsNothing   = i18n.T("ne fait rien", "does nothing")
	tsFinished  = i18n.T("Terminer", "Finish")
	tsAutoCall  = i18n.T("Appel automatisé probable", "Probably an automated call")
)

// shownLine is one field of a step.
type shownLine struct {
	field, label string
}

type shownView struct {
	recognition.Link
	sample   *recognition.Card
	shown    []shownLine
	scripts  []shownLine
	problems ui.Problems
}

// arranged gives labels in the order that was chosen; those that it does not name follow.
func arranged(shown map[string]string, order []string) []string {
	var labels []string
	for _, l := range order {
		if _, ok := shown[l]; ok && !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	for _, l := range sortedKeys(shown) {
		if !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	return labels
}

func (p setup) shownView(ctx context.Context, org, link core.ID) (v shownView, err error) {
	if v.Link, err = p.m.Link(ctx, org, link); err != nil {
		return v, err
	}
	for _, l := range arranged(v.Mapping.Shown, v.Mapping.Order) {
		v.shown = append(v.shown, shownLine{v.Mapping.Shown[l], l})
	}
	for _, l := range slices.Sorted(maps.Keys(v.Mapping.Scripts)) {
		v.scripts = append(v.scripts, shownLine{v.Mapping.Scripts[l], l})
	}
	told, err := p.m.ReadPreview(ctx, org, link)
	if err == nil && len(told.Told.Rows) > 0 {
		row := told.Told.Rows[0]
		v.sample = &recognition.Card{Source: link, Numbers: row.Numbers, Name: row.Name, Company: row.Company, Shown: row.Shown}
	}
	return v, err
}

func (p setup) shown(w http.ResponseWriter, r *http.Request) error {
	v, err := p.shownView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, shownPage(v))
}

// named reads the labels of one list; the places that were typedText put them in order.
func named(r *http.Request, list string, known map[string]string) (fields map[string]string, lines []shownLine, bad string) {
	type placed struct {
		shownLine
		place, at int
	}
	var all []placed
	fields = map[string]string{}
	for i := range mostFields {
		n := strconv.Itoa(i)
		field, label := r.PostFormValue(list+"_field."+n), strings.TrimSpace(r.PostFormValue(list+"."+n))
		if field == "" {
			break
		}
		if !slices.Contains(slices.Collect(maps.Values(known)), field) {
			continue // only what was chosen before
		}
		if label == "" || len([]rune(label)) > 60 || fields[label] != "" {
			bad = list + "." + n
		}
		fields[label] = field
		place, err := strconv.Atoi(r.PostFormValue(list + "_place." + n))
		if err != nil {
			place = i + 1
		}
		all = append(all, placed{shownLine{field, label}, place, i})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.place - b.place })
	for _, x := range all {
		lines = append(lines, x.shownLine)
	}
	return fields, lines, bad
}

func (p setup) shownSaved(w http.ResponseWriter, r *http.Request) error {
	ctx, org, link := r.Context(), setupOrg(r), setupLink(r)
	v, err := p.shownView(ctx, org, link)
	if err != nil {
		return err
	}
	m := v.Mapping
	var bad, worse string
	m.Shown, v.shown, bad = named(r, "shown", v.Mapping.Shown)
	m.Scripts, v.scripts, worse = named(r, "script", v.Mapping.Scripts)
	m.Order = nil
	for _, l := range v.shown {
		m.Order = append(m.Order, l.label)
	}
	for _, field := range []string{bad, worse} {
		if field != "" {
			v.problems = append(v.problems, ui.Problem{Field: field, Text: tsBadLabel.In(ctx)})
		}
	}
	if len(v.problems) == 0 {
		err = p.m.ChangeLink(ctx, org, link, recognition.LinkDraft{Name: v.Name, Kind: v.Kind, Mapping: m})
		if err == nil {
			return ui.Redirect(w, r, linkAt(org, link, "/try"), tsSaved.In(ctx))
		} else if !ui.Shown(err) {
			return err
		}
		v.problems = ui.ProblemsOf(ctx, err)
	}
	return ui.Render(w, askedOf(r), http.StatusUnprocessableEntity, shownPage(v))
}

// notice is what a notification says of one card.
type notice struct {
	title, company string
	badge          string
	lines          ui.Facts
}

func noticeOf(ctx context.Context, c recognition.Match, order []string) notice {
	n := notice{title: c.Name, company: c.Company}
	if c.CompanyOnly {
		n.title, n.company, n.badge = c.Company, "", tsCompOnly.In(ctx)
	}
	if n.title == "" {
		n.title, n.company = n.company, ""
	}
	for _, l := range arranged(c.Shown, order) {
		n.lines = append(n.lines, ui.Fact{Label: l, Text: c.Shown[l]})
	}
	return n
}

type tryView struct {
	recognition.Link
	raw   string
	trial *recognition.Trial
}

func (p setup) trying(w http.ResponseWriter, r *http.Request) error {
	l, err := p.m.Link(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, tryPage(tryView{Link: l}))
}

// tried answers in the page: the number is in no address.
func (p setup) tried(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	l, err := p.m.Link(ctx, setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	v := tryView{Link: l, raw: strings.TrimSpace(r.PostFormValue("number"))}
	if len(v.raw) > 100 {
		v.raw = v.raw[:100]
	}
	t, err := p.m.Try(ctx, l.Org, l.ID, v.raw)
	if err != nil {
		return err
	}
	v.trial = &t
	return ui.Render(w, askedOf(r), http.StatusOK, tryPage(v))
}

// understood says a number as it was read.
func (v tryView) understood(ctx context.Context) string {
	switch n := v.trial.Number; n.Kind {
	case number.E164:
		return n.E164
	case number.Short, number.Internal:
		return n.Digits
	case number.Masked:
		return tsMaskedCal.In(ctx)
	default:
		return tsNoSuchNum.In(ctx, refusal(ctx, n.Why))
	}
}

var actionKinds = map[pop.Kind]i18n.Sentence{
	pop.Open: i18n.T("Ouvre une adresse", "Opens an address"), pop.Call: i18n.T("Appelle un programme en ligne", "Calls an online program"),
	pop.Program: i18n.T("Lance un programme du poste", "Starts a program of the workstation"),
}

var scriptWhys = map[string]i18n.Sentence{
	"not_for":  i18n.T("pas pour cet appelant", "not for this caller"),
	"host":     i18n.T("l'adresse n'est pas de la liste permise", "the address is not of the list allowed"),
	"unsigned": i18n.T("le programme n'est pas de la liste signée", "the program is not of the signed list"),
}

func scriptWhy(ctx context.Context, why string) string {
	if s, ok := scriptWhys[why]; ok {
		return s.In(ctx)
	}
	return why
}

// does says in a line what an action would do.
func does(a pop.Action) string {
	switch {
	case a.URL != "":
		return strings.TrimSpace(a.Method + " " + a.URL)
	case a.Program != "":
		return strings.TrimSpace(a.Program + " " + strings.Join(a.Args, " "))
	}
	return ""
}
