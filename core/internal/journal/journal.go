package journal

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
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
	roots    roots
	wake     chan struct{}
	flushed  atomic.Int64 // entries since the indexes last looked: how busy the writer is
	pace     pace
	recent   recent
	leading  atomic.Bool // this node holds the lease: it places entries, signs and sends

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
		block: fullBlock, pace: newPace(),
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
	entry *core.Entry

	id       string
	text     []byte // the lines of the entry; without node and counter, which stand at cut, until it is numbered
	cut      int
	numbered bool
	sealed   []byte
	parts    []byte // verify.PartsHash
}

// Record adds an entry to the transaction, and keeps it until that has ended: it must not be changed any more. It gets its
// place in the tree when the transaction commits.
func (m *Module) Record(ctx context.Context, tx core.Tx, e *core.Entry) error {
	if r := m.refusal.Load(); r != nil {
		return r
	}
	it := &item{m: m, ctx: ctx, org: e.Org, entry: e}
	if it.org.IsZero() {
		it.org = core.Platform
	}
	db.Defer(tx, it)
	return nil
}

func kindOf(a core.Actor) string {
	if a.Kind == core.HumanActor && a.Staff {
		return "staff"
	}
	return a.Kind.String()
}

// plain tells whether a text is of printable ASCII alone.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
}

// tidy takes out what cannot stand in an entry's text: an id made by an attacker must not stop its own entry.
func tidy(s string) string {
	if len(s) <= 256 && plain(s) {
		return s
	}
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
		if s := named(id); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// named is a person as a list of persons holds them.
func named(id core.ID) string {
	s := tidy(string(id))
	if strings.IndexByte(s, ',') >= 0 {
		s = strings.ReplaceAll(s, ",", "?")
	}
	return s
}
