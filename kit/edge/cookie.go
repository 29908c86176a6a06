package edge

import "net/http"

// SessionCookie is the name of the cookie that carries a session. The __Host- prefix binds it to this origin and to
// https (browsers count http://localhost as secure): no other site or subdomain can set it.
const SessionCookie = "__Host-session"

// PutSession gives the browser the secret of a session. It dies with the browser; the server's limits rule before.
func PutSession(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{
		Name: SessionCookie, Value: secret, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// DropSession takes the secret back, and asks the browser to forget what it cached (ASVS 14.3.1).
func DropSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: SessionCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
}

// SessionOf reads the secret of a session from a request, "" when it carries none.
func SessionOf(r *http.Request) string {
	c, err := r.Cookie(SessionCookie)
	if err != nil {
		return ""
	}
	return c.Value
}
