package archive

import (
	"context"
	_ "embed"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// wordsText is what columns are called, one a line: name|French|English. A name with its table before it ("table.column") wins.
//
//go:embed words.txt
var wordsText string

var wordOf = func() map[string]core.Text {
	all := map[string]core.Text{}
	for line := range strings.Lines(wordsText) {
		parts := strings.Split(strings.TrimSpace(line), "|")
		if len(parts) == 3 {
			all[parts[0]] = core.Text{FR: parts[1], EN: parts[2]}
		}
	}
	return all
}()

// Word says what a column is called; one that has no word stands by its name.
func Word(table, name string) core.Text {
	if t, ok := wordOf[table+"."+name]; ok {
		return t
	}
	if t, ok := wordOf[name]; ok {
		return t
	}
	plain := strings.ReplaceAll(name, "_", " ")
	return core.Text{FR: plain, EN: plain}
}

// Spoken tells whether a column has a word.
func Spoken(table, name string) bool {
	_, own := wordOf[table+"."+name]
	_, shared := wordOf[name]
	return own || shared
}

var purposes = map[core.Purpose]i18n.Sentence{
	core.PurposeService:  i18n.T("rendre le service", "giving the service"),
	core.PurposeSecurity: i18n.T("la sécurité", "security"),
	core.PurposeSupport:  i18n.T("l'assistance", "support"),
	core.PurposeLegal:    i18n.T("une obligation légale", "a legal duty"),
}

// PurposeWord says a purpose; one that has no word stands by its name.
func PurposeWord(ctx context.Context, p core.Purpose) string {
	if s, ok := purposes[p]; ok {
		return s.In(ctx)
	}
	return string(p)
}

var bases = map[core.LegalBasis]i18n.Sentence{
	core.Contract:           i18n.T("le contrat", "the contract"),
	core.LegalObligation:    i18n.T("une obligation légale", "a legal obligation"),
	core.LegitimateInterest: i18n.T("l'intérêt légitime", "legitimate interest"),
	core.ConsentBasis:       i18n.T("votre consentement", "your consent"),
}

// BasisWord says a legal basis.
func BasisWord(ctx context.Context, b core.LegalBasis) string { return bases[b].In(ctx) }
