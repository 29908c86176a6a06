// Package clock tells the time.
//
// Owns: the real clock and the one that tests move. Must not know: any module. Start reading at: Real.
package clock

import (
	"sync"
	"time"
)

// Real is the machine's clock, in UTC.
type Real struct{}

// Now gives the time in UTC, cut to microseconds as it is stored.
func (Real) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Fake is a clock that a test moves. Its zero value starts on 22 November 2026.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// Now gives the time that the test has set.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.start()
	return f.now
}

// Advance moves the clock forward.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.start()
	f.now = f.now.Add(d)
}

// Set puts the clock at t.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = t.UTC()
}

func (f *Fake) start() {
	if f.now.IsZero() {
		f.now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	}
}

// Micros gives t as it is stored: microseconds since 1970 in UTC; the zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros reads a stored time; 0 is the zero time.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Stamp writes t for an export, in UTC (RFC 3339); the zero time is "".
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
