// Package index finds cards in memory by the blind index of a number: a table of places over an arena of bytes, without a pointer in
// either, so that the collector has nothing to walk through however many cards there are.
//
// Owns: the form of the arena and of the table. Must not know: numbers, keys, what is sealed, when an index is loaded or dropped.
// Start reading at: Index.
package index

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The sizes of what an entry begins with: the blind index, the number of the link, the key of the card.
const (
	BlindSize = 16
	KeySize   = 16
	headSize  = BlindSize + 2 + KeySize + 4
	chunkBits = 20
	chunkSize = 1 << chunkBits
	least     = 1 << 10
)

var errSize = errors.New("index: an entry is too long or has not the sizes that it must have")

// Index is filled by one goroutine, then read by any number. The zero value is empty.
type Index struct {
	// slots holds the place of an entry plus one, 0 where there is none; its length is a power of two.
	slots  []uint64
	chunks [][]byte
	n      int
}

// Len tells how many entries there are.
func (x *Index) Len() int { return x.n }

// Size tells how many bytes it takes.
func (x *Index) Size() int64 { return int64(len(x.slots))*8 + int64(len(x.chunks))*chunkSize }

// Add adds an entry: the blind index of a number, the number of the link and the key of the card that it leads to, and its sealed value.
func (x *Index) Add(blind []byte, link uint16, key, value []byte) error {
	size := headSize + len(value)
	if len(blind) != BlindSize || len(key) != KeySize || size > chunkSize {
		return errSize
	}
	if 4*(x.n+1) > 3*len(x.slots) {
		x.grow()
	}
	last := len(x.chunks) - 1
	if last < 0 || len(x.chunks[last])+size > chunkSize {
		x.chunks = append(x.chunks, make([]byte, 0, chunkSize))
		last++
	}
	c := x.chunks[last]
	place := uint64(last)<<chunkBits | uint64(len(c))
	c = append(c, blind...)
	c = binary.LittleEndian.AppendUint16(c, link)
	c = append(c, key...)
	c = binary.LittleEndian.AppendUint32(c, uint32(len(value)))
	x.chunks[last] = append(c, value...)
	x.put(blind, place)
	x.n++
	return nil
}

// home is where the search of a blind index begins: it is a keyed hash already.
func (x *Index) home(blind []byte) uint64 {
	return binary.LittleEndian.Uint64(blind) & uint64(len(x.slots)-1)
}

func (x *Index) put(blind []byte, place uint64) {
	at := x.home(blind)
	for x.slots[at] != 0 {
		at = (at + 1) & uint64(len(x.slots)-1)
	}
	x.slots[at] = place + 1
}

func (x *Index) entry(place uint64) []byte { return x.chunks[place>>chunkBits][place&(chunkSize-1):] }

func (x *Index) grow() {
	former := x.slots
	x.slots = make([]uint64, max(least, 2*len(former)))
	for _, s := range former {
		if s != 0 {
			x.put(x.entry(s - 1)[:BlindSize], s-1)
		}
	}
}

// Find gives every entry of a blind index. What it gives belongs to the index: it is not written to.
func (x *Index) Find(blind []byte, give func(link uint16, key, value []byte)) {
	if len(x.slots) == 0 || len(blind) != BlindSize {
		return
	}
	for at := x.home(blind); x.slots[at] != 0; at = (at + 1) & uint64(len(x.slots)-1) {
		e := x.entry(x.slots[at] - 1)
		if !bytes.Equal(e[:BlindSize], blind) {
			continue
		}
		n := binary.LittleEndian.Uint32(e[headSize-4:])
		give(binary.LittleEndian.Uint16(e[BlindSize:]), e[BlindSize+2:headSize-4], e[headSize:headSize+int(n)])
	}
}
