package boot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

var qRename = db.SQL(`UPDATE organization_organization SET name = $2 WHERE id = $1`)

// TestOneSearchForManyNamesTheRightOrder: orders at their check at the same time are served by one search, which finds what is left
// of one of them, says where, and certifies the others.
func TestOneSearchForManyNamesTheRightOrder(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			const n, left = 6, 3
			var w *town
			var orders []core.ID
			var mended atomic.Bool
			url := ""
			if kind != dbtest.SQLite {
				url = dbtest.Config(t, kind, nil).URL
			}
			w = newTownWith(t, Config{URL: url, reached: func(_ context.Context, order core.ID, moment string) {
				if moment == "before "+erasure.StepScrub && order == orders[left] && !mended.Load() {
					w.do("a value comes back", func(ctx context.Context, tx core.Tx) error {
						_, err := tx.Exec(ctx, qRename, w.b, fmt.Sprintf("the firm of victim-a-v%d@example.org and sons", left))
						return err
					})
				}
			}})
			var people []core.ID
			for i := range n {
				people = append(people, w.victim(fmt.Sprint("v", i)))
			}
			for _, one := range people {
				orders = append(orders, w.orders(one, "", erasure.ByRequest))
			}
			var all sync.WaitGroup
			for i, id := range orders {
				all.Go(func() {
					if err := w.erasure.Advance(w.system(), id); core.CodeOf(err) != map[bool]string{true: "erasure.left"}[i == left] {
						t.Errorf("order %d ends with %v", i, err)
					}
				})
			}
			all.Wait()
			for i, id := range orders {
				if i != left {
					w.gone(id, people[i])
					continue
				}
				s := w.erasureNow(id)
				places := s.Of(erasure.Left)
				if s.State != erasure.Running || s.Receipt != "" || !slices.ContainsFunc(places, func(l erasure.Line) bool { return l.Table == "organization_organization.name" }) {
					t.Errorf("of a value that came back the order is %s and says %+v", s.State, places)
				}
			}
			mended.Store(true)
			w.do("mend", func(ctx context.Context, tx core.Tx) error { _, err := tx.Exec(ctx, qRename, w.b, "Bravo"); return err })
			w.must("again", w.Sweep(t.Context(), "erasure.sweep"))
			w.gone(orders[left], people[left])
		})
	}
}
