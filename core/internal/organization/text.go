package organization

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold writes a text as it is sorted and searched: lower case, without accents, spaces made one.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, "\uFFFD")) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsSpace(r) || r == '\'' || r == '’' || r == '-':
			space = b.Len() > 0
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// clean makes one line of a text that somebody typed: no control character, spaces made one, NFC. ok is false when it
// is longer than most characters or is not text.
func clean(s string, most int) (string, bool) {
	if !utf8.ValidString(s) || len(s) > 8*most {
		return "", false
	}
	s = norm.NFC.String(s)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	for _, r := range s {
		if unicode.Is(unicode.Cf, r) { // invisible and bidirectional marks forge what is read
			return "", false
		}
	}
	return s, utf8.RuneCountInString(s) <= most
}

// address reads an e-mail address and writes it as accounts are found: lower case.
func address(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 254 || strings.ContainsAny(s, "<>()[]\\,;:\" \t\r\n") {
		return "", false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return "", false
	}
	local, domain, _ := strings.Cut(s, "@")
	if len(local) > 64 || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", false
	}
	return strings.ToLower(s), true
}

// phone reads a number in international form (E.164) or in the French national form.
func phone(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", true
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ReplaceAll(s, "(0)", ""))
	if strings.Trim(s, "0123456789+ .-()/\u00a0\u202f") != "" {
		return "", false
	}
	switch {
	case strings.HasPrefix(s, "+"):
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	case len(digits) == 10 && digits[0] == '0':
		digits = "33" + digits[1:]
	default:
		return "", false
	}
	return "+" + digits, len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0'
}
