package edge

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/rempart/rempart/kit/i18n"
)

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

// chooseLanguage keeps a choice in a cookie and goes back to the page it was made on.
func (s *Server) chooseLanguage(w http.ResponseWriter, r *http.Request) error {
	if l, ok := i18n.Parse(r.PostFormValue("lang")); ok {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: l.String(), Path: "/", MaxAge: 365 * 24 * 3600,
			Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	http.Redirect(w, r, orElse(SafeNext(r.PostFormValue("next")), "/"), http.StatusSeeOther)
	return nil
}
