package clock

import (
	"encoding/csv"
	"os"
	"testing"
	"testing/quick"
	"time"
)

var paris = func() *time.Location {
	z, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return z
}()

func at(t testing.TB, text string) time.Time {
	t.Helper()
	d, err := time.ParseInLocation("2006-01-02 15:04", text, paris)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestHolidaysAreThoseOfTheState holds every day of 26 years against the public list.
func TestHolidaysAreThoseOfTheState(t *testing.T) {
	f, err := os.Open("testdata/holidays.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	if len(rows) < 20 {
		t.Fatalf("%d years", len(rows))
	}
	for _, row := range rows {
		listed := map[string]bool{}
		for _, day := range []string{"-01-01", "-05-01", "-05-08", "-07-14", "-08-15", "-11-01", "-11-11", "-12-25"} {
			listed[row[0]+day] = true
		}
		for _, day := range row[1:] {
			listed[day] = true
		}
		first := at(t, row[0]+"-01-01 00:00")
		for day := first; day.Year() == first.Year(); day = day.AddDate(0, 0, 1) {
			if name := day.Format(time.DateOnly); Holiday(day) != listed[name] {
				t.Errorf("%s: holiday %v, listed %v", name, Holiday(day), listed[name])
			}
		}
	}
}

func TestDue(t *testing.T) {
	for _, c := range []struct{ name, received, extended, from, until, want string }{
		{"the same date of the next month", "2026-03-05 09:00", "", "", "", "2026-04-07"}, // 5 April is Easter Sunday, 6 its Monday
		{"an example of the EDPB", "2021-03-05 09:00", "", "", "", "2021-04-06"},
		{"a month that is shorter", "2025-08-29 09:00", "", "", "", "2025-09-29"},
		{"31 August gives 30 September", "2026-08-31 23:59", "", "", "", "2026-09-30"},
		{"31 January gives 28 February, on to Monday", "2026-01-31 12:00", "", "", "", "2026-03-02"},
		{"31 January of a leap year", "2024-01-31 12:00", "", "", "", "2024-02-29"},
		{"30 January of a leap year", "2024-01-30 12:00", "", "", "", "2024-02-29"},
		{"a Saturday gives Monday", "2026-05-13 08:00", "", "", "", "2026-06-15"},
		{"a holiday on a Friday gives Monday", "2026-04-01 08:00", "", "", "", "2026-05-04"},
		{"Ascension gives the Friday", "2026-04-14 08:00", "", "", "", "2026-05-15"},
		{"Christmas on a Friday gives Monday", "2026-11-25 08:00", "", "", "", "2026-12-28"},
		{"over the year", "2026-12-01 08:00", "", "", "", "2027-01-04"},
		{"the day is that of the place, not of Greenwich", "2026-06-30 23:30", "", "", "", "2026-07-30"},
		{"two more months", "2026-03-10 09:00", "2026-03-30 09:00", "", "", "2026-06-10"},
		{"two more months, clamped", "2025-11-30 09:00", "2025-12-20 09:00", "", "", "2026-03-02"}, // 28 February 2026 is a Saturday
		{"a notice on the last day", "2026-03-10 09:00", "2026-04-10 23:59", "", "", "2026-06-10"},
		{"a notice too late gives nothing", "2026-03-10 09:00", "2026-04-11 00:00", "", "", "2026-04-10"},
		{"ten days of doubt", "2026-03-10 09:00", "", "2026-03-12 10:00", "2026-03-22 18:00", "2026-04-20"},
		{"doubt across the change of hour", "2026-03-10 09:00", "", "2026-03-27 10:00", "2026-03-31 10:00", "2026-04-14"},
		{"doubt of one afternoon gives nothing", "2026-03-10 09:00", "", "2026-03-12 10:00", "2026-03-12 18:00", "2026-04-10"},
		{"doubt after the term gives nothing", "2026-03-10 09:00", "", "2026-04-20 10:00", "2026-05-20 10:00", "2026-04-10"},
		{"a notice in time because of the doubt", "2026-03-10 09:00", "2026-04-15 09:00", "2026-03-12 10:00", "2026-03-22 18:00", "2026-06-22"},
	} {
		t.Run(c.name, func(t *testing.T) {
			course := Course{Received: at(t, c.received)}
			if c.extended != "" {
				course.Extended = at(t, c.extended)
			}
			if c.from != "" {
				course.Pauses = []Pause{{at(t, c.from), at(t, c.until)}}
			}
			if got := course.Due(paris, at(t, "2030-01-01 00:00")).Format(time.DateOnly); got != c.want {
				t.Errorf("due on %s, want %s", got, c.want)
			}
		})
	}
}

// TestADoubtThatLastsMovesTheTermEachDay: nothing is due while we wait for the person.
func TestADoubtThatLastsMovesTheTermEachDay(t *testing.T) {
	c := Course{Received: at(t, "2026-03-10 09:00"), Pauses: []Pause{{From: at(t, "2026-03-12 10:00")}}}
	if got := c.Due(paris, at(t, "2026-03-22 18:00")).Format(time.DateOnly); got != "2026-04-20" {
		t.Errorf("after ten days of silence: due on %s", got)
	}
	if got := c.Due(paris, at(t, "2026-09-12 18:00")); !got.After(at(t, "2026-09-12 18:00")) {
		t.Errorf("after six months of silence: due on %s, in the past", got)
	}
}

// course makes a possible one of random numbers.
func course(day, hour uint16, pauses [4]uint8, extend uint8) Course {
	r := time.Date(2005, 1, 1, int(hour%24), 0, 0, 0, paris).AddDate(0, 0, int(day%9000))
	c := Course{Received: r}
	for i := 0; i < 4; i += 2 {
		from := r.AddDate(0, 0, int(pauses[i]%60))
		c.Pauses = append(c.Pauses, Pause{from, from.AddDate(0, 0, int(pauses[i+1]%60))})
	}
	if extend%2 == 1 {
		c.Extended = r.AddDate(0, 0, int(extend%40))
	}
	return c
}

// laws are what holds of any course.
func laws(t testing.TB, c Course) {
	t.Helper()
	now := c.Received.AddDate(2, 0, 0)
	due := c.Due(paris, now)
	bare := Course{Received: c.Received}.Due(paris, now)
	if !Working(due) || due.Hour() != 0 {
		t.Errorf("%v: due on %s, no working day", c, due)
	}
	if due.Before(bare) {
		t.Errorf("%v: due on %s, before the month of the law, %s", c, due, bare)
	}
	lived := days(midnight(c.Received, paris), bare)
	if lived < 28 || lived > 31+5 {
		t.Errorf("%v: a month of %d days", c, lived)
	}
	if End(due).Sub(due) < 23*time.Hour {
		t.Errorf("%v: a day of %v", c, End(due).Sub(due))
	}
	one, other := c, c
	one.Pauses, other.Pauses = nil, append([]Pause{}, c.Pauses...)
	for i := range other.Pauses { // the order and doubles of pauses do not matter
		other.Pauses[i] = c.Pauses[len(c.Pauses)-1-i]
	}
	other.Pauses = append(other.Pauses, c.Pauses...)
	if got := other.Due(paris, now); !got.Equal(due) {
		t.Errorf("%v: pauses in another order, twice: due on %s, not %s", c, got, due)
	}
	if one.Due(paris, now).After(due) && c.Extended.IsZero() {
		t.Errorf("%v: doubt shortened the time", c)
	}
	if c.MayExtend(paris, c.Received) != c.Extended.IsZero() {
		t.Errorf("%v: extension on the first day: %v", c, c.MayExtend(paris, c.Received))
	}
}

func TestLaws(t *testing.T) {
	f := func(day, hour uint16, pauses [4]uint8, extend uint8) bool {
		laws(t, course(day, hour, pauses, extend))
		return !t.Failed()
	}
	if err := quick.Check(f, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

// TestEveryDayOfTwentyYears: the term never comes back, and a later receipt is never due sooner.
func TestEveryDayOfTwentyYears(t *testing.T) {
	before := time.Time{}
	for day := at(t, "2010-01-01 10:00"); day.Year() < 2030; day = day.AddDate(0, 0, 1) {
		due := Course{Received: day}.Due(paris, day)
		if due.Before(before) {
			t.Errorf("received on %s, due on %s, sooner than what came the day before (%s)", day, due, before)
		}
		before = due
		if m := Holiday(due); m {
			t.Errorf("received on %s, due on a holiday, %s", day, due)
		}
	}
}

func FuzzDue(f *testing.F) {
	f.Add(uint16(0), uint16(0), []byte{0, 0, 0, 0}, uint8(0))
	f.Add(uint16(8999), uint16(23), []byte{59, 59, 10, 20}, uint8(39))
	f.Fuzz(func(t *testing.T, day, hour uint16, pauses []byte, extend uint8) {
		var p [4]uint8
		copy(p[:], pauses)
		laws(t, course(day, hour, p, extend))
	})
}
