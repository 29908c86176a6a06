// Package disk writes small files so that a power cut leaves the old one or the new one, never half of it, never an
// empty one.
//
// Owns: the order of write, sync and rename. Must not know: what the files are for. Start reading at: Replace.
package disk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace puts data at path, durably: when it returns nil the file is there after a power cut.
func Replace(path string, data []byte, mode fs.FileMode) error {
	part, err := write(path, data, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		os.Remove(part)
		return fmt.Errorf("disk: %w", err)
	}
	return syncDir(path)
}

// Create does the same for a file that must not exist yet (errors.Is(err, fs.ErrExist)): of two who make a key at the
// same moment one wins, and both then read the winner's.
func Create(path string, data []byte, mode fs.FileMode) error {
	part, err := write(path, data, mode)
	if err != nil {
		return err
	}
	defer os.Remove(part)
	if err := os.Link(part, path); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	return syncDir(path)
}

func write(path string, data []byte, mode fs.FileMode) (part string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", fmt.Errorf("disk: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("disk: %w", err)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return "", err
	}
	if err := f.Chmod(mode); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// syncDir makes the new name durable.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	defer dir.Close()
	_ = dir.Sync() // not every file system can sync a folder
	return nil
}
