package desk

import (
	"errors"
	"net/url"
	"strings"
)

// ErrNoNumber says that what was clicked or copied holds no number.
var ErrNoNumber = errors.New("desk: no telephone number in it")

// NumberIn finds the number in what was clicked (tel:, callto:, sip:), copied or typed. How it is read is the platform's business; here
// it only is made sure that nothing but a number goes there.
func NumberIn(text string) (string, error) {
	text = strings.TrimSpace(text)
	scheme, rest, linked := strings.Cut(text, ":")
	if linked {
		switch strings.ToLower(scheme) {
		case "tel", "callto", "sip", "sips":
			text = strings.TrimPrefix(rest, "//")
			text, _, _ = strings.Cut(text, "?")
			text, _, _ = strings.Cut(text, ";")
			if plain, err := url.PathUnescape(text); err == nil {
				text = plain
			}
			if at := strings.IndexByte(text, '@'); at >= 0 {
				text = text[:at]
			}
		default:
			return "", ErrNoNumber
		}
	}
	if len(text) > 64 {
		return "", ErrNoNumber
	}
	var b strings.Builder
	digits := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
			b.WriteRune(r)
		case r == '+' && b.Len() == 0, !linked && (r == '*' || r == '#'): // a page that is read must not send a call on by *21*…#
			b.WriteRune(r)
		case strings.ContainsRune(" \u00a0\u202f\t.-/()\u2010\u2011\u2012\u2013\u200e\u200f\u202a\u202c", r):
			if r == '(' || r == ')' {
				b.WriteRune(r) // (0) is read by the platform
			}
		default:
			return "", ErrNoNumber
		}
	}
	if digits < 2 || digits > 20 {
		return "", ErrNoNumber
	}
	return b.String(), nil
}
