package edge

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/rempart/rempart/kit/i18n"
)

// languageCookie keeps the choice that a person makes (kit/ui writes it).
const languageCookie = "__Host-lang"

// language is that of the request: ?lang= for this page alone, else the cookie, else Accept-Language, else French.
func language(r *http.Request) i18n.Lang {
	if q := r.URL.RawQuery; strings.Contains(q, "lang=") {
		if l, ok := i18n.Parse(r.URL.Query().Get("lang")); ok {
			return l
		}
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		if l, ok := i18n.Parse(c.Value); ok {
			return l
		}
	}
	return accepted(r.Header.Get("Accept-Language"))
}

// accepted reads Accept-Language (RFC 9110, 12.5.4): the spoken language of the highest weight, the first on a tie.
func accepted(header string) i18n.Lang {
	best, weight := i18n.FR, 0.0
	for part := range strings.SplitSeq(cut(header, 512), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				continue
			}
		}
		if l, ok := i18n.Parse(strings.TrimSpace(tag)); ok && q > weight && q <= 1 {
			best, weight = l, q
		}
	}
	return best
}
