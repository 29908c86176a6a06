package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tSharing     = i18n.T("Comptes qui semblent partagés", "Accounts that seem shared")
	tSharingLead = i18n.T("Un compte est personnel. Ceux-ci ont servi plusieurs fois au même moment depuis des réseaux et des appareils différents. C'est un indice, pas une preuve.", "An account is personal. These were used several times at the same moment from different networks and devices. It is a sign, not a proof.")
	tNoSharing   = i18n.T("Aucun compte ne semble partagé", "No account seems shared")
	tAdvice      = i18n.T("À plusieurs ? Chacun son compte.", "Several people? An account each.")
	tAdviceText  = i18n.T("Un compte partagé écrit les actes de tous au nom d'une seule personne, et survit au départ de chacun. Invitez chaque personne ; pour un guichet ou une machine, créez un compte fonctionnel, dont une personne répond.", "A shared account writes everyone's acts against one person's name, and outlives each one's leaving. Invite each person; for a desk or a machine, make a functional account, for which a person answers.")
	tScoreOf     = i18n.T("%d points sur 100", "%d points of 100")
	tSeenN       = i18n.N("vu %d fois", "vu %d fois", "seen %d time", "seen %d times")
	tFirstSeen   = i18n.T("Première fois", "First time")
	tLastSeen    = i18n.T("Dernière fois", "Last time")
	tWhyScore    = i18n.T("Ce qui fait ce score", "What makes this score")
	tTwoOf       = i18n.T("%s et %s", "%s and %s")
	tKilometres  = i18n.T("à %d km", "%d km apart")
	tPrivate     = i18n.T("réseau interne", "internal network")
	tNetworks    = i18n.T("Réseaux", "Networks")
	tDevices     = i18n.T("Appareils", "Devices")
	tTheirWord   = i18n.T("La personne dit", "The person says")
	tSettle      = i18n.T("Régler", "Settle")
	tWasMine     = i18n.T("Une seule personne", "One person")
	tWasShared   = i18n.T("Compte partagé", "Shared account")
	tSettled     = i18n.T("C'est noté. Si le compte était partagé, mettez fin à ses sessions et créez un compte à chacun.", "Noted. If the account was shared, end its sessions and make an account for each person.")
	tEndSessions = i18n.T("Voir ses sessions", "See its sessions")

	tMySharing     = i18n.T("Usages simultanés de mon compte", "Simultaneous uses of my account")
	tMySharingLead = i18n.T("Les moments où votre compte a servi à deux endroits à la fois. Un téléphone à côté d'un ordinateur ne suffit jamais à un signalement.", "The moments when your account was used in two places at once. A telephone beside a computer is never enough for a flag.")
	tNoneMine      = i18n.T("Rien à signaler", "Nothing to report")
	tExplain       = i18n.T("C'était moi : l'expliquer", "It was me: explain")
	tExplainHint   = i18n.T("Par exemple : bureau à distance, réseau privé, deux sites.", "For example: remote desktop, private network, two sites.")
	tExplained     = i18n.T("Merci : votre explication est jointe au signalement.", "Thank you: your explanation is joined to the flag.")
	tNotMe         = i18n.T("Ce n'était pas moi", "It was not me")
	tMySecurity    = i18n.T("Ma sécurité", "My security")
)

var flagStates = map[string]struct {
	words i18n.Sentence
	tone  ui.Tone
}{
	review.FlagOpen:      {i18n.T("à regarder", "to look at"), ui.Warn},
	review.FlagExplained: {i18n.T("expliqué par la personne", "explained by the person"), ui.Info},
	review.FlagMine:      {i18n.T("réglé : une seule personne", "settled: one person"), ui.Good},
	review.FlagShared:    {i18n.T("réglé : compte partagé", "settled: shared account"), ui.Bad},
}

var reasonWords = map[string]i18n.Counted{
	"computers": i18n.N("%d usage au même moment de deux ordinateurs sur deux réseaux", "%d usages au même moment de deux ordinateurs sur deux réseaux", "%d use at the same moment of two computers on two networks", "%d uses at the same moment of two computers on two networks"),
	"phone":     i18n.N("%d usage au même moment d'un téléphone et d'un autre appareil (40 points au plus)", "%d usages au même moment d'un téléphone et d'un autre appareil (40 points au plus)", "%d use at the same moment of a telephone and another device (40 points at most)", "%d uses at the same moment of a telephone and another device (40 points at most)"),
	"networks":  i18n.N("%d réseau en tout", "%d réseaux en tout", "%d network in all", "%d networks in all"),
	"far":       i18n.N("%d fois à plus de 500 km l'un de l'autre", "%d fois à plus de 500 km l'un de l'autre", "%d time more than 500 km apart", "%d times more than 500 km apart"),
}

type sharingView struct {
	org      core.ID // "" for one's own
	cases    []review.Case
	problems ui.Problems
}

func (p pages) sharing(w http.ResponseWriter, r *http.Request) error {
	return p.showSharing(w, r, http.StatusOK, nil)
}

func (p pages) showSharing(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	list, err := p.m.Sharing(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "sharing.judge", "session.list"), status, sharingPage(sharingView{orgOf(r), list, problems}))
}

func (p pages) settle(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Settle(r.Context(), orgOf(r), ids.Typed(r.PathValue("sharing")), r.PostFormValue("state"), r.PostFormValue("word"))
	if ui.Shown(err) {
		return p.showSharing(w, r, http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/sharing"), tSettled.In(r.Context()))
}

func (p pages) mySharing(w http.ResponseWriter, r *http.Request) error {
	return p.showMine(w, r, http.StatusOK, nil)
}

func (p pages) showMine(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	list, err := p.m.MySharing(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, mySharingPage(sharingView{"", list, problems}))
}

func (p pages) explain(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Explain(r.Context(), ids.Typed(r.PathValue("sharing")), r.PostFormValue("word"))
	if ui.Shown(err) {
		return p.showMine(w, r, http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/sharing", tExplained.In(r.Context()))
}

func flagBadge(ctx context.Context, state string) ui.Badge {
	s := flagStates[state]
	return ui.Badge{Text: s.words.In(ctx), Tone: s.tone}
}

func caseFacts(ctx context.Context, c review.Case) ui.Facts {
	facts := ui.Facts{
		{Label: tFirstSeen.In(ctx), Value: ui.Time{At: c.Flag.First}},
		{Label: tLastSeen.In(ctx), Value: ui.Time{At: c.Flag.Last, Relative: true}},
	}
	if c.Flag.Word != "" && c.Flag.State == review.FlagExplained {
		facts = append(facts, ui.Fact{Label: tTheirWord.In(ctx), Text: c.Flag.Word})
	}
	return facts
}

func overlapRows(ctx context.Context, c review.Case) []ui.Row {
	rows := make([]ui.Row, len(c.Overlaps))
	for i, o := range c.Overlaps {
		where := tTwoOf.In(ctx, network(ctx, o.Pair.NetworkA, o.Pair.PlaceA), network(ctx, o.Pair.NetworkB, o.Pair.PlaceB))
		if o.Pair.Distance > 0 {
			where += ", " + tKilometres.In(ctx, int(o.Pair.Distance))
		}
		rows[i] = ui.Row{Cells: []templ.Component{ui.Time{At: o.At}, ui.Words(where), ui.Words(tTwoOf.In(ctx, device(o.Pair.DeviceA), device(o.Pair.DeviceB)))}}
	}
	return rows
}

// network names a network for people, with its place when a GeoIP file knows it.
func network(ctx context.Context, name, place string) string {
	if name == "private" {
		name = tPrivate.In(ctx)
	}
	if place != "" {
		name += " (" + place + ")"
	}
	return name
}

// device writes "Firefox/Linux" for people.
func device(text string) string { return strings.Trim(strings.ReplaceAll(text, "/", " · "), " ·") }

func points(n int) string { return "+" + strconv.Itoa(n) }

func orSomeone(ctx context.Context, name string) string {
	if name == "" {
		return tSomeone.In(ctx)
	}
	return name
}
