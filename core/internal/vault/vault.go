package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

const (
	version   = 1
	algAESGCM = 1
	epoch     = 1 // keys will be re-wrapped by epoch; the number stands in every value from the start
	header    = 4
	maxCached = 20_000
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
)

// Needs is everything that the vault can reach.
type Needs struct {
	DB    *db.DB // the keys' own database
	Root  []byte // 32 bytes (LoadRoot)
	Clock core.Clock
}

// Vault implements core.Sealer, core.Keymaker and core.Indexer. It is safe for concurrent use.
type Vault struct {
	db    *db.DB
	clock core.Clock
	wrap  cipher.AEAD

	mu     sync.RWMutex
	cached map[core.ID][]byte // wrapped keys, never clear ones
	// secrets are those of indexes, wrapped too.
	secrets map[indexName][]secret
	turn    uint64 // grows with each destruction heard of: what was read before it is not cached
	cancel  func()
}

// New makes the vault over a migrated database.
func New(n Needs) (*Vault, error) {
	if len(n.Root) != RootSize {
		return nil, fmt.Errorf("vault: the root key must be %d bytes", RootSize)
	}
	kek, err := hkdf.Key(sha256.New, n.Root, nil, "rempart vault 1: wrap the keys of owners", 32)
	if err != nil {
		return nil, err
	}
	wrap, err := aead(kek)
	if err != nil {
		return nil, err
	}
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	v := &Vault{db: n.DB, clock: n.Clock, wrap: wrap, cached: map[core.ID][]byte{}, secrets: map[indexName][]secret{}}
	v.cancel = n.DB.Listen(topic, v.forget)
	return v, nil
}

const topic = "vault.destroyed"

// Close stops listening.
func (v *Vault) Close() { v.cancel() }

func (v *Vault) forget(owner string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turn++
	if owner == "" {
		clear(v.cached)
		clear(v.secrets)
		return
	}
	delete(v.cached, core.ID(owner))
}

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func wrapData(owner core.ID) []byte { return []byte("vault_key\x00" + string(owner)) }

// MakeKeys makes a key for each owner that never had one. An owner whose key was destroyed never gets another.
func (v *Vault) MakeKeys(ctx context.Context, owners ...core.ID) error {
	if len(owners) == 0 {
		return nil
	}
	now := clock.Micros(v.clock.Now())
	args := make([]any, 0, 4*len(owners))
	for _, owner := range owners {
		if owner == "" {
			return errNoKey.Because(errors.New("an owner without id"))
		}
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return err
		}
		args = append(args, owner, epoch, v.wrap.Seal(nil, nil, key, wrapData(owner)), now)
		clear(key)
	}
	err := v.db.Write(ctx, func(tx core.Tx) error {
		rest := args
		for ; len(rest) >= 400; rest = rest[400:] {
			if _, err := tx.Exec(ctx, qMake100, rest[:400]...); err != nil {
				return err
			}
		}
		for ; len(rest) > 0; rest = rest[4:] {
			if _, err := tx.Exec(ctx, qMake, rest[:4]...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("vault: make keys: %w", err)
	}
	return nil
}

// DestroyKey destroys the key of owner on every node: what it sealed can never be read again. It is no error when the
// owner never had a key: none will be made later.
func (v *Vault) DestroyKey(ctx context.Context, owner core.ID) error {
	err := v.db.Write(ctx, func(tx core.Tx) error {
		now := clock.Micros(v.clock.Now())
		if _, err := tx.Exec(ctx, qDestroy, owner, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qBury, owner, now); err != nil {
			return err
		}
		tx.Notify(topic, string(owner))
		return nil
	})
	v.forget(string(owner))
	if err != nil {
		return fmt.Errorf("vault: destroy a key: %w", err)
	}
	return nil
}

// key gives the cipher of owner.
func (v *Vault) key(ctx context.Context, owner core.ID) (cipher.AEAD, error) {
	v.mu.RLock()
	wrapped, turn := v.cached[owner], v.turn
	v.mu.RUnlock()
	if wrapped == nil {
		var found bool
		err := v.db.Read(ctx, func(tx core.Tx) (err error) {
			wrapped, found, err = loadWrapped(ctx, tx, owner)
			return err
		})
		switch {
		case err != nil:
			return nil, fmt.Errorf("vault: read a key: %w", err)
		case !found:
			return nil, errNoKey
		case wrapped == nil:
			return nil, errGone
		}
		v.remember(owner, wrapped, turn)
	}
	key, err := v.wrap.Open(nil, nil, wrapped, wrapData(owner))
	if err != nil {
		return nil, errUnreadable.Because(errors.New("a wrapped key does not open: is this the root key of this database?"))
	}
	defer clear(key)
	return aead(key)
}

func (v *Vault) remember(owner core.ID, wrapped []byte, turn uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.turn != turn {
		return
	}
	if len(v.cached) >= maxCached {
		for other := range v.cached { // any one: the order of a map is random
			delete(v.cached, other)
			break
		}
	}
	v.cached[owner] = wrapped
}

// place binds a value to its owner, its place and the form of its header.
func place(head []byte, owner core.ID, where string) []byte {
	b := make([]byte, 0, len(head)+len(owner)+len(where)+8)
	b = append(b, head...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(owner)))
	b = append(b, owner...)
	return append(b, where...)
}

// Seal encrypts plain for owner; where names its row and column.
func (v *Vault) Seal(ctx context.Context, owner core.ID, where string, plain []byte) ([]byte, error) {
	seal, err := v.For(ctx, owner)
	if err != nil {
		return nil, err
	}
	return seal(where, plain)
}

// For gives a function that seals several values for owner at once: the key is unwrapped once. Do not keep it.
func (v *Vault) For(ctx context.Context, owner core.ID) (func(where string, plain []byte) ([]byte, error), error) {
	c, err := v.key(ctx, owner)
	if err != nil {
		return nil, err
	}
	return func(where string, plain []byte) ([]byte, error) {
		out := make([]byte, header, header+len(plain)+c.Overhead())
		out[0], out[1] = version, algAESGCM
		binary.BigEndian.PutUint16(out[2:], epoch)
		return c.Seal(out, nil, plain, place(out[:header], owner, where)), nil
	}, nil
}

// Open decrypts what Seal gave for the same owner and place.
func (v *Vault) Open(ctx context.Context, owner core.ID, where string, sealed []byte) ([]byte, error) {
	if len(sealed) < header || sealed[0] != version || sealed[1] != algAESGCM {
		return nil, errUnreadable.Because(errors.New("unknown form"))
	}
	c, err := v.key(ctx, owner)
	if err != nil {
		return nil, err
	}
	plain, err := c.Open(nil, nil, sealed[header:], place(sealed[:header], owner, where))
	if err != nil {
		return nil, errUnreadable.Because(err)
	}
	return plain, nil
}
