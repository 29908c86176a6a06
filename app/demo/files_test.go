package demo

import (
	"bytes"
	"encoding/base32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What people know and hold must not be readable in what is stored: passwords, recovery codes, secrets of second
// factors, session secrets, and the body of messages (ACC-4.2, ASVS 6.5.2, 7.2.2).
func TestNoSecretStandsInTheFiles(t *testing.T) {
	s, err := SetStage(t.Context(), Options{Out: io.Discard, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Strike(); err != nil {
			t.Error(err)
		}
	}()
	admin, err := s.in("admin")
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"password": password, "session": admin.Cookies["__Host-session"]}
	if secrets["session"] == "" {
		t.Fatal("no session to look for")
	}
	for _, p := range s.Trial.Players {
		if p.Secret == "" {
			continue
		}
		secrets["second factor of "+p.Name] = p.Secret
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(p.Secret)
		if err != nil {
			t.Fatal(err)
		}
		secrets["second factor of "+p.Name+", as bytes"] = string(raw)
		for _, code := range p.Recovery {
			secrets["recovery code "+code[:4]] = code
			secrets["recovery code "+code[:4]+", typed without dashes"] = strings.ReplaceAll(code, "-", "")
		}
	}
	if len(secrets) < 20 {
		t.Fatalf("only %d secrets to look for", len(secrets))
	}
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	looked := 0
	err = filepath.WalkDir(filepath.Join(s.dir, "data"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked += len(b)
		for what, secret := range secrets {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s stands in %s", what, filepath.Base(path))
			}
		}
		return nil
	})
	if err != nil || looked < 100_000 {
		t.Errorf("looked at %d bytes, %v", looked, err)
	}
}
