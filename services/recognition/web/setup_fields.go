package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/preview"
	"github.com/rempart/rempart/services/recognition/source"
)

var (
	tsFields     = i18n.T("Quels champs servent ?", "Which fields are of use?")
	tsFieldsLead = i18n.T("Le programme dit les noms des champs et la forme d'une valeur (lettre a, chiffre 9), jamais la valeur. Ce que vous ne choisissez pas ne sort pas de l'outil.", "The program tells the names of fields and the shape of a value (letter a, digit 9), never the value. What you do not choose does not leave the tool.")
	tsNotTold    = i18n.T("Le programme n'a pas encore répondu", "The program has not answered yet")
	tsNotToldTxt = i18n.T("Il regarde s'il est attendu toutes les quelques secondes. Il faut qu'il tourne.", "It looks every few seconds whether somebody waits for it. It has to be running.")
	tsNobody     = i18n.T("Demandez au programme ce qu'il voit", "Ask the program what it sees")
	tsNobodyText = i18n.T("Ce qu'il dit est chiffré et s'efface au bout d'une demi-heure.", "What it tells is encrypted and goes after half an hour.")
	tsAskNow     = i18n.T("Demander au programme", "Ask the program")
	tsAskAgain   = i18n.T("Demander de nouveau", "Ask again")
	tsToldFault  = i18n.T("Le programme n'a pas pu lire l'outil", "The program could not read the tool")
	tsUse        = i18n.T("Usage", "Use")
	tsShape      = i18n.T("Forme", "Shape")
	tsHeldIn     = i18n.T("Rempli dans", "Filled in")
	tsHeldOf     = i18n.T("%s sur %s", "%s of %s")
	tsRegion     = i18n.T("Pays des numéros écrits sans indicatif", "Country of numbers written without one")
	tsRegionHint = i18n.T("Deux lettres : FR, BE, CH…", "Two letters: FR, BE, CH…")
	tsSeeRows    = i18n.T("Voir 20 fiches telles qu'elles partiront", "See 20 cards as they will leave")
	tsNoNumber   = i18n.T("Choisissez au moins un champ qui contient des numéros.", "Choose at least one field that holds numbers.")
	tsNoName     = i18n.T("Choisissez au moins un champ pour le nom ou la société.", "Choose at least one field for the name or the company.")
	tsOneCompany = i18n.T("Un seul champ peut être la société.", "Only one field can be the company.")

	tsRows       = i18n.T("Vingt fiches telles qu'elles partiront", "Twenty cards as they will leave")
	tsRowsLead   = i18n.T("Rien d'autre ne sort de l'outil. Elles s'effacent d'ici à %s.", "Nothing else leaves the tool. They go by %s.")
	tsNumbers    = i18n.T("Vos numéros", "Your numbers")
	tsNumbersLd  = i18n.T("Ce que le programme a lu dans tout l'outil.", "What the program read in the whole tool.")
	tsRecords    = i18n.T("Fiches dans l'outil", "Records in the tool")
	tsWithNumber = i18n.T("dont %s avec un numéro", "%s of them with a number")
	tsGoodNums   = i18n.T("Numéros justes", "Good numbers")
	tsRepaired   = i18n.T("Réparés", "Repaired")
	tsRepairNote = i18n.T("écrits autrement, compris quand même", "written another way, understood all the same")
	tsRefusedNum = i18n.T("Refusés", "Refused")
	tsTwice      = i18n.T("En double", "Duplicates")
	tsTwiceNote  = i18n.T("%s dans une même fiche, %s partagés par plusieurs", "%s within one record, %s shared by several")
	tsRefusedWhy = i18n.T("Numéros refusés", "Refused numbers")
	tsRefusedLd  = i18n.T("Leur forme seule est dite : un champ de numéros contient parfois tout autre chose.", "Their shape alone is told: a field of numbers sometimes holds something else.")
	tsHowMany    = i18n.T("Combien", "How many")
	tsNoneRef    = i18n.T("Aucun numéro refusé", "No number refused")
	tsShortened  = i18n.T("%s valeurs trop longues seront raccourcies.", "%s values that are too long will be shortened.")
	tsWrongTool  = i18n.T("Corriger les champs", "Correct the fields")
	tsNumsCol    = i18n.T("Numéros", "Numbers")
	tsCompanyCol = i18n.T("Société", "Company")
	tsShownCol   = i18n.T("Affiché", "Shown")
	tsScriptsCol = i18n.T("Pour les scripts", "For scripts")
)

// The uses of a field, as a form names them.
const (
	useNone    = ""
	useName    = "name"
	useCompany = "company"
	useNumber  = "number"
	useShown   = "shown"
	useScript  = "script"
	useBoth    = "both"
)

var uses = []struct {
	value string
	title i18n.Sentence
}{
	{useNone, i18n.T("ne sort pas", "does not leave")},
	{useName, i18n.T("nom de l'appelant", "name of the caller")},
	{useCompany, i18n.T("société", "company")},
	{useNumber, i18n.T("numéros", "numbers")},
	{useShown, i18n.T("affiché", "shown")},
	{useScript, i18n.T("pour les scripts", "for scripts")},
	{useBoth, i18n.T("affiché et pour les scripts", "shown and for scripts")},
}

var refusals = map[string]i18n.Sentence{
	"letters": i18n.T("du texte, pas un numéro", "text, not a number"), "short": i18n.T("trop court, ou numéro court", "too short, or a short number"),
	"long": i18n.T("trop long", "too long"), "invalid": i18n.T("n'existe dans aucun plan de numérotation", "is in no numbering plan"),
	"several": i18n.T("plusieurs numéros impossibles à séparer", "several numbers that cannot be told apart"), "empty": i18n.T("vide", "empty"),
	"internal": i18n.T("numéro interne", "internal number"), "masked": i18n.T("numéro masqué", "masked number"), "many": i18n.T("trop de numéros sur une fiche", "too many numbers on one record"),
}

func refusal(ctx context.Context, why string) string {
	if s, ok := refusals[why]; ok {
		return s.In(ctx)
	}
	return why
}

type fieldsView struct {
	recognition.Link
	recognition.Preview
	chosen   map[string]string // field → use
	problems ui.Problems
}

// told tells whether the program has answered.
func (v fieldsView) told() bool { return !v.ToldAt.IsZero() }

// usesOf reads a mapping the way the form shows it.
func usesOf(m recognition.Mapping) map[string]string {
	chosen := map[string]string{}
	for _, f := range m.Scripts {
		chosen[f] = useScript
	}
	for _, f := range m.Shown {
		if chosen[f] == useScript {
			chosen[f] = useBoth
		} else {
			chosen[f] = useShown
		}
	}
	for _, f := range m.Numbers {
		chosen[f] = useNumber
	}
	for _, f := range m.Name {
		chosen[f] = useName
	}
	if m.Company != "" {
		chosen[m.Company] = useCompany
	}
	return chosen
}

func (p setup) fieldsView(ctx context.Context, org, link core.ID) (v fieldsView, err error) {
	if v.Link, err = p.m.Link(ctx, org, link); err != nil {
		return v, err
	}
	if v.Preview, err = p.m.ReadPreview(ctx, org, link); err != nil {
		return v, err
	}
	if !v.told() {
		seen, err := p.m.ReadTools(ctx, org, link)
		if err != nil {
			return v, err
		}
		v.Told.Fields = announced(seen)
	}
	v.chosen = usesOf(v.Mapping)
	if len(v.Mapping.Numbers) == 0 && len(v.Told.Fields) > 0 {
		names := make([]string, len(v.Told.Fields))
		for i, f := range v.Told.Fields {
			names[i] = f.Name
		}
		g := source.Guess(names, nil)
		v.chosen = usesOf(recognition.Mapping{Name: g.Name, Company: g.Company, Numbers: g.Numbers, Shown: g.Shown, Scripts: g.Scripts})
	}
	return v, nil
}

func (p setup) fields(w http.ResponseWriter, r *http.Request) error {
	v, err := p.fieldsView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, fieldsPage(v))
}

// names lists the fields: those that the program told, and those that were chosen before.
func (v fieldsView) names() []preview.Field {
	list := slices.Clone(v.Told.Fields)
	for _, f := range slices.Sorted(maps.Keys(v.chosen)) {
		if !slices.ContainsFunc(list, func(x preview.Field) bool { return x.Name == f }) {
			list = append(list, preview.Field{Name: f})
		}
	}
	return list
}

func (v fieldsView) rows(ctx context.Context) []ui.Row {
	options := make([]ui.Option, len(uses))
	for i, u := range uses {
		options[i] = ui.Option{Value: u.value, Label: u.title.In(ctx)}
	}
	var rows []ui.Row
	for i, f := range v.names() {
		held := ui.Words("")
		if v.Told.Tally.Records > 0 {
			held = ui.Words(tsHeldOf.In(ctx, i18n.Number(ctx, int64(f.Held)), i18n.Number(ctx, int64(v.Told.Tally.Records))))
		}
		n := strconv.Itoa(i)
		rows = append(rows, ui.Row{Label: f.Name, Cells: []templ.Component{
			fieldName(n, f.Name), ui.Mono(f.Shape), held,
			ui.Select{Name: "use." + n, Label: tsUse.In(ctx) + " " + f.Name, Bare: true, Value: v.chosen[f.Name], Options: options, Optional: true},
		}})
	}
	return rows
}

const mostFields = preview.MostFields + 100

// mappingOf reads what was chosen; labels and parameters that have a name keep it.
func mappingOf(r *http.Request, was recognition.Mapping) (m recognition.Mapping, chosen map[string]string, companies int) {
	m = recognition.Mapping{Region: strings.ToUpper(strings.TrimSpace(r.PostFormValue("region"))), Trunks: was.Trunks, Order: was.Order}
	chosen = map[string]string{}
	keep := func(into *map[string]string, before map[string]string, field string) {
		if *into == nil {
			*into = map[string]string{}
		}
		for label, f := range before {
			if f == field {
				(*into)[label] = f
				return
			}
		}
		(*into)[freeLabel(*into, field)] = field
	}
	for i := range mostFields {
		n := strconv.Itoa(i)
		field, use := r.PostFormValue("field."+n), r.PostFormValue("use."+n)
		if field == "" || len(field) > 200 || use == useNone {
			continue
		}
		chosen[field] = use
		switch use {
		case useName:
			m.Name = append(m.Name, field)
		case useCompany:
			m.Company = field
			companies++
		case useNumber:
			m.Numbers = append(m.Numbers, field)
		}
		if use == useShown || use == useBoth {
			keep(&m.Shown, was.Shown, field)
		}
		if use == useScript || use == useBoth {
			keep(&m.Scripts, was.Scripts, field)
		}
	}
	return m, chosen, companies
}

// freeLabel is a name that no other field has.
func freeLabel(taken map[string]string, name string) string {
	label := name
	for n := 2; taken[label] != ""; n++ {
		label = name + " " + strconv.Itoa(n)
	}
	return label
}

func (p setup) fieldsSaved(w http.ResponseWriter, r *http.Request) error {
	ctx, org, link := r.Context(), setupOrg(r), setupLink(r)
	v, err := p.fieldsView(ctx, org, link)
	if err != nil {
		return err
	}
	m, chosen, companies := mappingOf(r, v.Mapping)
	if len(m.Numbers) == 0 {
		v.problems = append(v.problems, ui.Problem{Field: "use.0", Text: tsNoNumber.In(ctx)})
	}
	if len(m.Name) == 0 && m.Company == "" {
		v.problems = append(v.problems, ui.Problem{Field: "use.0", Text: tsNoName.In(ctx)})
	}
	if companies > 1 {
		v.problems = append(v.problems, ui.Problem{Field: "use.0", Text: tsOneCompany.In(ctx)})
	}
	if len(m.Region) != 2 {
		v.problems = append(v.problems, ui.Problem{Field: "region", Text: tsRegionHint.In(ctx)})
	}
	if len(v.problems) == 0 {
		kind := v.Kind
		if kind == anyKind && slices.Contains(recognition.LinkKinds, v.Told.Kind) {
			kind = v.Told.Kind
		}
		err = p.m.ChangeLink(ctx, org, link, recognition.LinkDraft{Name: v.Name, Kind: kind, Mapping: m})
		if err == nil {
			err = p.m.AskPreview(ctx, org, link)
		}
		if err == nil {
			return ui.Redirect(w, r, linkAt(org, link, "/numbers"), "")
		} else if !ui.Shown(err) {
			return err
		}
		v.problems = ui.ProblemsOf(ctx, err)
	}
	v.chosen, v.Mapping.Region = chosen, m.Region
	return ui.Render(w, askedOf(r), http.StatusUnprocessableEntity, fieldsPage(v))
}

func (p setup) numbers(w http.ResponseWriter, r *http.Request) error {
	v, err := p.fieldsView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, numbersPage(v))
}

func (p setup) numbersState(w http.ResponseWriter, r *http.Request) error {
	v, err := p.fieldsView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, numbersState(v))
}

func pairsOf(m map[string]string) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k+" : "+m[k])
	}
	return strings.Join(list, " · ")
}

func (v fieldsView) cards() []ui.Row {
	rows := make([]ui.Row, len(v.Told.Rows))
	for i, c := range v.Told.Rows {
		rows[i] = ui.Row{Label: c.Name, Cells: []templ.Component{
			ui.Words(c.Name), ui.Words(c.Company), ui.Words(strings.Join(c.Numbers, " ")), ui.Words(pairsOf(c.Shown)), ui.Words(pairsOf(c.Scripts)),
		}}
	}
	return rows
}

func (v fieldsView) why(ctx context.Context) []ui.Row {
	var rows []ui.Row
	for _, why := range slices.Sorted(maps.Keys(v.Told.Tally.Why)) {
		var shapes []string
		for _, o := range v.Told.Tally.Odd {
			if o.Why == why && !slices.Contains(shapes, o.Shape) && len(shapes) < 5 {
				shapes = append(shapes, o.Shape)
			}
		}
		rows = append(rows, ui.Row{Cells: []templ.Component{
			ui.Words(refusal(ctx, why)), ui.Words(i18n.Number(ctx, int64(v.Told.Tally.Why[why]))), ui.Mono(strings.Join(shapes, "  |  ")),
		}})
	}
	return rows
}
