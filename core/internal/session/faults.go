package session

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errUnknown   = i18n.Fault(core.Unauthenticated, "session.unknown", "Connectez-vous pour continuer.", "Sign in to continue.")
	errEnded     = i18n.Fault(core.Unauthenticated, "session.ended", "Votre session a pris fin. Connectez-vous à nouveau.", "Your session has ended. Sign in again.")
	errIdle      = i18n.Fault(core.Unauthenticated, "session.idle", "Votre session a pris fin après un temps sans activité. Connectez-vous à nouveau.", "Your session ended after a time without activity. Sign in again.")
	errExpired   = i18n.Fault(core.Unauthenticated, "session.expired", "Votre session a atteint sa durée maximale. Connectez-vous à nouveau.", "Your session reached its longest duration. Sign in again.")
	errFactor    = i18n.Fault(core.Unauthenticated, "session.factor", "Un second facteur est désormais exigé. Connectez-vous à nouveau pour l'enregistrer.", "A second factor is now required. Sign in again to set it up.")
	errStolen    = i18n.Fault(core.Unauthenticated, "session.stolen", "Cette session a été utilisée depuis deux navigateurs : nous y avons mis fin pour vous protéger. Connectez-vous à nouveau.", "This session was used from two browsers: we ended it to protect you. Sign in again.")
	errSuspended = i18n.Fault(core.Unauthenticated, "session.suspended", "Cet accès est suspendu. Votre organisation peut vous dire pourquoi et jusqu'à quand.", "This access is suspended. Your organization can tell you why and until when.")
	errLocked    = i18n.Fault(core.Forbidden, "session.locked", "La session est verrouillée : prouvez que c'est bien vous pour continuer.", "The session is locked: prove that it is you to continue.")
	errCurrent   = i18n.Fault(core.Conflict, "session.current", "C'est la session que vous utilisez : pour y mettre fin, déconnectez-vous.", "This is the session you are using: to end it, sign out.")
	errAbsent    = i18n.Fault(core.NotFound, "session.absent", "Cette session n'existe pas, ou a déjà pris fin.", "This session does not exist, or has already ended.")
	errReason    = i18n.Fault(core.Invalid, "session.reason", "Dites pourquoi vous mettez fin à cette session.", "Say why you end this session.")
	reasonNeeded = i18n.Reason("session.reason.needed", "Écrivez un motif, de 3 à 500 caractères.", "Write a reason, 3 to 500 characters.")
)
