package incident

import (
	"time"

	"github.com/rempart/rempart/core"
)

// freshly is how recent the proof of identity must be before the outside is told.
const freshly = 15 * time.Minute

func act(p core.Permission, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{
		Permission: p, Resource: "incident", Verb: verb, Purpose: core.PurposeLegal, Staff: true, Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

func grave(d *core.ActDef) *core.ActDef { d.Fresh = freshly; return d }

// The acts of this module.
var (
	Read   = act("incident.read", core.Reads, "Lire les incidents", "Read incidents", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")
	Open   = act("incident.open", core.Creates, "Ouvrir un incident", "Open an incident", "provider.admin", "provider.operator", "provider.dpo", "provider.support")
	Work   = act("incident.work", core.Updates, "Traiter un incident : faits, personnes, tâches, pièces", "Work on an incident: facts, people, tasks, evidence", "provider.admin", "provider.operator", "provider.dpo")
	Freeze = grave(act("incident.freeze", core.Exports, "Figer un extrait du journal comme preuve", "Freeze an extract of the journal as evidence", "provider.admin", "provider.dpo"))
	List   = grave(act("incident.affected", core.Reads, "Établir et lire la liste des personnes touchées", "Compute and read the list of persons affected", "provider.admin", "provider.dpo"))
	Notify = grave(act("incident.notify", core.Updates, "Prévenir les clients, les personnes et l'autorité", "Tell clients, persons and the authority", "provider.admin", "provider.dpo"))
	Close  = act("incident.close", core.Updates, "Clore un incident ou le rouvrir", "Close an incident or open it again", "provider.admin", "provider.dpo")
	Export = act("incident.export", core.Exports, "Exporter le registre des violations", "Export the register of breaches", "provider.admin", "provider.dpo", "provider.auditor")

	// Consult is what an organization reads of a breach that concerns its people.
	Consult = &core.ActDef{
		Permission: "breach.consult", Resource: "breach", Verb: core.Reads, Purpose: core.PurposeLegal, Holders: []string{"admin", "security"},
		Title: core.Text{FR: "Lire les avis de violation et la liste des personnes touchées", EN: "Read notices of breaches and the list of persons affected"},
	}
	Recall = &core.ActDef{
		Permission: "incident.recall", Resource: "incident", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Rappeler une échéance d'un incident", EN: "Recall a deadline of an incident"},
	}
	// Reported opens an incident from what a person reports, whoever they are (ACC-10.1).
	Reported = &core.ActDef{
		Permission: "incident.reported", Resource: "incident", Verb: core.Creates, Reach: core.ByAnyone, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Ouvrir un incident sur un signalement", EN: "Open an incident from a report"},
	}
)

// Trial is the duty of a probe on the rows of its own canaries.
var Trial = &core.Duty{Name: "incident.trial", Why: "ages what a canary opened, to see that its deadlines are told: the rows are the canary's own"}

var (
	kept    = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "7y", OnErase: core.Keep}
	sealed  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "7y", Sealed: true, OnErase: core.Keep}
	touched = core.Column{Category: "identity", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "7y", OnErase: core.EraseRow}
)

func title(fr, en string) core.Text { return core.Text{FR: fr, EN: en} }

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "incident",
		Title:  title("Incidents et violations de données", "Incidents and breaches of personal data"),
		Tables: []core.Table{
			{Name: "incident_incident", Title: title("Incidents", "Incidents"), Columns: core.Columns(
				core.Plain("id", "breach", "part", "state", "gravity", "exercise", "trial", "source", "about", "opened_at", "aware_at", "closed_at", "revision"),
				core.Personal(kept, "lead", "opened_by"), core.Personal(sealed, "details"))},
			{Name: "incident_step", Title: title("Fil des incidents", "Timelines of incidents"), Columns: core.Columns(
				core.Plain("incident", "id", "kind", "at", "entry"), core.Personal(kept, "by"), core.Personal(sealed, "text"))},
			{Name: "incident_hand", Title: title("Rôles dans les incidents", "Parts in incidents"), Columns: core.Columns(
				core.Plain("incident", "part"), core.Personal(kept, "person", "since"))},
			{Name: "incident_task", Title: title("Tâches des incidents", "Tasks of incidents"), Columns: core.Columns(
				core.Plain("incident", "id", "due_at", "done_at"), core.Personal(kept, "owner", "done_by"), core.Personal(sealed, "title"))},
			{Name: "incident_evidence", Title: title("Pièces des incidents", "Evidence of incidents"), Columns: core.Columns(
				core.Plain("incident", "id", "kind", "at", "type", "size", "digest"), core.Personal(kept, "by"), core.Personal(sealed, "name", "content"))},
			{Name: "incident_scope", Title: title("Critères des listes de personnes", "Criteria of lists of persons"), Columns: core.Columns(
				core.Plain("incident", "id", "at", "entries", "persons", "orgs"), core.Personal(kept, "by"), core.Personal(sealed, "criteria"))},
			{Name: "incident_affected", Title: title("Personnes possiblement touchées", "Persons possibly affected"), Columns: core.Columns(
				core.Plain("org", "incident"), core.Personal(touched, "person", "why", "acts", "first_at", "last_at"))},
			{Name: "incident_notice", Title: title("Avis de violation", "Notices of breaches"), Columns: core.Columns(
				core.Plain("org", "id", "incident", "phase", "made_at", "sent_at", "seen_at", "mails", "persons", "digest"),
				core.Personal(kept, "made_by", "sent_by", "seen_by"), core.Personal(sealed, "text"))},
			{Name: "incident_reminder", Title: title("Rappels des incidents", "Reminders of incidents"), Columns: core.Plain("incident", "what", "step", "sent_at")},
		},
		Acts:   []*core.ActDef{Read, Open, Work, Freeze, List, Notify, Close, Export, Consult, Recall, Reported},
		Duties: []*core.Duty{Trial},
		Activities: []core.Activity{{
			ID: "incident.handling", Title: title("Incidents et violations", "Incidents and breaches"),
			About: title("Traiter les incidents, tenir le registre des violations et prévenir qui doit l'être.", "Handle incidents, keep the register of breaches and tell whoever must be told."),
			Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal, core.PurposeSecurity},
			Persons:    []core.Text{title("personnel du prestataire", "the provider's staff"), title("membres des organisations clientes", "members of client organizations")},
			Recipients: []core.Text{title("l'organisation cliente concernée", "the client organization concerned"), title("l'autorité de contrôle", "the supervisory authority")},
			Tables:     []string{"incident_incident", "incident_step", "incident_hand", "incident_task", "incident_evidence", "incident_scope", "incident_affected", "incident_notice"},
		}},
	}
}
