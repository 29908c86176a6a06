package access

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	tSuspendedSubject = i18n.T("Votre accès est suspendu", "Your access is suspended")
	tSuspendedBody    = i18n.T(
		"Bonjour,\n\nVotre accès a été suspendu pour ce motif : %s.\n%s\n\nL'explication qui a été donnée s'affiche quand vous vous connectez.\n\nVos sessions et vos jetons ne fonctionnent plus. Si vous pensez que c'est une erreur, répondez à la personne qui administre votre organisation.\n",
		"Hello,\n\nYour access was suspended for this reason: %s.\n%s\n\nThe explanation that was given is shown when you sign in.\n\nYour sessions and tokens no longer work. If you think that this is a mistake, answer to the person who administers your organization.\n")
	tLiftedSubject = i18n.T("Votre accès est rétabli", "Your access is restored")
	tLiftedBody    = i18n.T(
		"Bonjour,\n\nLa suspension de votre accès (%s) a été levée. Vous pouvez vous connecter de nouveau.\n",
		"Hello,\n\nThe suspension of your access (%s) was lifted. You can sign in again.\n")
)

// tell writes to the person concerned, in the transaction of the act (ACC-6.1). Where an organization is suspended its
// administrators are told.
func (m *Module) tell(ctx context.Context, tx core.Tx, s Suspension, lifted bool) error {
	if m.Needs.Mail == nil || m.Needs.People == nil {
		return nil
	}
	var persons []core.ID
	switch s.Scope {
	case ScopePerson:
		persons = []core.ID{s.Target}
	case ScopeOrganization, ScopeService:
		org := s.Target
		if s.Scope == ScopeService {
			org = s.ActsIn
		}
		if org == "" {
			return nil // a service suspended everywhere: said on every refused page
		}
		admins, err := m.admins(ctx, tx, org, m.Needs.Clock.Now())
		if err != nil {
			return err
		}
		for _, a := range admins {
			persons = append(persons, a.Person)
		}
	}
	people, err := m.Needs.People.People(ctx, tx, persons...)
	if err != nil {
		return err
	}
	for _, id := range persons {
		p, known := people[id]
		if !known || p.Email == "" {
			continue // a service account has no mailbox
		}
		if err := m.Needs.Mail.Queue(ctx, tx, suspensionMail(ctx, p, s, lifted)); err != nil {
			return err
		}
	}
	return nil
}

func suspensionMail(ctx context.Context, p core.Person, s Suspension, lifted bool) core.Mail {
	lang, ok := i18n.Parse(p.Language)
	if !ok {
		lang = i18n.FR
	}
	ctx = i18n.With(ctx, lang)
	reason := ReasonTitle(ctx, s.Reason)
	mail := core.Mail{
		Org: s.DecidedIn, Person: p.ID, To: p.Email, Kind: "access.suspended", Subject: tSuspendedSubject.In(ctx),
		Body: tSuspendedBody.In(ctx, reason, untilWords(ctx, s.Until)),
	}
	if lifted {
		mail.Kind, mail.Subject, mail.Body = "access.restored", tLiftedSubject.In(ctx), tLiftedBody.In(ctx, reason)
	}
	return mail
}
