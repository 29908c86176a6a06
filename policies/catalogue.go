package policies

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
)

// Catalogue is what a pack can name: it comes from the platform, which knows its settings and its probes.
type Catalogue struct {
	Settings     []Setting
	Probes       []string // nil: not known here, and so not checked
	Attestations []string // likewise
}

// Sort says how the value of a setting is written.
type Sort string

// The sorts of settings.
const (
	Switch  Sort = "switch"  // true or false
	Number  Sort = "number"  // a whole number
	Numbers Sort = "numbers" // a set of whole numbers
	Symbols Sort = "symbols" // a set of characters
	Words   Sort = "words"   // a set of names
	Contact Sort = "contact" // an address; none is stricter than another
)

// Setting is what packs need to know of one setting of the platform.
type Setting struct {
	Key     string
	Title   core.Text
	Sort    Sort
	Unit    string // "", "min", "days", "characters"
	Default string
	Never   bool // zero means never
	// Read writes a value in its one form; wrong says what to write instead, and is empty when the value is right.
	Read func(raw string) (value string, wrong core.Text)
	// Looser tells whether v demands less than floor, both in their one form.
	Looser func(v, floor string) bool
}

// Setting gives the setting of a name.
func (c Catalogue) Setting(key string) (Setting, bool) {
	for _, s := range c.Settings {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

func (c Catalogue) keys() []string {
	all := make([]string, len(c.Settings))
	for i, s := range c.Settings {
		all[i] = s.Key
	}
	return all
}

// asked gives the value that a demand names, in its one form.
func (d Demand) asked(s Setting) string {
	raw := d.Floor
	if d.Exact != "" {
		raw = d.Exact
	}
	if v, wrong := s.Read(raw); wrong == (core.Text{}) {
		return v
	}
	return raw
}

// apart tells whether neither of two values is at least as strict as the other.
func (s Setting) apart(a, b string) bool {
	return a != b && s.Looser(a, b) == s.Looser(b, a)
}

// Say writes a value as a sentence shows it, with its unit: "60 minutes".
func (s Setting) Say(value string) core.Text {
	switch s.Sort {
	case Switch:
		if value == "true" {
			return core.Text{FR: "oui", EN: "yes"}
		}
		return core.Text{FR: "non", EN: "no"}
	case Number:
		if s.Never && value == "0" {
			return core.Text{FR: "jamais", EN: "never"}
		}
		if n, err := strconv.Atoi(value); err == nil && s.Unit == "min" && n >= 120 && n%60 == 0 {
			s.Unit, value = "hours", strconv.Itoa(n/60)
		}
		return s.unit(value, value)
	case Numbers:
		if value == "" {
			return core.Text{FR: "au choix", EN: "any"}
		}
		all := strings.Split(value, ",")
		last := all[len(all)-1]
		return core.Text{FR: s.unit(enumerate(all, "ou"), last).FR, EN: s.unit(enumerate(all, "or"), last).EN}
	case Symbols:
		if value == "" {
			return core.Text{FR: "tout signe", EN: "any symbol"}
		}
	case Words:
		if value == "" {
			return core.Text{FR: "aucun", EN: "none"}
		}
		return core.Text{FR: enumerate(strings.Split(value, ","), "et"), EN: enumerate(strings.Split(value, ","), "and")}
	case Contact:
		if value == "" {
			return core.Text{FR: "(non renseigné)", EN: "(not given)"}
		}
	}
	return core.Text{FR: value, EN: value}
}

// units are the words of units: singular and plural.
var units = map[string][2]core.Text{
	"min":        {{FR: "minute", EN: "minute"}, {FR: "minutes", EN: "minutes"}},
	"hours":      {{FR: "heure", EN: "hour"}, {FR: "heures", EN: "hours"}},
	"days":       {{FR: "jour", EN: "day"}, {FR: "jours", EN: "days"}},
	"characters": {{FR: "caractère", EN: "character"}, {FR: "caractères", EN: "characters"}},
}

// unit puts the unit behind words, in agreement with a number, with a space that does not break.
func (s Setting) unit(words, n string) core.Text {
	u, ok := units[s.Unit]
	if !ok {
		return core.Text{FR: words, EN: words}
	}
	fr, en := u[1].FR, u[1].EN
	if n == "0" || n == "1" {
		fr = u[0].FR
	}
	if n == "1" {
		en = u[0].EN
	}
	return core.Text{FR: words + "\u00a0" + fr, EN: words + "\u00a0" + en}
}

// enumerate writes "30, 60 ou 90".
func enumerate(all []string, last string) string {
	all = slices.Clone(all)
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " " + last + " " + all[len(all)-1]
}
