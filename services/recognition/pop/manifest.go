package pop

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Entry is one program of a manifest: its path, the templates of its arguments and their parameters, as its script had them when the
// administrator signed.
type Entry struct {
	ID     string   `json:"id"` // of the script
	Title  string   `json:"title"`
	Path   string   `json:"path"`
	Args   []string `json:"args,omitempty"`
	Params []Param  `json:"params,omitempty"`
}

// Manifest is the list of local programs that an organization lets its workstations start. Version grows with each signature: a
// workstation refuses an older one than it has seen.
type Manifest struct {
	Org      string    `json:"org"`
	Version  int64     `json:"version"`
	SignedAt time.Time `json:"signed_at"`
	Programs []Entry   `json:"programs"`
}

// Signed is a manifest and the signature of the organization over its very bytes (Ed25519, RFC 8032).
type Signed struct {
	Manifest  []byte `json:"manifest"` // JSON, base64 on the wire
	Signature []byte `json:"signature"`
}

// signedFor keeps the signature from serving for anything else.
const signedFor = "rempart: programs that a workstation may start, v1\n"

// Errors of a manifest.
var (
	ErrSignature = errors.New("pop: the list of programs is not signed by the organization")
	ErrOlder     = errors.New("pop: the list of programs is older than one already seen")
	ErrNotListed = errors.New("pop: this program is not in the signed list")
)

// List gives the manifest of the scripts that start programs.
func List(org string, version int64, at time.Time, scripts []Script) Manifest {
	m := Manifest{Org: org, Version: version, SignedAt: at.UTC().Truncate(time.Second), Programs: []Entry{}}
	for i := range scripts {
		if s := &scripts[i]; s.Kind == Program {
			m.Programs = append(m.Programs, Entry{ID: s.ID, Title: s.Title, Path: s.Path, Args: s.Args, Params: s.Params})
		}
	}
	slices.SortFunc(m.Programs, func(a, b Entry) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return m
}

// Sign signs a manifest.
func Sign(key ed25519.PrivateKey, m Manifest) (Signed, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return Signed{}, err
	}
	return Signed{Manifest: text, Signature: ed25519.Sign(key, append([]byte(signedFor), text...))}, nil
}

// Open checks a signature and gives the manifest. Public is the key that the workstation got when it enrolled, org its organization,
// least the newest version that it has seen.
func (s Signed) Open(public ed25519.PublicKey, org string, least int64) (Manifest, error) {
	var m Manifest
	if len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, append([]byte(signedFor), s.Manifest...), s.Signature) {
		return m, ErrSignature
	}
	if err := json.Unmarshal(s.Manifest, &m); err != nil {
		return Manifest{}, fmt.Errorf("pop: the list of programs: %w", err)
	}
	if m.Org != org {
		return Manifest{}, ErrSignature
	}
	if m.Version < least {
		return Manifest{}, ErrOlder
	}
	return m, nil
}

// Covers tells whether a manifest lists a script exactly as it now is.
func (m Manifest) Covers(s *Script) bool {
	for _, e := range m.Programs {
		if e.ID == s.ID {
			a, _ := json.Marshal(e)
			b, _ := json.Marshal(Entry{ID: s.ID, Title: e.Title, Path: s.Path, Args: s.Args, Params: s.Params})
			return bytes.Equal(a, b)
		}
	}
	return false
}

// Command gives the program and the arguments to start for an action, made here anew from the signed templates: what the platform
// sent besides the values counts for nothing. Start it without a shell (os/exec), with the paths as they are.
func (m Manifest) Command(a Action) (path string, args []string, err error) {
	if a.Kind != Program {
		return "", nil, ErrNotListed
	}
	for _, e := range m.Programs {
		if e.ID != a.Program {
			continue
		}
		s := Script{ID: e.ID, Title: "x", Kind: Program, For: Both, Params: e.Params, Path: e.Path, Args: e.Args}
		if err := s.Check(Limits{}); err != nil {
			return "", nil, err
		}
		values := make(map[string]string, len(e.Params))
		for _, p := range e.Params {
			v, ok := p.again(a.Values[p.Name])
			if !ok {
				return "", nil, fmt.Errorf("%w: %s", ErrNotFor, p.Name)
			}
			values[p.Name] = v
		}
		args, err = s.arguments(values)
		return e.Path, args, err
	}
	return "", nil, ErrNotListed
}

// again checks a value that was typed once already.
func (p Param) again(v string) (string, bool) {
	if p.Type != Number {
		return p.value(v)
	}
	if v == "" {
		return "", !p.Required
	}
	raw := v
	switch p.Form {
	case FormDigits:
		raw = "+" + v
	case Form00:
		if len(v) < 3 || v[:2] != "00" {
			return "", false
		}
		raw = "+" + v[2:]
	}
	if !reE164.MatchString(raw) {
		return "", false
	}
	return v, true
}
