package number

import (
	"fmt"
	"os"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// The regions that have a fast path. Each is the first of its country code.
var fastRegions = []string{"BE", "CH", "DE", "ES", "FR", "GB", "GF", "GP", "MQ", "NL", "PT", "RE"}

// The lengths of DE that subscribers have; its shorter ones are left to the library.
var fastLengths = map[string][]int{"DE": {10, 11}}

// What French people write as theirs is looked at one by one (french).
var setApart = map[string][]string{
	"FR": {"262", "263", "269", "508", "59", "639", "69", "70"},
	"RE": {"268", "8", "9"}, "GP": {"598", "8", "9"}, "GF": {"598", "8", "9"}, "MQ": {"598", "8", "9"},
}

// TestPlans derives the fast path from the library's metadata, so that an update of the library shows here.
func TestPlans(t *testing.T) {
	var b strings.Builder
	b.WriteString("# region code trunk length: prefixes behind which every number is valid. Derived by TestPlans (REMPART_TEST_UPDATE=1).\n")
	for _, region := range fastRegions {
		derive(t, &b, metadata(t, region))
	}
	if os.Getenv("REMPART_TEST_UPDATE") != "" {
		if err := os.WriteFile("plans.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != plansText {
		t.Error("plans.txt is not what the library's metadata says: run REMPART_TEST_UPDATE=1 go test ./services/recognition/number")
	}
}

func metadata(t *testing.T, region string) *phonenumbers.PhoneMetadata {
	t.Helper()
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all.GetMetadata() {
		if m.GetId() == region {
			return m
		}
	}
	t.Fatalf("no metadata of %s", region)
	return nil
}

func derive(t *testing.T, b *strings.Builder, m *phonenumbers.PhoneMetadata) {
	t.Helper()
	region := m.GetId()
	if m.GetInternationalPrefix() != "00" || phonenumbers.GetRegionCodesForCountryCode(int(m.GetCountryCode()))[0] != region {
		t.Fatalf("%s is not of the kind that the fast path reads", region)
	}
	trunk, apart := "-", slices.Clone(setApart[region])
	for p := range strings.SplitSeq(m.GetNationalPrefixForParsing(), "|") {
		if p == "0" {
			trunk = "0"
		}
		if p != "" {
			apart = append(apart, p[:min(len(p), prefixDigits)])
		}
		if _, err := strconv.Atoi(p); p != "" && err != nil {
			t.Fatalf("%s has the national prefix %q", region, p)
		}
	}
	a := newAutomaton(t, m)
	for length := prefixDigits + 1; length+len(fmt.Sprint(m.GetCountryCode())) <= 15; length++ {
		if lengths := fastLengths[region]; lengths != nil && !slices.Contains(lengths, length) {
			continue
		}
		var list []string
		a.sure("", a.start(), length, apart, &list)
		if len(list) > 0 {
			fmt.Fprintf(b, "%s %d %s %d: %s\n", region, m.GetCountryCode(), trunk, length, strings.Join(list, " "))
		}
	}
}

// automaton runs the patterns of a region side by side: the general one, then those of each kind of number.
type automaton struct {
	progs   []*syntax.Prog
	lengths [][]int32
	memo    map[string]bool
}

func newAutomaton(t *testing.T, m *phonenumbers.PhoneMetadata) *automaton {
	t.Helper()
	a := &automaton{memo: map[string]bool{}}
	for _, d := range []*phonenumbers.PhoneNumberDesc{
		m.GetGeneralDesc(), m.GetPremiumRate(), m.GetTollFree(), m.GetSharedCost(), m.GetVoip(), m.GetPersonalNumber(), m.GetPager(),
		m.GetUan(), m.GetVoicemail(), m.GetFixedLine(), m.GetMobile(),
	} {
		if d.GetNationalNumberPattern() == "" {
			continue
		}
		re, err := syntax.Parse(d.GetNationalNumberPattern(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		a.progs, a.lengths = append(a.progs, prog), append(a.lengths, d.GetPossibleLength())
	}
	return a
}

type states [][]uint32

func (a *automaton) start() states {
	s := make(states, len(a.progs))
	for i, p := range a.progs {
		s[i] = closure(p, []uint32{uint32(p.Start)})
	}
	return s
}

func closure(p *syntax.Prog, from []uint32) []uint32 {
	seen := map[uint32]bool{}
	var out []uint32
	for len(from) > 0 {
		pc := from[len(from)-1]
		from = from[:len(from)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch in := p.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			from = append(from, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			from = append(from, in.Out)
		case syntax.InstEmptyWidth:
			panic("a pattern looks around itself")
		default:
			out = append(out, pc)
		}
	}
	slices.Sort(out)
	return out
}

func (a *automaton) step(s states, d rune) states {
	next := make(states, len(s))
	for i, p := range a.progs {
		var to []uint32
		for _, pc := range s[i] {
			if in := p.Inst[pc]; in.Op != syntax.InstMatch && in.Op != syntax.InstFail && in.MatchRune(d) {
				to = append(to, in.Out)
			}
		}
		next[i] = closure(p, to)
	}
	return next
}

// ends tells whether a number of this length may end here: the general pattern and one of a kind are both done.
func (a *automaton) ends(s states, length int) bool {
	done := func(i int) bool {
		if l := a.lengths[i]; len(l) > 0 && !slices.Contains(l, int32(length)) {
			return false
		}
		return slices.ContainsFunc(s[i], func(pc uint32) bool { return a.progs[i].Inst[pc].Op == syntax.InstMatch })
	}
	if !done(0) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if done(i) {
			return true
		}
	}
	return false
}

// all tells whether every number with so many digits more is valid.
func (a *automaton) all(s states, left, length int) bool {
	if left == 0 {
		return a.ends(s, length)
	}
	key := fmt.Sprint(s, left, length)
	if known, ok := a.memo[key]; ok {
		return known
	}
	good := true
	for d := '0'; d <= '9' && good; d++ {
		good = a.all(a.step(s, d), left-1, length)
	}
	a.memo[key] = good
	return good
}

// sure lists the shortest prefixes behind which every number is valid.
func (a *automaton) sure(prefix string, s states, length int, apart []string, list *[]string) {
	near := slices.ContainsFunc(apart, func(p string) bool { return strings.HasPrefix(p, prefix) && p != prefix })
	if slices.ContainsFunc(apart, func(p string) bool { return strings.HasPrefix(prefix, p) }) {
		return
	}
	if !near && a.all(s, length-len(prefix), length) {
		*list = append(*list, prefix)
		return
	}
	if len(prefix) == prefixDigits {
		return
	}
	for d := '0'; d <= '9'; d++ {
		a.sure(prefix+string(d), a.step(s, d), length, apart, list)
	}
}
