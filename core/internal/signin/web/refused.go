package web

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	tRefusedTitle = i18n.T("Accès suspendu", "Access suspended")
	tRefusedHere  = i18n.T("Accès refusé d'ici", "Access refused from here")
	tUntil        = i18n.T("Jusqu'au %s.", "Until %s.")
	tUntilLifted  = i18n.T("Jusqu'à ce que la mesure soit levée.", "Until the measure is lifted.")
	tBecause      = i18n.T("Motif : %s.", "Reason: %s.")
	tWhom         = i18n.T("Pour en parler, écrivez à un administrateur de votre organisation.", "To discuss it, write to an administrator of your organization.")
	tBack         = i18n.T("Revenir à la connexion", "Back to sign-in")
)

// The seven reasons of ACC-6.1, in words.
var reasons = map[string]i18n.Sentence{
	"suspicious_activity": i18n.T("activité suspecte", "suspicious activity"),
	"intrusion_attempt":   i18n.T("tentative d'intrusion", "attempted intrusion"),
	"presumed_compromise": i18n.T("compromission présumée", "presumed compromise"),
	"breach_of_terms":     i18n.T("manquement aux conditions", "breach of the terms"),
	"security_risk":       i18n.T("risque pour la sécurité", "security risk"),
	"non_payment":         i18n.T("défaut de paiement", "non-payment"),
	"abuse":               i18n.T("usage abusif", "abuse"),
}

// refusal is why a person who proved who they are does not come in, and until when.
type refusal struct {
	Title string
	Lines []string
}

func refusalOf(ctx context.Context, err error, b core.Block) refusal {
	v := refusal{Title: tRefusedHere.In(ctx), Lines: []string{i18n.Explain(ctx, core.CodeOf(err))}}
	if b.Reason == "" {
		return v
	}
	v.Title = tRefusedTitle.In(ctx)
	v.Lines = append(v.Lines, tBecause.In(ctx, reasons[b.Reason].In(ctx)))
	if b.Text != "" {
		v.Lines = append(v.Lines, b.Text)
	}
	if b.Until.IsZero() {
		v.Lines = append(v.Lines, tUntilLifted.In(ctx))
	} else {
		v.Lines = append(v.Lines, tUntil.In(ctx, i18n.Moment(ctx, b.Until)))
	}
	v.Lines = append(v.Lines, tWhom.In(ctx))
	return v
}
