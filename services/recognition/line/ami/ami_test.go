package ami_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/ami"
)

// asterisk answers as the manager interface does, in the published form of its events. It tells script once somebody watches.
func asterisk(t *testing.T, script string) (address string, actions chan textproto.MIMEHeader) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	actions = make(chan textproto.MIMEHeader, 16)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn, script, actions)
		}
	}()
	return l.Addr().String(), actions
}

func serve(conn net.Conn, script string, actions chan<- textproto.MIMEHeader) {
	defer conn.Close()
	say := func(s string) { _, _ = conn.Write([]byte(strings.ReplaceAll(s, "\n", "\r\n"))) }
	say("Asterisk Call Manager/9.0.0\n")
	in := textproto.NewReader(bufio.NewReader(conn))
	for {
		m, err := in.ReadMIMEHeader()
		if err != nil {
			return
		}
		id := "\nActionID: " + m.Get("Actionid")
		switch {
		case m.Get("Action") == "Login" && m.Get("Secret") != "good":
			say("Response: Error" + id + "\nMessage: Authentication failed\n\n")
			return
		case m.Get("Action") == "Login":
			say("Response: Success" + id + "\nMessage: Authentication accepted\n\nEvent: FullyBooted\nPrivilege: system,all\nStatus: Fully Booted\n\n")
			if m.Get("Events") == "call" {
				say(script)
			}
		case m.Get("Action") == "Hangup" && m.Get("Channel") == "none":
			say("Response: Error" + id + "\nMessage: No such channel\n\n")
		default:
			actions <- m
			say("Event: Newchannel\nUniqueid: 1\n\nResponse: Success" + id + "\nMessage: Originate successfully queued\n\n")
		}
	}
}

func line1(address, password string) *ami.Line {
	var d net.Dialer
	return ami.New(ami.Config{Address: address, User: "rempart", Password: password, Tech: "PJSIP", Context: "from-internal", Extensions: []string{"101", "102"}, Dial: d.DialContext})
}

func event(name string, pairs ...string) string {
	s := "Event: " + name + "\nPrivilege: call,all\n"
	for i := 0; i+1 < len(pairs); i += 2 {
		s += pairs[i] + ": " + pairs[i+1] + "\n"
	}
	return s + "\n"
}

// dialling is a DialBegin to a phone, as Asterisk 20 writes one.
func dialling(from, number, name, to, dest string) string {
	return event("DialBegin", "Channel", "PJSIP/trunk-00000001", "ChannelState", "4", "ChannelStateDesc", "Ring", "CallerIDNum", number, "CallerIDName", name,
		"ConnectedLineNum", "<unknown>", "ConnectedLineName", "<unknown>", "Exten", "101", "Uniqueid", from, "Linkedid", from,
		"DestChannel", to, "DestChannelState", "0", "DestChannelStateDesc", "Down", "DestUniqueid", dest, "DestLinkedid", from, "DialString", "101/sip:101@192.0.2.4")
}

func watched(t *testing.T, l line.Line, n int) []line.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	told := make(chan line.Event, 32)
	go func() { _ = l.Watch(ctx, func(e line.Event) { told <- e }) }()
	var all []line.Event
	for range n {
		select {
		case e := <-told:
			e.At = time.Time{}
			all = append(all, e)
		case <-ctx.Done():
			t.Fatalf("only %d events came: %+v", len(all), all)
		}
	}
	return all
}

func TestCallsAreRead(t *testing.T) {
	address, _ := asterisk(t, strings.Join([]string{
		dialling("1763820000.1", "+33612345678", "Jeanne", "PJSIP/101-00000002", "1763820000.2"),
		event("Newstate", "Channel", "PJSIP/101-00000002", "ChannelState", "6", "ChannelStateDesc", "Up", "Uniqueid", "1763820000.2"),
		event("Hangup", "Channel", "PJSIP/101-00000002", "Uniqueid", "1763820000.2", "Cause", "16", "Cause-txt", "Normal Clearing"),
		dialling("1763820001.1", "0142000000", "", "PJSIP/102-00000003", "1763820001.2"),
		event("Hangup", "Channel", "PJSIP/102-00000003", "Uniqueid", "1763820001.2", "Cause", "26", "Cause-txt", "Answered elsewhere"),
		dialling("1763820002.1", "0142000001", "", "PJSIP/999-00000004", "1763820002.2"), // a phone that nobody watches
		event("NewCallerid", "Channel", "PJSIP/trunk-00000005", "Uniqueid", "1763820003.1", "CallerIDNum", "+33699999999", "CID-CallingPres", "35 (Presentation Prohibited, Network Number)"),
		dialling("1763820003.1", "+33699999999", "Leaked", "PJSIP/101-00000006", "1763820003.2"),
		dialling("1763820004.1", "<unknown>", "<unknown>", "PJSIP/102-00000007", "1763820004.2"),
	}, ""))
	got := watched(t, line1(address, "good"), 7)
	want := []line.Event{
		{Call: "1763820000.2", Extension: "101", State: line.Ringing, Remote: "+33612345678", Display: "Jeanne"},
		{Call: "1763820000.2", Extension: "101", State: line.Answered, Remote: "+33612345678", Display: "Jeanne"},
		{Call: "1763820000.2", Extension: "101", State: line.Ended, Remote: "+33612345678", Display: "Jeanne"},
		{Call: "1763820001.2", Extension: "102", State: line.Ringing, Remote: "0142000000"},
		{Call: "1763820001.2", Extension: "102", State: line.Elsewhere, Remote: "0142000000"},
		{Call: "1763820003.2", Extension: "101", State: line.Ringing, Hidden: true},
		{Call: "1763820004.2", Extension: "102", State: line.Ringing, Hidden: true},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d is %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func TestOnesOwnPhoneIsDialledFirst(t *testing.T) {
	address, actions := asterisk(t, "")
	l := line1(address, "good")
	id, err := l.Dial(t.Context(), "101", "+33142000000")
	if err != nil {
		t.Fatal(err)
	}
	a := <-actions
	if a.Get("Action") != "Originate" || a.Get("Channel") != "PJSIP/101" || a.Get("Exten") != "+33142000000" || a.Get("Context") != "from-internal" || a.Get("Channelid") != id {
		t.Errorf("Asterisk is asked %v", a)
	}
	if _, err := l.Dial(t.Context(), "101", "1\r\nAction: Command"); !errors.Is(err, line.ErrRefused) {
		t.Errorf("a number with a line of its own gives %v", err)
	}
	if err := l.Hangup(t.Context(), "101", "none"); !errors.Is(err, line.ErrNoCall) {
		t.Errorf("hanging up a call that is none gives %v", err)
	}
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	address, _ := asterisk(t, "")
	if err := line1(address, "bad").Watch(t.Context(), func(line.Event) {}); !errors.Is(err, line.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// TestAnExchangeCannotFillTheMemory: a message without an end is not gathered; the connection is given up.
func TestAnExchangeCannotFillTheMemory(t *testing.T) {
	address, _ := asterisk(t, "Event: Endless\n"+strings.Repeat("Variable: "+strings.Repeat("x", 4000)+"\n", 2*line.MostText/4000))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := line1(address, "good").Watch(ctx, func(line.Event) {}); !errors.Is(err, line.ErrUnreachable) {
		t.Errorf("a message of half a megabyte is waited for: %v", err)
	}
}
