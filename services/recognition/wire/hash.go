package wire

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"math/bits"
)

// KeySize is that of the key of the hashes, in bytes.
const KeySize = 32

// ID names a card without telling anything about it: the keyed hash of its key in its source. 96 bits of it are sent; the rest is zero.
type ID [16]byte

// idSent is how many bytes of an id go over the wire: among ten million cards two are alike once in 10^14.
const idSent = 12

// Sum is the keyed hash of the content of a card and of the version of the mapping that made it.
type Sum [8]byte

// Entry is what both sides hold of a card: 24 bytes, without the key as good as random.
type Entry struct {
	ID  ID
	Sum Sum
}

// EntrySize is that of an entry where it is kept.
const EntrySize = len(ID{}) + len(Sum{})

// Compare orders entries by their ids.
func (e Entry) Compare(o Entry) int {
	if a, b := binary.BigEndian.Uint64(e.ID[:]), binary.BigEndian.Uint64(o.ID[:]); a != b {
		return cmp.Compare(a, b)
	}
	return bytes.Compare(e.ID[8:], o.ID[8:])
}

// Hasher makes the hashes of one link. It is not for two goroutines at once.
type Hasher struct {
	mac hash.Hash
	in  []byte
	out []byte
}

// NewHasher takes the key that the platform gave.
func NewHasher(key []byte) *Hasher {
	return &Hasher{mac: hmac.New(sha256.New, key), out: make([]byte, 0, sha256.Size)}
}

// What a hash is of, so that none can be taken for another.
const (
	ofKey byte = iota + 1
	ofContent
	ofEntry
)

// head begins what is hashed, in a place of the hasher's own: nothing is allocated for a hash.
func (h *Hasher) head(of byte, number int64) {
	h.in = binary.BigEndian.AppendUint64(append(h.in[:0], of), uint64(number))
}

func (h *Hasher) sum() []byte {
	h.mac.Reset()
	h.mac.Write(h.in)
	h.out = h.mac.Sum(h.out[:0])
	return h.out
}

// ID hashes the key of a record.
func (h *Hasher) ID(key string) (id ID) {
	h.head(ofKey, 0)
	h.in = append(h.in, key...)
	copy(id[:idSent], h.sum())
	return id
}

// Sum hashes a content (AppendContent) under the version of its mapping.
func (h *Hasher) Sum(mapping int64, content []byte) (s Sum) {
	h.head(ofContent, mapping)
	h.in = append(h.in, content...)
	copy(s[:], h.sum())
	return s
}

// Element gives what an entry adds to the digest of its set.
func (h *Hasher) Element(e Entry) (el Element) {
	h.head(ofEntry, 0)
	h.in = append(append(h.in, e.ID[:]...), e.Sum[:]...)
	copy(el[:], h.sum())
	return el
}

// Element is the keyed hash of an entry.
type Element [sha256.Size]byte

// Item is the short form of an element, by which sets are reconciled.
type Item uint64

// Item gives the short form.
func (e Element) Item() Item { return Item(binary.BigEndian.Uint64(e[:8])) }

// Digest is the sum of the elements of a set modulo 2^256: the same whatever the order, changed by adding and taking away. The
// elements are keyed, so that whoever does not hold the key cannot choose two sets of one digest.
type Digest [4]uint64

func (d *Digest) words(e Element) (w [4]uint64) {
	for i := range w {
		w[i] = binary.LittleEndian.Uint64(e[i*8:])
	}
	return w
}

// Add adds an element.
func (d *Digest) Add(e Element) {
	var carry uint64
	for i, w := range d.words(e) {
		d[i], carry = bits.Add64(d[i], w, carry)
	}
}

// Join adds all elements of another set.
func (d *Digest) Join(o Digest) {
	var carry uint64
	for i, w := range o {
		d[i], carry = bits.Add64(d[i], w, carry)
	}
}

// Take takes an element away.
func (d *Digest) Take(e Element) {
	var borrow uint64
	for i, w := range d.words(e) {
		d[i], borrow = bits.Sub64(d[i], w, borrow)
	}
}

// String gives 64 hexadecimal digits.
func (d Digest) String() string {
	var b [32]byte
	for i, w := range d {
		binary.BigEndian.PutUint64(b[i*8:], w)
	}
	return hex.EncodeToString(b[:])
}

var errDigest = errors.New("wire: not a digest")

// ParseDigest reads what String gave.
func ParseDigest(s string) (d Digest, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		return Digest{}, errDigest
	}
	for i := range d {
		d[i] = binary.BigEndian.Uint64(b[i*8:])
	}
	return d, nil
}
