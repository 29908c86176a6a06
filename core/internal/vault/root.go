package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rempart/rempart/kit/disk"
)

// RootSize is the size of a root key in bytes.
const RootSize = 32

// LoadRoot reads the root key from a file, or makes it at the first start (mode 0400). A file that others can read, or
// that is not exactly 32 bytes, is refused.
func LoadRoot(path string) ([]byte, error) {
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

func makeRoot(path string) ([]byte, error) {
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
