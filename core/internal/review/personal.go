package review

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var (
	qExportRequests = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE person = $1 ORDER BY id`)
	qExportLines    = db.SQL(`SELECT ` + lineColumns + ` FROM review_line WHERE person = $1 ORDER BY id`)
	qExportFlags    = db.SQL(`SELECT ` + flagColumns + ` FROM review_sharing WHERE person = $1 ORDER BY id`)

	qBlankRequests = db.SQL(`UPDATE review_request SET reason = '', word = '', state = CASE WHEN state IN ('asked', 'confirm') THEN 'withdrawn' ELSE state END WHERE person = $1`)
	qBlankLines    = db.SQL(`UPDATE review_line SET reason = '', word = '' WHERE person = $1`)
	// Of a canary nothing stays: its organizations are nobody's.
	qCanaryRequests  = db.SQL(`DELETE FROM review_request WHERE person = $1 AND org IN ('canary', 'canary-beside')`)
	qCanaryLines     = db.SQL(`DELETE FROM review_line WHERE person = $1 AND org IN ('canary', 'canary-beside')`)
	qCanaryCampaigns = db.SQL(`DELETE FROM review_campaign WHERE person = $1 AND org IN ('canary', 'canary-beside')`)

	qAnyOverlap   = db.SQL(`SELECT 1 FROM review_overlap WHERE person = $1 LIMIT 1`)
	qDropOverlaps = db.SQL(`DELETE FROM review_overlap WHERE person = $1`)
	qDropFlags    = db.SQL(`DELETE FROM review_sharing WHERE person = $1`)
)

// ExportPerson gives what a person asked for, what was reviewed of them, and when their account was used at two places.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	requests, err := m.keptRequests(ctx, tx, qExportRequests, person)
	if err != nil {
		return err
	}
	for _, r := range requests {
		err := emit(core.Record{Table: "review_request", Values: map[string]any{
			"org": r.Org, "role": r.Role, "service": r.Service, "object": r.Object, "reason": r.Reason, "state": r.State,
			"until_at": r.Until, "asked_at": r.AskedAt, "judged_at": r.JudgedAt, "word": r.Word,
		}})
		if err != nil {
			return err
		}
	}
	lines, err := m.keptLines(ctx, tx, qExportLines, person)
	if err != nil {
		return err
	}
	for _, l := range lines {
		err := emit(core.Record{Table: "review_line", Values: map[string]any{
			"org": l.Org, "campaign": l.Campaign, "role": l.Role, "service": l.Service, "object": l.Object, "reason": l.Reason,
			"from_at": l.From, "until_at": l.Until, "answer": l.Answer, "word": l.Word, "answered_at": l.AnsweredAt,
		}})
		if err != nil {
			return err
		}
	}
	return m.exportSharing(ctx, tx, person, emit)
}

func (m *Module) exportSharing(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	var overlaps []Overlap
	_, some, err := db.One(ctx, tx, qAnyOverlap, db.Value[int], person)
	if some {
		overlaps, err = m.overlaps(ctx, tx, person, m.now().Add(-2*markLife))
	}
	if err != nil {
		return err
	}
	for _, o := range overlaps {
		err := emit(core.Record{Table: "review_overlap", Values: map[string]any{
			"at": o.At, "kind": o.Kind, "far": o.Far, "networks": []string{o.Pair.NetworkA, o.Pair.NetworkB}, "devices": []string{o.Pair.DeviceA, o.Pair.DeviceB},
		}})
		if err != nil {
			return err
		}
	}
	flags, err := m.keptFlags(ctx, tx, qExportFlags, person)
	if err != nil {
		return err
	}
	for _, f := range flags {
		err := emit(core.Record{Table: "review_sharing", Values: map[string]any{
			"state": f.State, "score": f.Score, "seen": f.Seen, "first_at": f.First, "last_at": f.Last, "word": f.Word,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

var whyKept = core.Text{FR: "Qui a demandé quoi et ce qui a été revu reste, par un identifiant seul : l'organisation doit pouvoir prouver ses contrôles (article 32).", EN: "Who asked for what and what was reviewed stays, by an id alone: the organization must be able to prove its controls (article 32)."}

// ErasePerson forgets words and marks. Who asked for what and what was reviewed stays as pseudonymous ids: the
// organization must be able to prove that it looked (article 32 GDPR).
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	for _, q := range []string{qCanaryRequests, qCanaryLines, qCanaryCampaigns} {
		if _, err := tx.Exec(ctx, q, person); err != nil {
			return nil, err
		}
	}
	receipts := []core.Receipt{
		{Table: "review_request", Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
		{Table: "review_line", Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
		{Table: "review_overlap"},
		{Table: "review_sharing"},
	}
	for i, q := range []string{qBlankRequests, qBlankLines, qDropOverlaps, qDropFlags} {
		n, err := tx.Exec(ctx, q, person)
		if err != nil {
			return nil, err
		}
		if receipts[i].Deleted = n; receipts[i].Ground != "" {
			receipts[i].Kept, receipts[i].Deleted = n, 0
		}
	}
	return receipts, nil
}
