package edge

import "net/http"

// UnlockCookie is the name of the cookie that holds what opens an organization's own fields for one session: the server keeps
// only what that key opens.
const UnlockCookie = "__Host-unlock"

// PutUnlock gives it to the browser, which drops it when it closes.
func PutUnlock(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{
		Name: UnlockCookie, Value: secret, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// DropUnlock takes it back.
func DropUnlock(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: UnlockCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// UnlockOf reads it from a request, "" when it carries none.
func UnlockOf(r *http.Request) string {
	c, err := r.Cookie(UnlockCookie)
	if err != nil {
		return ""
	}
	return c.Value
}
