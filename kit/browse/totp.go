package browse

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as authenticator apps speak it
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Authenticator is an application on a phone that gives codes (RFC 6238, 6 digits, 30 seconds). It never shows the same
// code twice: each next one is of a later step, as when a person waits, within the drift that the platform accepts.
type Authenticator struct {
	Secret string           // base32, spaces allowed
	Clock  func() time.Time // the phone's; the machine's when nil
	last   int64
}

func (a *Authenticator) now() int64 {
	if a.Clock != nil {
		return a.Clock().Unix()
	}
	return time.Now().Unix()
}

func (a *Authenticator) step() int64 { return a.now() / 30 }

// Code gives the next code to type.
func (a *Authenticator) Code() (string, error) {
	step := a.step()
	if a.now()%30 < 15 {
		step-- // still accepted, and for long enough: two more can follow at once
	}
	if step <= a.last {
		step = a.last + 1
	}
	for step > a.step()+1 {
		time.Sleep(200 * time.Millisecond)
	}
	a.last = step
	return a.at(step)
}

func (a *Authenticator) at(step int64) (string, error) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(
		strings.TrimRight(strings.ToUpper(strings.ReplaceAll(a.Secret, " ", "")), "="))
	if err != nil {
		return "", fmt.Errorf("authenticator: the secret is not base32: %w", err)
	}
	h := hmac.New(sha1.New, key)
	_ = binary.Write(h, binary.BigEndian, uint64(step)) // a hash does not fail
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000), nil
}

// Copy gives the same application on another phone, which knows what was shown already.
func (a *Authenticator) Copy(clock func() time.Time) *Authenticator {
	return &Authenticator{Secret: a.Secret, Clock: clock, last: a.last}
}
