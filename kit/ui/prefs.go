package ui

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/rempart/rempart/kit/i18n"
)

// Theme is the scheme of colours that a person chose.
type Theme string

// The themes. The zero value follows the machine.
const (
	Auto  Theme = ""
	Light Theme = "light"
	Dark  Theme = "dark"
)

// The cookies of this package. None holds anything of a person but their own choices; a note lives one minute.
const (
	themeCookie = "__Host-theme"
	langCookie  = "__Host-lang"
	noteCookie  = "__Host-note"
)

// ThemeOf reads the chosen theme of a request.
func ThemeOf(r *http.Request) Theme {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return Theme(c.Value)
	}
	return Auto
}

// Preferences handles POST /preferences: it keeps the language ("lang") and the theme ("theme") in cookies and sends
// back to the page it came from ("back", a path of this site).
func Preferences(w http.ResponseWriter, r *http.Request) error {
	if l, ok := i18n.Parse(r.PostFormValue("lang")); ok {
		keep(w, langCookie, l.String(), 365*24*time.Hour)
	}
	switch t := r.PostFormValue("theme"); t {
	case "light", "dark":
		keep(w, themeCookie, t, 365*24*time.Hour)
	case "auto":
		keep(w, themeCookie, "", -time.Second)
	}
	http.Redirect(w, r, local(r.PostFormValue("back")), http.StatusSeeOther)
	return nil
}

func keep(w http.ResponseWriter, name, value string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Note is one message shown once on top of the next page.
type Note struct {
	Tone Tone   `json:"t"`
	Text string `json:"x"`
}

func setFlash(w http.ResponseWriter, n Note) {
	if c := NoteCookie(n); c.Value != "" {
		keep(w, noteCookie, c.Value, time.Minute)
	}
}

// NoteCookie is how a request asks the page it opens to show a note.
func NoteCookie(n Note) *http.Cookie {
	raw, err := json.Marshal(n)
	if err != nil || len(raw) > 2048 {
		raw = nil
	}
	return &http.Cookie{Name: noteCookie, Value: base64.RawURLEncoding.EncodeToString(raw)}
}

func takeFlash(w http.ResponseWriter, r *http.Request) *Note {
	c, err := r.Cookie(noteCookie)
	if err != nil || c.Value == "" {
		return nil
	}
	keep(w, noteCookie, "", -time.Second)
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	var n Note
	if json.Unmarshal(raw, &n) != nil || n.Text == "" {
		return nil
	}
	return &n
}
