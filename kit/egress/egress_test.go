package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// told keeps what a door reported.
type told struct {
	mu  sync.Mutex
	all []Refusal
}

func (t *told) note(_ context.Context, r Refusal) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, r)
	return nil
}

func addressOf(t *testing.T, s *httptest.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return AddressOf(u)
}

func counting(t *testing.T) (s *httptest.Server, asked func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		n++
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	}))
	t.Cleanup(s.Close)
	return s, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func TestOnlyWhatIsNamedIsCalled(t *testing.T) {
	listed, asked := counting(t)
	other, beside := counting(t)
	d, heard := Only(addressOf(t, listed)), &told{}
	c := d.Client(time.Second, nil)
	if a, err := c.Get(listed.URL); err != nil || a.Body.Close() != nil || asked() != 1 {
		t.Fatalf("a named destination: %v", err)
	}
	if _, err := c.Get(other.URL); !errors.Is(err, ErrRefused) {
		t.Errorf("a destination that nobody named: %v", err)
	}
	if _, err := d.Dial(t.Context(), "tcp", addressOf(t, other)); !errors.Is(err, ErrRefused) {
		t.Errorf("a dial past the list: %v", err)
	}
	if _, err := d.Typed("org").Get(listed.URL); !errors.Is(err, ErrRefused) {
		t.Errorf("what the configuration names serves for what people typed: %v", err)
	}
	d.Report(heard.note) // what was refused before is told too
	d.Settle()
	if beside() != 0 || d.Refused() != 3 || len(heard.all) != 3 || heard.all[0] != (Refusal{Address: addressOf(t, other), Why: Unlisted}) || heard.all[2].Org != "org" {
		t.Errorf("asked %d times, %d refused, told %+v", beside(), d.Refused(), heard.all)
	}
}

func TestARedirectToElsewhereIsRefused(t *testing.T) {
	listed, _ := counting(t)
	other, beside := counting(t)
	d := Only(addressOf(t, listed))
	for _, c := range []*http.Client{d.Client(time.Second, nil), near(listedBy(t, listed), nil).Typed("org")} {
		a, err := c.Get(listed.URL + "/?to=" + url.QueryEscape(other.URL))
		if err != nil || a.Body.Close() != nil || a.StatusCode != http.StatusFound || beside() != 0 {
			t.Errorf("followed %d times, %v", beside(), err)
		}
	}
	if d.Refused() != 1 {
		t.Errorf("%d refusals", d.Refused())
	}
	if a, err := d.Client(time.Second, nil).Get(listed.URL + "/?to=/there"); err != nil || a.Body.Close() != nil || d.Refused() != 1 {
		t.Errorf("a redirect within the destination counts as refused, %v", err)
	}
}

func listedBy(t *testing.T, s *httptest.Server) func(string) bool {
	want := addressOf(t, s)
	return func(address string) bool { return address == want }
}

// near is a door of a platform that is tried on one's own machine.
func near(named func(string) bool, resolve func(context.Context, string) ([]netip.Addr, error)) *Door {
	return New(Needs{
		Named: func(_ context.Context, _ core.ID, address string) (bool, error) { return named(address), nil },
		Near:  func(core.ID) bool { return true }, Resolve: resolve,
	})
}

// TestANameIsResolvedOnce plays a name that leads outside when it is judged and inside when it is asked again.
func TestANameIsResolvedOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	asked := 0
	d := near(func(string) bool { return true }, func(context.Context, string) ([]netip.Addr, error) {
		if asked++; asked == 1 {
			return []netip.Addr{netip.MustParseAddr("203.0.113.9")}, nil // documentation: nobody answers there
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	conn, err := d.dial(ctx, call{org: "org", typed: true}, "tcp", "rebind.example:"+port)
	if err == nil {
		_ = conn.Close()
		t.Error("the second answer was dialled")
	}
	if asked != 1 {
		t.Errorf("resolved %d times", asked)
	}
	if _, err := d.dial(t.Context(), call{org: "org", typed: true}, "tcp", "rebind.example:"+port); !errors.Is(err, ErrRefused) {
		t.Errorf("a name that leads to this machine: %v", err)
	}
}

func TestWhatPeopleTypedNeverLeadsInside(t *testing.T) {
	for _, a := range []string{
		"10.1.2.3", "192.168.0.1", "172.16.0.9", "169.254.169.254", "100.64.0.1", "0.0.0.0", "64:ff9b::a00:1", "2002:a00:1::", "fe80::1", "fd00::1",
		"::ffff:10.0.0.1", "127.0.0.1", "::1", "224.0.0.1", "fd00:ec2::254",
	} {
		one := netip.MustParseAddr(a)
		d := New(Needs{
			Named: func(context.Context, core.ID, string) (bool, error) { return true, nil },
			Resolve: func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("9.9.9.9"), one}, nil
			},
		})
		for _, host := range []string{a, "inside.example"} {
			if _, err := d.Typed("org").Get("https://" + net.JoinHostPort(host, "1") + "/"); !errors.Is(err, ErrRefused) {
				t.Errorf("%s (%s): %v", host, a, err)
			}
		}
		if IsPublic(one) {
			t.Errorf("%s is taken for public", a)
		}
	}
	if !IsPublic(netip.MustParseAddr("9.9.9.9")) || !IsPublic(netip.MustParseAddr("2620:fe::fe")) {
		t.Error("a public address is not taken for one")
	}
}

// TestTheConfigurationMayNameTheInside but not where clouds serve secrets.
func TestTheConfigurationMayNameTheInside(t *testing.T) {
	for a, want := range map[string]bool{
		"10.0.0.1": true, "127.0.0.1": true, "fd00::1": true, "169.254.169.254": false, "fd00:ec2::254": false, "100.100.100.200": false, "fe80::1": false, "0.0.0.0": false,
		"::ffff:169.254.169.254": false, "255.255.255.255": false,
	} {
		if got := callable(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
}

// TestAWithdrawnDestinationIsNotCalledAgain even when a connection to it is still open.
func TestAWithdrawnDestinationIsNotCalledAgain(t *testing.T) {
	s, _ := counting(t)
	p, _ := PlaceOf(s.URL, core.Text{})
	list := []Place{p}
	d := New(Needs{Places: func() []Place { return list }})
	c := d.Client(time.Second, &tls.Config{MinVersion: tls.VersionTLS12})
	a, err := c.Get(s.URL)
	if err != nil || a.Body.Close() != nil {
		t.Fatal(err)
	}
	list = nil
	if _, err := c.Get(s.URL); !errors.Is(err, ErrRefused) {
		t.Errorf("%v", err)
	}
}

func TestAddressesAreWrittenOneWay(t *testing.T) {
	d := Only("Relay.Example.:587")
	if !d.lists("relay.example:587") || d.lists("relay.example:25") || d.lists("relay.example.evil:587") {
		t.Error("the list takes another address, or not its own")
	}
	for address, want := range map[string]string{"https://a.example/x": "a.example:443", "http://a.example": "a.example:80", "https://[::1]:8200": "[::1]:8200"} {
		if p, ok := PlaceOf(address, core.Text{}); !ok || p.Address() != want {
			t.Errorf("%s gives %v", address, p)
		}
	}
	if slices.ContainsFunc([]string{"", "no url", "mailto:x"}, func(a string) bool { _, ok := PlaceOf(a, core.Text{}); return ok }) {
		t.Error("what is no address names a place")
	}
}
