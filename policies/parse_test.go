package policies_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/policies"
)

const sound = `policy: ours
version: 2026-11-22
title: {fr: "Annexe", en: "Annex"}
issuer: Us
about: {fr: "Nos promesses.", en: "Our promises."}
lifetime: 24h
clauses:
  - id: S-1
    kind: enforced
    title: {fr: "Fin", en: "End"}
    text: {fr: "Après {{session.idle}}.", en: "After {{session.idle}}."}
    settings:
      session.idle: {floor: 60}
      session.idle_choices: {exact: [30, 60]}
    probes: [session.idle]
  - id: S-2
    kind: [verified, attested]
    title: {fr: "Canal", en: "Channel"}
    text: {fr: "Chiffré.", en: "Encrypted."}
    probes: [outside.tls]
    attestations: [training]
    lifetime: 7d
    references: [ANSSI R11]
    missing:
      - {fr: "le second site", en: "the second site"}
    deviates:
      - {reference: ASVS 6.2.5, why: {fr: "Contrat.", en: "Contract."}}
`

func parse(t *testing.T, src string) *policies.Pack {
	t.Helper()
	p, err := policies.Parse("ours.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPackIsReadWhole(t *testing.T) {
	p := parse(t, sound)
	if p.ID != "ours" || p.Version != "2026-11-22" || p.Title.FR != "Annexe" || len(p.Hash) != 64 || string(p.Source) != sound || p.Baseline {
		t.Errorf("pack = %+v", p)
	}
	first, second := p.Clauses[0], p.Clauses[1]
	if first.Lifetime != 24*time.Hour || second.Lifetime != 7*24*time.Hour {
		t.Errorf("lifetimes %s %s", first.Lifetime, second.Lifetime)
	}
	if first.Settings[0].Floor != "60" || first.Settings[1].Exact != "30,60" || first.Settings[1].Line != 14 || first.Line != 8 {
		t.Errorf("clause = %+v", first)
	}
	if !second.Has(policies.Verified) || !second.Has(policies.Attested) || second.Has(policies.Enforced) || second.Missing[0].EN != "the second site" ||
		second.Deviates[0].Reference != "ASVS 6.2.5" || second.References[0] != "ANSSI R11" || second.Attestations[0] != "training" {
		t.Errorf("clause = %+v", second)
	}
	if problems := policies.Check(p, known()); len(problems) > 0 {
		t.Error(problems)
	}
}

// TestEveryMistakeOfAFileIsToldAtOnce: each with its line and what to write instead.
func TestEveryMistakeOfAFileIsToldAtOnce(t *testing.T) {
	_, err := policies.Parse("ours.yaml", []byte(`policy: Our Annex
version: 2026-11-22
title: Annexe
issuer: Us
colour: blue
clauses:
  - id: S-1
    kind: E
    title: {fr: "Fin"}
    text: {fr: "Après {{session.idle}}.", en: "After an hour."}
    lifetime: 2 days
    setings:
      session.idle: {floor: 60}
  - id: S-1
    kind: [enforced, enforced]
    title: {fr: "Fin", en: "End"}
    text: {fr: "Après {{session.idle.", en: "After."}
    settings:
      session.idle: 60
    probes: session.idle
    probes: [Session]
`))
	var all policies.Problems
	if !errors.As(err, &all) || !all.Fatal() {
		t.Fatalf("err = %v", err)
	}
	for _, want := range []string{
		`ours.yaml:1: "Our Annex" does not fit: write a name in lower-case letters, digits and dashes (policy.id)`,
		`ours.yaml:1: policy lacks about: add "about: …" (key.missing)`,
		`ours.yaml:3: title wants both languages: "title: {fr: "…", en: "…"}" (text.languages)`,
		`ours.yaml:5: unknown key colour in policy`,
		`ours.yaml:8: unknown kind "E": write enforced`,
		`ours.yaml:9: title lacks en: add "en: …" (key.missing)`,
		`ours.yaml:10: the French text shows [session.idle] and the English one []`,
		`ours.yaml:11: unreadable duration "2 days": write a number of hours or days, such as 24h or 7d (lifetime.form)`,
		`ours.yaml:12: unknown key setings in clause: write settings (key.unknown)`,
		`ours.yaml:14: clause S-1 stands already at line 7: give this one another number (clause.twice)`,
		`ours.yaml:15: enforced is given twice: keep one (kind.twice)`,
		`ours.yaml:17: braces that do not match: write {{name.of.setting}} (placeholder.form)`,
		`ours.yaml:19: say what is asked of session.idle: "session.idle: {floor: value}"`,
		`ours.yaml:20: probes wants a list`,
		`ours.yaml:21: key probes given twice: keep one (key.twice)`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	for i, p := range all {
		if p.Text.FR == "" || p.Text.FR == p.Text.EN || strings.Contains(p.Text.FR+p.Text.EN, "%!") {
			t.Errorf("problem %d speaks one language: %+v", i, p)
		}
		if i > 0 && p.Line < all[i-1].Line {
			t.Errorf("line %d told after line %d", p.Line, all[i-1].Line)
		}
	}
	if t.Failed() {
		t.Log("\n" + err.Error())
	}
}

func TestAFileThatIsNoPackSaysWhy(t *testing.T) {
	for name, row := range map[string]struct{ src, code string }{
		"empty":        {"", "file.empty"},
		"comment":      {"# nothing\n", "file.empty"},
		"list":         {"- a\n- b\n", "form.mapping"},
		"broken":       {"policy: [a\n", "file.syntax"},
		"colon":        {"policy: ours\nissuer: Us: them\n", "file.syntax"},
		"two":          {sound + "---\n" + sound, "file.second"},
		"second bad":   {sound + "---\n{", "file.syntax"},
		"alias":        {strings.Replace(strings.Replace(sound, "issuer: Us", "issuer: &us Us", 1), `id: S-2`, "id: *us", 1), "form.alias"},
		"no clause":    {sound[:strings.Index(sound, "  - id")], "form.empty clauses.list"},
		"empty text":   {strings.Replace(sound, `en: "End"`, `en: " "`, 1), "form.empty"},
		"zero life":    {strings.Replace(sound, "24h", "0h", 1), "lifetime.form"},
		"long life":    {strings.Replace(sound, "24h", "500d", 1), "lifetime.long"},
		"huge":         {sound + strings.Repeat("# more\n", 200_000), "file.large"},
		"no kind":      {strings.Replace(sound, "kind: enforced", "kind: []", 1), "kind.none"},
		"probe twice":  {strings.Replace(sound, "[session.idle]", "[session.idle, session.idle]", 1), "name.twice"},
		"probe name":   {strings.Replace(sound, "[session.idle]", "[Idle]", 1), "probe.id"},
		"bad baseline": {"baseline: maybe\n" + sound, "form.switch"},
		"terminal":     {strings.Replace(sound, `en: "End"`, `en: "\e[2JEnd"`, 1), "form.control"},
		"backwards":    {strings.Replace(sound, "Us\n", "Us\u202eSU\n", 1), "form.control"},
		"long":         {strings.Replace(sound, "Encrypted.", strings.Repeat("word ", 1000), 1), "form.long"},
		"clause name":  {strings.Replace(sound, "id: S-1", "id: S 1", 1), "clause.id"},
	} {
		_, err := policies.Parse("ours.yaml", []byte(row.src))
		var all policies.Problems
		if !errors.As(err, &all) {
			t.Errorf("%s: accepted", name)
			continue
		}
		found := false
		for _, p := range all {
			found = found || strings.Contains(row.code, p.Code)
		}
		if !found {
			t.Errorf("%s: %v, want %s", name, err, row.code)
		}
	}
}

// TestAThousandMistakesAreNotAllTold, and a warning never hides what forbids the use of the pack.
func TestAThousandMistakesAreNotAllTold(t *testing.T) {
	_, err := policies.Parse("ours.yaml", []byte(sound+strings.Repeat("  - {}\n", 900)))
	var all policies.Problems
	if !errors.As(err, &all) || len(all) > 300 || len(all) < 100 {
		t.Errorf("%d problems", len(all))
	}
	var b strings.Builder
	for i := range 300 {
		b.WriteString("  - {id: T-" + strings.Repeat("I", i%30) + strconv.Itoa(i) + ", kind: enforced, title: {fr: F, en: E}, text: {fr: F, en: E}, probes: [no.such]}\n")
	}
	src := sound + b.String() + "  - {id: LAST, kind: enforced, title: {fr: F, en: E}, text: {fr: F, en: E}}\n"
	if all := policies.Check(parse(t, src), known()); !all.Fatal() || len(all) > 300 {
		t.Errorf("warnings hide a mistake among %d", len(all))
	}
}

// TestCheckComparesWithWhatExists: each planted mistake is found, alone.
func TestCheckComparesWithWhatExists(t *testing.T) {
	swap := func(old, now string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("nothing to replace: %s", old)
		}
		return strings.ReplaceAll(sound, old, now)
	}
	for _, row := range []struct {
		src, says string
		warning   bool
	}{
		{swap("session.idle: {floor: 60}", "session.idel: {floor: 60}"), "ours.yaml:13: S-1 asks for an unknown setting, session.idel: write session.idle (setting.unknown)", false},
		{swap("{floor: 60}", "{floor: an hour}"), `ours.yaml:13: S-1: session.idle cannot be "an hour". Give a whole number. (setting.value)`, false},
		{swap("session.idle: {floor: 60}", "contact.security: {floor: a@example.org}"), "setting.free", false},
		{swap("{{session.idle}}", "{{session.idl}}"), "ours.yaml:8: S-1 shows {{session.idl}}, which is no setting: write session.idle (placeholder.unknown)", false},
		{swap("Après {{session.idle}}.\", en: \"After {{session.idle}}.", "Après 60 minutes.\", en: \"After 60 minutes."), "write {{session.idle}}, so that the text cannot state a value that the system does not have (value.typed)", false},
		{swap("probes: [session.idle]", "probes: [session.idel]"), "ours.yaml:15: warning: S-1 names the probe session.idel, which does not exist: the clause will be called not built yet: write session.idle (probe.unknown)", true},
		{swap("[training]", "[trainings]"), "warning: S-2 rests on an attestation that no other policy knows, trainings: write training (attestation.unknown)", true},
		{swap("    probes: [session.idle]\n", ""), "nothing shows S-1: name a probe under probes, or say what is missing under missing (clause.unshown)", false},
		{swap("kind: enforced", "kind: attested"), "nobody attests S-1: name a kind of attestation under attestations (clause.unattested)", false},
		{swap("kind: [verified, attested]", "kind: verified"), "S-2 rests on an attestation: add attested to kind (clause.kind)", false},
		{swap("session.idle: {floor: 60}", "session.idle: {floor: 90}"), "ours.yaml:13: warning: S-1 departs from the recommendation REC-10 (ASVS 7.3.1, ANSSI R12, NIST SP 800-63B) and does not say so", true},
	} {
		all := policies.Check(parse(t, row.src), known())
		if len(all) != 1 || !strings.Contains(all[0].String(), row.says) || all[0].Warning != row.warning || all.Fatal() == row.warning {
			t.Errorf("got %q, want %q", all.Error(), row.says)
		}
	}
}

// TestADeviationIsToldWithItsReference: what a pack asks against our recommendation, told or not.
func TestADeviationIsToldWithItsReference(t *testing.T) {
	src := strings.Replace(sound, "session.idle: {floor: 60}", "session.idle: {floor: 90}\n      password.upper: {floor: true}", 1)
	all := policies.Deviations(parse(t, src), policies.Baseline(), known())
	if len(all) != 2 {
		t.Fatalf("deviations: %+v", all)
	}
	if d := all[0]; d.Against || d.Declared || d.Advice != "REC-10" || d.What.EN != "Session end: 90\u00a0minutes; recommended: 60\u00a0minutes" {
		t.Errorf("weaker: %+v", d)
	}
	if d := all[1]; !d.Against || d.Declared || d.Advice != "REC-2" || d.References[0] != "ASVS 6.2.5" {
		t.Errorf("against: %+v", d)
	}
	told := strings.Replace(src, "    probes: [session.idle]\n", "    probes: [session.idle]\n    deviates:\n      - {reference: ASVS 6.2.5, why: {fr: \"Contrat.\", en: \"Contract.\"}}\n", 1)
	all = policies.Deviations(parse(t, told), policies.Baseline(), known())
	if !all[1].Declared || all[1].Why.EN != "Contract." || all[0].Declared {
		t.Errorf("told: %+v", all)
	}
}

func TestTheStarterIsAPackWithoutMistake(t *testing.T) {
	src, err := policies.Starter("our-annex")
	if err != nil {
		t.Fatal(err)
	}
	p := parse(t, string(src))
	if p.ID != "our-annex" || len(p.Clauses) != 3 {
		t.Errorf("starter = %s with %d clauses", p.ID, len(p.Clauses))
	}
	for _, bad := range []string{"", "Our Annex", "../etc", "kiosk", "a/b"} {
		if _, err := policies.Starter(bad); err == nil {
			t.Errorf("a starter named %q was written", bad)
		}
	}
}

// FuzzParse: whatever the file, Parse answers a pack or problems with a line, and reads the pack that it gave again alike.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte("policy: &a [*a]\n"))
	f.Add([]byte("clauses:\n  - {id: {}, kind: [[]], settings: {a: {b: c}}}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policies.Parse("fuzz.yaml", src)
		if err != nil {
			var all policies.Problems
			if !errors.As(err, &all) || len(all) == 0 || p != nil {
				t.Fatalf("%T %v", err, err)
			}
			for _, problem := range all {
				if problem.Line < 1 || problem.Text.FR == "" || problem.Text.EN == "" {
					t.Fatalf("a problem without a place: %+v", problem)
				}
			}
			return
		}
		if p.ID == "" || len(p.Clauses) == 0 || p.Title.FR == "" || p.Title.EN == "" {
			t.Fatalf("accepted: %+v", p)
		}
		seen := map[string]bool{}
		for _, c := range p.Clauses {
			if seen[c.ID] || len(c.Kinds) == 0 || c.Text.FR == "" || c.Text.EN == "" || c.Lifetime <= 0 {
				t.Fatalf("accepted clause: %+v", c)
			}
			seen[c.ID] = true
		}
		_ = policies.Check(p, known()).Error()
		if d := policies.Diff(p, p, known()); len(d) > 0 {
			t.Fatalf("differs from itself: %+v", d)
		}
	})
}
