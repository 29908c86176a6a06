package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

var qProven = db.SQL(`SELECT ` + readColumns + ` FROM journal_entry WHERE log = $1 AND at >= $2 AND at <= $3 AND id = $4`)

// Sign signs a text of another room with the journal's key (Ed25519). The text begins with a form of its own, so that it
// can never be read as a checkpoint.
func (m *Module) Sign(text []byte) ([]byte, error) { return m.sign(text) }

// Size is the number of entries that a log holds, those that wait for their place apart.
func (m *Module) Size(ctx context.Context, tx core.Tx, org core.ID) (uint64, error) {
	l, _, err := findLog(ctx, tx, org)
	return l.front.Size, err
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
		tree := newNodes(l.log, l.front.Size)
		for _, id := range entries {
			line, err := m.proveOne(ctx, tx, &l, tree, id)
			if err != nil {
				return err
			}
			if line != nil {
				lines = append(lines, line)
			}
		}
		head := verify.Checkpoint{Origin: m.Key().Origin(string(org)), Size: l.front.Size, Root: l.front.Root()}
		text, err := m.signed(head)
		checkpoint = string(text)
		return err
	})
	return checkpoint, lines, err
}

func (m *Module) proveOne(ctx context.Context, tx core.Tx, l *logState, tree *nodes, id core.ID) (*verify.EntryLine, error) {
	made, ok := ids.Time(id)
	if !ok {
		return nil, nil
	}
	// An entry is named just before or when it is written.
	from, to := made.Add(-time.Minute).UnixMicro(), made.Add(10*time.Minute).UnixMicro()
	r, found, err := db.One(ctx, tx, qProven, scanRow, l.log, from, to, id)
	if err != nil || !found {
		return nil, err
	}
	proof, err := tree.inclusion(ctx, tx, r.Seq)
	if err != nil {
		return nil, err
	}
	r.Log = string(l.org)
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
