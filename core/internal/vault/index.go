package vault

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/seal"
)

var (
	errFewBits = i18n.Fault(core.Internal, "vault.few_bits",
		"Ce champ a trop peu de valeurs possibles pour être indexé sans les révéler.",
		"This field has too few possible values to be indexed without revealing them.")
	errNotIndexable = i18n.Fault(core.Invalid, "vault.not_indexable",
		"Cette valeur n'a pas la forme attendue.", "This value does not have the expected form.")
)

var (
	qSecrets = db.SQL(`SELECT generation, epoch, wrapped FROM vault_index WHERE org = $1 AND field = $2 ORDER BY generation DESC`)
	qSecret  = db.SQL(`INSERT INTO vault_index (org, field, generation, epoch, wrapped, made) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (org, field, generation) DO NOTHING`)
)

// secret is one generation of the secret of an indexed field.
type secret struct {
	generation, epoch int64
	wrapped           []byte
}

// Index gives the blind index of a value: HMAC-SHA256, under a secret of the organization and the field, of the version of the
// normaliser and the normalised value. Errors: vault.few_bits, vault.not_indexable, vault.destroyed.
func (v *Vault) Index(ctx context.Context, org core.ID, f core.IndexField, value string) ([]byte, error) {
	all, err := v.indexes(ctx, org, f, value, true)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// indexes gives the index of a value under the newest secret, or under each that lives, newest first.
func (v *Vault) indexes(ctx context.Context, org core.ID, f core.IndexField, value string, newest bool) ([][]byte, error) {
	if f.Bits < seal.MinBits || f.Normalise == nil || f.Name == "" || org.IsZero() {
		return nil, errFewBits.Because(fmt.Errorf("%s: %d bits", f.Name, f.Bits))
	}
	normal, err := f.Normalise(value)
	if err != nil || normal == "" {
		return nil, errNotIndexable // the cause could hold the value
	}
	secrets, err := v.secretsOf(ctx, org, f.Name)
	if err != nil {
		return nil, err
	}
	if newest {
		secrets = secrets[:1]
	}
	all := make([][]byte, len(secrets))
	for i, s := range secrets {
		key, err := v.wrap.Open(nil, nil, s.wrapped, secretData(org, f.Name, s))
		if err != nil {
			return nil, errUnreadable.Because(errors.New("a secret of an index does not open"))
		}
		all[i] = blind(key, f.Version, normal)
		clear(key)
	}
	return all, nil
}

// blind is the form of an index: HMAC-SHA256(secret, version(4) ‖ value).
func blind(key []byte, version int, normal string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(version)))
	h.Write([]byte(normal))
	return h.Sum(nil)
}

func secretData(org core.ID, field string, s secret) []byte {
	return fmt.Appendf(nil, "vault_index\x00%s\x00%s\x00%d\x00%d", org, field, s.generation, s.epoch)
}

// secretsOf gives the live secrets of a field, newest first; the first is made when there is none.
func (v *Vault) secretsOf(ctx context.Context, org core.ID, field string) ([]secret, error) {
	name := indexName{org, field}
	v.mu.RLock()
	list, turn := v.secrets[name], v.turn
	v.mu.RUnlock()
	if list != nil {
		return list, nil
	}
	read := func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qSecrets, func(scan db.Scan) (s secret, err error) {
			err = scan(&s.generation, &s.epoch, &s.wrapped)
			return s, err
		}, org, field)
		return err
	}
	if err := v.db.Read(ctx, read); err != nil {
		return nil, fmt.Errorf("vault: read a secret: %w", err)
	}
	if len(list) == 0 {
		if err := v.db.Write(ctx, func(tx core.Tx) error {
			if err := v.makeSecret(ctx, tx, org, field, 1); err != nil {
				return err
			}
			return read(tx)
		}); err != nil {
			return nil, fmt.Errorf("vault: make a secret: %w", err)
		}
	}
	live := list[:0]
	for _, s := range list {
		if s.wrapped != nil {
			live = append(live, s)
		}
	}
	if len(live) == 0 {
		return nil, errGone
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.turn == turn {
		if len(v.secrets) >= maxCached {
			clear(v.secrets)
		}
		v.secrets[name] = live
	}
	return live, nil
}

func (v *Vault) makeSecret(ctx context.Context, tx core.Tx, org core.ID, field string, generation int64) error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	defer clear(key)
	s := secret{generation: generation, epoch: epoch}
	_, err := tx.Exec(ctx, qSecret, org, field, generation, epoch, v.wrap.Seal(nil, nil, key, secretData(org, field, s)), clock.Micros(v.clock.Now()))
	return err
}

// indexName names a secret.
type indexName struct {
	org   core.ID
	field string
}
