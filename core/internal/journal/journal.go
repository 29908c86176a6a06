package journal

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/verify"
)

// Sealer seals parts of entries and makes the key of a log that has none yet.
type Sealer interface {
	core.Sealer
	core.Keymaker
}

// Needs is everything that the journal can reach.
type Needs struct {
	DB     *db.DB
	Sealer Sealer
	Clock  core.Clock
	// Name is this installation's name in checkpoints, a URL without scheme: "trust.example.org/journal".
	Name string
	// Key signs checkpoints (Ed25519): LoadKey reads or makes it.
	Key crypto.Signer
	// HeadFile keeps the highest checkpoint that this node saw; "" keeps none (tests).
	HeadFile string
	Outlets  []Outlet
	Log      *slog.Logger
}

// Module implements core.Recorder over a database. Start its work with Run.
type Module struct {
	db      *db.DB
	sealer  Sealer
	clock   core.Clock
	log     *slog.Logger
	name    string
	signer  crypto.Signer
	public  ed25519.PublicKey
	outlets []Outlet
	heads   *headFile

	block    uint64 // entries of a block of the index
	flushing flushState
	counters counters
	wake     chan struct{}
	flushed  atomic.Int64 // entries since the indexes last looked: how busy the writer is
	leading  atomic.Bool  // this node holds the lease: it places entries, signs and sends

	refusal atomic.Pointer[core.Error]
}

var (
	errBehind = i18n.Fault(core.Busy, "journal.behind",
		"La base de données est en retard sur le journal que ce serveur a déjà vu : il refuse de servir jusqu'à vérification.",
		"The database is behind the journal that this server has already seen: it refuses to serve until this is checked.")
	errKey = errors.New("journal: the signing key must be an Ed25519 key")
	errOrg = errors.New("journal: the id of an organization holds what an entry cannot")
)

// New makes the journal over a migrated database and takes its flush hook. It panics on a key that is not Ed25519: a
// journal without a signature must not start.
func New(n Needs) *Module {
	public, ok := n.Key.Public().(ed25519.PublicKey)
	if !ok {
		panic(errKey)
	}
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	if n.Name == "" {
		n.Name = "rempart.invalid/journal"
	}
	m := &Module{
		db: n.DB, sealer: n.Sealer, clock: n.Clock, log: n.Log, name: n.Name, signer: n.Key, public: public,
		outlets: n.Outlets, heads: openHeadFile(n.HeadFile), wake: make(chan struct{}, 1),
		block: fullBlock,
	}
	m.flushing.node = newNode()
	m.counters.node = newNode()
	if n.DB.Engine() == db.SQLite {
		n.DB.OnFlush(m.flush)
	} else {
		n.DB.OnFlush(m.queue)
	}
	return m
}

// newNode names a process for the counters of its entries.
func newNode() string {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails (Go 1.24)
	}
	return hex.EncodeToString(b[:])
}

// Key is the public key to check the journal by, as "rempart journal key" prints it.
func (m *Module) Key() verify.Key { return verify.Key{Name: m.name, Public: m.public} }

// item is an entry on its way from Record to the flush hook.
type item struct {
	m     *Module
	ctx   context.Context
	org   core.ID
	entry core.Entry

	id       string
	text     []byte // the lines of the entry; without node and counter, which stand at cut, until it is numbered
	cut      int
	numbered bool
	sealed   []byte
	parts    []byte // verify.PartsHash
}

// Record adds an entry to the transaction. It gets its place in the tree when the transaction commits.
func (m *Module) Record(ctx context.Context, tx core.Tx, e *core.Entry) error {
	if r := m.refusal.Load(); r != nil {
		return r
	}
	it := &item{m: m, ctx: ctx, org: e.Org, entry: *e}
	if it.org.IsZero() {
		it.org = core.Platform
	}
	db.Defer(tx, it)
	return nil
}

// Prepare writes the text of the entry and seals its parts. It implements db.Preparer: one writer serves everybody, and
// does not wait for this.
func (it *item) Prepare() error {
	e := &it.entry
	v := verify.Entry{
		Kind: kindOf(e.Actor), Actor: tidy(string(e.Actor.ID)), Action: tidy(string(e.Action)), Verb: e.Verb.String(),
		Type: tidy(e.Type), Resource: tidy(string(e.Resource)), Purpose: tidy(string(e.Purpose)), Outcome: e.Outcome.String(),
		Reason: tidy(e.Reason), Request: tidy(string(e.Actor.Request)), Subjects: subjects(e.Subjects),
	}
	it.id = tidy(string(e.ID))
	it.text = append(append(make([]byte, 0, 384), it.id...), '\n')
	it.text = append(strconv.AppendInt(it.text, clock.Micros(e.At), 10), '\n')
	it.cut = len(it.text)
	it.text = appendTail(it.text, &v)
	if it.org != core.ID(tidy(string(it.org))) {
		return errOrg
	}
	if err := it.m.seal(context.WithoutCancel(it.ctx), it, e); err != nil {
		return fmt.Errorf("journal: seal: %w", err)
	}
	it.ctx = nil
	return nil
}

func kindOf(a core.Actor) string {
	if a.Kind == core.HumanActor && a.Staff {
		return "staff"
	}
	return a.Kind.String()
}

// tidy takes out what cannot stand in an entry's text: an id made by an attacker must not stop its own entry.
func tidy(s string) string {
	bad := func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\uFFFD' }
	if strings.IndexFunc(s, bad) < 0 && len(s) <= 256 {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if bad(r) {
			return '?'
		}
		return r
	}, s)
	return strings.ToValidUTF8(s[:min(len(s), 256)], "")
}

// subjects are the persons concerned, each once.
func subjects(list []core.ID) []string {
	out := make([]string, 0, len(list))
	for _, id := range list {
		s := tidy(string(id))
		if strings.IndexByte(s, ',') >= 0 {
			s = strings.ReplaceAll(s, ",", "?")
		}
		if s != "" && (len(list) == 1 || !slices.Contains(out, s)) {
			out = append(out, s)
		}
	}
	return out
}

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

// seal makes the sealed parts of an entry. Nobody's key is the organization's.
func (m *Module) seal(ctx context.Context, it *item, e *core.Entry) error {
	owner, code := e.Actor.ID, verify.OfActor
	if e.Actor.Kind == core.SystemActor || e.Actor.Kind == core.Anonymous || owner.IsZero() {
		owner, code = it.org, verify.OfLog
	}
	var own, about []plainPart
	if e.Actor.Address.IsValid() {
		own = append(own, plainPart{verify.Address, []byte(e.Actor.Address.Unmap().String())})
	}
	conn := Connection{
		Network: network(e.Actor.Address), Agent: tidy(e.Actor.Agent), Session: e.Actor.Session, Token: e.Actor.Token,
		AAL: e.Actor.AAL,
	}
	if conn != (Connection{}) {
		own = append(own, plainPart{verify.Connection, asJSON(conn)})
	}
	if len(e.Changes) > 0 || e.Note != "" {
		about = append(about, plainPart{verify.Content, padded(asJSON(Content{e.Changes, e.Note}))})
	}
	parts, err := m.sealAll(ctx, it, nil, owner, code, own)
	if err != nil {
		return err
	}
	owner, code = it.org, verify.OfLog
	if len(e.Subjects) > 0 {
		owner, code = e.Subjects[0], verify.OfSubject
	}
	if parts, err = m.sealAll(ctx, it, parts, owner, code, about); err != nil {
		return err
	}
	it.sealed = verify.EncodeParts(parts)
	it.parts, _, err = verify.AppendPartsHash(make([]byte, 0, 64), it.sealed)
	return err
}

type plainPart struct {
	kind  verify.PartKind
	plain []byte
}

// sealAll seals parts of one owner. What concerns a person whose key was destroyed is not kept: their erasure holds for
// what comes after it too. An owner without a usable key (a service account, a stranger) has the log's instead: one
// broken key must not stop the acts of others.
func (m *Module) sealAll(ctx context.Context, it *item, parts []verify.Part, owner core.ID, code verify.Owner, plain []plainPart) ([]verify.Part, error) {
	if len(plain) == 0 {
		return parts, nil
	}
	with, err := m.keyOf(ctx, owner)
	switch {
	case core.KindOf(err) == core.Gone:
		return parts, nil
	case err != nil && code != verify.OfLog:
		return m.sealAll(ctx, it, parts, it.org, verify.OfLog, plain)
	case core.CodeOf(err) == "vault.no_key":
		if err := m.sealer.MakeKeys(ctx, it.org); err != nil {
			return parts, err
		}
		with, err = m.keyOf(ctx, owner)
	}
	if err != nil {
		return parts, err
	}
	for _, pp := range plain {
		salted := make([]byte, verify.SaltSize, verify.SaltSize+len(pp.plain))
		if _, err := rand.Read(salted); err != nil {
			return parts, err
		}
		p := verify.Part{Kind: pp.kind, Owner: code, Commit: verify.CommitTo(salted, pp.plain)}
		if p.Sealed, err = with(where(pp.kind, it.id), append(salted, pp.plain...)); err != nil {
			return parts, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// keyOf gives a function that seals for owner; a vault that can unwraps the key once for all parts.
func (m *Module) keyOf(ctx context.Context, owner core.ID) (func(where string, plain []byte) ([]byte, error), error) {
	if v, ok := m.sealer.(interface {
		For(ctx context.Context, owner core.ID) (func(where string, plain []byte) ([]byte, error), error)
	}); ok {
		return v.For(ctx, owner)
	}
	return func(where string, plain []byte) ([]byte, error) { return m.sealer.Seal(ctx, owner, where, plain) }, nil
}

// where binds a sealed part to its entry.
func where(kind verify.PartKind, id string) string {
	return "journal_batch.body/" + string(rune(kind)) + "/" + id
}

func asJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return b
}

// padded hides the length of free text: the next of 64, 128, 256... bytes.
func padded(b []byte) []byte {
	size := 64
	for size < len(b) {
		size *= 2
	}
	return append(b, []byte(strings.Repeat(" ", size-len(b)))...)
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
