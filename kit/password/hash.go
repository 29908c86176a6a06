package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Hasher hashes and checks passwords, a bounded number at a time: argon2id is meant to be dear, so without a bound a
// burst of sign-ins would take all memory. Those beyond the bound wait for their turn; those who would wait too long
// are told to come back (503 with Retry-After).
type Hasher struct {
	params  Params
	slots   chan struct{}
	waiting atomic.Int64
	queue   int64
	wait    time.Duration
	dummy   phc
}

// Limits bounds the concurrent work of a Hasher. The zero value is right for a machine.
type Limits struct {
	AtOnce int           // hashes computed together; 0: one per processor
	Queue  int           // callers that may wait; 0: 256
	Wait   time.Duration // how long they may wait; 0: 20 s
}

var errBusy = i18n.Fault(core.Busy, "password.busy",
	"Trop de vérifications de mots de passe sont en cours. Réessayez dans quelques secondes.",
	"Too many password checks are under way. Try again in a few seconds.")

// NewHasher makes a hasher of that cost within those limits.
func NewHasher(p Params, l Limits) *Hasher {
	if l.AtOnce <= 0 {
		l.AtOnce = runtime.GOMAXPROCS(0)
	}
	if l.Queue <= 0 {
		l.Queue = 256
	}
	if l.Wait <= 0 {
		l.Wait = 20 * time.Second // within the 30 s that a request may take
	}
	h := &Hasher{params: p, slots: make(chan struct{}, l.AtOnce), queue: int64(l.Queue), wait: l.Wait}
	h.dummy = phc{Params: p, salt: make([]byte, saltBytes), hash: make([]byte, hashBytes)}
	_, _ = rand.Read(h.dummy.salt)
	_, _ = rand.Read(h.dummy.hash) // what no password hashes to, but by a chance of 2^-256
	return h
}

// Hash gives the PHC string of a password. It may take tens of milliseconds and wait: never call it in a transaction.
func (h *Hasher) Hash(ctx context.Context, plain string) (string, error) {
	p := phc{Params: h.params, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(p.salt)
	if err := h.work(ctx, func() { p.hash = derive(p, plain, hashBytes) }); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Check tells in constant time whether plain is the password of stored, and whether stored should be made again at
// today's cost. An empty stored stands for an account that does not exist: the same work is done, and the answer is no.
func (h *Hasher) Check(ctx context.Context, stored, plain string) (ok, upgrade bool, err error) {
	p := h.dummy
	if stored != "" {
		if p, err = parsePHC(stored); err != nil {
			return false, false, err
		}
	}
	var got []byte
	if err := h.work(ctx, func() { got = derive(p, plain, len(p.hash)) }); err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(got, p.hash) == 1 && stored != ""
	return ok, ok && (p.Params != h.params || len(p.hash) != hashBytes || len(p.salt) < saltBytes), nil
}

// Mark gives the mark of a recovery code under the salt of its batch: the same argon2id, so that one computation finds
// a code among all of a batch. The salt is made by NewSalt.
func (h *Hasher) Mark(ctx context.Context, salt, code string) (mark string, err error) {
	p := phc{Params: h.params, salt: []byte(salt)}
	err = h.work(ctx, func() { mark = base64.RawURLEncoding.EncodeToString(derive(p, code, hashBytes)) })
	return mark, err
}

// NewSalt gives 128 random bits as text.
func NewSalt() string {
	var b [saltBytes]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (h *Hasher) work(ctx context.Context, f func()) error {
	select {
	case h.slots <- struct{}{}:
	default:
		if err := h.await(ctx); err != nil {
			return err
		}
	}
	defer func() { <-h.slots }()
	f()
	return nil
}

func (h *Hasher) await(ctx context.Context) error {
	if h.waiting.Add(1) > h.queue {
		h.waiting.Add(-1)
		return errBusy.After(2 * time.Second)
	}
	defer h.waiting.Add(-1)
	late := time.NewTimer(h.wait)
	defer late.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-late.C:
		return errBusy.After(2 * time.Second)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func derive(p phc, plain string, n int) []byte {
	return argon2.IDKey([]byte(plain), p.salt, p.Passes, p.Memory, p.Lanes, uint32(n))
}

// Normal gives the form in which characters are counted and lists are searched: Unicode normalization form C. What is
// hashed and compared is the password exactly as it was received: no form, no trimming, no folding, no cut (ASVS 6.2.8).
func Normal(plain string) string { return norm.NFC.String(plain) }
