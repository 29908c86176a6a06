package statistics

import (
	"context"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// town is who belongs where, as rows give it.
type town map[core.ID][]core.Membership

func (t town) Members(_ context.Context, _ core.Tx, org core.ID) ([]core.Membership, error) {
	return t[org], nil
}

func (t town) AllOrgs(_ context.Context, _ core.Tx, after core.ID, _ int) ([]core.Organization, error) {
	for _, org := range []core.ID{"a", "b"} {
		if org > after {
			return []core.Organization{{ID: org}}, nil
		}
	}
	return nil, nil
}

// TestOnePersonMovesOneFigureByOne: what the noise is calibrated for. Somebody who belongs twice, or left and came back, counts once.
func TestOnePersonMovesOneFigureByOne(t *testing.T) {
	in := func(person core.ID, state string) core.Membership {
		return core.Membership{Person: person, State: state}
	}
	rows := town{"a": {in("ann", "left"), in("ann", "active"), in("bob", "invited")}, "b": {in("ann", "left"), in("bob", "left"), in("carl", "left")}}
	m := New(Needs{Places: rows})
	count := func(org core.ID) map[string]int64 {
		t.Helper()
		what, _ := MeasureOf("members")
		got, err := m.count(t.Context(), nil, org, what, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := count(core.Platform)
	if before["active"] != 1 || before["invited"] != 1 || before["left"] != 1 {
		t.Errorf("three persons with six memberships count as %v", before)
	}
	rows["b"] = append(rows["b"], in("dora", "active"), in("dora", "left"), in("dora", "invited"))
	after, moved := count(core.Platform), int64(0)
	for _, g := range []string{"active", "invited", "left"} {
		moved += max(after[g]-before[g], before[g]-after[g])
	}
	if moved != 1 {
		t.Errorf("one more person, who belongs three times, moves the figures by %d", moved)
	}
	if got := count("a"); got["active"] != 1 || got["left"] != 0 {
		t.Errorf("organization a counts %v", got)
	}
}

// TestAFigureIsOfItsPeriod: a week and a month have one figure each.
func TestAFigureIsOfItsPeriod(t *testing.T) {
	weekly, _ := MeasureOf("sign-ins")
	monthly, _ := MeasureOf("members")
	at := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	if w, m := weekly.Period(at), monthly.Period(at); w != "2026-W53" || m != "2027-01" {
		t.Errorf("1 January 2027 is of %s and %s", w, m)
	}
}
