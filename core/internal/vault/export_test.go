package vault

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/seal"
)

// OnStep has f told before each step of a rotation; an error ends it there.
func (v *Vault) OnStep(f func(string) error) { v.step = f }

var (
	qOldKey = db.SQL(`INSERT INTO vault_key (owner, epoch, wrapped, made) VALUES ($1, 1, $2, 0)`)
	qSeeAll = db.SQL(`SELECT wrapped FROM vault_epoch WHERE wrapped IS NOT NULL`)
	qSeen   = db.SQL(`SELECT count(DISTINCT epoch) FROM vault_epoch`)
	qAsk    = db.SQL(`SELECT count(*) FROM vault_key WHERE epoch = 1 AND destroyed = 0`)
)

// OldKey makes a key as it was before epochs, and gives a value sealed under it in the form of then.
func (v *Vault) OldKey(ctx context.Context, owner core.ID, where string, plain []byte) ([]byte, error) {
	wrap, err := v.rootCipher()
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	wrapped := wrap.Seal(nil, nil, key, []byte("vault_key\x00"+string(owner)))
	if err := v.db.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qOldKey, owner, wrapped)
		return err
	}); err != nil {
		return nil, err
	}
	c, err := seal.Cipher(key)
	if err != nil {
		return nil, err
	}
	head := []byte{1, 1, 0, 1}
	data := append(append([]byte(nil), head...), 0, 0, 0, byte(len(owner)))
	data = append(append(data, owner...), where...)
	return c.Seal(append([]byte(nil), head...), nil, plain, data), nil
}

// EpochsKept gives the wrapped keys of organizations as they are stored, and how many epochs there ever were in sight.
func (v *Vault) EpochsKept(ctx context.Context) (kept [][]byte, seen, old int64, err error) {
	err = v.db.Read(ctx, func(tx core.Tx) (err error) {
		if kept, err = db.All(ctx, tx, qSeeAll, db.Value[[]byte]); err != nil {
			return err
		}
		if _, err = scanOne(ctx, tx, qSeen, nil, &seen); err != nil {
			return err
		}
		_, err = scanOne(ctx, tx, qAsk, nil, &old)
		return err
	})
	return kept, seen, old, err
}

// Wipe empties a key store, as a lost disk does.
func (v *Vault) Wipe(ctx context.Context) error {
	return v.db.Write(ctx, func(tx core.Tx) error {
		for _, q := range []string{qNoEpochs, qNoSecrets, qNoKeys} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return fmt.Errorf("wipe: %w", err)
			}
		}
		return nil
	})
}

var qNoKeys = db.SQL(`DELETE FROM vault_key`)
