package tool

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/rempart/rempart/core"
)

// Limits of what is asked over HTTP.
const (
	MostAnswer   = 32 << 20 // bytes of an answer that is read at once, once unpacked
	mostAttempts = 6
	mostWait     = 2 * time.Minute
	mostMoves    = 3
)

// WebSettings are how a tool is asked over HTTP.
type WebSettings struct {
	URL     string
	CAFile  string
	Plain   bool
	Rate    float64       // requests each second; 0 for no limit of ours
	Timeout time.Duration // of one request
}

// Web asks one machine over HTTP: it goes nowhere else, whatever the answers say, and comes back when asked to wait.
type Web struct {
	Base   *url.URL
	Enter  func(*http.Request) error                  // says who asks
	Again  func(ctx context.Context) bool             // after a refusal of the identity: whether trying once more is of use
	Sleep  func(context.Context, time.Duration) error // time, for tests
	client *http.Client
	pace   *rate.Limiter
}

// Web makes the way to a tool; name is the setting of its address.
func (c Config) Web(name string, s WebSettings) (*Web, error) {
	if err := c.Bare(name, s.URL); err != nil {
		return nil, err
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Fragment != "" {
		return nil, c.Wrong(name, name+": https://crm.example/")
	}
	if u.Scheme == "http" {
		if err := Plain(u.Hostname(), s.Plain); err != nil {
			return nil, err
		}
	}
	conf, err := c.TLS(u.Hostname(), s.CAFile)
	if err != nil {
		return nil, err
	}
	if s.Timeout == 0 {
		s.Timeout = 10 * time.Minute
	}
	w := &Web{Base: u, Sleep: sleep, pace: rate.NewLimiter(rate.Inf, 1)}
	if s.Rate > 0 {
		w.pace = rate.NewLimiter(rate.Limit(s.Rate), max(1, int(s.Rate)))
	}
	w.client = &http.Client{Timeout: s.Timeout, CheckRedirect: w.moved, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 15 * time.Second,
		ResponseHeaderTimeout: time.Minute, MaxResponseHeaderBytes: 256 << 10, IdleConnTimeout: 30 * time.Second, MaxConnsPerHost: 2,
	}}
	return w, nil
}

// Close lets go of idle connections.
func (w *Web) Close() { w.client.CloseIdleConnections() }

// Host is the machine, for what is said to people.
func (w *Web) Host() string { return w.Base.Host }

func (w *Web) same(u *url.URL) bool {
	return u.Scheme == w.Base.Scheme && strings.EqualFold(u.Host, w.Base.Host) && u.User == nil
}

// moved follows a redirection within the machine, and none elsewhere: the identity would go along.
func (w *Web) moved(q *http.Request, via []*http.Request) error {
	if !w.same(q.URL) {
		return Refuse(errMoved, w.Host(), q.URL.Host)
	}
	if len(via) > mostMoves {
		return Loop(w.Host())
	}
	return nil
}

// Resolve gives the address that an answer names, if it is of the same machine.
func (w *Web) Resolve(from *url.URL, link string) (*url.URL, error) {
	u, err := from.Parse(link)
	if err != nil {
		return nil, Nonsense(w.Host(), "link")
	}
	if !w.same(u) {
		return nil, Refuse(errMoved, w.Host(), u.Host)
	}
	return u, nil
}

// Ask sends a request, which make builds for each attempt, and gives the answer with a status below 300 or one of accept.
// The caller closes its body.
func (w *Web) Ask(ctx context.Context, build func() (*http.Request, error), accept ...int) (*http.Response, error) {
	entered := false
	for attempt := 1; ; attempt++ {
		a, err := w.once(ctx, build)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if core.CodeOf(err) != errReach.Code || attempt > 2 {
				return nil, err
			}
			if err := w.Sleep(ctx, time.Duration(attempt)*500*time.Millisecond); err != nil {
				return nil, err
			}
			continue
		}
		if a.StatusCode < 300 || contains(accept, a.StatusCode) {
			return a, nil
		}
		wait, again := after(a, attempt)
		_, _ = io.CopyN(io.Discard, a.Body, 64<<10)
		_ = a.Body.Close()
		switch {
		case a.StatusCode == http.StatusUnauthorized && !entered && w.Again != nil && w.Again(ctx):
			entered = true
			continue
		case again && wait > mostWait:
			return nil, Refuse(errSlow, w.Host(), wait.Round(time.Second).String())
		case again && attempt < mostAttempts:
			if err := w.Sleep(ctx, wait); err != nil {
				return nil, err
			}
			continue
		case a.StatusCode == http.StatusUnauthorized || a.StatusCode == http.StatusForbidden:
			return nil, Denied(w.Host())
		}
		return nil, Refuse(errStatus, w.Host(), a.StatusCode)
	}
}

func (w *Web) once(ctx context.Context, build func() (*http.Request, error)) (*http.Response, error) {
	if err := w.pace.Wait(ctx); err != nil {
		return nil, err
	}
	q, err := build()
	if err != nil {
		return nil, err
	}
	if !w.same(q.URL) {
		return nil, Refuse(errMoved, w.Host(), q.URL.Host)
	}
	if w.Enter != nil {
		if err := w.Enter(q); err != nil {
			return nil, err
		}
	}
	if q.Header.Get("User-Agent") == "" {
		q.Header.Set("User-Agent", "rempart-agent")
	}
	a, err := w.client.Do(q.WithContext(ctx))
	if err == nil {
		return a, nil
	}
	if said, ok := errors.AsType[*core.Error](err); ok {
		return nil, said
	}
	return nil, Unreachable(w.Host())
}

// after tells how long an answer asks to wait, and whether to come back at all.
func after(a *http.Response, attempt int) (time.Duration, bool) {
	wait := time.Second << (attempt - 1)
	said := a.Header.Get("Retry-After")
	if n, err := strconv.Atoi(strings.TrimSpace(said)); err == nil && n >= 0 {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(said); err == nil {
		wait = max(0, time.Until(at))
	}
	switch a.StatusCode {
	case http.StatusTooManyRequests:
		return wait, true
	case http.StatusServiceUnavailable, http.StatusForbidden:
		return wait, said != ""
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusInternalServerError:
		return wait, attempt <= 2
	}
	return 0, false
}

// Body reads an answer whole, within the limit.
func (w *Web) Body(a *http.Response) ([]byte, error) {
	defer a.Body.Close()
	b, err := io.ReadAll(io.LimitReader(a.Body, MostAnswer+1))
	if len(b) > MostAnswer {
		return nil, Refuse(errSize, w.Host(), MostAnswer>>20)
	}
	if err != nil {
		return nil, Unreachable(w.Host())
	}
	return b, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func contains(list []int, n int) bool {
	for _, v := range list {
		if v == n {
			return true
		}
	}
	return false
}
