package agent

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"

	"github.com/rempart/rempart/kit/disk"
	"github.com/rempart/rempart/services/recognition/wire"
)

// Store is what the platform held when the last turn ended: 24 bytes for each card, none of which tells anything without the key.
type Store struct {
	Generation int64
	Mapping    int64
	Digest     wire.Digest
	Entries    []wire.Entry // by id
	first      []uint32     // where the entries of each first two bytes of an id begin
}

const storeHead = "rempart-store\x01"

const storeFixed = len(storeHead) + 8 + 8 + 32 + 8

var errStore = errors.New("agent: the local store cannot be read")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// bytes gives the file.
func (s *Store) bytes() []byte {
	b := make([]byte, 0, storeFixed+len(s.Entries)*wire.EntrySize+4)
	b = append(b, storeHead...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Generation))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Mapping))
	for _, w := range s.Digest {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(len(s.Entries)))
	for _, e := range s.Entries {
		b = append(append(b, e.ID[:]...), e.Sum[:]...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// ParseStore reads the file: whatever is not whole, sorted and of this form is refused, and repaired from the platform.
func ParseStore(b []byte) (*Store, error) {
	if len(b) < storeFixed+4 || string(b[:len(storeHead)]) != storeHead {
		return nil, errStore
	}
	end := len(b) - 4
	if crc32.Checksum(b[:end], castagnoli) != binary.BigEndian.Uint32(b[end:]) {
		return nil, errStore
	}
	at := b[len(storeHead):end]
	next := func() (v uint64) {
		v = binary.BigEndian.Uint64(at)
		at = at[8:]
		return v
	}
	s := &Store{Generation: int64(next()), Mapping: int64(next())}
	for i := range s.Digest {
		s.Digest[i] = next()
	}
	n := next()
	if len(at)%wire.EntrySize != 0 || n != uint64(len(at)/wire.EntrySize) {
		return nil, errStore
	}
	s.Entries = make([]wire.Entry, n)
	for i := range s.Entries {
		e := &s.Entries[i]
		copy(e.ID[:], at)
		copy(e.Sum[:], at[len(e.ID):])
		at = at[wire.EntrySize:]
		if i > 0 && bytes.Compare(s.Entries[i-1].ID[:], e.ID[:]) >= 0 {
			return nil, errStore
		}
	}
	return s, nil
}

// index makes holds quick: ids are as good as random, so that few share their first two bytes.
func (s *Store) index() {
	s.first = make([]uint32, 1<<16+1)
	for _, e := range s.Entries {
		s.first[int(binary.BigEndian.Uint16(e.ID[:]))+1]++
	}
	for i := range 1 << 16 {
		s.first[i+1] += s.first[i]
	}
}

// holds tells whether the very same entry is in the store, of which index was called.
func (s *Store) holds(e wire.Entry) bool {
	head := int(binary.BigEndian.Uint16(e.ID[:]))
	some := s.Entries[s.first[head]:s.first[head+1]]
	i, found := slices.BinarySearchFunc(some, e, wire.Entry.Compare)
	return found && some[i].Sum == e.Sum
}

// loadStore gives an empty store when there is none, or when it cannot be read.
func loadStore(path string) (*Store, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return &Store{}, !errors.Is(err, fs.ErrNotExist)
	}
	s, err := ParseStore(b)
	if err != nil {
		return &Store{}, true
	}
	return s, false
}

func (s *Store) save(path string) error { return disk.Replace(path, s.bytes(), 0o600) }
