package edge

import (
	"bytes"
	"net/http"
	"net/url"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/draft"
)

// held answers a form by asking for the proof that page asks for, what was typed kept; false when there is nothing to keep.
func (s *Server) held(w http.ResponseWriter, r *http.Request, page string) bool {
	if s.cfg.Hold == nil || core.ActorOf(r.Context()).Kind != core.HumanActor {
		return false
	}
	d, ok := draft.Of(r, returnTo(r), s.cfg.Clock.Now())
	if !ok {
		return false
	}
	err := s.cfg.Hold(w, r, page, d)
	if err != nil {
		s.cfg.Log.WarnContext(r.Context(), "a form was not kept", "request", core.ActorOf(r.Context()).Request, "error", err.Error())
	}
	out, ok := w.(*answer)
	return err == nil || ok && out.status != 0
}

// Inner is a page of the site as a browser would be given it.
type Inner struct {
	Status int
	head   http.Header
	Body   []byte
}

// Within opens a page of this site for the browser that sent r, by the same door and with the same checks, as the browser will
// ask for it once it has these cookies.
func Within(r *http.Request, path string, cookies ...*http.Cookie) (*Inner, error) {
	to, err := url.Parse(path)
	if err != nil || SafeNext(path) == "" {
		return nil, errUnknown
	}
	asked := r.Clone(r.Context())
	asked.Method, asked.URL, asked.RequestURI = http.MethodGet, to, path
	asked.Body, asked.ContentLength, asked.TransferEncoding = http.NoBody, 0, nil
	asked.Form, asked.PostForm, asked.MultipartForm = nil, nil, nil
	asked.Header.Del("Content-Type")
	asked.Header.Del("Cookie")
	for _, kept := range r.Cookies() {
		if !named(cookies, kept.Name) {
			asked.AddCookie(kept)
		}
	}
	for _, c := range cookies {
		asked.AddCookie(c)
	}
	in := &inner{head: http.Header{}}
	visitOf(r.Context()).server.ServeHTTP(in, asked)
	return &Inner{in.status, in.head, in.body.Bytes()}, nil
}

func named(cookies []*http.Cookie, name string) bool {
	for _, c := range cookies {
		if c.Name == name {
			return true
		}
	}
	return false
}

// Leads gives where the page sends the browser, "" when it does not.
func (p *Inner) Leads() string { return p.head.Get("Location") }

// Answer gives the page as the answer of another request, body in place of its own, never to be stored.
func (p *Inner) Answer(w http.ResponseWriter, body []byte) error {
	h := w.Header()
	for name, values := range p.head {
		if name == "Set-Cookie" {
			h[name] = append(h[name], values...)
		} else {
			h[name] = values
		}
	}
	h.Set("Cache-Control", "no-store")
	h.Del("Content-Length")
	w.WriteHeader(p.Status)
	_, err := w.Write(body)
	return err
}

// inner keeps an answer.
type inner struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (i *inner) Header() http.Header { return i.head }

func (i *inner) WriteHeader(status int) {
	if i.status == 0 && status >= 200 {
		i.status = status
	}
}

func (i *inner) Write(b []byte) (int, error) {
	i.WriteHeader(http.StatusOK)
	return i.body.Write(b)
}
