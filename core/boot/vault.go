package boot

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/vault"
)

// Keys says where the root key is and where the key store is copied to.
type Keys struct {
	// Copies are folders on other disks or machines: each holds the latest copy of the key store and no older one.
	Copies []string
}

// openVault finds the root key and opens the vault. It gives what keys of this platform's own are derived from.
func (h *House) openVault(ctx context.Context) (seed []byte, err error) {
	root, err := vault.FindRoot(filepath.Join(h.cfg.Data, "root.key"))
	if err != nil {
		return nil, err
	}
	h.vault, err = vault.New(vault.Needs{DB: h.keys, Root: root, Clock: h.cfg.Clock, Log: h.cfg.Log, Copies: h.cfg.Keys.Copies})
	if err != nil {
		return nil, err
	}
	return root, h.vault.Start(ctx)
}

// turnKeys is the work of keys: a new epoch each day, and copies that follow the key store.
func (h *House) turnKeys(ctx context.Context) error {
	if _, err := h.vault.Rotate(ctx, false); err != nil {
		return err
	}
	return errors.Join(h.vault.Copy(ctx), h.vault.Scrub(ctx))
}

// RotateKeys makes a new epoch now and gives the state of the key store.
func (h *House) RotateKeys(ctx context.Context) (KeyState, error) {
	ctx = core.WithActor(ctx, core.System("keys.rotate"))
	if _, err := h.vault.Rotate(ctx, true); err != nil {
		return KeyState{}, err
	}
	return h.KeyState(ctx)
}

// KeyState is what can be said of the key store without any secret.
type KeyState = vault.State

// KeyState tells it.
func (h *House) KeyState(ctx context.Context) (KeyState, error) { return h.vault.State(ctx) }

// keysURL is the address of the keys' own database.
func (c *Config) keysURL() string {
	if c.URL == "" {
		return cmp.Or(c.KeysURL, filepath.Join(c.Data, "keys.db"))
	}
	return cmp.Or(c.KeysURL, c.URL)
}
