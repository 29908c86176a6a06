package attestation

import (
	"time"

	"github.com/rempart/rempart/core"
)

// sensitive is how fresh the proof of identity of a signer must be.
const sensitive = 15 * time.Minute

const (
	onAttestation = "attestation"
	onDuty        = "duty"
)

func act(p core.Permission, resource string, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{
		Permission: p, Resource: resource, Verb: verb, Purpose: core.PurposeLegal, Staff: len(holders) > 0, Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

func reach(d *core.ActDef, r core.Reach) *core.ActDef { d.Reach = r; return d }
func fresh(d *core.ActDef) *core.ActDef               { d.Fresh = sensitive; return d }

// The acts of this module.
var (
	Read     = act("attestation.read", onAttestation, core.Reads, "Lire les attestations", "Read attestations", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")
	Sign     = fresh(act("attestation.sign", onAttestation, core.Creates, "Signer une attestation", "Sign an attestation", "provider.admin", "provider.operator", "provider.dpo"))
	Withdraw = fresh(act("attestation.withdraw", onAttestation, core.Updates, "Retirer une attestation", "Withdraw an attestation", "provider.admin", "provider.dpo"))
	Download = act("attestation.evidence", "attestation_file", core.Reads, "Ouvrir les pièces d'une attestation", "Open the evidence of an attestation", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")
	Export   = act("attestation.export", onAttestation, core.Exports, "Exporter les attestations", "Export attestations", "provider.admin", "provider.dpo", "provider.auditor")
	Remind   = reach(act("attestation.remind", onAttestation, core.Creates, "Rappeler une échéance", "Recall a due date"), core.BySystem)

	ReadDuties = act("duty.read", onDuty, core.Reads, "Voir les formations et signatures de l'équipe", "See the training and signatures of staff", "provider.admin", "provider.dpo", "provider.auditor")
	Record     = act("duty.record", onDuty, core.Creates, "Enregistrer une formation", "Record a training", "provider.admin", "provider.dpo")
	SeeOwn     = reach(act("duty.own", onDuty, core.Reads, "Voir ce que l'on doit soi-même", "See what one owes oneself"), core.BySelf)
	SignOwn    = fresh(reach(act("duty.sign", onDuty, core.Creates, "Signer la charte de confidentialité", "Sign the charter of confidentiality"), core.BySelf))
	RemindDuty = reach(act("duty.remind", onDuty, core.Creates, "Rappeler une formation ou une signature", "Recall a training or a signature"), core.BySystem)
)

// Trial is the duty of a probe on the rows of its own canaries.
var Trial = &core.Duty{Name: "attestation.trial", Why: "ages what a canary signed, to see that it is recalled, that it expires and that it blocks: the rows are the canary's own"}

var (
	kept   = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "7y", OnErase: core.Keep}
	sealed = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "7y", Sealed: true, OnErase: core.Keep}
	own    = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "7y", OnErase: core.Keep}
	shred  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "7y", Sealed: true, OnErase: core.ShredKey}
	told   = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseRow}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "attestation",
		Title:      core.Text{FR: "Attestations", EN: "Attestations"},
		Tables: []core.Table{
			{Name: "attestation_attestation", Title: core.Text{FR: "Attestations signées", EN: "Signed attestations"}, Columns: core.Columns(
				core.Plain("id", "kind", "reach", "place", "from_at", "until_at", "text_fr", "text_en", "digest", "aal", "entry", "renews", "replaced_by", "withdrawn_at", "trial"),
				core.Personal(kept, "signer", "signed_at", "withdrawn_by"), core.Personal(sealed, "details"))},
			{Name: "attestation_file", Title: core.Text{FR: "Pièces des attestations", EN: "Evidence of attestations"}, Columns: core.Columns(
				core.Plain("id", "attestation", "type", "size", "digest"), core.Personal(sealed, "name", "content"))},
			{Name: "attestation_duty", Title: core.Text{FR: "Formations et signatures de l'équipe", EN: "Training and signatures of staff"}, Columns: core.Columns(
				core.Plain("id", "version", "digest", "aal", "entry"),
				core.Personal(own, "person", "duty", "done_at", "until_at", "recorded_at", "recorded_by", "ended_at"), core.Personal(shred, "details"))},
			{Name: "attestation_reminder", Title: core.Text{FR: "Rappels envoyés", EN: "Reminders sent"}, Columns: core.Columns(
				core.Plain("about", "step"), core.Personal(told, "person", "sent_at"))},
		},
		Acts:   []*core.ActDef{Read, Sign, Withdraw, Download, Export, Remind, ReadDuties, Record, SeeOwn, SignOwn, RemindDuty},
		Duties: []*core.Duty{Trial},
	}
}
