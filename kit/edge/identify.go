package edge

import (
	"context"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
)

// Identify makes the Authenticate of a Config: the API takes the token of an Authorization header, and everything
// takes the session of the cookie. renewed is the new value of the cookie, "" to keep it. A token never opens a page.
//
// The cookie of a refused session is left where it is: the answer of a slow request must not erase the cookie that a
// faster one has just renewed.
func Identify(
	session func(ctx context.Context, secret string) (a core.Actor, renewed string, err error),
	token func(ctx context.Context, secret string) (core.Actor, error),
) func(http.ResponseWriter, *http.Request) (core.Actor, error) {
	return func(w http.ResponseWriter, r *http.Request) (core.Actor, error) {
		if header := r.Header.Get("Authorization"); header != "" && IsAPI(r) {
			scheme, secret, _ := strings.Cut(header, " ")
			if !strings.EqualFold(scheme, "Bearer") {
				return core.Actor{}, errSignIn
			}
			return token(r.Context(), strings.TrimSpace(secret))
		}
		secret := SessionOf(r)
		if secret == "" {
			return core.Actor{}, nil
		}
		actor, renewed, err := session(r.Context(), secret)
		if renewed != "" && err == nil {
			PutSession(w, renewed)
		}
		return actor, err
	}
}
