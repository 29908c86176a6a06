package sip

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/rempart/rempart/services/recognition/line"
)

const document = `<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="7" state="full" entity="sip:101@pbx.test">
 <dialog id="1" call-id="a@b" local-tag="x" remote-tag="y" direction="recipient"><state>early</state>
  <remote><identity display="Marie &quot;M&quot; Curie">sip:+33612345678@pbx.test;user=phone</identity><target uri="sip:x@y"/></remote></dialog>
 <dialog id="2" direction="initiator"><state>confirmed</state><remote><target uri="tel:+33142000000;phone-context=x"/></remote></dialog>
 <dialog id="3" call-id="c" direction="recipient"><state event="cancelled">terminated</state><remote><identity>sip:anonymous@anonymous.invalid</identity></remote></dialog>
 <dialog id="4" call-id="d"><state>thinking</state></dialog>
</dialog-info>`

// A document is read as RFC 4235 writes it; what cannot be understood of one call takes nothing from the others.
func TestDocuments(t *testing.T) {
	got, err := parseInfo([]byte(document))
	if err != nil || got.Version != 7 || !got.Full || len(got.Dialogs) != 3 {
		t.Fatalf("read as %+v, %v", got, err)
	}
	for i, want := range []dialog{
		{Call: "a@b", State: line.Ringing, Remote: caller{Remote: "+33612345678", Display: `Marie "M" Curie`}},
		{Call: "2", State: line.Answered, Outgoing: true, Remote: caller{Remote: "+33142000000"}},
		{Call: "c", State: line.Missed, Remote: caller{Hidden: true}},
	} {
		if got.Dialogs[i] != want {
			t.Errorf("the call %d is read as %+v, want %+v", i, got.Dialogs[i], want)
		}
	}
	for _, bad := range []string{"", "<x/>", "<dialog-info", strings.Repeat("<dialog-info>", 9000), `<!DOCTYPE x [<!ENTITY a "b">]><dialog-info>&a;</dialog-info>`} {
		if _, err := parseInfo([]byte(bad)); err == nil {
			t.Errorf("%.40q was read", bad)
		}
	}
}

func FuzzDialogInfo(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(`<dialog-info version="-1"><dialog/></dialog-info>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseInfo(body)
		if err != nil {
			return
		}
		for _, d := range got.Dialogs {
			if d.Call == "" || len(d.Call) > 256 || d.State == "" {
				t.Errorf("a call without id or state: %+v", d)
			}
			mind(t, d.Remote)
		}
	})
}

// mind holds what is told of a caller: nothing of one who hides, one short printable line of others.
func mind(t *testing.T, c caller) {
	t.Helper()
	if c.Hidden && (c.Remote != "" || c.Display != "") {
		t.Errorf("a hidden caller is told: %+v", c)
	}
	if strings.ContainsAny(c.Remote+c.Display, "\r\n\x00\u202e") || len(c.Display) > 128 || len(c.Remote) > 1100 {
		t.Errorf("not one short line: %+v", c)
	}
}

func FuzzSipfrag(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\n"))
	f.Add([]byte("SIP/2.0 100 Trying"))
	f.Add([]byte("SIP/2.0 9999 \r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if n, ok := parseFrag(body); ok != (n >= 100 && n <= 699) {
			t.Errorf("%q gives %d, %v", body, n, ok)
		}
	})
}

func FuzzCaller(f *testing.F) {
	f.Add("Marie Curie", "sip:+33612345678@pbx.test", "id", `"Marie" <sip:+33612345678@x>, <tel:+33142000000>`)
	f.Add("Anonymous", "sip:anonymous@anonymous.invalid", "", "")
	f.Fuzz(func(t *testing.T, display, address, privacy, asserted string) {
		mind(t, readCaller(display, address))
		req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: "101", Host: "pbx.test"})
		from := &sip.FromHeader{DisplayName: display}
		if sip.ParseUri(address, &from.Address) != nil {
			return
		}
		req.AppendHeader(from)
		req.AppendHeader(sip.NewHeader("Privacy", privacy))
		req.AppendHeader(sip.NewHeader("P-Asserted-Identity", asserted))
		c := callerOf(req)
		mind(t, c)
		for _, word := range strings.Split(privacy, ";") {
			if word == "id" && !c.Hidden {
				t.Errorf("privacy was asked for with %q, and the caller is %+v", privacy, c)
			}
		}
	})
}

// Whatever an operator asserts beside it, a caller who asked for privacy is nobody; else an asserted number is worth more than From.
func TestWhoCalls(t *testing.T) {
	invite := func(from string, headers ...string) *sip.Request {
		text := "INVITE sip:101@pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\nFrom: " + from + ";tag=1\r\nTo: <sip:101@pbx.test>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n" +
			strings.Join(append(headers, ""), "\r\n") + "Content-Length: 0\r\n\r\n"
		m, err := sip.ParseMessage([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return m.(*sip.Request)
	}
	const pai, hidden = `P-Asserted-Identity: "Real" <sip:+33612345678@op.test>`, "hidden"
	for _, c := range []struct {
		from    string
		headers []string
		want    string
	}{
		{`"Marie" <sip:+33142000000@op.test>`, nil, "+33142000000 Marie"},
		{`"Marie" <sip:+33142000000@op.test>`, []string{pai}, "+33612345678 Real"},
		{`<sip:alice@op.test>`, nil, "alice@op.test "},
		{`"Marie" <sip:+33142000000@op.test>`, []string{pai, "Privacy: id"}, hidden},
		{`"Marie" <sip:+33142000000@op.test>`, []string{pai, "Privacy: header;critical"}, hidden},
		{`"Marie" <sip:+33142000000@op.test>`, []string{pai, "Privacy: none"}, "+33612345678 Real"},
		{`"Marie" <sip:+33142000000@op.test>`, []string{`Remote-Party-ID: <sip:+33142000000@x>;privacy=full`}, hidden},
		{`"Anonymous" <sip:anonymous@anonymous.invalid>`, []string{pai}, hidden},
		{`"anonymous" <sip:+33142000000@op.test>`, []string{pai}, hidden},
		{`<sip:Restricted@op.test>`, []string{pai}, hidden},
		{`<sip:x@anonymous.invalid>`, []string{pai}, hidden},
	} {
		got := callerOf(invite(c.from, c.headers...))
		said := got.Remote + " " + got.Display
		if got.Hidden {
			said = strings.TrimSpace(hidden + said)
		}
		if said != c.want {
			t.Errorf("%s with %v is %q, want %q", c.from, c.headers, said, c.want)
		}
	}
}

// What two ways tell of one call is told once, in order; a document that is older than what was heard takes nothing back; and whoever
// turns out to hide is forgotten by those who were told.
func TestEachStepIsToldOnce(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var told []string
	c := newCalls()
	c.now = func() time.Time { return now }
	c.watch(func(e line.Event) { told = append(told, e.Call+" "+string(e.State)+" "+e.Remote) })
	ring := line.Event{Call: "a", Extension: "101", State: line.Ringing, Remote: "0612345678"}
	c.heard(ring, false)
	c.heard(ring, true)
	c.heard(line.Event{Call: "a", Extension: "101", State: line.Answered}, false)
	c.heard(ring, false)
	c.only("101", nil) // a moment later: perhaps older than what was heard
	now = now.Add(5 * time.Second)
	c.only("101", nil)
	c.heard(line.Event{Call: "a", Extension: "101", State: line.Missed}, false)
	c.heard(line.Event{Call: "old", Extension: "101", State: line.Ended}, false)
	c.heard(line.Event{Call: "b", Extension: "101", State: line.Ringing, Remote: "0687654321"}, false)
	c.heard(line.Event{Call: "b", Extension: "101", State: line.Ringing, Hidden: true}, false)
	want := "a ringing 0612345678|a answered 0612345678|a ended 0612345678|b ringing 0687654321|b ringing "
	if got := strings.Join(told, "|"); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}

// A document that is older than the last is left, and a gap between two parts asks for the whole.
func TestDocumentsInDisorder(t *testing.T) {
	s := newSubscription(nil, Extension{}, nil)
	for i, c := range []struct {
		version uint64
		full    bool
		follows bool
		stale   bool
	}{{0, true, true, false}, {2, true, true, false}, {1, true, false, false}, {3, false, true, false}, {5, false, true, true}, {5, true, false, false}} {
		got := s.follows(info{Version: c.version, Full: c.full})
		stale := false
		select {
		case <-s.stale:
			stale = true
		default:
		}
		if got != c.follows || stale != c.stale {
			t.Errorf("document %d: follows %v, asks %v", i, got, stale)
		}
	}
}

// TestAnExchangeDoesNotSetUsRunning: a time without an end, or none, is no reason to subscribe again at once.
func TestAnExchangeDoesNotSetUsRunning(t *testing.T) {
	for said, want := range map[string]time.Duration{
		"60": time.Minute, " 1 ": time.Second, "": 2 * time.Minute, "0": 2 * time.Minute, "-5": 2 * time.Minute, "x": 2 * time.Minute,
		"9300000000": time.Hour, "9223372036854775807": time.Hour, "99999999999999999999": 2 * time.Minute,
	} {
		if got := lastsFor(said, 120); got != want {
			t.Errorf("%q lasts %s, want %s", said, got, want)
		}
	}
}
