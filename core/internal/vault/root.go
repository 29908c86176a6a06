package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rempart/rempart/kit/disk"
	"github.com/rempart/rempart/kit/seal"
)

// RootSize is the size of a root key in bytes.
const RootSize = 32

// Root wraps the keys of organizations. It is asked once per organization, epoch and process, not per value.
type Root interface {
	// Wrap gives key sealed under the root, bound to data.
	Wrap(ctx context.Context, key, data []byte) ([]byte, error)
	// Unwrap gives back what Wrap was given for the same data.
	Unwrap(ctx context.Context, wrapped, data []byte) ([]byte, error)
	// Describe tells what the root is, without any secret.
	Describe() RootDescription
}

// RootDescription tells what a root is.
type RootDescription struct {
	Kind  string // "file", "credential", "transit", "pkcs11"
	Name  string // of the key there
	Print string // 16 hexadecimal digits that name the root key, or "" when it cannot be known
}

// Local is a root key that this process holds: 32 bytes.
type Local []byte

const (
	labelOwners = "rempart vault 1: wrap the keys of owners" // of epoch 1
	labelOrgs   = "rempart vault 2: wrap the keys of organizations"
	labelPrint  = "rempart vault 2: name the root key"
)

func (l Local) derive(label string) ([]byte, error) {
	if len(l) != RootSize {
		return nil, fmt.Errorf("vault: the root key must be %d bytes", RootSize)
	}
	return hkdf.Key(sha256.New, l, nil, label, RootSize)
}

// Wrap seals under a key derived from the root key.
func (l Local) Wrap(_ context.Context, key, data []byte) ([]byte, error) {
	kek, err := l.derive(labelOrgs)
	if err != nil {
		return nil, err
	}
	defer clear(kek)
	c, err := seal.Cipher(kek)
	if err != nil {
		return nil, err
	}
	return c.Seal(nil, nil, key, data), nil
}

// Unwrap opens what Wrap sealed.
func (l Local) Unwrap(_ context.Context, wrapped, data []byte) ([]byte, error) {
	kek, err := l.derive(labelOrgs)
	if err != nil {
		return nil, err
	}
	defer clear(kek)
	c, err := seal.Cipher(kek)
	if err != nil {
		return nil, err
	}
	return c.Open(nil, nil, wrapped, data)
}

// Describe names the key by 8 bytes derived from it.
func (l Local) Describe() RootDescription {
	name, err := l.derive(labelPrint)
	if err != nil {
		return RootDescription{Kind: "file"}
	}
	return RootDescription{Kind: "file", Name: "root.key", Print: hex.EncodeToString(name[:8])}
}

// Credential is the name of the root key among systemd's credentials (LoadCredential=, LoadCredentialEncrypted=).
const Credential = "rempart-root-key"

// FindRoot gives the root key that systemd hands over ($CREDENTIALS_DIRECTORY), else that of the file, made at the first start.
func FindRoot(path string) (Local, error) {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		given := filepath.Join(dir, Credential)
		if _, err := os.Stat(given); err == nil {
			return LoadRoot(given)
		}
	}
	return LoadRoot(path)
}

// LoadRoot reads the root key from a file, or makes it at the first start (mode 0400). A file that others can read, or
// that is not exactly 32 bytes, is refused.
func LoadRoot(path string) (Local, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeRoot(path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: root key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("vault: the root key file %s can be read by others (mode %04o): chmod 0400", filepath.Base(path), info.Mode().Perm())
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vault: root key: %w", err)
	}
	if len(key) != RootSize {
		return nil, fmt.Errorf("vault: the root key file %s holds %d bytes, not %d", filepath.Base(path), len(key), RootSize)
	}
	return key, nil
}

func makeRoot(path string) (Local, error) {
	key := make([]byte, RootSize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	err := disk.Create(path, key, 0o400)
	if errors.Is(err, fs.ErrExist) { // another process made it first
		return LoadRoot(path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: make the root key: %w", err)
	}
	return key, nil
}

// PKCS11 names a root key in a PKCS#11 device.
type PKCS11 struct {
	Module  string // the device's library, /usr/lib/softhsm/libsofthsm2.so
	Token   string // label of the token
	Key     string // label of the key, made when there is none
	PINFile string
}
