package clock

import "time"

// date makes midnight of a day; days beyond the month run over into the next one.
func date(y int, m time.Month, d int, zone *time.Location) time.Time {
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// easter gives the Sunday of Easter in the Gregorian calendar (Meeus, Jones, Butcher).
func easter(year int) (time.Month, int) {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return time.Month(month), (h + l - 7*m + 33*month + 19) % 32
}

// Holiday tells whether a day, in its own zone, is a public holiday in the whole of France.
func Holiday(t time.Time) bool {
	y, m, d := t.Date()
	switch m {
	case time.January, time.May, time.November:
		if d == 1 || m == time.May && d == 8 || m == time.November && d == 11 {
			return true
		}
	case time.July:
		return d == 14
	case time.August:
		return d == 15
	case time.December:
		return d == 25
	}
	em, ed := easter(y)
	this := date(y, m, d, time.UTC)
	for _, after := range [...]int{1, 39, 50} { // Easter Monday, Ascension, Whit Monday
		if this.Equal(date(y, em, ed+after, time.UTC)) {
			return true
		}
	}
	return false
}

// Working tells whether a day is neither a Saturday, nor a Sunday, nor a public holiday.
func Working(t time.Time) bool {
	w := t.Weekday()
	return w != time.Saturday && w != time.Sunday && !Holiday(t)
}
