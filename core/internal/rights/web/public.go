package web

import (
	"context"
	"net/http"
	"time"

	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tExercise     = i18n.T("Exercer vos droits", "Exercise your rights")
	tExerciseLead = i18n.T("%s répond à votre demande dans le mois. Aucun compte n'est nécessaire, et c'est gratuit.", "%s answers your request within one month. No account is needed, and it is free.")
	tWhich        = i18n.T("Que demandez-vous ?", "What do you ask?")
	tName         = i18n.T("Votre nom", "Your name")
	tEmail        = i18n.T("Votre adresse électronique", "Your e-mail address")
	tEmailHint    = i18n.T("Celle que l'organisation connaît, si possible. Un accusé de réception y est envoyé, avec la date à laquelle une réponse vous est due.", "The one that the organization knows, if possible. A receipt is sent there, with the date by which an answer is due to you.")
	tWords        = i18n.T("Précisions", "Details")
	tWordsHint    = i18n.T("Ce que vous voulez corriger ou voir effacé, l'usage auquel vous vous opposez. N'envoyez aucune pièce d'identité ici.", "What you want corrected or erased, the use that you object to. Do not send any identity document here.")
	tWhyRestrict  = i18n.T("Motif d'une limitation", "Reason of a restriction")
	tWhyHint      = i18n.T("Pour une demande de limitation seulement.", "For a restriction only.")
	tSend         = i18n.T("Envoyer la demande", "Send the request")
	tWhoTo        = i18n.T("Vous pouvez aussi écrire au délégué à la protection des données : %s.", "You can also write to the data-protection officer: %s.")
	tComplain     = i18n.T("Vous pouvez à tout moment introduire une réclamation auprès de l'autorité de contrôle : %s, %s.", "You can lodge a complaint at any time with the supervisory authority: %s, %s.")
	tCheckMail    = i18n.T("Consultez votre boîte aux lettres", "Check your mailbox")
	tCheckText    = i18n.T("Si cette adresse peut recevoir des messages, un accusé de réception vient d'y partir. Ouvrez son lien pour que la demande puisse être traitée.", "If this address can receive mail, a receipt has just left for it. Open its link so that the request can be dealt with.")

	tYours      = i18n.T("Votre demande", "Your request")
	tAddressed  = i18n.T("Adressée à", "Addressed to")
	tRight      = i18n.T("Droit", "Right")
	tState      = i18n.T("État", "State")
	tReceived   = i18n.T("Reçue le", "Received on")
	tDue        = i18n.T("Réponse due au plus tard le", "Answer due by")
	tNumber     = i18n.T("Référence", "Reference")
	tIdentity   = i18n.T("Identité", "Identity")
	tFact       = i18n.T("Un fait que l'organisation connaît de vous", "A fact that the organization knows about you")
	tFactHint   = i18n.T("Par exemple votre numéro de téléphone, votre fonction ou votre service. Il sert à vous reconnaître, et à rien d'autre.", "For example your telephone number, your function or your department. It serves to recognize you, and nothing else.")
	tConfirm    = i18n.T("Confirmer ma demande", "Confirm my request")
	tConfirmed  = i18n.T("C'est noté. Votre demande est examinée.", "Noted. Your request is being examined.")
	tPiece      = i18n.T("Pièce", "Document")
	tPieceHint  = i18n.T("PDF, PNG ou JPEG, 5 Mio au plus. Elle est chiffrée, et détruite dès la vérification. Masquez ce qui n'est pas utile (numéro, photo...).", "PDF, PNG or JPEG, at most 5 MiB. It is encrypted, and destroyed as soon as it was checked. Hide what is not needed (number, photograph...).")
	tSendPiece  = i18n.T("Envoyer la pièce", "Send the document")
	tAskedPiece = i18n.T("Une preuve de votre identité est demandée", "A proof of your identity is asked")
	tAskedText  = i18n.T("Le motif vous a été écrit. Le délai de réponse est suspendu jusqu'à votre envoi.", "The reason was written to you. The time to answer stands still until you send it.")
	tPieceSent  = i18n.T("Pièce reçue. Elle sera détruite dès la vérification.", "Document received. It will be destroyed as soon as it was checked.")
	tWithdraw   = i18n.T("Retirer ma demande", "Withdraw my request")
	tWithdrawn  = i18n.T("Demande retirée.", "Request withdrawn.")
	tAnswer     = i18n.T("Réponse", "Answer")
	tRefusal    = i18n.T("Refus", "Refusal")
)

type formView struct {
	desk     rights.Desk
	draft    rights.Draft
	problems ui.Problems
}

func (p pages) form(w http.ResponseWriter, r *http.Request) error {
	desk, err := p.m.Open(r.Context(), id(r, "desk"))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, formPage(formView{desk: desk}))
}

func (p pages) filed(w http.ResponseWriter, r *http.Request) error {
	ctx, d := r.Context(), draftOf(r)
	d.Language = i18n.Of(ctx).String()
	proof := rights.ProofOfWork{Challenge: r.PostFormValue("challenge"), Nonce: r.PostFormValue("nonce")}
	err := p.m.File(ctx, id(r, "desk"), d, proof)
	if err == nil {
		return ui.Render(w, r, http.StatusOK, checkMailPage())
	}
	if !ui.Shown(err) {
		return err
	}
	desk, again := p.m.Open(ctx, id(r, "desk"))
	if again != nil {
		return again
	}
	return ui.Render(w, r, edge.StatusOf(err), formPage(formView{desk, d, ui.ProblemsOf(ctx, err)}))
}

func kindOptions(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(rights.Kinds))
	for i, k := range rights.Kinds {
		list[i] = ui.Option{Value: string(k), Label: k.Title().In(ctx)}
	}
	return list
}

func groundOptions(ctx context.Context) []ui.Option {
	var list []ui.Option
	for _, g := range rights.Restrictions() {
		list = append(list, ui.Option{Value: g, Label: rights.RestrictionTitle(ctx, g)})
	}
	return list
}

type followView struct {
	rights.Followed
	path     string
	fact     string
	problems ui.Problems
}

// facts are what anyone who follows their request sees of it.
func facts(ctx context.Context, f rights.Followed) ui.Facts {
	return ui.Facts{
		{Label: tRight.In(ctx), Text: f.Kind.Title().In(ctx)},
		{Label: tAddressed.In(ctx), Text: f.Desk},
		{Label: tState.In(ctx), Value: stateBadge(ctx, f.State)},
		{Label: tReceived.In(ctx), Text: i18n.Date(ctx, f.Received)},
		{Label: tDue.In(ctx), Text: i18n.Date(ctx, f.Due.Add(-time.Second))},
		{Label: tNumber.In(ctx), Value: ui.Mono(string(f.ID))},
	}
}

var tones = map[rights.State]ui.Tone{rights.Open: ui.Info, rights.Answered: ui.Good, rights.Refused: ui.Warn}

func stateBadge(ctx context.Context, s rights.State) ui.Badge {
	return ui.Badge{Text: rights.StateTitle(ctx, s), Tone: tones[s]}
}

func letterTitle(ctx context.Context, l rights.Letter) string {
	if l.Refuses() {
		return tRefusal.In(ctx)
	}
	return tAnswer.In(ctx)
}

func (v followView) open() bool   { return v.State == rights.Open }
func (v followView) proved() bool { return v.Proof == rights.Proved }

func (p pages) follow(w http.ResponseWriter, r *http.Request) error {
	return p.showFollowed(w, r, http.StatusOK, "", nil)
}

func (p pages) showFollowed(w http.ResponseWriter, r *http.Request, status int, fact string, problems ui.Problems) error {
	f, err := p.m.Behind(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, followPage(followView{f, "/rights/follow/" + r.PathValue("token"), fact, problems}))
}

// after shows the page behind the link again, with what was wrong or with a note.
func (p pages) after(w http.ResponseWriter, r *http.Request, err error, fact string, note i18n.Sentence) error {
	if ui.Shown(err) {
		return p.showFollowed(w, r, edge.StatusOf(err), fact, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/rights/follow/"+r.PathValue("token"), note.In(r.Context()))
}

func (p pages) confirmed(w http.ResponseWriter, r *http.Request) error {
	fact := r.PostFormValue("fact")
	return p.after(w, r, p.m.ConfirmOne(r.Context(), r.PathValue("token"), fact), fact, tConfirmed)
}

func (p pages) sent(w http.ResponseWriter, r *http.Request) error {
	files, err := edge.Files(r, "files", rights.DocumentBytes)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		files = append(files, edge.File{})
	}
	return p.after(w, r, p.m.SendDocument(r.Context(), r.PathValue("token"), files[0].Name, files[0].Content), "", tPieceSent)
}

func (p pages) dropped(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, p.m.Drop(r.Context(), r.PathValue("token")), "", tWithdrawn)
}

// answers keeps what was answered, of all that was written.
func answers(list []rights.Letter) []rights.Letter {
	var kept []rights.Letter
	for _, l := range list {
		if l.Final() {
			kept = append(kept, l)
		}
	}
	return kept
}
