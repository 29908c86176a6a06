package inventory

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// NoticeDays is how long before a change of sub-processors clients are told.
const NoticeDays = 30

// Where a sub-processor works.
const (
	regionEEA      = "eea"
	regionAdequate = "adequate"
	regionOutside  = "outside"
)

// Processors is the register of sub-processors (USR-4.5, CTI-5).
var Processors = &Register{
	ID:    "subprocessor",
	Title: i18n.T("Sous-traitants", "Sub-processors"), One: i18n.T("Sous-traitant", "Sub-processor"),
	Lead:  i18n.T("Qui traite des données pour la plateforme, où, sous quel contrat et quelles clauses. Les administrateurs des clients lisent cette liste et sont prévenus 30 jours avant un changement.", "Who processes data for the platform, where, under which contract and terms. Clients' administrators read this list and are told 30 days before a change."),
	Empty: i18n.T("Ajoutez chaque entreprise qui héberge, envoie ou voit des données de clients. S'il n'y en a aucune, la liste vide est juste.", "Add each company that hosts, sends or sees clients' data. If there is none, the empty list is right."),
	File:  i18n.T("Contrat ou clauses", "Contract or terms"),
	Fields: []Field{
		{Name: "label", Title: i18n.T("Nom", "Name"), Due: true, Listed: true},
		{Name: "service", Title: i18n.T("Service rendu", "Service"), Due: true, Listed: true},
		{Name: "country", Title: i18n.T("Pays", "Country"), Due: true, Listed: true},
		{Name: "region", Title: i18n.T("Région", "Region"), Sort: Choice, Due: true, Listed: true, Options: []Option{
			{regionEEA, i18n.T("Union européenne ou EEE", "European Union or EEA")}, {regionAdequate, i18n.T("Hors EEE, décision d'adéquation", "Outside the EEA, adequacy decision")}, {regionOutside, i18n.T("Hors EEE", "Outside the EEA")},
		}},
		{Name: "ground", Title: i18n.T("Fondement du transfert", "Ground of the transfer"), Hint: i18n.T("Hors de l'EEE : décision, clauses contractuelles types, règles d'entreprise (articles 45 à 49 du RGPD).", "Outside the EEA: decision, standard contractual clauses, corporate rules (articles 45 to 49 GDPR).")},
		{Name: "data", Title: i18n.T("Catégories de données", "Categories of data"), Sort: Lines, Due: true},
		{Name: "contract", Title: i18n.T("Référence du contrat", "Reference of the contract")},
		{Name: "terms", Title: i18n.T("Clauses de protection des données", "Data-protection terms"), Sort: Choice, Due: true, Listed: true, Options: []Option{{"yes", tYes}, {"no", tNo}}},
		{Name: "terms_on", Title: i18n.T("Signées le", "Signed on"), Sort: Day},
		{Name: "expiry", Title: i18n.T("Fin du contrat", "End of the contract"), Hint: i18n.T("Vide si elle n'est pas fixée.", "Empty when it has none."), Sort: Day, Listed: true},
		{Name: "starts", Title: i18n.T("À compter du", "As of"), Hint: i18n.T("S'il est nouveau ou change : 30 jours à l'avance au moins, et les clients sont prévenus par courriel.", "When it is new or changes: 30 days ahead at least, and clients are told by mail."), Sort: Day, Due: true},
		{Name: "told", Title: i18n.T("Clients prévenus le", "Clients told on"), Hint: i18n.T("Rempli de soi-même quand le courriel part. Pour ce qui est en service depuis longtemps, la date de l'annonce.", "Filled by itself when the mail leaves. For what has long been in use, the date on which it was announced."), Sort: Day},
		{Name: "owner", Title: i18n.T("Suivi par", "Looked after by"), Sort: Staff, Due: true},
		{Name: "state", Title: tState, Sort: Choice, Due: true, Options: []Option{{"current", i18n.T("En cours", "Current")}, {"ended", i18n.T("Terminé", "Ended")}}},
		{Name: "notes", Title: tNotes, Sort: Lines},
	},
	Over:    []string{"ended"},
	next:    func(v Values) time.Time { return v.Day("expiry") },
	missing: processorLacks,
	refuse:  processorWrong,
	Read:    ReadProcessors, Add: AddProcessor, Change: ChangeProcessor, Export: ExportProcessors,
}

func processorLacks(v Values, _ int) (lacks []string) {
	if v["state"] == "ended" {
		return nil
	}
	if v["terms"] != "yes" || v["terms_on"] == "" {
		lacks = append(lacks, LacksTerms)
	}
	if v["region"] != regionEEA && v["ground"] == "" {
		lacks = append(lacks, LacksGround)
	}
	if v["contract"] == "" {
		lacks = append(lacks, LacksContract)
	}
	if v["told"] == "" {
		lacks = append(lacks, LacksTold)
	}
	return lacks
}

// announced are the fields of which clients are told a change.
var announced = []string{"label", "service", "country", "region", "ground", "data"}

var (
	codeNotice = i18n.Reason("inventory.notice", "Les clients sont prévenus 30 jours avant : choisissez une date plus lointaine, ou dites quand ils l'ont été.", "Clients are told 30 days before: choose a later date, or say when they were told.")
	codeTold   = i18n.Reason("inventory.told", "Ils ont été prévenus au plus tard aujourd'hui, et 30 jours au moins avant l'effet.", "They were told today at the latest, and 30 days at least before the effect.")
)

// processorWrong refuses a change that clients would not be told of in time. A change of what they read is a new announcement:
// the date of the former one does not count for it.
func processorWrong(v, before Values, now time.Time, err *core.Error) *core.Error {
	news := before == nil
	for _, name := range announced {
		news = news || v[name] != before[name]
	}
	if news && before != nil && v["told"] == before["told"] {
		delete(v, "told")
	}
	if !news || v["state"] == "ended" {
		return err
	}
	starts, told := v.Day("starts"), v.Day("told")
	today := now.Truncate(24 * time.Hour)
	switch {
	case starts.IsZero():
	case !told.IsZero() && (told.After(now) || told.AddDate(0, 0, NoticeDays).After(starts)):
		err = err.With("told", codeTold)
	case told.IsZero() && starts.Before(today.AddDate(0, 0, NoticeDays)):
		err = err.With("starts", codeNotice)
	}
	return err
}

// toTell tells whether clients wait to be told of a line.
func (r *Register) toTell(v Values) bool {
	return r == Processors && v["state"] != "ended" && v["told"] == ""
}
