package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Signature algorithms of C2SP signed-note.
const (
	algEd25519     = 1
	algCosignature = 4
)

// Key is the public key of a journal: the operator's name and an Ed25519 key. The logs of one installation share it; the
// origin of a log is the name, a slash and the organization's id.
type Key struct {
	Name   string
	Public ed25519.PublicKey
}

// ParseKey reads a verifier key in the C2SP form "name+hash+base64".
func ParseKey(vkey string) (Key, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(vkey), "+")
	hash, b64, ok := strings.Cut(rest, "+")
	data, err := base64.StdEncoding.DecodeString(b64)
	if !ok || err != nil || len(data) != 1+ed25519.PublicKeySize || data[0] != algEd25519 || !validName(name) {
		return Key{}, errors.New("verify: this is no key of the form name+hash+key")
	}
	if fmt.Sprintf("%08x", keyHash(name, data)) != hash {
		return Key{}, errors.New("verify: the key's hash does not match: it was mistyped")
	}
	return Key{name, data[1:]}, nil
}

// String gives the key in the C2SP form.
func (k Key) String() string {
	data := append([]byte{algEd25519}, k.Public...)
	return fmt.Sprintf("%s+%08x+%s", k.Name, keyHash(k.Name, data), base64.StdEncoding.EncodeToString(data))
}

// Origin is the name of a log in its checkpoints.
func (k Key) Origin(log string) string { return k.Name + "/" + log }

// Verifier checks signatures made for a log's origin.
func (k Key) Verifier(origin string) note.Verifier {
	return verifier{origin, keyHash(origin, append([]byte{algEd25519}, k.Public...)), func(msg, sig []byte) bool {
		return ed25519.Verify(k.Public, msg, sig)
	}}
}

// NewSigner makes a signer of notes for an origin; sign gives an Ed25519 signature of msg.
func NewSigner(origin string, public ed25519.PublicKey, sign func(msg []byte) ([]byte, error)) note.Signer {
	return signer{origin, keyHash(origin, append([]byte{algEd25519}, public...)), sign}
}

// Cosigner makes a signer of C2SP cosignature/v1: a witness states that it saw the checkpoint at a time (seconds).
func Cosigner(name string, public ed25519.PublicKey, at int64, sign func(msg []byte) ([]byte, error)) note.Signer {
	return signer{name, keyHash(name, append([]byte{algCosignature}, public...)), func(msg []byte) ([]byte, error) {
		sig, err := sign(cosigned(at, msg))
		if err != nil {
			return nil, err
		}
		return append(binary.BigEndian.AppendUint64(nil, uint64(at)), sig...), nil
	}}
}

// CosignatureVerifier checks the cosignatures of a witness.
func CosignatureVerifier(name string, public ed25519.PublicKey) note.Verifier {
	return verifier{name, keyHash(name, append([]byte{algCosignature}, public...)), func(msg, sig []byte) bool {
		if len(sig) != 8+ed25519.SignatureSize {
			return false
		}
		return ed25519.Verify(public, cosigned(int64(binary.BigEndian.Uint64(sig)), msg), sig[8:])
	}}
}

func cosigned(at int64, msg []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatInt(at, 10)+"\n"), msg...)
}

type verifier struct {
	name   string
	hash   uint32
	verify func(msg, sig []byte) bool
}

func (v verifier) Name() string                { return v.name }
func (v verifier) KeyHash() uint32             { return v.hash }
func (v verifier) Verify(msg, sig []byte) bool { return v.verify(msg, sig) }

type signer struct {
	name string
	hash uint32
	sign func(msg []byte) ([]byte, error)
}

func (s signer) Name() string                    { return s.name }
func (s signer) KeyHash() uint32                 { return s.hash }
func (s signer) Sign(msg []byte) ([]byte, error) { return s.sign(msg) }

// keyHash is the short identifier of a key: the first four bytes of SHA-256(name ‖ newline ‖ algorithm ‖ key).
func keyHash(name string, data []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write(data)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func validName(name string) bool {
	return name != "" && !strings.ContainsAny(name, "+ \t\r\n") && clean(name)
}

// Checkpoint is the signed head of a log (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// Body is the text that is signed.
func (c Checkpoint) Body() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ParseCheckpoint reads the text of a checkpoint, before its signatures. Extension lines are allowed and ignored.
func ParseCheckpoint(body string) (Checkpoint, error) {
	bad := errors.New("verify: this is no checkpoint")
	lines := strings.Split(body, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || lines[0] == "" {
		return Checkpoint{}, bad
	}
	for _, ext := range lines[3 : len(lines)-1] {
		if ext == "" {
			return Checkpoint{}, bad
		}
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = decimal(lines[1]); err != nil {
		return Checkpoint{}, bad
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) {
		return Checkpoint{}, bad
	}
	copy(c.Root[:], root)
	return c, nil
}

// OriginOf gives the first line of a note, signed or not, to choose a verifier by; nothing is proven by it.
func OriginOf(msg []byte) string {
	line, _, _ := bytes.Cut(msg, []byte("\n"))
	return string(line)
}

// OpenCheckpoint checks the signature of a checkpoint's note by the log's own key and gives what it says.
func OpenCheckpoint(msg []byte, key Key) (Checkpoint, error) {
	origin := OriginOf(msg)
	if origin != key.Name && !strings.HasPrefix(origin, key.Name+"/") {
		return Checkpoint{}, fmt.Errorf("verify: the checkpoint is of %q, not of %q", origin, key.Name)
	}
	n, err := note.Open(msg, note.VerifierList(key.Verifier(origin)))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verify: signature of the checkpoint: %w", err)
	}
	return ParseCheckpoint(n.Text)
}
