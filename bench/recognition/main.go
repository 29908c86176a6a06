// Command recognition measures lookups of callers: a million cards, sealed, found over HTTPS with a token that is checked, decided
// and journaled each time, on SQLite and on PostgreSQL, beside slapd 2.5 with an indexed search of the same data over its own TLS, in
// turns in one run.
//
//	go run ./recognition [-cards 10000000] [-engines sqlite,postgres] [-rounds 3]
//	go run ./recognition -sync
//	go run ./recognition -tenfold [-cards 100000] [-engines sqlite]
//
// Each server is a process of its own, so that its CPU is known apart from that of whoever asks. The same client code asks both
// from 1 and from 16 connections. With -sync it compares a first synchronisation with ldapadd. With -tenfold it compares lookups among the
// cards with lookups among ten times as many, both houses up and asked in turns: the median time may double at most, and the collector may
// stop a server for 20 ms at most while it answers. It ends with 1 when a target is missed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type settings struct {
	dir     string
	cards   int
	rounds  int
	seconds time.Duration
	engines []string
	peer    bool
	profile string
	sync    bool
	tenfold bool
}

func main() {
	if own, err := part(os.Args[1:]); own {
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(2)
		}
		return
	}
	var s settings
	var engines string
	flag.StringVar(&s.dir, "dir", "", "folder to measure in (default: a new one under the working folder)")
	flag.IntVar(&s.cards, "cards", 1_000_000, "cards, one number each")
	flag.IntVar(&s.rounds, "rounds", 3, "turns; the median counts")
	flag.DurationVar(&s.seconds, "time", 3*time.Second, "time of each measurement")
	flag.StringVar(&engines, "engines", "sqlite,postgres", "databases")
	flag.BoolVar(&s.peer, "peer", true, "measure slapd too")
	flag.BoolVar(&s.sync, "sync", false, "measure a first synchronisation beside ldapadd, and nothing else")
	flag.BoolVar(&s.tenfold, "tenfold", false, "measure lookups among the cards and among ten times as many, and nothing else")
	flag.StringVar(&s.profile, "profile", "", "write CPU profiles of the server into this folder")
	flag.Parse()
	s.engines = strings.Split(engines, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	missed, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if missed > 0 {
		fmt.Printf("\n%d targets missed\n", missed)
		os.Exit(1)
	}
	fmt.Println("\nall targets met")
}

// part runs what is a process of its own: a server, or the agent of a synchronisation.
func part(args []string) (own bool, err error) {
	if len(args) == 0 {
		return false, nil
	}
	switch args[0] {
	case "floor":
		return true, serveFloor(args[1:])
	case "serve":
		return true, serve(args[1:])
	case "platform":
		return true, platform(args[1])
	case "agent":
		return true, bring(args[1])
	}
	return false, nil
}

// rival is one server under measurement.
type rival struct {
	name string
	ask  func(ctx context.Context, connections int) (func(ctx context.Context, connection, number int) error, func(), error)
	pid  int
	end  func()
	// longest gives for how long the collector stopped the server at most while it answered, once it has ended; below zero: it did not say.
	longest func() time.Duration
	// floor marks what is shown beside the comparison: a constant over HTTPS, slapd with a log of its searches.
	floor bool
	one   []result // of each round
	many  []result
}

const connections = 16

func run(ctx context.Context, s settings) (missed int, err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp(".", "bench-recognition-"); err != nil {
			return 0, err
		}
		defer func() { _ = os.RemoveAll(s.dir) }()
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return 0, err
	}
	if s.sync {
		return firstSync(ctx, s)
	}
	if s.tenfold {
		return tenfold(ctx, s)
	}
	var all []*rival
	defer func() {
		for _, r := range all {
			r.end()
		}
	}()
	if s.peer {
		r, err := startSlapd(ctx, s)
		if err != nil {
			return 0, err
		}
		all = append(all, r)
		if r, err = journaling(s); err != nil {
			return 0, err
		}
		r.floor = true
		all = append(all, r)
	}
	floor, err := startFloor(s)
	if err != nil {
		return 0, err
	}
	all = append(all, floor)
	for _, e := range s.engines {
		r, err := startHouse(ctx, s, e)
		if err != nil {
			return 0, err
		}
		all = append(all, r)
	}
	for round := range s.rounds {
		for _, r := range all {
			if err := turn(ctx, s, r, round); err != nil {
				return 0, fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	return table(s, all), nil
}

// turn is one measurement of each kind of one rival.
func turn(ctx context.Context, s settings, r *rival, round int) error {
	for _, n := range []int{1, connections} {
		act, done, err := r.ask(ctx, n)
		if err != nil {
			return err
		}
		got, err := load(ctx, n, s.cards, round, s.seconds, r.pid, act)
		done()
		if err != nil {
			return err
		}
		fmt.Printf("%-24s %2d connections  %s\n", r.name, n, got)
		if n == 1 {
			r.one = append(r.one, got)
		} else {
			r.many = append(r.many, got)
		}
	}
	return nil
}

func median(list []result, of func(result) float64) float64 {
	values := make([]float64, len(list))
	for i, r := range list {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func p50(r result) float64       { return float64(r.p50.Nanoseconds()) / 1000 }
func perSecond(r result) float64 { return float64(r.done) / r.took.Seconds() }
func perLookup(r result) float64 { return float64(r.cpu.Nanoseconds()) / 1000 / float64(r.done) }

// table prints what was found and counts the targets missed.
func table(s settings, all []*rival) (missed int) {
	fmt.Printf("\n%d cards, median of %d turns\n", s.cards, s.rounds)
	for _, r := range all {
		fmt.Printf("  %-24s p50 %7.0f µs   %7.0f/s at %d   %6.0f µs CPU of the server per lookup\n",
			r.name, median(r.one, p50), median(r.many, perSecond), connections, median(r.many, perLookup))
	}
	if !s.peer {
		return 0
	}
	peer := all[0]
	for _, r := range all[1:] {
		if r.floor {
			continue
		}
		missed += atMost(r.name+": p50 over slapd's", median(r.one, p50)/median(peer.one, p50), 0.25)
		missed += atLeast(r.name+": throughput at 16 over slapd's", median(r.many, perSecond)/median(peer.many, perSecond), 3)
		missed += atMost(r.name+": CPU per lookup over slapd's", median(r.many, perLookup)/median(peer.many, perLookup), 0.25)
		logs := all[1]
		fmt.Printf("  %-60s p50 %.2f, throughput %.2f, CPU %.2f\n", "beside slapd that logs its searches", median(r.one, p50)/median(logs.one, p50),
			median(r.many, perSecond)/median(logs.many, perSecond), median(r.many, perLookup)/median(logs.many, perLookup))
	}
	return missed
}

// atMost and atLeast print a figure beside its target, and count it when it is missed.
func atMost(what string, got, want float64) (missed int) {
	return target(what, got, "<=", want, got <= want)
}

func atLeast(what string, got, want float64) (missed int) {
	return target(what, got, ">=", want, got >= want)
}

func target(what string, got float64, sign string, want float64, met bool) (missed int) {
	mark := "✓"
	if !met {
		mark, missed = "✗", 1
	}
	fmt.Printf("%s %-60s %6.2f %s %.2f\n", mark, what, got, sign, want)
	return missed
}
