package number

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// plansText lists, per region, the prefixes behind which every national number of a length is valid. It is derived from the
// metadata of nyaruka/phonenumbers by TestPlans, without French prefixes that are really overseas.
//
//go:embed plans.txt
var plansText string

const prefixDigits = 4

// plan is what a region's numbers look like, as far as four digits and the length decide alone.
type plan struct {
	region string
	code   string // country calling code
	trunk  bool   // a national number begins with 0, which an international one drops
	full   [16]*[157]uint64
}

type plans struct {
	regions map[string]*plan
	codes   [1000]*plan // by country calling code, those of the main region
}

var allPlans = sync.OnceValue(func() *plans { return readPlans(plansText) })

// readPlans reads lines such as "FR 33 0 9: 1 2 30 31".
func readPlans(text string) *plans {
	all := &plans{regions: map[string]*plan{}}
	for line := range strings.Lines(text) {
		head, list, ok := strings.Cut(line, ":")
		words := strings.Fields(head)
		if !ok || len(words) != 4 {
			continue
		}
		p := all.regions[words[0]]
		if p == nil {
			p = &plan{region: words[0], code: words[1], trunk: words[2] == "0"}
			all.regions[p.region] = p
			code, _ := strconv.Atoi(p.code)
			all.codes[code] = p
		}
		length, _ := strconv.Atoi(words[3])
		p.full[length] = new([157]uint64)
		for prefix := range strings.FieldsSeq(list) {
			from, _ := strconv.Atoi(prefix)
			span := 1
			for range prefixDigits - len(prefix) {
				from, span = from*10, span*10
			}
			for i := from; i < from+span; i++ {
				p.full[length][i/64] |= 1 << (i % 64)
			}
		}
	}
	return all
}

// holds tells whether a national number is surely valid.
func (p *plan) holds(national []byte) bool {
	if len(national) <= prefixDigits || len(national) >= len(p.full) || p.full[len(national)] == nil {
		return false
	}
	i := 0
	for _, d := range national[:prefixDigits] {
		i = i*10 + int(d-'0')
	}
	return p.full[len(national)][i/64]&(1<<(i%64)) != 0
}

// fast reads what is written plainly: digits with single spaces, points or dashes between them, a plus or 00 or the region's 0 in
// front. Whatever it accepts, the library would have read alike (FuzzFast); the rest it leaves.
func fast(raw, region string) (Number, bool) {
	if len(raw) > 30 {
		return Number{}, false
	}
	var room [32]byte
	digits := room[1:1] // a place in front for the plus
	plus, gap := false, true
	for i := range len(raw) {
		switch c := raw[i]; {
		case '0' <= c && c <= '9':
			digits = append(digits, c)
			gap = false
		case c == '+' && i == 0:
			plus = true
		case (c == ' ' || c == '.' || c == '-') && !gap && i < len(raw)-1:
			gap = true
		default:
			return Number{}, false
		}
	}
	all := allPlans()
	home := all.regions[region]
	if !plus && home != nil && len(digits) > 2 && digits[0] == '0' && digits[1] == '0' {
		plus, digits = true, digits[2:]
	}
	if plus {
		return all.international(digits)
	}
	return home.national(digits)
}

// international reads the digits behind a plus.
func (all *plans) international(digits []byte) (Number, bool) {
	code := 0
	for n := 0; n < 3 && n < len(digits); n++ {
		code = code*10 + int(digits[n]-'0')
		if p := all.codes[code]; p != nil && code > 0 && digits[0] != '0' {
			if national := digits[n+1:]; p.holds(national) {
				return p.number(national), true
			}
			return Number{}, false
		}
	}
	return Number{}, false
}

// national reads the digits of a number written at home.
func (p *plan) national(digits []byte) (Number, bool) {
	if p == nil || len(digits) == 0 {
		return Number{}, false
	}
	if p.trunk {
		if digits[0] != '0' {
			return Number{}, false
		}
		digits = digits[1:]
	} else if strings.HasPrefix(string(digits), p.code) {
		return Number{}, false
	}
	if !p.holds(digits) {
		return Number{}, false
	}
	return p.number(digits), true
}

func (p *plan) number(national []byte) Number {
	var room [20]byte
	e164 := append(append(append(room[:0], '+'), p.code...), national...)
	n := Number{Kind: E164, E164: string(e164), Region: p.region}
	n.Automated = automated(n.E164)
	return n
}
