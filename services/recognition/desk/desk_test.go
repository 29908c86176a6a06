package desk

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/pop"
)

var silence = slog.New(slog.DiscardHandler)

func signedIn(t *testing.T, url string) *Keep {
	t.Helper()
	k, err := OpenKeep(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := k.SignIn(Account{URL: url, Org: "org-1", Token: "rpt_secret", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	return k
}

// screen is a notification service that remembers.
type screen struct {
	mu     sync.Mutex
	shown  []Notice
	hidden []uint32
	chosen chan Chosen
}

func (s *screen) Show(n Notice) (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, n)
	return uint32(len(s.shown)), nil
}

func (s *screen) Hide(id uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = append(s.hidden, id)
	return nil
}
func (s *screen) Chosen() <-chan Chosen { return s.chosen }
func (*screen) Close() error            { return nil }

func (s *screen) counts() (shown, hidden int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.shown), len(s.hidden)
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: " + what)
		}
	}
}

// TestCallsComeAgainAfterACut: the stream is cut after each event, and no call is lost nor shown twice.
func TestCallsComeAgainAfterACut(t *testing.T) {
	var asked atomic.Int32
	var lasts sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/organizations/org-1/calls/stream" || r.Header.Get("Authorization") != "Bearer rpt_secret" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		n := asked.Add(1)
		lasts.Store(n, r.Header.Get("Last-Event-ID"))
		w.Header().Set("Content-Type", "text/event-stream")
		switch n {
		case 1:
			io.WriteString(w, ":\n\nid: 7\nevent: call\ndata: {\"call\":\"c1\",\"state\":\"ringing\",\"pop\":true,\"title\":\"Marie\"}\n\n")
		case 2:
			io.WriteString(w, "id: 7\nevent: call\ndata: {\"call\":\"c1\",\"state\":\"ringing\",\"pop\":true,\"title\":\"Marie\"}\n\nid: 8\nevent: call\ndata: {\"call\":\"c1\",\"state\":\"answered\",\"live\":true}\n\n")
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	s := &screen{chosen: make(chan Chosen)}
	var waits []time.Duration
	k := signedIn(t, server.URL)
	account, _ := k.Account()
	a := &Agent{Platform: Connect(account), Notifier: s, Keep: k, Log: silence, Wait: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }}
	if err := a.Run(t.Context()); !errors.Is(err, ErrRefused) {
		t.Fatalf("a refused token ends the agent with %v", err)
	}
	if shown, hidden := s.counts(); shown != 1 || hidden != 1 {
		t.Errorf("shown %d times and hidden %d times, want once each", shown, hidden)
	}
	if last, _ := lasts.Load(int32(2)); last != "7" {
		t.Errorf("the second time it says it had %q, want 7", last)
	}
	if len(waits) != 2 || waits[0] > time.Second || waits[1] > 2*time.Second || waits[1] < time.Second {
		t.Errorf("it waited %v", waits)
	}
}

// office is a platform that gives what a test wants.
type office struct {
	public    []byte
	list      pop.Signed
	performed []string
}

func (*office) Follow(context.Context, string, func(string, Ring)) error { return ErrRefused }
func (*office) Dial(context.Context, string) error                       { return nil }
func (*office) Report(context.Context, Posture) error                    { return nil }
func (o *office) Programs(context.Context) ([]byte, pop.Signed, error)   { return o.public, o.list, nil }

func (o *office) Perform(_ context.Context, call, script string) error {
	o.performed = append(o.performed, call+" "+script)
	return nil
}

// stream is a platform whose calls a test tells.
type stream struct {
	office
	rings chan Ring
}

func (s *stream) Follow(ctx context.Context, _ string, tell func(string, Ring)) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case r := <-s.rings:
			tell("1", r)
		}
	}
}

// TestOnlySignedProgramsStart: a program starts with its arguments as they are, and nothing that nobody signed does.
func TestOnlySignedProgramsStart(t *testing.T) {
	folder := t.TempDir()
	public, private, _ := ed25519.GenerateKey(nil)
	other, stranger, _ := ed25519.GenerateKey(nil)
	script := pop.Script{
		ID: "s1", Title: "Open the file", Kind: pop.Program, For: pop.Both, Path: "/usr/bin/touch", Args: []string{folder + "/{name}"},
		Params: []pop.Param{{Name: "name", Type: pop.Text, From: pop.FromName}},
	}
	if err := script.Check(pop.Limits{}); err != nil {
		t.Fatal(err)
	}
	list := pop.List("org-1", 3, time.Now(), []pop.Script{script})
	older, newest, elsewhere := list, pop.List("org-1", 4, time.Now(), nil), list
	older.Version, elsewhere.Org = 2, "org-2"
	signed := func(key ed25519.PrivateKey, m pop.Manifest) pop.Signed {
		s, err := pop.Sign(key, m)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	o := &office{}
	a := &Agent{Platform: o, Keep: signedIn(t, "https://trust.example.org"), Log: silence}
	try := func(public []byte, list pop.Signed, name string) error {
		o.public, o.list = public, list
		return a.do(t.Context(), "c1", pop.Action{
			Script: "s1", Kind: pop.Program, Program: "s1", Args: []string{"/etc/passwd"}, Values: map[string]string{"name": name},
		})
	}
	const name = "$(id) ; rm -rf x"
	if err := try(public, signed(private, list), name); err != nil {
		t.Fatalf("a signed program: %v", err)
	}
	until(t, "the program ran", func() bool { _, err := os.Stat(filepath.Join(folder, name)); return err == nil })
	for _, c := range []struct {
		what   string
		public []byte
		list   pop.Signed
		want   error
	}{
		{"signed by somebody else", public, signed(stranger, list), pop.ErrSignature},
		{"another key than the first", other, signed(stranger, list), pop.ErrSignature},
		{"an older list", public, signed(private, older), pop.ErrOlder},
		{"the list of another organization", public, signed(private, elsewhere), pop.ErrSignature},
		{"taken off the list", public, signed(private, newest), pop.ErrNotListed},
		{"the list before it was taken off", public, signed(private, list), pop.ErrOlder},
	} {
		if err := try(c.public, c.list, "never"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("%d files were made, want the first alone", len(left))
	}
}

// TestWhatAScriptAsksIsDoneWhereItBelongs: pages in the browser, requests of the platform by the platform, and no address that is no page.
func TestWhatAScriptAsksIsDoneWhereItBelongs(t *testing.T) {
	o, opened := &office{}, []string{}
	a := &Agent{Platform: o, Keep: signedIn(t, "https://trust.example.org"), Log: silence, Open: func(at string) error { opened = append(opened, at); return nil }}
	for _, act := range []pop.Action{
		{Script: "a", Kind: pop.Open, URL: "https://crm.example.org/contact/12?q=a%20b"},
		{Script: "b", Kind: pop.Call, By: pop.ByPlatform},
	} {
		if err := a.do(t.Context(), "c1", act); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"file:///etc/passwd", "javascript:alert(1)", "https://x/\na", "//evil", "", "https:///x", "https://a b", "smb://x/y"} {
		if a.do(t.Context(), "c1", pop.Action{Kind: pop.Open, URL: address}) == nil {
			t.Errorf("%q was opened", address)
		}
	}
	if a.do(t.Context(), "c1", pop.Action{Kind: pop.Call, By: pop.ByAgent, Method: "POST", URL: "http://crm.example.org"}) == nil {
		t.Error("a script's request went in clear")
	}
	if len(opened) != 1 || len(o.performed) != 1 || o.performed[0] != "c1 b" {
		t.Errorf("opened %v, performed %v", opened, o.performed)
	}
}

func TestNumbersAreFoundInLinksAndCopies(t *testing.T) {
	for in, want := range map[string]string{
		"tel:+33612345678": "+33612345678", "callto:+33 6 12 34 56 78": "+33612345678", "sip:+33612345678@pbx.example;user=phone": "+33612345678",
		"tel:06.12.34.56.78;phone-context=+33": "0612345678", " 06\u00a012\u202f34 56 78\n": "0612345678", "tel://0612345678": "0612345678",
		"+33 (0)6 12 34 56 78": "+33(0)612345678", "tel:%2B33612345678": "+33612345678", "3631": "3631", "#31#0612345678": "#31#0612345678", "\u202a+33612345678\u202c": "+33612345678",
	} {
		if got, err := NumberIn(in); err != nil || got != want {
			t.Errorf("%q gives %q (%v), want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "hello", "https://example.org/0612345678", "tel:", "javascript:0612345678", "tel:$(id)", "06 12 34 56 78 (bureau)", strings.Repeat("1", 65), "mailto:0612345678", "1",
		"tel:*21*0899123456%23", "tel:*21*0899123456#", "sip:*72@pbx.example",
	} {
		if got, err := NumberIn(in); err == nil {
			t.Errorf("%q gives %q", in, got)
		}
	}
}

func TestTheTokenLeavesOnlyOverTLS(t *testing.T) {
	for in, want := range map[string]string{"https://trust.example.org/": "https://trust.example.org", "http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://localhost": "http://localhost"} {
		if got, err := CheckURL(in); err != nil || got != want {
			t.Errorf("%q gives %q (%v)", in, got, err)
		}
	}
	for _, in := range []string{"http://trust.example.org", "ftp://x", "trust.example.org", "https://user:pass@x", "https://x?token=1"} {
		if _, err := CheckURL(in); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
	// An answer that leads elsewhere does not take the token along.
	led := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led = true }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	if err := Connect(Account{URL: server.URL, Org: "o", Token: "t"}).Dial(t.Context(), "0612345678"); err == nil || led {
		t.Errorf("a redirect is followed: %v, %v", led, err)
	}
}

// notebook is a log that several write.
type notebook struct {
	mu sync.Mutex
	b  strings.Builder
}

func (n *notebook) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notebook) String() string { n.mu.Lock(); defer n.mu.Unlock(); return n.b.String() }

// TestTheLogTellsNothingOfPersons: neither who called, nor the number, nor where a script led.
func TestTheLogTellsNothingOfPersons(t *testing.T) {
	b := &notebook{}
	s := &screen{chosen: make(chan Chosen)}
	a := &Agent{
		Platform: &office{}, Keep: signedIn(t, "https://trust.example.org"), Notifier: s, Log: slog.New(slog.NewTextHandler(b, nil)),
		Open: func(string) error { return errors.New("cannot open https://crm.example.org/Durand") }, shown: map[uint32]shown{}, of: map[string]uint32{},
	}
	act := pop.Action{Script: "s9", Kind: pop.Open, URL: "https://crm.example.org/Durand", Auto: true}
	a.ring(t.Context(), Ring{Call: "c1", Pop: true, State: "ringing", Title: "Marie Durand", Body: "+33612345678", Number: "+33612345678", Actions: []pop.Action{act}})
	until(t, "the script failed", func() bool { return strings.Contains(b.String(), "failed") })
	text := b.String()
	for _, secret := range []string{"Durand", "Marie", "612345678", "crm.example.org", "rpt_secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log tells %q: %s", secret, text)
		}
	}
	if !strings.Contains(text, "c1") || !strings.Contains(text, "s9") || !strings.Contains(text, "failed") {
		t.Errorf("the log does not tell what happened: %s", text)
	}
}

func TestWhatIsKeptIsForItsOwnerOnly(t *testing.T) {
	k := signedIn(t, "https://trust.example.org")
	info, err := os.Stat(k.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v (%v)", info.Mode(), err)
	}
	again, err := OpenKeep(filepath.Dir(k.path))
	if err != nil || again.Device() == "" || again.Device() != k.Device() {
		t.Errorf("the device is another one after a restart (%v)", err)
	}
	if err := k.SignOut(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(k.path)); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
	if _, err := k.Account(); err == nil {
		t.Error("somebody is still signed in")
	}
}
