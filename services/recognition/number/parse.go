package number

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

const (
	tooLong      = 256 // bytes of what is written
	leastPublic  = 7   // digits: fewer are an extension or a mistake
	mostInternal = 6   // digits of an extension of the organization
	mostDigits   = 15  // E.164
)

// Parse reads one number as a person or an exchange wrote it. Region (ISO 3166, "FR") is that of numbers without a country.
// The same number is the same E.164, however it is written; what cannot be told for sure is Refused with its reason.
func Parse(raw, region string) Number {
	n := one(raw, region)
	if n.Kind == Refused && n.Why != "empty" && len(raw) <= tooLong {
		if _, several := cut(raw, region); several {
			return refuse("several")
		}
	}
	return n
}

// one reads a field as a single number.
func one(raw, region string) Number {
	if n, ok := fast(raw, region); ok {
		return n
	}
	if len(raw) > tooLong {
		return refuse("long")
	}
	w := clean(raw)
	if w.why != "" {
		return refuse(w.why)
	}
	if w.masked {
		return Number{Kind: Masked}
	}
	n := read(w, region)
	if n.Kind == Refused {
		return n
	}
	n.Extension, n.Hidden = w.extension, w.hidden
	if n.Kind == E164 && (w.repaired || !strings.HasPrefix(w.text, "+") && !strings.HasPrefix(w.text, "0") && strings.HasPrefix(n.E164, "+"+w.text)) {
		n.Repaired = true
	}
	return n
}

func refuse(why string) Number { return Number{Kind: Refused, Why: why} }

// Split reads a field in which several numbers may stand ("01 42 00 00 00 / 06 12 34 56 78"). A field is cut only where each side is
// a full number: 0475/12.34.56 stays one.
func Split(raw, region string) []Number {
	whole := one(raw, region)
	if whole.Kind != Refused || whole.Why == "empty" || len(raw) > 4*tooLong {
		return []Number{whole}
	}
	if all, ok := cut(raw, region); ok {
		return all
	}
	return []Number{whole}
}

// cut gives the numbers of a field, when each of its parts is one.
func cut(raw, region string) ([]Number, bool) {
	for _, sep := range separators {
		var all []Number
		for part := range strings.SplitSeq(sep.Replace(raw), "\n") {
			if part = strings.TrimFunc(part, unicode.IsSpace); part == "" {
				continue
			}
			n := one(part, region)
			if n.Kind != E164 {
				all = nil
				break
			}
			all = append(all, n)
		}
		if len(all) > 1 {
			return all, true
		}
	}
	return nil, false
}

// separators are tried in turn: first those that only ever part numbers, then those that also group digits.
var separators = []*strings.Replacer{
	strings.NewReplacer(" / ", "\n", ";", "\n", "|", "\n", ",", "\n", " ou ", "\n", " OU ", "\n", " or ", "\n", " et ", "\n", " and ", "\n", "\r", "\n"),
	strings.NewReplacer("/", "\n", "\uff0f", "\n", ";", "\n", "|", "\n", ",", "\n", " ou ", "\n", " et ", "\n", "\r", "\n"),
	strings.NewReplacer(" - ", "\n", " – ", "\n", "/", "\n"),
	strings.NewReplacer(" ", "\n", "\t", "\n", "\u00a0", "\n"),
}

// read makes a number of what is left when it is clean: an optional plus, and digits or capitals.
func read(w written, region string) Number {
	text := w.text
	if w.letters {
		if !strings.HasPrefix(text, "+1") && !strings.HasPrefix(text, "1800") && region != "US" && region != "CA" {
			return refuse("letters")
		}
		text = phonenumbers.ConvertAlphaCharactersInNumber(text)
		if n := public(text, region); n.Kind == E164 {
			n.Repaired = true
			return n
		}
		return refuse("letters")
	}
	digits, plus := strings.CutPrefix(text, "+")
	switch {
	case digits == "":
		return refuse("empty")
	case !plus && short(digits, region):
		return Number{Kind: Short, Digits: digits, Region: region}
	case !plus && len(digits) <= mostInternal && len(digits) > 1:
		return Number{Kind: Internal, Digits: digits}
	case len(digits) < leastPublic:
		return refuse("short")
	}
	if n, ok := fast(text, region); ok {
		return n
	}
	if n, ok := french(text, region); ok {
		return n
	}
	return public(text, region)
}

// french reads numbers that France writes alike and that belong to several country codes: 06…, 0262…, 0700….
func french(text, region string) (Number, bool) {
	national, home := nationalPart(text, region)
	if !home {
		return Number{}, false
	}
	if machine(national) {
		return Number{Kind: E164, E164: "+33" + national, Region: "FR", Machine: true}, true
	}
	if len(national) != 9 {
		return Number{}, false
	}
	if island, ok := strings.CutPrefix(national, "508"); ok { // six digits behind +508
		if n, ok := valid("+508" + island); ok {
			n.Repaired = true
			return n, true
		}
	}
	for _, o := range overseas {
		if strings.HasPrefix(national, o.prefix) {
			if n, ok := valid("+" + o.code + national); ok {
				n.Repaired = true
				return n, true
			}
		}
	}
	if n, ok := valid("+33" + national); ok {
		return n, true
	}
	var found []Number
	for _, code := range frenchCodes[1:] {
		if n, ok := valid("+" + code + national); ok {
			n.Repaired = true
			found = append(found, n)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return Number{}, false
}

// nationalPart gives the digits behind the 0 of a number written in France, or behind +33.
func nationalPart(text, region string) (national string, home bool) {
	for _, front := range []string{"+33", "0033", "33"} {
		if rest, ok := strings.CutPrefix(text, front); ok && (front == "+33" || frenchRegions[region]) {
			rest = strings.TrimPrefix(rest, "0")
			if len(rest) == 9 || len(rest) == 13 {
				return rest, true
			}
		}
	}
	if rest, ok := strings.CutPrefix(text, "0"); ok && frenchRegions[region] && !strings.HasPrefix(rest, "0") {
		return rest, true
	}
	return "", false
}

// valid reads an international number that the library holds for valid.
func valid(e164 string) (Number, bool) {
	n := public(e164, "")
	return n, n.Kind == E164
}

// public reads a number by the library.
func public(text, region string) Number {
	if region == "" {
		region = "ZZ"
	}
	p, err := phonenumbers.Parse(text, region)
	if err != nil {
		switch {
		case len(text) > mostDigits+3:
			return refuse("long")
		case len(text) < leastPublic+1:
			return refuse("short")
		}
		return refuse("invalid")
	}
	if !phonenumbers.IsValidNumber(p) {
		switch phonenumbers.IsPossibleNumberWithReason(p) {
		case phonenumbers.TOO_SHORT:
			return refuse("short")
		case phonenumbers.TOO_LONG:
			return refuse("long")
		}
		return refuse("invalid")
	}
	n := Number{Kind: E164, E164: phonenumbers.Format(p, phonenumbers.E164), Region: phonenumbers.GetRegionCodeForNumber(p)}
	n.Automated = automated(n.E164)
	return n
}

func shortElsewhere(digits, region string) bool {
	if len(digits) > mostInternal {
		return false
	}
	p, err := phonenumbers.Parse(digits, region)
	return err == nil && phonenumbers.IsValidShortNumberForRegion(p, region)
}
