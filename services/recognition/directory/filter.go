package directory

import (
	"errors"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/rempart/rempart/services/recognition/number"
)

// The choices of a filter (RFC 4511, 4.5.1).
const (
	isAnd     = 0
	isOr      = 1
	isNot     = 2
	isEqual   = 3
	isPart    = 4
	isPresent = 7
	isApprox  = 8
)

const (
	deepest   = 8  // filters within filters
	mostNodes = 64 // of one filter
	mostAsked = 4  // questions to the platform for one filter
)

var errFilter = errors.New("directory: this filter cannot be read")

// filter is one node of a search filter.
type filter struct {
	is    ber.Tag
	attr  string // small letters
	value string
	parts []part
	of    []filter
}

// part is a piece of a substring filter: 0 at the beginning, 1 anywhere, 2 at the end.
type part struct {
	at   ber.Tag
	text string
}

// readFilter reads a filter of bounded depth and size.
func readFilter(p *ber.Packet, depth int, left *int) (f filter, err error) {
	if *left--; p == nil || *left < 0 || depth > deepest || p.ClassType != ber.ClassContext {
		return f, errFilter
	}
	f.is = p.Tag
	switch p.Tag {
	case isAnd, isOr, isNot:
		if p.Tag == isNot && len(p.Children) != 1 {
			return f, errFilter
		}
		for _, c := range p.Children {
			n, err := readFilter(c, depth+1, left)
			if err != nil {
				return f, err
			}
			f.of = append(f.of, n)
		}
	case isEqual, isApprox:
		if len(p.Children) != 2 {
			return f, errFilter
		}
		f.attr, f.value = strings.ToLower(textOf(p.Children[0])), textOf(p.Children[1])
	case isPart:
		if len(p.Children) != 2 || len(p.Children[1].Children) > mostNodes {
			return f, errFilter
		}
		f.attr = strings.ToLower(textOf(p.Children[0]))
		for _, c := range p.Children[1].Children {
			f.parts = append(f.parts, part{c.Tag, strings.ToLower(textOf(c))})
		}
	case isPresent:
		f.attr = strings.ToLower(textOf(p))
	default:
		return f, errFilter // ordering and extensible matches are of no use here
	}
	return f, nil
}

func textOf(p *ber.Packet) string {
	if p == nil || p.Data == nil {
		return ""
	}
	return strings.ToValidUTF8(p.Data.String(), "")
}

var (
	numberAttrs = map[string]bool{"telephonenumber": true, "mobile": true, "homephone": true, "ipphone": true, "othertelephone": true, "pager": true}
	nameAttrs   = map[string]bool{"cn": true, "sn": true, "givenname": true, "displayname": true, "o": true, "name": true}
)

// questions gives what to ask the platform so that every entry that the filter may match is among the answers; ok is false when only
// a question for everybody would do.
func (f filter) questions() (list []Query, ok bool) {
	switch f.is {
	case isAnd:
		for _, c := range f.of {
			if list, ok := c.questions(); ok {
				return list, true
			}
		}
		return nil, false
	case isOr:
		for _, c := range f.of {
			more, ok := c.questions()
			if !ok {
				return nil, false
			}
			for _, q := range more {
				if !contains(list, q) {
					list = append(list, q)
				}
			}
		}
		return list, len(list) <= mostAsked
	case isEqual, isApprox:
		switch {
		case numberAttrs[f.attr]:
			return []Query{{Number: f.value}}, f.value != ""
		case nameAttrs[f.attr]:
			return []Query{{Name: firstWord(f.value)}}, f.value != ""
		case f.attr == "objectclass":
			return nil, false
		}
		return nil, true // an attribute that no entry has
	case isPart:
		text := f.longest()
		switch {
		case numberAttrs[f.attr]:
			return []Query{{Number: text}}, true
		case nameAttrs[f.attr]:
			return []Query{{Name: firstWord(text)}}, text != ""
		}
		return nil, true
	}
	return nil, false
}

func contains(list []Query, q Query) bool {
	for _, x := range list {
		if x == q {
			return true
		}
	}
	return false
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	if runes := []rune(word); len(runes) > 60 {
		word = string(runes[:60])
	}
	return word
}

func (f filter) longest() (text string) {
	for _, p := range f.parts {
		if len(p.text) > len(text) {
			text = p.text
		}
	}
	return text
}

// matches tells whether an entry has what a filter asks for.
func (f filter) matches(attrs map[string][]string) bool {
	switch f.is {
	case isAnd:
		for _, c := range f.of {
			if !c.matches(attrs) {
				return false
			}
		}
		return true
	case isOr:
		for _, c := range f.of {
			if c.matches(attrs) {
				return true
			}
		}
		return false
	case isNot:
		return !f.of[0].matches(attrs)
	case isPresent:
		return len(attrs[f.attr]) > 0
	case isPart:
		for _, v := range attrs[f.attr] {
			if numberAttrs[f.attr] && sameNumber(v, f.longest()) || f.within(strings.ToLower(v)) {
				return true
			}
		}
		return false
	}
	for _, v := range attrs[f.attr] {
		if strings.EqualFold(v, f.value) || numberAttrs[f.attr] && sameNumber(v, f.value) {
			return true
		}
	}
	return false
}

// sameNumber compares numbers however they are written; never by their last digits.
func sameNumber(e164, written string) bool {
	n := number.Parse(written, "FR")
	return n.Kind == number.E164 && n.E164 == e164
}

func (f filter) within(v string) bool {
	for i, p := range f.parts {
		switch {
		case p.at == 0 && i == 0:
			rest, ok := strings.CutPrefix(v, p.text)
			if !ok {
				return false
			}
			v = rest
		case p.at == 2 && i == len(f.parts)-1:
			return strings.HasSuffix(v, p.text)
		case p.at == 1:
			_, rest, ok := strings.Cut(v, p.text)
			if !ok {
				return false
			}
			v = rest
		default:
			return false
		}
	}
	return true
}
