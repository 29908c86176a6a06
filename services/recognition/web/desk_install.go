package web

import (
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/rempart/rempart/kit/ui"
)

//go:embed desk.js
var deskScript []byte

//go:embed desk_worker.js
var deskWorker []byte

func init() { ui.AddAsset("desk.js", deskScript) }

// manifest makes the page one that can be installed. A number that a tel: link hands over stands behind #, which no server sees.
func (desk) manifest(w http.ResponseWriter, r *http.Request) error {
	at := deskAt(deskOrg(r), "")
	icon := map[string]string{"src": ui.AssetURL("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
	text, err := json.Marshal(map[string]any{
		"id": at, "name": "Rempart · " + tdCalls.In(r.Context()), "short_name": tdCalls.In(r.Context()), "start_url": at, "scope": at, "display": "standalone",
		"icons": []map[string]string{icon},
		"protocol_handlers": []map[string]string{
			{"protocol": "tel", "url": at + "#dial=%s"},
			{"protocol": "sip", "url": at + "#dial=%s"},
		},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/manifest+json")
	_, err = w.Write(text)
	return err
}

// worker is the script that shows notifications while the page is not in view: for these pages and no others.
func (desk) worker(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Service-Worker-Allowed", deskAt(deskOrg(r), ""))
	_, err := w.Write(deskWorker)
	return err
}
