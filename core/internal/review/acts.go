package review

import (
	"time"

	"github.com/rempart/rempart/core"
)

// sensitive is how fresh the proof of identity must be to give or keep rights.
const sensitive = 15 * time.Minute

func act(p core.Permission, resource string, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{
		Permission: p, Resource: resource, Verb: verb, Purpose: core.PurposeSecurity, Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

func reach(d *core.ActDef, r core.Reach) *core.ActDef { d.Reach = r; return d }
func fresh(d *core.ActDef) *core.ActDef               { d.Fresh = sensitive; return d }
func staff(d *core.ActDef) *core.ActDef               { d.Staff = true; return d }

const (
	onRequest = "access_request"
	onReview  = "access_review"
	onSharing = "sharing"
)

// The acts of this module. Those that any member holds bear on the people whom one manages: the verb reads who that is
// in its own transaction, and a refusal there is an entry too.
var (
	AskRequest      = reach(act("access_request.ask", onRequest, core.Creates, "Demander un rôle", "Ask for a role"), core.BySelf)
	SeeOwn          = reach(act("access_request.own", onRequest, core.Reads, "Voir ses demandes de rôle", "See one's requests for a role"), core.BySelf)
	WithdrawRequest = reach(act("access_request.withdraw", onRequest, core.Deletes, "Retirer sa demande de rôle", "Withdraw one's request for a role"), core.BySelf)
	SeeToJudge      = act("access_request.see", onRequest, core.Reads, "Voir les demandes qu'on a à juger", "See the requests that one has to judge", "member")
	JudgeRequest    = fresh(act("access_request.judge", onRequest, core.Updates, "Juger les demandes des personnes que l'on dirige", "Judge the requests of those one manages", "member"))
	ExpireRequest   = reach(act("access_request.expire", onRequest, core.Updates, "Clore une demande restée sans réponse", "Close a request that got no answer"), core.BySystem)

	AskSupport  = fresh(staff(act("support.ask", "support", core.Creates, "Demander à une organisation d'y entrer", "Ask an organization to be let in", "provider.admin", "provider.operator", "provider.support", "provider.dpo")))
	SeeSupport  = staff(act("support.mine", "support", core.Reads, "Voir ses demandes d'entrée chez des organisations", "See one's requests to be let in", "provider.admin", "provider.operator", "provider.support", "provider.dpo"))
	NoteSupport = reach(act("support.asked", onRequest, core.Creates, "Le prestataire demande à entrer", "The provider asks to be let in"), core.BySystem)

	ReadReviews   = act("access_review.read", onReview, core.Reads, "Lire les revues d'habilitations", "Read the reviews of assignments", "admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")
	ExportReviews = act("access_review.export", onReview, core.Exports, "Exporter le résultat d'une revue", "Export the result of a review", "admin", "security", "auditor", "provider.admin", "provider.dpo", "provider.auditor")
	OpenReview    = fresh(act("access_review.open", onReview, core.Creates, "Ouvrir une revue des habilitations", "Open a review of assignments", "admin", "provider.admin"))
	SeeToAnswer   = act("access_review.mine", onReview, core.Reads, "Voir les habilitations qu'on a à revoir", "See the assignments that one has to review", "member")
	AnswerReview  = fresh(act("access_review.answer", onReview, core.Updates, "Garder ou retirer une habilitation en revue", "Keep or revoke an assignment under review", "member"))
	UndoLapse     = fresh(act("access_review.undo", onReview, core.Updates, "Rétablir ce qu'une revue a retiré faute de réponse", "Restore what a review revoked without an answer", "admin", "provider.admin"))
	BeginReview   = reach(act("access_review.begin", onReview, core.Creates, "Ouvrir la revue périodique", "Open the periodic review"), core.BySystem)
	CloseReview   = reach(act("access_review.close", onReview, core.Updates, "Clore une revue à son échéance", "Close a review at its deadline"), core.BySystem)
	LapseLine     = reach(act("access_review.lapse", "assignment", core.Deletes, "Retirer ce que personne n'a confirmé", "Revoke what nobody confirmed"), core.BySystem)
	MoveReview    = reach(act("access_review.move", onReview, core.Creates, "Revoir les habilitations de qui change de poste", "Review the assignments of who changes post"), core.BySystem)

	CompareList = act("departure.compare", "member", core.Reads, "Comparer une liste complète aux membres", "Compare a full list with the members", "admin", "people", "provider.admin")
	ReadDormant = act("dormant.read", "account", core.Reads, "Voir les comptes dormants", "See dormant accounts", "admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")

	ReadSharing  = act("sharing.read", onSharing, core.Reads, "Voir les comptes qui semblent partagés", "See accounts that seem shared", "admin", "security", "auditor", "provider.admin", "provider.operator", "provider.auditor")
	JudgeSharing = act("sharing.judge", onSharing, core.Updates, "Dire ce qu'il en est d'un compte qui semble partagé", "Say what an account that seems shared turned out to be", "admin", "security", "provider.admin", "provider.operator")
	SeeSharing   = reach(act("sharing.own", onSharing, core.Reads, "Voir les usages simultanés de son compte", "See the simultaneous uses of one's account"), core.BySelf)
	ExplainOwn   = reach(act("sharing.explain", onSharing, core.Updates, "Expliquer un usage simultané de son compte", "Explain a simultaneous use of one's account"), core.BySelf)
	FlagSharing  = reach(act("sharing.flag", onSharing, core.Creates, "Signaler un compte qui semble partagé", "Flag an account that seems shared"), core.BySystem)
)

var (
	// Watching is the duty that notes overlaps.
	Watching = &core.Duty{Name: "review.watch", Why: "marks of sessions used at once, forgotten after 90 days: they say nothing that the sessions do not; the flag they may raise is an act"}
	// Sweeping is the duty that notes reminders and forgets.
	Sweeping = &core.Duty{Name: "review.sweep", Why: "marks that a reminder was sent, and the end of marks of sharing past their retention: nobody acts"}
)

var (
	professional = core.Column{Category: "professional", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "7y", OnErase: core.Keep}
	freeText     = core.Column{Category: "professional", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "7y", Sealed: true, OnErase: core.EraseNull}
	connection   = core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "session", OnErase: core.EraseRow}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	sealed := connection
	sealed.Sealed = true
	return core.Manifest{
		Activities: activities,
		Module:     "review",
		Title:      core.Text{FR: "Demandes et revues", EN: "Requests and reviews"},
		Tables: []core.Table{
			{Name: "review_request", Title: core.Text{FR: "Demandes de rôle", EN: "Requests for a role"}, Columns: core.Columns(
				core.Plain("org", "id", "service", "object", "state", "asked_at", "expires_at", "reminded_at", "judged_at", "assignment"),
				core.Personal(professional, "person", "role", "until_at", "judge", "confirmer"), core.Personal(freeText, "reason", "word"))},
			{Name: "review_campaign", Title: core.Text{FR: "Revues d'habilitations", EN: "Reviews of assignments"}, Columns: core.Columns(
				core.Plain("org", "id", "origin", "scope", "role", "state", "started_at", "deadline_at", "closed_at", "reminded"),
				core.Personal(professional, "person", "started_by"))},
			{Name: "review_line", Title: core.Text{FR: "Habilitations revues", EN: "Assignments reviewed"}, Columns: core.Columns(
				core.Plain("org", "campaign", "id", "assignment", "service", "object", "from_at", "until_at", "answered_at", "restored_at"),
				core.Personal(professional, "person", "role", "answer", "answered_by", "restored_by"), core.Personal(freeText, "reason", "word"))},
			{Name: "review_overlap", Title: core.Text{FR: "Usages simultanés", EN: "Simultaneous uses"}, Columns: core.Columns(
				core.Plain("id"), core.Personal(connection, "person", "at", "kind", "far"), core.Personal(sealed, "sealed"))},
			{Name: "review_sharing", Title: core.Text{FR: "Comptes qui semblent partagés", EN: "Accounts that seem shared"}, Columns: core.Columns(
				core.Plain("id"),
				core.Personal(connection, "person", "state", "score", "seen", "first_at", "last_at", "judged_by", "judged_at"), core.Personal(sealed, "word"))},
		},
		Acts: []*core.ActDef{
			AskRequest, SeeOwn, WithdrawRequest, SeeToJudge, JudgeRequest, ExpireRequest, AskSupport, SeeSupport, NoteSupport,
			ReadReviews, ExportReviews, OpenReview, SeeToAnswer, AnswerReview, UndoLapse, BeginReview, CloseReview, LapseLine, MoveReview,
			CompareList, ReadDormant, ReadSharing, JudgeSharing, SeeSharing, ExplainOwn, FlagSharing,
		},
		Duties: []*core.Duty{Watching, Sweeping},
	}
}
