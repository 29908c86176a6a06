package verify

import (
	"crypto/sha256"
	"errors"
	"math/bits"
)

// Hash is a SHA-256 value: a leaf, a node or a root.
type Hash [sha256.Size]byte

// ErrProof says that a proof does not lead from what it should to what it should.
var ErrProof = errors.New("verify: the proof does not hold")

// LeafHash is the hash of an entry in the tree: SHA-256(0x00 ‖ data) (RFC 6962, 2.1).
func LeafHash(data []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(data)
	var out Hash
	h.Sum(out[:0])
	return out
}

// NodeHash is the hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
func NodeHash(left, right Hash) Hash {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// EmptyRoot is the root of a tree of no leaf: the hash of nothing.
func EmptyRoot() Hash { return sha256.Sum256(nil) }

// TreeRoot is the Merkle tree hash of leaves. It may use leaves as its working space.
func TreeRoot(leaves []Hash) Hash {
	switch n := len(leaves); n {
	case 0:
		return EmptyRoot()
	case 1:
		return leaves[0]
	default:
		if n&(n-1) == 0 {
			return perfectRoot(leaves)
		}
		k := 1 << (bits.Len(uint(n-1)) - 1)
		return NodeHash(TreeRoot(leaves[:k]), TreeRoot(leaves[k:]))
	}
}

// perfectRoot folds a power of two of hashes in place.
func perfectRoot(h []Hash) Hash {
	for n := len(h); n > 1; n /= 2 {
		for i := 0; i < n; i += 2 {
			h[i/2] = NodeHash(h[i], h[i+1])
		}
	}
	return h[0]
}

// Frontier grows a tree leaf by leaf and keeps only the roots of its perfect subtrees, largest first: at most 64 hashes.
// The zero value is the empty tree.
type Frontier struct {
	Size   uint64
	Hashes []Hash
}

// Append adds one leaf.
func (f *Frontier) Append(leaf Hash) { f.AppendSubtree(0, leaf) }

// AppendSubtree adds the root of a perfect subtree of 2^level leaves. Size must be a multiple of 2^level.
func (f *Frontier) AppendSubtree(level uint, root Hash) {
	if f.Size&(1<<level-1) != 0 {
		panic("verify: subtree appended out of place")
	}
	for n := f.Size >> level; n&1 == 1; n >>= 1 {
		root = NodeHash(f.Hashes[len(f.Hashes)-1], root)
		f.Hashes = f.Hashes[:len(f.Hashes)-1]
	}
	f.Hashes = append(f.Hashes, root)
	f.Size += 1 << level
}

// Root is the Merkle tree hash of everything appended so far.
func (f *Frontier) Root() Hash {
	if len(f.Hashes) == 0 {
		return EmptyRoot()
	}
	root := f.Hashes[len(f.Hashes)-1]
	for i := len(f.Hashes) - 2; i >= 0; i-- {
		root = NodeHash(f.Hashes[i], root)
	}
	return root
}

// Clone copies a frontier.
func (f *Frontier) Clone() Frontier {
	return Frontier{f.Size, append([]Hash(nil), f.Hashes...)}
}

// InclusionRoot computes the root that a proof leads to from a leaf at index in a tree of size leaves (RFC 9162, 2.1.3.2).
func InclusionRoot(leaf Hash, index, size uint64, proof []Hash) (Hash, error) {
	if index >= size {
		return Hash{}, ErrProof
	}
	fn, sn, r := index, size-1, leaf
	for _, p := range proof {
		if sn == 0 {
			return Hash{}, ErrProof
		}
		if fn&1 == 1 || fn == sn {
			r = NodeHash(p, r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = NodeHash(r, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		return Hash{}, ErrProof
	}
	return r, nil
}

// Inclusion checks that leaf stands at index in the tree of size leaves with this root.
func Inclusion(leaf Hash, index, size uint64, root Hash, proof []Hash) error {
	got, err := InclusionRoot(leaf, index, size, proof)
	if err != nil {
		return err
	}
	if got != root {
		return ErrProof
	}
	return nil
}

// Consistency checks that the tree of size2 leaves begins with exactly the tree of size1 leaves (RFC 9162, 2.1.4.2).
func Consistency(size1, size2 uint64, root1, root2 Hash, proof []Hash) error {
	switch {
	case size1 > size2:
		return ErrProof
	case size1 == size2:
		if len(proof) != 0 || root1 != root2 {
			return ErrProof
		}
		return nil
	case size1 == 0:
		if len(proof) != 0 || root1 != EmptyRoot() {
			return ErrProof
		}
		return nil
	case len(proof) == 0:
		return ErrProof
	}
	if size1&(size1-1) == 0 {
		proof = append([]Hash{root1}, proof...)
	}
	fn, sn := size1-1, size2-1
	for fn&1 == 1 {
		fn, sn = fn>>1, sn>>1
	}
	fr, sr := proof[0], proof[0]
	for _, c := range proof[1:] {
		if sn == 0 {
			return ErrProof
		}
		if fn&1 == 1 || fn == sn {
			fr, sr = NodeHash(c, fr), NodeHash(c, sr)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			sr = NodeHash(sr, c)
		}
		fn, sn = fn>>1, sn>>1
	}
	if fr != root1 || sr != root2 || sn != 0 {
		return ErrProof
	}
	return nil
}
