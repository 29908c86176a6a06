// Package ids makes identifiers.
//
// Owns: UUIDv7 ids (RFC 9562) and secrets that a person or a machine carries. Must not know: any module.
// Start reading at: New.
package ids

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
)

var (
	mu   sync.Mutex
	last uint64 // milliseconds << 12 | counter
)

// New gives a new UUIDv7: ids of one process sort in the order they were made.
func New() core.ID { return At(time.Now()) }

// At gives a new UUIDv7 for a moment; ids still only grow within one process.
func At(t time.Time) core.ID {
	var b [16]byte
	if _, err := rand.Read(b[8:]); err != nil {
		panic(err) // crypto/rand never fails (Go 1.24)
	}
	mu.Lock()
	now := uint64(t.UnixMilli()) << 12
	if now <= last {
		now = last + 1
	}
	last = now
	mu.Unlock()
	binary.BigEndian.PutUint64(b[0:8], now>>12<<16|0x7000|now&0xfff)
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return core.ID(s[:])
}

// Valid tells whether s has the form of an id made here.
func Valid(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s[14] != '7' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Time gives the moment that an id names, to the millisecond; false when it was not made here.
func Time(id core.ID) (time.Time, bool) {
	if !Valid(string(id)) {
		return time.Time{}, false
	}
	var b [8]byte
	if _, err := hex.Decode(b[2:6], []byte(id[0:8])); err != nil {
		return time.Time{}, false
	}
	if _, err := hex.Decode(b[6:8], []byte(id[9:13])); err != nil {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:]))).UTC(), true
}

var encoding = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// Secret gives n random bytes as text without look-alike letters, with a prefix that says what it is ("rpt_").
func Secret(prefix string, n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return prefix + encoding.EncodeToString(b)
}

// Typed gives the id that somebody put into an address or a form; "" when it is too long to be one, so that it is nobody's.
func Typed(text string) core.ID {
	if len(text) > 64 {
		return ""
	}
	return core.ID(text)
}
