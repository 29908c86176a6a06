package number

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// written is what a person or an exchange wrote, without its dress.
type written struct {
	text      string // a plus and digits; capitals too when letters is set
	extension string
	letters   bool
	masked    bool
	hidden    bool
	repaired  bool
	why       string
}

// maskedWords are what exchanges say of a caller who does not want to be known.
var maskedWords = map[string]bool{
	"anonymous": true, "anonyme": true, "restricted": true, "private": true, "privé": true, "prive": true, "withheld": true,
	"unavailable": true, "unknown": true, "inconnu": true, "masqué": true, "masque": true, "numéro masqué": true, "secret": true,
	"numéro privé": true, "private number": true, "caller id restricted": true, "anonymous.invalid": true, "no number": true,
}

var (
	// extension at the end: "poste 123", "p. 12", "int. 4", "ligne 2", "ext. 123", "x123", "#123", ";ext=12", "Durchwahl 12", "tst. 5".
	reExtension = regexp.MustCompile(`(?i)[\s,;.(/-]*(?:;ext=|\b(?:postes?|p|int(?:erne)?|ligne|extension|extn?|durchwahl|dw|toestel|tst|interno)\b\.?|[x#])\s*[:.°º]?\s*(\d{1,7})\s*\)?\s*#?$`)
	// an x or # stands right behind a digit or a space; hiding prefixes are in front.
	reHide   = regexp.MustCompile(`^\s*[*#]31[#*]\s*`)
	reScheme = regexp.MustCompile(`(?i)^(?:tel|sips?|callto|phone):(?://)?`)
	reAngle  = regexp.MustCompile(`^[^<>]*<([^<>]*)>.*$`)
)

// clean takes the dress off: marks of direction, schemes, what hides the caller, the extension, what groups digits.
func clean(raw string) written {
	w := written{}
	s := w.plainText(raw)
	s = w.unwrap(s)
	if s == "" {
		w.why = "empty"
		return w
	}
	if w.masked = maskedWords[strings.ToLower(strings.Trim(s, `"' .<>`))]; w.masked {
		return w
	}
	if at := reHide.FindStringIndex(s); at != nil {
		s, w.hidden, w.repaired = s[at[1]:], true, true
	}
	if at := reExtension.FindStringSubmatchIndex(s); at != nil && countDigits(s[:at[0]]) >= leastPublic {
		w.extension, s, w.repaired = s[at[2]:at[3]], s[:at[0]], true
	}
	w.dial(s)
	return w
}

// plainText gives digits of any script as 0 to 9, spaces as spaces and leaves out what is not seen.
func (w *written) plainText(raw string) string {
	var b strings.Builder
	for _, r := range raw {
		switch {
		case r < 0x80 && r >= ' ':
			b.WriteRune(r)
		case r == '\uff0b':
			b.WriteByte('+')
			w.repaired = true
		case r == utf8.RuneError, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r):
			w.repaired = true // marks of direction, soft hyphens, zero width
		case unicode.Is(unicode.Nd, r):
			b.WriteByte(digit(r))
			w.repaired = true
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Pd, r), r == '\u2212':
			b.WriteByte('-')
		case r == '\uff0f':
			b.WriteByte('/')
		case r == '·' || r == '•' || r == '∙':
			b.WriteByte('.')
		case unicode.IsControl(r):
			w.repaired = true
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// digit gives the value of a decimal digit of any script: they stand in runs of ten that begin with zero.
func digit(r rune) byte {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10)
		}
	}
	return '0'
}

// unwrap takes the number out of an address: tel:, sip:, callto:, with or without a name and angle brackets.
func (w *written) unwrap(s string) string {
	if at := reAngle.FindStringSubmatch(s); at != nil && reScheme.MatchString(strings.TrimSpace(at[1])) {
		s, w.repaired = strings.TrimSpace(at[1]), true
	}
	scheme := reScheme.FindString(s)
	if scheme == "" {
		return s
	}
	w.repaired = true
	s = s[len(scheme):]
	if plain, err := url.PathUnescape(s); err == nil {
		s = w.plainText(plain)
	}
	sip := strings.HasPrefix(strings.ToLower(scheme), "sip")
	if user, host, ok := strings.Cut(s, "@"); ok {
		if strings.HasPrefix(strings.ToLower(host), "anonymous.invalid") {
			return "anonymous"
		}
		s = user
		if password := strings.IndexByte(s, ':'); password >= 0 {
			s = s[:password]
		}
	} else if sip {
		return "" // sip:host names a computer
	}
	main, params, _ := strings.Cut(s, ";")
	ext := ""
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		switch strings.ToLower(name) {
		case "phone-context":
			if strings.HasPrefix(value, "+") && !strings.HasPrefix(main, "+") {
				main = value + strings.TrimPrefix(main, "0")
			}
		case "ext":
			ext = ";ext=" + value
		}
	}
	main, _, _ = strings.Cut(main, "?")
	if sip && hasLetter(main) && !maskedWords[strings.ToLower(main)] {
		return "" // sip:jean@host is nobody's number
	}
	return strings.TrimSpace(main) + ext
}

// dial keeps a plus and digits; letters only when every group of the number would still be one.
func (w *written) dial(s string) {
	s = strings.NewReplacer("(0)", "", "( 0 )", "", "[0]", "").Replace(w.trunk(s))
	var b strings.Builder
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" .-/()[]_'\t", r):
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			w.letters = true
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsLetter(r):
			w.letters, w.why = true, "letters"
		default:
			w.why = "invalid"
		}
	}
	w.text = b.String()
	if len(w.text) > 4*mostDigits {
		w.why = "long"
	}
	if w.why == "" && countDigits(w.text) == 0 {
		w.why = "empty"
		if w.letters {
			w.why = "letters"
		}
	}
}

// trunk notes that "(0)" stood where an international number has none; at home it is the number's own 0.
func (w *written) trunk(s string) string {
	if !strings.Contains(s, "0)") && !strings.Contains(s, "0 )") && !strings.Contains(s, "[0]") {
		return s
	}
	lead := strings.TrimLeft(s, " (")
	if strings.HasPrefix(lead, "+") || strings.HasPrefix(lead, "00") || (countDigits(s) > 10 && !strings.HasPrefix(lead, "0")) {
		w.repaired = true
		return s
	}
	return strings.NewReplacer("(0)", "0", "( 0 )", "0", "[0]", "0").Replace(s)
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			n++
		}
	}
	return n
}

func hasLetter(s string) bool {
	return strings.ContainsFunc(s, unicode.IsLetter)
}
