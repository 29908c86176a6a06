//go:build pkcs11 && cgo

package vault_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// softHSM makes a token of SoftHSM in a folder of its own.
func softHSM(t *testing.T) vault.PKCS11 {
	t.Helper()
	libs, err := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so")
	if err != nil || len(libs) == 0 {
		t.Fatal("SoftHSM is needed: scripts/deps installs it")
	}
	dir := t.TempDir()
	conf, pin := filepath.Join(dir, "conf"), filepath.Join(dir, "pin")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "tokens"), 0o700),
		os.WriteFile(conf, []byte("directories.tokendir = "+filepath.Join(dir, "tokens")+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600),
		os.WriteFile(pin, []byte("483920\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	if out, err := exec.CommandContext(t.Context(), "softhsm2-util", "--init-token", "--free", "--label", "rempart", "--pin", "483920", "--so-pin", "00112233").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return vault.PKCS11{Module: libs[0], Token: "rempart", Key: "root", PINFile: pin}
}

func TestTheRootKeyCanStayInAPKCS11Device(t *testing.T) {
	settings := softHSM(t)
	for what, spoil := range map[string]func(*vault.PKCS11){
		"no such token":  func(s *vault.PKCS11) { s.Token = "other" },
		"no such module": func(s *vault.PKCS11) { s.Module += "x" },
		"no PIN":         func(s *vault.PKCS11) { s.PINFile += "x" },
	} {
		bad := settings
		spoil(&bad)
		if _, err := vault.OpenPKCS11(bad); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	device, err := vault.OpenPKCS11(settings)
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		first := open(t, d, root)
		if err := errors.Join(first.Start(t.Context()), first.MakeKeys(t.Context(), "ann")); err != nil {
			t.Fatal(err)
		}
		backup := sealRows(t, first, "ann")
		v := open(t, d, device)
		if err := errors.Join(v.Adopt(t.Context(), root), v.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		if did, err := v.Rotate(t.Context(), true); err != nil || !did {
			t.Fatalf("%v, %v", did, err)
		}
		again, err := vault.OpenPKCS11(settings) // it finds the key that it made
		if err != nil {
			t.Fatal(err)
		}
		if !backup.opens(t, open(t, d, again))["ann"] {
			t.Error("another start of the device does not open the store")
		}
		wrapped, err := device.Wrap(t.Context(), make([]byte, 32), []byte("here"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := device.Unwrap(t.Context(), wrapped, []byte("elsewhere")); err == nil {
			t.Error("the device does not bind where a key belongs")
		}
		wrapped[20] ^= 1
		if _, err := device.Unwrap(t.Context(), wrapped, []byte("here")); err == nil {
			t.Error("a changed key unwrapped")
		}
	})
}
