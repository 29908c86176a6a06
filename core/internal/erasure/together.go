package erasure

import (
	"context"
	"errors"
	"sync"
)

// together makes one pass for everyone who waits for one: whoever comes while it runs is served by the next, which begins after they
// came and so sees all that they did before.
type together[T any] struct {
	turn sync.Mutex // of the pass that runs
	mu   sync.Mutex
	next *pass[T]
}

type pass[T any] struct {
	items []T
	done  chan struct{}
	err   error
}

var errPass = errors.New("erasure: a pass ended before its time")

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
		t.next = &pass[T]{done: make(chan struct{}), err: errPass}
	}
	t.next.items = append(t.next.items, item)
	return t.next, len(t.next.items) == 1
}

func (t *together[T]) lead(ctx context.Context, p *pass[T], run func(context.Context, []T) error) {
	t.turn.Lock()
	defer t.turn.Unlock()
	defer close(p.done)
	t.mu.Lock()
	t.next = nil
	t.mu.Unlock()
	p.err = run(ctx, p.items)
}
