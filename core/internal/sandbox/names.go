package sandbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Person is somebody who does not exist.
type Person struct {
	GivenName, FamilyName, Gender, Email, Phone, Language string
}

var given = map[string][]string{
	"fr": {"Alix", "Basile", "Céleste", "Damien", "Élodie", "Fabrice", "Garance", "Hugues", "Inès", "Joachim", "Léonie", "Mathurin", "Noémie", "Octave", "Philippine", "Quentin", "Rosalie", "Sylvain", "Thaïs", "Ulysse", "Violette", "Yannick", "Zélie", "Achille", "Bérénice"},
	"en": {"Abigail", "Barnaby", "Cordelia", "Desmond", "Edith", "Felix", "Gwendolyn", "Horace", "Imogen", "Jasper", "Kendra", "Leopold", "Matilda", "Nigel", "Ottilie", "Percy", "Queenie", "Rupert", "Sabrina", "Tobias", "Ursula", "Vernon", "Winifred", "Yolanda", "Zachary"},
}

var family = map[string][]string{
	"fr": {"Aubépin", "Boisjoli", "Chantemerle", "Dorval", "Épinay", "Fontclaire", "Grandpré", "Hautbois", "Islemont", "Jolivert", "Lavandier", "Montaubert", "Noyelles", "Orgeval", "Pontbriand", "Quercitron", "Rivemont", "Sauvageot", "Tournemine", "Valcourt"},
	"en": {"Ashgrove", "Brackenbury", "Coldwell", "Dunmore", "Everglade", "Fairweather", "Greenhalgh", "Hollowell", "Ironside", "Juniper", "Kettleworth", "Larkspur", "Meadowcroft", "Nightingale", "Oakhurst", "Pemberton", "Quickwater", "Ravenscroft", "Stonebridge", "Thistlewood"},
}

var syllables = []string{"ba", "bri", "ca", "chel", "da", "do", "fa", "flo", "ga", "gri", "jo", "ka", "la", "lou", "ma", "mi", "na", "no", "pa", "pri", "ra", "ro", "sa", "so", "ta", "tri", "va", "vo", "za", "zel"}

// Namer invents people. Nobody that it invents has a name, a whole name, an address or a number of the set.
type Namer struct {
	not    *Blind
	next   int
	number int
}

// NewNamer makes a namer that avoids the values of a set.
func NewNamer(not *Blind) *Namer { return &Namer{not: not} }

// pick gives a name of a list that no real person has, or makes one up.
func (n *Namer) pick(list []string) string {
	for range 12 {
		if name := list[rand.IntN(len(list))]; !n.not.Has(name) {
			return name
		}
	}
	for {
		name := ""
		for range 2 + rand.IntN(3) {
			name += syllables[rand.IntN(len(syllables))]
		}
		if name = strings.ToUpper(name[:1]) + name[1:]; !n.not.Has(name) {
			return name
		}
	}
}

var plain = strings.NewReplacer("é", "e", "è", "e", "ï", "i", "ê", "e", "ô", "o", "É", "e", "ç", "c", " ", "-")

// Person invents somebody. The address is below example.invalid, which can never exist (RFC 6761, section 6.4); the number is of the
// range that ARCEP keeps for works of fiction (06 39 98 00 00 to 06 39 98 99 99).
func (n *Namer) Person(language string, phone bool) Person {
	if language != "en" {
		language = "fr"
	}
	for {
		n.next++
		p := Person{Language: language}
		p.GivenName, p.FamilyName = n.Name(language)
		p.Email = strings.ToLower(plain.Replace(fmt.Sprintf("%s.%s.%d@example.invalid", p.GivenName, p.FamilyName, n.next)))
		if phone {
			p.Phone = fmt.Sprintf("+3363998%04d", n.next%10000)
		}
		if !n.not.Has(p.Email) && (p.Phone == "" || !n.not.Has(p.Phone)) {
			return p
		}
	}
}

// Word invents a word for a kind of thing ("Service 12") that is in the set under no circumstances.
func (n *Namer) Word(kind string, number int) string {
	for w := fmt.Sprintf("%s %d", kind, number); ; w += "-" {
		if !n.not.Has(w) {
			return w
		}
	}
}

// fiction are the beginnings of the ranges that ARCEP keeps for works of fiction: each is followed by four digits.
var fiction = [...]string{"+3319900", "+3326191", "+3335301", "+3346571", "+3353649", "+3363998"}

var errNumbers = errors.New("sandbox: every number that is reserved for fiction is one of the source")

// Number gives a number of those ranges, one of each in turn. There are 60 000: more cards than that share some.
func (n *Namer) Number() (string, error) {
	for range 10_000 * len(fiction) {
		number := fmt.Sprintf("%s%04d", fiction[n.number%len(fiction)], n.number/len(fiction)%10_000)
		n.number++
		if !n.not.Has(number) {
			return number, nil
		}
	}
	return "", errNumbers
}

// Name invents a given name and a family name.
func (n *Namer) Name(language string) (givenName, familyName string) {
	if language != "en" {
		language = "fr"
	}
	for {
		givenName, familyName = n.pick(given[language]), n.pick(family[language])
		if !n.not.Has(givenName + " " + familyName) {
			return givenName, familyName
		}
	}
}

// Has tells whether something reads like a value of the set.
func (n *Namer) Has(value string) bool { return n.not.Has(value) }
