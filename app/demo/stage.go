package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"time"

	"github.com/rempart/rempart/app/people"
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/mail"
	hosted "github.com/rempart/rempart/services"
)

// Stage is a platform that runs in a throw-away folder, with people in it.
type Stage struct {
	Origin string
	House  *boot.House
	Trial  *boot.Trial
	Town   core.ID // the first client organization
	Mutual core.ID // the second
	crm    core.ID // the tool that the town links

	opts     Options
	dir      string
	Letters  Letterbox
	phones   map[string]*people.Authenticator // by secret
	browsers map[string]*people.Browser       // of those who have signed in
	persons  int
	copied   boot.CopyRead // what the older copy opened when it was taken
	doors    doors
	stop     context.CancelFunc
	work     sync.WaitGroup
	failed   error
	mu       sync.Mutex
}

// SetStage makes the folder, opens the house and its listener, and makes the people.
func SetStage(ctx context.Context, o Options) (*Stage, error) {
	dir, err := os.MkdirTemp("", "rempart-demo-")
	if err != nil {
		return nil, err
	}
	s := &Stage{opts: o, dir: dir, Letters: Letterbox(filepath.Join(dir, "mail")), phones: map[string]*people.Authenticator{}, browsers: map[string]*people.Browser{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Strike())
	}
	return s, nil
}

func (s *Stage) open(ctx context.Context) error {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.opts.Port))
	if err != nil {
		return err
	}
	s.Origin = fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	if err := s.furnish(ctx); err != nil {
		return errors.Join(err, l.Close())
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.background(run, "house", s.House.Run)
	s.background(run, "pages", func(ctx context.Context) error { return s.House.Serve(ctx, l, s.doors.front(s)) })
	return nil
}

// furnish opens the house, with new people or with those of another stage.
func (s *Stage) furnish(ctx context.Context) (err error) {
	data := filepath.Join(s.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if from := s.opts.Like; from != nil {
		if err := copyFiles(data, filepath.Join(from.dir, "data")); err != nil {
			return err
		}
	}
	s.House, err = boot.New(ctx, boot.Config{
		Services: hosted.All,
		Data:     data, URL: s.opts.Database, Origin: s.Origin, Log: s.opts.Log, Version: s.opts.Version, Clock: s.opts.Clock,
		Mail: mail.Config{Folder: string(s.Letters)},
	})
	if err != nil {
		return err
	}
	if from := s.opts.Like; from != nil {
		s.Trial, s.Town, s.Mutual, s.persons = from.Trial, from.Town, from.Mutual, from.persons
		for secret, phone := range from.phones {
			s.phones[secret] = phone.Copy(s.now())
		}
		return nil
	}
	return s.people(ctx)
}

// copyFiles copies a folder of files, each for its owner only.
func copyFiles(to, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// now is the clock of the stage, nil for the machine's.
func (s *Stage) now() func() time.Time {
	if s.opts.Clock == nil {
		return nil
	}
	return s.opts.Clock.Now
}

func (s *Stage) background(ctx context.Context, what string, f func(context.Context) error) {
	s.work.Go(func() {
		if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.failed = errors.Join(s.failed, fmt.Errorf("%s: %w", what, err))
		}
	})
}

// Freeze closes the house and keeps its folder, for other stages to be made like this one.
func (s *Stage) Freeze() error {
	if s.stop != nil {
		s.stop()
	}
	s.work.Wait()
	var err error
	if s.House != nil {
		err = s.House.Close()
		s.House = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.failed, err)
}

// Strike ends what runs and removes the folder.
func (s *Stage) Strike() error { return errors.Join(s.Freeze(), os.RemoveAll(s.dir)) }

func (s *Stage) say(format string, args ...any) { fmt.Fprintf(s.opts.Out, format+"\n", args...) }

func (s *Stage) engine() string {
	if s.opts.Database != "" {
		return "PostgreSQL"
	}
	return "SQLite"
}

// phone gives the authenticator that holds a secret.
func (s *Stage) phone(secret string) *people.Authenticator {
	if s.phones[secret] == nil {
		s.phones[secret] = &people.Authenticator{Secret: secret, Clock: s.now()}
	}
	return s.phones[secret]
}

// browser opens an empty browser for someone.
func (s *Stage) browser() *people.Browser { return people.New(s.Origin, "127.0.0.1") }

// seed writes the accounts to a file and serves until the context ends.
func (s *Stage) seed(ctx context.Context) error {
	text, err := json.MarshalIndent(map[string]any{
		"origin": s.Origin, "mail": string(s.Letters), "provider": s.Trial.Provider, "town": s.Town, "mutual": s.Mutual, "people": s.Trial.Players,
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.opts.Seed+".part", text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(s.opts.Seed+".part", s.opts.Seed); err != nil {
		return err
	}
	s.say("%s", s.Origin)
	<-ctx.Done()
	return nil
}

// leaveOpen says how to look around, until Ctrl+C.
func (s *Stage) leaveOpen(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s.say("")
	s.say("The pages stay open until Ctrl+C. One click, one use:")
	for _, who := range []struct{ name, words string }{
		{"admin", "administrator of " + s.player("admin").Organization}, {"auditor", "auditor of the same"}, {"provider", "provider staff"},
	} {
		s.say("  %-40s %s/demo/%s", who.words, s.Origin, s.doors.offer(who.name))
	}
	s.say("Or sign in at %s/signin: %s, password %s", s.Origin, s.player("member").Email, s.player("member").Password)
	<-ctx.Done()
	return nil
}
