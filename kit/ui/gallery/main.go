// Command gallery shows every component of kit/ui on a few pages with invented content, to look at while they are changed:
//
//	go run ./kit/ui/gallery 127.0.0.1:8099
//
// Owns: the sample pages. Must not know: any module. Start reading at: gallery.templ.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

func main() {
	addr := "127.0.0.1:8099"
	if len(os.Args) > 1 {
		addr = os.Args[1]
	}
	fmt.Println("http://" + addr + "/")
	server := &http.Server{Addr: addr, Handler: handler(), ReadHeaderTimeout: 5 * time.Second}
	if err := server.ListenAndServe(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errBusy = i18n.Fault(core.Busy, "gallery.busy", "Trop de travail en ce moment.", "Too much work just now.")

// handler serves the sample pages through the real edge, so that its headers apply.
func handler() http.Handler {
	server := edge.New(edge.Config{ErrorPage: ui.ErrorPage})
	server.Add(ui.Routes()...)
	page := func(c func() templ.Component) edge.Handler {
		return func(w http.ResponseWriter, r *http.Request) error { return ui.Render(w, r, http.StatusOK, c()) }
	}
	open := edge.Public("sample pages hold nothing real")
	server.Add(
		edge.Route{Pattern: "GET /o/{org}/members", Access: open, Handle: page(list)},
		edge.Route{Pattern: "GET /forms", Access: open, Handle: page(forms)},
		edge.Route{Pattern: "GET /blocks", Access: open, Handle: page(blocks)},
		edge.Route{Pattern: "GET /bare", Access: open, Handle: page(bare)},
		edge.Route{Pattern: "GET /busy", Access: open, Handle: func(http.ResponseWriter, *http.Request) error { return errBusy.After(4 * time.Second) }},
		edge.Route{Pattern: "GET /{$}", Access: open, Handle: func(w http.ResponseWriter, r *http.Request) error {
			return ui.Redirect(w, r, "/o/harbour/members", "Camille Renaud a été invitée.")
		}},
	)
	frame := ui.Frame{Version: "0.0", Contact: "security@example.org", Who: who}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(w, r.WithContext(ui.WithFrame(r.Context(), frame)))
	})
}

func who(_ context.Context, _ core.ID, ask []core.Permission) (ui.Who, error) {
	may := map[core.Permission]bool{}
	for _, p := range ask {
		may[p] = true
	}
	return ui.Who{
		Name: "Inès Vauquelin", Staff: true, May: may,
		Orgs: []ui.Org{{ID: "harbour", Name: "Port de Saint-Ellier", Kind: "client"}, {ID: "mills", Name: "Moulins Darnal", Kind: "client"}},
	}, nil
}

var people = []struct{ name, mail, role, state string }{
	{"Camille Renaud", "camille.renaud@port.example", "Administratrice", "active"},
	{"Idriss Benali", "idriss.benali@port.example", "Sécurité", "active"},
	{"Maëlle Kervarec", "maelle.kervarec@port.example", "Membre", "invited"},
	{"Paul Okafor", "paul.okafor@port.example", "Auditeur", "suspended"},
	{"Accueil du port", "accueil@port.example", "Compte fonctionnel", "active"},
	{"Léa Montfort", "lea.montfort@port.example", "Membre", "left"},
}

func rows() []ui.Row {
	var list []ui.Row
	for i, p := range people {
		state := map[string]ui.Badge{"active": {Text: "Actif", Tone: ui.Good}, "invited": {Text: "Invitée", Tone: ui.Info}, "suspended": {Text: "Suspendu", Tone: ui.Bad}, "left": {Text: "Partie"}}[p.state]
		list = append(list, ui.Row{
			ID: p.mail, Label: p.name, Href: "/forms", Faded: p.state == "left",
			Cells: []templ.Component{
				ui.PersonLink(p.name, p.mail, "/forms"), ui.Words(p.role), state,
				ui.Time{At: time.Now().Add(-time.Duration(i*i*i*47) * time.Minute), Relative: true},
				ui.Words(fmt.Sprint(i * 3)),
				ui.Button{Label: "Suspendre", Kind: ui.Quiet, Small: true, Hint: p.name, Opens: "suspend"},
			},
		})
	}
	return list
}
