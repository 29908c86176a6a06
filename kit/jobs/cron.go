package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cron is "minute hour day month weekday" as crontab(5) reads it: lists, ranges, steps, 0 and 7 both Sunday; when day
// and weekday are both restricted, either matches.
type cron struct {
	minute, hour, day, month, weekday uint64 // one bit per value
	anyDay, anyWeekday                bool
	zone                              *time.Location
}

func parseCron(text, zone string) (*cron, error) {
	loc, err := time.LoadLocation(zone) // "" is UTC
	if err != nil {
		return nil, fmt.Errorf("unknown time zone %q", zone)
	}
	f := strings.Fields(text)
	if len(f) != 5 {
		return nil, fmt.Errorf("%q does not have five fields", text)
	}
	c := &cron{zone: loc, anyDay: f[2] == "*", anyWeekday: f[4] == "*"}
	for i, into := range []*uint64{&c.minute, &c.hour, &c.day, &c.month, &c.weekday} {
		lo, hi := [5]int{0, 0, 1, 1, 0}[i], [5]int{59, 23, 31, 12, 7}[i]
		if *into, err = parseField(f[i], lo, hi); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
	}
	c.weekday |= c.weekday >> 7 & 1
	if c.next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q never comes", text)
	}
	return c, nil
}

func parseField(text string, lo, hi int) (bits uint64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
				return 0, fmt.Errorf("bad step %q", part)
			}
		}
		from, to := lo, hi
		if span != "*" {
			a, b, ranged := strings.Cut(span, "-")
			if from, err = strconv.Atoi(a); err != nil {
				return 0, fmt.Errorf("bad value %q", part)
			}
			if to = from; ranged {
				if to, err = strconv.Atoi(b); err != nil {
					return 0, fmt.Errorf("bad value %q", part)
				}
			} else if stepped {
				to = hi
			}
		}
		if from < lo || to > hi || from > to {
			return 0, fmt.Errorf("%q is out of %d-%d", part, lo, hi)
		}
		for v := from; v <= to; v += step {
			bits |= 1 << v
		}
	}
	return bits, nil
}

// next gives the first matching time after t, in UTC, or zero when none comes within nine years. A time that the clock
// jumps over (summer time) runs when the clock has jumped; one that it goes through twice runs once.
func (c *cron) next(t time.Time) time.Time {
	local := t.In(c.zone)
	y, mo, d := local.Date()
	for range 9 * 366 {
		if c.onDay(y, mo, d) {
			for h := range 24 {
				if c.hour>>h&1 == 0 {
					continue
				}
				for m := range 60 {
					if c.minute>>m&1 == 0 {
						continue
					}
					if at := c.moment(y, mo, d, h, m); at.After(t) {
						return at.UTC()
					}
				}
			}
		}
		y, mo, d = time.Date(y, mo, d+1, 12, 0, 0, 0, time.UTC).Date()
	}
	return time.Time{}
}

func (c *cron) onDay(y int, mo time.Month, d int) bool {
	if c.month>>mo&1 == 0 {
		return false
	}
	inMonth := c.day>>d&1 == 1
	inWeek := c.weekday>>time.Date(y, mo, d, 12, 0, 0, 0, time.UTC).Weekday()&1 == 1
	if !c.anyDay && !c.anyWeekday {
		return inMonth || inWeek
	}
	return inMonth && inWeek
}

// moment turns a local time into an instant: the first of two, or the jump itself when the clock skips it.
func (c *cron) moment(y int, mo time.Month, d, h, m int) time.Time {
	at := time.Date(y, mo, d, h, m, 0, 0, c.zone)
	if at.Hour() == h && at.Minute() == m {
		if before := at.Add(-time.Hour); before.Hour() == h && before.Minute() == m {
			return before
		}
		return at
	}
	// Skipped: the zone changes within a few hours around; the jump is its change of offset.
	lo, hi := at.Add(-3*time.Hour), at.Add(3*time.Hour)
	_, offset := lo.Zone()
	for hi.Sub(lo) > time.Second {
		mid := lo.Add(hi.Sub(lo) / 2)
		if _, o := mid.Zone(); o == offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi.Truncate(time.Second)
}
