package attestation

import (
	"testing"
	"time"
)

const day = 24 * time.Hour

// TestOneReminderIsDueAtATime: the nearest step, and none that is longer than what was signed.
func TestOneReminderIsDueAtATime(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		since, left time.Duration
		want        string
	}{
		{300 * day, 61 * day, ""},
		{300 * day, 60 * day, "60"},
		{300 * day, 31 * day, "60"},
		{300 * day, 30 * day, "30"},
		{300 * day, 7 * day, "7"},
		{300 * day, time.Hour, "7"},
		{300 * day, 0, "expired"},
		{300 * day, -90 * day, "expired"},
		{0, 50 * day, ""},          // signed today for fifty days: not recalled today
		{25 * day, 29 * day, "30"}, // and later at the steps that are shorter than that
		{0, 5 * day, ""},
	} {
		if got := stepAt(now.Add(-c.since), now.Add(c.left), now); got != c.want {
			t.Errorf("%v after the signature, %v before the end: step %q, want %q", c.since, c.left, got, c.want)
		}
	}
}

// TestTheBoundsOfEvidenceAreSaid: too large, too many, too much.
func TestTheBoundsOfEvidenceAreSaid(t *testing.T) {
	big := append([]byte("%PDF-"), make([]byte, FileBytes)...)
	fits := big[:FileBytes]
	some := func(n int, content []byte) []Upload {
		list := make([]Upload, n)
		for i := range list {
			list[i] = Upload{Name: "a", Content: content}
		}
		return list
	}
	for _, c := range []struct {
		files []Upload
		want  string
	}{
		{some(20, []byte("x")), ""},
		{some(21, []byte("x")), codeMany},
		{some(1, big), codeBig},
		{some(5, fits), ""},
		{some(6, fits), codeMany},
	} {
		d := Draft{Files: c.files}
		if got, _ := d.sniff(); got != c.want {
			t.Errorf("%d files of %d bytes: %q, want %q", len(c.files), len(c.files[0].Content), got, c.want)
		}
	}
}

// TestADutyHoldsInTimeAndForTheTextInForce.
func TestADutyHoldsInTimeAndForTheTextInForce(t *testing.T) {
	now := time.Now()
	good := []Line{{Duty: Charter, Version: CharterVersion}, {Duty: Training, Until: now.Add(day)}}
	if l := lacking(good, now); len(l) != 0 {
		t.Errorf("somebody up to date lacks %v", l)
	}
	for what, lines := range map[string][]Line{
		"an older charter":     {{Duty: Charter, Version: CharterVersion - 1}, good[1]},
		"a charter taken back": {{Duty: Charter, Version: CharterVersion, EndedAt: now}, good[1]},
		"an overdue training":  {good[0], {Duty: Training, Until: now}},
		"nothing of training":  {good[0]},
	} {
		if l := lacking(lines, now); len(l) != 1 {
			t.Errorf("%s: lacks %v, want one thing", what, l)
		}
	}
}
