package probe

import (
	"net/http"
	"net/netip"
)

// Outside is an address that no network has (RFC 5737): a visitor from elsewhere.
var Outside = netip.MustParseAddr("198.51.100.77")

// From gives the same browser profile, cookies and all, at another address.
func From(c *http.Client, a netip.Addr) *http.Client {
	moved := *c
	if t, ok := c.Transport.(interface {
		From(netip.Addr) http.RoundTripper
	}); ok {
		moved.Transport = t.From(a)
	}
	return &moved
}
