package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// MaxLength is the longest password taken, in characters: far above any policy, so that nobody is cut (ASVS 6.2.9
// asks for 64, ANSSI-PG-078 R22 for no limit that a person would meet), and low enough that input stays bounded.
const MaxLength = 512

// Rule is one demand of the policy and whether the password meets it.
type Rule struct {
	Code string // declared below: "password.length", ...
	Met  bool
	Args []any // what the sentence needs: the least length, the set of specials, the least score
}

// Each demand has one sentence, which says what is asked and what is missing alike.
var (
	whyLength   = i18n.Reason("password.length", "Au moins %d caractères", "At least %d characters")
	whyLong     = i18n.Reason("password.long", "Au plus %d caractères", "At most %d characters")
	whyUpper    = i18n.Reason("password.upper", "Au moins une lettre majuscule", "At least one capital letter")
	whyLower    = i18n.Reason("password.lower", "Au moins une lettre minuscule", "At least one small letter")
	whyDigit    = i18n.Reason("password.digit", "Au moins un chiffre", "At least one digit")
	whySign     = i18n.Reason("password.sign", "Au moins un signe qui n'est ni une lettre ni un chiffre", "At least one sign that is no letter nor digit")
	whySpecial  = i18n.Reason("password.special", "Au moins un de ces signes : %s", "At least one of these signs: %s")
	whyStrength = i18n.Reason("password.strength", "Difficile à deviner : ni mots courants, ni suites, ni dates", "Hard to guess: no common words, no sequences, no dates")
	whyOwn      = i18n.Reason("password.own", "Rien qui vienne de vous : nom, adresse, organisation", "Nothing that comes from you: name, address, organization")
	whyBreached = i18n.Reason("password.breached", "Absent des listes de mots de passe volés", "Absent from lists of stolen passwords")
)

// Verdict is the state of every rule for one password.
type Verdict struct {
	Rules []Rule
	// Score is the strength estimate, 0 (guessed at once) to 4 (resists an offline attack), by zxcvbn.
	Score int
}

// OK tells whether every rule is met.
func (v Verdict) OK() bool { return v.First() == "" }

// First gives the code of the first rule that is not met, "" when all are.
func (v Verdict) First() string {
	for _, r := range v.Rules {
		if !r.Met {
			return r.Code
		}
	}
	return ""
}

// Judge looks at a password under a policy. own are words that an attacker would try first for this person: names,
// address, organizations, the product; breached may be nil.
func Judge(plain string, p core.PasswordPolicy, own []string, breached func(string) bool) Verdict {
	plain = Normal(plain)
	n := utf8.RuneCountInString(plain)
	has := classes(plain, p.Specials)
	var v Verdict
	add := func(due bool, code string, met bool, args ...any) {
		if due {
			v.Rules = append(v.Rules, Rule{code, met, args})
		}
	}
	add(true, whyLength, n >= p.MinLength && n > 0, max(p.MinLength, 1))
	add(n > MaxLength, whyLong, false, MaxLength)
	if n > MaxLength {
		return v // nothing further is worth computing
	}
	add(p.Upper, whyUpper, has.upper)
	add(p.Lower, whyLower, has.lower)
	add(p.Digit, whyDigit, has.digit)
	add(p.Special && p.Specials == "", whySign, has.special)
	add(p.Special && p.Specials != "", whySpecial, has.special, specialsShown(p.Specials))
	own = ownWords(own)
	v.Score = Strength(plain, own)
	add(p.MinStrength > 0, whyStrength, v.Score >= p.MinStrength)
	add(true, whyOwn, n > 0 && !madeOf(plain, own))
	add(p.Breached && breached != nil, whyBreached, n > 0 && breached != nil && !breached(plain))
	return v
}

type classSet struct{ upper, lower, digit, special bool }

func classes(plain, specials string) (c classSet) {
	for _, r := range plain {
		switch {
		case unicode.IsUpper(r):
			c.upper = true
		case unicode.IsLower(r):
			c.lower = true
		case r >= '0' && r <= '9':
			c.digit = true
		case specials != "":
			c.special = c.special || strings.ContainsRune(specials, r)
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSpace(r):
			c.special = true
		}
	}
	return c
}

// specialsShown sets the characters apart so that they can be read, also aloud.
func specialsShown(set string) string { return strings.Join(strings.Split(set, ""), " ") }

// strengthWindow bounds the work of the estimate, which grows with the cube of the length: what follows can only
// make a password stronger.
const strengthWindow = 64

// Strength estimates how well a password resists guessing, 0 to 4, knowing these words of its owner.
func Strength(plain string, own []string) int {
	if runes := []rune(plain); len(runes) > strengthWindow {
		plain = string(runes[:strengthWindow])
	}
	return zxcvbn.PasswordStrength(plain, own).Score
}

// contextWords are refused as the substance of a password everywhere (ASVS 6.1.2): the product and the plainest words
// of its trade. docs/security.md lists them with the words taken from the person and their organizations.
var contextWords = []string{"rempart", "motdepasse", "password", "passwort", "administrateur", "administrator", "connexion", "bienvenue", "welcome", "azerty", "qwerty"}

// ownWords splits names and addresses into the words worth refusing: three letters and more, lower case.
func ownWords(own []string) []string {
	words := append([]string(nil), contextWords...)
	for _, o := range own {
		o = strings.ToLower(Normal(o))
		if len(o) > 256 {
			continue
		}
		parts := strings.FieldsFunc(o, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if joined := strings.Join(parts, ""); len(parts) > 1 {
			parts = append(parts, joined)
		}
		for _, w := range parts {
			if utf8.RuneCountInString(w) >= 3 && len(words) < 64 {
				words = append(words, w)
			}
		}
	}
	return words
}

// madeOf tells whether little is left of the password once the owner's words are taken out: fewer than five letters
// and digits, so that "Dupont2026!" is refused and a long phrase that happens to hold a name is not.
func madeOf(plain string, words []string) bool {
	typed := []rune(strings.ToLower(plain))
	rest := fold(typed)
	found := false
	for _, w := range words {
		if f := fold([]rune(w)); len(f) > 0 {
			for at := index(rest, f); at >= 0; at = index(rest, f) {
				found = true
				for k := range f {
					rest[at+k], typed[at+k] = 0, 0
				}
			}
		}
	}
	left := 0
	for _, r := range typed {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			left++
		}
	}
	return found && left < 5
}

// index finds sub in s, -1 when it is not there.
func index(s, sub []rune) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if slices.Equal(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

// fold undoes the usual substitutions of signs for letters, character by character.
func fold(s []rune) []rune {
	out := slices.Clone(s)
	for i, r := range out {
		if at := strings.IndexRune("@4301!$57", r); at >= 0 {
			out[i] = rune("aaeoiisst"[at])
		}
	}
	return out
}
