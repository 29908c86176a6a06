package journal

import (
	"context"
	"fmt"
	"io"

	"github.com/rempart/rempart/core"
)

// walked is how many entries one snapshot of a walk reads.
const walked = 1000

// Walk gives the entries that fit a filter without words, opened, newest first; between snapshots, so that fn may read on its own.
// It takes no decision: its caller has taken one, as the handling of an incident does. Entries that wait for their place are
// placed first.
func (m *Module) Walk(ctx context.Context, org core.ID, f Filter, fn func(*Row) error) error {
	if err := m.Settle(ctx); err != nil {
		return err
	}
	f.Words = ""
	for from := newestMark; from != (Mark{}); {
		var page Page
		err := m.db.Read(ctx, func(tx core.Tx) error {
			page = Page{}
			l, found, err := findLog(ctx, tx, org)
			if err != nil || !found {
				return err
			}
			if page, err = m.page(ctx, tx, &l, f, from, walked); err != nil {
				return err
			}
			return m.openAll(ctx, page.Rows)
		})
		if err != nil {
			return fmt.Errorf("journal: walk: %w", err)
		}
		for _, r := range page.Rows {
			if err := fn(r); err != nil {
				return err
			}
		}
		from = page.Next
	}
	return nil
}

// Extract writes the entries that fit a filter with their proofs, as an export does (verify.File). It takes no decision: its
// caller has taken one.
func (m *Module) Extract(ctx context.Context, org core.ID, f Filter, w io.Writer) error {
	if err := m.Settle(ctx); err != nil {
		return err
	}
	f.Words = ""
	return m.export(ctx, org, f, JSONL, w)
}
