package sandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Blind is a set of values of which only keyed hashes are known.
type Blind struct {
	key  [32]byte
	seen map[[16]byte]struct{}
}

// NewBlind makes an empty set under a key of its own.
func NewBlind() (*Blind, error) {
	b := &Blind{seen: map[[16]byte]struct{}{}}
	_, err := rand.Read(b.key[:])
	return b, err
}

// Forget throws the key away: what is in the set can never be looked up again.
func (b *Blind) Forget() { clear(b.key[:]); b.seen = nil }

func (b *Blind) hash(value string) (out [16]byte) {
	mac := hmac.New(sha256.New, b.key[:])
	mac.Write([]byte(strings.ToLower(strings.TrimSpace(value))))
	copy(out[:], mac.Sum(nil))
	return out
}

// Add puts a value into the set.
func (b *Blind) Add(value string) { b.seen[b.hash(value)] = struct{}{} }

// Drop takes a value out: what every installation has says nothing of anybody.
func (b *Blind) Drop(value string) { delete(b.seen, b.hash(value)) }

// Has tells whether a value is in the set, whatever its case.
func (b *Blind) Has(value string) bool { _, has := b.seen[b.hash(value)]; return has }

// Size is how many values are in the set.
func (b *Blind) Size() int { return len(b.seen) }

var (
	stable  = regexp.MustCompile(`^[a-z][a-z0-9_.:-]*$`)
	media   = regexp.MustCompile(`^(application|image|text)/[a-z0-9.+-]+(; charset=utf-8)?$`)
	figures = regexp.MustCompile(`^[0-9.,+ -]{1,6}$`)
)

var named = map[string]bool{
	"given_name": true, "family_name": true, "name": true, "email": true, "email2": true, "login": true, "phone": true,
	"function": true, "department": true, "team": true, "group": true, "committee": true, "company": true, "number": true, "shown": true,
	"address": true, "user": true, "secret": true, "extension": true, "digest": true, "hash": true, "place": true, "title": true, "label": true,
}

// Named tells whether the values of a column say who somebody is, even when they look like words of the program.
func Named(column string) bool { return named[column] }

// Telling tells whether a value of a column can say anything of a person: stable words of the program (states, roles,
// permissions, types of files), dates and short figures cannot.
func Telling(column, value string) bool {
	value = strings.TrimSpace(value)
	if utf8.RuneCountInString(value) < 3 {
		return false
	}
	if named[column] {
		return true
	}
	if _, err := time.Parse(time.RFC3339, value); err == nil {
		return false
	}
	return !stable.MatchString(value) && !media.MatchString(value) && !figures.MatchString(value)
}
