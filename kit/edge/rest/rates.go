package rest

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/rempart/rempart/core"
)

// rates bounds each caller on this node: a program gone mad must not slow the others.
type rates struct {
	mu     sync.Mutex
	limit  rate.Limit
	burst  int
	by     map[core.ID]*rate.Limiter
	before map[core.ID]*rate.Limiter
}

// most is how many callers are remembered before the older half is forgotten.
const most = 5_000

func newRates(perSecond, burst int) *rates {
	return &rates{limit: rate.Limit(perSecond), burst: burst, by: map[core.ID]*rate.Limiter{}}
}

// take tells whether the caller may go on, or how long to wait.
func (r *rates) take(a core.Actor, now time.Time) (time.Duration, bool) {
	key := a.Token
	if key == "" {
		key = a.Session
	}
	if key == "" {
		return 0, true // nobody: the gate of addresses bounds them
	}
	l := r.limiter(key)
	booking := l.ReserveN(now, 1)
	if wait := booking.DelayFrom(now); wait > 0 {
		booking.CancelAt(now)
		return wait, false
	}
	return 0, true
}

func (r *rates) limiter(key core.ID) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l, ok := r.by[key]; ok {
		return l
	}
	l, ok := r.before[key]
	if !ok {
		l = rate.NewLimiter(r.limit, r.burst)
	}
	if len(r.by) >= most {
		r.before, r.by = r.by, map[core.ID]*rate.Limiter{}
	}
	r.by[key] = l
	return l
}
