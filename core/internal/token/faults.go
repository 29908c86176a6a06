package token

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errUnknown     = i18n.Fault(core.Unauthenticated, "token.unknown", "Ce jeton n'est pas valable.", "This token is not valid.")
	errEnded       = i18n.Fault(core.Unauthenticated, "token.ended", "Ce jeton n'est plus valable : il a pris fin.", "This token is no longer valid: it has ended.")
	errSuspended   = i18n.Fault(core.Unauthenticated, "token.suspended", "L'accès de ce jeton est suspendu.", "The access of this token is suspended.")
	errAbsent      = i18n.Fault(core.NotFound, "token.absent", "Ce jeton n'existe pas, ou a déjà pris fin.", "This token does not exist, or has already ended.")
	errNoService   = i18n.Fault(core.NotFound, "token.service.absent", "Ce compte de service n'existe pas, ou est fermé.", "This service account does not exist, or is closed.")
	errChanged     = i18n.Fault(core.Precondition, "token.service.changed", "Ce compte de service a changé entre-temps : relisez-le avant de le modifier.", "This service account changed in the meantime: read it again before changing it.")
	errInput       = i18n.Fault(core.Invalid, "token.input", "Corrigez ce qui est indiqué.", "Correct what is marked.")
	errFull        = i18n.Fault(core.Conflict, "token.too_many", "Il y a déjà trop de jetons en cours : mettez fin à ceux qui ne servent plus.", "There are already too many live tokens: end those no longer used.")
	nameNeeded     = i18n.Reason("token.name.needed", "Donnez un nom, de 1 à 80 caractères.", "Give a name, 1 to 80 characters.")
	scopesNeeded   = i18n.Reason("token.scopes.needed", "Choisissez au moins une permission.", "Choose at least one permission.")
	scopeUnknown   = i18n.Reason("token.scope.unknown", "Une des permissions choisies n'existe pas.", "One of the chosen permissions does not exist.")
	endWrong       = i18n.Reason("token.end.wrong", "Choisissez une fin entre demain et dans un an.", "Choose an end between tomorrow and a year from now.")
	responsibleBad = i18n.Reason("token.responsible.member", "La personne responsable doit être membre actif de l'organisation.", "The person responsible must be an active member of the organization.")
	reasonNeeded   = i18n.Reason("token.reason.needed", "Écrivez un motif, de 3 à 500 caractères.", "Write a reason, 3 to 500 characters.")
)
