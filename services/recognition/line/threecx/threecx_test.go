package threecx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/socket"
	"github.com/rempart/rempart/services/recognition/line/threecx"
)

// pbx answers as 3CX's call control does: an event names a participant, whose state is then read.
func pbx(t *testing.T) (front *httptest.Server, asked chan string, change func(kind int, id, state string)) {
	t.Helper()
	asked = make(chan string, 16)
	events := make(chan string, 16)
	var state atomic.Value
	state.Store("")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /connect/token", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_secret") != "good" || r.PostFormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"let-me-in","refresh_token":null}`)
	})
	inside := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer let-me-in" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			h(w, r)
		}
	}
	mux.HandleFunc("GET /callcontrol/101/participants/{id}", inside(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, state.Load().(string))
	}))
	mux.HandleFunc("GET /callcontrol/ws", inside(func(w http.ResponseWriter, r *http.Request) {
		say, conn, err := socket.Serve(w, r)
		if err != nil {
			return
		}
		defer conn.Close()
		for e := range events {
			_ = say(1, e)
		}
	}))
	mux.HandleFunc("POST /callcontrol/101/", inside(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- r.URL.Path + " " + string(body)
		fmt.Fprint(w, `{"finalstatus":"Success","reason":"None","result":{"id":9,"status":"Dialing","dn":"101","party_caller_id":"","callid":31,"legid":1}}`)
	}))
	front = httptest.NewServer(mux)
	t.Cleanup(front.Close)
	t.Cleanup(front.CloseClientConnections)
	t.Cleanup(func() { close(events) })
	n := 0
	return front, asked, func(kind int, id, now string) {
		n++
		state.Store(now)
		events <- fmt.Sprintf(`{"sequence":%d,"event":{"event_type":%d,"entity":"/callcontrol/%s","attached_data":null}}`, n, kind, id)
	}
}

func participant(id int, status, number string) string {
	return fmt.Sprintf(`{"id":%d,"status":%q,"dn":"101","party_caller_name":"Jeanne","party_dn":"10001","party_caller_id":%q,"device_id":"sip:101@127.0.0.1","party_dn_type":"Wexternalline","direct_control":false,"callid":30,"legid":2}`, id, status, number)
}

func open(front *httptest.Server, secret string) *threecx.Line {
	return threecx.New(threecx.Config{URL: front.URL, ClientID: "rempart", Secret: secret, Extensions: []string{"101"}, Client: front.Client()})
}

func TestCallsAreRead(t *testing.T) {
	front, _, change := pbx(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	told := make(chan line.Event, 16)
	l := open(front, "good")
	go func() { _ = l.Watch(ctx, func(e line.Event) { told <- e }) }()
	next := func(want line.Event) {
		t.Helper()
		select {
		case got := <-told:
			got.At = time.Time{}
			if got != want {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("%+v does not come", want)
		}
	}
	known := line.Event{Call: "30.7", Extension: "101", State: line.Ringing, Remote: "+33612345678", Display: "Jeanne"}
	change(0, "999/participants/1", participant(1, "Ringing", "1")) // an extension that nobody watches
	change(0, "101/participants/7", participant(7, "Ringing", "+33612345678"))
	next(known)
	change(0, "101/participants/7", participant(7, "Connected", "+33612345678"))
	known.State = line.Answered
	next(known)
	change(1, "101/participants/7", "")
	known.State = line.Ended
	next(known)
	change(0, "101/participants/8", participant(8, "Ringing", "anonymous"))
	hidden := line.Event{Call: "30.8", Extension: "101", State: line.Ringing, Hidden: true}
	next(hidden)
	change(1, "101/participants/8", "")
	hidden.State = line.Missed
	next(hidden)
}

func TestRequests(t *testing.T) {
	front, asked, _ := pbx(t)
	l := open(front, "good")
	call, err := l.Dial(t.Context(), "101", "+33142000000")
	if err != nil || call != "31.9" {
		t.Fatal(call, err)
	}
	if got := <-asked; got != `/callcontrol/101/makecall {"destination":"+33142000000"}` {
		t.Errorf("asked %s", got)
	}
	if err := l.Hangup(t.Context(), "101", call); err != nil {
		t.Error(err)
	}
	if got := <-asked; got != `/callcontrol/101/participants/9/drop {}` {
		t.Errorf("asked %s", got)
	}
	if err := open(front, "bad").Watch(t.Context(), func(line.Event) {}); !errors.Is(err, line.ErrRefused) {
		t.Errorf("a wrong key gives %v", err)
	}
}
