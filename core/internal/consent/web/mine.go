package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tMine      = i18n.T("Consentements et partages", "Consents and shares")
	tMineLead  = i18n.T("Ce que des organisations vous demandent, ce que vous leur avez accordé. Rien n'est partagé sans vous, et tout se reprend ici.", "What organizations ask of you, what you granted them. Nothing is shared without you, and everything can be taken back here.")
	tAsked     = i18n.T("Ce que l'on vous demande", "What is asked of you")
	tOrg       = i18n.T("Organisation", "Organization")
	tQuestion  = i18n.T("Demande", "Question")
	tState     = i18n.T("État", "State")
	tNone      = i18n.T("Rien ne vous est demandé", "Nothing is asked of you")
	tNoneText  = i18n.T("Aucune organisation ne vous demande de consentement, et personne ne voit vos données par ce chemin.", "No organization asks for your consent, and nobody sees your data this way.")
	tNotGiven  = i18n.T("Non donné", "Not given")
	tIsGiven   = i18n.T("Donné", "Given")
	tIsShared  = i18n.T("Partagé jusqu'au %s", "Shared until %s")
	tStale     = i18n.T("À redonner : le texte a changé", "To be given again: the text has changed")
	tHistory   = i18n.T("Ce que vous avez répondu", "What you answered")
	tWhen      = i18n.T("Quand", "When")
	tAnswer    = i18n.T("Réponse", "Answer")
	tReceipt   = i18n.T("Reçu", "Receipt")
	tTake      = i18n.T("Télécharger", "Download")
	tTakeOf    = i18n.T("le reçu du %s", "the receipt of %s")
	tWithdrawn = i18n.T("Retiré", "Withdrawn")
	tExpired   = i18n.T("Arrivé à son terme", "Its time was over")
	tNoAnswer  = i18n.T("Aucune réponse", "No answer")
	tNoAnsText = i18n.T("Chaque réponse sera gardée ici avec le texte exact, et son reçu signé.", "Each answer will be kept here with the exact text, and its signed receipt.")

	tAsks      = i18n.T("%s vous demande", "%s asks you")
	tPurpose   = i18n.T("Finalité", "Purpose")
	tVersion   = i18n.T("Version du texte", "Version of the text")
	tDigest    = i18n.T("Empreinte SHA-256 du texte", "SHA-256 of the text")
	tGive      = i18n.T("Je consens", "I consent")
	tNotNow    = i18n.T("Pas maintenant", "Not now")
	tTakeBack  = i18n.T("Retirer mon consentement", "Withdraw my consent")
	tStop      = i18n.T("Arrêter le partage", "Stop sharing")
	tStopText  = i18n.T("L'organisation cesse de voir à l'instant. Sa copie est détruite, clé comprise.", "The organization stops seeing at once. Its copy is destroyed, its key too.")
	tBackText  = i18n.T("Le retrait vaut tout de suite ; ce qui a été fait avant reste licite.", "Withdrawing acts at once; what was done before remains lawful.")
	tChoose    = i18n.T("Ce que vous partagez", "What you share")
	tChooseTip = i18n.T("Rien n'est coché d'avance. Chaque champ se partage, ou non.", "Nothing is ticked beforehand. Each field is shared, or not.")
	tUntil     = i18n.T("Jusqu'au", "Until")
	tUntilTip  = i18n.T("Dernier jour du partage, %d jours au plus. Vous pouvez arrêter avant.", "Last day of the share, %d days at most. You can stop earlier.")
	tLook      = i18n.T("Voir ce que l'organisation verra", "See what the organization will see")
	tChange    = i18n.T("Changer ce que je partage", "Change what I share")
	tSeen      = i18n.T("Ce que l'organisation verra, exactement", "Exactly what the organization will see")
	tSeenLead  = i18n.T("Rien d'autre que ceci. Si vous changez ces champs, elle verra les nouveaux.", "Nothing but this. If you change these fields, it will see the new ones.")
	tSees      = i18n.T("Ce que l'organisation voit", "What the organization sees")
	tShare     = i18n.T("Partager", "Share")
	tReads     = i18n.T("Qui a regardé", "Who looked")
	tReadAt    = i18n.T("%s a lu ce partage", "%s read this share")
	tNoRead    = i18n.T("Personne n'a encore regardé", "Nobody has looked yet")
	tNoReadTxt = i18n.T("Chaque lecture par l'organisation s'inscrira ici.", "Each time the organization reads it, it will be listed here.")
	tGaveIt    = i18n.T("Consentement donné. Son reçu est ci-dessous.", "Consent given. Its receipt is below.")
	tShared    = i18n.T("Partage commencé. Vous pouvez l'arrêter ici à tout moment.", "Share begun. You can stop it here at any time.")
	tStopped   = i18n.T("Partage arrêté : l'organisation ne voit plus rien.", "Share stopped: the organization sees nothing any more.")
	tBack      = i18n.T("Consentement retiré.", "Consent withdrawn.")
	tIsClosed  = i18n.T("Cette demande est close : elle n'est plus posée.", "This question is closed: it is no longer asked.")
	tYourOwn   = i18n.T("Ce que vous saisissez vous appartient. Une organisation peut ajouter des notes qui sont les siennes : elles figurent dans l'export de vos données.", "What you enter is yours. An organization can add notes that are its own: they are in the export of your data.")
)

type mineView struct{ consent.Mine }

func (p pages) mine(w http.ResponseWriter, r *http.Request) error {
	v, err := p.m.Own(r.Context(), me(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, minePage(mineView{v}))
}

func badge(ctx context.Context, s consent.Standing) ui.Badge {
	switch {
	case s.Share != nil:
		return ui.Badge{Text: tIsShared.In(ctx, i18n.Date(ctx, s.Share.Until)), Tone: ui.Good}
	case s.Held:
		return ui.Badge{Text: tIsGiven.In(ctx), Tone: ui.Good}
	case s.Last.Given && s.Last.Number < s.Due:
		return ui.Badge{Text: tStale.In(ctx), Tone: ui.Warn}
	}
	return ui.Badge{Text: tNotGiven.In(ctx)}
}

func (v mineView) questions(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Questions))
	for i, s := range v.Questions {
		title, href := say(ctx, s.Text.Title), minePath+"/"+string(s.ID)
		out[i] = ui.Row{Label: title, Href: href, Cells: []templ.Component{ui.To(title, href), ui.Words(s.OrgName), badge(ctx, s)}}
	}
	return out
}

func answered(ctx context.Context, r consent.Record) string {
	switch {
	case r.Given:
		return tIsGiven.In(ctx)
	case r.Why == consent.ByTime:
		return tExpired.In(ctx)
	}
	return tWithdrawn.In(ctx)
}

func (v mineView) history(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Records))
	for i, r := range v.Records {
		title := say(ctx, v.Titles[r.Question])
		out[i] = ui.Row{Label: title, Cells: []templ.Component{
			ui.Time{At: r.At},
			ui.Words(v.Orgs[r.Org]), ui.Words(title), ui.Words(answered(ctx, r)),
			ui.Link{Label: tTake.In(ctx), Hint: tTakeOf.In(ctx, i18n.Moment(ctx, r.At)), Href: minePath + "/receipts/" + string(r.ID), File: true, Small: true},
		}}
	}
	return out
}

type oneView struct {
	pages
	consent.One
	now      time.Time
	chosen   []string
	until    string
	problems ui.Problems
}

func (v oneView) at(verb string) string { return minePath + "/" + string(v.ID) + "/" + verb }

func (v oneView) facts(ctx context.Context) ui.Facts {
	return ui.Facts{
		{Label: tState.In(ctx), Value: badge(ctx, v.Standing)},
		{Label: tPurpose.In(ctx), Value: ui.Mono(string(v.Purpose))},
		{Label: tVersion.In(ctx), Text: strconv.FormatInt(v.Text.Number, 10)},
		{Label: tDigest.In(ctx), Value: ui.Mono(v.Text.Digest)},
	}
}

func (v oneView) reads(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Reads))
	for i, at := range v.Reads {
		out[i] = ui.Row{Cells: []templ.Component{ui.Time{At: at}, ui.Words(tReadAt.In(ctx, v.OrgName)), ui.Mono(string(v.Purpose))}}
	}
	return out
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, http.StatusOK, oneView{})
}

func (p pages) showOne(w http.ResponseWriter, r *http.Request, status int, v oneView) (err error) {
	v.pages, v.now = p, p.m.Now()
	if v.One, err = p.m.OwnOne(r.Context(), me(r), ids.Typed(r.PathValue("question"))); err != nil {
		return err
	}
	if v.Share != nil && len(v.problems) == 0 {
		v.chosen, v.until = v.Share.Fields, showDay(v.Share.Until)
	}
	return ui.Render(w, r, status, onePage(v))
}

func answerOf(r *http.Request) consent.Answer {
	return consent.Answer{
		Number: number(r.PostFormValue("version")), Fields: r.PostForm["fields"], Until: dayOf(r.PostFormValue("until")), Seen: r.PostFormValue("seen"), Channel: consent.OnPage,
	}
}

type previewView struct {
	consent.Shown
	number int64
	until  string
}

func (p pages) preview(w http.ResponseWriter, r *http.Request) error {
	a := answerOf(r)
	shown, err := p.m.Preview(r.Context(), me(r), ids.Typed(r.PathValue("question")), a)
	if ui.Shown(err) {
		return p.showOne(w, r, http.StatusUnprocessableEntity, oneView{chosen: a.Fields, until: r.PostFormValue("until"), problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, previewPage(previewView{shown, a.Number, r.PostFormValue("until")}))
}

func (p pages) give(w http.ResponseWriter, r *http.Request) error {
	a := answerOf(r)
	_, err := p.m.Give(r.Context(), me(r), ids.Typed(r.PathValue("question")), a)
	if ui.Shown(err) {
		return p.showOne(w, r, http.StatusUnprocessableEntity, oneView{chosen: a.Fields, until: r.PostFormValue("until"), problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	told := tGaveIt
	if len(a.Fields) > 0 {
		told = tShared
	}
	return ui.Redirect(w, r, minePath, told.In(r.Context()))
}

func (p pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Withdraw(r.Context(), me(r), ids.Typed(r.PathValue("question")), consent.OnPage)
	if ui.Shown(err) {
		return p.showOne(w, r, http.StatusUnprocessableEntity, oneView{problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	told := tBack
	if r.PostFormValue("share") != "" {
		told = tStopped
	}
	return ui.Redirect(w, r, minePath, told.In(r.Context()))
}

func (p pages) receipt(w http.ResponseWriter, r *http.Request) error {
	file, name, err := p.m.ReceiptOf(r.Context(), me(r), ids.Typed(r.PathValue("record")))
	if err != nil {
		return err
	}
	return edge.Attach(w, "application/json", name, file)
}

func (v oneView) choosing(ctx context.Context) string {
	if v.Share != nil {
		return tChange.In(ctx)
	}
	return tChoose.In(ctx)
}

// tip says that nothing is chosen beforehand, where it is so.
func (v oneView) tip(ctx context.Context) string {
	if v.Share != nil {
		return ""
	}
	return tChooseTip.In(ctx)
}

// backKind leaves the first place to giving again what no longer holds.
func (v oneView) backKind() ui.Kind {
	if v.Held {
		return ui.Primary
	}
	return ui.Plain
}

// lookKind keeps one button first on a page: stopping, once something is shared.
func (v oneView) lookKind() ui.Kind {
	if v.Share != nil {
		return ui.Plain
	}
	return ui.Primary
}

func paragraphs(text string) (list []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}
