package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

// publish promises in a transaction of its own, as the room of clauses does.
func publish(t *testing.T, m *Module, d *db.DB, pack string, list ...core.Promise) {
	t.Helper()
	must(t, d.Write(t.Context(), func(tx core.Tx) error { return m.Promise(t.Context(), tx, pack, list) }))
}

func gaps(t *testing.T, m *Module, d *db.DB, list ...core.Promise) (all []core.Gap) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx core.Tx) (err error) {
		all, err = m.Gaps(t.Context(), tx, list)
		return err
	}))
	return all
}

func refusedBy(t *testing.T, err error, key, clause string) {
	t.Helper()
	f, found := fieldOf(err, key)
	if !found || !strings.HasPrefix(f.Code, "setting.clause") || !strings.Contains(f.Args[1].(string), clause) {
		t.Errorf("%s: want a refusal that names %s, got %v %+v", key, clause, err, f)
	}
}

func TestASettingBelowAPublishedClauseIsRefused(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		m, _ := room(d)
		org := ids.New()
		idle := core.Promise{Pack: "p", Clause: "ACC-8.2", Key: "session.idle", Floor: "45"}
		choices := core.Promise{Pack: "q", Clause: "KSK-5.2", Key: "session.idle_choices", Exact: "30,60,90"}
		signs := core.Promise{Pack: "q", Clause: "CTI-27", Key: "password.specials", Floor: "#?!"}
		publish(t, m, d, "p", idle)
		publish(t, m, d, "q", choices, signs)
		for _, who := range []core.ID{core.Platform, org} {
			refusedBy(t, save(t, m, who, Change{Key: "session.idle", Value: "60"}), "session.idle", "ACC-8.2")
			refusedBy(t, save(t, m, who, Change{Key: "session.idle_choices", Value: "30,60"}), "session.idle_choices", "KSK-5.2")
			refusedBy(t, save(t, m, who, Change{Key: "password.specials", Value: "-"}), "password.specials", "CTI-27")
			refusedBy(t, save(t, m, who, Change{Key: "password.specials", Value: "#-"}), "password.specials", "CTI-27")
			if err := save(t, m, who, Change{Key: "session.idle", Value: "30"}, Change{Key: "password.specials", Value: "?"}); err != nil {
				t.Errorf("%s cannot tighten: %v", who, err)
			}
		}
		refusedBy(t, save(t, m, core.Platform, Change{Key: "session.idle", Reset: true}), "session.idle", "ACC-8.2")
		if got := m.ApplyPreset(t.Context(), core.Platform, "kiosk", "x"); core.KindOf(got) != core.Invalid {
			t.Errorf("a preset went below a clause: %v", got)
		}
		view, err := m.Read(t.Context(), org)
		must(t, err)
		for _, s := range view.Settings {
			if s.ID == "session.idle" && (len(s.Promised) != 1 || s.Promised[0].Clause != "ACC-8.2" || s.Bound != "45") {
				t.Errorf("the row does not say what imposes it: %+v", s)
			}
		}
		publish(t, m, d, "p") // withdrawn
		if err := save(t, m, core.Platform, Change{Key: "session.idle", Value: "60"}); err != nil {
			t.Errorf("once the clause is withdrawn: %v", err)
		}
	})
}

// A row changed behind the module's back does not take a promise away.
func TestNothingBelowAClauseIsInForce(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		m, _ := room(d)
		org := ids.New()
		must(t, save(t, m, org, Change{Key: "session.idle", Value: "90"}))
		publish(t, m, d, "p", core.Promise{Pack: "p", Clause: "ACC-8.2", Key: "session.idle", Floor: "45"})
		if got := policy(t, m, d, org).Session.Idle; got != 45*time.Minute {
			t.Errorf("an older value of an organization is in force: %v", got)
		}
		view, err := m.Read(t.Context(), org)
		must(t, err)
		for _, s := range view.Settings {
			if s.ID == "session.idle" && !s.Overruled {
				t.Error("the page does not say that the organization's value is overruled")
			}
		}
		if got := policy(t, m, d).Session.Idle; got != 45*time.Minute {
			t.Errorf("the default is in force below the clause: %v", got)
		}
	})
}

func TestGapsAndTightening(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		m, _ := room(d)
		publish(t, m, d, "q", core.Promise{Pack: "q", Clause: "KSK-5.2", Key: "session.idle_choices", Exact: "30,60,90"})
		asked := []core.Promise{
			{Pack: "p", Clause: "A-1", Key: "password.min_length", Floor: "14"},
			{Pack: "p", Clause: "A-2", Key: "session.idle", Floor: "60"},
			{Pack: "p", Clause: "A-3", Key: "session.idle_choices", Exact: "15,30"},
			{Pack: "p", Clause: "A-4", Key: "contact.dpo", Floor: "given"},
		}
		got := gaps(t, m, d, asked...)
		told := map[string]string{}
		for _, g := range got {
			told[g.Clause] += g.Value + ">" + g.Want + "!" + g.Against + ";"
		}
		if told["A-1"] != "12>14!;" || told["A-2"] != "" || !strings.Contains(told["A-3"], "!KSK-5.2;") || told["A-4"] == "" {
			t.Errorf("gaps %v", told)
		}
		weak := gaps(t, m, d, asked[:2]...)
		must(t, d.Write(t.Context(), func(tx core.Tx) error {
			return m.Tighten(t.Context(), tx, &core.Act{Org: core.Platform}, weak)
		}))
		if got := policy(t, m, d).Password.MinLength; got != 14 {
			t.Errorf("tightened to %d", got)
		}
		if left := gaps(t, m, d, asked[:2]...); len(left) != 0 {
			t.Errorf("still gaps: %+v", left)
		}
	})
}

func TestTheConfigurationIsHeldToTheClausesToo(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		m, _ := room(d)
		start := func(values map[string]string) error { return m.Start(t.Context(), values) }
		must(t, start(map[string]string{"session.idle": "45", "contact.security": "a@b.example"}))
		if got := policy(t, m, d).Session.Idle; got != 45*time.Minute {
			t.Errorf("in force %v", got)
		}
		must(t, save(t, m, core.Platform, Change{Key: "session.idle", Value: "20"}))
		must(t, start(map[string]string{"session.idle": "45"}))
		if got := policy(t, m, d).Session.Idle; got != 20*time.Minute {
			t.Errorf("a start loosened it to %v", got)
		}
		publish(t, m, d, "p", core.Promise{Pack: "p", Clause: "ACC-8.2", Key: "session.idle", Floor: "30"})
		err := start(map[string]string{"session.idle": "45", "password.min_length": "x", "no.such": "1"})
		refusedBy(t, err, "session.idle", "ACC-8.2")
		for _, key := range []string{"password.min_length", "no.such"} {
			if _, found := fieldOf(err, key); !found {
				t.Errorf("%s was taken: %v", key, err)
			}
		}
	})
}

func TestTheStrictestOfTwoPacksWins(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		m, _ := room(d)
		publish(t, m, d, "p", core.Promise{Pack: "p", Clause: "ACC-8.2", Key: "session.idle", Floor: "45"})
		publish(t, m, d, "q", core.Promise{Pack: "q", Clause: "USR-2.4", Key: "session.idle", Floor: "30"})
		if got := policy(t, m, d).Session.Idle; got != 30*time.Minute {
			t.Errorf("in force %v", got)
		}
		err := save(t, m, core.Platform, Change{Key: "session.idle", Value: "40"})
		refusedBy(t, err, "session.idle", "ACC-8.2")
		refusedBy(t, err, "session.idle", "USR-2.4")
		publish(t, m, d, "q")
		if err := save(t, m, core.Platform, Change{Key: "session.idle", Value: "40"}); err != nil {
			t.Errorf("once the stricter one is withdrawn: %v", err)
		}
	})
}
