package recognition

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/seal"
)

// numberField is the blind index of numbers in E.164.
var numberField = seal.PhoneField("recognition_card.number")

// cardForm is the form of what encodeCard writes; another one is refused.
const cardForm = 1

// cardBucket is what the length of a card is rounded up to: it tells little of a name.
const cardBucket = 32

// maxCard is how long a card may be: no field of a notification needs more.
const maxCard = 16 << 10

var errCardForm = errors.New("recognition: this value is no card")

func hexed(b []byte) string { return hex.EncodeToString(b) }

func cardPlace(key []byte) string {
	const at = "recognition_card.value/"
	place := make([]byte, len(at), len(at)+2*len(key))
	copy(place, at)
	return string(hex.AppendEncode(place, key))
}

// encodeCard writes a card as one value to seal: texts behind their lengths, filled up to the bucket.
func encodeCard(c Card) []byte {
	b := make([]byte, 1, 128)
	b[0] = cardForm
	b = appendTexts(b, c.Name, c.Company)
	b = binary.AppendUvarint(b, uint64(len(c.Numbers)))
	b = appendTexts(b, c.Numbers...)
	for _, pairs := range []map[string]string{c.Shown, c.Scripts} {
		b = binary.AppendUvarint(b, uint64(len(pairs)))
		for _, k := range slices.Sorted(maps.Keys(pairs)) {
			b = appendTexts(b, k, pairs[k])
		}
	}
	full := (len(b) + cardBucket - 1) / cardBucket * cardBucket
	return append(b, make([]byte, full-len(b))...)
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	return b
}

// reading walks what encodeCard wrote; its texts share one copy.
type reading struct {
	all string
	at  int
	bad bool
}

func (r *reading) count() int {
	n, shift := uint64(0), 0
	for r.at < len(r.all) && shift < 63 {
		c := r.all[r.at]
		r.at++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if n > uint64(len(r.all)) {
				break
			}
			return int(n)
		}
		shift += 7
	}
	r.bad = true
	return 0
}

func (r *reading) text() string {
	n := r.count()
	if r.bad || n > len(r.all)-r.at {
		r.bad = true
		return ""
	}
	r.at += n
	return r.all[r.at-n : r.at]
}

func (r *reading) pairs() map[string]string {
	n := r.count()
	if n == 0 || r.bad {
		return nil
	}
	m := make(map[string]string, min(n, 64))
	for ; n > 0 && !r.bad; n-- {
		k := r.text()
		m[k] = r.text()
	}
	return m
}

func decodeCard(b []byte) (c Card, err error) {
	if len(b) == 0 || b[0] != cardForm {
		return c, errCardForm
	}
	r := reading{all: string(b), at: 1}
	c.Name, c.Company = r.text(), r.text()
	if n := r.count(); n > 0 && !r.bad {
		c.Numbers = make([]string, 0, min(n, 64))
		for ; n > 0 && !r.bad; n-- {
			c.Numbers = append(c.Numbers, r.text())
		}
	}
	c.Shown, c.Scripts = r.pairs(), r.pairs()
	if r.bad {
		return Card{}, errCardForm
	}
	return c, nil
}

func (m *Module) sealing(ctx context.Context, org, link core.ID) (*Sealing, error) {
	do, err := m.needs.Bulk.For(ctx, link)
	if err != nil {
		return nil, err
	}
	return &Sealing{seal: do, blind: func(number string) ([]byte, error) {
		return m.needs.Index.Index(ctx, org, numberField, number)
	}}, nil
}

func (s *Sealing) store(key Key, mark Mark, c Card) (Stored, error) {
	st := Stored{Key: key, Mark: mark, Blinds: make([]byte, 0, BlindSize*len(c.Numbers))}
	plain := encodeCard(c)
	if len(plain) > maxCard {
		return st, errCardForm
	}
	for _, n := range c.Numbers {
		blind, err := s.blind(n)
		if err != nil {
			return st, err
		}
		st.Blinds = append(st.Blinds, blind[:BlindSize]...)
	}
	var err error
	st.Value, err = s.seal(cardPlace(key[:]), plain)
	return st, err
}

// opened opens what is sealed under a link's key; false when the key was destroyed: the card is gone, whatever still stands.
func (m *Module) opened(ctx context.Context, link core.ID, place string, sealed []byte) (Card, bool, error) {
	open, err := m.needs.Bulk.Opener(ctx, link)
	if core.KindOf(err) == core.Gone {
		return Card{}, false, nil
	}
	if err != nil {
		return Card{}, false, err
	}
	plain, err := open(place, sealed)
	if err != nil {
		return Card{}, false, err
	}
	c, err := decodeCard(plain)
	return c, err == nil, err
}
