package letter

import (
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/kit/i18n"
)

var facts = Facts{
	Kind: i18n.T("Accéder à mes données", "Have access to my data"), Desk: "Les Amis", Number: "42", Received: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC),
	Due: time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC), Officer: "dpo@amis.example", Authority: "CNIL", Address: "3 place de Fontenoy", Link: "https://x.example/y", Reason: "many requests",
}

var kinds = []string{Receipt, Again, Doubt, Extension, Answer, Refusal, Withdrawn}

// TestEveryLetterNamesTheAuthority: CTI-8, in both languages, for whoever has an account and for whoever has none.
func TestEveryLetterNamesTheAuthority(t *testing.T) {
	for _, l := range []i18n.Lang{i18n.FR, i18n.EN} {
		for _, known := range []bool{false, true} {
			for _, kind := range kinds {
				f := facts
				f.Known = known
				subject, text := Compose(l, kind, f)
				if subject == "" || strings.Contains(text, "%!") || strings.Contains(subject, "%!") {
					t.Errorf("%v %s: %q\n%s", l, kind, subject, text)
				}
				for _, want := range []string{"CNIL", "3 place de Fontenoy", "dpo@amis.example", "Les Amis", "42"} {
					if !strings.Contains(text, want) {
						t.Errorf("%v %s does not say %q:\n%s", l, kind, want, text)
					}
				}
				if !Whole(l, text, f) {
					t.Errorf("%v %s is not whole", l, kind)
				}
			}
		}
	}
}

// TestWhatIsNotWholeIsSeen: a letter without its foot, or of another authority, does not pass.
func TestWhatIsNotWholeIsSeen(t *testing.T) {
	_, text := Compose(i18n.FR, Answer, facts)
	for _, cut := range []string{"", text[:len(text)-10], strings.ReplaceAll(text, "CNIL", "autorité"), text + "PS"} {
		if Whole(i18n.FR, cut, facts) {
			t.Errorf("taken for whole: %q", cut)
		}
	}
	none := facts
	none.Authority = ""
	if _, text := Compose(i18n.FR, Answer, none); Whole(i18n.FR, text, none) {
		t.Error("a letter that names no authority is taken for whole")
	}
}

func TestDraftsAndGroundsSpeakBothLanguages(t *testing.T) {
	for kind := range drafts {
		if fr, en := Draft(i18n.FR, kind, "x"), Draft(i18n.EN, kind, "x"); fr == en || !strings.Contains(fr, "x") || !strings.Contains(en, "x") {
			t.Errorf("draft of %s: %q, %q", kind, fr, en)
		}
	}
	for ground := range grounds {
		text := Refuse(i18n.EN, ground, "my own words")
		if !strings.Contains(text, "my own words") || !strings.Contains(text, Ground(i18n.EN, ground)) {
			t.Errorf("refusal by %s: %q", ground, text)
		}
		if strings.Contains(Ground(i18n.FR, ground), "RGPD") != strings.Contains(Ground(i18n.EN, ground), "GDPR") {
			t.Errorf("%s names its article in one language only", ground)
		}
	}
}
