package edge_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
)

func TestRealAddress(t *testing.T) {
	xff := server(t, func(c *edge.Config) {
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	})
	rfc := server(t, func(c *edge.Config) {
		c.Proxies, c.ForwardedBy = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "Forwarded"
	})
	for _, c := range []struct {
		name string
		s    *edge.Server
		peer string
		head []string
		want string
	}{
		{"no proxy: the header is a claim", xff, "198.51.100.7:1", []string{"X-Forwarded-For", "1.2.3.4"}, "198.51.100.7"},
		{"one proxy", xff, "10.0.0.1:1", []string{"X-Forwarded-For", "198.51.100.7"}, "198.51.100.7"},
		{"what stands left was written by anyone", xff, "10.0.0.1:1", []string{"X-Forwarded-For", "127.0.0.1, 198.51.100.7"}, "198.51.100.7"},
		{"two proxies", xff, "10.0.0.1:1", []string{"X-Forwarded-For", "6.6.6.6, 198.51.100.7, 10.9.9.9"}, "198.51.100.7"},
		{"two header lines", xff, "10.0.0.1:1", []string{"X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "198.51.100.7"}, "198.51.100.7"},
		{"IPv6 through an IPv6 proxy", xff, "[2001:db8:ffff::1]:1", []string{"X-Forwarded-For", "2001:db8::7"}, "2001:db8::7"},
		{"IPv4 in IPv6 is IPv4", xff, "[::ffff:10.0.0.1]:1", []string{"X-Forwarded-For", "::ffff:198.51.100.7"}, "198.51.100.7"},
		{"a proxy that says nothing: nobody's address", xff, "10.0.0.1:1", nil, "invalid IP"},
		{"nothing readable: nobody's address", xff, "10.0.0.1:1", []string{"X-Forwarded-For", "unknown"}, "invalid IP"},
		{"an unreadable hop stops the belief", xff, "10.0.0.1:1", []string{"X-Forwarded-For", "1.2.3.4, garbage, 10.2.2.2"}, "invalid IP"},
		{"only the configured header", xff, "10.0.0.1:1", []string{"Forwarded", "for=1.2.3.4"}, "invalid IP"},
		{"RFC 7239", rfc, "10.0.0.1:1", []string{"Forwarded", `for=1.1.1.1, for="[2001:db8::7]:4711";proto=https`}, "2001:db8::7"},
		{"RFC 7239, not the other header", rfc, "10.0.0.1:1", []string{"X-Forwarded-For", "1.2.3.4"}, "invalid IP"},
		{"RFC 7239, hidden", rfc, "10.0.0.1:1", []string{"Forwarded", `for=_hidden`}, "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := text(t, ask(t, c.s, "GET", "/address", append(c.head, "peer", c.peer)...)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func FuzzRealAddress(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1", "X-Forwarded-For")
	f.Add(`for="[2001:db8::7]:1"; by=x, for=1`, "Forwarded")
	proxy := netip.MustParsePrefix("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, header, name string) {
		if name != "Forwarded" {
			name = "X-Forwarded-For"
		}
		s := edge.New(edge.Config{Proxies: []netip.Prefix{proxy}, ForwardedBy: name, Log: slog.New(slog.DiscardHandler)})
		var proxied netip.Addr
		s.Add(edge.Route{Pattern: "GET /", Access: edge.Public("test"), Handle: func(_ http.ResponseWriter, r *http.Request) error {
			proxied = core.ActorOf(r.Context()).Address
			return nil
		}})
		for _, peer := range []string{"10.0.0.1:1", "198.51.100.7:1"} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = peer
			r.Header[name] = []string{header}
			s.ServeHTTP(httptest.NewRecorder(), r)
		}
		if proxied != netip.MustParseAddr("198.51.100.7") {
			t.Errorf("address %v", proxied)
		}
	})
}

func TestLanguage(t *testing.T) {
	s := server(t, nil)
	for _, c := range []struct{ target, cookie, accept, want string }{
		{"/lang", "", "", "fr"},
		{"/lang", "", "en", "en"},
		{"/lang", "", "de, en-US;q=0.8, fr;q=0.5", "en"},
		{"/lang", "", "fr;q=0.5, en;q=0.9", "en"},
		{"/lang", "", "en;q=9, fr", "fr"},
		{"/lang", "fr", "en", "fr"},
		{"/lang?lang=en", "fr", "fr", "en"},
		{"/lang?lang=xx", "en", "fr", "en"},
	} {
		r := ask(t, s, "GET", c.target, "Accept-Language", c.accept, "Cookie", "__Host-lang="+c.cookie)
		if got := strings.Fields(text(t, r))[0]; got != c.want {
			t.Errorf("%+v gave %s", c, got)
		}
	}
}

func TestSafeNext(t *testing.T) {
	for _, bad := range []string{"", "https://evil.example", "//evil.example", "/\\evil.example", "/\tx", "javascript:alert(1)", "/" + strings.Repeat("a", 3000), "evil"} {
		if got := edge.SafeNext(bad); got != "" {
			t.Errorf("%q gave %q", bad, got)
		}
	}
	if got := edge.SafeNext("/o/1/members?sort=name"); got != "/o/1/members?sort=name" {
		t.Errorf("got %q", got)
	}
}

func FuzzSafeNext(f *testing.F) {
	for _, s := range []string{"/a", "//b", "/\\c", "/%2f/d", "/a?next=//b", "https://x", "/\t/b", "/.//b"} {
		f.Add(s)
	}
	base, err := url.Parse("https://trust.example.org/signin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		safe := edge.SafeNext(next)
		if safe == "" {
			return
		}
		// Browsers drop tabs and line ends and read a backslash as a slash before they resolve.
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(safe)
		to, err := base.Parse(seen)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || strings.HasPrefix(seen, "//") {
			t.Errorf("%q leads to %v, %v", next, to, err)
		}
	})
}
