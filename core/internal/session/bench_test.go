package session_test

import (
	"context"
	"log/slog"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// BenchmarkCheck measures one session check on SQLite among 100,000 other sessions; cpu-µs/op counts all threads of the
// process, user and system. What organizations, settings and access read is not in it: see BenchmarkSessionCheck
// of core/boot.
func BenchmarkCheck(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite, schemas())
	h := &house{members: map[core.ID][]core.ID{"acme": {"ann"}}, blocked: map[core.ID]bool{}, only: map[core.ID]netip.Prefix{}}
	m := session.New(session.Needs{
		Gate: coretest.Gate(d), Store: d, Sealer: coretest.Sealer(), Mailer: coretest.Mailer(), Clock: &clock.Fake{},
		Settings: coretest.Settings(core.Policy{Session: core.SessionPolicy{Idle: time.Hour, Absolute: 8 * time.Hour}}),
		Log:      slog.New(slog.DiscardHandler), Organizations: h, Access: h, People: h,
	})
	secret := ""
	ctx := from(firefox, "198.51.100.7")
	err := d.Write(ctx, func(tx core.Tx) (err error) {
		for i := range 100_000 {
			if _, _, err = m.Begin(ctx, tx, core.NewSession{Person: core.ID(rune('a'+i%26)) + core.ID(time.Duration(i).String())}); err != nil {
				return err
			}
		}
		secret, _, err = m.Begin(ctx, tx, core.NewSession{Person: "ann"})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	check := func(ctx context.Context) {
		if _, err := m.Check(ctx, secret); err != nil {
			b.Fatal(err)
		}
	}
	check(ctx)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	for range b.N {
		check(ctx)
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(time.Microsecond)/float64(b.N), "cpu-µs/op")
}

// cpu is the time that the process has spent computing.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
