package password

import (
	"crypto/rand"
	_ "embed"
	"math"
	"math/big"
	"strings"
	"unicode"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

//go:embed words_fr.txt
var wordsFR string

//go:embed words_en.txt
var wordsEN string

// Words gives the 2,048 words of a language that passphrases are drawn from: the BIP 39 lists (MIT licence), chosen
// to be short, unlike one another, and typed without accents.
func Words(l i18n.Lang) []string {
	if l == i18n.EN {
		return strings.Fields(wordsEN)
	}
	return strings.Fields(wordsFR)
}

// Offer is a password made for a person to take or leave (KSK-5.5).
type Offer struct {
	Plain string
	Bits  int // entropy of the draw, rounded down
}

// without letters and digits that are taken for one another
const (
	uppers = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	lowers = "abcdefghijkmnopqrstuvwxyz"
	digits = "23456789"
	signs  = "#?!@$%^&*-"
)

// Generate draws a password of at least 20 characters that meets the classes of any policy.
func Generate(p core.PasswordPolicy) Offer {
	special := specialsOf(p)
	alphabet := uppers + lowers + digits + special
	n := max(20, p.MinLength)
	for {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[draw(len(alphabet))]
		}
		// Drawn again until every class is there: the few draws refused cost less than one bit.
		if c := classes(string(b), special); c.upper && c.lower && c.digit && c.special {
			return Offer{string(b), int(float64(n)*math.Log2(float64(len(alphabet)))) - 1}
		}
	}
}

// Passphrase draws seven words of a language, each with a capital, joined by a hyphen, with one digit after one of
// them: 7 × 11 bits for the words, more than 5 for the digit and its place. Seven words are what CNIL 2022-100 counts
// as strong alone. It holds an upper, a lower, a digit and a hyphen, which is in the set of CTI-27.
func Passphrase(p core.PasswordPolicy, l i18n.Lang) Offer {
	list := Words(l)
	const n = 7
	words := make([]string, n)
	for i := range words {
		w := []rune(list[draw(len(list))])
		w[0] = unicode.ToUpper(w[0])
		words[i] = string(w)
	}
	at := draw(n)
	words[at] += string(digits[draw(len(digits))])
	joint := "-"
	if p.Specials != "" && !strings.Contains(p.Specials, "-") {
		joint = specialsOf(p)[:1]
	}
	bits := float64(n)*math.Log2(float64(len(list))) + math.Log2(float64(n*len(digits)))
	return Offer{strings.Join(words, joint), int(bits)}
}

// specialsOf gives the ASCII signs that a policy counts as special.
func specialsOf(p core.PasswordPolicy) string {
	s := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return -1
		}
		return r
	}, p.Specials)
	if s == "" {
		return signs
	}
	return s
}

// draw gives a number below n, each as likely as another.
func draw(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand never fails (Go 1.24)
	}
	return int(v.Int64())
}
