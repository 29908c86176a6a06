package clock

import (
	"slices"
	"time"
)

// Pause is a time during which the identity of the person was in doubt: from our question to their answer. A zero Until
// means that no answer has come.
type Pause struct{ From, Until time.Time }

// Course is what happened to a request, as far as time is concerned.
type Course struct {
	Received time.Time
	Extended time.Time // when the motivated notice of two more months left; zero when none did
	Pauses   []Pause
}

// The lengths of article 12-3.
const (
	months  = 1
	further = 2
)

// Due gives the day until whose end the answer may leave, as midnight of that day in zone. While a pause lasts, it is the day
// that an answer at now would give. A notice that left after the first term changes nothing.
func (c Course) Due(zone *time.Location, now time.Time) time.Time {
	first := c.due(zone, now, months)
	if !c.Extended.IsZero() && c.Extended.Before(End(first)) {
		return c.due(zone, now, months+further)
	}
	return first
}

// MayExtend tells whether a notice that leaves at now still gives two more months.
func (c Course) MayExtend(zone *time.Location, now time.Time) bool {
	return c.Extended.IsZero() && now.Before(End(c.due(zone, now, months)))
}

// End is the moment at which a day ends: the first of the next one.
func End(day time.Time) time.Time { return day.AddDate(0, 0, 1) }

// due counts calendar months from the day of receipt, then the days of doubt, then on to a working day.
func (c Course) due(zone *time.Location, now time.Time, months int) time.Time {
	received := midnight(c.Received, zone)
	y, m, d := received.Date()
	last := date(y, m+time.Month(months)+1, 0, zone).Day() // the day before the first of the month after
	term := date(y, m+time.Month(months), min(d, last), zone)
	for _, p := range c.pauses(zone, now) {
		if p.From.After(term) {
			break // the answer was late already
		}
		term = term.AddDate(0, 0, days(p.From, p.Until))
	}
	for !Working(term) {
		term = term.AddDate(0, 0, 1)
	}
	return term
}

// pauses gives the days of doubt since receipt, in order, without any counted twice.
func (c Course) pauses(zone *time.Location, now time.Time) []Pause {
	received := midnight(c.Received, zone)
	list := make([]Pause, 0, len(c.Pauses))
	for _, p := range c.Pauses {
		if p.Until.IsZero() {
			p.Until = now
		}
		p.From, p.Until = midnight(p.From, zone), midnight(p.Until, zone)
		if p.From.Before(received) {
			p.From = received
		}
		if p.Until.After(p.From) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Pause) int { return a.From.Compare(b.From) })
	merged := list[:0]
	for _, p := range list {
		if n := len(merged); n > 0 && !p.From.After(merged[n-1].Until) {
			if p.Until.After(merged[n-1].Until) {
				merged[n-1].Until = p.Until
			}
			continue
		}
		merged = append(merged, p)
	}
	return merged
}

func midnight(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return date(y, m, d, zone)
}

// days counts calendar days, whatever the hour changes between them.
func days(from, until time.Time) int {
	utc := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return date(y, m, d, time.UTC)
	}
	return int(utc(until).Sub(utc(from)) / (24 * time.Hour))
}
