package recognition

import (
	"context"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
	"github.com/rempart/rempart/kit/pack"
)

const caseColumns = `org, id, scope, target, opened_by, opened_at, until_at, closed_at, closed_by, ended, noted, shredded_at`

var (
	qHasLink = db.SQL(`SELECT id FROM recognition_link WHERE org = $1 AND id = $2`)
	qHasLine = db.SQL(`SELECT id FROM recognition_line WHERE org = $1 AND id = $2`)

	qCaseAdd    = db.SQL(`INSERT INTO recognition_case (` + caseColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', '', 0, 0)`)
	qCaseOne    = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case WHERE org = $1 AND id = $2`)
	qCaseAny    = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case WHERE id = $1`)
	qCasesOf    = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case WHERE org = $1 ORDER BY id DESC LIMIT 200`)
	qCasesBy    = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case WHERE org = $1 AND opened_by = $2 ORDER BY id DESC LIMIT 200`)
	qCasesOpen  = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case WHERE closed_at = 0 ORDER BY id LIMIT 1000`)
	qCasesLeft  = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case WHERE shredded_at = 0 AND (closed_at > 0 OR until_at < $1) ORDER BY id LIMIT 200`)
	qCasesKeyed = db.SQL(`SELECT id FROM recognition_case WHERE org = $1 AND shredded_at = 0`)
	qCasesMine  = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case WHERE opened_by = $1 ORDER BY id`)
	qCasesFor   = db.SQL(`SELECT ` + caseColumns + ` FROM recognition_case c WHERE closed_at = 0
		AND EXISTS (SELECT 1 FROM recognition_case_staff s WHERE s.org = c.org AND s.case_id = c.id AND s.person = $1) ORDER BY id DESC LIMIT 200`)
	qCaseTwice   = db.SQL(`SELECT id FROM recognition_case WHERE org = $1 AND scope = $2 AND target = $3 AND closed_at = 0`)
	qCloseCase   = db.SQL(`UPDATE recognition_case SET closed_at = $3, closed_by = $4, ended = $5 WHERE org = $1 AND id = $2 AND closed_at = 0`)
	qShredded    = db.SQL(`UPDATE recognition_case SET shredded_at = $3 WHERE org = $1 AND id = $2 AND closed_at > 0`)
	qNoted       = db.SQL(`UPDATE recognition_case SET noted = noted + $3 WHERE org = $1 AND id = $2 AND closed_at = 0`)
	qForgetLines = db.SQL(`DELETE FROM recognition_case_line WHERE org = $1 AND case_id = $2`)
	qDropStaff   = db.SQL(`DELETE FROM recognition_case_staff WHERE org = $1 AND case_id = $2`)
	qDropCase    = db.SQL(`DELETE FROM recognition_case WHERE org = $1 AND id = $2`)
	qForgetBy    = db.SQL(`UPDATE recognition_case SET opened_by = CASE WHEN opened_by = $1 THEN '' ELSE opened_by END,
		closed_by = CASE WHEN closed_by = $1 THEN '' ELSE closed_by END, target = CASE WHEN target = $1 THEN '' ELSE target END
		WHERE opened_by = $1 OR closed_by = $1 OR target = $1`)
	qForgetStaff = db.SQL(`DELETE FROM recognition_case_staff WHERE person = $1`)
	qForgetNamer = db.SQL(`UPDATE recognition_case_staff SET named_by = '' WHERE named_by = $1`)

	qCaseStaff = db.SQL(`SELECT case_id, person FROM recognition_case_staff WHERE org = $1 AND case_id BETWEEN $2 AND $3 ORDER BY named_at, person`)
	qNamedAt   = db.SQL(`SELECT named_at FROM recognition_case_staff WHERE person = $1 ORDER BY named_at`)
	qNameStaff = db.SQL(`INSERT INTO recognition_case_staff (org, case_id, person, named_by, named_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org, case_id, person) DO NOTHING`)
	qUnname = db.SQL(`DELETE FROM recognition_case_staff WHERE org = $1 AND case_id = $2 AND person = $3`)

	qLineAdd  = db.SQL(`INSERT INTO recognition_case_line (org, case_id, seq, at, note) VALUES ($1, $2, $3, $4, $5)`)
	qLines    = db.SQL(`SELECT seq, at, note FROM recognition_case_line WHERE org = $1 AND case_id = $2 ORDER BY seq LIMIT 5001`)
	qLastLine = db.SQL(`SELECT COALESCE(max(seq), 0) FROM recognition_case_line WHERE org = $1 AND case_id = $2`)
)

var supportEstates = []lapse.Estate{
	{Table: "recognition_case_line"}, {Table: "recognition_case_staff"}, {Table: "recognition_case"},
}

// supportLapses end what was noted even if no round ever ran, and closed cases a year later.
var supportLapses = lapse.Of(
	lapse.Line{
		Table: "recognition_case_line", Rule: ruleSupport, Key: []string{"org", "case_id", "seq"}, Org: "org",
		Since: "COALESCE((SELECT c.until_at FROM recognition_case c WHERE c.org = recognition_case_line.org AND c.id = recognition_case_line.case_id), 0)",
	},
	lapse.Line{
		Table: "recognition_case", Rule: "12m", Key: []string{"org", "id"}, Org: "org", Person: "opened_by", Since: "closed_at",
		With: []string{qDropStaff}, Takes: []string{"recognition_case_staff"},
	},
)

func scanCase(scan db.Scan) (c Case, err error) {
	var opened, until, closed, shredded int64
	err = scan(&c.Org, &c.ID, &c.Scope, &c.Target, &c.OpenedBy, &opened, &until, &closed, &c.ClosedBy, &c.Ended, &c.Noted, &shredded)
	c.OpenedAt, c.Until, c.ClosedAt, c.shredded = clock.FromMicros(opened), clock.FromMicros(until), clock.FromMicros(closed), clock.FromMicros(shredded)
	return c, err
}

func addCase(ctx context.Context, tx core.Tx, c *Case) error {
	_, err := tx.Exec(ctx, qCaseAdd, c.Org, c.ID, c.Scope, c.Target, c.OpenedBy, clock.Micros(c.OpenedAt), clock.Micros(c.Until))
	return err
}

func caseOf(ctx context.Context, tx core.Tx, org, id core.ID) (Case, error) {
	c, found, err := db.One(ctx, tx, qCaseOne, scanCase, org, id)
	if err == nil && !found {
		err = errNoCase
	}
	return c, err
}

func placeLine(org, id core.ID, seq int) string {
	return pack.Place("recognition_case_line.note", org, id, core.ID(strconv.Itoa(seq)))
}

// readStaff gives who is named for cases: one statement for each organization.
func readStaff(ctx context.Context, tx core.Tx, cases []Case) error {
	type span struct{ first, last core.ID }
	spans, place := map[core.ID]span{}, make(map[core.ID]int, len(cases))
	for i := range cases {
		c := &cases[i]
		s, known := spans[c.Org]
		if !known {
			s = span{c.ID, c.ID}
		}
		spans[c.Org], place[c.ID] = span{min(s.first, c.ID), max(s.last, c.ID)}, i
	}
	type named struct{ id, person core.ID }
	for org, s := range spans {
		all, err := db.All(ctx, tx, qCaseStaff, func(scan db.Scan) (n named, err error) { err = scan(&n.id, &n.person); return n, err }, org, s.first, s.last)
		if err != nil {
			return err
		}
		for _, n := range all {
			if i, asked := place[n.id]; asked {
				cases[i].Staff = append(cases[i].Staff, n.person)
			}
		}
	}
	return nil
}

func (m *Module) addLine(ctx context.Context, tx core.Tx, c *Case, seq int, l CaseLine) error {
	sealed, err := m.needs.Sealer.Seal(ctx, c.ID, placeLine(c.Org, c.ID, seq), []byte(l.Text))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qLineAdd, c.Org, c.ID, seq, clock.Micros(l.At), sealed)
	return err
}

type sealedLine struct {
	seq  int
	at   int64
	note []byte
}

func scanCaseLine(scan db.Scan) (l sealedLine, err error) {
	err = scan(&l.seq, &l.at, &l.note)
	return l, err
}

func (m *Module) linesOfCase(ctx context.Context, tx core.Tx, c *Case) ([]CaseLine, error) {
	rows, err := db.All(ctx, tx, qLines, scanCaseLine, c.Org, c.ID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	open, err := m.needs.Bulk.Opener(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	out := make([]CaseLine, len(rows))
	for i, r := range rows {
		plain, err := open(placeLine(c.Org, c.ID, r.seq), r.note)
		if err != nil {
			return nil, err
		}
		out[i] = CaseLine{At: clock.FromMicros(r.at), Text: string(plain)}
	}
	return out, nil
}
