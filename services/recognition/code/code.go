// Package code is the one-time codes by which a program at the customer's, or a workstation, enrols.
//
// Owns: how a code looks and is read back, what is kept of it, how often one may be tried. Must not know: what it gives, tables.
// Start reading at: New.
package code

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
)

// Life is how long a code serves.
const Life = 15 * time.Minute

// Use is what a code is for: that of one thing serves for no other.
type Use string

// The uses.
const (
	Program     Use = "recognition.install"
	Workstation Use = "rempart.desk"
)

// No two signs of it are taken for one another.
var alphabet = base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789").WithPadding(base32.NoPadding)

// New gives 16 signs, 80 random bits, in groups of four.
func New() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails (Go 1.24)
	c := alphabet.EncodeToString(b[:])
	return c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:]
}

var shown = regexp.MustCompile(`\b[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){3}\b`)

// Find gives the code that a text shows, "" for none. The middle of an identifier is none.
func Find(text string) string { return shown.FindString(text) }

// sum is a digest of a code as it was meant, however it was typed: 80 random bits need no stretching.
func (u Use) sum(what, typed string) [sha256.Size]byte {
	plain := strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(strings.TrimSpace(typed)))
	return sha256.Sum256([]byte(string(u) + "." + what + "\x00" + plain))
}

// Hash is what is kept of a code.
func (u Use) Hash(typed string) []byte {
	sum := u.sum("hash", typed)
	return sum[:]
}

// Cipher is one whose key is the code: what it sealed is read by whoever has it, and by nobody else.
func (u Use) Cipher(typed string) cipher.AEAD {
	key := u.sum("key", typed)
	block, _ := aes.NewCipher(key[:]) // 32 bytes: cannot fail
	a, _ := cipher.NewGCMWithRandomNonce(block)
	return a
}

// Limits of tries: from one source, and on the whole platform.
var (
	perSource = abuse.Limit{Burst: 10, Every: time.Minute}
	perHouse  = abuse.Limit{Burst: 300, Every: time.Second}
)

// Try counts a try by the source that it comes from; one that is not OK is refused before the code is looked at.
func (u Use) Try(ctx context.Context, tx core.Tx, now time.Time) (v abuse.Verdict, err error) {
	source := abuse.Source(core.ActorOf(ctx).Address).String()
	for _, l := range []struct {
		key   string
		limit abuse.Limit
	}{{source, perSource}, {"", perHouse}} {
		key := sha256.Sum256([]byte(string(u) + "\x00" + l.key))
		if v, err = abuse.Take(ctx, tx, "code:"+hex.EncodeToString(key[:16]), l.limit, now); err != nil || !v.OK {
			break
		}
	}
	return v, err
}
