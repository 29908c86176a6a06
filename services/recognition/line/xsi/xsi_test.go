package xsi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/xsi"
)

// told is an event of a call, as BroadWorks writes one on a channel.
func told(kind, call, personality, remote, more string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><xsi:Event xsi1:type="xsi:SubscriptionEvent" xmlns:xsi="http://schema.broadsoft.com/xsi" xmlns:xsi1="http://www.w3.org/2001/XMLSchema-instance">` +
		`<xsi:eventID>e-` + call + kind + `</xsi:eventID><xsi:sequenceNumber>1</xsi:sequenceNumber><xsi:userId>101@pbx.example</xsi:userId><xsi:externalApplicationId>rempart</xsi:externalApplicationId>` +
		`<xsi:subscriptionId>s</xsi:subscriptionId><xsi:targetId>101@pbx.example</xsi:targetId><xsi:eventData xsi1:type="xsi:` + kind + `"><xsi:call><xsi:callId>` + call + `</xsi:callId>` +
		`<xsi:extTrackingId>1:1</xsi:extTrackingId><xsi:personality>` + personality + `</xsi:personality><xsi:state>Alerting</xsi:state><xsi:remoteParty>` + remote + `</xsi:remoteParty>` + more +
		`</xsi:call></xsi:eventData></xsi:Event>`
}

const jeanne = `<xsi:name>Jeanne</xsi:name><xsi:address countryCode="33">tel:+33612345678</xsi:address><xsi:callType>Network</xsi:callType>`

func broadworks(t *testing.T, events ...string) (*httptest.Server, chan string) {
	t.Helper()
	asked := make(chan string, 32)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "watcher" || password != "good" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, _ := io.ReadAll(r.Body)
		asked <- r.Method + " " + r.URL.RequestURI() + " " + string(body)
		switch {
		case strings.HasSuffix(r.URL.Path, "/calls/new"):
			fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><CallStartInfo xmlns="http://schema.broadsoft.com/xsi"><callId>callhalf-9:0</callId><externalTrackingId>9:1</externalTrackingId></CallStartInfo>`)
		case strings.HasPrefix(r.URL.Path, "/com.broadsoft.async/"):
			fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><Channel xmlns="http://schema.broadsoft.com/xsi"><channelId>c-1</channelId><expires>3600</expires></Channel>`)
			for _, e := range append([]string{`<ChannelHeartBeat xmlns="http://schema.broadsoft.com/xsi"/>`}, events...) {
				fmt.Fprint(w, e)
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		}
	}))
	t.Cleanup(front.Close)
	t.Cleanup(front.CloseClientConnections)
	return front, asked
}

func open(front *httptest.Server, password string) *xsi.Line {
	return xsi.New(xsi.Config{URL: front.URL, User: "watcher", Password: password, Domain: "pbx.example", Extensions: []string{"101"}, Client: front.Client()})
}

func TestCallsAreRead(t *testing.T) {
	front, asked := broadworks(t,
		told("CallReceivedEvent", "callhalf-1:0", "Terminator", jeanne, ""),
		told("CallAnsweredEvent", "callhalf-1:0", "Terminator", jeanne, ""),
		told("CallReleasedEvent", "callhalf-1:0", "Terminator", jeanne, ""),
		told("CallReceivedEvent", "callhalf-2:0", "Terminator", jeanne+`<xsi:privacy/>`, ""),
		told("CallReleasedEvent", "callhalf-2:0", "Terminator", "", `<xsi:releaseCause><xsi:internalReleaseCause>Call Answered Elsewhere</xsi:internalReleaseCause></xsi:releaseCause>`),
		told("CallOriginatedEvent", "callhalf-3:0", "Click-to-Dial", jeanne, ""),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	seen := make(chan line.Event, 16)
	l := open(front, "good")
	go func() { _ = l.Watch(ctx, func(e line.Event) { seen <- e }) }()
	known := line.Event{Call: "callhalf-1:0", Extension: "101", Remote: "+33612345678", Display: "Jeanne"}
	hidden := line.Event{Call: "callhalf-2:0", Extension: "101", Hidden: true}
	out := line.Event{Call: "callhalf-3:0", Extension: "101", Remote: "+33612345678", Display: "Jeanne", Outgoing: true, Own: true}
	for i, want := range []struct {
		e line.Event
		s line.State
	}{{known, line.Ringing}, {known, line.Answered}, {known, line.Ended}, {hidden, line.Ringing}, {hidden, line.Elsewhere}, {out, line.Ringing}} {
		select {
		case got := <-seen:
			want.e.State, got.At = want.s, time.Time{}
			if got != want.e {
				t.Errorf("event %d is %+v\nwant %+v", i, got, want.e)
			}
		case <-ctx.Done():
			t.Fatalf("event %d does not come", i)
		}
	}
	if first := <-asked; !strings.HasPrefix(first, "POST /com.broadsoft.async/com.broadsoft.xsi-events/v2.0/channel ") || !strings.Contains(first, "<channelSetId>rempart-") {
		t.Errorf("the channel is asked for by %s", first)
	}
	if second := <-asked; !strings.HasPrefix(second, "POST /com.broadsoft.xsi-events/v2.0/user/101@pbx.example ") || !strings.Contains(second, "<event>Advanced Call</event>") {
		t.Errorf("the subscription is asked for by %s", second)
	}
}

func TestRequests(t *testing.T) {
	front, asked := broadworks(t)
	l := open(front, "good")
	call, err := l.Dial(t.Context(), "101", "+33142000000")
	if err != nil || call != "callhalf-9:0" {
		t.Fatal(call, err)
	}
	if got := <-asked; got != "POST /com.broadsoft.xsi-actions/v2.0/user/101@pbx.example/calls/new?address=%2B33142000000 " {
		t.Errorf("asked %q", got)
	}
	if err := l.Hangup(t.Context(), "101", call); err != nil {
		t.Error(err)
	}
	if got := <-asked; got != "DELETE /com.broadsoft.xsi-actions/v2.0/user/101@pbx.example/calls/callhalf-9:0 " {
		t.Errorf("asked %q", got)
	}
	if err := open(front, "bad").Watch(t.Context(), func(line.Event) {}); !errors.Is(err, line.ErrRefused) {
		t.Errorf("a wrong password gives %v", err)
	}
}

// TestAnExchangeCannotFillTheMemory: a document without an end is not gathered; the channel is given up.
func TestAnExchangeCannotFillTheMemory(t *testing.T) {
	front, _ := broadworks(t, `<xsi:Event xmlns:xsi="http://schema.broadsoft.com/xsi"><xsi:eventID>`+strings.Repeat("x", 2*line.MostText))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := open(front, "good").Watch(ctx, func(line.Event) {}); !errors.Is(err, line.ErrUnreachable) {
		t.Errorf("a document of half a megabyte is waited for: %v", err)
	}
}
