package journal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/verify"
)

// Connection is the sealed part that tells from where an act came, without the last digits of the address.
type Connection struct {
	Network string  `json:"network,omitempty"` // /24 or /48
	Agent   string  `json:"agent,omitempty"`
	Session core.ID `json:"session,omitempty"`
	Token   core.ID `json:"token,omitempty"`
	AAL     int     `json:"aal,omitempty"`
}

// Content is the sealed part that tells what changed, under the key of the person concerned.
type Content struct {
	Changes []core.FieldChange `json:"changes,omitempty"`
	Note    string             `json:"note,omitempty"`
}

// sealing is the working space of preparing one entry.
type sealing struct {
	m      *Module
	ctx    context.Context
	it     *item
	text   []byte
	sealed []byte // parts as verify.EncodeParts writes them
	salted []byte
	salts  [3 * verify.SaltSize]byte
	used   int
	parts  [64]byte
}

var sealings = sync.Pool{New: func() any {
	return &sealing{text: make([]byte, 0, 512), sealed: make([]byte, 0, 1024), salted: make([]byte, 0, 512)}
}}

// Prepare writes the text of the entry and seals its parts. It implements db.Preparer: one writer serves everybody, and
// does not wait for this.
func (it *item) Prepare() error {
	if it.org != core.ID(tidy(string(it.org))) {
		return errOrg
	}
	s := sealings.Get().(*sealing)
	defer sealings.Put(s)
	e := it.entry
	s.m, s.ctx, s.it, s.used, s.sealed = it.m, context.WithoutCancel(it.ctx), it, 0, s.sealed[:0]
	it.id = tidy(string(e.ID))
	s.text = append(append(s.text[:0], it.id...), '\n')
	s.text = append(strconv.AppendInt(s.text, clock.Micros(e.At), 10), '\n')
	it.cut = len(s.text)
	s.text = appendTail(s.text, e)
	if _, err := rand.Read(s.salts[:]); err != nil {
		return err
	}
	if err := s.seal(e); err != nil {
		return fmt.Errorf("journal: seal: %w", err)
	}
	parts, _, err := verify.AppendPartsHash(s.parts[:0], s.sealed)
	if err != nil {
		return err
	}
	// What the entry keeps until its commit is one piece.
	whole := make([]byte, 0, len(s.text)+len(s.sealed)+len(parts))
	whole = append(append(append(whole, s.text...), s.sealed...), parts...)
	at, end := len(s.text), len(s.text)+len(s.sealed)
	it.text, it.sealed, it.parts = whole[:at:at], whole[at:end:end], whole[end:]
	it.m, it.ctx, it.entry, s.m, s.ctx, s.it = nil, nil, nil, nil, nil, nil
	return nil
}

// seal makes the sealed parts of an entry. Nobody's key is the organization's.
func (s *sealing) seal(e *core.Entry) error {
	owner, code := e.Actor.ID, verify.OfActor
	if e.Actor.Kind == core.SystemActor || e.Actor.Kind == core.Anonymous || owner.IsZero() {
		owner, code = s.it.org, verify.OfLog
	}
	conn := Connection{
		Network: network(e.Actor.Address), Agent: tidy(e.Actor.Agent), Session: e.Actor.Session, Token: e.Actor.Token,
		AAL: e.Actor.AAL,
	}
	if e.Actor.Address.IsValid() || conn != (Connection{}) {
		with, code, err := s.keyOf(owner, code)
		if err != nil {
			return err
		}
		if e.Actor.Address.IsValid() {
			s.salt()
			s.salted = e.Actor.Address.Unmap().AppendTo(s.salted)
			if err := s.part(with, verify.Address, code); err != nil {
				return err
			}
		}
		if conn != (Connection{}) {
			s.salt()
			s.salted = conn.append(s.salted)
			if err := s.part(with, verify.Connection, code); err != nil {
				return err
			}
		}
	}
	if len(e.Changes) == 0 && e.Note == "" {
		return nil
	}
	owner, code = s.it.org, verify.OfLog
	if len(e.Subjects) > 0 {
		owner, code = e.Subjects[0], verify.OfSubject
	}
	with, code, err := s.keyOf(owner, code)
	if err != nil {
		return err
	}
	s.salt()
	s.salted = padded(content(s.salted, e.Changes, e.Note), verify.SaltSize)
	return s.part(with, verify.Content, code)
}

// salt begins the plain text of a part.
func (s *sealing) salt() {
	s.salted = append(s.salted[:0], s.salts[s.used:s.used+verify.SaltSize]...)
	s.used += verify.SaltSize
}

// part seals what stands in salted.
func (s *sealing) part(with sealer, kind verify.PartKind, owner verify.Owner) error {
	if with == nil {
		return nil
	}
	commit := sha256.Sum256(s.salted)
	s.sealed = append(s.sealed, byte(kind), byte(owner), 0)
	size := len(s.sealed)
	s.sealed = append(append(s.sealed, 0, 0, 0, 0), commit[:]...)
	from := len(s.sealed)
	sealed, err := with(s.sealed, where(kind, s.it.id), s.salted)
	if err != nil {
		return err
	}
	s.sealed = sealed
	binary.BigEndian.PutUint32(s.sealed[size:], uint32(len(s.sealed)-from))
	return nil
}

// sealer seals for one owner, behind what dst holds.
type sealer = func(dst []byte, where string, plain []byte) ([]byte, error)

// keyOf gives what seals for an owner; nil for a person whose key was destroyed: their erasure holds for what comes after
// it too. An owner without a usable key (a service account, a stranger) has the log's instead: one broken key must not
// stop the acts of others.
func (s *sealing) keyOf(owner core.ID, code verify.Owner) (sealer, verify.Owner, error) {
	with, err := s.m.sealerOf(s.ctx, owner)
	switch {
	case core.KindOf(err) == core.Gone:
		return nil, code, nil
	case err != nil && code != verify.OfLog:
		return s.keyOf(s.it.org, verify.OfLog)
	case core.CodeOf(err) == "vault.no_key":
		if err := s.m.sealer.MakeKeys(s.ctx, owner); err != nil {
			return nil, code, err
		}
		with, err = s.m.sealerOf(s.ctx, owner)
	}
	return with, code, err
}

// sealerOf gives a function that seals for owner; a vault that can unwraps the key once for all parts.
func (m *Module) sealerOf(ctx context.Context, owner core.ID) (sealer, error) {
	if v, ok := m.sealer.(interface {
		Appender(ctx context.Context, owner core.ID) (func(dst []byte, where string, plain []byte) ([]byte, error), error)
	}); ok {
		return v.Appender(ctx, owner)
	}
	return func(dst []byte, where string, plain []byte) ([]byte, error) {
		sealed, err := m.sealer.Seal(ctx, owner, where, plain)
		return append(dst, sealed...), err
	}, nil
}

// where binds a sealed part to its entry.
func where(kind verify.PartKind, id string) string {
	return "journal_batch.body/" + string(rune(kind)) + "/" + id
}

// append writes the connection as JSON.
func (c *Connection) append(b []byte) []byte {
	b = append(b, '{')
	for _, f := range [...]struct{ name, value string }{
		{`"network":`, c.Network}, {`"agent":`, c.Agent}, {`"session":`, string(c.Session)}, {`"token":`, string(c.Token)},
	} {
		if f.value != "" {
			b = append(quoted(append(b, f.name...), f.value), ',')
		}
	}
	if c.AAL != 0 {
		b = append(strconv.AppendInt(append(b, `"aal":`...), int64(c.AAL), 10), ',')
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}

// read reads what append wrote.
func (c *Connection) read(plain []byte) error {
	*c = Connection{}
	if c.cut(string(plain)) {
		return nil
	}
	*c = Connection{}
	return json.Unmarshal(plain, c)
}

// cut reads the plainest form: every field at most once, in the order of append, nothing escaped. False: it is another.
func (c *Connection) cut(text string) bool {
	text, whole := strings.CutPrefix(text, "{")
	if !whole || strings.IndexByte(text, '\\') >= 0 {
		return false
	}
	for _, f := range [...]struct {
		name string
		to   *string
	}{{`"network":"`, &c.Network}, {`"agent":"`, &c.Agent}, {`"session":"`, (*string)(&c.Session)}, {`"token":"`, (*string)(&c.Token)}} {
		value, there := strings.CutPrefix(text, f.name)
		if !there {
			continue
		}
		if *f.to, text, there = strings.Cut(value, `"`); !there {
			return false
		}
		text = strings.TrimPrefix(text, ",")
	}
	if aal, there := strings.CutPrefix(text, `"aal":`); there && len(aal) == 2 && aal[0] >= '0' && aal[0] <= '9' {
		c.AAL, text = int(aal[0]-'0'), aal[1:]
	}
	return text == "}"
}

// quoted writes a string of JSON.
func quoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			escaped, err := json.Marshal(s)
			if err != nil {
				panic(err) // a string
			}
			return append(b, escaped...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// content writes what changed and the note as JSON (Content).
func content(b []byte, changes []core.FieldChange, note string) []byte {
	b = append(b, '{')
	for i, c := range changes {
		if i == 0 {
			b = append(b, `"changes":[`...)
		}
		b = quoted(append(b, `{"field":`...), c.Field)
		if c.Before != "" {
			b = quoted(append(b, `,"before":`...), c.Before)
		}
		if c.After != "" {
			b = quoted(append(b, `,"after":`...), c.After)
		}
		b = append(b, '}', ',')
		if i == len(changes)-1 {
			b[len(b)-1] = ']'
			b = append(b, ',')
		}
	}
	if note != "" {
		b = append(quoted(append(b, `"note":`...), note), ',')
	}
	b[len(b)-1] = '}'
	return b
}

// padded hides the length of the text after the first bytes: the next of 64, 128, 256... bytes.
func padded(b []byte, after int) []byte {
	size := 64
	for size < len(b)-after {
		size *= 2
	}
	for len(b)-after < size {
		b = append(b, ' ')
	}
	return b
}

// network is an address without what tells one machine from its neighbours: /24 for IPv4, /48 for IPv6.
func network(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	a = a.Unmap().WithZone("")
	n := 24
	if a.Is6() {
		n = 48
	}
	p, err := a.Prefix(n)
	if err != nil {
		return ""
	}
	return p.String()
}
