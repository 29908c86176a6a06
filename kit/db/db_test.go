package db_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

//go:embed testdata/schema/*.sql
var testdata embed.FS

func schemas() []db.Schema {
	sub, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err)
	}
	return []db.Schema{{Module: "t", FS: sub}}
}

var (
	qPut   = db.SQL(`INSERT INTO t_row (id, n, note) VALUES ($1, $2, $3)`)
	qCount = db.SQL(`SELECT count(*) FROM t_row`)
	qSum   = db.SQL(`SELECT coalesce(sum(n), 0) FROM t_row`)
	qN     = db.SQL(`SELECT n FROM t_row WHERE id = $1`)
	qSetN  = db.SQL(`UPDATE t_row SET n = $2 WHERE id = $1`)
	qChild = db.SQL(`INSERT INTO t_child (id, row) VALUES ($1, $2)`)
)

func count(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	err := d.Read(t.Context(), func(tx core.Tx) (err error) {
		n, _, err = db.One(t.Context(), tx, qCount, db.Value[int64])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func put(ctx context.Context, d *db.DB, id string) error {
	return d.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qPut, id, 1, nil)
		return err
	})
}

func TestAWriteIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		boom := errors.New("boom")
		err := d.Write(ctx, func(tx core.Tx) error {
			if _, err := tx.Exec(ctx, qPut, "a", 1, "x"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || count(t, d) != 0 {
			t.Fatalf("want the function's own error and no row, got %v and %d rows", err, count(t, d))
		}
		if err := put(ctx, d, "a"); err != nil || count(t, d) != 1 {
			t.Fatalf("want one row, got %v and %d", err, count(t, d))
		}
	})
}

func TestAFailedStatementEndsTheTransactionEvenWhenSwallowed(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := put(ctx, d, "a"); err != nil {
			t.Fatal(err)
		}
		err := d.Write(ctx, func(tx core.Tx) error {
			if _, err := tx.Exec(ctx, qPut, "b", 1, nil); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, qPut, "a", 1, nil)
			if !db.Duplicate(err) {
				t.Errorf("a second row with the same key is not seen as a duplicate: %v", err)
			}
			return nil // swallowed
		})
		if !db.Duplicate(err) || count(t, d) != 1 {
			t.Fatalf("want a duplicate and one row, got %v and %d rows", err, count(t, d))
		}
		err = d.Write(ctx, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qChild, "c", "nowhere")
			return err
		})
		if !db.Dangling(err) {
			t.Fatalf("a foreign key to nothing was taken: %v", err)
		}
	})
}

func TestAReadCannotWrite(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		err := d.Read(t.Context(), func(tx core.Tx) error {
			_, err := tx.Exec(t.Context(), qPut, "a", 1, nil)
			return err
		})
		if err == nil || count(t, d) != 0 {
			t.Fatalf("a read transaction wrote: %v", err)
		}
	})
}

func TestAnUnregisteredStatementIsRefused(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		err := d.Write(t.Context(), func(tx core.Tx) error {
			_, err := tx.Exec(t.Context(), "DELETE FROM t_row WHERE id = '"+t.Name()+"'")
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "not registered") {
			t.Fatalf("text built at run time was executed: %v", err)
		}
	})
}

func TestTheNumberOfArgumentsMustMatch(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		for _, args := range [][]any{{"a", 1}, {"a", 1, nil, "too many"}} {
			err := d.Write(t.Context(), func(tx core.Tx) error {
				_, err := tx.Exec(t.Context(), qPut, args...)
				return err
			})
			if err == nil {
				t.Errorf("%d arguments for three placeholders were taken", len(args))
			}
		}
	})
}

func TestAPanicUndoesItsTransactionAndReachesItsCaller(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("the caller recovered %v", got)
				}
			}()
			d.Write(ctx, func(tx core.Tx) error {
				tx.Exec(ctx, qPut, "a", 1, nil)
				panic("boom")
			})
		}()
		done := make(chan struct{})
		go func() { // a test that ends inside a transaction
			defer close(done)
			d.Write(ctx, func(tx core.Tx) error {
				tx.Exec(ctx, qPut, "b", 1, nil)
				tx.Query(ctx, qCount) // left open
				runtime.Goexit()
				return nil
			})
		}()
		<-done
		if err := put(ctx, d, "c"); err != nil || count(t, d) != 1 {
			t.Fatalf("want one row after two that broke off, got %v and %d", err, count(t, d))
		}
	})
}

func TestNeighboursInAGroupDoNotSufferFromAFailure(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var wg sync.WaitGroup
		var kept atomic.Int64
		for i := range 64 {
			wg.Go(func() {
				err := d.Write(ctx, func(tx core.Tx) error {
					if _, err := tx.Exec(ctx, qPut, fmt.Sprint(i), 1, nil); err != nil {
						return err
					}
					if i%3 == 0 {
						return errors.New("no")
					}
					return nil
				})
				if err == nil {
					kept.Add(1)
				} else if i%3 != 0 {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if kept.Load() != 42 || count(t, d) != 42 {
			t.Fatalf("want 42 rows of 64, got %d acknowledged and %d rows", kept.Load(), count(t, d))
		}
	})
}

func TestACallerWhoLeavesHasDoneNothing(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx, leave := context.WithCancel(t.Context())
		err := d.Write(ctx, func(tx core.Tx) error {
			if _, err := tx.Exec(ctx, qPut, "a", 1, nil); err != nil {
				return err
			}
			leave()
			return nil
		})
		if !errors.Is(err, context.Canceled) || count(t, d) != 0 {
			t.Fatalf("got %v and %d rows", err, count(t, d))
		}
		// While another holds the writer (or the only connection), a caller whose time is out leaves the queue.
		inside, out := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			d.Write(t.Context(), func(tx core.Tx) error {
				_, _, err := db.One(t.Context(), tx, qCount, db.Value[int64])
				close(inside)
				<-out
				return err
			})
		})
		<-inside
		if d.Engine() == db.SQLite {
			short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer stop()
			if err := put(short, d, "b"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("want a deadline, got %v", err)
			}
		}
		close(out)
		wg.Wait()
		if n := count(t, d); n != 0 {
			t.Fatalf("%d rows of callers who had left", n)
		}
	})
}

// Two transactions that read and then write what the other read: one must see the other, whatever the engine.
func TestWritesAreSerializable(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := put(ctx, d, "counter"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					err := d.Write(ctx, func(tx core.Tx) error {
						n, _, err := db.One(ctx, tx, qN, db.Value[int64], "counter")
						if err != nil {
							return err
						}
						_, err = tx.Exec(ctx, qSetN, "counter", n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		// Write skew: at most one row may exist, each transaction looks before it puts.
		var skew sync.WaitGroup
		for i := range 8 {
			skew.Go(func() {
				d.Write(ctx, func(tx core.Tx) error {
					n, _, err := db.One(ctx, tx, qCount, db.Value[int64])
					if err != nil || n > 1 {
						return err
					}
					_, err = tx.Exec(ctx, qPut, fmt.Sprint(i), 0, nil)
					return err
				})
			})
		}
		skew.Wait()
		var sum int64
		d.Read(ctx, func(tx core.Tx) (err error) { sum, _, err = db.One(ctx, tx, qSum, db.Value[int64]); return })
		if sum != 81 || count(t, d) != 2 {
			t.Fatalf("want 81 increments and 2 rows, got %d and %d", sum, count(t, d))
		}
	})
}

func TestAReadSeesOneMoment(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := put(ctx, d, "a"); err != nil {
			t.Fatal(err)
		}
		other := d
		if d.Engine() == db.PostgreSQL { // the writer must not need this pool's only connection
			var err error
			if other, err = db.Open(ctx, db.Config{URL: dbtest.URL(d)}); err != nil {
				t.Fatal(err)
			}
			defer other.Close()
		}
		err := d.Read(ctx, func(tx core.Tx) error {
			before, _, err := db.One(ctx, tx, qCount, db.Value[int64])
			if err != nil {
				return err
			}
			if err := put(ctx, other, "b"); err != nil {
				return err
			}
			after, _, err := db.One(ctx, tx, qCount, db.Value[int64])
			if before != 1 || after != 1 {
				t.Errorf("saw %d then %d rows in one read", before, after)
			}
			return err
		})
		if err != nil || count(t, d) != 2 {
			t.Fatalf("%v, %d rows", err, count(t, d))
		}
	})
}

func TestDeferredItemsCommitWithTheirTransaction(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var groups atomic.Int64
		d.OnFlush(func(ctx context.Context, tx core.Tx, items []any) error {
			groups.Add(1)
			for _, i := range items {
				if i == "refuse" {
					return errors.New("refused by the hook")
				}
				if _, err := tx.Exec(ctx, qPut, "flush-"+i.(string), 1, nil); err != nil {
					return err
				}
			}
			return nil
		})
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				err := d.Write(ctx, func(tx core.Tx) error {
					db.Defer(tx, fmt.Sprint(i))
					if i == 7 {
						return errors.New("changed my mind")
					}
					_, err := tx.Exec(ctx, qPut, fmt.Sprint(i), 1, nil)
					return err
				})
				if err != nil && i != 7 {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d); n != 126 {
			t.Fatalf("want 63 rows and 63 of the hook, got %d", n)
		}
		if d.Engine() == db.SQLite && groups.Load() >= 63 {
			t.Errorf("64 writers at once made %d groups: no group commit", groups.Load())
		}
		err := d.Write(ctx, func(tx core.Tx) error {
			db.Defer(tx, "refuse")
			_, err := tx.Exec(ctx, qPut, "with-refused", 1, nil)
			return err
		})
		if err == nil || count(t, d) != 126 {
			t.Fatalf("the hook refused, yet: %v, %d rows", err, count(t, d))
		}
	})
}

func TestNoticesReachListenersAfterTheCommitOnly(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		heard := make(chan string, 10)
		defer d.Listen("topic", func(p string) { heard <- p })()
		d.Write(ctx, func(tx core.Tx) error { tx.Notify("topic", "never"); return errors.New("undone") })
		committed := false
		err := d.Write(ctx, func(tx core.Tx) error {
			tx.Notify("topic", "once")
			tx.OnCommit(func() { committed = true })
			return nil
		})
		if err != nil || !committed {
			t.Fatalf("%v, OnCommit ran: %v", err, committed)
		}
		select {
		case p := <-heard:
			if p != "once" {
				t.Fatalf("heard %q", p)
			}
		case <-time.After(2 * time.Second):
			t.Fatal("no notice within two seconds")
		}
		select {
		case p := <-heard:
			t.Fatalf("heard %q as well", p)
		case <-time.After(700 * time.Millisecond): // longer than the poll
		}
	})
}

func TestSixtyFourCallersOnAnyPool(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 5 {
					if err := put(ctx, d, string(ids.New())); err != nil {
						t.Error(err)
					}
					if err := d.Read(ctx, func(tx core.Tx) error {
						_, _, err := db.One(ctx, tx, qCount, db.Value[int64])
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := count(t, d); n != 320 {
			t.Fatalf("want 320 rows, got %d", n)
		}
	})
}

func TestATransactionInsideAnotherEndsInAnErrorNotADeadlock(t *testing.T) {
	for _, k := range dbtest.Kinds() {
		if k == dbtest.Postgres {
			continue // enough connections: legal there, and caught by the pool of one
		}
		t.Run(string(k), func(t *testing.T) {
			cfg := dbtest.Config(t, k, schemas())
			cfg.Wait = 100 * time.Millisecond
			d, err := db.Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.Migrate(t.Context(), schemas()...); err != nil {
				t.Fatal(err)
			}
			err = d.Write(t.Context(), func(tx core.Tx) error {
				if _, err := tx.Exec(t.Context(), qPut, "outer", 1, nil); err != nil {
					return err
				}
				return put(t.Context(), d, "inner")
			})
			if core.CodeOf(err) != "db.busy" {
				t.Fatalf("want db.busy, got %v", err)
			}
		})
	}
}
