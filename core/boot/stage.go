package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// prober is a room that has probes.
type prober interface{ Probes() []*core.Probe }

// Probes gives the probes of every room.
func (h *House) Probes() []*core.Probe {
	var all []*core.Probe
	for _, m := range h.modules {
		if p, ok := m.(prober); ok {
			all = append(all, p.Probes()...)
		}
	}
	return all
}

// patience is how long one run of a probe may take.
const patience = 2 * time.Minute

// OpenStage makes a stage for one run on the live system; close erases what the run made and must be called however the
// run ended.
func (h *House) OpenStage(ctx context.Context) (_ core.Stage, close func(context.Context) error, err error) {
	if err := h.sweepCanaries(core.WithActor(ctx, core.System("probe"))); err != nil {
		return nil, nil, err
	}
	s := &stage{h: h, ctx: ctx, began: h.cfg.Clock.Now(), door: h.Handler(), steps: map[core.ID]int64{}, secrets: map[core.ID]string{}}
	for _, f := range h.fronts {
		s.door = f(s.door)
	}
	return s, s.clear, nil
}

// Play runs a probe on the live system. Whatever happens to it, what it made is erased.
func (h *House) Play(ctx context.Context, p *core.Probe) (seen core.Sight, err error) {
	ctx, cancel := context.WithTimeout(core.WithActor(ctx, core.System("probe")), patience)
	defer cancel()
	s, end, err := h.OpenStage(ctx)
	if err != nil {
		return seen, err
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("probe %s: %v", p.ID, broken)
		}
		err = errors.Join(err, end(ctx))
	}()
	return p.Run(ctx, s)
}

// stage is where one run of a probe plays.
type stage struct {
	h     *House
	ctx   context.Context // of the run
	began time.Time
	door  http.Handler

	mu      sync.Mutex
	cast    []core.Canary
	steps   map[core.ID]int64  // last step of the authenticator of a canary that was shown
	secrets map[core.ID]string // of authenticators set up on the way in
}

// Canary makes a person of the first organization of canaries.
func (s *stage) Canary(ctx context.Context, roles ...string) (core.Canary, error) {
	return s.join(ctx, core.Canaries, roles)
}

// Stranger makes a person of the other one.
func (s *stage) Stranger(ctx context.Context, roles ...string) (core.Canary, error) {
	return s.join(ctx, core.Strangers, roles)
}

func (s *stage) join(ctx context.Context, org core.ID, roles []string) (core.Canary, error) {
	c, err := s.h.makeCanary(core.WithActor(ctx, core.System("probe")), org, roles)
	if c.Person != "" {
		s.mu.Lock()
		s.cast = append(s.cast, c)
		s.mu.Unlock()
	}
	if err != nil {
		return core.Canary{}, fmt.Errorf("canary: %w", err)
	}
	return c, nil
}

// clear erases the canaries of the run, with those whom they made themselves.
func (s *stage) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	ctx = core.WithActor(ctx, core.System("probe"))
	s.mu.Lock()
	cast := slices.Clone(s.cast)
	s.mu.Unlock()
	if len(cast) == 0 {
		return nil
	}
	found, err := s.h.findCanaries(ctx, func(p core.Person) bool {
		return slices.ContainsFunc(cast, func(c core.Canary) bool {
			return strings.HasPrefix(p.Email, strings.TrimSuffix(c.Email, core.CanaryDomain))
		})
	})
	if err != nil {
		return fmt.Errorf("canaries: %w", err)
	}
	for _, c := range cast { // one whose membership is gone is no member any more and a person still
		if !slices.ContainsFunc(found, func(f core.Canary) bool { return f.Person == c.Person }) {
			found = append(found, c)
		}
	}
	return s.h.eraseCanaries(ctx, found)
}

// Letter gives the body of the newest message of a kind to a canary.
func (s *stage) Letter(ctx context.Context, c core.Canary, kind string) (string, error) {
	held, err := s.h.mail.Held(ctx, c.Person)
	if err != nil {
		return "", err
	}
	for _, l := range slices.Backward(held) {
		if l.Kind == kind {
			return l.Body, nil
		}
	}
	return "", errNoLetter
}

var errNoLetter = i18n.Fault(core.NotFound, "canary.letter", "Ce canari n'a pas reçu de tel message.", "This canary received no such message.")

// Witness gives the entries on an act of a canary, or about it.
func (s *stage) Witness(ctx context.Context, c core.Canary, action core.Permission) ([]core.ID, error) {
	return s.h.journal.EntriesAbout(ctx, c.Person, action, s.began, c.Org, core.Platform)
}

// Visitor is an empty browser profile at a place of its own on the loopback, so that no counter of anybody else is used.
func (s *stage) Visitor() *http.Client {
	return &http.Client{
		Transport:     &corridor{s: s, from: loopback()},
		Jar:           &jar{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// loopback draws an address of 127.0.0.0/8 that nothing else uses.
func loopback() netip.Addr {
	n := rand.Uint32()
	return netip.AddrFrom4([4]byte{127, byte(16 + n%200), byte(n >> 8), byte(1 + n>>16%250)})
}

// corridor leads a visitor's requests through the whole door: limits of addresses, hosts, origins, headers, routes.
type corridor struct {
	s    *stage
	from netip.Addr
}

// From is the same corridor from another place.
func (t *corridor) From(a netip.Addr) http.RoundTripper { return &corridor{s: t.s, from: a} }

const visitorAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

// RoundTrip implements http.RoundTripper. Nothing of the prober's context passes but its end.
func (t *corridor) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	defer context.AfterFunc(t.s.ctx, cancel)()
	if err := errors.Join(r.Context().Err(), t.s.ctx.Err()); err != nil {
		return nil, err
	}
	asked, err := t.dress(ctx, r)
	if err != nil {
		return nil, err
	}
	w := &recorder{header: http.Header{}}
	t.s.door.ServeHTTP(w, asked)
	return w.response(r), nil
}

// dress gives a request what a browser and a connection add to it.
func (t *corridor) dress(ctx context.Context, r *http.Request) (*http.Request, error) {
	origin, err := url.Parse(t.s.h.cfg.Origin)
	if err != nil {
		return nil, err
	}
	var body []byte
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	asked, err := http.NewRequestWithContext(ctx, r.Method, r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	asked.Header = r.Header.Clone()
	asked.RequestURI, asked.RemoteAddr = r.URL.RequestURI(), netip.AddrPortFrom(t.from, 40000).String()
	if asked.Host = r.Host; asked.Host == "" {
		asked.Host = origin.Host
	}
	for name, value := range map[string]string{
		"User-Agent": visitorAgent, "Accept-Language": "en", "Accept": "text/html,application/json;q=0.9,*/*;q=0.8",
	} {
		if asked.Header.Get(name) == "" {
			asked.Header.Set(name, value)
		}
	}
	for _, p := range t.s.h.cfg.Proxies {
		if p.Contains(t.from) && asked.Header.Get("X-Forwarded-For") == "" {
			asked.Header.Set("X-Forwarded-For", t.from.String()) // as the proxy of that place would say
		}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && asked.Header.Get("Sec-Fetch-Site") == "" && asked.Header.Get("Origin") == "" {
		asked.Header.Set("Sec-Fetch-Site", "same-origin")
		asked.Header.Set("Origin", t.s.h.cfg.Origin)
	}
	return asked, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	sent   http.Header // as it stood when the first byte left
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush implements http.Flusher: nobody waits.
func (w *recorder) Flush() {}

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}

// jar keeps the cookies of one origin, whatever address is named.
type jar struct {
	mu   sync.Mutex
	kept []*http.Cookie
}

// SetCookies implements http.CookieJar.
func (j *jar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		j.kept = slices.DeleteFunc(j.kept, func(k *http.Cookie) bool { return k.Name == c.Name })
		if c.MaxAge >= 0 && c.Value != "" {
			j.kept = append(j.kept, &http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
}

// Cookies implements http.CookieJar.
func (j *jar) Cookies(*url.URL) []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.kept)
}
