package inventory

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Evaluations is the register of security evaluations (USR-5.1, EMG-3.3).
var Evaluations = &Register{
	ID:    "evaluation",
	Title: i18n.T("Évaluations de sécurité", "Security evaluations"), One: i18n.T("Évaluation", "Evaluation"),
	Lead:  i18n.T("Ce qui a été évalué, par qui et quand, ce qui a été trouvé, et quand vient la suivante.", "What was evaluated, by whom and when, what was found, and when the next one comes."),
	Empty: i18n.T("Enregistrez la dernière évaluation de l'application, avec son rapport et la date de la suivante : une par an au moins.", "Record the last evaluation of the application, with its report and the date of the next: one a year at least."),
	File:  i18n.T("Rapport", "Report"),
	Fields: []Field{
		{Name: "label", Title: i18n.T("Périmètre", "Scope"), Due: true, Listed: true},
		{Name: "who", Title: i18n.T("Faite par", "Done by"), Due: true, Listed: true},
		{Name: "done", Title: i18n.T("Faite le", "Done on"), Sort: Day, Due: true, Listed: true},
		{Name: "next", Title: i18n.T("La suivante, au plus tard", "The next one, at the latest"), Sort: Day, Due: true, Listed: true},
		{Name: "owner", Title: i18n.T("Suivie par", "Looked after by"), Sort: Staff, Due: true},
		{Name: "state", Title: tState, Sort: Choice, Due: true, Listed: true, Options: []Option{{"current", i18n.T("La dernière en date", "The latest")}, {"followed", i18n.T("Suivie d'une autre", "Followed by another")}}},
		{Name: "notes", Title: i18n.T("Conclusion", "Conclusion"), Sort: Lines},
	},
	Over: []string{"followed"},
	next: func(v Values) time.Time { return v.Day("next") },
	missing: func(_ Values, files int) (lacks []string) {
		if files == 0 {
			lacks = append(lacks, LacksReport)
		}
		return lacks
	},
	refuse: func(v, _ Values, now time.Time, err *core.Error) *core.Error {
		done, next := v.Day("done"), v.Day("next")
		if done.After(now) {
			err = err.With("done", codePast)
		}
		if !done.IsZero() && next.After(done.AddDate(1, 0, 1)) {
			err = err.With("next", codeYear)
		}
		return err
	},
	Read: ReadEvaluations, Add: AddEvaluation, Change: ChangeEvaluation, Export: ExportEvaluations,
}

var codeYear = i18n.Reason("inventory.year", "Une évaluation par an au moins : donnez une date plus proche.", "One evaluation a year at least: give an earlier date.")

// Findings are what evaluations found; each belongs to one.
var Findings = &Register{
	ID:    "finding",
	Title: i18n.T("Constats", "Findings"), One: i18n.T("Constat", "Finding"),
	Lead:  i18n.T("Ce que les évaluations ont trouvé, qui s'en charge et pour quand.", "What evaluations found, who takes care of it and by when."),
	Empty: i18n.T("Un constat s'ajoute depuis la page de l'évaluation qui l'a fait.", "A finding is added from the page of the evaluation that made it."),
	File:  i18n.T("Preuve de correction", "Evidence of the correction"),
	Fields: []Field{
		{Name: "label", Title: i18n.T("Constat", "Finding"), Due: true, Listed: true},
		{Name: "severity", Title: i18n.T("Gravité", "Severity"), Sort: Choice, Due: true, Listed: true, Options: []Option{
			{"critical", i18n.T("Critique", "Critical")}, {"high", i18n.T("Élevée", "High")}, {"medium", i18n.T("Moyenne", "Medium")}, {"low", i18n.T("Faible", "Low")},
		}},
		{Name: "owner", Title: i18n.T("Confié à", "Entrusted to"), Sort: Staff, Due: true, Listed: true},
		{Name: "due", Title: i18n.T("Pour le", "Due on"), Sort: Day, Due: true, Listed: true},
		{Name: "state", Title: tState, Sort: Choice, Due: true, Listed: true, Options: []Option{{"open", i18n.T("Ouvert", "Open")}, {"fixed", i18n.T("Corrigé", "Fixed")}, {"accepted", i18n.T("Risque accepté", "Risk accepted")}}},
		{Name: "notes", Title: tNotes, Sort: Lines},
	},
	Over:    []string{"fixed", "accepted"},
	next:    func(v Values) time.Time { return v.Day("due") },
	missing: func(Values, int) []string { return nil },
	Read:    ReadEvaluations, Add: AddEvaluation, Change: ChangeEvaluation, Export: ExportEvaluations,
}
