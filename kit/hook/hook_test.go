package hook

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestAMessageIsSignedAndItsReceiverCanTell(t *testing.T) {
	at := time.Unix(1_770_000_000, 0)
	var got []byte
	var signature string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		signature = r.Header.Get(Header)
		if r.URL.Path == "/sorry" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/", http.StatusFound)
		}
	}))
	defer s.Close()
	reply, err := Post(t.Context(), s.URL, "s3cret", at, []byte(`{"a":1}`))
	if err != nil || reply != "200" || string(got) != `{"a":1}` || signature != Sign("s3cret", at, got) || signature == Sign("other", at, got) {
		t.Errorf("reply %q, %v, body %s, signature %s", reply, err, got, signature)
	}
	if reply, err := Post(t.Context(), s.URL+"/sorry", "s3cret", at, nil); reply != "503" || err == nil || errors.Is(err, ErrInside) {
		t.Errorf("a failure gives %q, %v", reply, err)
	}
	if reply, err := Post(t.Context(), s.URL+"/away", "s3cret", at, nil); reply != "302" || err == nil {
		t.Errorf("a redirect gives %q, %v", reply, err)
	}
}

func TestNothingInsideIsCalled(t *testing.T) {
	for _, address := range []string{
		"http://example.org/", "https://user:pass@example.org/", "ftp://example.org", "https://", "https://10.0.0.1/", "https://169.254.169.254/latest",
		"https://[fd00::1]/", "https://100.64.0.1/", "https://0.0.0.0/",
	} {
		if _, err := Post(t.Context(), address, "s", time.Now(), nil); !errors.Is(err, ErrInside) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, a := range []string{"10.1.2.3", "127.0.0.1", "192.168.0.1", "64:ff9b::a00:1", "2002:a00:1::", "fe80::1"} {
		if isPublic(netip.MustParseAddr(a)) {
			t.Errorf("%s is taken for public", a)
		}
	}
	if !isPublic(netip.MustParseAddr("9.9.9.9")) {
		t.Error("9.9.9.9 is not taken for public")
	}
}
