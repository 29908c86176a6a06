package access

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// What a decision answers.
var (
	errUnauthenticated = i18n.Fault(core.Unauthenticated, "access.unauthenticated",
		"Connectez-vous pour continuer.", "Sign in to go on.")
	errNotFound = i18n.Fault(core.NotFound, "access.not_found",
		"Il n'y a rien à cette adresse, ou cela ne vous est pas ouvert.",
		"There is nothing at this address, or it is not open to you.")
	errForbidden = i18n.Fault(core.Forbidden, "access.forbidden",
		"Il vous manque la permission « %s » (%s). Une personne qui administre l'organisation peut vous la donner.",
		"You lack the permission “%s” (%s). A person who administers the organization can give it to you.")
	errStepUp = i18n.Fault(core.StepUp, "access.step_up",
		"Cet acte est sensible : prouvez de nouveau que c'est bien vous.",
		"This act is sensitive: prove again that it is you.")
	errAddress = i18n.Fault(core.Forbidden, "access.address",
		"L'adresse réseau d'où vient votre requête n'est pas admise ici.",
		"The network address your request comes from is not allowed here.")
	errTokenScope = i18n.Fault(core.Forbidden, "access.token_scope",
		"Ce jeton d'accès est limité à d'autres permissions que « %s » (%s).",
		"This access token is limited to other permissions than “%s” (%s).")
	errUndeclared = i18n.Fault(core.Internal, "access.undeclared",
		"Cet acte n'est déclaré par aucun module : il est refusé.",
		"This act is declared by no module: it is refused.")
)

// The seven reasons of ACC-6.1, in the order of the clause.
var Reasons = []string{
	"suspicious_activity", "intrusion_attempt", "presumed_compromise", "breach_of_terms", "security_risk", "non_payment", "abuse",
}

var reasonTitles = map[string]i18n.Sentence{
	"suspicious_activity": i18n.T("activité suspecte", "suspicious activity"),
	"intrusion_attempt":   i18n.T("tentative d'intrusion", "intrusion attempt"),
	"presumed_compromise": i18n.T("compromission présumée", "presumed compromise"),
	"breach_of_terms":     i18n.T("non-respect des conditions", "breach of the terms"),
	"security_risk":       i18n.T("risque pour la sécurité", "security risk"),
	"non_payment":         i18n.T("défaut de paiement", "non-payment"),
	"abuse":               i18n.T("usage abusif", "abuse"),
}

// ReasonTitle says a reason of suspension in words.
func ReasonTitle(ctx context.Context, reason string) string { return reasonTitles[reason].In(ctx) }

// errSuspended has one stable code per reason: access.suspended.non_payment.
var errSuspended = func() map[string]*core.Error {
	all := map[string]*core.Error{}
	for _, r := range Reasons {
		t := reasonTitles[r]
		all[r] = i18n.Fault(core.Forbidden, "access.suspended."+r,
			"%s pour ce motif : "+t.Say(i18n.FR)+". %s", "%s for this reason: "+t.Say(i18n.EN)+". %s")
	}
	return all
}()

var (
	tPersonSuspended  = i18n.T("Votre accès est suspendu", "Your access is suspended")
	tOrgSuspended     = i18n.T("L'accès de l'organisation est suspendu", "The organization's access is suspended")
	tServiceSuspended = i18n.T("Ce service est suspendu", "This service is suspended")
	tUntil            = i18n.T("Jusqu'au %s.", "Until %s.")
	tUntilLifted      = i18n.T("Jusqu'à ce qu'une personne habilitée la lève.", "Until an authorized person lifts it.")
)

// SuspendedError is the refusal that a suspension gives, in words of the language of ctx: what is suspended, why, until when.
func SuspendedError(ctx context.Context, b core.Block) *core.Error {
	what := tPersonSuspended
	switch b.Scope {
	case ScopeOrganization:
		what = tOrgSuspended
	case ScopeService:
		what = tServiceSuspended
	}
	e, ok := errSuspended[b.Reason]
	if !ok {
		e = errSuspended["security_risk"]
	}
	return withArgs(e, what.In(ctx), untilWords(ctx, b.Until))
}

func untilWords(ctx context.Context, until time.Time) string {
	if until.IsZero() {
		return tUntilLifted.In(ctx)
	}
	return tUntil.In(ctx, i18n.Moment(ctx, until))
}

func withArgs(e *core.Error, args ...any) *core.Error {
	c := *e
	c.Args = args
	return &c
}
