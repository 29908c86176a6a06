package boot

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

// BenchmarkErasures measures erasures alone, from the order to the signed receipt: one order after the other ("one"), and orders
// that wait together, which the jobs of the node carry on ("many"). cpu-ms/op is of this process: on PostgreSQL the server's is not
// in it.
func BenchmarkErasures(b *testing.B) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		b.Run(string(kind), func(b *testing.B) {
			url := ""
			if kind != dbtest.SQLite {
				url = dbtest.Config(b, kind, nil).URL
			}
			w := newTown(b, url)
			w.oneByOne(b, w.doomed(b, 100)) // connections, statements and a journal of some length
			b.Run("one", func(b *testing.B) { w.erasures(b, w.oneByOne) })
			b.Run("many", func(b *testing.B) {
				ctx, stop := context.WithCancel(core.WithActor(context.Background(), core.System("bench")))
				done := make(chan error, 1)
				go func() { done <- w.Run(ctx) }()
				w.erasures(b, w.byJobs)
				stop()
				w.must("run", <-done)
			})
		})
	}
}

// erasures measures the erasure of b.N persons.
func (w *town) erasures(b *testing.B, erase func(*testing.B, []core.ID)) {
	people := w.doomed(b, b.N)
	began := cpu(b)
	b.ResetTimer()
	erase(b, people)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "erasures/s")
	b.ReportMetric(float64((cpu(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// doomed makes n members of organization a.
func (w *town) doomed(b *testing.B, n int) []core.ID {
	b.Helper()
	list := make([]core.ID, n)
	for i := range list {
		list[i] = ids.New()
		w.must("key", w.vault.MakeKeys(w.system(), list[i]))
		w.do("person", func(ctx context.Context, tx core.Tx) error {
			one := core.NewPerson{ID: list[i], GivenName: "Maëlle", FamilyName: fmt.Sprintf("Kervarec %d", i), Email: "doomed-" + string(list[i]) + "@example.org", Language: "fr"}
			if _, err := w.identity.AddPerson(ctx, tx, one); err != nil {
				return err
			}
			_, err := w.organizations.AddMember(ctx, tx, core.Membership{Org: w.a, Person: list[i], State: "active"})
			return err
		})
	}
	return list
}

func (w *town) oneByOne(b *testing.B, people []core.ID) {
	for _, one := range people {
		w.must("erase", w.erasure.Advance(w.system(), w.orders(one, "", erasure.ByRequest)))
	}
}

func (w *town) byJobs(b *testing.B, people []core.ID) {
	last := make([]core.ID, len(people))
	for i, one := range people {
		last[i] = w.orders(one, "", erasure.ByRequest)
	}
	for began := time.Now(); len(last) > 0; {
		var state string
		w.must("state", w.db.Read(w.system(), func(tx core.Tx) (err error) { state, err = w.erasure.State(w.system(), tx, last[0]); return err }))
		if state == string(erasure.Done) {
			last = last[1:]
			continue
		}
		time.Sleep(20 * time.Millisecond)
		if time.Since(began) > 2*time.Minute {
			b.Fatalf("%d erasures are not done after two minutes", len(last))
		}
	}
}
