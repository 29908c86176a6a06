// Package desk is the agent of a workstation: it follows its person's own calls, tells who is calling, does what scripts say, dials from
// any program, and tells how the workstation is protected.
//
// Owns: what happens on the workstation. Must not know: tables, the gate, an exchange; it speaks to the platform by its API alone, with a
// token that can do little. Start reading at: Agent.Run.
//
// Each system has its own files (_linux, _windows) behind Notifier and three functions: open an address, read what was copied, handle
// tel: links. Whatever a system does not tell is unknown.
package desk

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os/exec"
	"time"

	"github.com/rempart/rempart/services/recognition/pop"
)

// Ring is a call as the platform tells it.
type Ring struct {
	Call    string       `json:"call"`
	State   string       `json:"state"`
	Live    bool         `json:"live"`
	Pop     bool         `json:"pop"` // it rings now and nobody knows yet
	Title   string       `json:"title"`
	Body    string       `json:"body"`
	Number  string       `json:"number"`
	Actions []pop.Action `json:"actions"`
}

// Platform is what the agent needs of the platform.
type Platform interface {
	// Follow tells calls until ctx ends or the connection does; last is the id of the newest event that was told.
	Follow(ctx context.Context, last string, tell func(id string, r Ring)) error
	Dial(ctx context.Context, number string) error
	Perform(ctx context.Context, call, script string) error // has the platform send the request of a script
	Programs(ctx context.Context) (public []byte, list pop.Signed, err error)
	Report(ctx context.Context, p Posture) error
}

// Notice is what is shown on the screen.
type Notice struct {
	Call        string // what it is about: an id
	Title, Body string
	Buttons     []Button
}

// Button is something to do, offered on a notice. The empty ID is a click on the notice itself.
type Button struct{ ID, Label string }

// Chosen is what a person chose on a notice.
type Chosen struct {
	Notice uint32
	Button string
}

// Notifier shows notices.
type Notifier interface {
	Show(n Notice) (id uint32, err error)
	Hide(id uint32) error
	Chosen() <-chan Chosen
	Close() error
}

// Agent is one workstation at work.
type Agent struct {
	Platform Platform
	Notifier Notifier
	Keep     *Keep                                  // what is remembered on this machine
	Log      *slog.Logger                           // never of persons: ids and outcomes
	Open     func(address string) error             // opens an address in the browser
	Start    func(path string, args []string) error // starts a program without a shell; nil for the real one
	Posture  func() Posture                         // nil: nothing is reported
	Every    time.Duration                          // between reports; an hour when zero
	Wait     func(context.Context, time.Duration) error

	shown map[uint32]shown  // what each notice on the screen is about
	of    map[string]uint32 // notice of a call
}

type shown struct {
	call    string
	actions []pop.Action
}

// ErrRefused ends the agent: the token is not accepted any more, going on is of no use.
var ErrRefused = errors.New("desk: the platform refuses this workstation: sign in again")

// Run works until ctx ends, whatever happens to the connection, or until the platform refuses the workstation.
func (a *Agent) Run(ctx context.Context) error {
	a.shown, a.of = map[uint32]shown{}, map[string]uint32{}
	if a.Wait == nil {
		a.Wait = wait
	}
	if a.Posture != nil {
		go a.reports(ctx)
	}
	rings := make(chan Ring)
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() { ended <- a.follow(ctx, rings) }()
	for {
		select {
		case r := <-rings:
			a.ring(ctx, r)
		case c := <-a.Notifier.Chosen():
			a.chose(ctx, c)
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

const (
	firstWait = time.Second
	mostWait  = 2 * time.Minute
)

// follow keeps the connection; it waits longer after each failure, never exactly as long as the others do.
func (a *Agent) follow(ctx context.Context, rings chan<- Ring) error {
	last, pause := "", firstWait
	for {
		begun := time.Now()
		err := a.Platform.Follow(ctx, last, func(id string, r Ring) {
			last = id
			select {
			case rings <- r:
			case <-ctx.Done():
			}
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrRefused):
			a.Log.Error("refused by the platform")
			return err
		case time.Since(begun) > mostWait:
			pause = firstWait
		}
		a.Log.Warn("disconnected", "again_in", pause.Round(time.Second).String())
		if a.Wait(ctx, pause/2+rand.N(pause/2+1)) != nil {
			return nil
		}
		pause = min(2*pause, mostWait)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mostButtons is how many a notice has: more would not be read while a telephone rings.
const mostButtons = 3

// ring shows a call that rings, once, and takes it away when it rings no more.
func (a *Agent) ring(ctx context.Context, r Ring) {
	id, on := a.of[r.Call]
	if !r.Pop {
		if on && r.State != "ringing" {
			_ = a.Notifier.Hide(id)
			a.forget(id)
		}
		return
	}
	if on {
		return
	}
	n := Notice{Call: r.Call, Title: r.Title, Body: r.Body}
	for _, act := range r.Actions {
		if !act.Auto && len(n.Buttons) < mostButtons {
			n.Buttons = append(n.Buttons, Button{ID: act.Script, Label: act.Title})
		}
	}
	for _, act := range r.Actions { // before the notice, which takes Windows a moment
		if act.Auto {
			a.perform(ctx, r.Call, act)
		}
	}
	id, err := a.Notifier.Show(n)
	if err != nil {
		a.Log.Error("the notice was not shown", "call", r.Call)
	} else {
		a.shown[id], a.of[r.Call] = shown{r.Call, r.Actions}, id
	}
	a.Log.Info("a call rang", "call", r.Call, "actions", len(r.Actions))
}

func (a *Agent) forget(id uint32) {
	delete(a.of, a.shown[id].call)
	delete(a.shown, id)
}

// chose does what a person chose. A click on the notice itself opens the first address that it offers.
func (a *Agent) chose(ctx context.Context, c Chosen) {
	s, on := a.shown[c.Notice]
	if !on {
		return // a notice of somebody else's program
	}
	for _, act := range s.actions {
		if act.Script == c.Button || c.Button == "" && act.Kind == pop.Open {
			a.perform(ctx, s.call, act)
			return
		}
	}
}

// perform does one action. What it is about stays out of the log.
func (a *Agent) perform(ctx context.Context, call string, act pop.Action) {
	go func() {
		ctx, stop := context.WithTimeout(ctx, 30*time.Second)
		defer stop()
		err := a.do(ctx, call, act)
		outcome := "done"
		if err != nil {
			outcome = "failed"
		}
		if errors.Is(err, pop.ErrNotListed) || errors.Is(err, pop.ErrSignature) || errors.Is(err, pop.ErrOlder) {
			outcome = "refused: not signed"
		}
		a.Log.Info("script", "script", act.Script, "kind", act.Kind, "outcome", outcome)
	}()
}

var errAddress = errors.New("desk: this is no address of a page")

func (a *Agent) do(ctx context.Context, call string, act pop.Action) error {
	switch {
	case act.Kind == pop.Open:
		if !isPage(act.URL) {
			return errAddress
		}
		return a.Open(act.URL)
	case act.Kind == pop.Call && act.By == pop.ByPlatform:
		return a.Platform.Perform(ctx, call, act.Script)
	case act.Kind == pop.Call:
		return send(ctx, act)
	case act.Kind == pop.Program:
		return a.program(ctx, act)
	}
	return pop.ErrNotListed
}

// program starts a program of the signed list, and no other: path and arguments are made anew from what the administrator signed.
func (a *Agent) program(ctx context.Context, act pop.Action) error {
	public, list, err := a.Platform.Programs(ctx)
	if err != nil {
		return err
	}
	key, least, err := a.Keep.Trust(public)
	if err != nil {
		return err
	}
	m, err := list.Open(key, a.Keep.Org(), least)
	if err != nil {
		return err
	}
	if err := a.Keep.Saw(m.Version); err != nil {
		return err
	}
	path, args, err := m.Command(act)
	if err != nil {
		return err
	}
	if a.Start != nil {
		return a.Start(path, args)
	}
	return start(path, args)
}

// start starts a program with its arguments as they are: no shell reads them again.
func start(path string, args []string) error {
	c := exec.Command(path, args...) //nolint:noctx // it goes on when the agent ends
	if err := c.Start(); err != nil {
		return err
	}
	go func() { _ = c.Wait() }()
	return nil
}

// reports tells how the workstation is protected, at once and then every hour.
func (a *Agent) reports(ctx context.Context) {
	every := a.Every
	if every == 0 {
		every = time.Hour
	}
	for {
		p := a.Posture()
		p.Device = a.Keep.Device()
		if err := a.Platform.Report(ctx, p); err != nil && ctx.Err() == nil {
			a.Log.Warn("the state of the workstation was not taken")
		}
		if a.Wait(ctx, every) != nil {
			return
		}
	}
}

// ErrTwice says that an agent works already.
var ErrTwice = errors.New("desk: an agent already works on this workstation")

// ErrNoNotices says that this system shows no notices through the agent.
var ErrNoNotices = errors.New("desk: no notices on this system: keep the page of calls open, it shows them")

// Quiet stands in where a system shows no notices: scripts that run by themselves still do.
type Quiet struct{}

// Show shows nothing.
func (Quiet) Show(Notice) (uint32, error) { return 0, ErrNoNotices }

// Hide hides nothing.
func (Quiet) Hide(uint32) error { return nil }

// Chosen never tells anything.
func (Quiet) Chosen() <-chan Chosen { return nil }

// Close ends nothing.
func (Quiet) Close() error { return nil }
