package web

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

var (
	tsSetupLead   = i18n.T("Vos outils disent qui appelle : seuls les numéros, ce que vous choisissez d'afficher et ce que vos scripts reçoivent en sortent.", "Your tools tell who is calling: nothing leaves them but the numbers, what you choose to show and what your scripts receive.")
	tsAddTool     = i18n.T("Relier un outil", "Link a tool")
	tsNoTool      = i18n.T("Aucun outil relié", "No tool linked")
	tsNoToolText  = i18n.T("Reliez l'outil où sont vos contacts ; cinq minutes suffisent.", "Link the tool that holds your contacts; five minutes are enough.")
	tsNoSetter    = i18n.T("Donnez le rôle « Reconnaissance d'appels : réglages » à qui reliera l'outil de vos contacts.", "Give the role “Caller recognition: settings” to whoever will link the tool that holds your contacts.")
	tsWaitsForYou = i18n.T("Une mise à jour attend votre accord", "An update waits for your approval")
	tsWaitsText   = i18n.T("« %s » retirerait %s fiches sur %s. Rien n'a changé.", "“%s” would take away %s of %s cards. Nothing has changed.")
	tsDecide      = i18n.T("Décider", "Decide")
	tsLateTitle   = i18n.T("« %s » est en retard", "“%s” is late")
	tsLateText    = i18n.T("Vérifiez que le programme tourne et que l'outil répond.", "Check that the program runs and that the tool answers.")
	tsLookAt      = i18n.T("Voir", "Look")
	tsGoOn        = i18n.T("Terminer le réglage", "Finish setting up")

	tsNotYet      = i18n.T("Souscrire", "Subscribe")
	tsNotYetText  = i18n.T("Votre organisation n'a pas la reconnaissance d'appels. En souscrivant, vous pouvez relier vos outils ; rien n'en sort avant que vous l'ayez choisi.", "Your organization does not have caller recognition. By subscribing you can link your tools; nothing leaves them before you chose it.")
	tsAskAdmin    = i18n.T("Demandez à une personne qui administre votre organisation de souscrire.", "Ask somebody who administers your organization to subscribe.")
	tsEndedOn     = i18n.T("La souscription a pris fin le %s, et toutes les fiches ont été effacées.", "The subscription ended on %s, and every card was erased.")
	tsSubscribed  = i18n.T("La reconnaissance d'appels est souscrite.", "Caller recognition is subscribed to.")
	tsSince       = i18n.T("Souscrite depuis", "Subscribed since")
	tsWay         = i18n.T("Souscrite par", "Subscribed by")
	tsSubscrip    = i18n.T("Souscription", "Subscription")
	tsEnd         = i18n.T("Mettre fin à la souscription", "End the subscription")
	tsEndLead     = i18n.T("Dans la même seconde, tous les outils reliés et toutes leurs fiches disparaissent ; leurs clés sont détruites, aucune sauvegarde ne les contient.", "In the same second every linked tool and every one of its cards is gone; their keys are destroyed, and no backup holds them.")
	tsEndWhat     = i18n.T("Vos outils gardent leurs données : en souscrivant de nouveau puis en les reliant, tout revient. Les programmes installés ne servent plus.", "Your tools keep their data: by subscribing again and linking them, everything comes back. The programs installed no longer serve.")
	tsEndNow      = i18n.T("Effacer toutes les fiches et mettre fin", "Erase every card and end")
	tsEnded       = i18n.T("La souscription a pris fin ; toutes les fiches sont effacées.", "The subscription has ended; every card is erased.")
	tsSteps       = i18n.T("Et ensuite", "What comes next")
	tsStepRoles   = i18n.T("Donnez le rôle « usage » à qui doit voir qui appelle", "Give the “use” role to whoever should see who is calling")
	tsStepRolesTo = i18n.T("Rôles", "Roles")
	tsStepTry     = i18n.T("Tapez un numéro et voyez la notification", "Type a number and see the notification")
)

var ways = map[string]i18n.Sentence{
	recognition.WayPage:   i18n.T("cette page", "this page"),
	recognition.WayAPI:    i18n.T("l'interface de programmation", "the API"),
	recognition.WaySignUp: i18n.T("l'inscription de l'organisation", "the organization's sign-up"),
}

// toolLine is a link and how its synchronisation goes.
type toolLine struct {
	recognition.Link
	health recognition.SyncHealth
}

type overviewView struct {
	org   core.ID
	sub   recognition.Subscription
	lines []toolLine
}

func (p setup) overview(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), setupOrg(r)
	v := overviewView{org: org}
	var err error
	if v.sub, err = p.m.ReadSubscription(ctx, org); err != nil {
		return err
	}
	links, err := p.m.Links(ctx, org)
	if err != nil {
		return err
	}
	for _, l := range links {
		h, err := p.health(ctx, l)
		if err != nil {
			return err
		}
		v.lines = append(v.lines, toolLine{l, h})
	}
	return ui.Render(w, askedOf(r), http.StatusOK, overviewPage(v))
}

// health tells how the synchronisation of a link goes, as far as the person may know.
func (p setup) health(ctx context.Context, l recognition.Link) (recognition.SyncHealth, error) {
	h, err := p.m.SyncHealthOf(ctx, l.Org, l.ID)
	if k := core.KindOf(err); k == core.Forbidden || k == core.NotFound {
		return recognition.SyncHealth{}, nil
	}
	return h, err
}

func (v overviewView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.lines))
	for i, l := range v.lines {
		href := linkAt(v.org, l.ID, "")
		rows[i] = ui.Row{Label: l.Name, Href: href, Cells: []templ.Component{
			ui.To(l.Name, href), ui.Words(kindTitle(ctx, l.Kind)), l.badge(ctx), ui.Words(i18n.Number(ctx, l.Cards)),
			ui.Time{At: l.updated(), Relative: true, Never: tsNever.In(ctx)},
		}}
	}
	return rows
}

// updated is when its cards were last known to be those of the tool.
func (l toolLine) updated() time.Time {
	if l.health.Done.After(l.TurnAt) {
		return l.health.Done
	}
	return l.TurnAt
}

// begun tells whether its fields were chosen.
func (l toolLine) begun() bool { return len(l.Mapping.Numbers) > 0 }

func (p setup) subscribe(w http.ResponseWriter, r *http.Request) error {
	org := setupOrg(r)
	if err := p.m.Subscribe(r.Context(), org, recognition.WayPage); err != nil && core.KindOf(err) != core.Conflict {
		return err
	}
	return ui.Redirect(w, r, setupAt(org, ""), tsSubscribed.In(r.Context()))
}

func (p setup) ending(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, endPage(setupOrg(r)))
}

func (p setup) end(w http.ResponseWriter, r *http.Request) error {
	org := setupOrg(r)
	if err := p.m.Unsubscribe(r.Context(), org); err != nil {
		return err
	}
	return ui.Redirect(w, r, setupAt(org, ""), tsEnded.In(r.Context()))
}

func (v overviewView) facts(ctx context.Context) ui.Facts {
	return ui.Facts{
		{Label: tsSince.In(ctx), Value: ui.Time{At: v.sub.StartedAt}},
		{Label: tsWay.In(ctx), Text: ways[v.sub.Way].In(ctx)},
	}
}
