package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
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
	qSecrets = db.SQL(`SELECT s.generation, s.epoch, s.wrapped, s.made, s.destroyed, e.wrapped FROM vault_index s
		LEFT JOIN vault_epoch e ON e.org = s.org AND e.epoch = s.epoch WHERE s.org = $1 AND s.field = $2 ORDER BY s.generation DESC`)
	qSecret = db.SQL(`INSERT INTO vault_index (org, field, generation, epoch, wrapped, made) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (org, field, generation) DO NOTHING`)
)

// indexName names the secret of an indexed field.
type indexName struct {
	org   core.ID
	field string
}

// secret is one generation of it; wrapped as stored (kek set), or under the process's key.
type secret struct {
	generation, epoch int64
	wrapped, kek      []byte
	made, destroyed   int64
	read              int64 // when this node read it
}

func (n indexName) data(generation, epoch int64) []byte {
	return fmt.Appendf(nil, "vault_index\x00%s\x00%s\x00%d\x00%d", n.org, n.field, generation, epoch)
}

func (n indexName) held(generation int64) []byte {
	return fmt.Appendf(nil, "held secret\x00%s\x00%s\x00%d", n.org, n.field, generation)
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

// Indexes gives the index of a value under each secret that lives, that of Index first: while a field is indexed anew (Renew)
// there are two, rows are looked up by both and written with the first.
func (v *Vault) Indexes(ctx context.Context, org core.ID, f core.IndexField, value string) ([][]byte, error) {
	return v.indexes(ctx, org, f, value, false)
}

func (v *Vault) indexes(ctx context.Context, org core.ID, f core.IndexField, value string, newest bool) ([][]byte, error) {
	if f.Bits < seal.MinBits || f.Normalise == nil || f.Name == "" || org.IsZero() {
		return nil, errFewBits.Because(fmt.Errorf("%s: %d bits", f.Name, f.Bits))
	}
	normal, err := f.Normalise(value)
	if err != nil || normal == "" {
		return nil, errNotIndexable // the cause could hold the value
	}
	name := indexName{org, f.Name}
	secrets, err := v.secretsOf(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(secrets) > 1 && v.now()-secrets[0].made < settled.Microseconds() { // not every node may know it yet
		secrets = []secret{secrets[1], secrets[0]}
	}
	if newest {
		secrets = secrets[:1]
	}
	all := make([][]byte, len(secrets))
	for i, s := range secrets {
		key, err := v.process.Open(nil, nil, s.wrapped, name.held(s.generation))
		if err != nil {
			return nil, errUnreadable.Because(err)
		}
		all[i] = blind(key, f.Version, normal)
		clear(key)
	}
	return all, nil
}

// forEver begins the name of a secret that is never changed (Secret).
const forEver = "secret/"

// blind is the form of an index: HMAC-SHA256(secret, version(4) ‖ value).
func blind(key []byte, version int, normal string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(version)))
	h.Write([]byte(normal))
	return h.Sum(nil)
}

// Secret gives 32 bytes for a purpose of the platform, the same on every node for ever: a key of cookies, of a proof of work.
func (v *Vault) Secret(ctx context.Context, purpose string) ([]byte, error) {
	name := indexName{core.Platform, forEver + purpose}
	secrets, err := v.secretsOf(ctx, name)
	if err != nil {
		return nil, err
	}
	key, err := v.process.Open(nil, nil, secrets[0].wrapped, name.held(secrets[0].generation))
	if err != nil {
		return nil, errUnreadable.Because(err)
	}
	defer clear(key)
	return hkdf.Key(sha256.New, key, nil, "rempart vault: "+purpose, seal.KeySize)
}

// secretsOf gives the live secrets of a field, newest first, wrapped under the process's key; the first is made when there is
// none.
func (v *Vault) secretsOf(ctx context.Context, name indexName) ([]secret, error) {
	v.mu.RLock()
	list, turn := v.secrets[name], v.turn
	v.mu.RUnlock()
	if list != nil && (v.now()-list[0].read < remembered.Microseconds() || strings.HasPrefix(name.field, forEver)) {
		return list, nil
	}
	list, err := v.readSecrets(ctx, name)
	if err == nil && len(list) == 0 {
		if err = v.makeSecret(ctx, name, 1); err == nil {
			list, err = v.readSecrets(ctx, name)
		}
	}
	if err != nil {
		return nil, err
	}
	var live []secret
	for _, s := range list {
		if s.wrapped == nil {
			continue
		}
		kek, err := v.kek(ctx, name.org, s.epoch, s.kek)
		if err != nil {
			return nil, err
		}
		key, err := kek.Open(nil, nil, s.wrapped, name.data(s.generation, s.epoch))
		if err != nil {
			return nil, errRoot.Because(errors.New("a secret of an index does not open"))
		}
		live = append(live, secret{generation: s.generation, made: s.made, read: v.now(), wrapped: v.process.Seal(nil, nil, key, name.held(s.generation))})
		clear(key)
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

func (v *Vault) readSecrets(ctx context.Context, name indexName) (list []secret, err error) {
	err = v.db.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qSecrets, func(scan db.Scan) (s secret, err error) {
			err = scan(&s.generation, &s.epoch, &s.wrapped, &s.made, &s.destroyed, &s.kek)
			return s, err
		}, name.org, name.field)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: read a secret: %w", err)
	}
	return list, nil
}

func (v *Vault) makeSecret(ctx context.Context, name indexName, generation int64) error {
	for range 5 {
		epoch, wrap, err := v.current(ctx, name.org)
		if err != nil {
			return err
		}
		key := make([]byte, seal.KeySize)
		if _, err := rand.Read(key); err != nil {
			return err
		}
		wrapped := wrap.Seal(nil, nil, key, name.data(generation, epoch))
		clear(key)
		err = v.db.Write(ctx, func(tx core.Tx) error {
			if err := v.stillNewest(ctx, tx, name.org, epoch); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, qSecret, name.org, name.field, generation, epoch, wrapped, v.now())
			return err
		})
		if !errors.Is(err, errEpochs) {
			return err
		}
		v.forget(epochsOnly)
	}
	return errEpochs
}

// tell has every node read again what it keeps.
func (v *Vault) tell(ctx context.Context, what string) error {
	err := v.db.Write(ctx, func(tx core.Tx) error {
		tx.Notify(topic, what)
		return nil
	})
	v.forget(what)
	return err
}
