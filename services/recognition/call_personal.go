package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qCallsOfPerson  = db.SQL(`SELECT ` + callColumns + ` FROM recognition_call WHERE person = $1 ORDER BY org, id`)
	qPhonesOfPerson = db.SQL(`SELECT org, id, line, person, extension FROM recognition_phone WHERE person = $1 ORDER BY org, id`)
	qLinesOfMaker   = db.SQL(`SELECT kind, made_at FROM recognition_line WHERE made_by = $1 ORDER BY org, id`)

	qForgetKnown    = db.SQL(`DELETE FROM recognition_known WHERE call IN (SELECT id FROM recognition_call WHERE person = $1)`)
	qForgetCalls    = db.SQL(`DELETE FROM recognition_call WHERE person = $1`)
	qForgetPhones   = db.SQL(`DELETE FROM recognition_phone WHERE person = $1`)
	qForgetErrands  = db.SQL(`DELETE FROM recognition_errand WHERE person = $1`)
	qForgetLineMade = db.SQL(`UPDATE recognition_line SET made_by = '' WHERE made_by = $1`)
	qForgetByLink   = db.SQL(`DELETE FROM recognition_known WHERE org = $1 AND link = $2`)
)

// exportCalls gives a person's own calls, phones and what they connected.
func (m *Module) exportCalls(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	rows, err := db.All(ctx, tx, qCallsOfPerson, scanCall, person)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := m.openCall(ctx, &rows[i]); err != nil {
			return err
		}
		c := rows[i]
		err := emit(core.Record{Table: "recognition_call", Values: map[string]any{
			"state": string(c.State), "outgoing": c.Outgoing, "began_at": c.Began, "answered_at": c.Answered, "ended_at": c.Ended, "changed_at": c.Changed,
			"details": c.Remote + " " + c.Display, "note": c.Note,
		}})
		if err != nil {
			return err
		}
	}
	phones, err := db.All(ctx, tx, qPhonesOfPerson, scanPhone, person)
	if err != nil {
		return err
	}
	for _, p := range phones {
		extension, err := m.openOf(ctx, p.org, placePhone, p.ID, p.sealed)
		if err != nil {
			return err
		}
		if err := emit(core.Record{Table: "recognition_phone", Values: map[string]any{"extension": string(extension)}}); err != nil {
			return err
		}
	}
	type made struct {
		kind string
		at   int64
	}
	lines, err := db.All(ctx, tx, qLinesOfMaker, func(scan db.Scan) (l made, err error) { err = scan(&l.kind, &l.at); return l, err }, person)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if err := emit(core.Record{Table: "recognition_line", Values: map[string]any{"kind": l.kind, "made_at": clock.FromMicros(l.at)}}); err != nil {
			return err
		}
	}
	return nil
}

// eraseCalls erases a person's own calls and phones.
func (m *Module) eraseCalls(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var all []core.Receipt
	for _, step := range []struct{ table, q string }{
		{"recognition_known", qForgetKnown},
		{"recognition_call", qForgetCalls},
		{"recognition_phone", qForgetPhones},
		{"recognition_errand", qForgetErrands},
		{"recognition_line", qForgetLineMade},
	} {
		n, err := tx.Exec(ctx, step.q, person)
		if err != nil {
			return nil, err
		}
		all = append(all, core.Receipt{Table: step.table, Deleted: n})
	}
	tx.Notify(lineTopic, "")
	return all, nil
}
