package hook_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/hook"
)

func TestANumberIsPutWithoutHarm(t *testing.T) {
	var seen, kind, auth string
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen, kind, auth = r.URL.RequestURI()+" "+string(body), r.Header.Get("Content-Type"), r.Header.Get("Authorization")
		if r.URL.Path == "/down" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer front.Close()
	for _, c := range []struct{ url, body, number, want, kind string }{
		{"/call/{extension}?to={number}", "", "+33&x=1", "/call/101?to=%2B33%26x%3D1 ", ""},
		{"/call", `{"ext":"{extension}","to":"{number}"}`, `1","admin":"`, `/call {"ext":"101","to":"1\",\"admin\":\""}`, "application/json"},
		{"/call", "caller={extension}&callee={number}", "1&a=b", "/call caller=101&callee=1%26a%3Db", "application/x-www-form-urlencoded"},
	} {
		l := hook.New(hook.Config{URL: front.URL + c.url, Body: c.body, Header: "Bearer x", Client: front.Client()})
		if _, err := l.Dial(t.Context(), "101", c.number); err != nil || seen != c.want || kind != c.kind || auth != "Bearer x" {
			t.Errorf("got %q %q %q %v, want %q", seen, kind, auth, err, c.want)
		}
	}
	down := hook.New(hook.Config{URL: front.URL + "/down", Client: front.Client()})
	if _, err := down.Dial(t.Context(), "101", "1"); !errors.Is(err, line.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if _, err := hook.New(hook.Config{}).Dial(t.Context(), "101", "1"); !errors.Is(err, line.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestFormsOfHostedExchanges(t *testing.T) {
	for form, want := range map[string]line.Event{
		"event=newCall&direction=in&from=492111234567&to=4915791234567&callId=123&extension=101": {Call: "123", Extension: "101", State: line.Ringing, Remote: "492111234567"},
		"event=newCall&direction=out&from=4915791234567&to=492111234567&callId=1&userId=w0":      {Call: "1", Extension: "w0", State: line.Ringing, Remote: "492111234567", Outgoing: true},
		"event=newCall&direction=in&from=anonymous&to=33142000000&callId=2":                      {Call: "2", Extension: "33142000000", State: line.Ringing, Hidden: true},
		"event=hangup&cause=noAnswer&direction=in&from=3361&to=3314&callId=3":                    {Call: "3", Extension: "3314", State: line.Missed, Remote: "3361"},
		"event=hangup&cause=normalClearing&direction=in&from=3361&to=3314&callId=4":              {Call: "4", Extension: "3314", State: line.Ended, Remote: "3361"},
	} {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := hook.Form(values); !ok || len(got) != 1 || got[0] != want {
			t.Errorf("%s is %+v %v\nwant %+v", form, got, ok, want)
		}
	}
	for _, form := range []string{"", "event=dtmf&callId=1&to=1", "event=newCall&to=1&from=2"} {
		values, _ := url.ParseQuery(form)
		if _, ok := hook.Form(values); ok {
			t.Errorf("%q is read", form)
		}
	}
}
