package sheet

import (
	"crypto/rand"
	"errors"
)

// KeySize is the size of the key in bytes.
const KeySize = 32

// mul multiplies in GF(2^8) with the polynomial of AES (x^8+x^4+x^3+x+1), in the same time whatever the values.
func mul(a, b byte) byte {
	var p byte
	for range 8 {
		p ^= a & -(b & 1)
		a = a<<1 ^ 0x1b&-(a>>7)
		b >>= 1
	}
	return p
}

// inverse gives a^254.
func inverse(a byte) byte {
	r := byte(1)
	for range 7 { // 254 = 2+4+...+128
		a = mul(a, a)
		r = mul(r, a)
	}
	return r
}

// share gives the points of x = 1..parts of random polynomials of degree need-1 whose value at 0 is the secret.
func share(secret []byte, need, parts int) ([][]byte, error) {
	factors := make([]byte, (need-1)*len(secret))
	defer clear(factors)
	if _, err := rand.Read(factors); err != nil {
		return nil, err
	}
	all := make([][]byte, parts)
	for i := range all {
		x := byte(i + 1)
		y := make([]byte, len(secret))
		for j := range secret {
			for k := need - 2; k >= 0; k-- { // Horner
				y[j] = mul(y[j]^factors[k*len(secret)+j], x)
			}
			y[j] ^= secret[j]
		}
		all[i] = y
	}
	return all, nil
}

var errPoints = errors.New("sheet: two parts have the same number")

// combine gives the value at 0 of the polynomials through the points (Lagrange).
func combine(xs []byte, ys [][]byte) ([]byte, error) {
	secret := make([]byte, KeySize)
	for i, x := range xs {
		factor := byte(1)
		for j, other := range xs {
			if i == j {
				continue
			}
			if other == x || x == 0 {
				return nil, errPoints
			}
			factor = mul(factor, mul(other, inverse(other^x)))
		}
		for k := range secret {
			secret[k] ^= mul(factor, ys[i][k])
		}
	}
	return secret, nil
}
