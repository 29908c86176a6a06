package scripts

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/app/demo"
	"github.com/rempart/rempart/app/people"
)

// like is the platform whose people every script takes over.
var like *demo.Stage

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		quiet := slog.New(slog.DiscardHandler)
		if like, err = demo.SetStage(background(), demo.Options{Out: os.Stderr, Log: quiet}); err == nil {
			err = like.Freeze()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "scripts:", err)
			return 1
		}
		defer func() { _ = like.Strike() }()
		return m.Run()
	}())
}

// shifted is the machine's clock, moved by the scripts that let time pass.
type shifted struct {
	mu sync.Mutex
	by time.Duration
}

func (c *shifted) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Add(c.by).Truncate(time.Microsecond)
}

func (c *shifted) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += d
}

// play is one script's platform and who is on it.
type play struct {
	*demo.Stage
	clock    *shifted
	browsers map[string]*people.Browser
	secrets  map[string]people.Person // changed passwords
	apis     map[string]string        // access tokens by player
}

type playKey struct{}

func TestPromises(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			clock := &shifted{}
			stage, err := demo.SetStage(background(), demo.Options{Out: os.Stderr, Log: slog.New(slog.DiscardHandler), Like: like, Clock: clock})
			if err != nil {
				return err
			}
			env.Defer(func() {
				if err := stage.Strike(); err != nil {
					t.Error(err)
				}
			})
			p := &play{Stage: stage, clock: clock, browsers: map[string]*people.Browser{}, secrets: map[string]people.Person{}, apis: map[string]string{}}
			env.Values[playKey{}] = p
			env.Setenv("ORIGIN", stage.Origin)
			env.Setenv("SOON", clock.Now().AddDate(0, 0, 30).Format(time.DateOnly))
			env.Setenv("TOWN", "/o/"+string(stage.Town))
			env.Setenv("TOWN_ID", string(stage.Town))
			env.Setenv("MUTUAL", "/o/"+string(stage.Mutual))
			env.Setenv("MUTUAL_ID", string(stage.Mutual))
			for name, who := range stage.Trial.Players {
				env.Setenv(strings.ToUpper(name), string(who.Person))
				env.Setenv(strings.ToUpper(name)+"_MEMBER", string(who.Member))
				env.Setenv(strings.ToUpper(name)+"_EMAIL", who.Email)
			}
			return nil
		},
		Cmds: words(),
	})
}
