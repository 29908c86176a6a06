package number

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/rempart/rempart/core/coretest"
)

var kinds = map[string]Kind{"refused": Refused, "e164": E164, "short": Short, "internal": Internal, "masked": Masked}

type example struct {
	line        int
	raw, region string
	want        Number
}

// corpus reads testdata/corpus.tsv.
func corpus(tb testing.TB) []example {
	tb.Helper()
	text, err := os.ReadFile("testdata/corpus.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	var all []example
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := append(strings.Split(line, "\t"), "", "", "", "")
		raw, err := strconv.Unquote(f[0])
		kind, known := kinds[f[2]]
		if err != nil || !known {
			tb.Fatalf("corpus.tsv:%d: %v, kind %q", i+1, err, f[2])
		}
		e := example{line: i + 1, raw: raw, region: f[1], want: Number{Kind: kind, Extension: f[4]}}
		switch kind {
		case E164:
			e.want.E164 = f[3]
			flags := strings.Fields(f[5])
			for _, flag := range flags {
				if !slices.Contains([]string{"repaired", "hidden", "machine", "automated"}, flag) {
					tb.Fatalf("corpus.tsv:%d: flag %q", i+1, flag)
				}
			}
			e.want.Repaired, e.want.Hidden = slices.Contains(flags, "repaired"), slices.Contains(flags, "hidden")
			e.want.Machine, e.want.Automated = slices.Contains(flags, "machine"), slices.Contains(flags, "automated")
		case Refused:
			e.want.Why = f[5]
		default:
			e.want.Digits = f[3]
		}
		all = append(all, e)
	}
	return all
}

func TestCorpus(t *testing.T) {
	all := corpus(t)
	if len(all) < 150 {
		t.Fatalf("the corpus has %d lines", len(all))
	}
	for _, e := range all {
		got := Parse(e.raw, e.region)
		if got.Kind == E164 && got.Region == "" && got.E164[:2] != "+9" {
			t.Errorf("line %d: %q has no region", e.line, e.raw)
		}
		got.Region = ""
		if got != e.want {
			t.Errorf("line %d: Parse(%q, %s)\n got %+v\nwant %+v", e.line, e.raw, e.region, got, e.want)
		}
	}
}

// Whatever is written, its own E.164 form is read back as itself.
func TestStable(t *testing.T) {
	for _, e := range corpus(t) {
		first := Parse(e.raw, e.region)
		if first.Kind != E164 {
			continue
		}
		for _, region := range []string{e.region, "FR", "US", ""} {
			if again := Parse(first.E164, region); again.E164 != first.E164 || again.Machine != first.Machine || again.Automated != first.Automated {
				t.Errorf("%q is %s, which from %q is %+v", e.raw, first.E164, region, again)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	const mobile, office = "+33612345678", "+33142000000"
	for raw, want := range map[string][]string{
		"06 12 34 56 78":                          {mobile},
		"06 12 34 56 78 / 01 42 00 00 00":         {mobile, office},
		"0612345678/0142000000":                   {mobile, office},
		"06 12 34 56 78 ou 01 42 00 00 00":        {mobile, office},
		"06 12 34 56 78; 01 42 00 00 00":          {mobile, office},
		"06 12 34 56 78 ;; 01 42 00 00 00 ;":      {mobile, office},
		"06 12 34 56 78, 01 42 00 00 00":          {mobile, office},
		"06 12 34 56 78\n01 42 00 00 00":          {mobile, office},
		"06 12 34 56 78 - 01 42 00 00 00":         {mobile, office},
		"0612345678 0142000000":                   {mobile, office},
		"06 12 34 56 78 / 01 42 00 00 00 poste 4": {mobile, office},
		"06/12/34/56/78 ; 01/42/00/00/00":         {mobile, office},
		"01 42 00 00 00 / 12":                     {""},
		"06 12 34 56 78 / rien":                   {""},
	} {
		var got []string
		for _, n := range Split(raw, "FR") {
			got = append(got, n.E164)
		}
		if !slices.Equal(got, want) {
			t.Errorf("Split(%q) = %v, want %v", raw, got, want)
		}
	}
	if got := Split("0475/12.34.56", "BE"); len(got) != 1 || got[0].E164 != "+32475123456" {
		t.Errorf("a Belgian number was cut: %+v", got)
	}
	if got := Split("0475/12.34.56 / 02/223.45.67", "BE"); len(got) != 2 || got[1].E164 != "+3222234567" {
		t.Errorf("two Belgian numbers: %+v", got)
	}
}

// library reads as nyaruka/phonenumbers alone does.
func library(raw, region string) (e164, where string, ok bool) {
	p, err := phonenumbers.Parse(raw, region)
	if err != nil || !phonenumbers.IsValidNumber(p) {
		return "", "", false
	}
	return phonenumbers.Format(p, phonenumbers.E164), phonenumbers.GetRegionCodeForNumber(p), true
}

func agree(t *testing.T, raw, region string) bool {
	t.Helper()
	n, ok := fast(raw, region)
	if !ok {
		return false
	}
	if e164, where, valid := library(raw, region); !valid || e164 != n.E164 || where != n.Region {
		t.Errorf("fast(%q, %s) = %s %s; the library says %q %q (valid: %v)", raw, region, n.E164, n.Region, e164, where, valid)
	}
	return true
}

// TestFastAgrees walks every prefix of six digits of every fast region, written at home and abroad.
func TestFastAgrees(t *testing.T) {
	read := 0
	step := 97
	if coretest.RaceDetector { // nothing is shared, and it would take ten minutes
		step = 9973
	}
	for region, p := range allPlans().regions {
		for length := range p.full {
			if p.full[length] == nil {
				continue
			}
			for i := 0; i < 1_000_000; i += step {
				national := strconv.Itoa(1_000_000 + i)[1:] + "58271946"
				if length < 6 || len(national) < length {
					continue
				}
				national = national[:length]
				trunk := ""
				if p.trunk {
					trunk = "0"
				}
				for _, raw := range []string{trunk + national, "+" + p.code + national, "00" + p.code + " " + national} {
					if agree(t, raw, region) {
						read++
					}
				}
			}
		}
	}
	if read < 100 {
		t.Errorf("only %d numbers were read by the fast path", read)
	}
	t.Logf("%d numbers read alike", read)
}

func FuzzFast(f *testing.F) {
	for _, e := range corpus(f) {
		f.Add(e.raw, e.region)
	}
	f.Fuzz(func(t *testing.T, raw, region string) { agree(t, raw, region) })
}

// FuzzParse looks for what no reading may give, whatever is written.
func FuzzParse(f *testing.F) {
	for _, e := range corpus(f) {
		f.Add(e.raw, e.region)
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		began := time.Now()
		defer func() {
			if took := time.Since(began); took > time.Second {
				t.Errorf("%q takes %s", raw, took)
			}
		}()
		for _, n := range append(Split(raw, region), Parse(raw, region)) {
			switch n.Kind {
			case E164:
				digits, plus := strings.CutPrefix(n.E164, "+")
				if !plus || len(digits) > mostDigits || countDigits(digits) != len(digits) || len(digits) < leastPublic-1 || digits[0] == '0' {
					t.Errorf("Parse(%q, %q) gives %q", raw, region, n.E164)
				}
				if again := Parse(n.E164, region); again.E164 != n.E164 {
					t.Errorf("%q is %s, read back as %+v", raw, n.E164, again)
				}
			case Refused:
				if n.Why == "" || n.E164 != "" {
					t.Errorf("Parse(%q, %q) is refused as %+v", raw, region, n)
				}
			default:
				if n.E164 != "" || countDigits(n.Digits) != len(n.Digits) {
					t.Errorf("Parse(%q, %q) = %+v", raw, region, n)
				}
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raws := make([]string, 1024)
	for i := range raws {
		raws[i] = "0" + strconv.Itoa(610000000 + i*7919)[:9]
	}
	b.Run("rempart", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if n := Parse(raws[i%len(raws)], "FR"); n.Kind != E164 {
				b.Fatal(n)
			}
		}
	})
	b.Run("rempart dressed", func(b *testing.B) {
		for i := range b.N {
			if n := Parse("\u200e+33 (0)6 12 34 56 "+raws[i%len(raws)][8:], "FR"); n.Kind != E164 {
				b.Fatal(n)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, _, ok := library(raws[i%len(raws)], "FR"); !ok {
				b.Fatal()
			}
		}
	})
}
