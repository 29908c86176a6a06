//go:build pkcs11 && cgo

package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/miekg/pkcs11"
)

// token is a root key that never leaves a PKCS#11 device: an AES-256 key (CKA_SENSITIVE, not CKA_EXTRACTABLE) that wraps with
// CKM_AES_GCM.
type token struct {
	mu      sync.Mutex // a session does one thing at a time
	lib     *pkcs11.Ctx
	session pkcs11.SessionHandle
	key     pkcs11.ObjectHandle
	name    string
}

const (
	gcmNonce = 12
	gcmTag   = 128
)

// OpenPKCS11 finds the key of a device, and makes it when the device has none of that label.
func OpenPKCS11(s PKCS11) (Root, error) {
	pin, err := os.ReadFile(s.PINFile)
	if err != nil {
		return nil, errors.New("vault: pkcs11: the file of the PIN cannot be read")
	}
	lib := pkcs11.New(s.Module)
	if lib == nil {
		return nil, errors.New("vault: pkcs11: the module cannot be loaded")
	}
	if err := lib.Initialize(); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		return nil, fmt.Errorf("vault: pkcs11: %w", err)
	}
	t := &token{lib: lib, name: s.Token + "/" + s.Key}
	if err := t.open(s, strings.TrimSpace(string(pin))); err != nil {
		return nil, fmt.Errorf("vault: pkcs11: %w", err)
	}
	return t, nil
}

func (t *token) open(s PKCS11, pin string) error {
	slots, err := t.lib.GetSlotList(true)
	if err != nil {
		return err
	}
	for _, slot := range slots {
		info, err := t.lib.GetTokenInfo(slot)
		if err != nil || strings.TrimRight(info.Label, " \x00") != s.Token {
			continue
		}
		if t.session, err = t.lib.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION); err != nil {
			return err
		}
		if err := t.lib.Login(t.session, pkcs11.CKU_USER, pin); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
			return err
		}
		return t.findKey(s.Key)
	}
	return errors.New("no token has that label")
}

func (t *token) findKey(label string) error {
	class := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label),
	}
	if err := t.lib.FindObjectsInit(t.session, class); err != nil {
		return err
	}
	found, _, err := t.lib.FindObjects(t.session, 2)
	if err := errors.Join(err, t.lib.FindObjectsFinal(t.session)); err != nil {
		return err
	}
	switch len(found) {
	case 1:
		t.key = found[0]
		return nil
	case 2:
		return errors.New("two keys have that label")
	}
	t.key, err = t.lib.GenerateKey(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, append(class,
		pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, RootSize), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true)))
	return err
}

// Wrap has the device encrypt: nonce(12) ‖ ciphertext ‖ tag(16).
func (t *token) Wrap(_ context.Context, key, data []byte) ([]byte, error) {
	nonce := make([]byte, gcmNonce)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	params := pkcs11.NewGCMParams(nonce, data, gcmTag)
	defer params.Free()
	if err := t.lib.EncryptInit(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, params)}, t.key); err != nil {
		return nil, fmt.Errorf("vault: pkcs11: encrypt: %w", err)
	}
	sealed, err := t.lib.Encrypt(t.session, key)
	if err != nil {
		return nil, fmt.Errorf("vault: pkcs11: encrypt: %w", err)
	}
	if iv := params.IV(); len(iv) == gcmNonce { // some devices choose their own
		nonce = iv
	}
	return append(append([]byte(nil), nonce...), sealed...), nil
}

// Unwrap has the device decrypt.
func (t *token) Unwrap(_ context.Context, wrapped, data []byte) ([]byte, error) {
	if len(wrapped) < gcmNonce+gcmTag/8 {
		return nil, errors.New("vault: pkcs11: too short")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	params := pkcs11.NewGCMParams(wrapped[:gcmNonce], data, gcmTag)
	defer params.Free()
	if err := t.lib.DecryptInit(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, params)}, t.key); err != nil {
		return nil, fmt.Errorf("vault: pkcs11: decrypt: %w", err)
	}
	plain, err := t.lib.Decrypt(t.session, wrapped[gcmNonce:])
	if err != nil {
		return nil, fmt.Errorf("vault: pkcs11: decrypt: %w", err)
	}
	return plain, nil
}

// Describe names the key in its device.
func (t *token) Describe() RootDescription { return RootDescription{Kind: "pkcs11", Name: t.name} }
