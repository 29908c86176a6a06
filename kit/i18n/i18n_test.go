package i18n

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

var (
	testHello = T("Bonjour %s", "Hello %s")
	testCount = N("%d membre", "%d membres", "%d member", "%d members")
	testFault = Fault(core.Forbidden, "i18n.test", "Refusé : %s.", "Refused: %s.")
)

func TestASentenceSpeaksBothLanguages(t *testing.T) {
	fr, en := With(context.Background(), FR), With(context.Background(), EN)
	if got := testHello.In(fr, "Ada"); got != "Bonjour Ada" {
		t.Error(got)
	}
	if got := testHello.In(en, "Ada"); got != "Hello Ada" {
		t.Error(got)
	}
	for n, want := range map[int][2]string{0: {"0 membre", "0 members"}, 1: {"1 membre", "1 member"}, 2: {"2 membres", "2 members"}} {
		if got := testCount.In(fr, n); got != want[0] {
			t.Errorf("%d in French: %q, want %q", n, got, want[0])
		}
		if got := testCount.In(en, n); got != want[1] {
			t.Errorf("%d in English: %q, want %q", n, got, want[1])
		}
	}
}

func TestAnErrorIsExplainedByItsCode(t *testing.T) {
	en := With(context.Background(), EN)
	if got := Explain(en, testFault.Code, "why"); got != "Refused: why." {
		t.Error(got)
	}
	if got := Explain(en, "nobody.declared"); !strings.Contains(got, "unexpected") {
		t.Errorf("an unknown code says %q", got)
	}
}

func TestACodeIsDeclaredOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a code was declared twice")
		}
	}()
	Fault(core.Forbidden, testFault.Code, "a", "b")
}

func TestDatesAndNumbers(t *testing.T) {
	fr, en := With(context.Background(), FR), With(context.Background(), EN)
	first := time.Date(2026, 8, 1, 14, 5, 0, 0, time.UTC)
	if got := Moment(fr, first); got != "1er août 2026, 14:05 UTC" {
		t.Error(got)
	}
	if got := Date(en, first); got != "1 August 2026" {
		t.Error(got)
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := Number(en, n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	if got := Number(fr, 12345); got != "12\u202f345" {
		t.Error(got)
	}
}

func TestParseRefusesOtherLanguages(t *testing.T) {
	for tag, want := range map[string]bool{"fr": true, "fr-CA": true, "EN-gb": true, "de": false, "": false, "fra": false} {
		if _, ok := Parse(tag); ok != want {
			t.Errorf("%q: %v, want %v", tag, ok, want)
		}
	}
}
