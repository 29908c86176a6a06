package probe

import (
	"bytes"
	"context"
	"net/http"
	"sync"

	"github.com/rempart/rempart/core"
)

// Rows plants a fault by statements of SQLite: a trigger that undoes what a control writes, a row that must not be there.
func Rows(statements ...string) func(context.Context, core.Saboteur) error {
	return func(ctx context.Context, s core.Saboteur) error {
		for _, text := range statements {
			if err := s.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	}
}

// Front plants a fault before the pages: a header taken away, an answer changed.
func Front(f func(http.Handler) http.Handler) func(context.Context, core.Saboteur) error {
	return func(_ context.Context, s core.Saboteur) error {
		s.Front(f)
		return nil
	}
}

// Pretend plants a fault outside: a fact has another value.
func Pretend(fact, value string) func(context.Context, core.Saboteur) error {
	return func(_ context.Context, s core.Saboteur) error {
		s.Pretend(fact, value)
		return nil
	}
}

// Cache stands before the pages as a careless cache does: a page that was shown once is shown for ever, whoever asks.
func Cache(next http.Handler) http.Handler {
	var mu sync.Mutex
	kept := map[string][]byte{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		page, known := kept[r.URL.Path]
		mu.Unlock()
		if r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		if known {
			_, _ = w.Write(page)
			return
		}
		copied := &copying{ResponseWriter: w}
		next.ServeHTTP(copied, r)
		if copied.status == http.StatusOK {
			mu.Lock()
			kept[r.URL.Path] = copied.body.Bytes()
			mu.Unlock()
		}
	})
}

type copying struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (c *copying) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *copying) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}

// Cookie changes the cookies that the pages give, name by name, before the browser sees them.
func Cookie(name string, change func(*http.Cookie)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&baking{ResponseWriter: w, name: name, change: change}, r)
		})
	}
}

type baking struct {
	http.ResponseWriter
	name   string
	change func(*http.Cookie)
	done   bool
}

func (b *baking) WriteHeader(status int) {
	if !b.done {
		b.done = true
		given := (&http.Response{Header: b.Header()}).Cookies()
		b.Header().Del("Set-Cookie")
		for _, c := range given {
			if c.Name == b.name {
				b.change(c)
			}
			if c.Name != "" {
				http.SetCookie(b.ResponseWriter, c)
			}
		}
	}
	b.ResponseWriter.WriteHeader(status)
}

func (b *baking) Write(p []byte) (int, error) {
	if !b.done {
		b.WriteHeader(http.StatusOK)
	}
	return b.ResponseWriter.Write(p)
}

// Rewrite changes what the pages say.
func Rewrite(next http.Handler, change func([]byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held := &holding{ResponseWriter: w}
		next.ServeHTTP(held, r)
		w.Header().Del("Content-Length")
		if held.status != 0 {
			w.WriteHeader(held.status)
		}
		_, _ = w.Write(change(held.body.Bytes()))
	})
}

type holding struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *holding) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *holding) Write(b []byte) (int, error) { return h.body.Write(b) }
