package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

// Sign signs a text of another room with the journal's key (Ed25519). The text begins with a form of its own, so that it
// can never be read as a checkpoint.
func (m *Module) Sign(text []byte) ([]byte, error) { return m.sign(text) }

// Size is the number of entries that a log holds, those that wait for their place apart.
func (m *Module) Size(ctx context.Context, tx core.Tx, org core.ID) (uint64, error) {
	l, _, err := findLog(ctx, tx, org)
	return l.size, err
}

// Prove gives entries of a log with their proofs to its head, signed now; the content of those that concern nobody is
// shown in clear with its salt. Entries that wait for their place, or were pruned, are left out; a log without any entry
// has no checkpoint. For rooms that keep evidence.
func (m *Module) Prove(ctx context.Context, org core.ID, entries ...core.ID) (checkpoint string, lines []*verify.EntryLine, err error) {
	err = m.db.Read(ctx, func(tx core.Tx) error {
		checkpoint, lines = "", nil
		l, found, err := findLog(ctx, tx, org)
		if err != nil {
			return err
		}
		if !found {
			return nil
		}
		tree := m.tree(l.log, l.size)
		for _, id := range entries {
			line, err := m.proveOne(ctx, tx, &l, tree, id)
			if err != nil {
				return err
			}
			if line != nil {
				lines = append(lines, line)
			}
		}
		head := verify.Checkpoint{Origin: m.Key().Origin(string(org)), Size: l.size, Root: l.root}
		text, err := m.signed(head)
		checkpoint = string(text)
		return err
	})
	return checkpoint, lines, err
}

func (m *Module) proveOne(ctx context.Context, tx core.Tx, l *logState, tree *nodes, id core.ID) (*verify.EntryLine, error) {
	r, err := m.named(ctx, tx, l, id)
	if err != nil || r == nil {
		return nil, err
	}
	proof, err := tree.inclusion(ctx, tx, r.Seq)
	if err != nil {
		return nil, err
	}
	line := verify.NewEntryLine(&r.Entry, proof)
	for i, p := range r.Parts {
		if len(r.Subjects) > 0 || p.Owner != verify.OfLog || p.Kind != verify.Content || p.Dropped {
			continue
		}
		salted, err := m.sealer.Open(ctx, l.org, where(p.Kind, r.ID), p.Sealed)
		if err != nil || len(salted) < verify.SaltSize {
			return nil, fmt.Errorf("journal: entry %d does not open: %w", r.Seq, err)
		}
		line.Reveal(i, salted[:verify.SaltSize], salted[verify.SaltSize:])
	}
	return line, nil
}

// named finds an entry by its id, nil when the log does not hold it. An entry is named just before or when it is written; but ids
// of a process only grow: after its clock was set back they name moments to come until it has caught up, so that what is not
// found near the moment of its id is looked for before it.
func (m *Module) named(ctx context.Context, tx core.Tx, l *logState, id core.ID) (*Row, error) {
	made, ok := ids.Time(id)
	if !ok {
		return nil, nil
	}
	for _, from := range []time.Time{made.Add(-time.Minute), {}} {
		f := Filter{From: from, To: made.Add(10 * time.Minute), id: string(id)}
		for mark := newestMark; mark != (Mark{}); {
			p, err := m.page(ctx, tx, l, f, mark, 1)
			if err != nil {
				return nil, err
			}
			if len(p.Rows) > 0 {
				return p.Rows[0], nil
			}
			mark = p.Next
		}
	}
	return nil, nil
}
