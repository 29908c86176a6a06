package sheet

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tyler-smith/go-bip39/wordlists"
)

const (
	version  = 1
	nameSize = 4
	bodySize = 3 + nameSize + KeySize
	sumSize  = 5
	words    = (bodySize + sumSize) * 8 / 11 // 32, to the bit
	scheme   = "REMPART-KEY:"
	// MaxParts is how many parts a sheet can have.
	MaxParts = 16
)

var code = base32.StdEncoding.WithPadding(base32.NoPadding)

// Part is one part of a sheet.
type Part struct {
	Need   int // how many parts give the key
	Number int
	Name   [nameSize]byte // of the key
	Share  []byte         // secret
}

// Errors of what people type in.
var (
	ErrWord   = errors.New("this word is on no sheet")
	ErrPart   = errors.New("this is no part of a sheet, or a word of it is wrong")
	ErrMixed  = errors.New("these parts are of different sheets")
	ErrFew    = errors.New("more parts are needed")
	ErrNumber = errors.New("a sheet has 1 to 16 parts, and needs 1 to all of them; one part alone never opens a sheet of several")
)

// Split makes the parts of a key; name is the hexadecimal print of the key, whose first 4 bytes stand on each.
func Split(key []byte, name string, need, parts int) ([]Part, error) {
	if len(key) != KeySize || need < 1 || need > parts || parts > MaxParts || need == 1 && parts > 1 {
		return nil, ErrNumber
	}
	raw, err := hex.DecodeString(name)
	if err != nil || len(raw) < nameSize {
		return nil, ErrPart
	}
	shares, err := share(key, need, parts)
	if err != nil {
		return nil, err
	}
	all := make([]Part, parts)
	for i, s := range shares {
		all[i] = Part{Need: need, Number: i + 1, Name: [nameSize]byte(raw[:nameSize]), Share: s}
	}
	return all, nil
}

// Combine gives the key back from enough parts of one sheet. Whoever asked compares its print with the name of the parts: parts
// of two sheets of the same key would give another key.
func Combine(parts []Part) ([]byte, error) {
	if len(parts) == 0 {
		return nil, ErrFew
	}
	first := parts[0]
	var xs []byte
	var ys [][]byte
	for _, p := range parts {
		if p.Need != first.Need || p.Name != first.Name {
			return nil, ErrMixed
		}
		if bytes.IndexByte(xs, byte(p.Number)) >= 0 { // given twice
			continue
		}
		if len(xs) < p.Need {
			xs, ys = append(xs, byte(p.Number)), append(ys, p.Share)
		}
	}
	if len(xs) < first.Need {
		return nil, fmt.Errorf("%w: %d of %d were given", ErrFew, len(xs), first.Need)
	}
	return combine(xs, ys)
}

func (p Part) bytes() []byte {
	b := append([]byte{version, byte(p.Need), byte(p.Number)}, p.Name[:]...)
	b = append(b, p.Share...)
	sum := sha256.Sum256(b)
	return append(b, sum[:sumSize]...)
}

// Text is what the QR code of a part says.
func (p Part) Text() string { return scheme + code.EncodeToString(p.bytes()) }

// Words are those of a part: 32 of the English BIP-39 list, 11 bits each.
func (p Part) Words() []string {
	b := p.bytes()
	out := make([]string, 0, words)
	acc, bits := 0, 0
	for _, v := range b {
		acc, bits = acc<<8|int(v), bits+8
		for bits >= 11 {
			bits -= 11
			out = append(out, wordlists.English[acc>>bits&0x7ff])
		}
	}
	return out
}

// number finds a word by itself or by its first four letters, which no two words share.
func number(word string) (int, bool) {
	for i, w := range wordlists.English {
		if w == word || len(word) == 4 && strings.HasPrefix(w, word) {
			return i, true
		}
	}
	return 0, false
}

var (
	codes  = regexp.MustCompile(`(?i)REMPART-KEY:\s*([A-Z2-7]+)`)
	listed = regexp.MustCompile(`[A-Za-z]+`)
)

// Read reads parts out of a text: what QR codes said, one per line, or the words of each part one after the other, with or
// without their numbers. Nothing else may stand in it. Errors: ErrWord, ErrPart; they hold the place of the word, never the word.
func Read(text string) ([]Part, error) {
	var parts []Part
	rest := codes.ReplaceAllStringFunc(text, func(found string) string {
		raw, err := code.DecodeString(strings.ToUpper(codes.FindStringSubmatch(found)[1]))
		if err != nil {
			return "?"
		}
		p, err := parse(raw)
		if err != nil {
			return "?"
		}
		parts = append(parts, p)
		return ""
	})
	if strings.Contains(rest, "?") {
		return nil, ErrPart
	}
	said := listed.FindAllString(strings.ToLower(rest), -1)
	if len(said)%words != 0 {
		return nil, fmt.Errorf("%w: %d words were read, a part has %d", ErrPart, len(said), words)
	}
	for i := 0; i < len(said); i += words {
		raw, err := unsay(said[i : i+words])
		if err != nil {
			return nil, err
		}
		p, err := parse(raw)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return nil, ErrPart
	}
	return parts, nil
}

func unsay(said []string) ([]byte, error) {
	out := make([]byte, 0, bodySize+sumSize)
	acc, bits := 0, 0
	for i, w := range said {
		n, ok := number(w)
		if !ok {
			return nil, fmt.Errorf("%w: word %d", ErrWord, i+1)
		}
		acc, bits = acc&0xff<<11|n, bits+11
		for bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	return out, nil
}

func parse(raw []byte) (Part, error) {
	if len(raw) != bodySize+sumSize || raw[0] != version {
		return Part{}, ErrPart
	}
	body := raw[:bodySize]
	sum := sha256.Sum256(body)
	if !bytes.Equal(sum[:sumSize], raw[bodySize:]) || raw[1] == 0 || raw[2] == 0 || int(raw[1]) > MaxParts || int(raw[2]) > MaxParts {
		return Part{}, ErrPart
	}
	return Part{Need: int(raw[1]), Number: int(raw[2]), Name: [nameSize]byte(raw[3:]), Share: bytes.Clone(body[3+nameSize:])}, nil
}
