package jobs

import (
	"testing"
	"time"
)

func TestCron(t *testing.T) {
	for _, c := range []struct{ cron, zone, after, want string }{
		{"0 9 * * *", "", "2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"},
		{"*/15 * * * *", "", "2026-11-22T09:07:12Z", "2026-11-22T09:15:00Z"},
		{"0 9 * * 1", "Europe/Paris", "2026-11-22T09:00:00Z", "2026-11-23T08:00:00Z"},
		{"0 0 1 * *", "Europe/Paris", "2026-11-22T09:00:00Z", "2026-11-30T23:00:00Z"},
		{"0 0 29 2 *", "", "2026-11-22T09:00:00Z", "2028-02-29T00:00:00Z"},
		{"0 0 13 * 5", "", "2026-11-22T09:00:00Z", "2026-11-27T00:00:00Z"},             // either day matches
		{"30 2 * * *", "Europe/Paris", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z"}, // 02:30 is skipped: runs at the jump
		{"30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"}, // 02:30 comes twice: the first
		{"30 2 * * *", "Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}, // and only once
		{"0 12 * * 7", "", "2026-11-22T09:00:00Z", "2026-11-22T12:00:00Z"},             // 7 is Sunday
		{"5/20 3 * * *", "", "2026-11-22T09:00:00Z", "2026-11-23T03:05:00Z"},
	} {
		e, err := parseCron(c.cron, c.zone)
		if err != nil {
			t.Errorf("%s: %v", c.cron, err)
			continue
		}
		after, _ := time.Parse(time.RFC3339, c.after)
		if got := e.next(after).Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %q after %s: got %s, want %s", c.cron, c.zone, c.after, got, c.want)
		}
	}
	for _, bad := range []string{"", "* * * *", "60 * * * *", "* * 31 2 *", "*/0 * * * *", "a * * * *", "5-1 * * * *"} {
		if _, err := parseCron(bad, ""); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
