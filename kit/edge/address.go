package edge

import (
	"net/http"
	"net/netip"
	"strings"
)

// address gives the client's real address: the peer's, or what a configured proxy says. The header is read from the
// right, skipping configured proxies: the first other address is the client; what stands left of it anyone could
// have written. The zero address when the peer's cannot be read (a Unix socket), and when a proxy does not say for whom
// it asks: its own address, a loopback one perhaps, must not pass for the client's on any list (KSK-3.2).
func (s *Server) address(r *http.Request) netip.Addr {
	peer := readAddress(r.RemoteAddr)
	if !s.trusts(peer) {
		return peer
	}
	hops := forwarded(r.Header, s.cfg.ForwardedBy)
	var client netip.Addr
	for i := len(hops) - 1; i >= 0; i-- {
		hop := readAddress(hops[i])
		if !hop.IsValid() {
			return netip.Addr{} // unreadable: believe no further
		}
		client = hop
		if !s.trusts(hop) {
			break
		}
	}
	return client
}

func (s *Server) trusts(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	for _, p := range s.cfg.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forwarded lists the hops of the header, client first.
func forwarded(h http.Header, name string) []string {
	all := strings.Join(h.Values(name), ",")
	if all == "" {
		return nil
	}
	parts := strings.Split(all, ",")
	if !strings.EqualFold(name, "Forwarded") {
		return parts
	}
	hops := make([]string, len(parts))
	for i, part := range parts {
		for pair := range strings.SplitSeq(part, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(key, "for") {
				hops[i] = strings.Trim(value, `"`)
			}
		}
	}
	return hops
}

// readAddress reads "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" and "[2001:db8::1]:80".
// IPv4 in IPv6 is unwrapped and zones are dropped, so that one client has one address.
func readAddress(text string) netip.Addr {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
