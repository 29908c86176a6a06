package boot

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// exports is how many exports are measured in one round, exportRounds how many rounds there are, of which the median counts.
const exports, exportRounds = 20, 7

// BenchmarkExports measures one full export of a person over HTTP in what it takes: time, CPU, allocations. "each" exports people who
// have done little, one after the other; "same" one person again and again, whose export holds the entries of the former ones, some
// two hundred.
func BenchmarkExports(b *testing.B) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		for name, who := range map[string][]string{"each": append(clients("a."), clients("b.")...), "same": {"a.auditor"}} {
			b.Run(string(kind)+"/"+name, func(b *testing.B) {
				url := ""
				if kind != dbtest.SQLite {
					url = dbtest.Config(b, kind, nil).URL
				}
				w := newTown(b, url)
				for range b.N {
					w.measureExports(b, who)
				}
			})
		}
	}
}

func clients(org string) (names []string) {
	for _, role := range clientRoles {
		names = append(names, org+role)
	}
	return names
}

func (w *town) measureExports(b *testing.B, who []string) {
	ctx, stop := context.WithCancel(core.WithActor(b.Context(), core.System("bench")))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	c := w.client(b)
	var times, cpus []time.Duration
	var allocs, size []uint64
	var before, after runtime.MemStats
	for round := range exportRounds + 5 {
		runtime.ReadMemStats(&before)
		spent, began := cpu(b), time.Now()
		for i := range exports {
			c.do(who[i%len(who)], http.MethodGet, "/me/data", nil, nil)
		}
		took, used := time.Since(began), cpu(b)-spent
		runtime.ReadMemStats(&after)
		if round >= 5 { // those before warm up
			times, cpus = append(times, took), append(cpus, used)
			allocs, size = append(allocs, after.Mallocs-before.Mallocs), append(size, after.TotalAlloc-before.TotalAlloc)
		}
	}
	b.ReportMetric(exports/median(times).Seconds(), "exports/s")
	b.ReportMetric(float64(median(cpus).Microseconds())/exports, "cpu-µs/export")
	b.ReportMetric(float64(median(allocs))/exports, "allocs/export")
	b.ReportMetric(float64(median(size))/exports/1024, "KiB/export")
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

func median[T uint64 | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
