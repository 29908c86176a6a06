package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tQueue     = i18n.T("Demandes de droits", "Requests of rights")
	tQueueLead = i18n.T("Chaque demande a un mois. Rien n'y est fait avant que l'identité soit établie ; celles qui sont en retard viennent d'abord.", "Each request has one month. Nothing is done on it before identity is established; late ones come first.")
	tRecord    = i18n.T("Inscrire une demande", "Record a request")
	tRecLead   = i18n.T("Pour une demande reçue par courrier, par téléphone ou de vive voix. Le délai court depuis sa réception.", "For a request received by letter, by telephone or in person. Its time runs from its receipt.")
	tRecNote   = i18n.T("Demande inscrite ; un accusé de réception est parti.", "Request recorded; a receipt has left.")
	tPublic    = i18n.T("Formulaire public", "Public form")
	tSystems   = i18n.T("Systèmes à prévenir", "Systems to be told")
	tAll       = i18n.T("Toutes", "All")
	tFilter    = i18n.T("Filtrer par état", "Filter by state")
	tNoReq     = i18n.T("Aucune demande ici", "No request here")
	tNoReqText = i18n.T("Donnez l'adresse du formulaire public à vos membres et à vos contacts.", "Give the address of the public form to your members and contacts.")
	tWho       = i18n.T("Personne", "Person")
	tMailbox   = i18n.T("Adresse électronique", "E-mail address")
	tDueOn     = i18n.T("Échéance", "Due")
	tLate      = i18n.T("en retard", "late")
	tLateTitle = i18n.T("Des demandes sont en retard", "Some requests are late")
	tLateText  = i18n.T("Le délai de la loi est dépassé pour %d d'entre elles.", "The time of the law has passed for %d of them.")
	tPaused    = i18n.T("suspendue", "standing still")
	tLanguage  = i18n.T("Langue de la réponse", "Language of the answer")
	tDay       = i18n.T("Reçue le", "Received on")

	tTasks     = i18n.T("Tâches", "Tasks")
	tTasksLead = i18n.T("Chaque endroit qui détient des données de la personne, et ceux à qui elles ont été communiquées (article 19).", "Each place that holds data of the person, and those to whom they were disclosed (article 19).")
	tWhere     = i18n.T("Où", "Where")
	tRecords   = i18n.T("Lignes", "Records")
	tDone      = i18n.T("Faite", "Done")
	tTimeline  = i18n.T("Étapes", "Steps")
	tWhen      = i18n.T("Quand", "When")
	tWhat      = i18n.T("Quoi", "What")
	tByWhom    = i18n.T("Qui", "Who")
	tNote      = i18n.T("Note", "Note")
	tSent      = i18n.T("Lettres envoyées", "Letters sent")
	tDigest    = i18n.T("SHA-256 du texte", "SHA-256 of the text")
	tSentTo    = i18n.T("Envoyée à", "Sent to")
	tProgram   = i18n.T("la plateforme", "the platform")
	tAccount   = i18n.T("Compte", "Account")
	tNoAccount = i18n.T("aucun compte reconnu", "no account recognized")
	tSaid      = i18n.T("Ce qui est demandé", "What is asked")
	tPieces    = i18n.T("Pièces d'identité", "Proofs of identity")
	tGone      = i18n.T("détruite", "destroyed")

	tProveIt     = i18n.T("Établir l'identité", "Establish identity")
	tProveLead   = i18n.T("En proportion de ce qui est demandé. Les pièces sont détruites par ce verdict.", "In proportion to what is asked. Documents are destroyed by this verdict.")
	tHow         = i18n.T("Comment vous l'avez vérifiée", "How you checked it")
	tIsThem      = i18n.T("C'est bien cette personne", "It is this person")
	tIsNot       = i18n.T("Identité non établie", "Identity not established")
	tProved      = i18n.T("Verdict enregistré.", "Verdict recorded.")
	tDoubt       = i18n.T("Demander une preuve", "Ask for a proof")
	tDoubtLead   = i18n.T("Seulement s'il y a un doute raisonnable. Le délai est suspendu jusqu'à la réponse.", "Only if there is a reasonable doubt. The time stands still until the answer.")
	tDoubtWhy    = i18n.T("Pourquoi vous doutez, et ce qui suffirait", "Why you doubt, and what would be enough")
	tUnlockFirst = i18n.T("Cette pièce est scellée pour votre organisation : déverrouillez, puis ouvrez-la à nouveau.", "This document is sealed to your organization: unlock, then open it again.")
	tDoubted     = i18n.T("La personne est prévenue ; le délai est suspendu.", "The person was told; the time stands still.")

	tCarry     = i18n.T("Exécuter", "Carry out")
	tCarryLead = i18n.T("La plateforme le fait d'elle-même, en une fois, et prévient les systèmes extérieurs.", "The platform does it by itself, at once, and tells the outside systems.")
	tByHand    = i18n.T("La plateforme ne peut pas le faire d'elle-même : faites les tâches, puis répondez.", "The platform cannot do this by itself: do the tasks, then answer.")
	tCarried   = i18n.T("Exécutée.", "Carried out.")
	tCarriedOn = i18n.T("Exécutée le", "Carried out on")
	tApprove   = i18n.T("Corrections approuvées", "Corrections approved")
	tOrder     = i18n.T("Effacement", "Erasure")

	tReply      = i18n.T("Répondre", "Answer")
	tReplyLead  = i18n.T("Dans la langue de la personne. Ceci s'y ajoute toujours :", "In the language of the person. This is always added:")
	tText       = i18n.T("Texte", "Text")
	tReplied    = i18n.T("Réponse envoyée. Sa preuve est gardée.", "Answer sent. Its proof is kept.")
	tExtend     = i18n.T("Prolonger de deux mois", "Take two more months")
	tExtendLead = i18n.T("Seulement pour une demande complexe, par un avis motivé envoyé dans le premier mois.", "Only for a complex request, by a motivated notice sent within the first month.")
	tReason     = i18n.T("Motif", "Reason")
	tExtended   = i18n.T("Prolongée ; la personne est prévenue.", "Extended; the person was told.")
	tRefuse     = i18n.T("Refuser", "Refuse")
	tRefuseLead = i18n.T("Le motif de la loi, puis vos raisons : la personne les lit, avec les voies de recours.", "The ground of the law, then your reasons: the person reads them, with the ways to complain.")
	tGround     = i18n.T("Motif de la loi", "Ground of the law")
	tRefused    = i18n.T("Refus envoyé. Sa preuve est gardée.", "Refusal sent. Its proof is kept.")
	tTaskDone   = i18n.T("Tâche faite.", "Task done.")

	tSysLead   = i18n.T("Ce qui détient des données des mêmes personnes hors de la plateforme. À chaque demande exécutée, et quand une personne est effacée, corrigée ou limitée autrement, un programme reçoit un message signé, une personne un courriel qui ne nomme que la référence.", "What holds data of the same persons outside of the platform. For each request carried out, and when a person is erased, corrected or restricted otherwise, a program receives a signed message, a person a mail that gives the reference only.")
	tSysName   = i18n.T("Nom du système", "Name of the system")
	tWay       = i18n.T("Comment le prévenir", "How to tell it")
	tAddress   = i18n.T("Adresse", "Address")
	tAddrHint  = i18n.T("https pour un programme, électronique pour une personne, un nom pour quelqu'un à qui vous parlez.", "https for a program, e-mail for a person, a name for somebody whom you speak to.")
	tAddSys    = i18n.T("Ajouter le système", "Add the system")
	tLastReply = i18n.T("Dernière réponse", "Last reply")
	tRemove    = i18n.T("Retirer", "Remove")
	tNoSystem  = i18n.T("Aucun système", "No system")
	tSysAdded  = i18n.T("Système ajouté.", "System added.")
	tSysGone   = i18n.T("Système retiré.", "System removed.")
	tSecret    = i18n.T("Secret de signature, montré une seule fois", "Signing secret, shown once")
	tSecHint   = i18n.T("HMAC-SHA256 de l'en-tête Rempart-Signature.", "HMAC-SHA256 of the header Rempart-Signature.")
)

var ways = map[string]i18n.Sentence{
	rights.ByHook: i18n.T("un programme, par un message signé", "a program, by a signed message"),
	rights.ByMail: i18n.T("une personne, par courriel", "a person, by mail"),
	rights.ByDesk: i18n.T("une personne, de vive voix", "a person, in person"),
}

var places = map[string]i18n.Sentence{
	rights.AtModule:    i18n.T("plateforme", "platform"),
	rights.AtSystem:    i18n.T("système extérieur", "outside system"),
	rights.AtRecipient: i18n.T("destinataires", "recipients"),
}

var taskStates = map[string]i18n.Sentence{
	rights.TaskOpen: i18n.T("à faire", "to do"),
	rights.TaskSent: i18n.T("prévenu", "told"),
	rights.TaskDone: i18n.T("fait", "done"),
}

var groundTitles = map[rights.Ground]i18n.Sentence{
	rights.GroundIdentity:  i18n.T("identité non établie (art. 11-2, 12-2)", "identity not established (art. 11-2, 12-2)"),
	rights.GroundNothing:   i18n.T("aucune donnée détenue", "no data held"),
	rights.GroundUnfounded: i18n.T("manifestement infondée (art. 12-5)", "manifestly unfounded (art. 12-5)"),
	rights.GroundExcessive: i18n.T("excessive (art. 12-5)", "excessive (art. 12-5)"),
	rights.GroundOthers:    i18n.T("droits d'autrui (art. 15-4, 20-4)", "rights of others (art. 15-4, 20-4)"),
	rights.GroundLaw:       i18n.T("obligation légale de conserver (art. 17-3-b)", "legal obligation to keep (art. 17-3-b)"),
	rights.GroundClaims:    i18n.T("droits en justice (art. 17-3-e, 21-1)", "legal claims (art. 17-3-e, 21-1)"),
	rights.GroundSpeech:    i18n.T("liberté d'expression (art. 17-3-a)", "freedom of expression (art. 17-3-a)"),
	rights.GroundInterest:  i18n.T("motifs légitimes et impérieux (art. 21-1)", "compelling legitimate grounds (art. 21-1)"),
	rights.GroundContract:  i18n.T("ni consentement ni contrat (art. 20-1)", "neither consent nor contract (art. 20-1)"),
	rights.GroundAccurate:  i18n.T("données exactes (art. 16)", "data are accurate (art. 16)"),
}

type queueView struct {
	rights.Queue
	org   core.ID
	state rights.State
	now   time.Time
}

func (v queueView) base() string    { return rights.PathOf(v.org) }
func (v queueView) section() string { return sectionOf(v.org) }

func sectionOf(org core.ID) string {
	if org == core.Platform {
		return ui.ProviderRights
	}
	return ui.Rights
}

func (p pages) queue(w http.ResponseWriter, r *http.Request) error {
	state := rights.State(r.URL.Query().Get("state"))
	known := false
	for _, s := range rights.States {
		known = known || s == state
	}
	if !known {
		state = ""
	}
	q, err := p.m.Requests(r.Context(), orgOf(r), rights.Filter{State: state})
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "rights_request.record", "rights_system.read"), http.StatusOK, queuePage(queueView{q, orgOf(r), state, p.m.Now()}))
}

func (v queueView) tabs(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tFilter.In(ctx), Items: []ui.Tab{{Label: tAll.In(ctx), Href: v.base(), Current: v.state == ""}}}
	for _, s := range rights.States {
		t.Items = append(t.Items, ui.Tab{Label: rights.StateTitle(ctx, s), Href: v.base() + "?state=" + string(s), Current: v.state == s, Count: v.Count[s]})
	}
	return t
}

func dueCell(ctx context.Context, r *rights.Request, zone *time.Location, now time.Time) templ.Component {
	day := i18n.Date(ctx, rights.Day(r.Due, zone))
	switch {
	case r.Late(now):
		return ui.Badge{Text: day + " · " + tLate.In(ctx), Tone: ui.Bad}
	case r.State == rights.Open && r.Proof == rights.Doubted:
		return ui.Badge{Text: day + " · " + tPaused.In(ctx)}
	case r.State == rights.Open && r.Due.Sub(now) < 5*24*time.Hour:
		return ui.Badge{Text: day, Tone: ui.Warn}
	}
	return ui.Words(day)
}

func whoOf(ctx context.Context, r *rights.Request) string {
	if r.Erased || r.Name == "" {
		return tSomebody.In(ctx)
	}
	return r.Name
}

func (v queueView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.List))
	for i := range v.List {
		r := &v.List[i]
		href := v.base() + "/" + string(r.ID)
		rows[i] = ui.Row{Label: r.Kind.Title().In(ctx), Href: href, Cells: []templ.Component{
			dueCell(ctx, r, v.Zone, v.now), ui.To(r.Kind.Title().In(ctx), href), ui.Words(whoOf(ctx, r)), proofBadge(ctx, r.Proof), stateBadge(ctx, r.State),
		}}
	}
	return rows
}

var proofTones = map[rights.Proof]ui.Tone{rights.Proved: ui.Good, rights.Given: ui.Info, rights.Mailed: ui.Info, rights.Doubted: ui.Warn, rights.Failed: ui.Bad}

func proofBadge(ctx context.Context, p rights.Proof) ui.Badge {
	return ui.Badge{Text: rights.ProofTitle(ctx, p), Tone: proofTones[p]}
}

type recordView struct {
	org      core.ID
	draft    rights.Draft
	day      string
	problems ui.Problems
}

func (p pages) recording(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, recordPage(recordView{org: orgOf(r), day: p.m.Now().Format(time.DateOnly)}))
}

func (p pages) recorded(w http.ResponseWriter, r *http.Request) error {
	d := draftOf(r)
	d.Language = r.PostFormValue("language")
	made, err := p.m.Record(r.Context(), orgOf(r), d, dayOf(r.PostFormValue("received")))
	if ui.Shown(err) {
		return ui.Render(w, r, edge.StatusOf(err), recordPage(recordView{orgOf(r), d, r.PostFormValue("received"), ui.ProblemsOf(r.Context(), err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, rights.PathOf(orgOf(r))+"/"+string(made), tRecNote.In(r.Context()))
}

type systemsView struct {
	org      core.ID
	list     []rights.System
	typed    rights.System
	secret   string
	problems ui.Problems
}

func (p pages) systems(w http.ResponseWriter, r *http.Request) error {
	return p.showSystems(w, r, http.StatusOK, systemsView{})
}

func (p pages) showSystems(w http.ResponseWriter, r *http.Request, status int, v systemsView) (err error) {
	v.org = orgOf(r)
	if v.list, err = p.m.ListSystems(r.Context(), v.org); err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "rights_system.manage"), status, systemsPage(v))
}

func (p pages) addSystem(w http.ResponseWriter, r *http.Request) error {
	s := rights.System{Name: r.PostFormValue("name"), Way: r.PostFormValue("way"), Address: r.PostFormValue("address")}
	_, secret, err := p.m.AddSystem(r.Context(), orgOf(r), s)
	if ui.Shown(err) {
		return p.showSystems(w, r, edge.StatusOf(err), systemsView{typed: s, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	if secret != "" {
		return p.showSystems(w, r, http.StatusOK, systemsView{secret: secret})
	}
	return ui.Redirect(w, r, rights.PathOf(orgOf(r))+"-systems", tSysAdded.In(r.Context()))
}

func (p pages) dropSystem(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.DropSystem(r.Context(), orgOf(r), id(r, "rights_system")); err != nil {
		return err
	}
	return ui.Redirect(w, r, rights.PathOf(orgOf(r))+"-systems", tSysGone.In(r.Context()))
}

func (v systemsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, s := range v.list {
		rows[i] = ui.Row{Label: s.Name, Cells: []templ.Component{
			ui.Words(s.Name), ui.Words(ways[s.Way].In(ctx)), ui.Words(s.Address), ui.Words(s.LastReply), dropButton(v.org, s),
		}}
	}
	return rows
}

func wayOptions(ctx context.Context) []ui.Option {
	var list []ui.Option
	for _, w := range []string{rights.ByHook, rights.ByMail, rights.ByDesk} {
		list = append(list, ui.Option{Value: w, Label: ways[w].In(ctx)})
	}
	return list
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
