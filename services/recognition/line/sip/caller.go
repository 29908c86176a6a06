package sip

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// caller is who is at the other end, as the exchange says.
type caller struct {
	Remote, Display string
	Hidden          bool
}

// hiddenNames are what stands for a caller who asked for privacy (RFC 3323, 4.1.1.3, and what exchanges write).
var hiddenNames = map[string]bool{
	"anonymous": true, "restricted": true, "withheld": true, "private": true, "anonyme": true, "masque": true, "masqué": true, "privé": true, "prive": true,
}

func isHidden(s string) bool { return hiddenNames[strings.ToLower(strings.Trim(s, " \t\""))] }

// readCaller reads a name and an address; one that stands for privacy gives neither.
func readCaller(display, address string) caller {
	var uri sip.Uri
	user, host := "", ""
	address = strings.TrimSpace(address)
	switch {
	case len(address) > 512:
	case strings.HasPrefix(strings.ToLower(address), "tel:"):
		user, _, _ = strings.Cut(address[4:], ";")
	case address != "" && sip.ParseUri(address, &uri) == nil:
		user, host = uri.User, uri.Host
	}
	user, _, _ = strings.Cut(user, ";") // sip:+336...;npdi@host
	if isHidden(display) || isHidden(user) || strings.EqualFold(strings.TrimSuffix(host, "."), "anonymous.invalid") {
		return caller{Hidden: true}
	}
	c := caller{Display: clean(display)}
	switch {
	case user == "":
	case strings.Trim(user, "+0123456789-.()*#") == "":
		c.Remote = user
	default:
		c.Remote = clean(user) + "@" + clean(host)
	}
	return c
}

// clean keeps a name to one line of printable signs.
func clean(s string) string {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	out := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(out) > 128 {
		out = strings.ToValidUTF8(out[:128], "")
	}
	return out
}

// callerOf reads who sends an INVITE. Whoever asked for privacy is nobody, whatever the exchange leaks beside (RFC 3323, 3325): an
// identity that it asserts is not even read then.
func callerOf(req *sip.Request) caller {
	if privacy(req) {
		return caller{Hidden: true}
	}
	from := req.From()
	if from == nil {
		return caller{}
	}
	c := readCaller(from.DisplayName, from.Address.String())
	if c.Hidden {
		return c
	}
	for _, h := range req.GetHeaders("P-Asserted-Identity") {
		for _, one := range splitAddresses(h.Value()) {
			var uri sip.Uri
			var params sip.HeaderParams
			display, err := sip.ParseAddressValue(one, &uri, &params)
			if err != nil {
				continue
			}
			asserted := readCaller(display, uri.String())
			if asserted.Hidden {
				return caller{Hidden: true}
			}
			if asserted.Remote == "" {
				continue
			}
			c.Remote = asserted.Remote
			if asserted.Display != "" {
				c.Display = asserted.Display
			}
			return c
		}
	}
	return c
}

func privacy(req *sip.Request) bool {
	for _, h := range req.GetHeaders("Privacy") {
		for _, word := range strings.FieldsFunc(strings.ToLower(h.Value()), func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			switch word {
			case "id", "user", "header":
				return true
			}
		}
	}
	for _, h := range req.GetHeaders("Remote-Party-ID") {
		v := strings.ToLower(h.Value())
		if strings.Contains(v, "privacy=full") || strings.Contains(v, "privacy=uri") || strings.Contains(v, "privacy=name") {
			return true
		}
	}
	return false
}

// splitAddresses parts "a, b" where commas within quotes or brackets part nothing.
func splitAddresses(s string) (out []string) {
	depth, quoted, start := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			depth++
		case c == '>':
			depth--
		case c == ',' && depth <= 0:
			out = append(out, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[start:]))
}
