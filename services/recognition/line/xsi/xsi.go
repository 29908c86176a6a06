// Package xsi speaks to BroadWorks, and to what is built on it, by Xsi-Events and Xsi-Actions (version 2.0): contract-tested against the
// published form of its events, not yet against a live BroadWorks.
//
// Owns: channels, subscriptions, events and requests of Xsi. Must not know: who makes its client. Start reading at: New.
package xsi

import (
	"context"
	"encoding/xml"
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
)

const (
	events  = "/com.broadsoft.xsi-events/v2.0"
	async   = "/com.broadsoft.async" + events
	actions = "/com.broadsoft.xsi-actions/v2.0"
)

// Config is one BroadWorks.
type Config struct {
	URL            string // "https://xsp.example.com"
	User, Password string // of an administrator who may watch these users
	Domain         string // added to an extension to name its user; "" when an extension is a user's id already
	Extensions     []string
	Client         *http.Client
}

// Line is one BroadWorks.
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

func (l *Line) user(extension string) string {
	if l.conf.Domain == "" || strings.Contains(extension, "@") {
		return extension
	}
	return extension + "@" + l.conf.Domain
}

type channelRequest struct {
	XMLName  xml.Name `xml:"http://schema.broadsoft.com/xsi Channel"`
	Set      string   `xml:"channelSetId"`
	Priority int      `xml:"priority"`
	Weight   int      `xml:"weight"`
	Expires  int      `xml:"expires"`
}

type subscription struct {
	XMLName xml.Name `xml:"http://schema.broadsoft.com/xsi Subscription"`
	Event   string   `xml:"event"`
	Expires int      `xml:"expires"`
	Set     string   `xml:"channelSetId"`
	App     string   `xml:"applicationId"`
}

type received struct {
	XMLName xml.Name `xml:"http://schema.broadsoft.com/xsi EventResponse"`
	ID      string   `xml:"eventID"`
	Status  int      `xml:"statusCode"`
	Reason  string   `xml:"reason"`
}

// event is what a channel tells of a call; only what is read of it.
type event struct {
	ID     string `xml:"eventID"`
	Target string `xml:"targetId"`
	User   string `xml:"userId"`
	Data   struct {
		Type string `xml:"type,attr"` // "xsi:CallReceivedEvent"
		Call struct {
			ID          string `xml:"callId"`
			Personality string `xml:"personality"` // Originator, Terminator, Click-to-Dial
			Remote      struct {
				Name    string `xml:"name"`
				Address struct {
					Text    string `xml:",chardata"`
					Country string `xml:"countryCode,attr"`
				} `xml:"address"`
				Privacy *struct{} `xml:"privacy"`
			} `xml:"remoteParty"`
			Cause string `xml:"releaseCause>internalReleaseCause"`
		} `xml:"call"`
	} `xml:"eventData"`
}

func (l *Line) ask(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = xml.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, l.conf.URL+path, strings.NewReader(xml.Header+string(text)))
	if err != nil {
		return nil, err
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.SetBasicAuth(l.conf.User, l.conf.Password)
	req.Header.Set("Content-Type", "application/xml; charset=UTF-8")
	patient := *l.conf.Client
	patient.Timeout = 0 // a channel stays open; every other request has the end of its context
	res, err := patient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	err = line.ErrRefused
	switch {
	case res.StatusCode == http.StatusNotFound:
		err = line.ErrNoCall
	case res.StatusCode >= 500:
		err = line.ErrUnreachable
	}
	return nil, errors.Join(fmt.Errorf("%w: %d", err, res.StatusCode), res.Body.Close())
}

// tell sends a request whose answer says nothing more.
func (l *Line) tell(ctx context.Context, method, path string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	res, err := l.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return errors.Join(err, res.Body.Close())
}

// Watch opens a channel, subscribes each extension to its calls, and reads what it tells.
func (l *Line) Watch(ctx context.Context, tell func(line.Event)) error {
	asked := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	set := "rempart-" + string(ids.New())
	res, err := l.ask(ctx, http.MethodPost, async+"/channel", channelRequest{Set: set, Priority: 1, Weight: 50, Expires: 3600})
	if errors.Is(err, line.ErrNoCall) {
		err = line.ErrRefused
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	bound := &io.LimitedReader{R: res.Body}
	r := reader{l: l, set: set, calls: map[string]*line.Event{}, tell: tell, bound: bound, taken: make(chan string, 64), lost: cancel}
	go r.acknowledge(ctx)
	err = r.read(ctx, xml.NewDecoder(bound))
	l.up.Store(false)
	if asked.Err() != nil {
		return asked.Err()
	}
	if !errors.Is(err, line.ErrRefused) {
		err = fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	return err
}

type reader struct {
	l     *Line
	set   string
	calls map[string]*line.Event
	tell  func(line.Event)
	bound *io.LimitedReader // of one document
	taken chan string       // ids of events to acknowledge
	lost  func()            // ends the watching
}

// acknowledge says which events were taken, one after another; the exchange tells again what was not said.
func (r *reader) acknowledge(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-r.taken:
			_ = r.l.tell(ctx, http.MethodPost, events+"/channel/eventresponse", received{ID: id, Status: 200, Reason: "OK"})
		}
	}
}

// read takes one document after another from a channel: itself, its heartbeats, events.
func (r *reader) read(ctx context.Context, in *xml.Decoder) error {
	in.Strict = false
	for {
		r.bound.N = line.MostText
		token, err := in.Token()
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "Channel":
			var made struct {
				ID string `xml:"channelId"`
			}
			if err := in.DecodeElement(&made, &start); err != nil {
				return err
			}
			if err := r.subscribe(ctx, made.ID); err != nil {
				return err
			}
		case "Event":
			var e event
			if err := in.DecodeElement(&e, &start); err != nil {
				return err
			}
			select {
			case r.taken <- e.ID:
			default:
			}
			r.event(&e)
		case "ChannelTerminatedEvent":
			return io.EOF
		}
	}
}

func (r *reader) subscribe(ctx context.Context, channel string) error {
	for _, ext := range r.l.conf.Extensions {
		body := subscription{Event: "Advanced Call", Expires: 3600, Set: r.set, App: "rempart"}
		err := r.l.tell(ctx, http.MethodPost, events+"/user/"+url.PathEscape(r.l.user(ext)), body)
		if errors.Is(err, line.ErrNoCall) {
			err = line.ErrRefused // no such user
		}
		if err != nil {
			return err
		}
	}
	r.l.up.Store(true)
	go func() {
		tick := time.NewTicker(15 * time.Second)
		defer tick.Stop()
		for missed := 0; missed < 3; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				missed++
				if r.l.tell(ctx, http.MethodPut, events+"/channel/"+url.PathEscape(channel)+"/heartbeat", nil) == nil {
					missed = 0
				}
			}
		}
		r.lost() // a dead connection says nothing by itself
	}()
	return nil
}

func (r *reader) event(e *event) {
	call := &e.Data.Call
	ext := ""
	for _, x := range r.l.conf.Extensions {
		if user := r.l.user(x); user == e.Target || user == e.User {
			ext = x
		}
	}
	if ext == "" || call.ID == "" {
		return
	}
	key := ext + " " + call.ID
	seen := r.calls[key]
	say := func(s line.State) {
		seen.State, seen.At = s, time.Now()
		r.tell(*seen)
	}
	_, kind, _ := strings.Cut(e.Data.Type, ":")
	switch {
	case seen == nil && len(r.calls) >= line.MostCalls:
	case seen == nil && (kind == "CallReceivedEvent" || kind == "CallOriginatedEvent" || kind == "CallOriginatingEvent"):
		seen = &line.Event{
			Call: call.ID, Extension: ext, Outgoing: kind != "CallReceivedEvent", Own: call.Personality == "Click-to-Dial",
			Remote: strings.TrimPrefix(strings.TrimSpace(call.Remote.Address.Text), "tel:"), Display: call.Remote.Name,
		}
		if !seen.Outgoing && (call.Remote.Privacy != nil || seen.Remote == "") {
			seen.Hidden, seen.Remote, seen.Display = true, "", ""
		}
		r.calls[key] = seen
		say(line.Ringing)
	case seen != nil && kind == "CallAnsweredEvent" && seen.State == line.Ringing:
		say(line.Answered)
	case seen != nil && kind == "CallReleasedEvent":
		delete(r.calls, key)
		switch {
		case seen.State == line.Answered || seen.Outgoing:
			say(line.Ended)
		case strings.Contains(call.Cause, "Elsewhere"):
			say(line.Elsewhere)
		default:
			say(line.Missed)
		}
	}
}

// Dial rings the extension's own phone first, as Xsi-Actions does.
func (l *Line) Dial(ctx context.Context, extension, number string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	res, err := l.ask(ctx, http.MethodPost, actions+"/user/"+url.PathEscape(l.user(extension))+"/calls/new?address="+url.QueryEscape(number), nil)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `xml:"callId"`
	}
	err = xml.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&made)
	return made.ID, errors.Join(err, res.Body.Close())
}

// Hangup ends a call.
func (l *Line) Hangup(ctx context.Context, extension, call string) error {
	return l.tell(ctx, http.MethodDelete, actions+"/user/"+url.PathEscape(l.user(extension))+"/calls/"+url.PathEscape(call), nil)
}
