package egress

import (
	"context"
	"time"
)

// mostWaiting bounds the refusals that wait to be told; what is beyond is counted only.
const mostWaiting = 256

// Report says who is told of refusals, those before included. They are told one after the other, apart from the call that was
// refused: it may stand inside a transaction.
func (d *Door) Report(to func(context.Context, Refusal) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.report = to
	d.work()
}

// Refused is the number of refusals since the start.
func (d *Door) Refused() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused
}

// Settle waits until every refusal that happened was told.
func (d *Door) Settle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.working {
		d.idle.Wait()
	}
}

func (d *Door) refuse(c call, address, why string) error {
	if c.typed { // what people typed is theirs, and stays out of logs
		d.needs.Log.Warn("a connection was refused", "why", why, "organization", string(c.org))
	} else {
		d.needs.Log.Warn("a connection was refused", "why", why, "to", address)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused++
	if len(d.waiting) < mostWaiting && !d.pretends(Mute) {
		d.waiting = append(d.waiting, Refusal{Org: c.org, Address: address, Why: why})
		d.work()
	}
	return ErrRefused
}

// work tells what waits, when nobody does yet.
func (d *Door) work() {
	if d.working || d.report == nil || len(d.waiting) == 0 {
		return
	}
	d.working = true
	go func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for len(d.waiting) > 0 {
			one, tell := d.waiting[0], d.report
			d.waiting = d.waiting[1:]
			d.mu.Unlock()
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			err := tell(ctx, one)
			cancel()
			if err != nil {
				d.needs.Log.Error("a refused connection could not be journaled", "error", err.Error())
			}
			d.mu.Lock()
		}
		d.working = false
		d.idle.Broadcast()
	}()
}
