// Package ari speaks to Asterisk by its REST interface (ARI, Asterisk 13 and later): contract-tested against the published form of its
// events, not yet against a live Asterisk.
//
// Owns: the events and requests of ARI. Must not know: who makes its client. Start reading at: New.
package ari

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/socket"
)

// Config is one Asterisk.
type Config struct {
	URL            string // "https://pbx.example.com:8089"
	User, Password string
	Tech           string // of phones: "PJSIP"
	Context        string // numbers are dialled in
	Extensions     []string
	Client         *http.Client
}

const (
	ours = "rempart-"
	app  = "rempart"
)

// Line is one Asterisk.
type Line struct {
	conf Config
	up   atomic.Bool
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

func (l *Line) head() http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(l.conf.User+":"+l.conf.Password))}}
}

// event is what ARI tells; only what is read of it.
type event struct {
	Type    string `json:"type"`
	Cause   int    `json:"cause"`
	Channel struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		State     string `json:"state"`
		Caller    party  `json:"caller"`
		Connected party  `json:"connected"`
		Dialplan  struct {
			Exten string `json:"exten"`
		} `json:"dialplan"`
	} `json:"channel"`
}

type party struct {
	Name   string `json:"name"`
	Number string `json:"number"`
}

// Watch reads events until the connection ends.
func (l *Line) Watch(ctx context.Context, tell func(line.Event)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c, err := socket.Dial(ctx, l.conf.Client, l.conf.URL+"/ari/events?app="+app+"&subscribeAll=true", l.head())
	if err != nil {
		return because(err)
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
		var e event
		if json.Unmarshal(text, &e) == nil {
			l.read(&e, calls, tell)
		}
	}
}

func because(err error) error {
	if status, ok := errors.AsType[socket.StatusError](err); ok && (status == 401 || status == 403 || status == 404) {
		return fmt.Errorf("%w: %w", line.ErrRefused, err)
	}
	return fmt.Errorf("%w: %w", line.ErrUnreachable, err)
}

func (l *Line) phone(name string) string {
	rest, ok := strings.CutPrefix(name, l.conf.Tech+"/")
	if i := strings.LastIndexByte(rest, '-'); ok && i > 0 {
		for _, e := range l.conf.Extensions {
			if e == rest[:i] {
				return e
			}
		}
	}
	return ""
}

func (l *Line) read(e *event, calls map[string]*line.Event, tell func(line.Event)) {
	ext := l.phone(e.Channel.Name)
	if ext == "" {
		return
	}
	seen, id := calls[e.Channel.ID], e.Channel.ID
	say := func(s line.State) {
		seen.State, seen.At = s, time.Now()
		tell(*seen)
	}
	switch e.Type {
	case "ChannelStateChange", "ChannelCreated", "ChannelConnectedLine":
		if seen == nil {
			if len(calls) >= line.MostCalls {
				return
			}
			begun := line.Event{Call: id, Extension: ext, Own: strings.HasPrefix(id, ours)}
			switch e.Channel.State {
			case "Ringing":
				begun.Remote, begun.Display, begun.Outgoing = e.Channel.Connected.Number, e.Channel.Connected.Name, begun.Own
				begun.Hidden = !begun.Own && (begun.Remote == "" || strings.EqualFold(begun.Remote, "anonymous"))
				if begun.Hidden {
					begun.Remote, begun.Display = "", ""
				}
			case "Ring":
				begun.Remote, begun.Outgoing = e.Channel.Dialplan.Exten, true
			default:
				return
			}
			seen = &begun
			calls[id] = seen
			say(line.Ringing)
		} else if e.Channel.State == "Up" && seen.State == line.Ringing {
			say(line.Answered)
		}
	case "ChannelDestroyed":
		if seen == nil {
			return
		}
		delete(calls, id)
		switch {
		case seen.State == line.Answered || seen.Outgoing:
			say(line.Ended)
		case e.Cause == 26:
			say(line.Elsewhere)
		default:
			say(line.Missed)
		}
	}
}

// Dial rings the extension's own phone, then puts it in the dial plan with the number, which stands in the body of the request.
func (l *Line) Dial(ctx context.Context, extension, number string) (string, error) {
	id := ours + string(ids.New())
	body, err := json.Marshal(map[string]any{
		"endpoint": l.conf.Tech + "/" + extension, "extension": number, "context": l.conf.Context, "priority": 1, "callerId": number, "timeout": 30, "channelId": id,
	})
	if err != nil {
		return "", err
	}
	return id, l.ask(ctx, http.MethodPost, "/ari/channels", body)
}

// Hangup ends a call.
func (l *Line) Hangup(ctx context.Context, _, call string) error {
	return l.ask(ctx, http.MethodDelete, "/ari/channels/"+url.PathEscape(call), nil)
}

func (l *Line) ask(ctx context.Context, method, path string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, l.conf.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = l.head()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := l.conf.Client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	err = errors.Join(err, res.Body.Close())
	switch {
	case res.StatusCode == http.StatusNotFound && method == http.MethodDelete:
		return line.ErrNoCall
	case res.StatusCode >= 500:
		return fmt.Errorf("%w: %d", line.ErrUnreachable, res.StatusCode)
	case res.StatusCode >= 300:
		return fmt.Errorf("%w: %d", line.ErrRefused, res.StatusCode)
	}
	return err
}
