package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/disk"
	"github.com/rempart/rempart/kit/seal"
)

// CopyName is the file that a copy of the key store is, in the folder of its place. There is one: the latest.
const CopyName = "rempart-keys.copy"

const copyMagic = "rempart keys 1\n"

var copyData = []byte("vault copy\x00")

// ErrCopy says that a file is no sound copy of a key store, or not one of this root key.
var ErrCopy = errors.New("vault: this is no copy of a key store that this root key opens")

var (
	qCopyEpochs = db.SQL(`SELECT org, epoch, wrapped, made, destroyed FROM vault_epoch e WHERE destroyed = 0 AND (
			epoch = (SELECT max(n.epoch) FROM vault_epoch n WHERE n.org = e.org)
			OR EXISTS (SELECT 1 FROM vault_key k WHERE k.org = e.org AND k.epoch = e.epoch AND k.destroyed = 0)
			OR EXISTS (SELECT 1 FROM vault_index s WHERE s.org = e.org AND s.epoch = e.epoch AND s.destroyed = 0))
		OR epoch = 0 ORDER BY org, epoch`)
	qCopyKeys    = db.SQL(`SELECT owner, org, epoch, wrapped, made, destroyed FROM vault_key ORDER BY owner`)
	qCopySecrets = db.SQL(`SELECT org, field, generation, epoch, wrapped, made, destroyed FROM vault_index ORDER BY org, field, generation`)
	qCopyFacts   = db.SQL(`SELECT name, value, made FROM vault_fact WHERE name IN ('root', 'sheet') ORDER BY name`)

	qCopies  = db.SQL(`SELECT place, epoch, stamp, made, keys, fault FROM vault_copy ORDER BY place`)
	qSetCopy = db.SQL(`INSERT INTO vault_copy (place, epoch, stamp, made, keys, fault) VALUES ($1, $2, $3, $4, $5, '')
		ON CONFLICT (place) DO UPDATE SET epoch = excluded.epoch, stamp = excluded.stamp, made = excluded.made, keys = excluded.keys, fault = ''`)
	qCopyFault = db.SQL(`INSERT INTO vault_copy (place, epoch, stamp, made, keys, fault) VALUES ($1, 0, '', 0, 0, $2)
		ON CONFLICT (place) DO UPDATE SET fault = excluded.fault`)
	qDropCopy = db.SQL(`DELETE FROM vault_copy WHERE place = $1`)

	qPutEpoch  = db.SQL(`INSERT INTO vault_epoch (org, epoch, wrapped, made, destroyed) VALUES ($1, $2, $3, $4, $5)`)
	qPutKey    = db.SQL(`INSERT INTO vault_key (owner, org, epoch, wrapped, made, destroyed) VALUES ($1, $2, $3, $4, $5, $6)`)
	qPutSecret = db.SQL(`INSERT INTO vault_index (org, field, generation, epoch, wrapped, made, destroyed) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qNoEpochs  = db.SQL(`DELETE FROM vault_epoch`)
	qNoSecrets = db.SQL(`DELETE FROM vault_index`)
	qAnyKey    = db.SQL(`SELECT count(*) FROM vault_key`)
)

// store is the key store as a copy holds it: no destroyed epoch, no key of a destroyed owner.
type store struct {
	Epoch   int64
	Epochs  []storedEpoch
	Keys    []storedKey
	Secrets []storedSecret
	Facts   []storedFact
}

type (
	storedEpoch struct {
		Org             core.ID
		Epoch           int64
		Wrapped         []byte `json:",omitempty"`
		Made, Destroyed int64
	}
	storedKey struct {
		Owner, Org      core.ID
		Epoch           int64
		Wrapped         []byte `json:",omitempty"`
		Made, Destroyed int64
	}
	storedSecret struct {
		Org               core.ID
		Field             string
		Generation, Epoch int64
		Wrapped           []byte `json:",omitempty"`
		Made, Destroyed   int64
	}
	storedFact struct {
		Name, Value string
		Made        int64
	}
)

// CopyState is what stands in one place.
type CopyState struct {
	Place string
	Epoch int64
	Stamp string
	Made  time.Time
	Keys  int64
	Fault string // why the last attempt failed
}

func (v *Vault) snapshot(ctx context.Context) (*store, error) {
	s := &store{}
	err := v.db.Read(db.Long(ctx), func(tx core.Tx) (err error) {
		*s = store{}
		if _, err = scanOne(ctx, tx, qTop, nil, &s.Epoch); err != nil {
			return err
		}
		if s.Epochs, err = db.All(ctx, tx, qCopyEpochs, func(scan db.Scan) (r storedEpoch, err error) {
			err = scan(&r.Org, &r.Epoch, &r.Wrapped, &r.Made, &r.Destroyed)
			return r, err
		}); err != nil {
			return err
		}
		if s.Keys, err = db.All(ctx, tx, qCopyKeys, func(scan db.Scan) (r storedKey, err error) {
			err = scan(&r.Owner, &r.Org, &r.Epoch, &r.Wrapped, &r.Made, &r.Destroyed)
			return r, err
		}); err != nil {
			return err
		}
		if s.Secrets, err = db.All(ctx, tx, qCopySecrets, func(scan db.Scan) (r storedSecret, err error) {
			err = scan(&r.Org, &r.Field, &r.Generation, &r.Epoch, &r.Wrapped, &r.Made, &r.Destroyed)
			return r, err
		}); err != nil {
			return err
		}
		s.Facts, err = db.All(ctx, tx, qCopyFacts, func(scan db.Scan) (r storedFact, err error) {
			err = scan(&r.Name, &r.Value, &r.Made)
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: read the key store: %w", err)
	}
	return s, nil
}

// Copy brings the copy in every place up to date, reads each back and notes what stands there. A place that fails keeps what it
// had; the error tells which did.
func (v *Vault) Copy(ctx context.Context) error {
	if err := v.dropPlaces(ctx); err != nil || len(v.places) == 0 {
		return err
	}
	var faults []error
	for _, place := range v.places {
		fault := ""
		s, stamp, err := v.copyTo(ctx, filepath.Join(place, CopyName))
		if err != nil {
			fault = err.Error()
			faults = append(faults, fmt.Errorf("vault: copy to %s: %w", place, err))
		}
		if err := v.db.Write(ctx, func(tx core.Tx) error {
			if fault != "" {
				_, err := tx.Exec(ctx, qCopyFault, place, fault)
				return err
			}
			_, err := tx.Exec(ctx, qSetCopy, place, s.Epoch, stamp, v.now(), len(s.Keys))
			return err
		}); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}

// dropPlaces forgets places that the configuration names no more: what stands there is no copy of ours to keep up.
func (v *Vault) dropPlaces(ctx context.Context) error {
	have, err := v.copies(ctx)
	if err != nil {
		return err
	}
	for _, s := range have {
		if slices.Contains(v.places, s.Place) {
			continue
		}
		if err := v.db.Write(ctx, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qDropCopy, s.Place)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// copyTo writes a copy and reads it back, unless it stands there already, and tells what stands there. Another node may write its
// own to the same place in between: whoever reads something else looks at the store again, and never puts an older one back.
func (v *Vault) copyTo(ctx context.Context, path string) (s *store, stamp string, err error) {
	for range 5 {
		if s, err = v.snapshot(ctx); err != nil {
			return nil, "", err
		}
		plain, err := json.Marshal(s)
		if err != nil {
			return nil, "", err
		}
		stamp = stampOf(plain)
		if v.stands(ctx, path, stamp) {
			return s, stamp, nil
		}
		packed, err := packCopy(ctx, v.root, plain)
		if err != nil {
			return nil, "", err
		}
		if err := disk.Replace(path, packed, 0o600); err != nil {
			return nil, "", err
		}
		if v.stands(ctx, path, stamp) {
			return s, stamp, nil
		}
	}
	return nil, "", errors.New("what was read back is not what was written")
}

// stands tells whether the copy of a stamp is in a file.
func (v *Vault) stands(ctx context.Context, path, stamp string) bool {
	got, err := v.readCopy(ctx, path)
	return err == nil && stampOf(got) == stamp
}

func (v *Vault) readCopy(ctx context.Context, path string) ([]byte, error) {
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return openCopy(ctx, v.root, packed)
}

func stampOf(plain []byte) string {
	sum := sha256.Sum256(plain)
	return hex.EncodeToString(sum[:16])
}

// packCopy seals a key store for its file: magic ‖ length(4) of the wrapped key ‖ key of the file, wrapped by the root ‖ store.
func packCopy(ctx context.Context, root Root, plain []byte) ([]byte, error) {
	key := make([]byte, seal.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	defer clear(key)
	wrapped, err := root.Wrap(ctx, key, copyData)
	if err != nil {
		return nil, err
	}
	c, err := seal.Cipher(key)
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32([]byte(copyMagic), uint32(len(wrapped)))
	out = append(out, wrapped...)
	return c.Seal(out, nil, plain, bytes.Clone(out)), nil
}

func openCopy(ctx context.Context, root Root, packed []byte) ([]byte, error) {
	at := len(copyMagic) + 4
	if len(packed) < at || string(packed[:len(copyMagic)]) != copyMagic {
		return nil, ErrCopy
	}
	n := int(binary.BigEndian.Uint32(packed[len(copyMagic):at]))
	if n > 4096 || len(packed) < at+n {
		return nil, ErrCopy
	}
	key, err := root.Unwrap(ctx, packed[at:at+n], copyData)
	if err != nil {
		return nil, errors.Join(ErrCopy, err)
	}
	defer clear(key)
	c, err := seal.Cipher(key)
	if err != nil {
		return nil, ErrCopy
	}
	plain, err := c.Open(nil, nil, packed[at+n:], packed[:at+n])
	if err != nil {
		return nil, ErrCopy
	}
	return plain, nil
}

func (v *Vault) copies(ctx context.Context) (list []CopyState, err error) {
	err = v.db.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qCopies, func(scan db.Scan) (s CopyState, err error) {
			var made int64
			err = scan(&s.Place, &s.Epoch, &s.Stamp, &made, &s.Keys, &s.Fault)
			s.Made = clock.FromMicros(made)
			return s, err
		})
		return err
	})
	return list, err
}

// Copies tells what stands in each configured place.
func (v *Vault) Copies(ctx context.Context) ([]CopyState, error) {
	have, err := v.copies(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]CopyState, len(v.places))
	for i, place := range v.places {
		all[i] = CopyState{Place: place, Fault: "no copy yet"}
		for _, s := range have {
			if s.Place == place {
				all[i] = s
			}
		}
	}
	return all, nil
}

// ReadCopy opens a copy with a root key and tells its newest epoch and how many keys live in it.
func ReadCopy(ctx context.Context, root Root, packed []byte) (epoch, keys int64, err error) {
	s, err := parseCopy(ctx, root, packed)
	if err != nil {
		return 0, 0, err
	}
	for _, k := range s.Keys {
		if k.Destroyed == 0 {
			keys++
		}
	}
	return s.Epoch, keys, nil
}

func parseCopy(ctx context.Context, root Root, packed []byte) (*store, error) {
	plain, err := openCopy(ctx, root, packed)
	if err != nil {
		return nil, err
	}
	var s store
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, ErrCopy
	}
	return &s, nil
}

// ErrNotEmpty says that a key store holds keys and a copy would mix with them.
var ErrNotEmpty = errors.New("vault: this key store is not empty")

// Restore fills an empty key store from a copy. It is all there or nothing is.
func Restore(ctx context.Context, d *db.DB, root Root, packed []byte) (keys int, err error) {
	s, err := parseCopy(ctx, root, packed)
	if err != nil {
		return 0, err
	}
	err = d.Write(db.Long(ctx), func(tx core.Tx) error {
		var n int64
		if _, err := scanOne(ctx, tx, qAnyKey, nil, &n); err != nil {
			return err
		}
		if n > 0 {
			return ErrNotEmpty
		}
		for _, q := range []string{qNoEpochs, qNoSecrets} { // of a store that never kept a key
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		for _, r := range s.Epochs {
			if _, err := tx.Exec(ctx, qPutEpoch, r.Org, r.Epoch, r.Wrapped, r.Made, r.Destroyed); err != nil {
				return err
			}
		}
		for _, r := range s.Keys {
			if _, err := tx.Exec(ctx, qPutKey, r.Owner, r.Org, r.Epoch, r.Wrapped, r.Made, r.Destroyed); err != nil {
				return err
			}
		}
		for _, r := range s.Secrets {
			if _, err := tx.Exec(ctx, qPutSecret, r.Org, r.Field, r.Generation, r.Epoch, r.Wrapped, r.Made, r.Destroyed); err != nil {
				return err
			}
		}
		for _, r := range s.Facts {
			if _, err := tx.Exec(ctx, qSetFact, r.Name, r.Value, r.Made); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, qSetFact, factBack, "due", 0)
		return err
	})
	return len(s.Keys), err
}

// CheckCopies opens each copy that was made with the root key. Each that does not open is an error.
func (v *Vault) CheckCopies(ctx context.Context, states []CopyState) error {
	var faults []error
	for _, s := range states {
		if s.Made.IsZero() {
			continue
		}
		if _, err := v.readCopy(ctx, filepath.Join(s.Place, CopyName)); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.Place, err))
		}
	}
	return errors.Join(faults...)
}
