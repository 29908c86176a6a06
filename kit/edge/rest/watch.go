package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// watchedHeader tells a program that a text which it sent, and which was kept, seems to hold sensitive data: the categories.
const watchedHeader = "Rempart-Sensitive"

// watchedBytes is the largest body that is looked at: what is longer is a file or many rows, which nobody typed.
const watchedBytes = 64 << 10

// watched has what a request says looked at, once it was kept.
func (a *API) watched(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	if a.cfg.Watch == nil || !unsafeMethod(r.Method) || r.Body == nil || r.ContentLength > watchedBytes {
		return w, r
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, watchedBytes+1))
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), rest}
	if err != nil || len(head) == 0 || len(head) > watchedBytes { // the reader of the body meets the same error
		return w, r
	}
	return &watcher{ResponseWriter: w, look: func() string {
		said := url.Values{}
		var body any
		if json.Unmarshal(head, &body) != nil {
			return ""
		}
		gather(said, "", body)
		return a.cfg.Watch(r, said)
	}}, r
}

// gather gives each text of a body with the name of its field.
func gather(into url.Values, name string, value any) {
	switch v := value.(type) {
	case string:
		into.Add(name, v)
	case []any:
		for _, one := range v {
			gather(into, name, one)
		}
	case map[string]any:
		for field, one := range v {
			gather(into, field, one)
		}
	}
}

// watcher puts what was seen beside an answer that is no refusal.
type watcher struct {
	http.ResponseWriter
	look func() string
	told bool
}

func (w *watcher) WriteHeader(status int) {
	if !w.told && status < 300 {
		if seen := w.look(); seen != "" {
			w.Header().Set(watchedHeader, seen)
		}
	}
	w.told = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(b []byte) (int, error) {
	if !w.told {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
