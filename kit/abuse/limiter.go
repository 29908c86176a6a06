package abuse

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the table of buckets and of spent proofs of work.
var Schema = db.Schema{Module: "abuse", FS: schemaFS}

// Manifest declares the tables: keys are hashes made by the callers, never an address nor an account in clear.
func Manifest() core.Manifest {
	return core.Manifest{
		Module: "abuse",
		Title:  core.Text{FR: "Limites contre les abus", EN: "Abuse limits"},
		Tables: []core.Table{
			{Name: "abuse_bucket", Title: core.Text{FR: "Compteurs de tentatives", EN: "Attempt counters"}, Columns: core.Plain("id", "tat")},
			{Name: "abuse_spent", Title: core.Text{FR: "Preuves de travail consommées", EN: "Proofs of work used"}, Columns: core.Plain("id", "expires_at")},
		},
		Duties: []*core.Duty{&Sweeping},
	}
}

// Sweeping is the duty that removes full buckets and old proofs.
var Sweeping = core.Duty{Name: "abuse.sweep", Why: "counters that are full again and proofs past their end say nothing of anyone"}

// Limit lets Burst events pass at once, then one per Every: the generic cell rate algorithm (ITU-T I.371), which
// keeps one number per key, the theoretical arrival time ("tat").
type Limit struct {
	Burst int
	Every time.Duration
}

// PerDay gives the limit of burst at once that lets fewer than total events pass in any window of 24 hours.
// burst is kept between 1 and half of total.
func PerDay(burst, total int) Limit {
	burst = max(1, min(burst, total/2))
	return Limit{Burst: burst, Every: 24*time.Hour/time.Duration(total-1-burst) + time.Microsecond}
}

// Verdict is the answer of a limiter.
type Verdict struct {
	OK    bool
	Retry time.Duration // when not OK: how long until one more may pass
}

var (
	qTake = db.SQL(`INSERT INTO abuse_bucket (id, tat) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET tat = CASE WHEN abuse_bucket.tat > $3 THEN abuse_bucket.tat + $4 ELSE excluded.tat END
		WHERE abuse_bucket.tat <= $5 RETURNING tat`)
	qTat     = db.SQL(`SELECT tat FROM abuse_bucket WHERE id = $1`)
	qReturn  = db.SQL(`UPDATE abuse_bucket SET tat = tat - $2 WHERE id = $1 AND tat > $3`)
	qForget  = db.SQL(`DELETE FROM abuse_bucket WHERE id = $1`)
	qSweep   = db.SQL(`DELETE FROM abuse_bucket WHERE tat < $1`)
	qSpend   = db.SQL(`INSERT INTO abuse_spent (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`)
	qUnspend = db.SQL(`DELETE FROM abuse_spent WHERE expires_at < $1`)
)

// Take decides and records one event of key in a single statement, so that nodes and parallel requests cannot both
// take the last place.
func Take(ctx context.Context, tx core.Tx, key string, l Limit, now time.Time) (Verdict, error) {
	every, at := l.Every.Microseconds(), clock.Micros(now)
	room := at + every*int64(l.Burst-1) // the latest tat that still leaves one place
	_, ok, err := db.One(ctx, tx, qTake, db.Value[int64], key, at+every, at, every, room)
	if err != nil {
		return Verdict{}, fmt.Errorf("abuse: take: %w", err)
	}
	if ok {
		return Verdict{OK: true}, nil
	}
	return Peek(ctx, tx, key, l, now)
}

// Peek tells whether one more event of key may pass, and records nothing.
func Peek(ctx context.Context, tx core.Tx, key string, l Limit, now time.Time) (Verdict, error) {
	tat, ok, err := db.One(ctx, tx, qTat, db.Value[int64], key)
	if err != nil {
		return Verdict{}, fmt.Errorf("abuse: peek: %w", err)
	}
	room := clock.Micros(now) + l.Every.Microseconds()*int64(l.Burst-1)
	if !ok || tat <= room {
		return Verdict{OK: true}, nil
	}
	return Verdict{Retry: time.Duration(tat-room) * time.Microsecond}, nil
}

// Return gives back one event that Take recorded: an attempt that turned out to be right.
func Return(ctx context.Context, tx core.Tx, key string, l Limit, now time.Time) error {
	_, err := tx.Exec(ctx, qReturn, key, l.Every.Microseconds(), clock.Micros(now))
	if err != nil {
		return fmt.Errorf("abuse: return: %w", err)
	}
	return nil
}

// Forget empties a bucket: an administrator or the owner put an end to an episode.
func Forget(ctx context.Context, tx core.Tx, key string) error {
	_, err := tx.Exec(ctx, qForget, key)
	return err
}

// Sweep removes buckets that are full again and proofs past their end; run it hourly.
func Sweep(ctx context.Context, tx core.Tx, now time.Time) (int64, error) {
	n, err := tx.Exec(ctx, qSweep, clock.Micros(now))
	if err != nil {
		return 0, err
	}
	m, err := tx.Exec(ctx, qUnspend, clock.Micros(now))
	return n + m, err
}
