// Package pack writes a few texts as one value, to be sealed together: one opening gives a whole row, and its length tells
// little of theirs, since it is filled up to a bucket.
//
// Owns: the form of such a value. Must not know: what the texts are, nor how they are sealed. Start reading at: Texts.
package pack

import (
	"encoding/binary"
	"errors"
)

// version is the form of what Texts writes. A value of another one is refused.
const version = 1

// bucket is what lengths are rounded up to: 64 bytes hide whether a name is long or short.
const bucket = 64

var errForm = errors.New("pack: this value was not written by this package")

// Texts writes texts one after another, each behind its length, filled up to the bucket with zeros. At most 255 texts.
func Texts(texts ...string) []byte {
	size := 2
	for _, t := range texts {
		size += len(t) + 3
	}
	b := make([]byte, 0, (size+bucket-1)/bucket*bucket)
	b = append(b, version, byte(len(texts)))
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	full := (len(b) + bucket - 1) / bucket * bucket
	return append(b, make([]byte, full-len(b))...)
}

// Read gives the texts back, as many as there are places for: a value written by an older release has fewer, whose places
// stay as they were; one written by a newer release may have more.
func Read(b []byte, to ...*string) error {
	if len(b) < 2 || b[0] != version {
		return errForm
	}
	all, n := string(b), int(b[1]) // one copy, which the texts share
	at := 2
	for i := range n {
		size, width := binary.Uvarint(b[at:])
		if width <= 0 || size > uint64(len(b)-at-width) {
			return errForm
		}
		at += width
		if i < len(to) {
			*to[i] = all[at : at+int(size)]
		}
		at += int(size)
	}
	return nil
}
