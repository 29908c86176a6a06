package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
)

// KeySize is the size of a key in bytes.
const KeySize = 32

// Overhead is how much longer a sealed value is than its plain text.
const Overhead = headSize + nonceSize + tagSize

const (
	version1  = 1 // bound owner and place
	version2  = 2 // binds organization, owner, table, field, row, schema
	algAESGCM = 1
	headSize  = 4
	nonceSize = 12
	tagSize   = 16
)

// ErrUnreadable says that a value does not open: changed, moved, or sealed under another key.
var ErrUnreadable = errors.New("seal: the value does not open")

// Place is where a value belongs; each part is bound to it.
type Place struct {
	Org    core.ID // of the owner's key
	Owner  core.ID
	Table  string
	Field  string
	Row    string
	Schema uint16 // version of the field's own form, 1 at first
	whole  string
}

// At reads the place that core.Sealer is told: "table.field/row", or "table.field@2/row" once the form of the field changed. A
// zero byte may stand for the first slash.
func At(org, owner core.ID, where string) Place {
	p := Place{Org: org, Owner: owner, Schema: 1, whole: where}
	name := where
	i := strings.IndexByte(where, '/')
	if z := strings.IndexByte(where, 0); z >= 0 && (i < 0 || z < i) {
		i = z
	}
	if i >= 0 {
		name, p.Row = where[:i], where[i+1:]
	}
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		if n, err := strconv.ParseUint(name[i+1:], 10, 16); err == nil && n > 0 {
			name, p.Schema = name[:i], uint16(n)
		}
	}
	if i := strings.IndexByte(name, '.'); i >= 0 {
		p.Table, p.Field = name[:i], name[i+1:]
	} else {
		p.Table = name
	}
	return p
}

// bind is the additional data of version 2: head ‖ org ‖ owner ‖ table ‖ field ‖ row ‖ schema(2), each text after its length(4).
func (p *Place) bind(b, head []byte) []byte {
	b = append(b, head...)
	b = text(text(b, string(p.Org)), string(p.Owner))
	b = text(text(text(b, p.Table), p.Field), p.Row)
	return binary.BigEndian.AppendUint16(b, p.Schema)
}

// bind1 is that of version 1: head ‖ owner ‖ place.
func (p *Place) bind1(b, head []byte) []byte {
	return append(text(append(b, head...), string(p.Owner)), p.whole...)
}

func text(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// Cipher gives AES-256-GCM under a key of 32 bytes; it puts a random nonce before what it seals.
func Cipher(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, errors.New("seal: a key has 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// spaces are where additional data are written: nothing secret.
var spaces = sync.Pool{New: func() any { return new([512]byte) }}

// Seal gives the sealed form of plain for its place. Epoch is the generation of the owner's key, from 1.
func Seal(c cipher.AEAD, epoch uint16, p Place, plain []byte) []byte {
	return Append(make([]byte, 0, Overhead+len(plain)), c, epoch, p, plain)
}

// Append is Seal behind what dst holds; plain must stand elsewhere.
func Append(dst []byte, c cipher.AEAD, epoch uint16, p Place, plain []byte) []byte {
	space := spaces.Get().(*[512]byte)
	defer spaces.Put(space)
	at := len(dst)
	dst = binary.BigEndian.AppendUint16(append(dst, version2, algAESGCM), epoch)
	return c.Seal(dst, nil, plain, p.bind(space[:0], dst[at:at+headSize]))
}

// Open gives what was sealed for this place, in either version. Errors: ErrUnreadable.
func Open(c cipher.AEAD, p Place, sealed []byte) ([]byte, error) {
	space := spaces.Get().(*[512]byte)
	defer spaces.Put(space)
	if _, ok := Epoch(sealed); !ok {
		return nil, ErrUnreadable
	}
	data := space[:0]
	if sealed[0] == version1 {
		data = p.bind1(data, sealed[:headSize])
	} else {
		data = p.bind(data, sealed[:headSize])
	}
	plain, err := c.Open(nil, nil, sealed[headSize:], data)
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}

// Epoch tells whether a value has the form of a sealed one, and the epoch of its key.
func Epoch(sealed []byte) (epoch uint16, ok bool) {
	if len(sealed) < Overhead || sealed[0] != version1 && sealed[0] != version2 || sealed[1] != algAESGCM {
		return 0, false
	}
	return binary.BigEndian.Uint16(sealed[2:]), true
}
