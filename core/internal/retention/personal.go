package retention

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/probe"
)

// ExportPerson gives what the archive keeps of a person, and the notice of the end of their account. A hold is not theirs to
// know: it may serve a claim against them.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	mark, err := m.mark(ctx, person)
	if err != nil {
		return err
	}
	list, err := db.All(ctx, tx, qFindWho, scanKept, mark)
	if err == nil {
		err = m.unpack(ctx, list)
	}
	if err != nil {
		return fmt.Errorf("retention: export: %w", err)
	}
	for _, k := range list {
		err := emit(core.Record{Table: "retention_archive", Values: map[string]any{
			"org": string(k.Org), "id": string(k.ID), "name": k.Table, "rule": k.Rule, "began_at": day(k.Began), "moved_at": day(k.Moved), "until_at": day(k.Until), "sealed": k.Values,
		}})
		if err != nil {
			return err
		}
	}
	runs, err := db.All(ctx, tx, qAskedBy, scanRun, person)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if err := emit(core.Record{Table: "retention_run", Values: map[string]any{"id": string(r.ID), "asked_by": string(person), "began_at": day(r.Began)}}); err != nil {
			return err
		}
	}
	told, err := db.All(ctx, tx, qNoticed, func(scan db.Scan) (r core.Record, err error) {
		var who, order core.ID
		var at, due int64
		err = scan(&who, &at, &due, &order)
		return core.Record{Table: "retention_notice", Values: map[string]any{"person": string(who), "told_at": day(clock.FromMicros(at)), "due_at": day(clock.FromMicros(due))}}, err
	}, person)
	if err != nil {
		return err
	}
	for _, r := range told {
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson forgets the notice and who tried a sweep. The archive stays until its term, holds until they are lifted.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	mark, err := m.mark(ctx, person)
	if err != nil {
		return nil, err
	}
	told, err := tx.Exec(ctx, qSpared, person)
	if err != nil {
		return nil, fmt.Errorf("retention: erase: %w", err)
	}
	if _, err := tx.Exec(ctx, qForgetBy, person); err != nil {
		return nil, fmt.Errorf("retention: erase: %w", err)
	}
	for _, org := range []core.ID{core.Canaries, core.Strangers} { // what a probe made goes with its canary
		if _, err := tx.Exec(ctx, qDropArc, org, mark); err != nil {
			return nil, fmt.Errorf("retention: erase: %w", err)
		}
	}
	n, _, err := db.One(ctx, tx, qOfWhom, db.Value[int64], mark)
	if err != nil {
		return nil, fmt.Errorf("retention: erase: %w", err)
	}
	holds, err := db.All(ctx, tx, qHoldsAbout, scanHold, person)
	if err != nil {
		return nil, fmt.Errorf("retention: erase: %w", err)
	}
	all := []core.Receipt{{Table: "retention_notice", Deleted: told}}
	if n > 0 {
		all = append(all, core.Receipt{Table: "retention_archive", Kept: n, Ground: core.LegalObligation, Why: probe.Text(tArchWhy), Rule: "archive"})
	}
	if len(holds) > 0 {
		all = append(all, core.Receipt{Table: "retention_hold", Kept: int64(len(holds)), Ground: core.LegalObligation, Why: probe.Text(tHeldWhy), Rule: "hold"})
	}
	return all, nil
}

// certificate writes what a run ended, with the proof of its entries.
func (m *Module) certificate(ctx context.Context, run Run, counts []Count) ([]byte, error) {
	type line struct {
		Org      core.ID `json:"organization"`
		Rule     string  `json:"rule"`
		Table    string  `json:"table"`
		Days     int64   `json:"days"`
		Deleted  int64   `json:"deleted"`
		Archived int64   `json:"archived"`
		Held     int64   `json:"held"`
		Entry    core.ID `json:"entry,omitempty"`
	}
	out := struct {
		Certificate string                     `json:"certificate"`
		Run         core.ID                    `json:"run"`
		Dry         bool                       `json:"dry_run"`
		Began       string                     `json:"began_at"`
		Ended       string                     `json:"ended_at,omitempty"`
		Lines       []line                     `json:"lines"`
		Proofs      map[string]json.RawMessage `json:"proofs,omitempty"`
	}{"rempart/retention/1", run.ID, run.Dry, clock.Stamp(run.Began), clock.Stamp(run.Ended), []line{}, map[string]json.RawMessage{}}
	entries := map[core.ID][]core.ID{}
	for _, c := range counts {
		out.Lines = append(out.Lines, line{c.Org, c.Rule, c.Table, c.Days, c.Deleted, c.Archived, c.Kept, c.Entry})
		if c.Entry != "" {
			entries[c.Org] = append(entries[c.Org], c.Entry)
		}
	}
	for org, list := range entries {
		proof, err := m.needs.Prove(ctx, org, list...)
		if err != nil {
			return nil, err
		}
		out.Proofs[string(org)] = proof
	}
	return json.MarshalIndent(out, "", "  ")
}
