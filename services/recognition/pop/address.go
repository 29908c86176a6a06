package pop

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	reScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]{1,30}$`)
	reHost   = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::[0-9]{1,5})?$`)
	// schemes by which an address runs something, reads a file or leaves the rules of the web.
	noSchemes = []string{
		"javascript", "vbscript", "data", "file", "about", "blob", "filesystem", "view-source", "http", "https", "ftp", "ws", "wss", "jar", "chrome",
		"res", "ms-msdt", "search-ms", "ms-officecmd", "shell", "mailto", "intent", "smb", "ldap", "nfs", "ssh", "telnet", "vnc", "rdp", "ms-appinstaller", "search",
		"ms-word", "ms-excel", "ms-powerpoint", "ms-settings", "ms-gamingoverlay", "steam", "mk", "its", "ms-its", "mhtml", "hcp", "x-apple-helpbasic", "help", "applescript",
	}
)

// Check says what is wrong with the list of an organization.
func (l Limits) Check() error {
	if len(l.Hosts) > 100 || len(l.Schemes) > 20 {
		return wrong("hosts", "many", "")
	}
	for _, h := range l.Hosts {
		if !reHost.MatchString(h) || len(h) > 253 {
			return wrong("hosts", "host", h)
		}
	}
	for _, s := range l.Schemes {
		if !reScheme.MatchString(s) || slices.Contains(noSchemes, s) {
			return wrong("schemes", "scheme", s)
		}
	}
	return nil
}

// parts cuts an address template: what stands before the first parameter decides where it leads.
type parts struct{ scheme, host, path, query, fragment string }

// cut reads a template. Only what comes after the host may hold parameters.
func cut(template string) (p parts, ok bool) {
	var rest string
	if p.scheme, rest, ok = strings.Cut(template, ":"); !ok || strings.ContainsAny(p.scheme, "{}") {
		return p, false
	}
	if strings.ContainsAny(template, " \\\t\r\n\"<>^`|") || plain(template) != template {
		return p, false
	}
	rest, p.fragment, _ = strings.Cut(rest, "#")
	rest, p.query, _ = strings.Cut(rest, "?")
	if after, hier := strings.CutPrefix(rest, "//"); hier {
		end := strings.IndexByte(after, '/')
		if end < 0 {
			end = len(after)
		}
		p.host, p.path = after[:end], after[end:]
	} else {
		p.path = rest
	}
	return p, !strings.ContainsAny(p.host, "{}@%")
}

func (s *Script) checkURL(l Limits) error {
	if s.URL == "" || len(s.URL) > mostURL {
		return wrong("url", "url", "")
	}
	p, ok := cut(s.URL)
	if !ok {
		return wrong("url", "url", "")
	}
	if p.scheme == "https" {
		if !reHost.MatchString(p.host) || !slices.Contains(l.Hosts, p.host) {
			return wrong("url", "host", p.host)
		}
		if u, err := url.Parse(fill(s.URL, nil, func(string) string { return "x" })); err != nil || u.User != nil || u.Host != p.host || u.Scheme != "https" {
			return wrong("url", "url", "")
		}
	} else if slices.Contains(noSchemes, p.scheme) || !slices.Contains(l.Schemes, p.scheme) {
		return wrong("url", "scheme", p.scheme)
	}
	if p.path == "" && p.query == "" && p.scheme != "https" && p.host == "" {
		return wrong("url", "url", "")
	}
	return s.known("url", s.URL)
}

// address fills the template of an address, each value encoded for the part that it stands in.
func (s *Script) address(values map[string]string) (string, error) {
	p, ok := cut(s.URL)
	if !ok {
		return "", wrong("url", "url", "")
	}
	path := fill(p.path, values, encode)
	for seg := range strings.SplitSeq(path, "/") {
		if (seg == "." || seg == "..") && !slices.Contains(strings.Split(p.path, "/"), seg) {
			return "", wrong("url", "dots", "") // a value would climb in the path
		}
	}
	out := p.scheme + ":"
	if strings.HasPrefix(s.URL[len(out):], "//") {
		out += "//" + p.host
	}
	out += path
	if p.query != "" {
		out += "?" + fill(p.query, values, encode)
	}
	if p.fragment != "" {
		out += "#" + fill(p.fragment, values, encode)
	}
	return out, nil
}

// encode keeps letters, digits and "-._~" (RFC 3986, unreserved); all else is percent-encoded, so that no value ends its part.
func encode(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }

// Reaches tells whether a script is called by the platform at an address ("host:port").
func (s *Script) Reaches(address string) bool {
	if s.Kind != Call || s.By != ByPlatform {
		return false
	}
	p, ok := cut(s.URL)
	if !ok {
		return false
	}
	host := p.host
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, "443")
	}
	return strings.EqualFold(host, address)
}
