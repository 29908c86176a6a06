package review

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
)

// letter is one message: its stable kind, what it says, and the page it leads to below /o/{org}. It names nobody.
type letter struct {
	kind          string
	subject, body core.Text
	page          string
}

var (
	mailAsked = letter{
		"review.request",
		core.Text{FR: "Une demande de rôle attend votre réponse", EN: "A request for a role awaits your answer"},
		core.Text{FR: "Une personne demande un rôle, et c'est à vous de l'accorder ou de le refuser. La demande et son motif sont ici :", EN: "Somebody asks for a role, and it is yours to grant or to refuse. The request and its reason are here:"},
		"/requests/judge",
	}
	mailConfirm = letter{
		"review.confirm",
		core.Text{FR: "Une demande de rôle attend votre confirmation", EN: "A request for a role awaits your confirmation"},
		core.Text{FR: "Une personne responsable a accordé un rôle qui demande aussi votre accord. La demande est ici :", EN: "A line manager granted a role that also needs your word. The request is here:"},
		"/requests/judge",
	}
	mailReminder = letter{
		"review.request_reminder",
		core.Text{FR: "Une demande de rôle attend depuis une semaine", EN: "A request for a role has waited for a week"},
		core.Text{FR: "Une demande de rôle attend toujours une réponse. Sans réponse, elle s'éteindra. Elle est ici :", EN: "A request for a role still awaits an answer. Without one it will lapse. It is here:"},
		"/requests/judge",
	}
	mailGranted = letter{
		"review.granted",
		core.Text{FR: "Le rôle que vous avez demandé vous est donné", EN: "The role that you asked for is yours"},
		core.Text{FR: "Votre demande de rôle a été accordée, jusqu'à une date. Le détail est ici :", EN: "Your request for a role was granted, until a date. The details are here:"},
		"/requests",
	}
	mailRefused = letter{
		"review.refused",
		core.Text{FR: "Votre demande de rôle a été refusée", EN: "Your request for a role was refused"},
		core.Text{FR: "Votre demande de rôle a été refusée. La raison est ici :", EN: "Your request for a role was refused. The reason is here:"},
		"/requests",
	}
	mailExpired = letter{
		"review.expired",
		core.Text{FR: "Votre demande de rôle est restée sans réponse", EN: "Your request for a role got no answer"},
		core.Text{FR: "Personne n'a répondu à votre demande de rôle dans le délai : elle est close. Vous pouvez la refaire ici :", EN: "Nobody answered your request for a role in time: it is closed. You can ask again here:"},
		"/requests",
	}

	mailReview = letter{
		"review.campaign",
		core.Text{FR: "Des habilitations à revoir", EN: "Assignments to review"},
		core.Text{FR: "Une revue des habilitations est ouverte. Dites pour chacune des vôtres si elle est encore nécessaire : ce qui reste sans réponse à l'échéance sera retiré. Elles sont ici :", EN: "A review of assignments is open. Say for each of yours whether it is still needed: what has no answer by the deadline will be revoked. They are here:"},
		"/reviews/mine",
	}
	mailReviewAgain = letter{
		"review.campaign_reminder",
		core.Text{FR: "Des habilitations attendent encore votre réponse", EN: "Assignments still await your answer"},
		core.Text{FR: "La revue des habilitations se termine bientôt. Ce qui reste sans réponse à l'échéance sera retiré. Elles sont ici :", EN: "The review of assignments ends soon. What has no answer by the deadline will be revoked. They are here:"},
		"/reviews/mine",
	}
	mailMover = letter{
		"review.mover",
		core.Text{FR: "Une personne change de poste : ses habilitations sont à revoir", EN: "Somebody changes post: their assignments are to be reviewed"},
		core.Text{FR: "Une personne que vous dirigez change de poste. Dites quelles habilitations elle garde : les autres seront retirées dans deux semaines. Elles sont ici :", EN: "Somebody whom you manage changes post. Say which assignments they keep: the others will be revoked in two weeks. They are here:"},
		"/reviews/mine",
	}
	mailLapsed = letter{
		"review.lapsed",
		core.Text{FR: "Un de vos rôles a été retiré", EN: "One of your roles was revoked"},
		core.Text{FR: "Personne n'a confirmé dans le délai que vous avez encore besoin d'un de vos rôles : il a été retiré. Si vous en avez besoin, demandez-le ici :", EN: "Nobody confirmed in time that you still need one of your roles: it was revoked. If you need it, ask for it here:"},
		"/requests",
	}
	mailClosed = letter{
		"review.closed",
		core.Text{FR: "Une revue des habilitations est terminée", EN: "A review of assignments has ended"},
		core.Text{FR: "Une revue des habilitations est terminée. Ce qui a été retiré faute de réponse peut être rétabli pendant 24 heures. Le résultat est ici :", EN: "A review of assignments has ended. What was revoked without an answer can be restored for 24 hours. The result is here:"},
		"/reviews",
	}

	mailSharing = letter{
		"review.sharing",
		core.Text{FR: "Votre compte a servi à deux endroits à la fois", EN: "Your account was used in two places at once"},
		core.Text{FR: "Votre compte a été utilisé plusieurs fois au même moment depuis des réseaux et des appareils différents. Un compte est personnel : si une autre personne l'utilise, demandez-lui un compte à elle. Le détail est dans « Ma sécurité ».", EN: "Your account was used several times at the same moment from different networks and devices. An account is personal: if somebody else uses it, ask for an account of their own. The details are in “My security”."},
		"",
	}
	mailSharingOrg = letter{
		"review.sharing_seen",
		core.Text{FR: "Un compte semble partagé", EN: "An account seems shared"},
		core.Text{FR: "Un compte a été utilisé plusieurs fois au même moment depuis des réseaux et des appareils différents. Le détail, et ce qui l'explique peut-être, sont ici :", EN: "An account was used several times at the same moment from different networks and devices. The details, and what may explain them, are here:"},
		"/sharing",
	}
)

// write sends one letter to one person; a service account has no mailbox.
func (m *Module) write(ctx context.Context, tx core.Tx, org, to core.ID, l letter) error {
	body := l.body
	if l.page != "" {
		at := "\n" + m.needs.Origin + "/o/" + string(org) + l.page
		body.FR, body.EN = body.FR+at, body.EN+at
	}
	err := m.needs.People.Send(ctx, tx, to, l.kind, l.subject, body)
	if core.KindOf(err) == core.NotFound {
		return nil
	}
	return err
}

// writeAll sends one letter to each person of a list.
func (m *Module) writeAll(ctx context.Context, tx core.Tx, org core.ID, to []core.ID, l letter) error {
	slices.Sort(to)
	to = slices.DeleteFunc(slices.Compact(to), func(id core.ID) bool { return id == "" })
	if len(to) == 0 {
		return nil
	}
	people, err := m.needs.People.People(ctx, tx, to...)
	if err != nil {
		return err
	}
	for _, id := range to {
		if p, ok := people[id]; ok && p.State != "disabled" {
			if err := m.write(ctx, tx, org, id, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func adminRole(org core.ID) string {
	if org == core.Platform {
		return "provider.admin"
	}
	return "admin"
}

// givers are those who could give a role of org: administrators, and for what they hold themselves the people office.
func (m *Module) givers(ctx context.Context, tx core.Tx, org core.ID, role string, but ...core.ID) ([]core.ID, error) {
	all, err := m.needs.Rights.Holders(ctx, tx, org, adminRole(org))
	if err != nil {
		return nil, err
	}
	if org != core.Platform {
		office, err := m.needs.Rights.Holders(ctx, tx, org, "people")
		if err != nil {
			return nil, err
		}
		for _, p := range office {
			if m.needs.Rights.MayGive(ctx, tx, p, org, role) == nil {
				all = append(all, p)
			}
		}
	}
	return slices.DeleteFunc(all, func(id core.ID) bool { return slices.Contains(but, id) }), nil
}

// tellJudges writes to who judges a request now.
func (m *Module) tellJudges(ctx context.Context, tx core.Tx, r Request, l letter) error {
	boss, managed, err := m.needs.Members.ManagerOf(ctx, tx, r.Org, r.Person)
	if err != nil {
		return err
	}
	if managed && r.State == Asked {
		if err := m.write(ctx, tx, r.Org, boss, l); err != nil || l.kind != mailReminder.kind {
			return err
		}
	}
	to, err := m.givers(ctx, tx, r.Org, r.Role, r.Person, r.Judge, boss)
	if err != nil {
		return err
	}
	return m.writeAll(ctx, tx, r.Org, to, l)
}

// tellAsker writes the answer. Who is let in as support is no member: their page is the provider's.
func (m *Module) tellAsker(ctx context.Context, tx core.Tx, r Request, l letter) error {
	if r.Role != roleSupport {
		return m.write(ctx, tx, r.Org, r.Person, l)
	}
	at := "\n" + m.needs.Origin + "/provider/support"
	body := core.Text{FR: l.body.FR + at, EN: l.body.EN + at}
	return m.needs.People.Send(ctx, tx, r.Person, l.kind, l.subject, body)
}
