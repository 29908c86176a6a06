package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// Facts of vault_fact.
const (
	factRoot  = "root"     // kind and print of the root key
	factBack  = "restored" // "due" until the restore of the key store is journaled
	factScrub = "scrub"    // "due" while destroyed keys stand in the log of the database's file
	factSheet = "sheet"    // print of the root key that the last sheet holds, and its form
)

var (
	qCounts = db.SQL(`SELECT coalesce(sum(CASE WHEN destroyed = 0 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN destroyed = 0 THEN 0 ELSE 1 END), 0) FROM vault_key`)
	qOrgs   = db.SQL(`SELECT count(DISTINCT org) FROM vault_epoch WHERE destroyed = 0`)
)

var errNoSheet = i18n.Fault(core.Conflict, "vault.no_sheet",
	"Cette clé racine ne sort jamais de son appareil : elle se sauvegarde là-bas, pas sur une feuille.",
	"This root key never leaves its device: it is saved there, not on a sheet.")

// Start checks that the root key is that of this key store and wraps anew what the root key still wraps itself.
func (v *Vault) Start(ctx context.Context) error {
	epoch, _, err := v.current(ctx, core.Platform)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	d := v.root.Describe()
	is := d.Kind + "/" + d.Print
	was, _, err := v.fact(ctx, factRoot)
	if err != nil {
		return err
	}
	if was != is {
		if err := v.setFact(ctx, factRoot, is); err != nil {
			return err
		}
	}
	var old int64
	if err := v.db.Read(ctx, func(tx core.Tx) error {
		_, err := scanOne(ctx, tx, qOldKeys, []any{firstEpoch}, &old)
		return err
	}); err != nil {
		return err
	}
	if old == 0 {
		return nil
	}
	ctx = db.Long(ctx)
	if err := errors.Join(v.rewrapKeys(ctx, epoch), v.rewrapSecrets(ctx, epoch)); err != nil {
		return fmt.Errorf("vault: wrap anew: %w", err)
	}
	v.log.InfoContext(ctx, "keys are wrapped by their organization's", "keys", old)
	return nil
}

func (v *Vault) fact(ctx context.Context, name string) (value string, made time.Time, err error) {
	var at int64
	err = v.db.Read(ctx, func(tx core.Tx) error {
		_, err := scanOne(ctx, tx, qFact, []any{name}, &value, &at)
		return err
	})
	return value, clock.FromMicros(at), err
}

func (v *Vault) setFact(ctx context.Context, name, value string) error {
	return v.db.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qSetFact, name, value, v.now())
		return err
	})
}

// State is what can be said of the key store without any secret.
type State struct {
	Root          RootDescription
	Epoch         int64
	Began         time.Time // of the epoch
	Ending        bool      // an older epoch is not destroyed yet
	Organizations int64
	Living, Ended int64 // keys of owners
	Copies        []CopyState
	// Sheet tells whether a recovery sheet of this root key was made, and when; a root key that never leaves its device has none.
	Sheet     bool
	SheetMade time.Time
	SheetForm string // "1 of 1", "2 of 3"
}

// State describes the key store.
func (v *Vault) State(ctx context.Context) (State, error) {
	s := State{Root: v.root.Describe()}
	var began, live, old int64
	err := v.db.Read(ctx, func(tx core.Tx) error {
		for _, q := range []struct {
			text string
			args []any
			dest []any
		}{
			{qTopMade, nil, []any{&s.Epoch, &began}}, {qCounts, nil, []any{&s.Living, &s.Ended}}, {qOrgs, nil, []any{&s.Organizations}},
		} {
			if _, err := scanOne(ctx, tx, q.text, q.args, q.dest...); err != nil {
				return err
			}
		}
		if _, err := scanOne(ctx, tx, qLive, []any{s.Epoch}, &live); err != nil {
			return err
		}
		_, err := scanOne(ctx, tx, qOldKeys, []any{s.Epoch}, &old)
		return err
	})
	if err != nil {
		return s, err
	}
	s.Began, s.Ending = clock.FromMicros(began), live+old > 0
	if s.Copies, err = v.Copies(ctx); err != nil {
		return s, err
	}
	form, made, err := v.fact(ctx, factSheet)
	if print, rest, ok := strings.Cut(form, "/"); ok && print == s.Root.Print {
		s.Sheet, s.SheetMade, s.SheetForm = true, made, rest
	}
	return s, err
}

// Sheeted tells whether the root key is safe on a recovery sheet, or in a device that it never leaves.
func (v *Vault) Sheeted(ctx context.Context) (bool, error) {
	if _, ok := v.root.(Local); !ok {
		return true, nil
	}
	form, _, err := v.fact(ctx, factSheet)
	print, _, _ := strings.Cut(form, "/")
	return print != "" && print == v.root.Describe().Print, err
}

// NoteSheet remembers that a recovery sheet of this root key was made: need of parts.
func (v *Vault) NoteSheet(ctx context.Context, need, parts int) error {
	return v.setFact(ctx, factSheet, fmt.Sprintf("%s/%d of %d", v.root.Describe().Print, need, parts))
}

// Reveal gives the root key, for its recovery sheet alone. Errors: vault.no_sheet when it never leaves its device.
func (v *Vault) Reveal() ([]byte, error) {
	l, ok := v.root.(Local)
	if !ok {
		return nil, errNoSheet
	}
	return append([]byte(nil), l...), nil
}

// Restored tells, once, that the key store was filled from a copy: it is then journaled by note.
func (v *Vault) Restored(ctx context.Context, note func() error) error {
	due, _, err := v.fact(ctx, factBack)
	if err != nil || due == "" {
		return err
	}
	if err := note(); err != nil {
		return err
	}
	return v.setFact(ctx, factBack, "")
}

var (
	qWrapped = db.SQL(`SELECT org, epoch, wrapped FROM vault_epoch WHERE destroyed = 0 AND wrapped IS NOT NULL ORDER BY org, epoch`)
	qAdopt   = db.SQL(`UPDATE vault_epoch SET wrapped = $3 WHERE org = $1 AND epoch = $2 AND destroyed = 0`)
)

// Opens tells whether this root key opens the key store: false when another wraps it, true too when the store is empty.
func (v *Vault) Opens(ctx context.Context) (bool, error) {
	var row storedEpoch
	var found bool
	var old int64
	if err := v.db.Read(ctx, func(tx core.Tx) (err error) {
		if _, err = scanOne(ctx, tx, qOldKeys, []any{firstEpoch}, &old); err != nil {
			return err
		}
		found, err = scanOne(ctx, tx, qWrapped, nil, &row.Org, &row.Epoch, &row.Wrapped)
		return err
	}); err != nil || old > 0 || !found {
		return old == 0, err
	}
	key, err := v.root.Unwrap(ctx, row.Wrapped, epochName{row.Org, row.Epoch}.data())
	clear(key)
	return err == nil, nil
}

// Adopt takes over a key store that another root key wraps: each organization's key is unwrapped by it and wrapped by this one, all
// or none. The other root key then opens nothing there any more; copies follow at once.
func (v *Vault) Adopt(ctx context.Context, from Root) error {
	var rows []storedEpoch
	if err := v.db.Read(ctx, func(tx core.Tx) (err error) {
		rows, err = db.All(ctx, tx, qWrapped, func(scan db.Scan) (r storedEpoch, err error) {
			err = scan(&r.Org, &r.Epoch, &r.Wrapped)
			return r, err
		})
		return err
	}); err != nil {
		return err
	}
	for i := range rows {
		data := epochName{rows[i].Org, rows[i].Epoch}.data()
		key, err := from.Unwrap(ctx, rows[i].Wrapped, data)
		if err != nil {
			return errRoot.Because(err)
		}
		rows[i].Wrapped, err = v.root.Wrap(ctx, key, data)
		clear(key)
		if err != nil {
			return errRoot.Because(err)
		}
	}
	if err := v.db.Write(ctx, func(tx core.Tx) error {
		for _, r := range rows {
			if n, err := tx.Exec(ctx, qAdopt, r.Org, r.Epoch, r.Wrapped); err != nil || n != 1 {
				return errors.Join(err, foundIs(n != 1, errEpochs))
			}
		}
		return v.scrubLater(ctx, tx)
	}); err != nil {
		return fmt.Errorf("vault: adopt: %w", err)
	}
	v.forget("")
	return errors.Join(v.Copy(ctx), v.Scrub(ctx))
}
