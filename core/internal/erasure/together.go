package erasure

import (
	"context"
	"errors"
	"sync"
	"time"
)

// together makes one pass for everyone who waits for one: whoever comes while it runs is served by the next, which begins after they
// came and so sees all that they did before. Those who are said to be on their way are waited for, a moment.
type together[T any] struct {
	mu   sync.Mutex
	next *pass[T]
	last chan struct{} // closed when the pass before the next one has ended
	way  int           // how many are on their way
	here chan struct{} // closed when nobody is any more; nil when nobody waits for that
}

type pass[T any] struct {
	items []T
	after chan struct{} // the pass before it
	done  chan struct{}
	err   error
}

var errPass = errors.New("erasure: a pass ended before its time")

// company is how long a pass waits for those on their way.
const company = 250 * time.Millisecond

// coming says that somebody is on their way; they came, or will not come, once arrived is called.
func (t *together[T]) coming() (arrived func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.way++
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.way--; t.way == 0 && t.here != nil {
			close(t.here)
			t.here = nil
		}
	})
}

// do has item served by a pass.
func (t *together[T]) do(ctx context.Context, item T, run func(context.Context, []T) error) error {
	for {
		p, first := t.join(item)
		if first {
			t.lead(ctx, p, run)
			return p.err
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if ended := errors.Is(p.err, context.Canceled) || errors.Is(p.err, context.DeadlineExceeded); !ended || ctx.Err() != nil {
			return p.err
		} // only whoever led it was told to stop
	}
}

// join puts item on the next pass; whoever is the first on it leads it.
func (t *together[T]) join(item T) (p *pass[T], first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = &pass[T]{after: t.last, done: make(chan struct{}), err: errPass}
		t.last = t.next.done
	}
	t.next.items = append(t.next.items, item)
	return t.next, len(t.next.items) == 1
}

func (t *together[T]) lead(ctx context.Context, p *pass[T], run func(context.Context, []T) error) {
	defer close(p.done)
	if p.after != nil {
		<-p.after
	}
	t.gather(ctx)
	t.mu.Lock()
	t.next = nil
	t.mu.Unlock()
	p.err = run(ctx, p.items)
}

// gather waits until nobody is on their way.
func (t *together[T]) gather(ctx context.Context) {
	t.mu.Lock()
	if t.way == 0 {
		t.mu.Unlock()
		return
	}
	if t.here == nil {
		t.here = make(chan struct{})
	}
	here := t.here
	t.mu.Unlock()
	select {
	case <-here:
	case <-ctx.Done():
	case <-time.After(company):
	}
}
