package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return nil, fmt.Errorf("vault: make the root key: %w", err)
	}
	_, err = f.Write(key)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("vault: make the root key: %w", err)
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // the name of the new file must survive a power cut; not every file system can sync a folder
		_ = dir.Close()
	}
	return key, nil
}
