// Package i18n holds the sentences people read, in French and English.
//
// A sentence is a package variable that cannot be made without both languages, so a missing translation or a missing
// key does not compile; an unused one fails the linter (unused) because the variables are unexported:
//
//	var tMembers = i18n.T("Membres", "Members")
//	var tCount   = i18n.N("%d membre", "%d membres", "%d member", "%d members")
//
// and in a template: { tMembers.In(ctx) } or { tCount.In(ctx, n) }.
//
// Owns: the language of a request, sentences, dates, numbers, error sentences. Must not know: any module.
// Start reading at: T.
package i18n

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
)

// Lang is a language that the product speaks.
type Lang uint8

// The languages. French is the zero value.
const (
	FR Lang = iota
	EN
)

// String gives the BCP 47 tag.
func (l Lang) String() string {
	if l == EN {
		return "en"
	}
	return "fr"
}

// Parse reads a tag ("fr", "en-GB"); ok is false when the product does not speak it.
func Parse(tag string) (Lang, bool) {
	switch strings.ToLower(strings.SplitN(tag, "-", 2)[0]) {
	case "fr":
		return FR, true
	case "en":
		return EN, true
	}
	return FR, false
}

type langKey struct{}

// With returns a context that speaks l.
func With(ctx context.Context, l Lang) context.Context { return context.WithValue(ctx, langKey{}, l) }

// Of tells the language of ctx: French when none was chosen.
func Of(ctx context.Context) Lang { l, _ := ctx.Value(langKey{}).(Lang); return l }

// Sentence is one thing to say, in both languages, with fmt verbs where values go.
type Sentence struct{ fr, en string }

// T makes a sentence.
func T(fr, en string) Sentence { return Sentence{fr, en} }

// From makes a sentence of a core.Text.
func From(t core.Text) Sentence { return Sentence{t.FR, t.EN} }

// In says the sentence in the language of ctx.
func (s Sentence) In(ctx context.Context, args ...any) string { return s.Say(Of(ctx), args...) }

// Say says the sentence in l; those of args that are sentences or texts are said in l too.
func (s Sentence) Say(l Lang, args ...any) string {
	text := s.fr
	if l == EN {
		text = s.en
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, spoken(l, args)...)
}

func spoken(l Lang, args []any) []any {
	out := slices.Clone(args)
	for i, a := range out {
		switch a := a.(type) {
		case Sentence:
			out[i] = a.Say(l)
		case core.Text:
			out[i] = From(a).Say(l)
		}
	}
	return out
}

// Counted is a sentence that agrees with a number: its first argument.
type Counted struct{ one, many Sentence }

// N makes a counted sentence: French singular and plural, English singular and plural.
func N(frOne, frMany, enOne, enMany string) Counted {
	return Counted{Sentence{frOne, enOne}, Sentence{frMany, enMany}}
}

// In says it in the language of ctx. French counts 0 and 1 as singular, English 1 only.
func (c Counted) In(ctx context.Context, n int, args ...any) string {
	return c.Say(Of(ctx), n, args...)
}

// Say says it in l.
func (c Counted) Say(l Lang, n int, args ...any) string {
	s := c.many
	if n == 1 || (n == 0 && l == FR) {
		s = c.one
	}
	return s.Say(l, append([]any{n}, args...)...)
}

var (
	faultsMu sync.RWMutex
	faults   = map[string]Sentence{}
)

// Fault declares the error of a module with its sentence; the code is stable and unique:
//
//	var errLocked = i18n.Fault(core.Forbidden, "session.locked", "La session est verrouillée.", "The session is locked.")
func Fault(kind core.Kind, code, fr, en string) *core.Error {
	faultsMu.Lock()
	defer faultsMu.Unlock()
	if _, taken := faults[code]; taken {
		panic("i18n: error code declared twice: " + code)
	}
	faults[code] = Sentence{fr, en}
	kinds[code] = kind
	return core.Fault(kind, code)
}

var kinds = map[string]core.Kind{}

// Reason declares a code that is no error of its own: the reason of a refusal or what is wrong with a field.
func Reason(code, fr, en string) string { Fault(core.Invalid, code, fr, en); return code }

// Explain gives the sentence of an error in the language of ctx; an unknown code gets the sentence of "internal".
func Explain(ctx context.Context, code string, args ...any) string {
	faultsMu.RLock()
	s, ok := faults[code]
	if !ok {
		s = faults["internal"]
	}
	faultsMu.RUnlock()
	return s.In(ctx, args...)
}

// Declared is one declared code, for docs/errors.md.
type Declared struct {
	Code   string
	Kind   core.Kind
	FR, EN string
}

// AllFaults lists every declared code, sorted.
func AllFaults() []Declared {
	faultsMu.RLock()
	defer faultsMu.RUnlock()
	all := make([]Declared, 0, len(faults))
	for code, s := range faults {
		all = append(all, Declared{code, kinds[code], s.fr, s.en})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Code < all[j].Code })
	return all
}

var _ = Fault(core.Internal, "internal",
	"Une erreur inattendue s'est produite de notre côté. Réessayez ; si elle persiste, donnez au support l'identifiant de la requête.",
	"Something unexpected went wrong on our side. Try again; if it persists, give support the request id.")

var months = [2][12]string{
	{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// Date writes a day in words: "22 novembre 2026", "22 November 2026".
func Date(ctx context.Context, t time.Time) string {
	day := fmt.Sprint(t.Day())
	if t.Day() == 1 && Of(ctx) == FR {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %d", day, months[Of(ctx)][t.Month()-1], t.Year())
}

// Moment writes a day and time to the minute, with the zone: "22 novembre 2026, 14:05 UTC".
func Moment(ctx context.Context, t time.Time) string {
	return Date(ctx, t) + t.Format(", 15:04 MST")
}

// Number writes an integer with the thousands set apart as each language does.
func Number(ctx context.Context, n int64) string {
	sep := "\u202f"
	if Of(ctx) == EN {
		sep = ","
	}
	s := fmt.Sprint(n)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}
