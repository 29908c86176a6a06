package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rempart/rempart/core"
)

// Seen is what the health page shows.
type Seen struct {
	State    string    `json:"state"` // "starting", "working", "well", "failing"
	Phase    string    `json:"phase,omitempty"`
	Done     int       `json:"done,omitempty"`
	Total    int       `json:"total,omitempty"`
	Last     *Result   `json:"last,omitempty"` // of the last turn that ended well
	Fault    string    `json:"fault,omitempty"`
	FaultAt  time.Time `json:"fault_at,omitzero"`
	Failures int       `json:"failures"` // in a row
	Next     time.Time `json:"next,omitzero"`
}

// Seen tells how the agent goes.
func (a *Agent) Seen() Seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen
}

func (a *Agent) note(fn func(*Seen)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fn(&a.seen)
}

// pauseAfter is the first pause after a turn that failed; it doubles up to the time between two turns.
const pauseAfter = 30 * time.Second

// Run makes turn after turn until ctx ends. A turn that fails is made again sooner than the next one, but less and less soon.
func (a *Agent) Run(ctx context.Context) error {
	say := a.tell
	a.tell = func(p Progress) {
		a.note(func(s *Seen) { s.State, s.Phase, s.Done, s.Total = "working", p.Phase, p.Done, p.Total })
		say(p)
	}
	failures := 0
	for {
		res, err := a.Turn(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait := jitter(a.cfg.Every)
		if err != nil {
			failures++
			wait = jitter(backoff(failures, a.cfg.Every))
			if r, ok := errors.AsType[*Refused](err); ok {
				wait = max(wait, r.After)
			}
			a.logger.Warn("a turn failed", slog.String("reason", reason(err)), slog.Int("failures", failures), slog.Duration("again_in", wait.Round(time.Second)))
			a.note(func(s *Seen) { s.State, s.Fault, s.FaultAt = "failing", reason(err), time.Now().UTC() })
		} else {
			failures = 0
			a.logger.Info("a turn ended: both sets are equal", slog.String("how", res.How), slog.Int("cards", res.Held), slog.Int("sent", res.Sent),
				slog.Int("deleted", res.Deleted), slog.Int("bytes", res.Bytes), slog.Duration("took", res.Took.Round(time.Millisecond)))
			a.note(func(s *Seen) { s.State, s.Fault, s.FaultAt, s.Last = "well", "", time.Time{}, &res })
		}
		a.note(func(s *Seen) {
			s.Phase, s.Done, s.Total, s.Failures, s.Next = "", 0, 0, failures, time.Now().Add(wait).UTC()
		})
		if a.rest(ctx, wait) != nil {
			return nil
		}
	}
}

func backoff(failures int, most time.Duration) time.Duration {
	return min(pauseAfter<<min(failures-1, 20), most)
}

// Reason is the stable word of what went wrong in a turn.
func Reason(err error) string { return reason(err) }

// reason is a stable word: what a tool or a server said may hold anything.
func reason(err error) string {
	if code := codeOf(err); code != "" {
		return code
	}
	if code := core.CodeOf(err); code != "" {
		return code
	}
	return "unexpected"
}
