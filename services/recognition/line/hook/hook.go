// Package hook is a hosted exchange that tells its calls by requests to the platform, and dials by a request to it.
//
// Owns: the form of that request, and of the events that hosted exchanges send as forms. Must not know: who may send them.
// Start reading at: Line, then Form.
package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rempart/rempart/services/recognition/line"
)

// Config is how the exchange dials. {extension} and {number} stand where they go; without a URL nothing can be dialled.
type Config struct {
	URL    string
	Method string // "POST" unless "GET"
	Body   string // JSON when it begins with { or [, a form otherwise
	Header string // value of Authorization
	Client *http.Client
}

type exchange struct{ conf Config }

// New makes the line.
func New(conf Config) line.Line { return exchange{conf} }

// Watch waits: what happens is told to the platform's API, not to this line.
func (exchange) Watch(ctx context.Context, _ func(line.Event)) error {
	<-ctx.Done()
	return ctx.Err()
}

// Hangup cannot be done from here.
func (exchange) Hangup(context.Context, string, string) error { return line.ErrUnsupported }

// Dial sends the request.
func (x exchange) Dial(ctx context.Context, extension, number string) (string, error) {
	if x.conf.URL == "" {
		return "", line.ErrUnsupported
	}
	method, in := http.MethodPost, func(encode func(string) string) *strings.Replacer {
		return strings.NewReplacer("{extension}", encode(extension), "{number}", encode(number))
	}
	if x.conf.Method == http.MethodGet {
		method = http.MethodGet
	}
	kind, encode := "application/x-www-form-urlencoded", url.QueryEscape
	if body := strings.TrimSpace(x.conf.Body); strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		kind, encode = "application/json", inJSON
	}
	req, err := http.NewRequestWithContext(ctx, method, in(encoded).Replace(x.conf.URL), strings.NewReader(in(encode).Replace(x.conf.Body)))
	if err != nil {
		return "", fmt.Errorf("%w: %w", line.ErrRefused, err)
	}
	if x.conf.Body != "" {
		req.Header.Set("Content-Type", kind)
	}
	if x.conf.Header != "" {
		req.Header.Set("Authorization", x.conf.Header)
	}
	res, err := x.conf.Client.Do(req)
	if err != nil {
		return "", fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	err = errors.Join(err, res.Body.Close())
	switch {
	case res.StatusCode >= 500:
		return "", fmt.Errorf("%w: %d", line.ErrUnreachable, res.StatusCode)
	case res.StatusCode >= 300:
		return "", fmt.Errorf("%w: %d", line.ErrRefused, res.StatusCode)
	}
	return "", err
}

// encoded keeps a value within its place of an address: a path segment or a parameter.
func encoded(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }

func inJSON(v string) string {
	text, _ := json.Marshal(v)
	return string(text[1 : len(text)-1])
}

// Form reads an event as hosted exchanges send one (newCall, answer, hangup; from, to, direction, callId), for one extension: the one
// that user names, or else the number on our side. A form that says nothing of a call gives false.
func Form(f url.Values) (events []line.Event, ok bool) {
	out := f.Get("direction") == "out"
	e := line.Event{Call: f.Get("callId"), Outgoing: out, Remote: f.Get("from")}
	side := f.Get("to")
	if out {
		e.Remote, side = side, e.Remote
	}
	switch f.Get("event") {
	case "newCall":
		e.State = line.Ringing
	case "answer":
		e.State = line.Answered
	case "hangup":
		if e.State = line.Ended; !out {
			switch f.Get("cause") {
			case "cancel", "noAnswer", "notFound", "busy":
				e.State = line.Missed
			case "forwarded":
				e.State = line.Elsewhere
			}
		}
	default:
		return nil, false
	}
	e.Hidden = !out && (strings.EqualFold(e.Remote, "anonymous") || e.Remote == "")
	if e.Hidden {
		e.Remote = ""
	}
	users := append(append(append([]string(nil), f["extension[]"]...), f["extension"]...), f["userId[]"]...)
	if len(users) == 0 {
		users = append(users, f["userId"]...)
	}
	if len(users) == 0 && side != "" {
		users = []string{strings.TrimPrefix(side, "+")}
	}
	for _, u := range users {
		one := e
		one.Extension = u
		events = append(events, one)
	}
	return events, e.Call != "" && len(events) > 0
}
