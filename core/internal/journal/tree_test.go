package journal_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

// asking is a transaction that counts its queries.
type asking struct {
	core.Tx
	queries int
}

func (a *asking) Unwrap() core.Tx { return a.Tx }

func (a *asking) Query(ctx context.Context, text string, args ...any) (core.Rows, error) {
	a.queries++
	return a.Tx.Query(ctx, text, args...)
}

// pile makes n entries in one transaction and signs them.
func (h *house) pile(n int) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx core.Tx) error {
		for i := range n {
			at := h.clock.Now()
			e := core.Entry{ID: ids.At(at), At: at, Org: "org-a", Actor: person("ann"), Action: "x.y", Resource: core.ID(fmt.Sprint(i)), Subjects: []core.ID{"bob"}}
			if err := h.Record(h.t.Context(), tx, &e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.settle()
}

// BenchmarkCheckpoint measures what is done each second while the journal is busy, on a log of about a million entries: just after a tile
// of tiles was filled, and just before.
func BenchmarkCheckpoint(b *testing.B) {
	h := newHouse(b, dbtest.Open(b, dbtest.SQLite, schemas))
	h.clock.Advance(1)
	held := 0
	for _, size := range []int{15<<16 + 300, 16<<16 - 500} {
		for held < size {
			n := min(2000, size-held)
			h.pile(n)
			held += n
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				h.act(core.Entry{})
				b.StartTimer()
				h.settle()
			}
		})
	}
}

// TestTheRootOfManyTilesTakesFewStatements: the head is computed from the rows each second while the journal is busy.
func TestTheRootOfManyTilesTakesFewStatements(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.clock.Advance(1)
		h.pile(20*256 + 7)
		err := d.Read(t.Context(), func(tx core.Tx) error {
			size, root, err := journal.Stands(t.Context(), tx, "org-a")
			if err != nil {
				return err
			}
			a := &asking{Tx: tx}
			got, err := journal.RootAt(t.Context(), a, h.Module, 1, size)
			if err == nil && got != root {
				t.Error("the root of the rows is not that of the log")
			}
			if a.queries > 2 {
				t.Errorf("twenty tiles and the open one take %d queries, want one for each level", a.queries)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestATileChangedBetweenTwoCheckpointsIsSeenAtOnce: what was computed of the same tile before is no excuse.
func TestATileChangedBetweenTwoCheckpointsIsSeenAtOnce(t *testing.T) {
	for what, q := range map[string]string{"changed": qTamperTile, "gone": qTamperNoTile, "cut": qTamperCutTile} {
		t.Run(what, func(t *testing.T) {
			dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
				h := newHouse(t, d)
				h.clock.Advance(1)
				h.pile(3*256 + 7)
				h.act(core.Entry{})
				h.settle() // every tile was looked at twice
				exec(t, d, q)
				h.act(core.Entry{})
				err := h.Settle(t.Context())
				if err == nil {
					t.Error("the next checkpoint was signed")
				}
				// Where a tile is missing, entries that wait for their place do not even get one.
				if placed := what == "changed" || d.Engine() == db.SQLite; placed && (core.CodeOf(err) != "journal.behind" || h.Refusing() == nil) {
					t.Errorf("the next checkpoint: %v", err)
				}
				if err := h.Check(t.Context()); core.CodeOf(err) != "journal.behind" {
					t.Errorf("whether the node may serve: %v", err)
				}
			})
		})
	}
}

var (
	qTamperTile    = db.SQL(`UPDATE journal_tile SET hashes = (SELECT o.hashes FROM journal_tile o WHERE o.log = 1 AND o.level = 0 AND o.idx = 2) WHERE log = 1 AND level = 0 AND idx = 1`)
	qTamperNoTile  = db.SQL(`DELETE FROM journal_tile WHERE log = 1 AND level = 0 AND idx = 1`)
	qTamperCutTile = db.SQL(`UPDATE journal_tile SET hashes = SUBSTR(hashes, 1, 32 * 255) WHERE log = 1 AND level = 0 AND idx = 1`)
)
