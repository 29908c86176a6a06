package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

const idempotencyHeader = "Idempotency-Key"

// Replies keeps, for a day, what requests with an Idempotency-Key were answered.
type Replies interface {
	// Reserve takes a key for the actor of ctx: taken when this caller must do the work; otherwise what the first was
	// answered, if it asked the same and is done.
	Reserve(ctx context.Context, key, request []byte) (taken, same, done bool, status int, body []byte, err error)
	// Keep keeps the answer of the caller that took the key.
	Keep(ctx context.Context, key []byte, status int, body []byte) error
	// Release gives the key back after a failure on our side.
	Release(ctx context.Context, key []byte) error
}

var (
	errKey      = i18n.Fault(core.Malformed, "idempotency.key", "La clé d'idempotence doit avoir de 1 à 255 caractères visibles.", "The idempotency key must have 1 to 255 visible characters.")
	errMismatch = i18n.Fault(core.Invalid, "idempotency.mismatch", "Cette clé d'idempotence a déjà servi pour une autre requête.", "This idempotency key was already used for another request.")
	errRunning  = i18n.Fault(core.Conflict, "idempotency.running", "La première requête de cette clé n'est pas terminée : son résultat n'est pas encore connu.", "The first request with this key has not ended: its result is not known yet.")
	errSecret   = i18n.Fault(core.Conflict, "idempotency.secret", "Cette requête a déjà été faite ; le secret qu'elle a donné n'est pas gardé.", "This request was already done; the secret that it gave is not kept.")
)

// once does a request with an Idempotency-Key at most once (draft-ietf-httpapi-idempotency-key-header).
// A key whose first request broke off without an answer stays taken: acting twice would be worse than asking a person.
func (a *API) once(w http.ResponseWriter, r *http.Request, op Operation, key string, handler http.HandlerFunc) error {
	if !validKey(key) {
		return errKey
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	ctx, hashed := r.Context(), digest([]byte(key))
	taken, same, done, status, kept, err := a.cfg.Replies.Reserve(ctx, hashed, fingerprint(r, body))
	switch {
	case err != nil:
		return err
	case taken:
		return a.first(w, r, op, hashed, handler)
	case !same:
		return errMismatch
	case !done:
		return errRunning.After(1e9)
	}
	return replay(w, op, status, kept)
}

// first does the work and keeps its answer.
func (a *API) first(w http.ResponseWriter, r *http.Request, op Operation, key []byte, handler http.HandlerFunc) error {
	ctx := context.WithoutCancel(r.Context())
	rec := &recorder{ResponseWriter: w}
	finished := false
	defer func() {
		if !finished { // a panic: nothing was committed that was not answered, or the answer is lost; leave the key taken
			a.cfg.Log.WarnContext(ctx, "a request with a key broke off", "request", core.ActorOf(ctx).Request)
		}
	}()
	handler(rec, r)
	finished = true
	if rec.status >= 500 || rec.status == http.StatusTooManyRequests {
		return a.cfg.Replies.Release(ctx, key)
	}
	kept := rec.body.Bytes()
	if op.Once {
		kept = nil
	}
	if err := a.cfg.Replies.Keep(ctx, key, rec.status, kept); err != nil {
		a.cfg.Log.ErrorContext(ctx, "reply not kept", "request", core.ActorOf(ctx).Request, "error", err.Error())
	}
	return nil
}

// replay answers as the first time.
func replay(w http.ResponseWriter, op Operation, status int, body []byte) error {
	if op.Once && status < 300 {
		return errSecret
	}
	w.Header().Set("Idempotent-Replayed", "true")
	if len(body) > 0 {
		kind := "application/json"
		if status >= 400 {
			kind = "application/problem+json"
		}
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

func validKey(key string) bool {
	if key == "" || len(key) > 255 {
		return false
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

func digest(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

// fingerprint tells two requests apart.
func fingerprint(r *http.Request, body []byte) []byte {
	parts, err := json.Marshal([]string{r.Method, r.URL.RequestURI(), r.Header.Get("If-Match"), hex.EncodeToString(digest(body))})
	if err != nil {
		panic(err) // strings marshal
	}
	return digest(parts)
}

// recorder copies what is written.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
