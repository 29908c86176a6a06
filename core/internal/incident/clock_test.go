package incident

import (
	"testing"
	"time"
)

// TestTheClocksOfABreach run from the moment we became aware, hour by hour, week-ends and holidays too.
func TestTheClocksOfABreach(t *testing.T) {
	aware := time.Date(2026, 12, 24, 22, 0, 0, 0, time.UTC) // a Thursday night, before a holiday and a week-end
	for _, c := range []struct {
		part string
		want map[string]time.Time
	}{
		{"controller", map[string]time.Time{"authority": aware.Add(72 * time.Hour)}},
		{"processor", map[string]time.Time{"clients": aware.Add(24 * time.Hour)}},
		{"both", map[string]time.Time{"authority": aware.Add(72 * time.Hour), "clients": aware.Add(24 * time.Hour)}},
	} {
		it := Incident{Breach: true, Part: c.part, Aware: aware}
		list := it.Deadlines()
		if len(list) != len(c.want) {
			t.Errorf("%s: %d clocks, want %d", c.part, len(list), len(c.want))
		}
		for _, d := range list {
			if !d.At.Equal(c.want[d.What]) {
				t.Errorf("%s: %s at %s, want %s", c.part, d.What, d.At, c.want[d.What])
			}
			if d.Late(d.At) || !d.Late(d.At.Add(time.Second)) {
				t.Errorf("%s: %s is late at the wrong moment", c.part, d.What)
			}
			d.Met = d.At.Add(time.Minute)
			if !d.Late(d.At.AddDate(0, 0, -1)) {
				t.Errorf("%s: what was done after its time is not late", c.part)
			}
			d.Met = d.At.Add(-time.Minute)
			if d.Late(d.At.AddDate(1, 0, 0)) {
				t.Errorf("%s: what was done in time is late a year later", c.part)
			}
		}
	}
	if it := (Incident{Aware: aware, Part: "both"}); len(it.Deadlines()) != 0 {
		t.Error("an incident without personal data has clocks")
	}
}

func TestAddressesOfCriteria(t *testing.T) {
	list, err := ParseAddresses("203.0.113.7, 198.51.100.0/24\n2001:db8::1 ::ffff:192.0.2.1")
	if err != nil || len(list) != 4 || list[1].String() != "198.51.100.0/24" || list[3].String() != "192.0.2.1/32" {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := ParseAddresses("203.0.113.7 not-an-address"); err == nil {
		t.Error("what is no address was taken")
	}
	c := Criteria{Addresses: list}
	for address, want := range map[string]bool{"198.51.100.200": true, "198.51.101.1": false, "2001:db8::1": true, "": false, "::ffff:203.0.113.7": true} {
		if got := c.suspect(Seen{Address: address}); got != want {
			t.Errorf("%q is suspect: %v, want %v", address, got, want)
		}
	}
}
