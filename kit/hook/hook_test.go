package hook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/egress"
)

// anywhere calls what a test typed, of the outside or of this machine.
func anywhere() *http.Client {
	return egress.New(egress.Needs{
		Named: func(context.Context, core.ID, string) (bool, error) { return true, nil }, Near: func(core.ID) bool { return true },
	}).Typed("org")
}

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
	reply, err := Post(t.Context(), anywhere(), s.URL, "s3cret", at, []byte(`{"a":1}`))
	if err != nil || reply != "200" || string(got) != `{"a":1}` || signature != Sign("s3cret", at, got) || signature == Sign("other", at, got) {
		t.Errorf("reply %q, %v, body %s, signature %s", reply, err, got, signature)
	}
	if reply, err := Post(t.Context(), anywhere(), s.URL+"/sorry", "s3cret", at, nil); reply != "503" || err == nil || errors.Is(err, ErrInside) {
		t.Errorf("a failure gives %q, %v", reply, err)
	}
	if reply, err := Post(t.Context(), anywhere(), s.URL+"/away", "s3cret", at, nil); reply != "302" || err == nil {
		t.Errorf("a redirect gives %q, %v", reply, err)
	}
}

func TestNothingInsideIsCalled(t *testing.T) {
	for _, address := range []string{
		"http://example.org/", "https://user:pass@example.org/", "ftp://example.org", "https://", "https://10.0.0.1/", "https://169.254.169.254/latest",
		"https://[fd00::1]/", "https://100.64.0.1/", "https://0.0.0.0/",
	} {
		if _, err := Post(t.Context(), anywhere(), address, "s", time.Now(), nil); !errors.Is(err, ErrInside) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
