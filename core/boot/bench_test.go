package boot

import (
	"context"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// cpu is the time that the process has spent computing, all threads, user and system.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSessionCheck measures one whole session check on SQLite: the session, the memberships, the policy in force,
// the allowed addresses, the suspensions, in one snapshot. The promise is 150 µs of CPU; cpu-µs/op counts everything.
func BenchmarkSessionCheck(b *testing.B) {
	w := newTown(b, "")
	for i := range 20 { // others' sessions
		w.person(fmt.Sprintf("b.filler-%d", i), w.b, "member", "Filler")
	}
	for name, who := range map[string]string{"member": "a.member", "staff": "provider.admin"} {
		b.Run(name, func(b *testing.B) {
			ctx := core.WithActor(context.Background(), core.ActorOf(w.system()))
			secret := w.cookies[who]
			if _, err := w.sessions.Check(ctx, secret); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			before := cpu(b)
			for range b.N {
				if _, err := w.sessions.Check(ctx, secret); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(time.Microsecond)/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkPage measures one whole page of the house: check, decision, journal entry, drawing.
func BenchmarkPage(b *testing.B) {
	w := newTown(b, "")
	b.ReportAllocs()
	before := cpu(b)
	for range b.N {
		if r := w.ask("a.member", http.MethodGet, "/me/sessions", ""); r.Code != http.StatusOK {
			b.Fatal(r.Code)
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(time.Microsecond)/float64(b.N), "cpu-µs/op")
}
