package form

import (
	"context"
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tOffer     = i18n.T("Proposez-m'en un", "Suggest one")
	tOfferHint = i18n.T("Tirés au hasard pour vous, jamais conservés ici : prenez-en un, ou rechargez la page pour en voir d'autres.", "Drawn at random for you and never kept here: take one, or reload the page to see others.")
	tWords     = i18n.T("Une phrase de sept mots", "A phrase of seven words")
	tSigns     = i18n.T("Un mot de passe pour un gestionnaire", "A password for a manager")
	tBits      = i18n.T("%d bits d'entropie", "%d bits of entropy")
)

// Rules gives the rules of a verdict as the page shows them. Before anything is typed their state is not told.
func Rules(ctx context.Context, v password.Verdict, p core.PasswordPolicy, typed bool) []ui.Rule {
	list := make([]ui.Rule, 0, len(v.Rules))
	for _, r := range v.Rules {
		rule := ui.Rule{Text: i18n.Explain(ctx, r.Code, r.Args...)}
		if typed {
			rule.State = ui.Missing
			if r.Met {
				rule.State = ui.Met
			}
		}
		switch r.Code {
		case "password.length":
			rule.Min = max(p.MinLength, 1)
		case "password.upper":
			rule.Class = "upper"
		case "password.lower":
			rule.Class = "lower"
		case "password.digit":
			rule.Class = "digit"
		case "password.sign":
			rule.Class = "special"
		case "password.special":
			rule.Class, rule.Set = "special", p.Specials
		}
		list = append(list, rule)
	}
	return list
}

// Answer gives the rules of one password to the script of the page, as the list that it shows.
func Answer(w http.ResponseWriter, r *http.Request, name string, v password.Verdict, p core.PasswordPolicy) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return ui.RuleList(name, Rules(r.Context(), v, p, true)).Render(r.Context(), w)
}
