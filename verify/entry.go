package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Version is the first line of an entry's text.
const Version = "rempart/entry/1"

// Entry is what the tree keeps of one act: pseudonymous identifiers and stable codes only. What is personal stands in Parts.
type Entry struct {
	Log      string   // organization, or "platform"
	Seq      uint64   // place in the log, from 0
	ID       string   // UUIDv7
	At       int64    // microseconds since 1970, UTC
	Node     string   // process that wrote it
	Counter  uint64   // of that process in this log, from 1 without a hole: a row lost before it got its place shows
	Kind     string   // of the actor: "person", "staff", "service", "system", "anonymous"
	Actor    string   // id
	Action   string   // noun.verb
	Verb     string   // "read", "create", "update", "delete", "authenticate", "export"
	Type     string   // of the resource
	Resource string   // id
	Purpose  string   // "service", "security", ...
	Outcome  string   // "success", "failure", "refused"
	Reason   string   // stable code
	Request  string   // id
	Subjects []string // ids of the persons concerned; the first one's key seals the content
	Parts    []Part
}

// PartKind says what a sealed part holds.
type PartKind byte

// The kinds of parts.
const (
	Address    PartKind = 'a' // the full network address of the actor; dropped after the set delay
	Connection PartKind = 'c' // network without its last digits, browser, session, account
	Content    PartKind = 's' // values before and after, free text
)

// Owner says under whose key a part is sealed.
type Owner byte

// The owners.
const (
	OfActor   Owner = 'A'
	OfSubject Owner = 'S' // the first one
	OfLog     Owner = 'O' // the organization, for what belongs to nobody
)

// Part is one sealed part. Hash is all that is left of a dropped one.
type Part struct {
	Kind    PartKind
	Owner   Owner
	Commit  Hash   // SHA-256(salt ‖ plain): proves what an opened part says
	Sealed  []byte // ciphertext of salt ‖ plain
	Dropped bool
	hash    Hash // of a dropped part
}

// SaltSize is the number of random bytes that stand before the plain text of a part.
const SaltSize = 16

// CommitTo is the commitment to the plain text of a part.
func CommitTo(salt, plain []byte) Hash {
	h := sha256.New()
	h.Write(salt)
	h.Write(plain)
	var out Hash
	h.Sum(out[:0])
	return out
}

// Hash commits to a part whole: SHA-256(kind ‖ owner ‖ commit ‖ sealed).
func (p *Part) Hash() Hash {
	if p.Dropped {
		return p.hash
	}
	var buf [512]byte
	b := append(buf[:0], byte(p.Kind), byte(p.Owner))
	b = append(b, p.Commit[:]...)
	b = append(b, p.Sealed...)
	return sha256.Sum256(b)
}

// Drop forgets what a part holds and keeps its hash, so that every proof still holds.
func (p *Part) Drop() {
	if !p.Dropped {
		p.hash, p.Dropped = p.Hash(), true
		p.Sealed, p.Commit = nil, Hash{}
	}
}

// DroppedPart is what is left of a part.
func DroppedPart(k PartKind, o Owner, hash Hash) Part {
	return Part{Kind: k, Owner: o, Dropped: true, hash: hash}
}

// PartsHash is the last line of an entry: SHA-256 over kind ‖ hash of each part, in hexadecimal; "-" without parts.
func PartsHash(parts []Part) string {
	if len(parts) == 0 {
		return "-"
	}
	b := make([]byte, 0, 3*33)
	for i := range parts {
		h := parts[i].Hash()
		b = append(append(b, byte(parts[i].Kind)), h[:]...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Text is the canonical form of an entry: Version and each field on a line of its own, in the order of the struct; times
// and numbers in decimal; the first subject, then the further ones joined by commas; PartsHash last. Every line ends
// with a newline.
func (e *Entry) Text() ([]byte, error) { return e.AppendText(nil, PartsHash(e.Parts)) }

// AppendText appends the canonical form with an already computed PartsHash.
func (e *Entry) AppendText(b []byte, partsHash string) ([]byte, error) {
	var first, others string
	if len(e.Subjects) > 0 {
		first, others = e.Subjects[0], strings.Join(e.Subjects[1:], ",")
	}
	b = append(b, Version...)
	for _, s := range [...]string{
		e.Log, e.ID, e.Node, e.Kind, e.Actor, e.Action, e.Verb, e.Type, e.Resource,
		e.Purpose, e.Outcome, e.Reason, e.Request, first, others, partsHash,
	} {
		if !clean(s) {
			return nil, errors.New("verify: a field of an entry holds a control character")
		}
	}
	b = append(append(b, '\n'), e.Log...)
	b = strconv.AppendUint(append(b, '\n'), e.Seq, 10)
	b = append(append(b, '\n'), e.ID...)
	b = strconv.AppendInt(append(b, '\n'), e.At, 10)
	b = append(append(b, '\n'), e.Node...)
	b = strconv.AppendUint(append(b, '\n'), e.Counter, 10)
	for _, s := range [...]string{
		e.Kind, e.Actor, e.Action, e.Verb, e.Type, e.Resource, e.Purpose, e.Outcome, e.Reason,
		e.Request, first, others, partsHash,
	} {
		b = append(append(b, '\n'), s...)
	}
	return append(b, '\n'), nil
}

// Leaf is the entry's hash in the tree.
func (e *Entry) Leaf() (Hash, error) {
	text, err := e.Text()
	if err != nil {
		return Hash{}, err
	}
	return LeafHash(text), nil
}

func clean(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}

var errEntry = errors.New("verify: this is not the text of an entry")

// ParseText reads the canonical text of an entry. The parts are not in the text: partsHash is their commitment.
func ParseText(text []byte) (e Entry, partsHash string, err error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) != 21 || lines[0] != Version || lines[20] != "" {
		return e, "", errEntry
	}
	for _, l := range lines {
		if !clean(l) {
			return e, "", errEntry
		}
	}
	e = Entry{
		Log: lines[1], ID: lines[3], Node: lines[5], Kind: lines[7], Actor: lines[8], Action: lines[9], Verb: lines[10],
		Type: lines[11], Resource: lines[12], Purpose: lines[13], Outcome: lines[14], Reason: lines[15], Request: lines[16],
	}
	if e.Seq, err = decimal(lines[2]); err != nil {
		return e, "", err
	}
	if e.At, err = strconv.ParseInt(lines[4], 10, 64); err != nil || strconv.FormatInt(e.At, 10) != lines[4] {
		return e, "", errEntry
	}
	if e.Counter, err = decimal(lines[6]); err != nil {
		return e, "", err
	}
	switch {
	case lines[17] != "":
		e.Subjects = []string{lines[17]}
		if lines[18] != "" {
			e.Subjects = append(e.Subjects, strings.Split(lines[18], ",")...)
		}
	case lines[18] != "":
		return e, "", errEntry
	}
	return e, lines[19], nil
}

// decimal reads a number in its one canonical form.
func decimal(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, errEntry
	}
	return n, nil
}

// EncodeParts writes parts as they are stored: for each, kind, owner, a flag (0 whole, 1 dropped), then either the length
// of the sealed bytes (32 bits), the commitment and the sealed bytes, or the hash alone.
func EncodeParts(parts []Part) []byte {
	n := 0
	for i := range parts {
		n += 39 + len(parts[i].Sealed)
	}
	b := make([]byte, 0, n)
	for i := range parts {
		p := &parts[i]
		b = append(b, byte(p.Kind), byte(p.Owner))
		if p.Dropped {
			b = append(append(b, 1), p.hash[:]...)
			continue
		}
		b = binary.BigEndian.AppendUint32(append(b, 0), uint32(len(p.Sealed)))
		b = append(append(b, p.Commit[:]...), p.Sealed...)
	}
	return b
}

// DecodeParts reads what EncodeParts wrote. The sealed bytes are slices of b.
func DecodeParts(b []byte) ([]Part, error) {
	var parts []Part
	for len(b) > 0 {
		p, rest, err := decodePart(b)
		if err != nil {
			return nil, err
		}
		if parts == nil {
			parts = make([]Part, 0, 3) // as many as there are kinds
		}
		parts, b = append(parts, p), rest
	}
	return parts, nil
}

func decodePart(b []byte) (p Part, rest []byte, err error) {
	if len(b) < 35 {
		return p, nil, fmt.Errorf("verify: a sealed part is cut short")
	}
	p.Kind, p.Owner = PartKind(b[0]), Owner(b[1])
	switch b[2] {
	case 1:
		p.Dropped = true
		copy(p.hash[:], b[3:35])
		return p, b[35:], nil
	case 0:
		if len(b) < 39 {
			return p, nil, fmt.Errorf("verify: a sealed part is cut short")
		}
		n := uint64(binary.BigEndian.Uint32(b[3:7]))
		if uint64(len(b)) < 39+n {
			return p, nil, fmt.Errorf("verify: a sealed part is cut short")
		}
		copy(p.Commit[:], b[7:39])
		p.Sealed = b[39 : 39+n : 39+n]
		return p, b[39+n:], nil
	}
	return p, nil, fmt.Errorf("verify: a sealed part has an unknown form")
}

// AppendPartsHash appends the last line of an entry's text, without its newline, for parts as EncodeParts wrote them, and
// tells which kind of part was dropped: 0 for none, Address when it is the only kind. It allocates nothing: a million
// entries are checked with it.
func AppendPartsHash(dst, stored []byte) (out []byte, dropped PartKind, err error) {
	if len(stored) == 0 {
		return append(dst, '-'), 0, nil
	}
	var list [8 * 33]byte
	all := list[:0]
	var buf [1024]byte
	for len(stored) > 0 {
		p, rest, err := decodePart(stored)
		if err != nil {
			return dst, dropped, err
		}
		h := p.hash
		if !p.Dropped {
			b := append(buf[:0], byte(p.Kind), byte(p.Owner))
			b = append(b, stored[7:39+len(p.Sealed)]...)
			h = sha256.Sum256(b)
		} else if dropped == 0 || p.Kind != Address {
			dropped = p.Kind
		}
		all = append(append(all, byte(p.Kind)), h[:]...)
		stored = rest
	}
	sum := sha256.Sum256(all)
	return hex.AppendEncode(dst, sum[:]), dropped, nil
}
