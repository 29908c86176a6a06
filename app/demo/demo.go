package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/rempart/rempart/core"
)

// Options say what the demonstration does besides its scenes.
type Options struct {
	Out      io.Writer
	Log      *slog.Logger
	Version  string
	Exit     bool   // end after the scenes
	Loud     bool   // show the log
	Port     int    // of the pages; any free one when 0
	Seed     string // make the people only and write their accounts to this file
	Database string // a PostgreSQL address; SQLite in the throw-away folder when empty
	// Clock tells the time of the platform and of people's phones; the machine's when nil.
	Clock core.Clock
	// Like is a struck or closed stage (SQLite) whose people are taken over, instead of making new ones.
	Like *Stage
}

// Broken is a promise that did not hold in front of us.
type Broken struct {
	Clause string // "ACC-6.1"
	Scene  string
	Err    error
}

func (b *Broken) Error() string { return fmt.Sprintf("%s (%s): %v", b.Clause, b.Scene, b.Err) }
func (b *Broken) Unwrap() error { return b.Err }

// Told tells whether err was already printed.
func Told(err error) bool {
	_, ok := errors.AsType[*Broken](err)
	return ok
}

// Scene is one act of the demonstration: what it shows, the promises it stands for, and what is done. Play answers one
// line that says what was seen.
type Scene struct {
	Title   string
	Clauses string
	Play    func(ctx context.Context, s *Stage) (seen string, err error)
}

// Run sets the stage and plays every scene. The first promise that does not hold ends it as Broken.
func Run(ctx context.Context, o Options) (err error) {
	began := time.Now()
	s, err := SetStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Strike()) }()
	if o.Seed != "" {
		return s.seed(ctx)
	}
	s.say("%d persons in %d organizations, %s, in %s", s.persons, 2, s.engine(), round(time.Since(began)))
	s.say("")
	for _, scene := range Scenes() {
		if err := s.play(ctx, scene); err != nil {
			return err
		}
	}
	s.say("")
	s.say("Every promise shown held, in %s.", round(time.Since(began)))
	if o.Exit {
		return nil
	}
	return s.leaveOpen(ctx)
}

func (s *Stage) play(ctx context.Context, scene Scene) error {
	began := time.Now()
	seen, err := scene.Play(ctx, s)
	took := time.Since(began)
	if err != nil {
		s.say("%8s  FAILED  %s", round(took), scene.Title)
		s.say("          the promise %s did not hold: %v", scene.Clauses, err)
		return &Broken{scene.Clauses, scene.Title, err}
	}
	s.say("%8s  %-42s %s", round(took), scene.Title, seen)
	return ctx.Err()
}

func round(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= 100*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
