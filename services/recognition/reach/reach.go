// Package reach says where programs at the customer's find the platform.
//
// Owns: what an address of the platform may be. Must not know: what is asked there. Start reading at: Origin.
package reach

import (
	"net/url"
	"strings"

	"github.com/rempart/rempart/kit/egress"
)

// Origin reads the address of a platform as a person types it, and gives it without anything behind: "https://trust.example.org". A token
// goes there: without TLS only this very computer is one.
func Origin(typed string) (origin string, ok bool) {
	u, err := url.Parse(strings.TrimSpace(typed))
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !egress.IsLocal(u.Hostname())) {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}
