package vault

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/seal"
)

const (
	goneEpoch  = 0 // marks an organization whose keys were destroyed
	rootEpoch  = 1 // of keys that the root key wraps itself: how it was before there were epochs
	firstEpoch = 2
)

// epochName names the key of an organization in an epoch.
type epochName struct {
	org   core.ID
	epoch int64
}

func (n epochName) data() []byte { return fmt.Appendf(nil, "vault_epoch\x00%s\x00%d", n.org, n.epoch) }

// errEpochs says that the newest epoch of an organization changed meanwhile: once more.
var errEpochs = errors.New("vault: another epoch began")

// kek gives the cipher that wraps keys of an organization in an epoch; wrapped is how its key is stored.
func (v *Vault) kek(ctx context.Context, org core.ID, epoch int64, wrapped []byte) (cipher.AEAD, error) {
	if epoch == rootEpoch {
		return v.rootCipher()
	}
	name := epochName{org, epoch}
	v.mu.RLock()
	kept, turn := v.epochs[name], v.turn
	v.mu.RUnlock()
	var key []byte
	var err error
	if kept != nil {
		key, err = v.process.Open(nil, nil, kept, name.data())
	} else {
		if wrapped == nil {
			return nil, errGone
		}
		if key, err = v.root.Unwrap(ctx, wrapped, name.data()); err == nil {
			v.keepEpoch(name, key, turn)
		}
	}
	if err != nil {
		return nil, errRoot.Because(err)
	}
	defer clear(key)
	return seal.Cipher(key)
}

func (v *Vault) keepEpoch(name epochName, key []byte, turn uint64) {
	wrapped := v.process.Seal(nil, nil, key, name.data())
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.turn != turn {
		return
	}
	if len(v.epochs) >= maxCached {
		clear(v.epochs)
	}
	v.epochs[name] = wrapped
}

// rootCipher opens keys of epoch 1.
func (v *Vault) rootCipher() (cipher.AEAD, error) {
	l, ok := v.root.(Local)
	if !ok {
		return nil, errRoot.Because(errors.New("keys of the first epoch need the root key file"))
	}
	kek, err := l.derive(labelOwners)
	if err != nil {
		return nil, err
	}
	defer clear(kek)
	return seal.Cipher(kek)
}

// current gives the newest epoch of an organization and its cipher; the first is made when there is none.
func (v *Vault) current(ctx context.Context, org core.ID) (int64, cipher.AEAD, error) {
	v.mu.RLock()
	epoch := v.newest[org]
	_, kept := v.epochs[epochName{org, epoch}]
	turn := v.turn
	v.mu.RUnlock()
	if epoch > 0 && kept {
		c, err := v.kek(ctx, org, epoch, nil)
		return epoch, c, err
	}
	var row struct {
		epoch   int64
		wrapped []byte
	}
	var found bool
	read := func(tx core.Tx) (err error) {
		row.wrapped = nil
		found, err = scanOne(ctx, tx, qNewest, []any{org}, &row.epoch, &row.wrapped)
		return err
	}
	if err := v.db.Read(ctx, read); err != nil {
		return 0, nil, fmt.Errorf("vault: read an epoch: %w", err)
	}
	if !found {
		if err := v.firstEpoch(ctx, org); err != nil {
			return 0, nil, err
		}
		if err := v.db.Read(ctx, read); err != nil {
			return 0, nil, fmt.Errorf("vault: read an epoch: %w", err)
		}
	}
	if row.wrapped == nil {
		return 0, nil, errGone
	}
	c, err := v.kek(ctx, org, row.epoch, row.wrapped)
	if err == nil {
		v.mu.Lock()
		if v.turn == turn {
			v.newest[org] = row.epoch
		}
		v.mu.Unlock()
	}
	return row.epoch, c, err
}

// scanOne reads the first row of a query into dest.
func scanOne(ctx context.Context, tx core.Tx, q string, args []any, dest ...any) (bool, error) {
	_, found, err := db.One(ctx, tx, q, func(scan db.Scan) (struct{}, error) { return struct{}{}, scan(dest...) }, args...)
	return found, err
}

// newKey makes the key of an organization for an epoch, wrapped by the root.
func (v *Vault) newKey(ctx context.Context, name epochName) ([]byte, error) {
	key := make([]byte, seal.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	defer clear(key)
	wrapped, err := v.root.Wrap(ctx, key, name.data())
	if err != nil {
		return nil, errRoot.Because(err)
	}
	return wrapped, nil
}

// firstEpoch gives an organization the epoch that the others are in.
func (v *Vault) firstEpoch(ctx context.Context, org core.ID) error {
	for range 5 {
		var top int64
		if err := v.db.Read(ctx, func(tx core.Tx) (err error) {
			_, err = scanOne(ctx, tx, qTop, nil, &top)
			return err
		}); err != nil {
			return fmt.Errorf("vault: read an epoch: %w", err)
		}
		name := epochName{org, max(top, firstEpoch)}
		wrapped, err := v.newKey(ctx, name) // outside of the transaction: the root may be far away
		if err != nil {
			return err
		}
		err = v.db.Write(ctx, func(tx core.Tx) error {
			var now int64
			if _, err := scanOne(ctx, tx, qTop, nil, &now); err != nil {
				return err
			}
			if now != top {
				return errEpochs
			}
			_, err := tx.Exec(ctx, qMakeEpoch, org, name.epoch, wrapped, v.now())
			return err
		})
		if !errors.Is(err, errEpochs) {
			return err
		}
	}
	return errEpochs
}

// MakeKeys makes a key for each owner that never had one, in the organization of what belongs to none. An owner whose key was
// destroyed never gets another.
func (v *Vault) MakeKeys(ctx context.Context, owners ...core.ID) error {
	return v.MakeKeysIn(ctx, core.Platform, owners...)
}

// MakeKeysIn does so for owners that end with an organization: itself, its deposits, what its persons share with it. Errors:
// vault.destroyed when the organization's keys were.
func (v *Vault) MakeKeysIn(ctx context.Context, org core.ID, owners ...core.ID) error {
	if len(owners) == 0 {
		return nil
	}
	for range 5 {
		err := v.makeKeys(ctx, org, owners)
		if errors.Is(err, errEpochs) {
			v.forget(epochsOnly)
			continue
		}
		if err != nil && core.CodeOf(err) == "" {
			err = fmt.Errorf("vault: make keys: %w", err)
		}
		return err
	}
	return errEpochs
}

func (v *Vault) makeKeys(ctx context.Context, org core.ID, owners []core.ID) error {
	epoch, wrap, err := v.current(ctx, org)
	if err != nil {
		return err
	}
	args, made, err := v.wrapped(wrap, org, epoch, owners)
	if err != nil {
		return err
	}
	v.mu.RLock()
	turn := v.turn
	v.mu.RUnlock()
	var put int64
	err = v.db.Write(ctx, func(tx core.Tx) (err error) {
		if err := v.stillNewest(ctx, tx, org, epoch); err != nil {
			return err
		}
		put, err = putKeys(ctx, tx, qMake, qMake100, args)
		return err
	})
	if err == nil && put == int64(len(owners)) { // none of them had one, or had had one
		v.keepMade(owners, made, turn)
	}
	return err
}

// keepMade keeps keys that this node has just made and that have committed, as if it had read them: most are used at once.
func (v *Vault) keepMade(owners []core.ID, made []held, turn uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.turn != turn {
		return
	}
	for i, h := range made {
		keepOne(v.owners, maxCached)
		v.owners[owners[i]] = h
	}
}

// stillNewest keeps a key from being wrapped by an epoch that ends meanwhile: write transactions are serializable.
func (v *Vault) stillNewest(ctx context.Context, tx core.Tx, org core.ID, epoch int64) error {
	var now int64
	var key []byte
	if _, err := scanOne(ctx, tx, qNewest, []any{org}, &now, &key); err != nil {
		return err
	}
	if now != epoch || key == nil {
		return errEpochs
	}
	return nil
}

// wrapped makes random keys for owners and gives them as rows; and as they wait in memory, unless they are so many that they would push
// out everybody else's.
func (v *Vault) wrapped(wrap cipher.AEAD, org core.ID, epoch int64, owners []core.ID) (args []any, made []held, err error) {
	args = make([]any, 0, 5*len(owners))
	now := v.now()
	key := make([]byte, seal.KeySize)
	defer clear(key)
	for _, owner := range owners {
		if owner == "" {
			return nil, nil, errNoKey.Because(errors.New("an owner without id"))
		}
		if _, err := rand.Read(key); err != nil {
			return nil, nil, err
		}
		row := ownerRow{owner: owner, org: org, epoch: epoch}
		args = append(args, owner, org, epoch, wrap.Seal(nil, nil, key, row.data()), now)
		if len(owners) <= maxReady {
			made = append(made, held{org: org, wrapped: v.process.Seal(nil, nil, key, heldData(owner))})
		}
	}
	return args, made, nil
}

// DestroyKey destroys the key of owner on every node: what it sealed can never be read again. It is no error when the
// owner never had a key: none will be made later.
func (v *Vault) DestroyKey(ctx context.Context, owner core.ID) error {
	err := v.db.Write(ctx, func(tx core.Tx) error {
		now := v.now()
		if _, err := tx.Exec(ctx, qDestroy, owner, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qBury, owner, now); err != nil {
			return err
		}
		tx.Notify(topic, string(owner))
		return v.scrubLater(ctx, tx)
	})
	v.forget(string(owner))
	if err != nil {
		return fmt.Errorf("vault: destroy a key: %w", err)
	}
	return nil
}

// DestroyOrg destroys every key of an organization on every node: those of its epochs, of owners that end with it, of its
// indexes, and its own. None is made later. It is no error when there was none.
func (v *Vault) DestroyOrg(ctx context.Context, org core.ID) error {
	if org == core.Platform || org.IsZero() {
		return errNoKey.Because(errors.New("the platform's keys are not an organization's"))
	}
	err := v.db.Write(ctx, func(tx core.Tx) error {
		now := v.now()
		for _, q := range []string{qEndOrg, qEndKeys, qEndSecrets, qDestroy} {
			if _, err := tx.Exec(ctx, q, org, now); err != nil {
				return err
			}
		}
		for _, q := range []string{qBuryOrg, qBury} {
			if _, err := tx.Exec(ctx, q, org, now); err != nil {
				return err
			}
		}
		tx.Notify(topic, "")
		return v.scrubLater(ctx, tx)
	})
	v.forget("")
	if err != nil {
		return fmt.Errorf("vault: destroy the keys of an organization: %w", err)
	}
	return nil
}

// Destroyed tells whether the key of owner was destroyed; false when there never was one.
func (v *Vault) Destroyed(ctx context.Context, owner core.ID) (bool, error) {
	var at int64
	err := v.db.Read(ctx, func(tx core.Tx) error {
		_, err := scanOne(ctx, tx, qDestroyed, []any{owner}, &at)
		return err
	})
	return at != 0, err
}
