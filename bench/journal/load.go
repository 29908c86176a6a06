package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// result is what a load did.
type result struct {
	how  string
	done int64
	took time.Duration
	p50  time.Duration
	p99  time.Duration
	cpu  time.Duration
}

func (r result) perSecond() float64 { return float64(r.done) / r.took.Seconds() }

func (r result) String() string {
	s := fmt.Sprintf("%8.0f/s  p50 %s p99 %s", r.perSecond(), r.p50.Round(10*time.Microsecond), r.p99.Round(10*time.Microsecond))
	if r.cpu > 0 {
		s += fmt.Sprintf("  %.1f µs CPU", float64(r.cpu.Nanoseconds())/1000/float64(r.done))
	}
	return s
}

// warmUp is how long clients act before they are measured: keys are unwrapped, statements prepared, files made.
const warmUp = time.Second

// warmed is load after a time that does not count, of either rival; before is how many acts were done in it.
func warmed(ctx context.Context, clients int, d time.Duration, act func(ctx context.Context, client int) error) (r result, before int64, err error) {
	first, err := load(ctx, clients, warmUp, act)
	if err != nil {
		return first, 0, err
	}
	used := cpu()
	r, err = load(ctx, clients, d, act)
	r.cpu = cpu() - used
	return r, first.done, err
}

// load lets clients repeat an act, one after the other's end, for some time. Every act counted was acknowledged durable.
func load(ctx context.Context, clients int, d time.Duration, act func(ctx context.Context, client int) error) (result, error) {
	var failed atomic.Pointer[error]
	times := make([][]time.Duration, clients)
	began := time.Now()
	end := began.Add(d)
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for {
				start := time.Now()
				if start.After(end) || ctx.Err() != nil {
					return
				}
				if err := act(ctx, c); err != nil {
					failed.Store(&err)
					return
				}
				times[c] = append(times[c], time.Since(start))
			}
		})
	}
	all.Wait()
	r := result{took: time.Since(began)}
	if err := failed.Load(); err != nil {
		return r, *err
	}
	var every []time.Duration
	for _, t := range times {
		every = append(every, t...)
	}
	slices.Sort(every)
	r.done = int64(len(every))
	if r.done > 0 {
		r.p50, r.p99 = every[len(every)/2], every[len(every)*99/100]
	}
	return r, ctx.Err()
}
