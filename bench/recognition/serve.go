package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/plug"
)

// served is a house with its doors kept, so that it can be filled as an agent would.
type served struct {
	house *boot.House
	doors service.Doors
	cards *recognition.Module
	org   core.ID
	link  core.ID
}

// serve is the server's process: it fills a house, says that it is ready and serves until its input ends.
func serve(args []string) error {
	dir, url, cert, key := args[0], args[1], args[2], args[3]
	n, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s := &served{}
	kind := service.Kind{Name: plug.Kind.Name, Schema: plug.Kind.Schema, New: func(d service.Doors) (service.Service, error) {
		made, err := plug.Kind.New(d)
		if m, ok := made.Module.(*recognition.Module); ok {
			s.doors, s.cards = d, m
		}
		return made, err
	}}
	s.house, err = boot.New(ctx, boot.Config{
		Data: dir, URL: url, Origin: "https://localhost", Services: []service.Kind{kind}, Rate: 1_000_000, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.house.Close() }()
	err = s.house.CreateAdmin(ctx, boot.Founder{Organization: "Bench", Email: "admin@bench.example", GivenName: "A", FamilyName: "B", Language: "en", Password: "cobalt-harbour-29-lantern"})
	if err != nil {
		return err
	}
	stage, closeStage, err := s.house.OpenStage(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = closeStage(context.WithoutCancel(ctx)) }()
	who, err := stage.Canary(ctx, "admin")
	if err != nil {
		return err
	}
	s.org = who.Org
	as := core.WithActor(ctx, core.Actor{Kind: core.HumanActor, ID: who.Person, Account: who.Account, AAL: 2, AuthenticatedAt: time.Now()})
	_, token, err := s.doors.Tokens.Grant(as, service.Granted{
		Org: s.org, Name: "bench", Responsible: who.Person, Role: recognition.RoleAgent, Scopes: []core.Permission{"card.find"}, Until: time.Now().Add(24 * time.Hour),
	})
	if err != nil {
		return err
	}
	if err := s.fill(core.WithActor(ctx, core.System("bench")), n); err != nil {
		return err
	}
	working := make(chan struct{})
	go func() { defer close(working); _ = s.house.Run(ctx) }()
	defer func() { stop(); <-working }()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.house.Handler(), ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}}
	go func() { _ = server.ServeTLS(l, "", "") }()
	defer server.Close()
	if err := s.load(core.WithActor(ctx, core.System("bench"))); err != nil {
		return err
	}
	if len(args) > 5 && args[5] != "" {
		f, err := os.Create(filepath.Join(args[5], "recognition-"+filepath.Base(dir)+".pprof"))
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	text, err := json.Marshal(ready{Address: l.Addr().String(), Org: string(s.org), Token: token})
	if err != nil {
		return err
	}
	runtime.GC()
	before := stops()
	fmt.Println(saysReady + string(text))
	tenfold := len(args) > 6 && args[6] == "true"
	if tenfold {
		go collectOften(ctx)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	tellPauses(before)
	if tenfold { // their end is not what is measured
		return nil
	}
	return s.remove(core.WithActor(context.WithoutCancel(ctx), core.System("bench")))
}

// remove ends the link with all its cards, and tells when nobody found them any more and when their rows were gone.
func (s *served) remove(ctx context.Context) error {
	began, unseen := time.Now(), make(chan time.Duration, 1)
	go func() {
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if a, err := s.cards.Lookup(ctx, s.org, numberOf(1)); err == nil && len(a.Matches) == 0 {
				break
			}
		}
		unseen <- time.Since(began)
	}()
	if err := s.cards.RemoveLink(ctx, s.org, s.link); err != nil {
		return err
	}
	fmt.Printf("removed: found no more after %s, the last row gone after %s\n", (<-unseen).Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	return nil
}

// load asks until the index is in memory: that takes some seconds once, after the cards have stood still for ten.
func (s *served) load(ctx context.Context) error {
	began := time.Now()
	for !s.cards.Loaded(s.org) {
		if time.Since(began) > 10*time.Minute {
			return errors.New("the index was never loaded")
		}
		if _, err := s.cards.Lookup(ctx, s.org, numberOf(1)); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("index in memory %s after the first lookup, ten of them waited on purpose\n", time.Since(began).Round(time.Millisecond))
	return nil
}

// fill brings the contacts as a first synchronization does.
func (s *served) fill(ctx context.Context, n int) error {
	link, err := s.cards.MakeLink(ctx, s.org, recognition.LinkDraft{Name: "Bench", Kind: "csv"})
	if err != nil {
		return err
	}
	write := s.doors.Reader.(interface {
		Write(context.Context, func(core.Tx) error) error
	}).Write
	s.link = link
	var shelf int64
	if err := write(ctx, func(tx core.Tx) (err error) { shelf, err = s.cards.OpenShelf(ctx, tx, s.org, link); return err }); err != nil {
		return err
	}
	sealing, err := s.cards.Sealing(ctx, s.org, link)
	if err != nil {
		return err
	}
	began, sealed := time.Now(), time.Duration(0)
	const chunk = 5_000
	rows := make([]recognition.Stored, 0, chunk)
	for at := 0; at < n; at += chunk {
		start := time.Now()
		rows = rows[:0]
		for i := at; i < min(n, at+chunk); i++ {
			var key recognition.Key
			binary.BigEndian.PutUint64(key[:], uint64(i)) // an agent sends its rows by their key
			name, company := nameOf(i)
			row, err := sealing.Store(key, recognition.Mark{1}, recognition.Card{Name: name, Company: company, Numbers: []string{numberOf(i)}, Shown: map[string]string{"Ville": "Lyon"}})
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		sealed += time.Since(start)
		if err := write(ctx, func(tx core.Tx) error { return s.cards.Put(ctx, tx, s.org, link, shelf, rows) }); err != nil {
			return err
		}
	}
	put := time.Since(began)
	if err := s.cards.IndexShelf(ctx, s.org, link, shelf); err != nil {
		return err
	}
	if err := write(ctx, func(tx core.Tx) error { return s.cards.SwitchShelf(ctx, tx, s.org, link, shelf) }); err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Printf("%d cards: sealed in %s, put in %s, found after %s: %.0f cards/s\n", n, sealed.Round(time.Millisecond), (put - sealed).Round(time.Millisecond), took.Round(time.Millisecond), float64(n)/took.Seconds())
	return nil
}

// collectOften has the collector run each second: by itself it would not once, in the time of a measurement, over gigabytes of cards.
func collectOften(ctx context.Context) {
	for ctx.Err() == nil {
		time.Sleep(time.Second)
		runtime.GC()
	}
}

// stops reads how often the collector stopped everything, by how long.
func stops() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	h := sample[0].Value.Float64Histogram()
	return &metrics.Float64Histogram{Counts: slices.Clone(h.Counts), Buckets: h.Buckets}
}

// tellPauses tells the longest time that the collector stopped everything since then, while lookups were answered.
func tellPauses(before *metrics.Float64Histogram) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	h := stops()
	longest, n := 0.0, uint64(0)
	for i, c := range h.Counts {
		if c -= before.Counts[i]; c > 0 {
			n += c
			if longest = h.Buckets[i+1]; math.IsInf(longest, 1) {
				longest = h.Buckets[i]
			}
		}
	}
	d := time.Duration(longest * float64(time.Second))
	fmt.Printf("collector: longest of %d pauses %s at most, heap %d MB\n", n, d, sample[0].Value.Uint64()>>20)
	fmt.Println(saysLongest + d.String())
}
