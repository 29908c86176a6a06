// Package sensitive sees that a text seems to hold what nobody asked for: categories of article 9 and 10 GDPR, a French
// social-security number, the number of a bank card. It is wrong at times, both ways: what it says is a warning, never a refusal.
//
// Owns: the words, the check digits. Must not know: whose text it is, where it goes; it keeps nothing. Start reading at: Scan.
package sensitive

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/rempart/rempart/kit/i18n"
)

// Category is what a text seems to hold.
type Category string

// The categories: those of articles 9 and 10 GDPR, and numbers that deserve the same care.
const (
	Health   Category = "health"
	Belief   Category = "belief"
	Politics Category = "politics"
	Union    Category = "union"
	Origin   Category = "origin"
	Intimacy Category = "intimacy"
	Biology  Category = "biometrics"
	Offence  Category = "offence"
	NIR      Category = "nir"  // French social-security number
	Card     Category = "card" // number of a bank card
)

var titles = map[Category]i18n.Sentence{
	Health: i18n.T("santé", "health"), Belief: i18n.T("religion ou convictions", "religion or beliefs"), Politics: i18n.T("opinions politiques", "political opinions"),
	Union: i18n.T("appartenance syndicale", "trade-union membership"), Origin: i18n.T("origine raciale ou ethnique", "racial or ethnic origin"),
	Intimacy: i18n.T("vie ou orientation sexuelle", "sex life or orientation"), Biology: i18n.T("données biométriques ou génétiques", "biometric or genetic data"),
	Offence: i18n.T("condamnations ou infractions", "convictions or offences"), NIR: i18n.T("numéro de sécurité sociale", "social-security number"),
	Card: i18n.T("numéro de carte bancaire", "bank-card number"),
}

// Title says a category in words.
func Title(c Category) i18n.Sentence { return titles[c] }

// words are whole words and phrases, without accents, in both languages. Each was chosen because it seldom means anything else
// in the notes of an office.
var words = map[Category][]string{
	Health: {
		"maladie", "malade", "cancer", "diabete", "diabetique", "depression", "depressif", "handicap", "handicape", "handicapee", "grossesse", "enceinte", "hospitalise",
		"hospitalisee", "chimiotherapie", "psychiatrique", "psychiatre", "seropositif", "seropositive", "vih", "alcoolique", "toxicomane", "arret maladie", "burn out", "burnout",
		"illness", "sick leave", "diabetes", "diabetic", "disabled", "disability", "pregnant", "pregnancy", "hospitalised", "hospitalized", "chemotherapy", "psychiatric", "hiv positive", "alcoholic",
	},
	Belief:   {"catholique", "musulman", "musulmane", "juif", "juive", "protestant", "protestante", "bouddhiste", "athee", "temoin de jehovah", "catholic", "muslim", "jewish", "buddhist", "atheist", "hindu"},
	Politics: {"opinion politique", "opinions politiques", "militant politique", "parti politique", "extreme droite", "extreme gauche", "political opinion", "political party", "far right", "far left"},
	Union:    {"syndicat", "syndique", "syndiquee", "syndicaliste", "delegue syndical", "cgt", "cfdt", "trade union", "union member", "trade unionist"},
	Origin:   {"origine ethnique", "origine raciale", "d'origine africaine", "d'origine maghrebine", "tsigane", "ethnic origin", "racial origin"},
	Intimacy: {"homosexuel", "homosexuelle", "bisexuel", "bisexuelle", "lesbienne", "transgenre", "orientation sexuelle", "vie sexuelle", "homosexual", "bisexual", "lesbian", "transgender", "sexual orientation"},
	Biology:  {"empreinte digitale", "empreintes digitales", "reconnaissance faciale", "test genetique", "adn", "fingerprints", "facial recognition", "genetic test", "dna"},
	Offence:  {"casier judiciaire", "condamne pour", "condamnee pour", "incarcere", "incarceree", "en prison", "garde a vue", "criminal record", "convicted of", "in prison", "in custody"},
}

var (
	found = compile()
	plain = strings.NewReplacer("à", "a", "â", "a", "ä", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i", "ô", "o", "ö", "o", "ù", "u", "û", "u", "ü", "u", "œ", "oe", "’", "'", "-", " ", "\u00a0", " ")
	// A NIR: sex, year, month, department (2A and 2B for Corsica), town, order, and its key of two figures.
	nir  = regexp.MustCompile(`(?i)(?:^|[^0-9a-z])([12378] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[ab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2})(?:$|[^0-9a-z])`)
	card = regexp.MustCompile(`(?:^|[^0-9a-zA-Z])([2-6][0-9](?:[ -]?[0-9]){11,17})(?:$|[^0-9a-zA-Z])`)
)

// phrase is what begins with a word.
type phrase struct {
	rest     []string // the words that follow
	category Category
}

func compile() map[string][]phrase {
	out := map[string][]phrase{}
	for c, list := range words {
		for _, w := range list {
			all := parts(w)
			out[all[0]] = append(out[all[0]], phrase{all[1:], c})
		}
	}
	return out
}

// parts are the words of a text, without accents, capitals, nor what is neither a letter nor a figure.
func parts(text string) []string {
	return strings.FieldsFunc(plain.Replace(strings.ToLower(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// same tells whether a word is meant, in the plural too.
func same(word, meant string) bool {
	return word == meant || len(word) == len(meant)+1 && word[:len(meant)] == meant && word[len(meant)] == 's'
}

func mentioned(all []string) (list []Category) {
	for i, w := range all {
		for _, first := range []string{w, strings.TrimSuffix(w, "s")} {
			for _, p := range found[first] {
				if len(all)-i-1 >= len(p.rest) && slices.EqualFunc(all[i+1:i+1+len(p.rest)], p.rest, same) {
					list = append(list, p.category)
				}
			}
		}
	}
	return list
}

// Scan gives the categories that texts seem to hold, each once, sorted. A text of one or two words is a name or a choice: only
// numbers are looked for in it.
func Scan(texts ...string) (list []Category) {
	for _, t := range texts {
		if len(t) > 1<<16 {
			t = t[:1<<16]
		}
		if len(strings.Fields(t)) > 2 {
			list = append(list, mentioned(parts(t))...)
		}
		for _, m := range nir.FindAllStringSubmatch(t, -1) {
			if validNIR(m[1]) {
				list = append(list, NIR)
			}
		}
		for _, m := range card.FindAllStringSubmatch(t, -1) {
			if validCard(m[1]) {
				list = append(list, Card)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// validNIR checks the key: 97 less the number modulo 97, Corsica's letters read as 19 and 18 (décret 82-103).
func validNIR(s string) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	s = strings.NewReplacer("2A", "19", "2B", "18").Replace(s)
	number, err := strconv.ParseInt(s[:13], 10, 64)
	if err != nil {
		return false
	}
	key, err := strconv.ParseInt(s[13:], 10, 64)
	return err == nil && key == 97-number%97
}

// validCard checks the last figure (ISO/IEC 7812-1, Luhn) of 13 to 19.
func validCard(s string) bool {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(s)
	if len(digits) < 13 || len(digits) > 19 || digits[0] == '2' && len(digits) != 16 { // what begins with 2 has 16 figures
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
