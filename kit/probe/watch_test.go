package probe

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestAWatchHearsEveryLevelWhileSomebodyListens(t *testing.T) {
	var out bytes.Buffer
	var w Watch
	log := slog.New(w.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))).With("node", "a").WithGroup("g")
	log.Error("before")
	stop := w.Listen()
	log.Debug("quiet", "x", "hush")
	log.Error("loud")
	heard, whole := stop()
	log.Error("after")
	got := strings.Join(heard, "\n")
	if !whole || len(heard) != 2 || !strings.Contains(got, "node=a g.x=hush") || !strings.Contains(got, "loud") {
		t.Errorf("heard %q, whole %v", heard, whole)
	}
	if s := out.String(); strings.Contains(s, "quiet") || strings.Count(s, "\n") != 3 {
		t.Errorf("the log itself changed: %q", s)
	}
}

func TestTwoListenersEachHearTheirOwnTime(t *testing.T) {
	var w Watch
	log := slog.New(w.Handler(slog.DiscardHandler))
	one := w.Listen()
	log.Info("first")
	two := w.Listen()
	log.Info("second")
	if heard, _ := one(); len(heard) != 2 {
		t.Errorf("the first heard %q", heard)
	}
	log.Info("third")
	if heard, _ := two(); len(heard) != 2 || !strings.Contains(heard[0], "second") {
		t.Errorf("the second heard %q", heard)
	}
}
