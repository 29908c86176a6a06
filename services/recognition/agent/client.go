package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/reach"
	"github.com/rempart/rempart/services/recognition/wire"
)

var (
	errServer  = i18n.Fault(core.Invalid, "agent.server", "L'adresse du serveur est de la forme https://confiance.exemple.fr.", "The address of the server is like https://trust.example.org.")
	errReach   = i18n.Fault(core.Busy, "agent.unreachable", "La plateforme ne répond pas.", "The platform does not answer.")
	errAnswer  = i18n.Fault(core.Busy, "agent.answer", "La plateforme a répondu quelque chose d'inattendu (%d).", "The platform answered something unexpected (%d).")
	errRefusal = i18n.Fault(core.Forbidden, "agent.refused", "La plateforme refuse : %s.", "The platform refuses: %s.")
)

// mostAnswer is the largest answer read: the short forms of ten million cards.
const mostAnswer = 96 << 20

// Client asks the platform.
type Client struct {
	base  string
	token string
	http  *http.Client
	// waited is for how long answers were waited for, in nanoseconds.
	waited atomic.Int64
}

// NewClient makes one. Without TLS only this very computer is spoken to.
func NewClient(server, token string) (*Client, error) {
	origin, ok := reach.Origin(server)
	if !ok {
		return nil, errServer
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: wire.Patience + 20*time.Second, MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second,
		DialContext: (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
	}
	return &Client{base: origin + "/api/v1", token: token, http: &http.Client{
		Transport: transport, Timeout: 5 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Refused is an answer of the platform that asking again does not change.
type Refused struct {
	Status int
	Code   string // stable: "sync.session"
	After  time.Duration
}

func (r *Refused) Error() string {
	return fmt.Sprintf("agent: the platform answered %d %s", r.Status, r.Code)
}

// codeOf gives the code that the platform refused with.
func codeOf(err error) string {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Code
	}
	return ""
}

// pause waits before something is asked again.
func (c *Client) pause(ctx context.Context, d time.Duration) error {
	defer c.since(time.Now())
	return sleep(ctx, d)
}

func (c *Client) since(began time.Time) { c.waited.Add(int64(time.Since(began))) }

// ask does one request. A body of bytes goes as it is, anything else as JSON.
func (c *Client) ask(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	kind := ""
	switch v := in.(type) {
	case nil:
	case []byte:
		body, kind = bytes.NewReader(v), "application/octet-stream"
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		body, kind = bytes.NewReader(b), "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("User-Agent", "rempart-agent")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	defer c.since(time.Now())
	res, err := c.http.Do(req)
	if err != nil {
		return errReach.Because(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return errReach.Because(err)
	}
	if res.StatusCode >= 300 {
		return refusal(res, b)
	}
	switch v := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*v = b
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fault(errAnswer, res.StatusCode).Because(err)
	}
	return nil
}

func fault(e *core.Error, args ...any) *core.Error {
	f := *e
	f.Args = args
	return &f
}

func refusal(res *http.Response, body []byte) error {
	r := &Refused{Status: res.StatusCode}
	var problem struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(body, &problem) == nil {
		r.Code = problem.Code
	}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s >= 0 {
		r.After = min(time.Duration(s)*time.Second, time.Hour)
	}
	return r
}

// passing tells whether asking again may help.
func passing(err error) bool {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Status == http.StatusTooManyRequests || r.Status >= 500
	}
	return errors.Is(err, errReach) || errors.Is(err, errAnswer)
}

// tries is how often one request is made before the turn is given up; the next turn goes on where this one was cut.
const tries = 5

// insist asks until it is answered, with longer and longer pauses.
func (c *Client) insist(ctx context.Context, method, path string, in, out any) error {
	pause := 500 * time.Millisecond
	for try := 1; ; try++ {
		err := c.ask(ctx, method, path, in, out)
		if err == nil || !passing(err) || try == tries {
			return err
		}
		wait := jitter(pause)
		if r, ok := errors.AsType[*Refused](err); ok && r.After > 0 {
			wait = r.After + jitter(200*time.Millisecond)
		}
		if err := c.pause(ctx, wait); err != nil {
			return err
		}
		pause = min(2*pause, 30*time.Second)
	}
}

func (id *Identity) syncPath() string {
	return "/organizations/" + url.PathEscape(string(id.Organization)) + "/links/" + url.PathEscape(string(id.Link)) + "/sync"
}

// open begins a session. While the platform still loads what the session before brought, it is waited for.
func (a *Agent) open(ctx context.Context, mapping int64, full, fresh bool) (o wire.Opened, err error) {
	for {
		err = a.client.insist(ctx, http.MethodPost, a.id.syncPath(), map[string]any{
			"mapping": mapping, "full": full, "fresh": fresh, "every": int(a.cfg.Every / time.Second), "version": a.version,
		}, &o)
		if err == nil && o.Waiting {
			err = errWaiting
		}
		if err != nil || !o.Loading {
			return o, err
		}
		o = wire.Opened{}
		if err := a.client.pause(ctx, 4*a.poll); err != nil {
			return o, err
		}
	}
}

func (a *Agent) session(o wire.Opened, rest string) string {
	return a.id.syncPath() + "/" + url.PathEscape(string(o.Session)) + rest
}

func (a *Agent) push(ctx context.Context, o wire.Opened, number int, chunk []byte) (next int, err error) {
	var pushed struct {
		Next int `json:"next"`
	}
	err = a.client.insist(ctx, http.MethodPut, a.session(o, "/chunks/"+strconv.Itoa(number)), chunk, &pushed)
	return pushed.Next, err
}

func (a *Agent) cells(ctx context.Context, o wire.Opened, n int) (wire.Cells, error) {
	var b []byte
	if err := a.client.insist(ctx, http.MethodPost, a.session(o, "/cells"), map[string]int{"cells": n}, &b); err != nil {
		return nil, err
	}
	return wire.ParseCells(b)
}

func (a *Agent) items(ctx context.Context, o wire.Opened) ([]wire.Item, error) {
	var b []byte
	if err := a.client.insist(ctx, http.MethodPost, a.session(o, "/items"), nil, &b); err != nil {
		return nil, err
	}
	return wire.ParseItems(b)
}

func (a *Agent) commit(ctx context.Context, o wire.Opened, count int, digest wire.Digest) (c wire.Committed, err error) {
	err = a.client.insist(ctx, http.MethodPost, a.session(o, "/commit"), map[string]any{"count": count, "digest": digest.String()}, &c)
	return c, err
}

func (a *Agent) stands(ctx context.Context, o wire.Opened) (c wire.Committed, err error) {
	err = a.client.insist(ctx, http.MethodGet, a.session(o, ""), nil, &c)
	return c, err
}
