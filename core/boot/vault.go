package boot

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/core/internal/vault/sheet"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/disk"
	"github.com/rempart/rempart/kit/i18n"
)

// Keys says where the root key is and where the key store is copied to.
type Keys struct {
	// Copies are folders on other disks or machines: each holds the latest copy of the key store and no older one.
	Copies []string
	// Root is "file" (root.key in the data folder, or the credential rempart-root-key of systemd), "transit" or "pkcs11".
	Root    string
	Transit Transit
	PKCS11  PKCS11
}

// Transit is a root key on an OpenBao or Vault server; PKCS11 one in a device.
type (
	Transit = vault.Transit
	PKCS11  = vault.PKCS11
)

// root opens the root key that the configuration names.
func (h *House) root(ctx context.Context) (vault.Root, error) {
	switch h.cfg.Keys.Root {
	case "", "file":
		return vault.FindRoot(h.rootFile())
	case "transit":
		return vault.OpenTransit(ctx, h.egress, h.cfg.Keys.Transit)
	case "pkcs11":
		return vault.OpenPKCS11(h.cfg.Keys.PKCS11)
	}
	return nil, fmt.Errorf("boot: no root key is called %q", h.cfg.Keys.Root)
}

func (h *House) rootFile() string { return filepath.Join(h.cfg.Data, "root.key") }

// adopt takes over a key store whose root key was the file that still stands in the data folder.
func (h *House) adopt(ctx context.Context, needs vault.Needs) error {
	if _, err := os.Stat(h.rootFile()); err != nil {
		return nil
	}
	former, err := vault.LoadRoot(h.rootFile())
	if err != nil {
		return err
	}
	defer clear(former)
	there, err := h.vault.Opens(ctx)
	if err != nil || there {
		return err
	}
	needs.Root = former
	before, err := vault.New(needs)
	if err != nil {
		return err
	}
	defer before.Close()
	if err := before.Start(ctx); err != nil {
		return err
	}
	if err := h.vault.Adopt(ctx, former); err != nil {
		return err
	}
	h.cfg.Log.WarnContext(ctx, "the root key left its file: destroy root.key and its sheets once every node runs with the new one")
	return nil
}

// openVault finds the root key and opens the vault. It gives what keys of this platform's own are derived from.
func (h *House) openVault(ctx context.Context) (seed []byte, err error) {
	root, err := h.root(ctx)
	if err != nil {
		return nil, err
	}
	needs := vault.Needs{DB: h.keys, Root: root, Clock: h.cfg.Clock, Log: h.cfg.Log, Copies: h.cfg.Keys.Copies}
	if h.vault, err = vault.New(needs); err != nil {
		return nil, err
	}
	if local, ok := root.(vault.Local); ok {
		return local, h.vault.Start(ctx)
	}
	if err := errors.Join(h.adopt(ctx, needs), h.vault.Start(ctx)); err != nil {
		return nil, err
	}
	return h.vault.Secret(ctx, "platform")
}

// turnKeys is the work of keys: a new epoch each day, and copies that follow the key store.
func (h *House) turnKeys(ctx context.Context) error {
	if err := h.noteRestore(ctx); err != nil {
		return err
	}
	if _, err := h.rotate(ctx, false); err != nil {
		return err
	}
	return errors.Join(h.vault.Copy(ctx), h.vault.Scrub(ctx))
}

// rotate makes a new epoch when one is due, and journals it.
func (h *House) rotate(ctx context.Context, asked bool) (KeyState, error) {
	did, err := h.vault.Rotate(ctx, asked)
	if err != nil || !did {
		return KeyState{}, err
	}
	s, err := h.vault.State(ctx)
	if err != nil {
		return s, err
	}
	note := fmt.Sprintf("epoch %d, %d keys, %d copies", s.Epoch, s.Living, len(s.Copies))
	return s, h.gate.Change(ctx, &core.Act{Def: vault.RotateAct, Org: core.Platform, Note: note}, func(core.Tx) error { return nil })
}

// noteRestore journals a restore of the key store, which was done while nothing ran.
func (h *House) noteRestore(ctx context.Context) error {
	return h.vault.Restored(ctx, func() error {
		return h.gate.Change(ctx, &core.Act{Def: vault.RestoreAct, Org: core.Platform}, func(core.Tx) error { return nil })
	})
}

// RotateKeys makes a new epoch now and gives the state of the key store.
func (h *House) RotateKeys(ctx context.Context) (KeyState, error) {
	ctx = core.WithActor(ctx, core.System("keys.rotate"))
	s, err := h.rotate(ctx, true)
	return s, errors.Join(err, h.vault.Scrub(ctx))
}

// blindness makes the room of organizations' own keys.
func (h *House) blindness(doors *late) *vault.Blind {
	return vault.NewBlind(vault.BlindNeeds{Gate: &doors.gate, Reader: h.db, Vault: h.vault, Clock: h.cfg.Clock})
}

// KeyState is what can be said of the key store without any secret.
type KeyState = vault.State

// KeyState tells it.
func (h *House) KeyState(ctx context.Context) (KeyState, error) { return h.vault.State(ctx) }

// KeysApart tells whether the key store has a database of its own.
func (h *House) KeysApart() bool { return h.cfg.keysURL() != h.cfg.URL }

// Sheet is the recovery sheet of the root key: a secret.
type Sheet = sheet.Sheet

// MakeSheet gives the recovery sheet of the root key in parts, of which need give it back, once that is in the journal.
func (h *House) MakeSheet(ctx context.Context, need, parts int, lang i18n.Lang) (Sheet, error) {
	ctx = core.WithActor(ctx, core.System("keys.sheet"))
	key, err := h.vault.Reveal()
	if err != nil {
		return Sheet{}, err
	}
	defer clear(key)
	all, err := sheet.Split(key, h.vault.Root().Print, need, parts)
	if err != nil {
		return Sheet{}, err
	}
	act := &core.Act{Def: vault.SheetAct, Org: core.Platform, Note: fmt.Sprintf("%d of %d", need, parts)}
	if err := h.gate.Change(ctx, act, func(core.Tx) error { return nil }); err != nil {
		return Sheet{}, err
	}
	host := h.cfg.Origin
	if u, err := url.Parse(host); err == nil && u.Host != "" {
		host = u.Host
	}
	return Sheet{Host: host, Made: h.cfg.Clock.Now(), Lang: lang, Parts: all}, h.vault.NoteSheet(ctx, need, parts)
}

// ErrSheet says that parts of a sheet give another key than the one that is looked for.
var ErrSheet = errors.New("these parts do not give the root key of this platform")

// rootOf reads parts of a sheet and gives the root key.
func rootOf(text string) (vault.Local, error) {
	parts, err := sheet.Read(text)
	if err != nil {
		return nil, err
	}
	key, err := sheet.Combine(parts)
	if err != nil {
		return nil, err
	}
	root := vault.Local(key)
	if root.Describe().Print[:8] != hex.EncodeToString(parts[0].Name[:]) {
		return nil, ErrSheet
	}
	return root, nil
}

// CheckSheet tells whether parts of a sheet give the root key of this platform. Errors: those of reading, ErrSheet.
func (h *House) CheckSheet(text string) error {
	root, err := rootOf(text)
	if err != nil {
		return err
	}
	defer clear(root)
	if root.Describe().Print != h.vault.Root().Print {
		return ErrSheet
	}
	return nil
}

// CheckCopies opens every copy of the key store that was ever made, where it stands.
func (h *House) CheckCopies(ctx context.Context, s KeyState) error {
	return h.vault.CheckCopies(ctx, s.Copies)
}

// RestoreKeys brings a key store back on a machine that has none: the root key from the parts of its sheet (or the root key file
// that is there, when parts is empty), and the keys from a copy when one is given. It gives the number of keys.
func RestoreKeys(ctx context.Context, cfg Config, parts string, packed []byte) (keys int, err error) {
	path := filepath.Join(cfg.Data, "root.key")
	var root vault.Local
	if parts == "" {
		if _, err := os.Stat(path); err != nil {
			return 0, fmt.Errorf("no root key is there and no parts of a sheet were given: %w", err)
		}
		root, err = vault.FindRoot(path)
	} else {
		root, err = rootOf(parts)
	}
	if err != nil {
		return 0, err
	}
	if packed != nil { // before anything is written
		if _, _, err := vault.ReadCopy(ctx, root, packed); err != nil {
			return 0, err
		}
	}
	if parts != "" {
		if err := disk.Create(path, root, 0o400); err != nil {
			have, readErr := vault.LoadRoot(path)
			if readErr != nil || have.Describe() != root.Describe() {
				return 0, fmt.Errorf("another root key stands in the data folder; nothing was changed: %w", err)
			}
		}
	}
	if packed == nil {
		return 0, nil
	}
	d, err := db.Open(ctx, db.Config{URL: cfg.keysURL(), Log: cfg.Log})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Migrate(ctx, KeySchemas()...); err != nil {
		return 0, err
	}
	return vault.Restore(ctx, d, root, packed)
}

// keysURL is the address of the keys' own database.
func (c *Config) keysURL() string {
	if c.URL == "" {
		return cmp.Or(c.KeysURL, filepath.Join(c.Data, "keys.db"))
	}
	return cmp.Or(c.KeysURL, c.URL)
}
