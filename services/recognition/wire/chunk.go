package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// Change is one line of a chunk.
type Change struct {
	Op      Op
	ID      ID     // of Put and Delete
	Item    Item   // of Forget
	Content []byte // of Put (AppendContent)
}

// Op is what a change does.
type Op uint8

// The operations.
const (
	Put    Op = iota + 1 // a card is new, or says something else
	Delete               // a card is no more
	Forget               // the same, by the short form of its element: after a repair, when the agent does not know its id
)

// Reasons why what was sent cannot be read.
var (
	ErrRow   = errors.New("wire: a row is not within the limits")
	ErrChunk = errors.New("wire: not a chunk")
)

// AppendContent adds the binary form of a row without its key: the same row gives the same bytes everywhere.
func AppendContent(b []byte, r *Row) ([]byte, error) {
	if len(r.Numbers) == 0 || len(r.Numbers) > MostNumbers || len(r.Shown) > MostFields || len(r.Scripts) > MostFields {
		return nil, ErrRow
	}
	b = binary.AppendUvarint(b, uint64(len(r.Numbers)))
	for _, n := range r.Numbers {
		v, err := packNumber(n)
		if err != nil {
			return nil, err
		}
		b = binary.AppendUvarint(b, v)
	}
	var err error
	if b, err = appendText(b, r.Name); err != nil {
		return nil, err
	}
	if b, err = appendText(b, r.Company); err != nil {
		return nil, err
	}
	for _, m := range []map[string]string{r.Shown, r.Scripts} {
		b = binary.AppendUvarint(b, uint64(len(m)))
		var room [8]string
		keys := room[:0]
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			if b, err = appendText(b, k); err != nil {
				return nil, err
			}
			if b, err = appendText(b, m[k]); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// packNumber makes an integer of an E.164 number: none begins with 0 and none has more than 15 digits (ITU-T E.164).
func packNumber(e164 string) (uint64, error) {
	if len(e164) < 5 || len(e164) > 16 || e164[0] != '+' || e164[1] == '0' {
		return 0, ErrRow
	}
	for _, c := range []byte(e164[1:]) {
		if c < '0' || c > '9' {
			return 0, ErrRow
		}
	}
	return strconv.ParseUint(e164[1:], 10, 64)
}

func isNumber(v uint64) bool { return v >= 1_000 && v <= 999_999_999_999_999 }

func unpackNumber(v uint64) (string, error) {
	if !isNumber(v) {
		return "", ErrRow
	}
	return "+" + strconv.FormatUint(v, 10), nil
}

func appendText(b []byte, s string) ([]byte, error) {
	if len(s) > MostText || !utf8.ValidString(s) {
		return nil, ErrRow
	}
	return append(binary.AppendUvarint(b, uint64(len(s))), s...), nil
}

// reader walks bytes that may be anything.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uint(most uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > most || n > 1 && r.b[n-1] == 0 { // one form only: a padded number is refused
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) text() string { return string(r.view()) }

// view is a text that is not copied.
func (r *reader) view() []byte {
	b := r.bytes(int(r.uint(MostText)))
	if !utf8.Valid(b) {
		r.bad = true
	}
	return b
}

// pass walks over fields as they were written: by key, each once.
func (r *reader) pass() {
	var last []byte
	for i := range r.uint(MostFields) {
		k := r.view()
		if r.bad || i > 0 && bytes.Compare(k, last) <= 0 {
			r.bad = true
			return
		}
		last = k
		r.view()
	}
}

// isContent tells whether Content would read it, and makes nothing of it.
func isContent(b []byte) bool {
	r := reader{b: b}
	n := r.uint(MostNumbers)
	if r.bad || n == 0 {
		return false
	}
	for range n {
		if v := r.uint(1 << 62); !isNumber(v) {
			return false
		}
	}
	r.view()
	r.view()
	r.pass()
	r.pass()
	return !r.bad && len(r.b) == 0
}

func (r *reader) fields() map[string]string {
	n := r.uint(MostFields)
	if r.bad || n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	last := ""
	for i := range n {
		k := r.text()
		if i > 0 && k <= last {
			r.bad = true
		}
		if r.bad {
			return nil
		}
		m[k], last = r.text(), k
	}
	return m
}

// Content reads what AppendContent wrote. The row has no key.
func Content(b []byte) (row Row, err error) {
	r := reader{b: b}
	n := r.uint(MostNumbers)
	if r.bad || n == 0 {
		return Row{}, ErrRow
	}
	row.Numbers = make([]string, 0, n)
	for range n {
		e164, err := unpackNumber(r.uint(1 << 62))
		if err != nil || r.bad {
			return Row{}, ErrRow
		}
		row.Numbers = append(row.Numbers, e164)
	}
	row.Name, row.Company = r.text(), r.text()
	row.Shown, row.Scripts = r.fields(), r.fields()
	if r.bad || len(r.b) > 0 {
		return Row{}, ErrRow
	}
	return row, nil
}

// chunkHead begins every chunk once it is opened; its last byte is the version of the form.
const chunkHead = "rcs\x01"

var coder = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // constant options
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MostRaw), zstd.WithDecoderConcurrency(2))
	if err != nil {
		panic(err) // constant options
	}
	return enc, dec
})

// small is below how many bytes a chunk is worth the most careful compression: the changes of a day are.
const small = 256 << 10

var careful = sync.OnceValue(func() *zstd.Encoder {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // constant options
	}
	return enc
})

// AppendChange adds the binary form of a change.
func AppendChange(b []byte, c Change) []byte {
	b = append(b, byte(c.Op))
	switch c.Op {
	case Put:
		b = append(b, c.ID[:idSent]...)
		b = binary.AppendUvarint(b, uint64(len(c.Content)))
		return append(b, c.Content...)
	case Delete:
		return append(b, c.ID[:idSent]...)
	case Forget:
		return binary.BigEndian.AppendUint64(b, uint64(c.Item))
	}
	return b
}

// Chunk makes what is sent of changes that AppendChange put one after another.
func Chunk(mapping int64, changes []byte) []byte {
	raw := make([]byte, 0, len(chunkHead)+10+len(changes))
	raw = append(raw, chunkHead...)
	raw = binary.AppendUvarint(raw, uint64(mapping))
	raw = append(raw, changes...)
	enc, _ := coder()
	if len(raw) < small {
		enc = careful()
	}
	return enc.EncodeAll(raw, nil)
}

// OpenChunk reads a chunk: each change is given in turn, with the content already known to be a row. It takes nothing on trust.
func OpenChunk(body []byte, give func(mapping int64, c Change) error) error {
	if len(body) > MostBody {
		return ErrChunk
	}
	_, dec := coder()
	raw, err := dec.DecodeAll(body, nil)
	if err != nil || len(raw) < len(chunkHead) || string(raw[:len(chunkHead)]) != chunkHead {
		return ErrChunk
	}
	r := reader{b: raw[len(chunkHead):]}
	mapping := int64(r.uint(1<<62 - 1))
	for n := 0; len(r.b) > 0 && !r.bad; n++ {
		if n >= MostRows {
			return ErrChunk
		}
		c, err := r.change()
		if err != nil {
			return err
		}
		if err := give(mapping, c); err != nil {
			return err
		}
	}
	if r.bad {
		return ErrChunk
	}
	return nil
}

func (r *reader) change() (c Change, err error) {
	if op := r.bytes(1); op != nil {
		c.Op = Op(op[0])
	}
	switch c.Op {
	case Put:
		copy(c.ID[:], r.bytes(idSent))
		c.Content = r.bytes(int(r.uint(MostRaw)))
	case Delete:
		copy(c.ID[:], r.bytes(idSent))
	case Forget:
		if b := r.bytes(8); b != nil {
			c.Item = Item(binary.BigEndian.Uint64(b))
		}
	default:
		return c, ErrChunk
	}
	if r.bad {
		return c, ErrChunk
	}
	if c.Op == Put && !isContent(c.Content) {
		return c, fmt.Errorf("%w: %w", ErrChunk, ErrRow)
	}
	return c, nil
}
