package desk

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/pop"
)

// Keep is what is remembered on the workstation: whose it is, and whom it trusts to name programs. Of calls nothing is.
type Keep struct {
	path string
	mu   sync.Mutex
	kept kept
}

type kept struct {
	Account
	Device  string `json:"device"`
	Signer  []byte `json:"signer,omitempty"` // key of the organization, as it came first
	Version int64  `json:"version,omitempty"`
}

// Folder is where an agent keeps its files.
func Folder() (string, error) {
	base, err := os.UserConfigDir()
	return filepath.Join(base, "rempart"), err
}

var errSignedOut = errors.New("desk: this workstation is not signed in: rempart agent desk sign-in")

// OpenKeep reads what is remembered in a folder. Where nothing is yet, Account is empty.
func OpenKeep(folder string) (*Keep, error) {
	k := &Keep{path: filepath.Join(folder, "desk.json")}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	return k, json.Unmarshal(text, &k.kept)
}

// Account gives whose workstation it is, an error when nobody's.
func (k *Keep) Account() (Account, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept.Token == "" {
		return Account{}, errSignedOut
	}
	return k.kept.Account, nil
}

// SignIn remembers an account. Trust in another organization's signer does not outlive it.
func (k *Keep) SignIn(a Account) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept.URL != a.URL || k.kept.Org != a.Org {
		k.kept.Signer, k.kept.Version = nil, 0
	}
	k.kept.Account = a
	if k.kept.Device == "" {
		k.kept.Device = string(ids.New())
	}
	return k.write()
}

// SignOut forgets everything.
func (k *Keep) SignOut() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = kept{}
	if err := os.Remove(k.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Org gives the organization of the account.
func (k *Keep) Org() string { k.mu.Lock(); defer k.mu.Unlock(); return k.kept.Org }

// Device gives the id of the workstation.
func (k *Keep) Device() string { k.mu.Lock(); defer k.mu.Unlock(); return k.kept.Device }

// Trust gives the key that may sign programs and the newest version seen. The first key that came stays: another one later is
// refused until the workstation signs in to another organization.
func (k *Keep) Trust(public []byte) (ed25519.PublicKey, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(public) != ed25519.PublicKeySize {
		return nil, 0, pop.ErrSignature
	}
	if k.kept.Signer == nil {
		k.kept.Signer = bytes.Clone(public)
		if err := k.write(); err != nil {
			return nil, 0, err
		}
	}
	if !bytes.Equal(k.kept.Signer, public) {
		return nil, 0, pop.ErrSignature
	}
	return k.kept.Signer, k.kept.Version, nil
}

// Saw remembers the version of a list, so that an older one is refused.
func (k *Keep) Saw(version int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if version <= k.kept.Version {
		return nil
	}
	k.kept.Version = version
	return k.write()
}

// write replaces the file as a whole; it holds a token and is for its owner only.
func (k *Keep) write() error {
	text, err := json.MarshalIndent(k.kept, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(k.path), ".desk-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), k.path)
}
