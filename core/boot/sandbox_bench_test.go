package boot

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition"
)

// manyCards puts n cards of people who exist on a link, in batches.
func (w *town) manyCards(n int) {
	w.t.Helper()
	m := w.House.recognition()
	link, err := m.MakeLink(w.system(), w.a, recognition.LinkDraft{Name: "Canary CRM", Kind: "csv"})
	w.must("link", err)
	sealing, err := m.Sealing(w.t.Context(), w.a, link)
	w.must("sealing", err)
	var shelf int64
	w.do("open a shelf", func(ctx context.Context, tx core.Tx) (err error) {
		shelf, err = m.OpenShelf(ctx, tx, w.a, link)
		return err
	})
	rows := make([]recognition.Stored, 0, 10_000)
	for i := range n {
		row, err := sealing.Store(cardKey(i+1), recognition.Mark{byte(i)}, recognition.Card{
			Name: fmt.Sprintf("Réelle Personne-%d", i), Company: fmt.Sprintf("Maison-%d", i/3), Numbers: []string{fmt.Sprintf("+3361%07d", i), fmt.Sprintf("+3314%07d", i)},
			Shown: map[string]string{"Ville": fmt.Sprintf("Ville-%d", i%900), "Code": fmt.Sprint(i)},
		})
		w.must("store", err)
		if rows = append(rows, row); len(rows) == cap(rows) || i == n-1 {
			w.do("put", func(ctx context.Context, tx core.Tx) error { return m.Put(ctx, tx, w.a, link, shelf, rows) })
			rows = rows[:0]
		}
	}
	w.must("index", m.IndexShelf(w.system(), w.a, link, shelf))
	w.do("switch", func(ctx context.Context, tx core.Tx) error { return m.SwitchShelf(ctx, tx, w.a, link, shelf) })
}

// peakHeap samples the heap while something is done.
func peakHeap(do func()) uint64 {
	var peak atomic.Uint64
	done, over := make(chan struct{}), make(chan struct{})
	runtime.GC()
	go func() {
		defer close(over)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapAlloc))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	do()
	close(done)
	<-over
	return peak.Load()
}

// BenchmarkSandboxOfCards makes a sandbox of an organization with many cards: time and the most memory, for each card.
func BenchmarkSandboxOfCards(b *testing.B) {
	for _, n := range []int{20_000, 200_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newTown(b, "")
			w.manyCards(n)
			for b.Loop() {
				var s Sandbox
				began := time.Now()
				peak := peakHeap(func() {
					var err error
					s, err = w.MakeSandbox(b.Context(), b.TempDir(), 1<<20)
					w.must("sandbox", err)
				})
				b.ReportMetric(float64(peak)/(1<<20), "MiB-peak")
				b.ReportMetric(float64(s.Source), "values-of-source")
				b.ReportMetric(float64(s.Looked), "values-looked-up")
				b.ReportMetric(float64(time.Since(began).Microseconds())/float64(n), "µs/card")
			}
		})
	}
}
