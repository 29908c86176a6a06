package statistics

import (
	"crypto/rand"
	"math"
	"testing"
)

// draw gives n draws at a cost.
func draw(t testing.TB, n int, milli uint64) []int64 {
	t.Helper()
	out := make([]int64, n)
	for i := range out {
		v, err := laplace(rand.Reader, milli)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = v
	}
	return out
}

// TestTheNoiseIsDiscreteLaplace compares what is drawn with what the distribution says, value by value.
func TestTheNoiseIsDiscreteLaplace(t *testing.T) {
	const n = 200_000
	for _, milli := range []uint64{100, 250, 500} {
		e := float64(milli) / 1000
		seen := map[int64]int{}
		for _, v := range draw(t, n, milli) {
			seen[v]++
		}
		for x := int64(-6); x <= 6; x++ {
			p := (1 - math.Exp(-e)) / (1 + math.Exp(-e)) * math.Exp(-e*math.Abs(float64(x)))
			if got, sigma := float64(seen[x])/n, math.Sqrt(p*(1-p)/n); math.Abs(got-p) > 5*sigma {
				t.Errorf("at epsilon %.2f, %d is drawn %.5f of the time, want %.5f", e, x, got, p)
			}
		}
		within := 0
		for v, c := range seen {
			if v <= Spread(int64(milli)) && v >= -Spread(int64(milli)) {
				within += c
			}
		}
		if share := float64(within) / n; share < 0.945 {
			t.Errorf("at epsilon %.2f, %.3f of the noise stays within %d", e, share, Spread(int64(milli)))
		}
	}
}

// differencing is the attack: a figure with somebody and one without, and the guess that a true difference would settle. It
// gives how often the best guess is right.
func differencing(noise func() int64) float64 {
	const n, truth = 40_000, 57
	right := 0
	for i := range n {
		with := i%2 == 0
		count := int64(truth)
		if with {
			count++
		}
		// The attacker knows everybody else, and thus that the count is 57 or 58: the likelier one is the nearer.
		if guess := count+noise() > truth; guess == with {
			right++
		}
	}
	return float64(right) / n
}

// TestDifferencingTellsLittle: whoever knows everybody else learns of one person no more than the budget says.
func TestDifferencingTellsLittle(t *testing.T) {
	if got := differencing(func() int64 { return 0 }); got != 1 {
		t.Errorf("without noise the attack is right %.3f of the time: it would prove nothing", got)
	}
	for _, milli := range []uint64{100, 250, 500} {
		e := float64(milli) / 1000
		bound := math.Exp(e) / (1 + math.Exp(e))
		got := differencing(func() int64 { return draw(t, 1, milli)[0] })
		if got > bound+0.01 {
			t.Errorf("at epsilon %.2f the attack is right %.3f of the time, more than %.3f", e, got, bound)
		}
		if got < 0.49 {
			t.Errorf("at epsilon %.2f the attack is right %.3f of the time: it is no attack", e, got)
		}
	}
}

// TestAveragingWouldTellTheTruth is the test of the test: fresh noise for each question gives the true count away, which is why
// a figure that was given is kept.
func TestAveragingWouldTellTheTruth(t *testing.T) {
	sum := int64(0)
	for _, v := range draw(t, 40_000, 250) {
		sum += 57 + v
	}
	if mean := float64(sum) / 40_000; math.Abs(mean-57) > 0.3 {
		t.Errorf("the mean of fresh noise is %.2f, want 57", mean)
	}
}
