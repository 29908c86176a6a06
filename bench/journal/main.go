// Command journal measures the journal: durable entries per second at 1, 64 and 1,024 clients through the gate, on
// SQLite, beside the POSIX driver of Tessera 1.0.4 (the better of its default batching and of 1,024 entries or 5 ms) in
// the same run; then the time to verify a million entries, and a page of the explorer over them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type settings struct {
	dir     string
	seconds time.Duration
	entries int
	peer    bool
	profile string
	clients int
}

func main() {
	var s settings
	flag.StringVar(&s.dir, "dir", "", "folder to measure in, on the disk that matters (default: a new one under the working folder)")
	flag.DurationVar(&s.seconds, "time", 4*time.Second, "time of each measurement")
	flag.IntVar(&s.entries, "entries", 1_000_000, "entries to verify")
	flag.BoolVar(&s.peer, "peer", true, "measure Tessera too")
	flag.IntVar(&s.clients, "clients", 0, "measure only this many clients: 1, 64 or 1024")
	flag.StringVar(&s.profile, "profile", "", "write a CPU profile of Rempart's loads to this file")
	flag.Parse()
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

// target is one line of the table.
type target struct {
	what string
	got  string
	want string
	ok   bool
}

func run(ctx context.Context, s settings) (missed int, err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp(".", "bench-journal-"); err != nil {
			return 0, err
		}
		defer func() { _ = os.RemoveAll(s.dir) }()
	}
	var lines []target
	ratios := map[int]float64{1: 40, 64: 10, 1024: 3}
	for _, clients := range []int{1, 64, 1024} {
		if s.clients != 0 && clients != s.clients {
			continue
		}
		ours, err := rempart(ctx, s, clients)
		if err != nil {
			return 0, err
		}
		lines = append(lines, target{fmt.Sprintf("entries per second, %d clients", clients), ours.String(), "", true})
		if clients == 64 {
			lines = append(lines, target{"99th percentile, 64 clients", ours.p99.String(), "<= 10ms", ours.p99 <= 10*time.Millisecond})
		}
		if !s.peer {
			continue
		}
		theirs, err := tesseraBest(ctx, s, clients)
		if err != nil {
			return 0, err
		}
		ratio := ours.perSecond() / theirs.perSecond()
		lines = append(lines,
			target{"  Tessera 1.0.4 POSIX, " + theirs.how, theirs.String(), "", true},
			target{"  ratio", fmt.Sprintf("%.1fx", ratio), fmt.Sprintf(">= %.0fx", ratios[clients]), ratio >= ratios[clients]})
	}
	big, err := million(ctx, s)
	if err != nil {
		return 0, err
	}
	lines = append(lines, big...)
	for _, l := range lines {
		mark := " "
		switch {
		case l.want != "" && l.ok:
			mark = "✓"
		case l.want != "":
			mark = "✗"
			missed++
		}
		fmt.Printf("%s %-44s %-34s %s\n", mark, l.what, l.got, l.want)
	}
	return missed, nil
}
