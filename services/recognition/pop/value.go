package pop

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Problem is what is wrong with a script: a stable word and the field it stands in.
type Problem struct{ Field, Code, Detail string }

// Error gives the word.
func (p *Problem) Error() string { return fmt.Sprintf("pop: %s: %s %s", p.Field, p.Code, p.Detail) }

func wrong(field, code, detail string) error { return &Problem{field, code, detail} }

// ErrNotFor says that a script has nothing to do for a caller: it is for others, or a parameter that it needs is missing.
var ErrNotFor = errors.New("pop: not for this caller")

const (
	mostText   = 200
	mostParams = 20
	mostURL    = 2000
	mostBody   = 8 << 10
	mostArgs   = 20
)

var (
	reE164  = regexp.MustCompile(`^\+[1-9][0-9]{3,14}$`)
	reParam = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	reHole  = regexp.MustCompile(`\{([a-z][a-z0-9_]{0,31})\}`)
)

func (p Param) check() error {
	switch {
	case !reParam.MatchString(p.Name):
		return wrong("params", "param_name", p.Name)
	case !slices.Contains([]string{FromNumber, FromName, FromCompany, FromKnown}, p.From) && (!strings.HasPrefix(p.From, FromCard) || len(p.From) == len(FromCard)):
		return wrong("params", "param_source", p.Name)
	}
	switch p.Type {
	case Number:
		if !slices.Contains([]string{FormE164, FormDigits, Form00}, p.Form) {
			return wrong("params", "param_form", p.Name)
		}
	case Text:
	case Enum:
		if len(p.Values) == 0 || slices.Contains(p.Values, "") || p.Default != "" && !slices.Contains(p.Values, p.Default) {
			return wrong("params", "param_values", p.Name)
		}
		for _, v := range p.Values {
			if v != plain(v) || v[0] == '-' {
				return wrong("params", "param_values", p.Name)
			}
		}
	default:
		return wrong("params", "param_type", p.Name)
	}
	return nil
}

// raw gives what a parameter takes, before its type.
func (p Param) raw(c Caller) string {
	switch p.From {
	case FromNumber:
		return c.Number
	case FromName:
		return c.Name
	case FromCompany:
		return c.Company
	case FromKnown:
		if c.Known {
			return "known"
		}
		return "unknown"
	}
	return c.Scripts[strings.TrimPrefix(p.From, FromCard)]
}

// value gives a typed value; false when there is none and the script cannot do without.
func (p Param) value(raw string) (string, bool) {
	switch p.Type {
	case Number:
		if !reE164.MatchString(raw) {
			return "", !p.Required
		}
		switch p.Form {
		case FormDigits:
			return raw[1:], true
		case Form00:
			return "00" + raw[1:], true
		}
		return raw, true
	case Enum:
		if slices.Contains(p.Values, raw) {
			return raw, true
		}
		return p.Default, p.Default != "" || !p.Required
	}
	text := plain(raw)
	if text == "" {
		text = plain(p.Default)
	}
	most := p.Most
	if most <= 0 || most > mostText {
		most = mostText
	}
	if runes := []rune(text); len(runes) > most {
		text = strings.TrimSpace(string(runes[:most]))
	}
	return text, text != "" || !p.Required
}

// plain leaves out of a text what nobody sees: control characters, line ends, marks of direction.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar:
			return -1
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.TrimSpace(s)
}

// values gives those of all parameters.
func (s *Script) values(c Caller) (map[string]string, error) {
	all := make(map[string]string, len(s.Params))
	for _, p := range s.Params {
		v, ok := p.value(p.raw(c))
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrNotFor, p.Name)
		}
		all[p.Name] = v
	}
	return all, nil
}

// holes lists the parameters that a template names.
func holes(template string) []string {
	var all []string
	for _, m := range reHole.FindAllStringSubmatch(template, -1) {
		all = append(all, m[1])
	}
	return all
}

// fill puts values in, each written by how.
func fill(template string, values map[string]string, how func(string) string) string {
	return reHole.ReplaceAllStringFunc(template, func(hole string) string { return how(values[hole[1:len(hole)-1]]) })
}

func same(s string) string { return s }
