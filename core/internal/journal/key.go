package journal

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rempart/rempart/kit/disk"
)

// LoadKey reads the key that signs checkpoints from a file of 32 bytes (an Ed25519 seed), or makes it at the first start
// (mode 0400). A file that others can read is refused.
func LoadKey(path string) (crypto.Signer, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeKey(path)
	case err != nil:
		return nil, fmt.Errorf("journal: signing key: %w", err)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("journal: the signing key file %s can be read by others (mode %04o): chmod 0400", filepath.Base(path), info.Mode().Perm())
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("journal: signing key: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("journal: the signing key file %s holds %d bytes, not %d", filepath.Base(path), len(seed), ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func makeKey(path string) (crypto.Signer, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return nil, err
	}
	err := disk.Create(path, seed, 0o400)
	if errors.Is(err, fs.ErrExist) { // another process made it first
		return LoadKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("journal: make the signing key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// writeSynced writes a file so that it survives a power cut.
func writeSynced(path string, data []byte, mode fs.FileMode, flags int) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|flags, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if dir, derr := os.Open(filepath.Dir(path)); derr == nil {
		_ = dir.Sync() // not every file system can sync a folder
		_ = dir.Close()
	}
	return nil
}
