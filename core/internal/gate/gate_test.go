package gate_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/gate"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

var (
	qAdd   = db.SQL(`INSERT INTO gatetest_thing (id) VALUES ($1)`)
	qCount = db.SQL(`SELECT COUNT(*) FROM gatetest_thing`)
	qNote  = db.SQL(`INSERT INTO gatetest_entry (action, org, outcome, reason) VALUES ($1, $2, $3, $4)`)
	qNotes = db.SQL(`SELECT action, org, outcome, reason FROM gatetest_entry ORDER BY action, outcome`)

	schemas = []db.Schema{{Module: "gatetest", FS: fstest.MapFS{"202611220000_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE gatetest_thing (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE gatetest_entry (action TEXT NOT NULL, org TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
`)}}}}

	write = &core.ActDef{Permission: "thing.create", Resource: "thing", Verb: core.Creates}
	read  = &core.ActDef{Permission: "thing.read", Resource: "thing"}
	quiet = &core.ActDef{Permission: "thing.count", Resource: "thing", Quiet: true}
	open  = &core.ActDef{Permission: "thing.knock", Resource: "thing", Reach: core.ByAnyone}
	duty  = &core.Duty{Name: "thing.touch", Why: "test"}
)

type decider struct{ err error }

func (d *decider) Decide(context.Context, core.Tx, core.Actor, *core.Act) error { return d.err }

// recorder keeps entries in a table, so that only committed ones are seen.
type recorder struct{ err error }

func (r *recorder) Record(ctx context.Context, tx core.Tx, e *core.Entry) error {
	if r.err != nil {
		return r.err
	}
	_, err := tx.Exec(ctx, qNote, e.Action, e.Org, e.Outcome.String(), e.Reason)
	return err
}

type bench struct {
	*gate.Gate
	db       *db.DB
	decider  *decider
	recorder *recorder
}

func each(t *testing.T, fn func(t *testing.T, b *bench, ctx context.Context)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		b := &bench{db: d, decider: &decider{}, recorder: &recorder{}}
		b.Gate = gate.New(gate.Needs{Store: d, Decider: b.decider, Recorder: b.recorder, Clock: clock.Real{}, Duties: []*core.Duty{duty}})
		fn(t, b, core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: "ann"}))
	})
}

func add(ctx context.Context, id string) func(core.Tx) error {
	return func(tx core.Tx) error { _, err := tx.Exec(ctx, qAdd, id); return err }
}

func (b *bench) state(t *testing.T) (things int, entries []string) {
	t.Helper()
	ctx := context.Background()
	err := b.db.Read(ctx, func(tx core.Tx) (err error) {
		if things, _, err = db.One(ctx, tx, qCount, db.Value[int]); err != nil {
			return err
		}
		entries, err = db.All(ctx, tx, qNotes, func(scan db.Scan) (string, error) {
			var action, org, outcome, reason string
			err := scan(&action, &org, &outcome, &reason)
			return action + " " + org + " " + outcome + " " + reason, err
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return things, entries
}

func (b *bench) expect(t *testing.T, things int, entries ...string) {
	t.Helper()
	gotThings, got := b.state(t)
	if gotThings != things || len(got) != len(entries) {
		t.Fatalf("%d things, entries %q; want %d, %q", gotThings, got, things, entries)
	}
	for i := range got {
		if got[i] != entries[i] {
			t.Errorf("entry %q, want %q", got[i], entries[i])
		}
	}
}

func TestAChangeCommitsWithItsEntry(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		act := &core.Act{Def: write, Org: "org", Also: []*core.Act{{Def: read, Org: "org"}}}
		if err := b.Change(ctx, act, add(ctx, "1")); err != nil {
			t.Fatal(err)
		}
		b.expect(t, 1, "thing.create org success ", "thing.read org success ")
	})
}

func TestAnEntryThatCannotBeWrittenStopsTheChange(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		b.recorder.err = errors.New("journal is full")
		if err := b.Change(ctx, &core.Act{Def: write, Org: "org"}, add(ctx, "1")); !errors.Is(err, b.recorder.err) {
			t.Errorf("got %v", err)
		}
		b.expect(t, 0)
	})
}

func TestARefusalIsJournaledAndNothingChanges(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		b.decider.err = core.Fault(core.Forbidden, "access.forbidden")
		act := &core.Act{Def: write, Org: "org"}
		if err := b.Change(ctx, act, add(ctx, "1")); core.KindOf(err) != core.Forbidden {
			t.Errorf("got %v", err)
		}
		if err := b.Read(ctx, &core.Act{Def: quiet, Org: "org"}, add(ctx, "2")); core.KindOf(err) != core.Forbidden {
			t.Errorf("got %v", err)
		}
		b.expect(t, 0, "thing.count org refused access.forbidden", "thing.create org refused access.forbidden")
	})
}

func TestAnUnknownOrganizationNeverGetsAJournalOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		b.decider.err = core.Fault(core.NotFound, "access.unknown")
		_ = b.Change(ctx, &core.Act{Def: write, Org: "invented"}, add(ctx, "1"))
		b.expect(t, 0, "thing.create platform refused access.unknown")
	})
}

func TestAFaultOfTheDecisionIsNoRefusal(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		b.decider.err = errors.New("no such table")
		if err := b.Change(ctx, &core.Act{Def: write, Org: "org"}, add(ctx, "1")); !errors.Is(err, b.decider.err) {
			t.Errorf("got %v", err)
		}
		b.expect(t, 0)
	})
}

func TestAReadIsJournaledUnlessQuiet(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		nothing := func(core.Tx) error { return nil }
		if err := b.Read(ctx, &core.Act{Def: read, Org: "org"}, nothing); err != nil {
			t.Fatal(err)
		}
		if err := b.Read(ctx, &core.Act{Def: quiet, Org: "org"}, nothing); err != nil {
			t.Fatal(err)
		}
		b.expect(t, 0, "thing.read org success ")
		if err := b.Read(ctx, &core.Act{Def: read, Org: "org"}, add(ctx, "1")); err == nil {
			t.Error("a read wrote")
		}
	})
}

func TestAFailureKeepsItsWorkAndSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		act := &core.Act{Def: open, Org: "org"}
		b.decider.err = core.Fault(core.Forbidden, "access.forbidden") // not asked: open to anyone
		err := b.Change(context.Background(), act, func(tx core.Tx) error { act.Fail("password.wrong"); return add(ctx, "1")(tx) })
		if err != nil {
			t.Fatal(err)
		}
		b.expect(t, 1, "thing.knock org failure password.wrong")
	})
}

func TestOnlyDeclaredDutiesWriteWithoutAnEntry(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		if err := b.Keep(ctx, duty, add(ctx, "1")); err != nil {
			t.Fatal(err)
		}
		if err := b.Keep(ctx, &core.Duty{Name: "thing.touch"}, add(ctx, "2")); core.CodeOf(err) != "gate.undeclared" {
			t.Errorf("got %v", err)
		}
		if err := b.Change(ctx, &core.Act{Def: quiet, Org: "org"}, add(ctx, "3")); core.CodeOf(err) != "gate.undeclared" {
			t.Errorf("a quiet change passed: %v", err)
		}
		b.expect(t, 1)
	})
}

func TestTheRealGateKeepsTheContract(t *testing.T) {
	each(t, func(t *testing.T, b *bench, _ context.Context) { coretest.GateContract(t, b, write, read) })
}

func TestTheFakeGateKeepsTheContract(t *testing.T) {
	each(t, func(t *testing.T, b *bench, _ context.Context) {
		coretest.GateContract(t, coretest.Gate(b.db), write, read)
	})
	coretest.SealerContract(t, coretest.Sealer())
}

// warden bars whatever concerns one person.
type warden struct{ subject core.ID }

func (w warden) Bar(_ context.Context, _ core.Tx, _ core.Actor, act *core.Act) error {
	if act.Subject == w.subject {
		return core.Fault(core.Forbidden, "restraint.restricted")
	}
	for _, s := range act.Subjects {
		if s == w.subject {
			return core.Fault(core.Forbidden, "restraint.restricted")
		}
	}
	return nil
}

func TestAWardenBarsWhatARolePermits(t *testing.T) {
	each(t, func(t *testing.T, b *bench, ctx context.Context) {
		g := gate.New(gate.Needs{Store: b.db, Decider: b.decider, Recorder: b.recorder, Clock: clock.Real{}, Wardens: []core.Warden{warden{"bob"}}})
		if err := g.Change(ctx, &core.Act{Def: write, Org: "org", Subject: "bob"}, add(ctx, "1")); core.KindOf(err) != core.Forbidden {
			t.Errorf("a change about the person: %v", err)
		}
		late := &core.Act{Def: write, Org: "org"}
		err := g.Change(ctx, late, func(tx core.Tx) error {
			late.Subjects = []core.ID{"ann", "bob"} // known only once the rows were read
			return add(ctx, "2")(tx)
		})
		if core.KindOf(err) != core.Forbidden {
			t.Errorf("a change that turns out to be about the person: %v", err)
		}
		shown := &core.Act{Def: read, Org: "org"}
		err = g.Read(ctx, shown, func(core.Tx) error { shown.Subjects = []core.ID{"bob"}; return nil })
		if core.KindOf(err) != core.Forbidden {
			t.Errorf("a read that turns out to be about the person: %v", err)
		}
		if err := g.Change(ctx, &core.Act{Def: write, Org: "org", Subject: "ann"}, add(ctx, "3")); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		b.expect(t, 1, "thing.create org refused restraint.restricted", "thing.create org refused restraint.restricted",
			"thing.create org success ", "thing.read org refused restraint.restricted")
	})
}
