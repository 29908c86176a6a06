// Package threecx speaks to 3CX by its call control API (version 20): contract-tested against the published form of its events, not yet
// against a live 3CX.
//
// Owns: its tokens, events and requests. Must not know: who makes its client. Start reading at: New.
package threecx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/socket"
)

// Config is one 3CX.
type Config struct {
	URL        string // "https://pbx.example.com"
	ClientID   string
	Secret     string
	Extensions []string
	Client     *http.Client
}

// Line is one 3CX.
type Line struct {
	conf Config
	up   atomic.Bool

	mu    sync.Mutex
	token string
	until time.Time
}

// New makes the line.
func New(conf Config) *Line {
	conf.URL = strings.TrimRight(conf.URL, "/")
	return &Line{conf: conf}
}

// Up tells whether it is connected.
func (l *Line) Up() error {
	if !l.up.Load() {
		return line.ErrUnreachable
	}
	return nil
}

// bearer gives an access token, asked for again a minute before it ends.
func (l *Line) bearer(ctx context.Context) (http.Header, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().After(l.until) {
		form := url.Values{"client_id": {l.conf.ClientID}, "client_secret": {l.conf.Secret}, "grant_type": {"client_credentials"}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.conf.URL+"/connect/token", strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		var answer struct {
			Token   string `json:"access_token"`
			Expires int    `json:"expires_in"`
		}
		if err := l.read(req, &answer); err != nil {
			return nil, err
		}
		l.token, l.until = answer.Token, time.Now().Add(time.Duration(answer.Expires)*time.Second-time.Minute)
	}
	return http.Header{"Authorization": {"Bearer " + l.token}}, nil
}

// read sends a request and reads its answer, when into is not nil.
func (l *Line) read(req *http.Request, into any) error {
	res, err := l.conf.Client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	err = errors.Join(err, res.Body.Close())
	switch {
	case res.StatusCode == http.StatusNotFound:
		return line.ErrNoCall
	case res.StatusCode >= 500:
		return fmt.Errorf("%w: %d", line.ErrUnreachable, res.StatusCode)
	case res.StatusCode >= 300:
		return fmt.Errorf("%w: %d", line.ErrRefused, res.StatusCode)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(body, into)
	}
	return err
}

func (l *Line) ask(ctx context.Context, method, path string, body, into any) error {
	head, err := l.bearer(ctx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		text = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, l.conf.URL+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header = head.Clone()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return l.read(req, into)
}

// participant is one side of a call, on an extension.
type participant struct {
	ID     int    `json:"id"`
	Status string `json:"status"`
	Name   string `json:"party_caller_name"`
	Number string `json:"party_caller_id"`
	Call   int    `json:"callid"`
}

// change says that something of the exchange was changed (0) or went (1).
type change struct {
	Event struct {
		Type   int    `json:"event_type"`
		Entity string `json:"entity"` // "/callcontrol/101/participants/7"
	} `json:"event"`
}

// entityOf gives the extension and the participant that a change is about.
func (l *Line) entityOf(path string) (ext, id string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) != 4 || parts[0] != "callcontrol" || parts[2] != "participants" {
		return "", ""
	}
	if _, err := strconv.Atoi(parts[3]); err != nil {
		return "", ""
	}
	for _, e := range l.conf.Extensions {
		if e == parts[1] {
			return e, parts[3]
		}
	}
	return "", ""
}

// Watch reads events until the connection ends.
func (l *Line) Watch(ctx context.Context, tell func(line.Event)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	head, err := l.bearer(ctx)
	if errors.Is(err, line.ErrNoCall) {
		err = line.ErrUnreachable
	}
	if err != nil {
		return err
	}
	c, err := socket.Dial(ctx, l.conf.Client, l.conf.URL+"/callcontrol/ws", head)
	if status, ok := errors.AsType[socket.StatusError](err); ok && (status == 401 || status == 403) {
		return fmt.Errorf("%w: %w", line.ErrRefused, err)
	} else if err != nil {
		return fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	defer c.Close()
	l.up.Store(true)
	defer l.up.Store(false)
	calls := map[string]*line.Event{}
	for {
		text, err := c.Read()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%w: %w", line.ErrUnreachable, err)
		}
		var e change
		if json.Unmarshal(text, &e) != nil {
			continue
		}
		if ext, id := l.entityOf(e.Event.Entity); ext != "" {
			l.changed(ctx, ext, id, e.Event.Type, calls, tell)
		}
	}
}

// changed asks what became of a participant, and tells.
func (l *Line) changed(ctx context.Context, ext, id string, kind int, calls map[string]*line.Event, tell func(line.Event)) {
	key := ext + "/" + id
	seen := calls[key]
	say := func(s line.State) {
		seen.State, seen.At = s, time.Now()
		tell(*seen)
	}
	var p participant
	gone := kind == 1
	if !gone {
		err := l.ask(ctx, http.MethodGet, "/callcontrol/"+url.PathEscape(ext)+"/participants/"+id, nil, &p)
		if gone = errors.Is(err, line.ErrNoCall); err != nil && !gone {
			return
		}
	}
	switch {
	case gone && seen != nil:
		delete(calls, key)
		if seen.State == line.Answered || seen.Outgoing {
			say(line.Ended)
		} else {
			say(line.Missed)
		}
	case gone:
	case seen == nil && len(calls) >= line.MostCalls:
	case seen == nil && (p.Status == "Ringing" || p.Status == "Dialing"):
		e := line.Event{Call: strconv.Itoa(p.Call) + "." + id, Extension: ext, Remote: p.Number, Display: p.Name, Outgoing: p.Status == "Dialing"}
		e.Hidden = !e.Outgoing && (p.Number == "" || strings.EqualFold(p.Number, "anonymous"))
		if e.Hidden {
			e.Remote, e.Display = "", ""
		}
		seen = &e
		calls[key] = seen
		say(line.Ringing)
	case seen != nil && seen.State == line.Ringing && (p.Status == "Connected" || p.Status == "Talking"):
		say(line.Answered)
	}
}

// Dial rings the extension's own phone first, as its makecall does.
func (l *Line) Dial(ctx context.Context, extension, number string) (string, error) {
	var answer struct {
		Result participant `json:"result"`
	}
	err := l.ask(ctx, http.MethodPost, "/callcontrol/"+url.PathEscape(extension)+"/makecall", map[string]string{"destination": number}, &answer)
	if err != nil {
		return "", err
	}
	return strconv.Itoa(answer.Result.Call) + "." + strconv.Itoa(answer.Result.ID), nil
}

// Hangup drops the extension's side of a call.
func (l *Line) Hangup(ctx context.Context, extension, call string) error {
	_, id, ok := strings.Cut(call, ".")
	if !ok {
		return line.ErrNoCall
	}
	return l.ask(ctx, http.MethodPost, "/callcontrol/"+url.PathEscape(extension)+"/participants/"+url.PathEscape(id)+"/drop", map[string]string{}, nil)
}
