package incident

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qOfPerson = db.SQL(`SELECT a.org, a.incident, a.why, a.acts, a.first_at, a.last_at FROM incident_affected a JOIN incident_incident i ON i.id = a.incident
		WHERE a.person = $1 AND i.state = 'closed' ORDER BY a.incident, a.org`)
	qHandsOf = db.SQL(`SELECT incident, part, since FROM incident_hand WHERE person = $1 ORDER BY incident, part`)
	qStepsOf = db.SQL(`SELECT incident, kind, at FROM incident_step WHERE by = $1 ORDER BY id`)
	qTasksOf = db.SQL(`SELECT incident, due_at, done_at FROM incident_task WHERE owner = $1 ORDER BY incident, id`)
	qLedBy   = db.SQL(`SELECT id, opened_at, state FROM incident_incident WHERE lead = $1 OR opened_by = $1 ORDER BY id`)
	qForgot  = db.SQL(`DELETE FROM incident_affected WHERE person = $1`)
	qKeptOf  = db.SQL(`SELECT (SELECT COUNT(*) FROM incident_incident WHERE lead = $1 OR opened_by = $1), (SELECT COUNT(*) FROM incident_step WHERE by = $1),
		(SELECT COUNT(*) FROM incident_hand WHERE person = $1), (SELECT COUNT(*) FROM incident_task WHERE owner = $1 OR done_by = $1),
		(SELECT COUNT(*) FROM incident_evidence WHERE by = $1)`)
	// Of a canary nothing stays.
	qTrial = []string{
		db.SQL(`DELETE FROM incident_step WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_hand WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_task WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_evidence WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_scope WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_affected WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_notice WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_reminder WHERE incident IN (SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1)`),
		db.SQL(`DELETE FROM incident_incident WHERE opened_by = $1 AND trial = 1`),
	}
)

// ExportPerson gives what a person did in incidents, and the closed ones in which their data may have been affected: while one is
// handled, telling them is the work of its people.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	for _, e := range []struct {
		table, query string
		columns      []string
		times        int // the last columns that are moments
	}{
		{"incident_affected", qOfPerson, []string{"org", "incident", "why", "acts", "first_at", "last_at"}, 2},
		{"incident_hand", qHandsOf, []string{"incident", "part", "since"}, 1},
		{"incident_step", qStepsOf, []string{"incident", "kind", "at"}, 1},
		{"incident_task", qTasksOf, []string{"incident", "due_at", "done_at"}, 2},
		{"incident_incident", qLedBy, []string{"id", "opened_at", "state"}, 0},
	} {
		rows, err := db.All(ctx, tx, e.query, func(scan db.Scan) (map[string]any, error) {
			cells, dest := make([]any, len(e.columns)), make([]any, len(e.columns))
			for i := range cells {
				dest[i] = &cells[i]
			}
			err := scan(dest...)
			values := make(map[string]any, len(e.columns))
			for i, name := range e.columns {
				values[name] = cells[i]
				if us, is := cells[i].(int64); is && (i >= len(e.columns)-e.times || name == "opened_at") {
					values[name] = clock.Stamp(clock.FromMicros(us))
				}
			}
			return values, err
		}, person)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := emit(core.Record{Table: e.table, Values: r}); err != nil {
				return err
			}
		}
	}
	return nil
}

// ErasePerson takes a person out of every list; how many there were stays with the incident. What staff did in an incident stays
// as pseudonymous ids: the register of breaches is a duty (article 33-5).
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	canary, err := core.CanaryIn(ctx, tx, person, m.needs.People.People)
	if err != nil {
		return nil, err
	}
	if canary {
		for _, q := range qTrial {
			if _, err := tx.Exec(ctx, q, person); err != nil {
				return nil, err
			}
		}
	}
	gone, err := tx.Exec(ctx, qForgot, person)
	if err != nil {
		return nil, err
	}
	counts, _, err := db.One(ctx, tx, qKeptOf, func(scan db.Scan) (n [5]int64, err error) {
		err = scan(&n[0], &n[1], &n[2], &n[3], &n[4])
		return n, err
	}, person)
	if err != nil {
		return nil, err
	}
	receipts := []core.Receipt{{Table: "incident_affected", Deleted: gone}}
	for i, table := range []string{"incident_incident", "incident_step", "incident_hand", "incident_task", "incident_evidence"} {
		if counts[i] > 0 {
			receipts = append(receipts, core.Receipt{
				Table: table, Kept: counts[i], Ground: core.LegalObligation, Rule: "7y",
				Why: title("le registre des violations dit qui a fait quoi (article 33-5)", "the register of breaches says who did what (article 33-5)"),
			})
		}
	}
	return receipts, nil
}
