package recognition

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// sweepEach is how often a node looks for rows that nothing leads to, besides when it is told of a change.
const sweepEach = time.Minute

type shelfRow struct {
	org   core.ID
	shelf int64
	link  core.ID
}

// runShelves ends the rows of generations and links that are over, until ctx ends.
func (m *Module) runShelves(ctx context.Context) {
	woken := make(chan struct{}, 1)
	defer m.needs.Listen(topicCards, func(string) {
		select {
		case woken <- struct{}{}:
		default:
		}
	})()
	each := time.NewTicker(sweepEach)
	defer each.Stop()
	for {
		if err := m.sweep(ctx); err != nil && ctx.Err() == nil {
			m.needs.Log.WarnContext(ctx, "cards that are over were not ended", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-each.C:
		case <-woken:
		}
	}
}

// sweep ends every row that nothing leads to.
func (m *Module) sweep(ctx context.Context) error {
	var over []shelfRow
	var links []shelfRow
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		over, err = db.All(ctx, tx, qShelvesOver, func(scan db.Scan) (r shelfRow, err error) {
			err = scan(&r.org, &r.shelf, &r.link)
			return r, err
		}, clock.Micros(m.now().Add(-forgotten)))
		if err != nil {
			return err
		}
		links, err = db.All(ctx, tx, qRemoved, func(scan db.Scan) (r shelfRow, err error) {
			err = scan(&r.org, &r.link)
			return r, err
		})
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range over {
		if err := m.clearShelf(ctx, r.org, r.shelf); err != nil {
			return err
		}
	}
	all := m.forgetPreviews(ctx)
	for _, r := range links {
		all = errors.Join(all, m.finishLink(ctx, r.org, r.link))
	}
	return all
}

// clearShelves ends those of a link.
func (m *Module) clearShelves(ctx context.Context, org, link core.ID) error {
	var shelves []int64
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		shelves, err = db.All(ctx, tx, qShelvesOf, db.Value[int64], org, link)
		return err
	})
	for _, s := range shelves {
		if err == nil {
			err = m.clearShelf(ctx, org, s)
		}
	}
	return err
}

// clearedAtOnce is how many rows of a shelf go in one transaction: others wait for it some tens of milliseconds at most.
const clearedAtOnce = 5_000

// clearShelf ends the rows of one, some thousands at a time so that others are served meanwhile, then the shelf itself.
func (m *Module) clearShelf(ctx context.Context, org core.ID, shelf int64) error {
	for _, q := range [][3]string{{qNumbersPart, qNumbersGo, qNumbersRest}, {qCardsPart, qCardsGo, qCardsRest}} {
		for more := true; more; {
			err := m.needs.Gate.Keep(ctx, Tidy, func(tx core.Tx) error {
				var upTo []byte
				var err error
				if upTo, more, err = db.One(ctx, tx, q[0], db.Value[[]byte], org, shelf, clearedAtOnce-1); err != nil {
					return err
				}
				if more {
					_, err = tx.Exec(ctx, q[1], org, shelf, upTo)
				} else {
					_, err = tx.Exec(ctx, q[2], org, shelf)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return m.needs.Gate.Keep(ctx, Tidy, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qShelfDrop, org, shelf)
		return err
	})
}
