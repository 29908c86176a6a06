package web

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tConsole    = i18n.T("Console", "Console")
	tControls   = i18n.T("Clauses et preuves", "Clauses and proof")
	tStatus     = i18n.T("État", "Status")
	tKind       = i18n.T("Nature", "Kind")
	tPolicy     = i18n.T("Politique", "Policy")
	tPolicies   = i18n.T("Politiques", "Policies")
	tClause     = i18n.T("Clause", "Clause")
	tClauses    = i18n.T("Clauses", "Clauses")
	tProbe      = i18n.T("Sonde", "Probe")
	tProbes     = i18n.T("Sondes", "Probes")
	tDate       = i18n.T("Date", "Date")
	tVersion    = i18n.T("Version", "Version")
	tNever      = i18n.T("jamais", "never")
	tUnproved   = i18n.T("sans preuve datée", "without dated evidence")
	tEvidenceOf = i18n.T("preuve du", "evidence of")
	tSinceWord  = i18n.T("depuis le", "since")
	tReason     = i18n.T("Raison", "Reason")
	tReasonHint = i18n.T("Gardée au journal, chiffrée.", "Kept in the journal, encrypted.")
	tCancel     = i18n.T("Annuler", "Cancel")
	tActions    = i18n.T("Actions", "Actions")
	tPercent    = i18n.T("%s %%", "%s%%")
	tOutcome    = i18n.T("Constat", "Observation")

	kinds = map[string]i18n.Sentence{
		"enforced": i18n.T("tenue par le logiciel", "enforced"),
		"verified": i18n.T("vérifiée par une sonde", "probed"),
		"attested": i18n.T("attestée par une personne", "attested"),
	}
	probeKinds = map[string]i18n.Sentence{
		"setting":   i18n.T("réglage", "setting"),
		"behaviour": i18n.T("comportement", "behaviour"),
		"data":      i18n.T("données", "data"),
		"outside":   i18n.T("monde extérieur", "outside world"),
	}
	statuses = []control.Status{control.Held, control.Attested, control.Broken, control.Stale, control.NotBuilt, control.Outside}
)

// tone gives the colour of a status: green only with its dated evidence.
func tone(s control.Status, evidence time.Time) ui.Tone {
	switch s {
	case control.Held, control.Attested:
		if evidence.IsZero() {
			return ui.Warn
		}
		return ui.Good
	case control.Broken:
		return ui.Bad
	case control.Stale:
		return ui.Warn
	case control.Outside:
		return ui.Info
	}
	return ui.Neutral
}

func badge(ctx context.Context, s control.Status, evidence time.Time) templ.Component {
	return ui.Badge{Text: annex.StatusWord(s).In(ctx), Tone: tone(s, evidence)}
}

// kindWords says of which kinds a clause is.
func kindWords(ctx context.Context, list []string) string {
	said := ""
	for i, k := range list {
		if i > 0 {
			said += ", "
		}
		said += kinds[k].In(ctx)
	}
	return said
}
