package statistics

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"
)

// Source gives random bytes: crypto/rand.
type source interface{ Read([]byte) (int, error) }

// uniform gives a number from 0 to n-1, each as likely.
func uniform(r source, n uint64) (uint64, error) {
	limit := math.MaxUint64 - math.MaxUint64%n
	var b [8]byte
	for {
		if _, err := r.Read(b[:]); err != nil {
			return 0, fmt.Errorf("statistics: random numbers: %w", err)
		}
		if v := binary.LittleEndian.Uint64(b[:]); v < limit {
			return v % n, nil
		}
	}
}

// bernoulli is true n times out of d.
func bernoulli(r source, n, d uint64) (bool, error) {
	v, err := uniform(r, d)
	return v < n, err
}

// bernoulliExp is true with probability exp(-n/d), exactly, for n <= d.
func bernoulliExp(r source, n, d uint64) (bool, error) {
	for k := uint64(1); ; k++ {
		yes, err := bernoulli(r, n, d*k)
		if err != nil {
			return false, err
		}
		if !yes {
			return k%2 == 1, nil
		}
	}
}

// laplace draws from the discrete Laplace distribution: x with probability proportional to exp(-|x|·milli/1000), exactly.
func laplace(r source, milli uint64) (int64, error) {
	const t = 1000
	for {
		u, err := uniform(r, t)
		if err != nil {
			return 0, err
		}
		if yes, err := bernoulliExp(r, u, t); err != nil || !yes {
			if err != nil {
				return 0, err
			}
			continue
		}
		v := uint64(0)
		for {
			yes, err := bernoulliExp(r, 1, 1)
			if err != nil {
				return 0, err
			}
			if !yes {
				break
			}
			v++
		}
		y := int64((u + t*v) / milli)
		minus, err := bernoulli(r, 1, 2)
		switch {
		case err != nil:
			return 0, err
		case !minus:
			return y, nil
		case y > 0:
			return -y, nil
		}
	}
}

// Spread is how far the noise stays from nothing, 95 times out of 100, for a cost in thousandths of epsilon.
func Spread(milli int64) int64 {
	e := float64(milli) / 1000
	return int64(math.Ceil(math.Log(2/(0.05*(1+math.Exp(-e))))/e)) - 1
}

var system source = rand.Reader
