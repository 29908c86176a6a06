package clock

import (
	"testing"
	"time"
)

func TestMicrosComeBack(t *testing.T) {
	now := Real{}.Now()
	if back := FromMicros(Micros(now)); !back.Equal(now) {
		t.Errorf("%s became %s", now, back)
	}
	if Micros(time.Time{}) != 0 || !FromMicros(0).IsZero() {
		t.Error("the zero time must be stored as 0 and come back as zero")
	}
}

func TestAFakeClockStandsStill(t *testing.T) {
	var f Fake
	start := f.Now()
	if !f.Now().Equal(start) || start.IsZero() {
		t.Error("a fake clock moved by itself, or has no start")
	}
	f.Advance(90 * time.Minute)
	if got := f.Now().Sub(start); got != 90*time.Minute {
		t.Errorf("moved by %s", got)
	}
	f.Set(start)
	if !f.Now().Equal(start) {
		t.Error("cannot be set back")
	}
}
