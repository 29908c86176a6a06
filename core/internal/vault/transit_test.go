package vault_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/egress"
)

// transitServer answers as the transit engine does, by its API documentation: POST /v1/<mount>/encrypt/<key> and decrypt/<key>
// with base64 plaintext and associated_data, ciphertexts "vault:v<version>:<base64>", errors {"errors":[...]}.
type transitServer struct {
	token string
	block cipher.AEAD
	calls atomic.Int64
	down  atomic.Bool
}

func (s *transitServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	deny := func(status int, why string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []string{why}})
	}
	var in map[string]string
	body, _ := io.ReadAll(r.Body)
	switch {
	case s.down.Load():
		deny(http.StatusServiceUnavailable, "Vault is sealed")
		return
	case r.Header.Get("X-Vault-Token") != s.token:
		deny(http.StatusForbidden, "permission denied")
		return
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		deny(http.StatusMethodNotAllowed, "unsupported operation")
		return
	case json.Unmarshal(body, &in) != nil:
		deny(http.StatusBadRequest, "error parsing JSON")
		return
	}
	data, err := base64.StdEncoding.DecodeString(in["associated_data"])
	if err != nil {
		deny(http.StatusBadRequest, "failed to base64-decode associated_data")
		return
	}
	out := map[string]any{}
	switch r.URL.Path {
	case "/v1/transit/encrypt/rempart":
		plain, err := base64.StdEncoding.DecodeString(in["plaintext"])
		if err != nil || in["plaintext"] == "" {
			deny(http.StatusBadRequest, "missing plaintext to encrypt")
			return
		}
		nonce := make([]byte, 12)
		_, _ = rand.Read(nonce)
		out["ciphertext"] = "vault:v1:" + base64.StdEncoding.EncodeToString(s.block.Seal(nonce, nonce, plain, data))
		out["key_version"] = 1
	case "/v1/transit/decrypt/rempart":
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(in["ciphertext"], "vault:v1:"))
		if err != nil || len(raw) < 28 || !strings.HasPrefix(in["ciphertext"], "vault:v1:") {
			deny(http.StatusBadRequest, "invalid ciphertext")
			return
		}
		plain, err := s.block.Open(nil, raw[:12], raw[12:], data)
		if err != nil {
			deny(http.StatusBadRequest, "cipher: message authentication failed")
			return
		}
		out["plaintext"] = base64.StdEncoding.EncodeToString(plain)
	default:
		deny(http.StatusNotFound, "no handler for route")
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "x", "lease_id": "", "renewable": false, "lease_duration": 0, "data": out})
}

func transit(t *testing.T) (*transitServer, vault.Transit) {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	s := &transitServer{token: "s.token", block: gcm}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s.token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, vault.Transit{Address: web.URL, Key: "rempart", TokenFile: token}
}

// out is a way out to the server that the settings name.
func out(t *testing.T, s vault.Transit) *egress.Door {
	t.Helper()
	u, err := url.Parse(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	return egress.Only(egress.AddressOf(u))
}

func TestTheRootKeyCanStayOnATransitServer(t *testing.T) {
	dbtest.Each(t, each, func(t *testing.T, d *db.DB) {
		server, settings := transit(t)
		far, err := vault.OpenTransit(t.Context(), out(t, settings), settings)
		if err != nil {
			t.Fatal(err)
		}
		first := open(t, d, root)
		if err := errors.Join(first.Start(t.Context()), first.MakeKeys(t.Context(), "ann"), first.MakeKeysIn(t.Context(), "org", "org")); err != nil {
			t.Fatal(err)
		}
		backup := sealRows(t, first, "ann", "org")

		moved := open(t, d, far)
		if err := moved.Adopt(t.Context(), root); err != nil {
			t.Fatal(err)
		}
		if err := moved.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := backup.opens(t, moved); !got["ann"] || !got["org"] {
			t.Errorf("after the root key moved opens %v", got)
		}
		if _, err := open(t, d, root).Open(t.Context(), "ann", where, backup["ann"]); err == nil {
			t.Error("the former root key still opens the store")
		}
		calls := server.calls.Load()
		for range 100 {
			backup.opens(t, moved)
		}
		if n := server.calls.Load() - calls; n > 0 {
			t.Errorf("the server was asked %d times for values already seen", n)
		}
		if did, err := moved.Rotate(t.Context(), true); err != nil || !did {
			t.Errorf("%v, %v", did, err)
		}
		if s, err := moved.State(t.Context()); err != nil || s.Root.Kind != "transit" || s.Root.Name != "transit/rempart" {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := moved.Reveal(); err == nil {
			t.Error("a key that never leaves its server was revealed")
		}
		server.down.Store(true)
		if _, err := open(t, d, far).Open(t.Context(), "ann", where, backup["ann"]); err == nil {
			t.Error("a sealed server opened a value")
		}
		if got := backup.opens(t, moved); !got["ann"] {
			t.Error("while the server is away, what was unwrapped does not open")
		}
	})
}

func TestATransitServerThatIsNotRightIsRefused(t *testing.T) {
	_, good := transit(t)
	for what, spoil := range map[string]func(*vault.Transit){
		"another token": func(s *vault.Transit) { _ = os.WriteFile(s.TokenFile, []byte("s.other"), 0o600) },
		"no such key":   func(s *vault.Transit) { s.Key = "other" },
		"no token file": func(s *vault.Transit) { s.TokenFile += "x" },
		"plain http":    func(s *vault.Transit) { s.Address = "http://bao.example.org:8200" },
		"no address":    func(s *vault.Transit) { s.Address = "" },
		"a bad CA":      func(s *vault.Transit) { s.CA = s.TokenFile },
	} {
		s := good
		spoil(&s)
		_, err := vault.OpenTransit(t.Context(), out(t, s), s)
		if err == nil {
			t.Errorf("%s was accepted", what)
		} else if strings.Contains(err.Error(), "s.token") || strings.Contains(err.Error(), "s.other") {
			t.Errorf("%s: the error holds the token", what)
		}
		_ = os.WriteFile(good.TokenFile, []byte("s.token\n"), 0o600)
	}
}
