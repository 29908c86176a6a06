package verify

import (
	"encoding/binary"
	"errors"
)

// An entry is stored as two values, each behind its length (uvarint): its text, without the lines that its place gives
// (version, log, sequence) and the one that its sealed parts give, and its sealed parts (EncodeParts). A batch of entries
// is one after the other.

var errStored = errors.New("verify: stored entries cannot be read")

// AppendStored appends one entry as it is stored.
func AppendStored(b, text, sealed []byte) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	return append(binary.AppendUvarint(b, uint64(len(sealed))), sealed...)
}

// CutStored cuts the first entry off stored ones. What it gives are slices of b.
func CutStored(b []byte) (text, sealed, rest []byte, err error) {
	if text, b, err = cutStored(b); err != nil {
		return nil, nil, nil, err
	}
	sealed, rest, err = cutStored(b)
	return text, sealed, rest, err
}

func cutStored(b []byte) (value, rest []byte, err error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || uint64(len(b)-used) < n {
		return nil, nil, errStored
	}
	end := used + int(n)
	return b[used:end:end], b[end:], nil
}
