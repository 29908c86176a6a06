package web

import (
	"context"
	"strings"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/number"
)

var (
	tdCalls     = i18n.T("Appels", "Calls")
	tdLead      = i18n.T("Qui appelle votre poste, et vos propres appels. Personne d'autre ne les voit.", "Who calls your phone, and your own calls. Nobody else sees them.")
	tdNow       = i18n.T("En ce moment", "Right now")
	tdQuiet     = i18n.T("Aucun appel en cours", "No call right now")
	tdQuietText = i18n.T("Un appel sur votre poste paraît ici dès qu'il sonne.", "A call to your phone appears here as soon as it rings.")
	tdRefresh   = i18n.T("Actualiser", "Refresh")
	tdDial      = i18n.T("Appeler", "Call")
	tdDialHint  = i18n.T("Votre poste sonne d'abord ; le numéro est appelé quand vous décrochez.", "Your own phone rings first; the number is called once you answer.")
	tdNumber    = i18n.T("Numéro", "Number")
	tdHistory   = i18n.T("Vos appels", "Your calls")
	tdSearch    = i18n.T("Chercher un nom, une société, un numéro, une note", "Look for a name, a company, a number, a note")
	tdFind      = i18n.T("Chercher", "Search")
	tdNone      = i18n.T("Aucun appel", "No call")
	tdNoneText  = i18n.T("Vos appels restent ici trente jours au plus, pour vous seul.", "Your calls stay here thirty days at most, for you alone.")
	tdWho       = i18n.T("Qui", "Who")
	tdWhen      = i18n.T("Quand", "When")
	tdState     = i18n.T("Appel", "Call")
	tdDo        = i18n.T("Actions", "Actions")
	tdMasked    = i18n.T("Appelant masqué", "Hidden caller")
	tdUnknown   = i18n.T("Inconnu", "Unknown")
	tdCompany   = i18n.T("personne inconnue", "person unknown")
	tdAutomated = i18n.T("appel automatisé probable", "probably an automated call")
	tdHangup    = i18n.T("Raccrocher", "Hang up")
	tdNote      = i18n.T("Note", "Note")
	tdSave      = i18n.T("Garder la note", "Keep the note")
	tdNoted     = i18n.T("Note gardée.", "Note kept.")
	tdDialled   = i18n.T("Votre poste sonne : décrochez.", "Your phone rings: pick up.")
	tdHungUp    = i18n.T("Raccroché.", "Hung up.")
	tdRan       = i18n.T("Fait.", "Done.")
	tdOlder     = i18n.N("%d appel sur cette page", "%d appels sur cette page", "%d call on this page", "%d calls on this page")
	tdAll       = i18n.T("Tous vos appels", "All your calls")

	tdNotify  = i18n.T("Être prévenu par une notification", "Be told by a notification")
	tdLinks   = i18n.T("Appeler d'un clic sur les liens tel: et sip:", "Call with a click on tel: and sip: links")
	tdOnline  = i18n.T("En direct", "Live")
	tdOffline = i18n.T("Plus en direct : rechargez la page pour vous reconnecter.", "No longer live: reload the page to connect again.")
	tdTools   = i18n.T("Sur ce poste", "On this workstation")
	tdNo      = i18n.T("Le navigateur a refusé.", "The browser refused.")
	tdYes     = i18n.T("C'est fait.", "Done.")
	tdPlain   = i18n.T("Sans script, cette page se recharge d'elle-même ici", "Without scripts, this page reloads by itself here")
)

var stateWords = map[line.State][2]i18n.Sentence{
	line.Ringing:   {i18n.T("Sonne", "Ringing"), i18n.T("Appel lancé", "Calling")},
	line.Answered:  {i18n.T("En communication", "In a call"), i18n.T("En communication", "In a call")},
	line.Ended:     {i18n.T("Reçu", "Received"), i18n.T("Émis", "Made")},
	line.Missed:    {i18n.T("Manqué", "Missed"), i18n.T("Sans réponse", "No answer")},
	line.Elsewhere: {i18n.T("Pris sur un autre poste", "Answered elsewhere"), i18n.T("Émis", "Made")},
}

func stateBadge(ctx context.Context, c recognition.Seen) ui.Badge {
	way, tone := 0, ui.Neutral
	if c.Outgoing {
		way = 1
	}
	switch c.State {
	case line.Ringing:
		tone = ui.Info
	case line.Answered:
		tone = ui.Good
	case line.Missed:
		tone = ui.Warn
	}
	return ui.Badge{Text: stateWords[c.State][way].In(ctx), Tone: tone}
}

// whoOf says who a caller is, in one line: every card found, or the number.
func whoOf(ctx context.Context, c recognition.Seen) string {
	var names []string
	for _, card := range c.Cards {
		name := strings.TrimSpace(card.Name)
		switch {
		case card.CompanyOnly:
			name = card.Company + " (" + tdCompany.In(ctx) + ")"
		case name == "":
			name = card.Company
		case card.Company != "":
			name += " (" + card.Company + ")"
		}
		names = append(names, name)
	}
	switch {
	case len(names) > 0:
		return strings.Join(names, " · ")
	case c.Hidden:
		return tdMasked.In(ctx)
	case c.Display != "" && c.Display != c.Remote:
		return c.Display
	case c.Remote != "":
		return numberOf(c)
	}
	return tdUnknown.In(ctx)
}

// numberOf writes a number as people read it.
func numberOf(c recognition.Seen) string {
	n := strings.TrimPrefix(c.Remote, "+33")
	if n == c.Remote || len(n) != 9 {
		return c.Remote
	}
	return "0" + n[:1] + " " + n[1:3] + " " + n[3:5] + " " + n[5:7] + " " + n[7:]
}

// callable tells whether a number can be dialled back.
func callable(c recognition.Seen) bool {
	n := number.Parse(c.Remote, "FR")
	return !c.Hidden && (n.Kind == number.E164 || n.Kind == number.Internal || n.Kind == number.Short)
}

// fieldsOf are the chosen fields of the first card, in the order that was chosen.
func fieldsOf(c recognition.Seen) (facts ui.Facts) {
	if len(c.Cards) != 1 {
		return nil
	}
	for _, label := range arranged(c.Cards[0].Shown, c.Cards[0].Order) {
		facts = append(facts, ui.Fact{Label: label, Text: c.Cards[0].Shown[label]})
	}
	return facts
}
