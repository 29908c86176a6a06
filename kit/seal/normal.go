package seal

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rempart/rempart/core"
)

// MinBits is the entropy under which a field gets no blind index: the index of a sex or of a year of birth would tell how often
// each value occurs, which is the value.
const MinBits = 20

// ErrForm says that a value has not the form of its field; it never holds the value.
var ErrForm = errors.New("seal: the value has not the form of its field")

// EmailField and PhoneField describe fields of these forms for a blind index; name is "table.column".
func EmailField(name string) core.IndexField {
	return core.IndexField{Name: name, Version: 1, Normalise: Email, Bits: 40}
}

// PhoneField describes a telephone number.
func PhoneField(name string) core.IndexField {
	return core.IndexField{Name: name, Version: 1, Normalise: Phone, Bits: 27}
}

// Email gives the one form of an address: NFC, lower case, no blanks around. Dots and tags are kept: what they mean belongs to
// whoever runs the mailbox. Version 1.
func Email(address string) (string, error) {
	s := strings.ToLower(norm.NFC.String(strings.TrimSpace(address)))
	if len(s) > 254 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || unicode.IsControl(r) || r == utf8.RuneError }) {
		return "", ErrForm
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return "", ErrForm
	}
	return s, nil
}

// Phone gives a number in E.164 form ("+33142000000"). It reads international numbers (+33, 0033, an optional "(0)") and French
// national ones (0142000000). Version 1.
func Phone(number string) (string, error) {
	s := strings.TrimSpace(number)
	if s == "" || strings.Trim(s, "0123456789+ .-()/\u00a0\u202f") != "" || strings.LastIndexByte(s, '+') > 0 {
		return "", ErrForm
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ReplaceAll(s, "(0)", ""))
	switch {
	case s[0] == '+':
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	case len(digits) == 10 && digits[0] == '0':
		digits = "33" + digits[1:]
	default:
		return "", ErrForm
	}
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return "", ErrForm
	}
	return "+" + digits, nil
}
