package retention

import "github.com/rempart/rempart/kit/i18n"

var (
	tEnding     = i18n.T("Votre compte va être effacé", "Your account will be erased")
	tEndingText = i18n.T("Vous n'appartenez plus à aucune organisation : votre compte sera effacé le %s.\n\nVous pouvez vous connecter jusque-là et emporter vos données : %s/me/profile. Si une organisation vous invite de nouveau avant cette date, votre compte reste.",
		"You no longer belong to any organization: your account will be erased on %s.\n\nUntil then you can sign in and take your data away: %s/me/profile. If an organization invites you again before that date, your account stays.")
	tHeldWhy = i18n.T("une conservation imposée les garde", "a legal hold keeps them")
	tArchWhy = i18n.T("l'archive intermédiaire garde sept ans les données administratives, lisibles sous une permission à part", "the intermediate archive keeps administrative data for seven years, readable under a permission of its own")
)
