package main

import (
	"context"
	"fmt"
	"time"
)

// What ten times as many cards may cost: of the median time, and of the collector's pauses while lookups are answered.
const (
	mostGrowth = 2.0
	mostPause  = 20 * time.Millisecond
)

// tenfold compares lookups among the cards with lookups among ten times as many, on each engine.
func tenfold(ctx context.Context, s settings) (missed int, err error) {
	for _, engine := range s.engines {
		n, err := tenfoldOn(ctx, s, engine)
		if err != nil {
			return missed, fmt.Errorf("%s: %w", engine, err)
		}
		missed += n
	}
	return missed, nil
}

// tenfoldOn has both houses up, so that what else the machine does weighs on both, and asks them in turns.
func tenfoldOn(ctx context.Context, s settings, engine string) (missed int, err error) {
	sizes := [2]settings{s, s}
	sizes[1].cards *= 10
	var houses [2]*rival
	end := func() {
		for _, r := range houses {
			if r != nil {
				r.end()
			}
		}
	}
	defer end()
	for i := range houses {
		if houses[i], err = startHouse(ctx, sizes[i], engine); err != nil {
			return 0, err
		}
		houses[i].name = fmt.Sprintf("%s, %d cards", engine, sizes[i].cards)
	}
	for round := range s.rounds {
		for k := range houses {
			i := (round + k) % len(houses) // neither is always the first
			if err := turn(ctx, sizes[i], houses[i], round); err != nil {
				return 0, err
			}
		}
	}
	end() // each tells of its pauses as it ends
	few, many := houses[0], houses[1]
	fmt.Printf("\n%s, median of %d turns at load %s\n", engine, s.rounds, load1())
	for _, r := range houses {
		fmt.Printf("  %-24s p50 %7.0f µs   %7.0f/s at %d   %6.0f µs CPU of the server per lookup\n",
			r.name, median(r.one, p50), median(r.many, perSecond), connections, median(r.many, perLookup))
	}
	missed = atMost(engine+": p50 among ten times as many over p50", median(many.one, p50)/median(few.one, p50), mostGrowth)
	for _, r := range houses {
		if r.longest() < 0 {
			return missed, fmt.Errorf("%s: the server ended without a word of its pauses", r.name)
		}
		missed += atMost(r.name+": longest pause of the collector, in ms", r.longest().Seconds()*1000, mostPause.Seconds()*1000)
	}
	return missed, nil
}
