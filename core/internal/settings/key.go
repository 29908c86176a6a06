package settings

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Sort says how a setting is written.
type Sort uint8

// The sorts of settings.
const (
	Switch   Sort = iota // "true" or "false"
	Number               // an integer between Least and Most
	Symbols              // a set of characters, each once
	Numbers              // a set of integers, comma between, ascending
	Words                // a set of lower-case names, comma between, sorted
	Contact              // an e-mail address or an https address
	Sentence             // one line of at most 200 characters
)

// Direction says which of two values is the stricter one.
type Direction uint8

// The directions.
const (
	Higher   Direction = iota // more is stricter: a length
	Lower                     // less is stricter: an idle time
	LowerSet                  // less is stricter and zero means never, which is the loosest: an age
	On                        // true is stricter
	Off                       // false is stricter
	Within                    // a part of the set is stricter; the empty set means any
	Joined                    // a larger set is stricter; sets are joined
	Free                      // no value is stricter: an organization's own stands for its people
)

// Key is one setting: what it means, how it is written and which way is strict.
type Key struct {
	ID        string // stable, dotted: "password.min_length"
	Group     string // heading of the page: the part of ID before the dot
	Sort      Sort
	Direction Direction
	Default   string // in force when neither the provider nor the organization says anything
	Least     int64  // bounds of a Number
	Most      int64
	Unit      string // "", "min", "days", "characters"
	Provider  bool   // only the provider can set it
	Title     core.Text
	Effect    core.Text // what happens when it changes
	Clause    string    // clauses that it keeps, for the page: "ACC-4.1, CTI-27"

	index int
}

// value is a setting read from its text.
type value struct {
	n int64
	s string
}

var (
	reasonNumber   = i18n.Reason("setting.number", "Donnez un nombre entier.", "Give a whole number.")
	reasonRange    = i18n.Reason("setting.range", "Donnez une valeur entre %d et %d.", "Give a value between %d and %d.")
	reasonSwitch   = i18n.Reason("setting.switch", "Choisissez oui ou non.", "Choose yes or no.")
	reasonSymbols  = i18n.Reason("setting.symbols", "Donnez des signes différents, sans lettre, chiffre ni espace (32 au plus).", "Give different symbols, without letters, digits or spaces (32 at most).")
	reasonNumbers  = i18n.Reason("setting.numbers", "Donnez des nombres entre %d et %d, séparés par des virgules (8 au plus).", "Give numbers between %d and %d, separated by commas (8 at most).")
	reasonWords    = i18n.Reason("setting.words", "Donnez des noms en minuscules, séparés par des virgules (16 au plus).", "Give lower-case names, separated by commas (16 at most).")
	reasonContact  = i18n.Reason("setting.contact", "Donnez une adresse électronique ou une adresse https.", "Give an e-mail address or an https address.")
	reasonSentence = i18n.Reason("setting.sentence", "Donnez une ligne de 200 caractères au plus.", "Give one line of at most 200 characters.")
	reasonLooser   = i18n.Reason("setting.looser", "Valeur moins stricte que le plancher %s, imposé par le fournisseur (%s) : une organisation peut durcir, jamais assouplir.", "Less strict than the floor %s, imposed by the provider (%s): an organization may tighten, never loosen.")
	reasonImposed  = i18n.Reason("setting.imposed", "Cette règle est imposée par le fournisseur (%s) : elle ne peut pas être retirée.", "This rule is imposed by the provider (%s): it cannot be removed.")
	reasonProvider = i18n.Reason("setting.provider_only", "Seul le fournisseur peut changer ce paramètre.", "Only the provider can change this setting.")
	reasonChoice   = i18n.Reason("setting.choice", "Choisissez l'une des valeurs offertes : %s.", "Choose one of the values offered: %s.")
)

// parse reads a text; a non-empty code says what is wrong with it.
func (k *Key) parse(raw string) (v value, code string, args []any) {
	raw = strings.TrimSpace(raw)
	switch k.Sort {
	case Switch:
		switch raw {
		case "true":
			return value{n: 1}, "", nil
		case "false":
			return value{}, "", nil
		}
		return value{}, reasonSwitch, nil
	case Number:
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil {
			return value{}, reasonNumber, nil
		}
		if (n < k.Least || n > k.Most) && !(n == 0 && k.Direction == LowerSet) {
			return value{}, reasonRange, []any{k.Least, k.Most}
		}
		return value{n: n}, "", nil
	case Symbols:
		if !isSymbols(raw) {
			return value{}, reasonSymbols, nil
		}
		return value{s: raw}, "", nil
	case Numbers:
		s, ok := k.numbers(raw)
		if !ok {
			return value{}, reasonNumbers, []any{k.Least, k.Most}
		}
		return value{s: s}, "", nil
	case Words:
		s, ok := words(raw)
		if !ok {
			return value{}, reasonWords, nil
		}
		return value{s: s}, "", nil
	case Sentence:
		if utf8.RuneCountInString(raw) > 200 || strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r == '<' || r == '>' || r == utf8.RuneError }) {
			return value{}, reasonSentence, nil
		}
		return value{s: raw}, "", nil
	default:
		if !isContact(raw) {
			return value{}, reasonContact, nil
		}
		return value{s: raw}, "", nil
	}
}

// must reads a text that is known to be right: a default or a stored value.
func (k *Key) must(raw string) value {
	v, _, _ := k.parse(raw)
	return v
}

// text writes a value as it is stored and shown in a form.
func (k *Key) text(v value) string {
	switch k.Sort {
	case Switch:
		return strconv.FormatBool(v.n == 1)
	case Number:
		return strconv.FormatInt(v.n, 10)
	default:
		return v.s
	}
}

// stricter gives the stricter of two values; for sets, what both allow, or a when they have nothing in common.
func (k *Key) stricter(a, b value) value {
	switch k.Direction {
	case Higher, On:
		if b.n > a.n {
			return b
		}
	case Lower, Off:
		if b.n < a.n {
			return b
		}
	case LowerSet:
		if a.n == 0 || (b.n != 0 && b.n < a.n) {
			return b
		}
	case Within:
		return value{s: k.common(a.s, b.s)}
	case Joined:
		s, _ := words(a.s + "," + b.s)
		return value{s: s}
	case Free:
		if a.s == "" {
			return b
		}
	}
	return a
}

// looser tells whether v demands less than floor.
func (k *Key) looser(v, floor value) bool {
	return k.Direction != Free && k.stricter(v, floor) != v
}

func (k *Key) common(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	if k.Sort == Symbols {
		kept := strings.Map(func(r rune) rune {
			if strings.ContainsRune(b, r) {
				return r
			}
			return -1
		}, a)
		if kept == "" {
			return a
		}
		return kept
	}
	in := strings.Split(b, ",")
	kept := slices.DeleteFunc(strings.Split(a, ","), func(n string) bool { return !slices.Contains(in, n) })
	if len(kept) == 0 {
		return a
	}
	return strings.Join(kept, ",")
}

func isSymbols(s string) bool {
	if utf8.RuneCountInString(s) > 32 {
		return false
	}
	for i, r := range s {
		if r <= ' ' || r > '~' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(s[:i], r) {
			return false
		}
	}
	return true
}

// numbers reads a set of integers and writes it back ascending, each once.
func (k *Key) numbers(raw string) (string, bool) {
	if raw == "" {
		return "", true
	}
	var all []int64
	for part := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '/' }) {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n < k.Least || n > k.Most {
			return "", false
		}
		all = append(all, n)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 || len(all) > 8 {
		return "", false
	}
	texts := make([]string, len(all))
	for i, n := range all {
		texts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(texts, ","), true
}

// words reads a set of names and writes it back sorted, each once.
func words(raw string) (string, bool) {
	all := strings.FieldsFunc(raw, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	for _, w := range all {
		if len(w) > 40 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
			return "", false
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return strings.Join(all, ","), len(all) <= 16
}

func isContact(s string) bool {
	if s == "" {
		return true
	}
	if len(s) > 254 || strings.ContainsAny(s, " \t\r\n<>\"'") {
		return false
	}
	if rest, ok := strings.CutPrefix(s, "https://"); ok {
		return strings.Contains(rest, ".")
	}
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.Contains(domain, "@") && !strings.Contains(domain, "/")
}
