package ids

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

func TestIDsAreValidUniqueAndGrow(t *testing.T) {
	var mu sync.Mutex
	seen := map[core.ID]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			before := core.ID("")
			for range 2000 {
				id := New()
				if !Valid(string(id)) {
					t.Errorf("%s is not valid", id)
				}
				if id <= before {
					t.Errorf("%s does not follow %s", id, before)
				}
				before = id
				mu.Lock()
				if seen[id] {
					t.Errorf("%s came twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// TestAnIDHoldsItsMoment reads the milliseconds back as RFC 9562 lays them out (section 5.7).
func TestAnIDHoldsItsMoment(t *testing.T) {
	future := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	hex := strings.ReplaceAll(string(At(future)), "-", "")
	var ms int64
	for _, c := range hex[:12] {
		ms = ms<<4 | int64(strings.IndexRune("0123456789abcdef", c))
	}
	if got := time.UnixMilli(ms); !got.Equal(future) {
		t.Errorf("the id says %s, want %s", got, future)
	}
}

func TestWhatIsNoIDIsRefused(t *testing.T) {
	good := string(New())
	for _, bad := range []string{
		"", "platform", good[:35], good + "0", strings.ToUpper(good[:24]) + "ABCDEFABCDEF", "../../../../etc/passwd/aaaaaaaaaaaaaa",
		good[:14] + "4" + good[15:], "' OR 1=1 --aaaaaaaaaaaaaaaaaaaaaaaaa",
	} {
		if Valid(bad) {
			t.Errorf("%q passed for an id", bad)
		}
	}
}

func TestSecretsAreLongAndDiffer(t *testing.T) {
	a, b := Secret("rpt_", 32), Secret("rpt_", 32)
	if a == b || !strings.HasPrefix(a, "rpt_") || len(a) != 4+52 {
		t.Errorf("%d and %d characters, same %v", len(a), len(b), a == b)
	}
	if strings.ContainsAny(a[4:], "l10o") {
		t.Error("a secret holds letters that look alike")
	}
}

func FuzzValid(f *testing.F) {
	f.Add(string(New()))
	f.Fuzz(func(t *testing.T, s string) {
		if Valid(s) && (len(s) != 36 || strings.ContainsAny(s, "/.%'\" ")) {
			t.Errorf("%q passed", s)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New()
	}
}

func TestAnIDNamesItsMoment(t *testing.T) {
	want := time.Date(2031, 2, 3, 4, 5, 6, 789e6, time.UTC)
	if got, ok := Time(At(want)); !ok || !got.Equal(want) {
		t.Errorf("got %v, %v", got, ok)
	}
	if _, ok := Time("platform"); ok {
		t.Error("a fixed name has a moment")
	}
}
