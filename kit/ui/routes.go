package ui

import (
	"net/http"

	"github.com/rempart/rempart/kit/edge"
)

// Routes are those of the look itself: the embedded files and the choice of language and colours.
func Routes() []edge.Route {
	files := Assets()
	return []edge.Route{
		{
			Pattern: AssetsPattern, Access: edge.Public("style sheet, script and font hold nothing of anyone").Blind(),
			Handle: func(w http.ResponseWriter, r *http.Request) error { files.ServeHTTP(w, r); return nil },
		},
		{
			Pattern: "POST /preferences", Access: edge.Public("a choice of language or colours tells nothing").Blind(),
			Handle: Preferences,
		},
	}
}
