package vault

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rempart/rempart/kit/egress"
)

// Transit is a root key that never leaves an OpenBao or Vault server: its transit engine wraps and unwraps (API of OpenBao 2 and
// Vault 1.9 and later, with associated data). The key there is of type aes256-gcm96 and not exportable; the token may do
// encrypt/<key> and decrypt/<key>, nothing else.
type Transit struct {
	Address   string // https://bao.example.org:8200
	Mount     string // "transit" when empty
	Key       string
	TokenFile string // read at each call, so that an agent can renew it
	Namespace string
	CA        string // PEM file of the server's authority; the system's when empty

	client *http.Client
}

// OpenTransit checks the settings and asks the server, through the way out, to wrap and unwrap something. No redirect is
// followed: answering elsewhere would hand the token to another host.
func OpenTransit(ctx context.Context, door *egress.Door, t Transit) (*Transit, error) {
	u, err := url.Parse(t.Address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")) {
		return nil, errors.New("vault: the address of the transit server is https://host[:port]")
	}
	if t.Key == "" || t.TokenFile == "" {
		return nil, errors.New("vault: the transit engine needs the name of its key and a file that holds the token")
	}
	if t.Mount == "" {
		t.Mount = "transit"
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("vault: transit: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("vault: transit: no certificate stands in the authority's file")
		}
	}
	t.client = door.Client(10*time.Second, conf)
	probe, data := []byte("does it turn?"), []byte("rempart")
	wrapped, err := t.Wrap(ctx, probe, data)
	if err != nil {
		return nil, err
	}
	if got, err := t.Unwrap(ctx, wrapped, data); err != nil || !bytes.Equal(got, probe) {
		return nil, errors.Join(errors.New("vault: transit: what was wrapped does not unwrap"), err)
	}
	if _, err := t.Unwrap(ctx, wrapped, []byte("elsewhere")); err == nil {
		return nil, errors.New("vault: transit: the key does not bind associated data: its type should be aes256-gcm96")
	}
	return &t, nil
}

type transitText struct {
	Plaintext  []byte `json:"plaintext,omitempty"`
	Ciphertext string `json:"ciphertext,omitempty"`
	Data       []byte `json:"associated_data,omitempty"`
}

// call posts to an operation of the key. Errors say the operation and the status, never what was sent nor answered.
func (t *Transit) call(ctx context.Context, operation string, in transitText) (out transitText, err error) {
	fail := func(err error) (transitText, error) {
		return out, fmt.Errorf("vault: transit: %s: %w", operation, err)
	}
	token, err := os.ReadFile(t.TokenFile)
	if err != nil {
		return fail(errors.New("the file of the token cannot be read"))
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fail(err)
	}
	at := strings.TrimSuffix(t.Address, "/") + "/v1/" + t.Mount + "/" + operation + "/" + url.PathEscape(t.Key)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return fail(err)
	}
	req.Header.Set("X-Vault-Token", strings.TrimSpace(string(token)))
	req.Header.Set("X-Vault-Request", "true")
	req.Header.Set("Content-Type", "application/json")
	if t.Namespace != "" {
		req.Header.Set("X-Vault-Namespace", t.Namespace)
	}
	res, err := t.client.Do(req)
	if err != nil {
		return fail(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fail(err)
	}
	if res.StatusCode != http.StatusOK {
		return fail(fmt.Errorf("the server answered %s", res.Status))
	}
	var data struct{ Data transitText }
	if err := json.Unmarshal(answer, &data); err != nil {
		return fail(errors.New("the answer cannot be read"))
	}
	return data.Data, nil
}

// Wrap has the server encrypt.
func (t *Transit) Wrap(ctx context.Context, key, data []byte) ([]byte, error) {
	out, err := t.call(ctx, "encrypt", transitText{Plaintext: key, Data: data})
	if err == nil && out.Ciphertext == "" {
		err = errors.New("vault: transit: encrypt: an empty answer")
	}
	return []byte(out.Ciphertext), err
}

// Unwrap has the server decrypt.
func (t *Transit) Unwrap(ctx context.Context, wrapped, data []byte) ([]byte, error) {
	out, err := t.call(ctx, "decrypt", transitText{Ciphertext: string(wrapped), Data: data})
	if err == nil && out.Plaintext == nil {
		err = errors.New("vault: transit: decrypt: an empty answer")
	}
	return out.Plaintext, err
}

// Describe names the key on the server.
func (t *Transit) Describe() RootDescription {
	return RootDescription{Kind: "transit", Name: t.Mount + "/" + t.Key}
}
