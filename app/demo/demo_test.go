package demo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestTheDemonstrationHoldsEveryPromiseItShows(t *testing.T) {
	if testing.Short() {
		t.Skip("played by make test; each promise has its script")
	}
	var out bytes.Buffer
	err := Run(t.Context(), Options{Out: &out, Exit: true, Log: slog.New(slog.DiscardHandler), Version: "test"})
	t.Logf("\n%s", out.String())
	if err != nil {
		t.Fatal(err)
	}
}

func TestAReadyLinkOpensASessionOnce(t *testing.T) {
	s, err := SetStage(t.Context(), Options{Out: io.Discard, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Strike(); err != nil {
			t.Error(err)
		}
	}()
	link := "/demo/" + s.doors.offer("provider")
	b := s.browser()
	if _, err := b.Get(link); err != nil {
		t.Fatal(err)
	}
	if in, err := b.SignedIn(); err != nil || !in {
		t.Errorf("signed in %v, %v", in, err)
	}
	other := s.browser()
	if _, err := other.Get(link); err != nil {
		t.Fatal(err)
	}
	if in, err := other.SignedIn(); err != nil || in {
		t.Errorf("the link opened a second session: %v, %v", in, err)
	}
}

func TestAPromiseThatFailsIsNamedAndEndsTheDemonstration(t *testing.T) {
	var out bytes.Buffer
	s := &Stage{opts: Options{Out: &out}}
	err := s.play(t.Context(), Scene{Title: "A broken one", Clauses: "ACC-9.9", Play: func(context.Context, *Stage) (string, error) {
		return "", errors.New("it did not hold")
	}})
	if !Told(err) || !strings.Contains(out.String(), "the promise ACC-9.9 did not hold") {
		t.Errorf("err = %v, out = %s", err, out.String())
	}
}
