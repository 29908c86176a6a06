package sip

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
)

// Line is one exchange.
type Line struct {
	conf  Config
	calls *calls

	mu    sync.Mutex
	agent *agent // shared by Watch and Dial; nil while nobody needs it
	users int
	rung  map[callKey]chan struct{} // calls that ring here, to decline
	legs  map[string]*leg           // numbers being dialled, by the id of the call
}

// New makes the line of an exchange. Nothing is sent before Watch or Dial.
func New(conf Config) (*Line, error) {
	if err := conf.complete(); err != nil {
		return nil, err
	}
	return &Line{conf: conf, calls: newCalls(), rung: map[callKey]chan struct{}{}, legs: map[string]*leg{}}, nil
}

// Watch tells the calls of every extension until ctx ends. It ends before only when the exchange refused all of them.
func (l *Line) Watch(ctx context.Context, tell func(line.Event)) error {
	if len(l.conf.Extensions) == 0 {
		return fmt.Errorf("%w: no extension", line.ErrRefused)
	}
	l.calls.watch(tell)
	defer l.calls.watch(nil)
	refused := make(chan error, len(l.conf.Extensions))
	var all sync.WaitGroup
	for _, ext := range l.conf.Extensions {
		all.Go(func() { refused <- l.follow(ctx, ext) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var errs []error
	for range l.conf.Extensions {
		errs = append(errs, <-refused)
	}
	return errors.Join(errs...)
}

// follow watches one extension, again each time that the exchange is lost, until ctx ends or the exchange refuses.
func (l *Line) follow(ctx context.Context, ext Extension) error {
	wait, mode := time.Duration(0), l.conf.Mode
	for {
		began := time.Now()
		err := l.attend(ctx, ext, &mode)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.conf.Note(Status{Extension: ext.Number, Err: err})
		if errors.Is(err, line.ErrRefused) {
			l.conf.Log.Warn("telephony: an extension is refused", "reason", err.Error())
			return err
		}
		if time.Since(began) > 2*l.conf.Refresh {
			wait = 0
		}
		if !errors.Is(err, errLost) || wait > 0 { // a lost subscription is asked for again at once, the first time
			if err := pause(ctx, wait); err != nil {
				return err
			}
		}
		wait = min(max(2*wait, 250*time.Millisecond), 30*time.Second)
	}
}

// pause waits around d, each time another: the phones of a house must not all come back in the same instant.
func pause(ctx context.Context, d time.Duration) error {
	d = d/2 + rand.N(d+50*time.Millisecond)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// attend watches one extension until something fails.
func (l *Line) attend(ctx context.Context, ext Extension, mode *Mode) error {
	a, release, err := l.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if *mode == Both {
		return l.both(ctx, a, ext)
	}
	if *mode == Auto || *mode == Events {
		err := newSubscription(a, ext, l.hears(ext, false)).run(ctx, func() { l.conf.Note(Status{Extension: ext.Number, Mode: Events}) })
		if !errors.Is(err, errNoEvents) {
			return err
		}
		if *mode == Events {
			return fmt.Errorf("%w: %w", line.ErrRefused, err)
		}
		*mode = Shadow
	}
	return newShadow(a, ext).run(ctx, func() { l.conf.Note(Status{Extension: ext.Number, Mode: Shadow}) })
}

// both watches by the two ways at once, and fails as soon as one does.
func (l *Line) both(ctx context.Context, a *agent, ext Extension) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	var up sync.WaitGroup
	up.Add(2)
	done := func() func() { return sync.OnceFunc(up.Done) }
	one, two := done(), done()
	run := func(f func(context.Context, func()) error, ready func()) {
		all.Go(func() {
			defer ready()
			cancel(f(ctx, ready))
		})
	}
	run(newSubscription(a, ext, l.hears(ext, true)).run, one)
	run(newShadow(a, ext).run, two)
	up.Wait()
	if ctx.Err() == nil {
		l.conf.Note(Status{Extension: ext.Number, Mode: Both})
	}
	all.Wait()
	err := context.Cause(ctx)
	if errors.Is(err, errNoEvents) {
		return fmt.Errorf("%w: %w", line.ErrRefused, err)
	}
	return err
}

// hears tells what a document says of an extension.
func (l *Line) hears(ext Extension, hold bool) func(info) {
	return func(doc info) {
		there, idle := make(map[string]bool, len(doc.Dialogs)), true
		for _, d := range doc.Dialogs {
			there[d.Call] = true
			idle = idle && rank[d.State] == 3
			l.calls.heard(line.Event{
				Call: d.Call, Extension: ext.Number, State: d.State, Outgoing: d.Outgoing,
				Remote: d.Remote.Remote, Display: d.Remote.Display, Hidden: d.Remote.Hidden,
			}, hold)
		}
		if doc.Full && idle { // some exchanges name one call at a time: that one lives says nothing of the others
			l.calls.only(ext.Number, there)
		}
	}
}

// acquire gives our end of SIP, opened by the first who needs it and shut by the last.
func (l *Line) acquire(ctx context.Context) (*agent, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.agent == nil {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		a, err := open(ctx, &l.conf, l.rang)
		if err != nil {
			return nil, nil, err
		}
		l.agent = a
	}
	l.users++
	return l.agent, sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.users--; l.users == 0 {
			_ = l.agent.shut()
			l.agent = nil
		}
	}), nil
}

// ringing says that a call rings here; the channel is closed to decline it.
func (l *Line) ringing(extension, id string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := make(chan struct{})
	l.rung[callKey{extension, id}] = c
	return c
}

func (l *Line) quiet(extension, id string) {
	l.mu.Lock()
	delete(l.rung, callKey{extension, id})
	l.mu.Unlock()
}
