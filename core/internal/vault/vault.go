package vault

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/seal"
)

const (
	generation = 1 // of an owner's key, as it stands in each value
	maxCached  = 20_000
	maxReady   = 1024 // a kilobyte each
)

var (
	errGone = i18n.Fault(core.Gone, "vault.destroyed",
		"La clé de cette personne a été détruite : ces données ne peuvent plus être lues.",
		"This person's key was destroyed: these data can no longer be read.")
	errNoKey = i18n.Fault(core.Internal, "vault.no_key",
		"Aucune clé n'existe pour ce propriétaire.", "No key exists for this owner.")
	errUnreadable = i18n.Fault(core.Internal, "vault.unreadable",
		"Une donnée scellée ne s'ouvre pas : elle a été modifiée ou déplacée.",
		"A sealed value does not open: it was changed or moved.")
	errRoot = i18n.Fault(core.Internal, "vault.root",
		"La clé racine n'ouvre pas ce coffre.", "The root key does not open this vault.")
)

// Needs is everything that the vault can reach.
type Needs struct {
	DB    *db.DB // the keys' own database
	Root  Root   // FindRoot, Transit, ...
	Clock core.Clock
	Log   *slog.Logger
	// Copies are the folders that the key store is copied to.
	Copies []string
}

// Vault implements core.Sealer, core.Keymaker and core.Indexer. It is safe for concurrent use.
type Vault struct {
	db     *db.DB
	root   Root
	clock  core.Clock
	log    *slog.Logger
	places []string

	// process wraps what waits in memory, under a key that ends with this process.
	process cipher.AEAD
	mu      sync.RWMutex
	owners  map[core.ID]held
	ready   map[core.ID]ready // of the owners of late: unwrapping a key costs more than sealing with it
	epochs  map[epochName][]byte
	newest  map[core.ID]int64
	secrets map[indexName][]secret
	turn    uint64 // grows with each destruction heard of: what was read before it is not kept
	cancel  func()

	// step is told before each step of a rotation; tests end it there.
	step func(string) error
}

// held is a key that waits, wrapped under the process's.
type held struct {
	org     core.ID
	wrapped []byte
}

// ready is a key that can be used at once.
type ready struct {
	org core.ID
	c   cipher.AEAD
}

// New makes the vault over a migrated database.
func New(n Needs) (*Vault, error) {
	if n.Root == nil {
		return nil, errors.New("vault: no root key")
	}
	if l, ok := n.Root.(Local); ok && len(l) != RootSize {
		return nil, fmt.Errorf("vault: the root key must be %d bytes", RootSize)
	}
	key := make([]byte, seal.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	process, err := seal.Cipher(key)
	clear(key)
	if err != nil {
		return nil, err
	}
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	v := &Vault{db: n.DB, root: n.Root, clock: n.Clock, log: n.Log, places: n.Copies, process: process}
	v.drop()
	v.cancel = n.DB.Listen(topic, v.forget)
	return v, nil
}

// topic tells of destructions: the id of an owner, "" for all, epochsOnly when keys of owners stay what they are.
const (
	topic      = "vault.destroyed"
	epochsOnly = "*"
)

// Close stops listening.
func (v *Vault) Close() { v.cancel() }

// Root tells what wraps the keys.
func (v *Vault) Root() RootDescription { return v.root.Describe() }

func (v *Vault) drop() {
	v.owners, v.ready, v.epochs = map[core.ID]held{}, map[core.ID]ready{}, map[epochName][]byte{}
	v.newest, v.secrets = map[core.ID]int64{}, map[indexName][]secret{}
}

func (v *Vault) forget(owner string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turn++
	switch owner {
	case "":
		v.drop()
	case epochsOnly:
		v.epochs, v.newest = map[epochName][]byte{}, map[core.ID]int64{}
	}
	delete(v.owners, core.ID(owner))
	delete(v.ready, core.ID(owner))
}

func (v *Vault) now() int64 { return clock.Micros(v.clock.Now()) }

func heldData(owner core.ID) []byte { return []byte("held\x00" + string(owner)) }

// key gives the cipher of owner and the organization of their key.
func (v *Vault) key(ctx context.Context, owner core.ID) (cipher.AEAD, core.ID, error) {
	v.mu.RLock()
	r, now := v.ready[owner]
	h, found := v.owners[owner]
	turn := v.turn
	v.mu.RUnlock()
	if now {
		return r.c, r.org, nil
	}
	if !found {
		var err error
		if h, err = v.load(ctx, owner); err != nil {
			return nil, "", err
		}
	}
	key, err := v.process.Open(nil, nil, h.wrapped, heldData(owner))
	if err != nil {
		return nil, "", errUnreadable.Because(err)
	}
	defer clear(key)
	c, err := seal.Cipher(key)
	if err != nil {
		return nil, "", err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.turn == turn {
		keepOne(v.ready, maxReady)
		v.ready[owner] = ready{h.org, c}
	}
	return c, h.org, nil
}

// keepOne makes room for one more where n are kept.
func keepOne[K comparable, V any](in map[K]V, n int) {
	if len(in) < n {
		return
	}
	for other := range in { // any one: the order of a map is random
		delete(in, other)
		return
	}
}

// load reads an owner's key and keeps it, wrapped under the process's.
func (v *Vault) load(ctx context.Context, owner core.ID) (held, error) {
	v.mu.RLock()
	turn := v.turn
	v.mu.RUnlock()
	var row ownerRow
	var found bool
	err := v.db.Read(ctx, func(tx core.Tx) (err error) {
		row, found, err = loadOwner(ctx, tx, owner)
		return err
	})
	switch {
	case err != nil:
		return held{}, fmt.Errorf("vault: read a key: %w", err)
	case !found:
		return held{}, errNoKey
	case row.wrapped == nil:
		return held{}, errGone
	}
	kek, err := v.kek(ctx, row.org, row.epoch, row.kek)
	if err != nil {
		return held{}, err
	}
	key, err := kek.Open(nil, nil, row.wrapped, row.data())
	if err != nil {
		return held{}, errRoot.Because(errors.New("a wrapped key does not open: is this the root key of this database?"))
	}
	defer clear(key)
	h := held{org: row.org, wrapped: v.process.Seal(nil, nil, key, heldData(owner))}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.turn == turn {
		keepOne(v.owners, maxCached)
		v.owners[owner] = h
	}
	return h, nil
}

// Seal encrypts plain for owner; where names its row and column: "table.column/row".
func (v *Vault) Seal(ctx context.Context, owner core.ID, where string, plain []byte) ([]byte, error) {
	c, org, err := v.key(ctx, owner)
	if err != nil {
		return nil, err
	}
	return seal.Seal(c, generation, seal.At(org, owner, where), plain), nil
}

// For gives a function that seals several values for owner at once: the key is unwrapped once. Do not keep it.
func (v *Vault) For(ctx context.Context, owner core.ID) (func(where string, plain []byte) ([]byte, error), error) {
	c, org, err := v.key(ctx, owner)
	if err != nil {
		return nil, err
	}
	return func(where string, plain []byte) ([]byte, error) {
		return seal.Seal(c, generation, seal.At(org, owner, where), plain), nil
	}, nil
}

// Appender is For behind what dst holds; plain must stand elsewhere.
func (v *Vault) Appender(ctx context.Context, owner core.ID) (func(dst []byte, where string, plain []byte) ([]byte, error), error) {
	c, org, err := v.key(ctx, owner)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, where string, plain []byte) ([]byte, error) {
		return seal.Append(dst, c, generation, seal.At(org, owner, where), plain), nil
	}, nil
}

// Opener gives a function that opens several values of owner at once: the key is unwrapped once. Do not keep it.
func (v *Vault) Opener(ctx context.Context, owner core.ID) (func(where string, sealed []byte) ([]byte, error), error) {
	c, org, err := v.key(ctx, owner)
	if err != nil {
		return nil, err
	}
	return func(where string, sealed []byte) ([]byte, error) {
		plain, err := seal.Open(c, seal.At(org, owner, where), sealed)
		if err != nil {
			return nil, errUnreadable.Because(err)
		}
		return plain, nil
	}, nil
}

// Open decrypts what Seal gave for the same owner and place.
func (v *Vault) Open(ctx context.Context, owner core.ID, where string, sealed []byte) ([]byte, error) {
	if _, ok := seal.Epoch(sealed); !ok {
		return nil, errUnreadable.Because(errors.New("unknown form"))
	}
	open, err := v.Opener(ctx, owner)
	if err != nil {
		return nil, err
	}
	return open(where, sealed)
}
