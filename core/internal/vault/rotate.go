package vault

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const (
	// Day is how long an epoch lasts.
	Day = 24 * time.Hour
	// shown is how long the row of a destroyed epoch tells when it was.
	shown = 60 * Day
	page  = 10_000
)

var (
	qTopMade = db.SQL(`SELECT epoch, min(made) FROM vault_epoch WHERE destroyed = 0 AND epoch = (SELECT max(epoch) FROM vault_epoch) GROUP BY epoch`)
	qLive    = db.SQL(`SELECT count(*) FROM vault_epoch WHERE destroyed = 0 AND epoch < $1 AND epoch > 0`)
	qBehind  = db.SQL(`SELECT org FROM vault_epoch WHERE destroyed = 0 GROUP BY org HAVING max(epoch) < $1`)
	qEpoch   = db.SQL(`SELECT wrapped FROM vault_epoch WHERE org = $1 AND epoch = $2`)
	qGone    = db.SQL(`SELECT epoch FROM vault_epoch WHERE org = $1 AND epoch = 0`)
	qOlder   = db.SQL(`SELECT owner, org, epoch, wrapped FROM vault_key WHERE destroyed = 0 AND epoch < $1 AND owner > $2 ORDER BY owner LIMIT 10000`)
	qOldKeys = db.SQL(`SELECT count(*) FROM vault_key WHERE destroyed = 0 AND epoch < $1`)

	qOldSecrets = db.SQL(`SELECT org, field, generation, epoch, wrapped FROM vault_index WHERE destroyed = 0 AND epoch < $1 ORDER BY org, field, generation`)
	qMoveSecret = db.SQL(`UPDATE vault_index SET epoch = $4, wrapped = $5 WHERE org = $1 AND field = $2 AND generation = $3 AND destroyed = 0 AND epoch < $4`)
	qLeft       = db.SQL(`SELECT count(*) FROM vault_index WHERE destroyed = 0 AND epoch < $1`)
	qEndEpochs  = db.SQL(`UPDATE vault_epoch SET wrapped = NULL, destroyed = $2 WHERE epoch < $1 AND epoch > 0 AND destroyed = 0`)
	qForgetOld  = db.SQL(`DELETE FROM vault_epoch WHERE epoch > 0 AND destroyed > 0 AND destroyed < $1`)
)

// Rotate does what is due: a day after the newest epoch began, or at once when asked, it makes the next one, wraps every living
// key anew, copies the key store and destroys the older epochs once every copy is confirmed. Interrupted anywhere it goes on
// where it was; two nodes that do it at once make one epoch. It tells whether an epoch ended.
func (v *Vault) Rotate(ctx context.Context, asked bool) (bool, error) {
	ctx = db.Long(ctx)
	if _, _, err := v.current(ctx, core.Platform); err != nil {
		return false, err
	}
	target, due, err := v.target(ctx, asked)
	if err != nil || !due {
		return false, err
	}
	for turn := 1; ; turn++ {
		err := v.turnTo(ctx, target)
		if err == nil {
			break
		}
		if !errors.Is(err, errNotYet) || turn == turnsOfRotation {
			return false, err
		}
	}
	v.log.InfoContext(ctx, "keys were wrapped anew", "epoch", target)
	return true, nil
}

// turnsOfRotation is how often a rotation goes through its steps: a key that was being made under the older epoch can arrive after the
// others were wrapped anew.
const turnsOfRotation = 4

// turnTo does what is left to do for an epoch, step by step.
func (v *Vault) turnTo(ctx context.Context, target int64) error {
	for _, s := range []struct {
		name string
		do   func(context.Context, int64) error
	}{
		{"begin", v.beginEpoch},
		{"rewrap", v.rewrapKeys},
		{"secrets", v.rewrapSecrets},
		{"copy", func(ctx context.Context, _ int64) error { return v.Copy(ctx) }},
		{"destroy", v.endEpochs},
	} {
		if v.step != nil {
			if err := v.step(s.name); err != nil {
				return err
			}
		}
		if err := s.do(ctx, target); err != nil {
			return fmt.Errorf("vault: %s: %w", s.name, err)
		}
	}
	return nil
}

// target tells which epoch all keys should be in, and whether something is to be done for it.
func (v *Vault) target(ctx context.Context, asked bool) (int64, bool, error) {
	var top, made, live, keys int64
	err := v.db.Read(ctx, func(tx core.Tx) error {
		if _, err := scanOne(ctx, tx, qTopMade, nil, &top, &made); err != nil {
			return err
		}
		if _, err := scanOne(ctx, tx, qLive, []any{top}, &live); err != nil {
			return err
		}
		_, err := scanOne(ctx, tx, qOldKeys, []any{top}, &keys)
		return err
	})
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("vault: read the epochs: %w", err)
	case live > 0 || keys > 0: // one is under way
		return top, true, nil
	case asked || v.clock.Now().Sub(clock.FromMicros(made)) >= Day:
		return top + 1, true, nil
	}
	return top, false, nil
}

// beginEpoch makes the epoch for every organization that lives and is not in it. New keys are wrapped by it from then on.
func (v *Vault) beginEpoch(ctx context.Context, target int64) error {
	var orgs []core.ID
	err := v.db.Read(ctx, func(tx core.Tx) (err error) {
		orgs, err = db.All(ctx, tx, qBehind, db.Value[core.ID], target)
		return err
	})
	if err != nil {
		return err
	}
	for _, org := range orgs {
		name := epochName{org, target}
		wrapped, err := v.newKey(ctx, name)
		if err != nil {
			return err
		}
		if err := v.db.Write(ctx, func(tx core.Tx) error {
			var zero int64
			if gone, err := scanOne(ctx, tx, qGone, []any{org}, &zero); err != nil || gone {
				return err
			}
			_, err := tx.Exec(ctx, qMakeEpoch, org, target, wrapped, v.now())
			return err
		}); err != nil {
			return err
		}
	}
	if len(orgs) == 0 {
		return nil
	}
	return v.tell(ctx, epochsOnly)
}

// rewrapping holds the ciphers of one pass.
type rewrapping struct {
	v       *Vault
	ciphers map[epochName]cipher.AEAD
}

func (r *rewrapping) cipher(ctx context.Context, org core.ID, epoch int64) (cipher.AEAD, error) {
	name := epochName{org, epoch}
	if c := r.ciphers[name]; c != nil {
		return c, nil
	}
	var wrapped []byte
	if epoch != rootEpoch {
		if err := r.v.db.Read(ctx, func(tx core.Tx) error {
			_, err := scanOne(ctx, tx, qEpoch, []any{org, epoch}, &wrapped)
			return err
		}); err != nil {
			return nil, err
		}
	}
	c, err := r.v.kek(ctx, org, epoch, wrapped)
	if err == nil {
		r.ciphers[name] = c
	}
	return c, err
}

// rewrapKeys wraps every living key that is in an older epoch, a page at a time: one page is written while the next is made.
func (v *Vault) rewrapKeys(ctx context.Context, target int64) error {
	r := &rewrapping{v: v, ciphers: map[epochName]cipher.AEAD{}}
	written := make(chan error, 1)
	written <- nil
	last := core.ID("")
	for {
		var rows []ownerRow
		err := v.db.Read(ctx, func(tx core.Tx) (err error) {
			rows, err = db.All(ctx, tx, qOlder, func(scan db.Scan) (r ownerRow, err error) {
				err = scan(&r.owner, &r.org, &r.epoch, &r.wrapped)
				return r, err
			}, target, last)
			return err
		})
		var args []any
		if err == nil && len(rows) > 0 {
			last = rows[len(rows)-1].owner
			args, err = r.anew(ctx, rows, target)
		}
		if err := errors.Join(err, <-written); err != nil {
			return err
		}
		if len(args) == 0 {
			return nil
		}
		go func() {
			written <- v.db.Write(ctx, func(tx core.Tx) error {
				_, err := putKeys(ctx, tx, qRewrap, qRewrap100, args)
				return err
			})
		}()
		if len(rows) < page {
			return <-written
		}
	}
}

// anew wraps keys for an epoch.
func (r *rewrapping) anew(ctx context.Context, rows []ownerRow, target int64) ([]any, error) {
	args := make([]any, 0, 5*len(rows))
	for i := range rows {
		row := &rows[i]
		from, err := r.cipher(ctx, row.org, row.epoch)
		if core.KindOf(err) == core.Gone { // the organization ended meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		key, err := from.Open(nil, nil, row.wrapped, row.data())
		if err != nil {
			return nil, errRoot.Because(errors.New("a wrapped key does not open"))
		}
		to, err := r.cipher(ctx, row.org, target)
		if err != nil {
			return nil, err
		}
		row.epoch = target
		args = append(args, row.owner, row.org, target, to.Seal(nil, nil, key, row.data()), 0)
		clear(key)
	}
	return args, nil
}

// rewrapSecrets does the same for the secrets of indexes.
func (v *Vault) rewrapSecrets(ctx context.Context, target int64) error {
	r := &rewrapping{v: v, ciphers: map[epochName]cipher.AEAD{}}
	type row struct {
		indexName
		secret
	}
	var rows []row
	err := v.db.Read(ctx, func(tx core.Tx) (err error) {
		rows, err = db.All(ctx, tx, qOldSecrets, func(scan db.Scan) (r row, err error) {
			err = scan(&r.org, &r.field, &r.generation, &r.epoch, &r.wrapped)
			return r, err
		}, target)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range rows {
		from, err := r.cipher(ctx, s.org, s.epoch)
		if core.KindOf(err) == core.Gone {
			continue
		}
		if err != nil {
			return err
		}
		to, err := r.cipher(ctx, s.org, target)
		if err != nil {
			return err
		}
		key, err := from.Open(nil, nil, s.wrapped, s.data(s.generation, s.epoch))
		if err != nil {
			return errRoot.Because(errors.New("a secret of an index does not open"))
		}
		wrapped := to.Seal(nil, nil, key, s.data(s.generation, target))
		clear(key)
		if err := v.db.Write(ctx, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qMoveSecret, s.org, s.field, s.generation, target, wrapped)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

var errNotYet = errors.New("keys are still wrapped by an older epoch: once more")

// endEpochs destroys the older epochs, when nothing needs them any more and every copy of the key store is one without them.
func (v *Vault) endEpochs(ctx context.Context, target int64) error {
	states, err := v.Copies(ctx)
	if err != nil {
		return err
	}
	for _, s := range states {
		if s.Fault != "" || s.Epoch < target {
			return fmt.Errorf("the copy in %s is not confirmed: %s", s.Place, s.Fault)
		}
	}
	err = v.db.Write(ctx, func(tx core.Tx) error {
		for _, q := range []string{qOldKeys, qLeft} {
			var n int64
			if _, err := scanOne(ctx, tx, q, []any{target}, &n); err != nil {
				return err
			}
			if n > 0 {
				return errNotYet
			}
		}
		behind, err := db.All(ctx, tx, qBehind, db.Value[core.ID], target)
		if err != nil {
			return err
		}
		if len(behind) > 0 {
			return errNotYet
		}
		now := v.now()
		if _, err := tx.Exec(ctx, qEndEpochs, target, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qForgetOld, now-shown.Microseconds()); err != nil {
			return err
		}
		tx.Notify(topic, epochsOnly)
		return v.scrubLater(ctx, tx)
	})
	v.forget(epochsOnly)
	return err
}

// scrubLater remembers that destroyed keys still stand in the log of the database's file.
func (v *Vault) scrubLater(ctx context.Context, tx core.Tx) error {
	_, err := tx.Exec(ctx, qSetFact, factScrub, "due", v.now())
	return err
}

// Scrub overwrites what was destroyed in the files of the key store, when something was since the last time.
func (v *Vault) Scrub(ctx context.Context) error {
	due, _, err := v.fact(ctx, factScrub)
	if err != nil || due == "" {
		return err
	}
	// The note goes first: it is written again when the log could not be emptied.
	if err := v.setFact(ctx, factScrub, ""); err != nil {
		return err
	}
	if err := v.db.Scrub(ctx); err != nil {
		return errors.Join(err, v.setFact(ctx, factScrub, "due"))
	}
	return nil
}
