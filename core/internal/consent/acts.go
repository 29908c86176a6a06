package consent

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

const (
	onText    = "consent_text"
	onConsent = "consent"
	onShare   = "share"
)

func act(p core.Permission, resource string, verb core.Verb, purpose core.Purpose, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: resource, Verb: verb, Purpose: purpose, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

func own(d *core.ActDef) *core.ActDef   { d.Reach = core.BySelf; return d }
func quiet(d *core.ActDef) *core.ActDef { d.Quiet = true; return d }
func staff(d *core.ActDef) *core.ActDef { d.Staff = true; return d }

// The acts of this module.
var (
	ReadTexts   = quiet(act("consent_text.read", onText, core.Reads, core.PurposeLegal, "Voir les demandes de consentement et leurs comptes", "See the consent questions and their counts", "admin", "people", "auditor", "provider.admin", "provider.dpo", "provider.auditor"))
	PublishText = act("consent_text.publish", onText, core.Updates, core.PurposeLegal, "Publier une demande de consentement", "Publish a consent question", "admin", "provider.admin", "provider.dpo")
	CloseText   = act("consent_text.close", onText, core.Updates, core.PurposeLegal, "Clore une demande de consentement", "Close a consent question", "admin", "provider.admin", "provider.dpo")
	CountAll    = staff(quiet(act("consent.count", onConsent, core.Reads, core.PurposeLegal, "Voir combien de consentements et de partages vivent, par organisation", "See how many consents and shares live, by organization", "provider.admin", "provider.dpo", "provider.auditor")))

	SeeOwn   = own(act("consent.own", onConsent, core.Reads, core.PurposeLegal, "Voir ses consentements et partages", "See one's own consents and shares"))
	Give     = own(act("consent.give", onConsent, core.Creates, core.PurposeLegal, "Donner un consentement", "Give a consent"))
	Withdraw = own(act("consent.withdraw", onConsent, core.Updates, core.PurposeLegal, "Retirer un consentement, arrêter un partage", "Withdraw a consent, stop a share"))
	Receipt  = own(act("consent.receipt", onConsent, core.Exports, core.PurposeLegal, "Prendre le reçu d'un consentement", "Take the receipt of a consent"))
	GiveFor  = own(act("share.give", onShare, core.Creates, core.PurposeService, "Partager des champs avec une organisation", "Share fields with an organization"))

	ListShares = act("share.list", onShare, core.Reads, core.PurposeService, "Voir les partages reçus", "See the shares received", "admin", "people")
	ReadShare  = act("share.read", onShare, core.Reads, core.PurposeService, "Lire ce qu'une personne partage", "Read what a person shares", "admin", "people")
	NoteShare  = act("share.note", onShare, core.Updates, core.PurposeService, "Noter ce qui appartient à l'organisation à côté d'un partage", "Note the organization's own data beside a share", "admin", "people")
	EndShare   = act("share.end", onShare, core.Updates, core.PurposeLegal, "Mettre fin à un partage arrivé à son terme", "End a share whose time is over")
)

func init() {
	PublishText.Fresh = 15 * time.Minute
	EndShare.Reach = core.BySystem
}

// Trial is the duty of a probe on the rows of its own canaries.
var Trial = &core.Duty{Name: "consent.trial", Why: "removes the questions that a probe published in the organization of canaries, and lets the time of a canary's own share pass"}

var (
	proof  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "consent", OnErase: core.Keep}
	trace  = core.Column{Category: "identity", Purpose: core.PurposeService, Basis: core.ConsentBasis, Retention: "share-trace", OnErase: core.EraseRow}
	sealed = core.Column{Category: "identity", Purpose: core.PurposeService, Basis: core.ConsentBasis, Retention: "share", Sealed: true, OnErase: core.EraseRow}
	noted  = core.Column{Category: "professional", Purpose: core.PurposeService, Basis: core.LegitimateInterest, Retention: "share-note", OnErase: core.EraseRow}
	author = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "consent-text", OnErase: core.EraseNull}
)

var (
	tRoom      = i18n.T("Consentements et partages", "Consents and shares")
	tQuestions = i18n.T("Demandes de consentement", "Consent questions")
	tTexts     = i18n.T("Textes des demandes", "Texts of questions")
	tRecords   = i18n.T("Consentements donnés et retirés", "Consents given and withdrawn")
	tShares    = i18n.T("Partages", "Shares")
	tCopies    = i18n.T("Copies montrées aux organisations", "Copies shown to organizations")
	tNotes     = i18n.T("Notes des organisations", "Notes of organizations")

	tProofAct   = i18n.T("Preuve des consentements", "Proof of consents")
	tProofAbout = i18n.T("Garder ce que chaque personne a accepté ou retiré, avec le texte exact, pour le prouver (article 7-1) et le suivre.", "Keep what each person accepted or withdrew, with the exact text, to prove it (article 7-1) and to act on it.")
	tShareAct   = i18n.T("Partage de champs choisis", "Sharing of chosen fields")
	tShareAbout = i18n.T("Montrer à une organisation les champs qu'une personne a choisis, jusqu'à la date qu'elle a dite.", "Show an organization the fields that a person chose, until the date that they set.")
	tMembers    = i18n.T("Personnes qui répondent à une demande", "Persons who answer a question")
	tAuthors    = i18n.T("Personnes qui publient une demande", "Persons who publish a question")

	tRuleProof = i18n.T("cinq ans après la réponse", "five years after the answer")
	tFromProof = i18n.T("chaque réponse", "each answer")
	tRuleShare = i18n.T("jusqu'à la fin du partage", "until the share ends")
	tFromShare = i18n.T("la fin choisie ou l'arrêt", "the end that was chosen, or the stop")
	tRuleTrace = i18n.T("un an après la fin du partage", "one year after the share ended")
	tFromTrace = i18n.T("la fin du partage", "the end of the share")
	tRuleNote  = i18n.T("tant que l'organisation la garde, et que la personne n'est pas effacée", "as long as the organization keeps it, and the person is not erased")
	tFromNote  = i18n.T("sa suppression par l'organisation", "its removal by the organization")
	tRuleText  = i18n.T("tant que des réponses à ce texte sont gardées", "as long as answers to this text are kept")
	tFromText  = i18n.T("la dernière réponse", "the last answer")
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	text := func(s i18n.Sentence) core.Text { return probe.Text(s) }
	return core.Manifest{
		Module: "consent",
		Title:  text(tRoom),
		Tables: []core.Table{
			{Name: "consent_question", Title: text(tQuestions), Columns: core.Plain("org", "id", "purpose", "latest", "due", "created_at", "closed_at")},
			{Name: "consent_text", Title: text(tTexts), Columns: core.Columns(
				core.Plain("org", "question", "number", "title_fr", "title_en", "text_fr", "text_en", "asks", "days", "digest", "again", "published_at"),
				core.Personal(author, "published_by"))},
			{Name: "consent_record", Title: text(tRecords), Columns: core.Columns(
				core.Plain("org", "id", "question", "number", "digest", "share", "entry"),
				core.Personal(proof, "person", "purpose", "given", "fields", "until_at", "language", "channel", "why", "at"))},
			{Name: "consent_share", Title: text(tShares), Columns: core.Columns(
				core.Plain("org", "id", "question", "number", "purpose", "ended_at"), core.Personal(trace, "person", "fields", "from_at", "until_at"))},
			{Name: "consent_copy", Title: text(tCopies), Columns: core.Columns(core.Plain("org", "share", "field", "copied_at"), core.Personal(sealed, "value"))},
			{Name: "consent_note", Title: text(tNotes), Columns: core.Columns(
				core.Plain("org", "id", "question"), core.Personal(noted, "person", "written_at", "written_by"), core.Personal(sealedNote(), "text"))},
		},
		Acts:   []*core.ActDef{ReadTexts, PublishText, CloseText, CountAll, SeeOwn, Give, Withdraw, Receipt, GiveFor, ListShares, ReadShare, NoteShare, EndShare},
		Duties: []*core.Duty{Trial},
		Activities: []core.Activity{
			{
				ID: "consent.proof", Title: text(tProofAct), About: text(tProofAbout), Part: core.Processor, Purposes: []core.Purpose{core.PurposeLegal},
				Persons: []core.Text{text(tMembers), text(tAuthors)}, Tables: []string{"consent_text", "consent_record"},
			},
			{
				ID: "consent.share", Title: text(tShareAct), About: text(tShareAbout), Part: core.Processor, Purposes: []core.Purpose{core.PurposeService},
				Persons: []core.Text{text(tMembers)}, Tables: []string{"consent_share", "consent_copy", "consent_note"},
			},
		},
		Rules: []core.RetentionRule{
			{Name: "consent", Title: text(tRuleProof), From: text(tFromProof), Days: 5 * 365, Ground: core.LegalObligation},
			{Name: "share", Title: text(tRuleShare), From: text(tFromShare), Ground: core.ConsentBasis},
			{Name: "share-trace", Title: text(tRuleTrace), From: text(tFromTrace), Days: 365, Ground: core.ConsentBasis},
			{Name: "share-note", Title: text(tRuleNote), From: text(tFromNote), Ground: core.LegitimateInterest},
			{Name: "consent-text", Title: text(tRuleText), From: text(tFromText), Ground: core.LegalObligation},
		},
	}
}

func sealedNote() core.Column { c := noted; c.Sealed = true; return c }
