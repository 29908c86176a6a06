package journal

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/verify"
)

// Stored is an entry as a row holds it, for tests that tamper with rows.
type Stored struct {
	Text   string
	Sealed []byte
	Leaf   []byte
}

// RootAt computes from its rows the root that the tree of a log had at a size.
func RootAt(ctx context.Context, tx core.Tx, m *Module, log int64, size uint64) (verify.Hash, error) {
	return m.tree(log, size).rootAt(ctx, tx, size)
}

// Stands tells the size and the root of a log as its last row says.
func Stands(ctx context.Context, tx core.Tx, org core.ID) (uint64, verify.Hash, error) {
	l, _, err := findLog(ctx, tx, org)
	return l.size, l.root, err
}

// SetBlock makes the blocks of the index shorter: before the first entry.
func SetBlock(m *Module, n uint64) { m.block = n }

// Unpacked reads the entries of a row.
func Unpacked(body []byte) ([]Stored, error) {
	list, err := unpackAll(nil, body)
	out := make([]Stored, len(list))
	for i, p := range list {
		out[i] = Stored{Text: string(p.text), Sealed: p.sealed}
	}
	return out, err
}

// Packed writes the entries of a row.
func Packed(list []Stored) []byte {
	body := []byte{}
	for _, e := range list {
		body = verify.AppendStored(body, []byte(e.Text), e.Sealed)
	}
	return body
}

// Hashed is the hash of an entry at a place.
func Hashed(log string, seq uint64, e Stored) []byte {
	c := &check{st: logState{org: core.ID(log)}}
	h, _, _, err := leafOf(nil, c.textHead(), seq, e.Sealed, []byte(e.Text))
	if err != nil {
		panic(err)
	}
	return h[:]
}
