package ari_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/ari"
	"github.com/rempart/rempart/services/recognition/line/socket"
)

// channel is an event on a channel, as Asterisk writes one.
func channel(kind, id, name, state, caller, connected, more string) string {
	return fmt.Sprintf(`{"type":%q,"timestamp":"2026-11-22T12:00:00.000+0100"%s,"channel":{"id":%q,"name":%q,"state":%q,"caller":{"name":"","number":%q},`+
		`"connected":{"name":"Jeanne","number":%q},"accountcode":"","dialplan":{"context":"from-internal","exten":"0142000000","priority":1},"creationtime":"2026-11-22T12:00:00.000+0100","language":"en"},`+
		`"asterisk_id":"00:11:22:33:44:55","application":"rempart"}`, kind, more, id, name, state, caller, connected)
}

func asterisk(t *testing.T, events ...string) (*httptest.Server, chan string) {
	t.Helper()
	asked := make(chan string, 8)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "rempart" || password != "good" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path != "/ari/events" {
			body, _ := io.ReadAll(r.Body)
			asked <- r.Method + " " + r.URL.RequestURI() + " " + string(body)
			if r.URL.Path == "/ari/channels/none" {
				w.WriteHeader(http.StatusNotFound)
			}
			return
		}
		say, conn, err := socket.Serve(w, r)
		if err != nil {
			return
		}
		defer conn.Close()
		_ = say(9, "still there?")
		for _, e := range events {
			_ = say(1, e)
		}
		_, _ = io.Copy(io.Discard, conn)
	}))
	t.Cleanup(front.Close)
	t.Cleanup(front.CloseClientConnections)
	return front, asked
}

func open(front *httptest.Server, password string) *ari.Line {
	return ari.New(ari.Config{URL: front.URL + "/", User: "rempart", Password: password, Tech: "PJSIP", Context: "from-internal", Extensions: []string{"101"}, Client: front.Client()})
}

func TestCallsAreRead(t *testing.T) {
	const phone = "PJSIP/101-00000002"
	front, _ := asterisk(t,
		channel("ChannelCreated", "1.1", phone, "Down", "101", "+33612345678", ""),
		channel("ChannelStateChange", "1.1", phone, "Ringing", "101", "+33612345678", ""),
		channel("ChannelStateChange", "1.1", phone, "Up", "101", "+33612345678", ""),
		channel("ChannelDestroyed", "1.1", phone, "Up", "101", "+33612345678", `,"cause":16,"cause_txt":"Normal Clearing"`),
		channel("ChannelStateChange", "2.1", "PJSIP/trunk-00000001", "Ring", "", "", ""), // no phone of ours
		channel("ChannelStateChange", "3.1", phone, "Ringing", "101", "", ""),            // no number: hidden
		channel("ChannelDestroyed", "3.1", phone, "Ringing", "101", "", `,"cause":26,"cause_txt":"Answered elsewhere"`),
		channel("ChannelStateChange", "4.1", phone, "Ring", "101", "", ""),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	told := make(chan line.Event, 16)
	l := open(front, "good")
	go func() { _ = l.Watch(ctx, func(e line.Event) { told <- e }) }()
	known := line.Event{Call: "1.1", Extension: "101", Remote: "+33612345678", Display: "Jeanne"}
	hidden := line.Event{Call: "3.1", Extension: "101", Hidden: true}
	out := line.Event{Call: "4.1", Extension: "101", Outgoing: true, Remote: "0142000000"}
	for i, want := range []struct {
		e line.Event
		s line.State
	}{{known, line.Ringing}, {known, line.Answered}, {known, line.Ended}, {hidden, line.Ringing}, {hidden, line.Elsewhere}, {out, line.Ringing}} {
		select {
		case got := <-told:
			want.e.State, got.At = want.s, time.Time{}
			if got != want.e {
				t.Errorf("event %d is %+v\nwant %+v", i, got, want.e)
			}
		case <-ctx.Done():
			t.Fatalf("event %d does not come", i)
		}
	}
	if l.Up() != nil {
		t.Error("it says that it is not connected")
	}
}

func TestRequests(t *testing.T) {
	front, asked := asterisk(t)
	l := open(front, "good")
	id, err := l.Dial(t.Context(), "101", "+33142000000")
	if err != nil {
		t.Fatal(err)
	}
	want := `POST /ari/channels {"callerId":"+33142000000","channelId":"` + id + `","context":"from-internal","endpoint":"PJSIP/101","extension":"+33142000000","priority":1,"timeout":30}`
	if got := <-asked; got != want {
		t.Errorf("asked %s\nwant %s", got, want)
	}
	if err := l.Hangup(t.Context(), "101", "none"); !errors.Is(err, line.ErrNoCall) {
		t.Errorf("got %v", err)
	}
	if err := open(front, "bad").Watch(t.Context(), func(line.Event) {}); !errors.Is(err, line.ErrRefused) {
		t.Errorf("a wrong password gives %v", err)
	}
}
