package web

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle    = i18n.T("Effacements", "Erasures")
	tLead     = i18n.T("Chaque ordre est écrit avant que rien ne parte, se termine quoi qu'il arrive, est contrôlé puis certifié. Une copie restaurée ne fait revenir personne.", "Each order is written before anything goes, ends whatever happens, is checked and then certified. A restored copy brings nobody back.")
	tNew      = i18n.T("Effacer une personne", "Erase a person")
	tNone     = i18n.T("Aucun effacement", "No erasure")
	tNoneText = i18n.T("Les effacements demandés au guichet des droits, ordonnés ici ou dus à une règle de conservation apparaîtront ici.", "Erasures asked for at the rights desk, ordered here or due to a rule of retention will appear here.")
	tOrder    = i18n.T("Ordre", "Order")
	tReason   = i18n.T("Motif", "Reason")
	tState    = i18n.T("État", "State")
	tAt       = i18n.T("Ordonné le", "Ordered on")
	tEnded    = i18n.T("Terminé le", "Ended on")

	tNewLead = i18n.T("Rien ne part encore : la page suivante dit ce qui serait supprimé, ce qui doit rester et pourquoi.", "Nothing goes yet: the next page says what would be deleted, what must stay and why.")
	tWho     = i18n.T("Personne", "Person")
	tWhoHint = i18n.T("Son adresse électronique ou son identifiant.", "Their e-mail address or id.")
	tOrg     = i18n.T("Organisation", "Organization")
	tOrgHint = i18n.T("Son identifiant, pour n'effacer que ce qu'elle garde d'une personne qui appartient aussi à d'autres. Vide : la personne entière.", "Its id, to erase only what it holds of a person who belongs to others too. Empty: the whole person.")
	tWeigh   = i18n.T("Voir ce qui partirait", "See what would go")
	tWeighed = i18n.T("Ce que l'effacement ferait", "What the erasure would do")
	tWhole   = i18n.T("La personne entière partirait : son compte, ses données dans chaque pièce, sa clé. Cela ne s'annule pas.", "The whole person would go: their account, their data in every room, their key. It cannot be undone.")
	tPart    = i18n.T("Seul partirait ce que cette organisation garde de la personne, qui appartient aussi à d'autres.", "Only what this organization holds of the person would go: they belong to others too.")
	tHeld    = i18n.T("Une obligation de conserver l'interdit pour l'instant", "A legal hold forbids it for now")
	tHeldAll = i18n.T("L'ordre attendra que chacune soit levée.", "The order will wait until each is lifted.")
	tFour    = i18n.T("Une seconde personne devra l'approuver", "A second person will have to approve it")
	tFourWhy = i18n.T("Vous en avez ordonné d'autres aujourd'hui : au-delà du seuil réglé, il faut être deux.", "You ordered others today: above the threshold set, it takes two.")
	tWhy     = i18n.T("Pourquoi", "Why")
	tWhyHint = i18n.T("Gardé scellé dans le journal.", "Kept sealed in the journal.")
	tWhyDue  = i18n.T("Dites pourquoi, en 500 caractères au plus.", "Say why, within 500 characters.")
	tErase   = i18n.T("Ordonner l'effacement", "Order the erasure")
	tBack    = i18n.T("Retour", "Back")
	tOrdered = i18n.T("L'effacement est ordonné.", "The erasure is ordered.")

	tTable   = i18n.T("Table", "Table")
	tDeleted = i18n.T("Supprimé", "Deleted")
	tKept    = i18n.T("Conservé", "Kept")
	tKeptWhy = i18n.T("Pourquoi, et jusqu'à quand", "Why, and until when")
	tUntil   = i18n.T("%s (règle : %s)", "%s (rule: %s)")
	tNoRow   = i18n.T("Rien", "Nothing")

	tProgress  = i18n.T("Étapes", "Steps")
	tStep      = i18n.T("Étape", "Step")
	tPassed    = i18n.T("Passée le", "Passed on")
	tNotYet    = i18n.T("pas encore", "not yet")
	tErased    = i18n.T("Ce qui a été effacé", "What was erased")
	tLeft      = i18n.T("Ce que le contrôle trouve encore", "What the check still finds")
	tLeftLead  = i18n.T("L'effacement recommence de lui-même jusqu'à ce qu'il n'y ait plus rien. Levez la cause : ces données reviennent.", "The erasure starts again by itself until nothing is left. Remove the cause: these data come back.")
	tTold      = i18n.T("Organisations prévenues", "Organizations told")
	tToldNone  = i18n.T("Aucune n'avait reçu ces données.", "None had received these data.")
	tReceipt   = i18n.T("Reçu signé", "Signed receipt")
	tReceiptOf = i18n.T("Il a été envoyé à la personne. Contrôlez-le sans nous : rempart verify --offline FICHIER --key CLÉ", "It was sent to the person. Check it without us: rempart verify --offline FILE --key KEY")
	tDownload  = i18n.T("Télécharger le reçu", "Download the receipt")
	tDigest    = i18n.T("Empreinte au journal", "Digest in the journal")
	tEntry     = i18n.T("Entrée du journal", "Entry of the journal")
	tBy        = i18n.T("Ordonné par", "Ordered by")
	tJudge     = i18n.T("Décidé par", "Decided by")
	tScope     = i18n.T("Portée", "Scope")
	tReplayed  = i18n.T("Rejoué après une restauration", "Replayed after a restore")
	tHouse     = i18n.T("la plateforme", "the platform")
	tApprove   = i18n.T("Approuver", "Approve")
	tApproveN  = i18n.N("%d ordre de la même personne attend cette approbation.", "%d ordres de la même personne attendent cette approbation : vous les approuvez ensemble.", "%d order of the same person waits for this approval.", "%d orders of the same person wait for this approval: you approve them together.")
	tRefuse    = i18n.T("Refuser", "Refuse")
	tDecide    = i18n.T("Décider", "Decide")
	tApproved  = i18n.T("Approuvé : %d effacement(s) commencent.", "Approved: %d erasure(s) begin.")
	tRefused   = i18n.T("Effacement refusé : rien n'est parti.", "Erasure refused: nothing went.")
	tCancelled = i18n.T("Votre effacement est annulé : rien n'est parti.", "Your erasure is cancelled: nothing went.")

	tToldTitle = i18n.T("Effacements à répercuter", "Erasures to carry on")
	tToldLead  = i18n.T("Des personnes dont vous aviez reçu des données ont été effacées. Effacez vos copies, puis dites-le ici (article 19 du RGPD).", "Persons whose data you had received were erased. Erase your copies, then say so here (article 19 GDPR).")
	tToldEmpty = i18n.T("Rien à répercuter", "Nothing to carry on")
	tToldText  = i18n.T("Quand une personne que vous connaissiez sera effacée, son identifiant apparaîtra ici.", "When a person whom you knew is erased, their id will appear here.")
	tMember    = i18n.T("Membre", "Member")
	tToldAt    = i18n.T("Prévenu le", "Told on")
	tDone      = i18n.T("Répercuté le", "Carried on")
	tCarry     = i18n.T("Nos copies sont effacées", "Our copies are erased")
	tHandled   = i18n.T("Noté : vos copies sont effacées.", "Noted: your copies are erased.")
	tAction    = i18n.T("Action", "Action")
)

var states = map[erasure.State]struct {
	words i18n.Sentence
	tone  ui.Tone
}{
	erasure.Ordered:   {i18n.T("ordonné", "ordered"), ui.Info},
	erasure.Waiting:   {i18n.T("en attente", "waiting"), ui.Warn},
	erasure.Running:   {i18n.T("en cours", "under way"), ui.Info},
	erasure.Done:      {i18n.T("terminé", "done"), ui.Good},
	erasure.Refused:   {i18n.T("refusé", "refused"), ui.Neutral},
	erasure.Cancelled: {i18n.T("annulé par la personne", "cancelled by the person"), ui.Neutral},
}

var blocks = map[string]i18n.Sentence{
	erasure.BlockedApproval: i18n.T("attend une seconde personne", "waits for a second person"),
	erasure.BlockedHold:     i18n.T("attend la levée d'une obligation de conserver", "waits for a legal hold to be lifted"),
	erasure.BlockedLeft:     i18n.T("le contrôle trouve encore des données", "the check still finds data"),
}

var reasons = map[string]i18n.Sentence{
	erasure.ByRequest:     i18n.T("demande de la personne", "asked for by the person"),
	erasure.ByRetention:   i18n.T("durée de conservation échue", "end of retention"),
	erasure.ByOffboarding: i18n.T("fin de contrat", "end of contract"),
	erasure.ByOperator:    i18n.T("ordonné à la main", "ordered by hand"),
}

var scopes = map[string]i18n.Sentence{
	erasure.ScopePerson: i18n.T("la personne entière", "the whole person"),
	erasure.ScopeMember: i18n.T("ce que l'organisation gardait", "what the organization held"),
}

var steps = map[string]i18n.Sentence{
	erasure.StepBury:    i18n.T("L'ordre est gravé à côté des clés", "The order is set down beside the keys"),
	erasure.StepWeigh:   i18n.T("Tout est compté", "Everything is counted"),
	erasure.StepCut:     i18n.T("Sessions et jetons coupés", "Sessions and tokens cut"),
	erasure.StepRooms:   i18n.T("Chaque pièce efface", "Each room erases"),
	erasure.StepPerson:  i18n.T("Le compte et la personne partent", "The account and the person go"),
	erasure.StepKey:     i18n.T("La clé de la personne est détruite", "The person's key is destroyed"),
	erasure.StepScrub:   i18n.T("Les fichiers sont nettoyés", "The files are scrubbed"),
	erasure.StepCheck:   i18n.T("Un contrôle cherche ce qui resterait", "A check looks for anything left"),
	erasure.StepCertify: i18n.T("Le reçu est signé et envoyé", "The receipt is signed and sent"),
}

type listView struct {
	list []erasure.Order
	next core.ID
}

func badge(ctx context.Context, o *erasure.Order) templ.Component {
	s := states[o.State]
	if o.Blocked == "" {
		return ui.Badge{Text: s.words.In(ctx), Tone: s.tone}
	}
	return ui.Badge{Text: blocks[o.Blocked].In(ctx), Tone: ui.Warn}
}

func (v listView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i := range v.list {
		o := &v.list[i]
		rows[i] = ui.Row{Label: string(o.ID), Cells: []templ.Component{
			ui.To(string(o.ID), listPath+"/"+string(o.ID)), ui.Words(reasons[o.Reason].In(ctx)), badge(ctx, o), ui.Time{At: o.At}, ui.Time{At: o.Ended},
		}}
	}
	return rows
}

func (v listView) older() ui.Pager {
	if v.next == "" {
		return ui.Pager{}
	}
	return ui.Pager{Next: listPath + "?from=" + string(v.next)}
}

type newView struct {
	who      string
	org      core.ID
	why      string
	problems ui.Problems
}

type weighedView struct {
	newView
	plan erasure.Plan
}

// lines are the counts of a dry run or of what was done.
func lines(ctx context.Context, list []core.Receipt) []ui.Row {
	var rows []ui.Row
	for _, r := range list {
		if r.Deleted == 0 && r.Kept == 0 {
			continue
		}
		why := i18n.From(r.Why).In(ctx)
		if r.Kept == 0 && r.Rule == "" && r.Ground == "" && r.Why.FR == "" {
			why = ""
		} else if r.Rule != "" {
			why = tUntil.In(ctx, why, r.Rule)
		}
		rows = append(rows, ui.Row{Label: r.Table, Cells: []templ.Component{
			ui.Mono(r.Table), ui.Words(i18n.Number(ctx, r.Deleted)), ui.Words(i18n.Number(ctx, r.Kept)), ui.Words(why),
		}})
	}
	return rows
}

func lineColumns(ctx context.Context) []ui.Column {
	return []ui.Column{{Label: tTable.In(ctx)}, {Label: tDeleted.In(ctx), Num: true}, {Label: tKept.In(ctx), Num: true}, {Label: tKeptWhy.In(ctx)}}
}

type oneView struct{ erasure.Sheet }

func (v oneView) receipts(phase string) []core.Receipt {
	list := v.Of(phase)
	out := make([]core.Receipt, len(list))
	for i, l := range list {
		out[i] = l.Receipt
	}
	return out
}

func (v oneView) waits() bool { return v.State == erasure.Ordered || v.State == erasure.Waiting }

func (v oneView) name(ctx context.Context, who core.ID) string {
	if n := v.Names[who]; n != "" {
		return n
	}
	return tHouse.In(ctx)
}

func (v oneView) facts(ctx context.Context) ui.Facts {
	f := ui.Facts{
		{Label: tState.In(ctx), Value: badge(ctx, &v.Order)},
		{Label: tWho.In(ctx), Value: ui.Mono(string(v.Person))},
		{Label: tReason.In(ctx), Text: reasons[v.Reason].In(ctx)},
		{Label: tBy.In(ctx), Text: v.name(ctx, v.By)},
		{Label: tAt.In(ctx), Value: ui.Time{At: v.At}},
	}
	if v.Scope != "" {
		f = append(f, ui.Fact{Label: tScope.In(ctx), Text: scopes[v.Scope].In(ctx)})
	}
	if v.Org != "" {
		f = append(f, ui.Fact{Label: tOrg.In(ctx), Value: ui.Mono(string(v.Org))})
	}
	if v.Judge != "" {
		f = append(f, ui.Fact{Label: tJudge.In(ctx), Text: v.name(ctx, v.Judge)})
	}
	if !v.Replayed.IsZero() {
		f = append(f, ui.Fact{Label: tReplayed.In(ctx), Value: ui.Time{At: v.Replayed}})
	}
	if !v.Ended.IsZero() {
		f = append(f, ui.Fact{Label: tEnded.In(ctx), Value: ui.Time{At: v.Ended}})
	}
	if v.Digest != "" {
		f = append(f, ui.Fact{Label: tDigest.In(ctx), Value: ui.Mono(v.Digest)}, ui.Fact{Label: tEntry.In(ctx), Value: ui.Mono(string(v.Entry))})
	}
	return f
}

func (v oneView) progress(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(erasure.Steps))
	for i, step := range erasure.Steps {
		var at templ.Component = ui.Faint(tNotYet.In(ctx))
		for _, p := range v.Steps {
			if p.Step == step {
				at = ui.Time{At: p.At}
			}
		}
		rows[i] = ui.Row{Cells: []templ.Component{ui.Words(strconv.Itoa(i + 1)), ui.Words(steps[step].In(ctx)), at}}
	}
	return rows
}

func (v oneView) told(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Notices))
	for i, n := range v.Notices {
		rows[i] = ui.Row{Cells: []templ.Component{ui.Mono(string(n.Org)), ui.Time{At: n.Told, Never: tNotYet.In(ctx)}, ui.Time{At: n.Handled, Never: tNotYet.In(ctx)}}}
	}
	return rows
}

type toldView struct {
	org  core.ID
	list []erasure.Notice
}

func (v toldView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, n := range v.list {
		var last templ.Component = ui.Time{At: n.Handled, Never: tNotYet.In(ctx)}
		if n.Handled.IsZero() && ui.May(ctx, erasure.Handle.Permission) {
			last = carryForm(v.org, n)
		}
		rows[i] = ui.Row{Label: string(n.Person), Cells: []templ.Component{ui.Mono(string(n.Person)), ui.Mono(string(n.Member)), ui.Time{At: n.Told}, last}}
	}
	return rows
}
