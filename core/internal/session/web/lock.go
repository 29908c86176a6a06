package web

import (
	"net/http"
	"net/url"

	"github.com/rempart/rempart/kit/edge"
)

// lock locks the session in use and shows the lock (a page of the sign-in), which leads back to where it was asked.
func (p pages) lock(w http.ResponseWriter, r *http.Request) error {
	if err := p.sessions.Lock(r.Context()); err != nil {
		return err
	}
	to := "/lock"
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
		if next := edge.SafeNext(from.RequestURI()); next != "" {
			to += "?next=" + url.QueryEscape(next)
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
