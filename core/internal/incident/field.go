package incident

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Values is what an incident says, by the name of the field.
type Values map[string]string

// Option is one choice of a field.
type Option struct {
	Value string
	Title i18n.Sentence
}

// Field is one thing that an incident says.
type Field struct {
	Name    string
	Title   i18n.Sentence
	Hint    i18n.Sentence
	Options []Option // a closed list; otherwise words
	Line    bool     // one line of 200 characters; otherwise 4,000
	Due     bool     // it must be given when an incident is opened
	Breach  bool     // asked of breaches only
	Told    bool     // article 33-3 asks it of a notice: a breach cannot be told without it
}

func options(values ...Option) []Option { return values }

// Gravities are the four levels of the authority's form.
var Gravities = options(
	Option{"negligible", i18n.T("négligeable", "negligible")},
	Option{"limited", i18n.T("limitée", "limited")},
	Option{"significant", i18n.T("importante", "significant")},
	Option{"maximal", i18n.T("maximale", "maximal")},
)

// Parts are what the provider is for the data concerned.
var Parts = options(
	Option{"processor", i18n.T("sous-traitant des organisations clientes (art. 33-2)", "processor for client organizations (art. 33-2)")},
	Option{"controller", i18n.T("responsable du traitement (art. 33-1)", "controller (art. 33-1)")},
	Option{"both", i18n.T("les deux", "both")},
)

// Fields are what an incident says, in the order of its pages; those of a breach are what article 33-3 and the authority's
// form ask.
var Fields = []Field{
	{Name: "title", Title: i18n.T("Titre", "Title"), Line: true, Due: true},
	{Name: "facts", Title: i18n.T("Ce qui s'est passé", "What happened"), Hint: i18n.T("Des faits et des dates ; qui l'a vu, comment.", "Facts and dates; who saw it, how."), Due: true, Told: true},
	{Name: "began", Title: i18n.T("Début et fin, s'ils sont connus", "Beginning and end, if known"), Line: true, Breach: true},
	{Name: "nature", Title: i18n.T("Nature de la violation", "Nature of the breach"), Hint: i18n.T("Confidentialité, intégrité, disponibilité.", "Confidentiality, integrity, availability."), Breach: true, Told: true, Options: options(
		Option{"confidentiality", i18n.T("perte de confidentialité", "loss of confidentiality")},
		Option{"integrity", i18n.T("perte d'intégrité", "loss of integrity")},
		Option{"availability", i18n.T("perte de disponibilité", "loss of availability")},
		Option{"several", i18n.T("plusieurs de ces pertes", "several of these")},
	)},
	{Name: "origin", Title: i18n.T("Origine", "Origin"), Breach: true, Options: options(
		Option{"outside_malice", i18n.T("malveillance externe", "malice from outside")},
		Option{"inside_malice", i18n.T("malveillance interne", "malice from inside")},
		Option{"outside_accident", i18n.T("accident externe", "accident outside")},
		Option{"inside_accident", i18n.T("accident interne", "accident inside")},
		Option{"unknown", i18n.T("inconnue", "unknown")},
	)},
	{Name: "data", Title: i18n.T("Catégories de données et nombre d'enregistrements", "Categories of data and number of records"), Breach: true, Told: true},
	{Name: "persons", Title: i18n.T("Catégories de personnes", "Categories of persons"), Hint: i18n.T("Leur nombre vient de la liste établie.", "Their number comes from the list."), Line: true, Breach: true, Told: true},
	{Name: "consequences", Title: i18n.T("Conséquences probables", "Likely consequences"), Breach: true, Told: true},
	{Name: "before", Title: i18n.T("Mesures en place avant", "Measures in place before"), Breach: true},
	{Name: "measures", Title: i18n.T("Mesures prises ou proposées", "Measures taken or proposed"), Breach: true, Told: true},
	{Name: "late", Title: i18n.T("Motif du retard, après 72 heures", "Reason of the delay, after 72 hours"), Breach: true},
	{Name: "authority", Title: i18n.T("Décision pour l'autorité", "Decision about the authority"), Breach: true, Options: options(
		Option{"notified", i18n.T("notifiée", "notified")},
		Option{"no_risk", i18n.T("sans risque pour les personnes : non notifiée, motif consigné", "no risk for persons: not notified, reason recorded")},
		Option{"client", i18n.T("notifiée par chaque client, responsable du traitement", "notified by each client, as the controller")},
	)},
	{Name: "reference", Title: i18n.T("Référence du dépôt, ou motif", "Reference of the filing, or reason"), Line: true, Breach: true},
	{Name: "lessons", Title: i18n.T("Causes et leçons", "Causes and lessons"), Hint: i18n.T("Ce qui a permis l'incident, et ce qui l'empêchera de revenir. Demandé pour clore.", "What let it happen, and what will keep it from coming back. Asked for closing.")},
}

var (
	errFields  = i18n.Fault(core.Invalid, "incident.fields", "L'incident ne peut pas être enregistré ainsi.", "The incident cannot be kept like this.")
	codeDue    = i18n.Reason("incident.required", "Remplissez ce champ.", "Fill this field.")
	codeLong   = i18n.Reason("incident.long", "Écrivez %d caractères au plus.", "Write %d characters at most.")
	codeChoice = i18n.Reason("incident.choice", "Choisissez dans la liste.", "Choose from the list.")
)

// Has tells whether a list has a value.
func Has(list []Option, value string) bool {
	return slices.ContainsFunc(list, func(o Option) bool { return o.Value == value })
}

// clean keeps known fields and says everything that is wrong with them at once.
func clean(v Values, breach bool) (Values, *core.Error) {
	out, err := Values{}, errFields
	for _, f := range Fields {
		s := strings.TrimSpace(v[f.Name])
		if f.Breach && !breach {
			continue
		}
		most := 4000
		if f.Line {
			most = 200
		}
		switch {
		case s == "" && f.Due:
			err = err.With(f.Name, codeDue)
		case s == "":
		case len(f.Options) > 0 && !Has(f.Options, s):
			err = err.With(f.Name, codeChoice)
		case utf8.RuneCountInString(s) > most:
			err = err.With(f.Name, codeLong, most)
		}
		if s != "" {
			out[f.Name] = s
		}
	}
	return out, err
}

// Missing are the fields that a notice must say and that are empty.
func (v Values) Missing() (list []Field) {
	for _, f := range Fields {
		if f.Told && v[f.Name] == "" {
			list = append(list, f)
		}
	}
	return list
}

// Say is a value in words.
func (f Field) Say(lang i18n.Lang, value string) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Title.Say(lang)
		}
	}
	return value
}
