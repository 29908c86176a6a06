package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// result is what a load did.
type result struct {
	done     int64
	took     time.Duration
	p50, p99 time.Duration
	cpu      time.Duration // of the server's process
}

func (r result) String() string {
	return fmt.Sprintf("%8.0f/s  p50 %s p99 %s  %.0f µs CPU", perSecond(r), r.p50.Round(time.Microsecond), r.p99.Round(time.Microsecond), perLookup(r))
}

// numberOf is the number of the nth contact: a mobile of France, spread over the ranges 061 and 062.
func numberOf(n int) string { return fmt.Sprintf("+336%08d", 10_000_000+(n*7919)%20_000_000) }

func nameOf(n int) (name, company string) {
	return fmt.Sprintf("Prénom%d Nom%d", n%5000, n), fmt.Sprintf("Société %d", n%20_000)
}

// load lets connections ask for random contacts, one after the other's answer, for some time. Every answer is checked.
func load(ctx context.Context, connections, cards, round int, d time.Duration, pid int, ask func(ctx context.Context, connection, number int) error) (result, error) {
	var failed atomic.Pointer[error]
	times := make([][]time.Duration, connections)
	// The first answers open connections and fill caches: they are no figure.
	for c := range connections {
		for i := range 20 {
			if err := ask(ctx, c, (i*31+c)%cards); err != nil {
				return result{}, err
			}
		}
	}
	before := cpuOf(pid)
	began := time.Now()
	end := began.Add(d)
	var all sync.WaitGroup
	for c := range connections {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(round), uint64(c)))
			for {
				start := time.Now()
				if start.After(end) || ctx.Err() != nil {
					return
				}
				if err := ask(ctx, c, random.IntN(cards)); err != nil {
					failed.Store(&err)
					return
				}
				times[c] = append(times[c], time.Since(start))
			}
		})
	}
	all.Wait()
	r := result{took: time.Since(began), cpu: cpuOf(pid) - before}
	if err := failed.Load(); err != nil {
		return r, *err
	}
	every := slices.Concat(times...)
	slices.Sort(every)
	if r.done = int64(len(every)); r.done > 0 {
		r.p50, r.p99 = every[len(every)/2], every[len(every)*99/100]
	}
	return r, ctx.Err()
}

// cpuOf is the time that a process and its children have used of all processors (proc(5), in hundredths of a second).
func cpuOf(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(after)
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}
