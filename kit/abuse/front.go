package abuse

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Front is the cheap gate in memory that stands before any statement: one token bucket per source, where a source is
// an IPv4 address or an IPv6 /64, since one home or one rented machine holds a whole /64. It remembers a bounded
// number of sources: when full it forgets the half not seen for longest, so that a flood of addresses costs no memory.
type Front struct {
	each  rate.Limit
	burst int
	limit int

	mu         sync.Mutex
	young, old map[netip.Prefix]*rate.Limiter // two generations: a poor man's least recently used
}

// NewFront lets burst requests of one source pass at once, then each per second, remembering at most sources of them
// (some 200 bytes each).
func NewFront(each float64, burst, sources int) *Front {
	return &Front{each: rate.Limit(each), burst: burst, limit: max(2, sources), young: map[netip.Prefix]*rate.Limiter{}}
}

// Allow tells whether one more request of addr may pass at now, else how long to wait.
func (f *Front) Allow(addr netip.Addr, now time.Time) Verdict {
	l := f.of(Source(addr))
	r := l.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		r.CancelAt(now)
		return Verdict{Retry: d}
	}
	return Verdict{OK: true}
}

// Remembered tells how many sources are held.
func (f *Front) Remembered() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.young) + len(f.old)
}

func (f *Front) of(source netip.Prefix) *rate.Limiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l := f.young[source]; l != nil {
		return l
	}
	l := f.old[source]
	if l == nil {
		l = rate.NewLimiter(f.each, f.burst)
	} else {
		delete(f.old, source)
	}
	if len(f.young) >= f.limit/2 {
		f.old, f.young = f.young, make(map[netip.Prefix]*rate.Limiter, f.limit/2)
	}
	f.young[source] = l
	return l
}

// Source gives the block that counts as one source: /32 for IPv4 (also when mapped in IPv6), /64 for IPv6.
func Source(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all such requests share one bucket
	}
	return p
}
