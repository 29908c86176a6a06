package register

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var purposeTitles = map[core.Purpose]i18n.Sentence{
	core.PurposeService:  i18n.T("rendre le service demandé", "give the service asked for"),
	core.PurposeSecurity: i18n.T("protéger les comptes et tracer les actes", "protect accounts and trace acts"),
	core.PurposeSupport:  i18n.T("aider, sous une habilitation de support", "help, under a support assignment"),
	core.PurposeLegal:    i18n.T("répondre à une obligation légale ou contractuelle", "answer a legal or contractual duty"),
}

// PurposeTitle says a purpose in words.
func PurposeTitle(p core.Purpose) i18n.Sentence { return titled(purposeTitles, p) }

var basisTitles = map[core.LegalBasis]i18n.Sentence{
	core.Contract:           i18n.T("contrat (article 6-1-b)", "contract (article 6-1-b)"),
	core.LegalObligation:    i18n.T("obligation légale (article 6-1-c)", "legal obligation (article 6-1-c)"),
	core.LegitimateInterest: i18n.T("intérêt légitime (article 6-1-f)", "legitimate interest (article 6-1-f)"),
	core.ConsentBasis:       i18n.T("consentement (article 6-1-a)", "consent (article 6-1-a)"),
	"vital_interest":        i18n.T("intérêts vitaux (article 6-1-d)", "vital interests (article 6-1-d)"),
	"public_task":           i18n.T("mission d'intérêt public (article 6-1-e)", "public task (article 6-1-e)"),
}

// Bases are the legal bases of article 6, in its order.
var Bases = []core.LegalBasis{core.ConsentBasis, core.Contract, core.LegalObligation, "vital_interest", "public_task", core.LegitimateInterest}

// BasisTitle says a legal basis in words.
func BasisTitle(b core.LegalBasis) i18n.Sentence { return titled(basisTitles, b) }

var categoryTitles = map[string]i18n.Sentence{
	"identity":     i18n.T("identité", "identity"),
	"contact":      i18n.T("coordonnées", "contact details"),
	"professional": i18n.T("vie professionnelle", "professional life"),
	"connection":   i18n.T("connexion", "connection"),
	"security":     i18n.T("sécurité des comptes", "security of accounts"),
	"journal":      i18n.T("traces", "traces"),
}

// CategoryTitle says a category of data in words.
func CategoryTitle(c string) i18n.Sentence { return titled(categoryTitles, c) }

func titled[K ~string](titles map[K]i18n.Sentence, k K) i18n.Sentence {
	if t, ok := titles[k]; ok {
		return t
	}
	return i18n.From(core.Text{FR: string(k), EN: string(k)})
}

func said(s i18n.Sentence, args ...any) core.Text {
	spoken := func(l i18n.Lang) []any {
		out := make([]any, len(args))
		for i, a := range args {
			out[i] = a
			if t, ok := a.(core.Text); ok {
				out[i] = i18n.From(t).Say(l)
			}
		}
		return out
	}
	return core.Text{FR: s.Say(i18n.FR, spoken(i18n.FR)...), EN: s.Say(i18n.EN, spoken(i18n.EN)...)}
}

// typed is what a person wrote, the same in both languages.
func typed(s string) core.Text { return core.Text{FR: s, EN: s} }

var (
	tRuled      = i18n.T("%s (%s jours)", "%s (%s days)")
	tSince      = i18n.T("%s, à compter de : %s", "%s, from: %s")
	tGone       = i18n.T("effacée avec la personne", "erased with the person")
	tKeeps      = i18n.T("gardée, sur son fondement légal", "kept, on its legal ground")
	tShred      = i18n.T("illisible dès que la clé de la personne est détruite", "unreadable once the person's key is destroyed")
	tController = i18n.T("Responsable du traitement", "Controller")
	tProcessor  = i18n.T("Sous-traitant", "Processor")
)

// FormTitle names a form of the register.
func FormTitle(part core.Part) i18n.Sentence {
	if part == core.Processor {
		return tProcessor
	}
	return tController
}
