package sensitive_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sensitive"
)

func TestWhatSeemsSensitiveIsSeen(t *testing.T) {
	for text, want := range map[string][]sensitive.Category{
		"Absent cette semaine, il est hospitalisé":              {sensitive.Health},
		"Elle est Enceinte de six mois et part en mars":         {sensitive.Health},
		"On long sick leave since June":                         {sensitive.Health},
		"Délégué syndical, à prévenir avant tout changement":    {sensitive.Union},
		"He is a trade-union member and was convicted of theft": {sensitive.Offence, sensitive.Union},
		"Repas sans porc, elle est musulmane":                   {sensitive.Belief},
		"Son orientation sexuelle ne nous regarde pas":          {sensitive.Intimacy},
		"Connexion par reconnaissance faciale demandée":         {sensitive.Biology},
		"255081416802538": {sensitive.NIR},
		"NIR : 2 55 08 14 168 025 38, à ne pas garder": {sensitive.NIR},
		"1 85 05 2A 004 123 56":                        {sensitive.NIR},
		"payer avec 4111 1111 1111 1111 merci":         {sensitive.Card},
		"4111-1111-1111-1111":                          {sensitive.Card},
		// What is not: ordinary notes, names, phones, ids, numbers with a wrong key.
		"Revue annuelle des rôles, rien à signaler": nil,
		"Compte compromis, mot de passe à changer":  nil,
		"Martine Cancer": nil,
		"+33 6 12 34 56 78 est son nouveau numéro": nil,
		"255081416802539":     nil,
		"4111 1111 1111 1112": nil,
		"Commande 2026-11-22-0001 livrée au service 12":  nil,
		"Elle part en retraite et remet son badge lundi": nil,
	} {
		if got := sensitive.Scan(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestEachCategoryIsNamedInBothLanguages(t *testing.T) {
	for _, c := range []sensitive.Category{
		sensitive.Health, sensitive.Belief, sensitive.Politics, sensitive.Union, sensitive.Origin, sensitive.Intimacy, sensitive.Biology, sensitive.Offence, sensitive.NIR, sensitive.Card,
	} {
		if sensitive.Title(c).Say(i18n.FR) == "" || sensitive.Title(c).Say(i18n.EN) == "" {
			t.Errorf("%s has no name", c)
		}
	}
}

// FuzzScan: no text, however long or odd, brings it down, and nothing is named twice.
func FuzzScan(f *testing.F) {
	f.Add("Elle est enceinte 4111 1111 1111 1111")
	f.Fuzz(func(t *testing.T, text string) {
		got := sensitive.Scan(text, strings.Repeat(text, 3))
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%q gives %v", text, got)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	note := strings.Repeat("Revue annuelle des rôles, rien à signaler cette année non plus. ", 8)
	for b.Loop() {
		sensitive.Scan(note)
	}
}
