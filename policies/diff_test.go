package policies_test

import (
	"strings"
	"testing"

	"github.com/rempart/rempart/policies"
)

// TestEveryWeakeningIsNamed: each planted change of a pack is told in words, with its effect and nothing else (USR-0).
func TestEveryWeakeningIsNamed(t *testing.T) {
	second := strings.Index(sound, "  - id: S-2")
	for name, row := range map[string]struct {
		old, now string
		says     []string // effect, clause, words; in order
	}{
		"floor lowered":       {"{floor: 60}", "{floor: 90}", []string{"weaker S-1 “Session end” goes from 60\u00a0minutes to 90\u00a0minutes"}},
		"floor raised":        {"{floor: 60}", "{floor: 30}", []string{"stronger S-1 “Session end” goes from 60\u00a0minutes to 30\u00a0minutes"}},
		"demand gone":         {"      session.idle: {floor: 60}\n", "", []string{"weaker S-1 “Session end” is no longer asked for (it was 60\u00a0minutes)"}},
		"choice widened":      {"[30, 60]", "[30, 60, 90]", []string{"weaker S-1 “Choices” goes from 30 or 60\u00a0minutes to 30, 60 or 90\u00a0minutes"}},
		"choice narrowed":     {"[30, 60]", "[30]", []string{"stronger S-1 “Choices” goes from 30 or 60\u00a0minutes to 30\u00a0minutes"}},
		"other choices":       {"[30, 60]", "[45]", []string{"weaker S-1 “Choices” goes from 30 or 60\u00a0minutes to 45\u00a0minutes: other values than those promised"}},
		"exact let go":        {"{exact: [30, 60]}", "{floor: \"30,60\"}", []string{"weaker S-1 “Choices” is no longer an exact value: others are allowed"}},
		"made exact":          {"{floor: 60}", "{exact: 60}", []string{"weaker S-1 “Session end” can no longer be tightened: the value has become exact"}},
		"probe dropped":       {"    probes: [outside.tls]\n", "", []string{"weaker S-2 the probe outside.tls is no longer asked for"}},
		"probe added":         {"[outside.tls]", "[outside.tls, session.lock]", []string{"stronger S-2 the probe session.lock is asked for"}},
		"attestation dropped": {"    attestations: [training]\n", "", []string{"weaker S-2 the attestation training is no longer asked for"}},
		"lifetime longer":     {"lifetime: 7d", "lifetime: 9d", []string{"weaker S-2 evidence lasts longer: 9\u00a0days instead of 7\u00a0days"}},
		"lifetime shorter":    {"lifetime: 24h", "lifetime: 12h", []string{"stronger S-1 evidence lasts less long: 12\u00a0hours instead of 24\u00a0hours"}},
		"only attested": {"kind: enforced", "kind: attested", []string{
			"stronger S-1 the clause is now also attested by a person", "weaker S-1 the clause is no longer enforced by the software",
		}},
		"enforced now":   {"kind: [verified, attested]", "kind: [enforced, attested]", []string{"stronger S-2 the clause is now also enforced by the software"}},
		"clause removed": {sound[second:], "", []string{"weaker S-2 clause removed: “Channel”"}},
		"renumbered":     {"id: S-2", "id: S-3", []string{"weaker S-2 clause removed: “Channel”", "stronger S-3 clause added: “Channel”"}},
		"gap closed":     {"    missing:\n      - {fr: \"le second site\", en: \"the second site\"}\n", "", []string{"stronger S-2 no longer missing: the second site"}},
		"gap opened":     {"    probes: [session.idle]\n", "    probes: [session.idle]\n    missing:\n      - {fr: \"le reste\", en: \"the rest\"}\n", []string{"weaker S-1 now missing: the rest"}},
		"put outside":    {"    probes: [session.idle]\n", "    probes: [session.idle]\n    outside: {fr: \"papier\", en: \"paper\"}\n", []string{"weaker S-1 the clause is said to be outside the product: paper"}},
		"reworded":       {"After {{session.idle}}.", "Once {{session.idle}} have passed.", []string{"reworded S-1 the text changes"}},
		"retitled":       {`en: "Annex"`, `en: "The annex"`, []string{"reworded  the title of the policy changes"}},
		"same":           {"issuer: Us", "issuer: Us all", nil},
	} {
		if !strings.Contains(sound, row.old) {
			t.Fatalf("%s: nothing to replace", name)
		}
		changes := policies.Diff(parse(t, sound), parse(t, strings.Replace(sound, row.old, row.now, 1)), known())
		var got []string
		weaker := false
		for _, c := range changes {
			got = append(got, string(c.Effect)+" "+c.Clause+" "+c.What.EN)
			weaker = weaker || c.Effect == policies.Weaker
			if c.What.FR == "" || c.What.FR == c.What.EN || strings.Contains(c.What.FR+c.What.EN, "%!") {
				t.Errorf("%s: %+v speaks one language", name, c.What)
			}
		}
		if strings.Join(got, "\n") != strings.Join(row.says, "\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(row.says, "\n"))
		}
		if policies.Weakens(changes) != weaker {
			t.Errorf("%s: Weakens = %v", name, !weaker)
		}
	}
}

// TestARewordedClauseShowsBothTexts: both stand there, since a person must read.
func TestARewordedClauseShowsBothTexts(t *testing.T) {
	now := strings.Replace(sound, "Encrypted.", "Sealed.", 1)
	changes := policies.Diff(parse(t, sound), parse(t, now), known())
	if len(changes) != 1 || changes[0].Before.EN != "Encrypted." || changes[0].After.EN != "Sealed." {
		t.Errorf("changes = %+v", changes)
	}
}

// TestASettingThatNobodyKnowsIsTakenForWeaker: what cannot be compared is never called sound.
func TestASettingThatNobodyKnowsIsTakenForWeaker(t *testing.T) {
	a := strings.Replace(sound, "session.idle: {", "session.old: {", 1)
	b := strings.Replace(a, "{floor: 60}", "{floor: 61}", 1)
	if changes := policies.Diff(parse(t, a), parse(t, b), known()); len(changes) != 1 || changes[0].Effect != policies.Weaker {
		t.Errorf("changes = %+v", changes)
	}
	if changes := policies.Diff(parse(t, a), parse(t, a), known()); len(changes) != 0 {
		t.Errorf("changes = %+v", changes)
	}
}
