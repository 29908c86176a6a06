package abuse

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/i18n"
)

// Worker is the script that solves a puzzle off the main thread of the page, to be served from our own origin
// (worker-src 'self'). It receives {challenge, bits} and posts the nonce as a decimal text.
//
//go:embed worker.js
var Worker []byte

// PuzzleLife is how long a challenge may be answered.
const PuzzleLife = 5 * time.Minute

// Puzzles makes and checks proofs of work: find a nonce such that SHA-256(challenge ‖ "." ‖ nonce) starts with so many
// zero bits. A challenge is bound to a form, to the source it was made for and to five minutes, and is used once. It is
// asked only under pressure, is never the only gate (whoever owns hardware pays little), and never asks a person to
// solve anything by hand.
type Puzzles struct{ key []byte }

// NewPuzzles makes puzzles signed with key, the same on every node.
func NewPuzzles(key []byte) *Puzzles { return &Puzzles{key: Derive(key, "puzzle")} }

var (
	errPuzzle = i18n.Fault(core.Invalid, "puzzle.invalid",
		"La vérification automatique n'a pas abouti. Rechargez la page et réessayez.",
		"The automatic check did not complete. Reload the page and try again.")
	errPuzzleGone = i18n.Fault(core.Gone, "puzzle.gone",
		"La vérification automatique a expiré. Réessayez.",
		"The automatic check has expired. Try again.")
)

const puzzleBytes = 1 + 8 + 16 // bits, end in Unix seconds, random

// Make gives a challenge of difficulty zero bits (16 takes a browser some 130 ms, 18 some 430 ms).
func (p *Puzzles) Make(form string, addr netip.Addr, difficulty int, now time.Time) string {
	var b [puzzleBytes]byte
	b[0] = byte(min(max(difficulty, 1), 30))
	binary.BigEndian.PutUint64(b[1:], uint64(now.Add(PuzzleLife).Unix()))
	_, _ = rand.Read(b[9:])
	return base64.RawURLEncoding.EncodeToString(append(b[:], p.sign(b[:], form, addr)...))
}

// Check verifies an answer with one hash and spends the challenge in tx.
func (p *Puzzles) Check(ctx context.Context, tx core.Tx, form string, addr netip.Addr, challenge, nonce string, now time.Time) error {
	ends, err := p.verify(form, addr, challenge, nonce, now)
	if err != nil {
		return err
	}
	id := sha256.Sum256([]byte(challenge))
	n, err := tx.Exec(ctx, qSpend, base64.RawURLEncoding.EncodeToString(id[:]), clock.Micros(ends))
	if err != nil {
		return fmt.Errorf("abuse: spend a proof: %w", err)
	}
	if n == 0 {
		return errPuzzleGone
	}
	return nil
}

func (p *Puzzles) verify(form string, addr netip.Addr, challenge, nonce string, now time.Time) (time.Time, error) {
	if len(challenge) > 128 || strings.ContainsAny(challenge, "\r\n") || len(nonce) > 20 || nonce == "" || strings.Trim(nonce, "0123456789") != "" {
		return time.Time{}, errPuzzle
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(raw) != puzzleBytes+sha256.Size {
		return time.Time{}, errPuzzle
	}
	body, tag := raw[:puzzleBytes], raw[puzzleBytes:]
	if !hmac.Equal(tag, p.sign(body, form, addr)) {
		return time.Time{}, errPuzzle
	}
	ends := time.Unix(int64(binary.BigEndian.Uint64(body[1:])), 0)
	if !now.Before(ends) {
		return ends, errPuzzleGone
	}
	if zeroBits(sha256.Sum256([]byte(challenge+"."+nonce))) < int(body[0]) {
		return ends, errPuzzle
	}
	return ends, nil
}

func (p *Puzzles) sign(body []byte, form string, addr netip.Addr) []byte {
	h := hmac.New(sha256.New, p.key)
	fmt.Fprintf(h, "%d:%s%s|", len(form), form, Source(addr))
	h.Write(body)
	return h.Sum(nil)
}

// Solve finds an answer: what the worker does in the browser, for tests and the demo.
func Solve(challenge string) string {
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(raw) == 0 {
		return ""
	}
	for n := 0; ; n++ {
		nonce := fmt.Sprint(n)
		if zeroBits(sha256.Sum256([]byte(challenge+"."+nonce))) >= int(raw[0]) {
			return nonce
		}
	}
}

// Difficulty tells how many zero bits a challenge asks, for the page.
func Difficulty(challenge string) int {
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(raw) == 0 {
		return 0
	}
	return int(raw[0])
}

func zeroBits(sum [32]byte) int {
	n := 0
	for _, b := range sum {
		if b != 0 {
			return n + bits.LeadingZeros8(b)
		}
		n += 8
	}
	return n
}
