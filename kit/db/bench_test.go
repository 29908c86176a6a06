package db_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

// processor is the time that this process has used of all processors.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Durable writes per second: go test -run '^$' -bench Write ./kit/db (set TMPDIR to the disk that counts).
func BenchmarkWrite(b *testing.B) {
	for _, k := range []dbtest.Kind{dbtest.SQLite, dbtest.Postgres} {
		for _, clients := range []int{1, 64, 1024} {
			b.Run(fmt.Sprintf("%s/%d", k, clients), func(b *testing.B) {
				d := benched(b, k)
				atOnce(b, clients, func() error {
					return d.Write(b.Context(), func(tx core.Tx) error {
						_, err := tx.Exec(b.Context(), qPut, ids.New(), 1, nil)
						return err
					})
				})
			})
		}
	}
}

var qPutBody = db.SQL(`INSERT INTO t_row (id, n, body) VALUES ($1, $2, $3)`)

// Deferred items per second, of the size of a journal's entry and in rows of as many: what the writer alone carries, with nothing sealed,
// hashed or decided (SQLite).
func BenchmarkDeferred(b *testing.B) {
	const size, row = 600, 64
	for _, clients := range []int{1, 64, 1024} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			d := benched(b, dbtest.SQLite)
			body := make([]byte, size*row)
			d.OnFlush(func(ctx context.Context, tx core.Tx, items []any) error {
				for left := len(items); left > 0; left -= row {
					if _, err := tx.Exec(ctx, qPutBody, ids.New(), 1, body[:size*min(left, row)]); err != nil {
						return err
					}
				}
				return nil
			})
			atOnce(b, clients, func() error {
				return d.Write(b.Context(), func(tx core.Tx) error { db.Defer(tx, b); return nil })
			})
		})
	}
}

func benched(b *testing.B, k dbtest.Kind) *db.DB {
	cfg := dbtest.Config(b, k, schemas())
	if k == dbtest.SQLite {
		cfg.URL = filepath.Join(b.TempDir(), "bench.db")
	}
	d, err := db.Open(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(b.Context(), schemas()...); err != nil {
		b.Fatal(err)
	}
	return d
}

// atOnce has clients write b.N times together.
func atOnce(b *testing.B, clients int, write func() error) {
	todo := make(chan struct{}, b.N)
	for range b.N {
		todo <- struct{}{}
	}
	close(todo)
	b.ResetTimer()
	start, used := time.Now(), processor()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	for range clients {
		wg.Go(func() {
			var mine []time.Duration
			defer func() { mu.Lock(); took = append(took, mine...); mu.Unlock() }()
			for range todo {
				asked := time.Now()
				if err := write(); err != nil {
					b.Error(err)
				}
				mine = append(mine, time.Since(asked))
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "writes/s")
	b.ReportMetric(float64((processor()-used).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
