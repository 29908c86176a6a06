package demo

import (
	"net/http"
	"strings"
	"sync"

	"github.com/rempart/rempart/kit/ids"
)

// doors are single-use links that sign a player in, for whoever looks around after the scenes. They live in front of the
// demonstration's own listener: the product has no such thing.
type doors struct {
	mu     sync.Mutex
	byName map[string]string // secret → player
}

// offer makes a link for a player.
func (d *doors) offer(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byName == nil {
		d.byName = map[string]string{}
	}
	secret := ids.Secret("", 20)
	d.byName[secret] = name
	return secret
}

func (d *doors) take(secret string) (name string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name, ok = d.byName[secret]
	delete(d.byName, secret)
	return name, ok
}

// front opens /demo/{secret}: the player signs in through the pages, as the visitor's browser, and the visitor gets the cookies.
func (d *doors) front(s *Stage) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			secret, ours := strings.CutPrefix(r.URL.Path, "/demo/")
			name, ok := "", false
			if ours && r.Method == http.MethodGet {
				name, ok = d.take(secret)
			}
			if !ok {
				next.ServeHTTP(w, r)
				return
			}
			b := s.browser()
			b.Agent = r.UserAgent()
			if err := b.SignIn(s.Person(name)); err != nil {
				http.Error(w, "the sign-in failed: "+err.Error(), http.StatusInternalServerError)
				return
			}
			for cookie, value := range b.Cookies {
				http.SetCookie(w, &http.Cookie{Name: cookie, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
			}
			http.Redirect(w, r, "/", http.StatusSeeOther)
		})
	}
}
