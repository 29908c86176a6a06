package review

import (
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

func seat(device core.ID, system, address string, used time.Time) Seat {
	return Seat{Person: "p", Device: device, Browser: "Firefox", System: system, Address: address, Used: used}
}

func TestOnlyDifferentNetworksAndDevicesAtOnceCount(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	m := New(Needs{})
	for _, c := range []struct {
		name string
		a, b Seat
		kind string
	}{
		{"two computers on two networks", seat("1", "Linux", "198.51.100.7", now), seat("2", "Windows", "203.0.113.9", now), pairComputers},
		{"unknown devices", seat("", "Linux", "198.51.100.7", now), seat("", "Linux", "203.0.113.9", now), pairComputers},
		{"a telephone beside a computer", seat("1", "Linux", "198.51.100.7", now), seat("2", "iOS", "203.0.113.9", now), pairPhone},
		{"two IPv6 networks", seat("1", "Linux", "2001:db8::1", now), seat("2", "Linux", "2001:db9::1", now), pairComputers},
		{"one IPv6 provider", seat("1", "Linux", "2001:db8:1::1", now), seat("2", "Linux", "2001:db8:2::1", now), ""},
		{"one network", seat("1", "Linux", "198.51.100.7", now), seat("2", "Windows", "198.51.4.4", now), ""},
		{"one IPv4 written two ways", seat("1", "Linux", "198.51.100.7", now), seat("2", "Linux", "::ffff:198.51.1.1", now), ""},
		{"inside an organization", seat("1", "Linux", "10.1.0.1", now), seat("2", "Linux", "192.168.4.1", now), ""},
		{"one device that moved", seat("1", "Linux", "198.51.100.7", now), seat("1", "Linux", "203.0.113.9", now), ""},
		{"one after the other", seat("1", "Linux", "198.51.100.7", now), seat("2", "Linux", "203.0.113.9", now.Add(-5*time.Minute)), ""},
		{"an address that was erased", seat("1", "Linux", "", now), seat("2", "Linux", "203.0.113.9", now), ""},
	} {
		got := m.pairs([]Seat{c.a, c.b})
		if c.kind == "" && len(got) > 0 || c.kind != "" && (len(got) != 1 || got[0].Kind != c.kind) {
			t.Errorf("%s: %+v, want %q", c.name, got, c.kind)
		}
	}
}

func TestThePointsAreThoseThatTheReasonsSay(t *testing.T) {
	at := func(kind string, n int, far bool) (all []Overlap) {
		for i := range n {
			all = append(all, Overlap{Kind: kind, Far: far, At: time.Unix(int64(1000*i+len(kind)), 0), Pair: Pair{NetworkA: "a", NetworkB: "b"}})
		}
		return all
	}
	for _, c := range []struct {
		name string
		all  []Overlap
		want int
	}{
		{"nothing", nil, 0},
		{"three times two computers", at(pairComputers, 3, false), 45},
		{"four times two computers", at(pairComputers, 4, false), 60},
		{"a telephone all week long", at(pairPhone, 400, false), 40},
		{"far apart, twice", at(pairComputers, 2, true), 70},
		{"everything", append(at(pairComputers, 9, true), at(pairPhone, 90, false)...), 100},
		{"three pairs at one moment", append(at(pairComputers, 1, false), at(pairComputers, 1, false)...), 15},
	} {
		score, why := weigh(c.all)
		sum := 0
		for _, r := range why {
			sum += r.Points
		}
		if score != c.want || min(sum, 100) != score {
			t.Errorf("%s: %d points, reasons %+v; want %d", c.name, score, why, c.want)
		}
	}
	if score, _ := weigh(at(pairPhone, 10_000, false)); score >= flagAt {
		t.Error("a telephone beside a computer raises a flag")
	}
}

func TestDistancesAreThoseOfTheGlobe(t *testing.T) {
	paris, lyon, sydney := Spot{Latitude: 48.8566, Longitude: 2.3522}, Spot{Latitude: 45.764, Longitude: 4.8357}, Spot{Latitude: -33.8688, Longitude: 151.2093}
	for _, c := range []struct {
		a, b     Spot
		from, to float64
	}{{paris, paris, 0, 0.1}, {paris, lyon, 385, 400}, {paris, sydney, 16900, 17000}} {
		if d := c.a.distance(c.b); d < c.from || d > c.to {
			t.Errorf("%v to %v: %.0f km", c.a, c.b, d)
		}
	}
}

func TestRemindersComeHalfWayThreeDaysAndADayBefore(t *testing.T) {
	began := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := Campaign{StartedAt: began, Deadline: began.AddDate(0, 0, 30)}
	for days, want := range map[int]int{0: 0, 14: 0, 15: 1, 26: 1, 27: 2, 28: 2, 29: 3} {
		if got := reminder(c, began.AddDate(0, 0, days)); got != want {
			t.Errorf("after %d days: %d, want %d", days, got, want)
		}
	}
}
