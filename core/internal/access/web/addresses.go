package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tAddressLead = i18n.T("Qui n'est pas sur la liste est refusé, à la connexion et à chaque acte. Une liste vide admet toutes les adresses.", "Whoever is not on the list is refused, at sign-in and at each act. An empty list admits every address.")
	tStaffLead   = i18n.T("Le personnel du prestataire n'entre que depuis ces adresses. Une liste vide n'admet que cette machine.", "Provider staff enters from these addresses only. An empty list admits this machine alone.")
	tListHint    = i18n.T("Une adresse ou un bloc par ligne, v4 ou v6, puis une note : « 192.0.2.0/24 bureau de Lyon ».", "One address or block per line, v4 or v6, then a note: “192.0.2.0/24 Lyon office”.")
	tYours       = i18n.T("Votre adresse en ce moment : %s.", "Your address right now: %s.")
	tWholeList   = i18n.T("L'organisation", "The organization")
	tStaffList   = i18n.T("Personnel du prestataire", "Provider staff")
	tServiceList = i18n.T("Service : %s", "Service: %s")
	tListOf      = i18n.T("Adresses", "Addresses")
	tListSaved   = i18n.T("La liste est enregistrée ; elle agit dès la prochaine requête.", "The list is saved; it acts from the next request on.")
	tAddService  = i18n.T("Limiter un service de plus près", "Limit a service more closely")
	tStricter    = i18n.T("La liste d'un service s'ajoute à celle de l'organisation : il faut être sur les deux.", "A service's list comes on top of the organization's: one must be on both.")
)

// addressView is the lists of a place; typed replaces the list of service when it comes back with errors.
type addressView struct {
	place    place
	view     access.ListView
	service  string
	typed    *string
	problems ui.Problems
}

func (p pages) addresses(w http.ResponseWriter, r *http.Request) error {
	return p.showAddresses(w, r, http.StatusOK, addressView{})
}

func (p pages) showAddresses(w http.ResponseWriter, r *http.Request, status int, v addressView) error {
	v.place = placeOf(r)
	list, err := p.m.ReadLists(r.Context(), v.place.org)
	if err != nil {
		return err
	}
	v.view = list
	return ui.Render(w, r, status, addressesPage(v))
}

func (p pages) saveAddresses(w http.ResponseWriter, r *http.Request) error {
	at, service, text := placeOf(r), r.PostFormValue("service"), r.PostFormValue("list")
	err := p.m.SaveList(r.Context(), at.org, service, text)
	if ui.Shown(err) {
		return p.showAddresses(w, r, http.StatusUnprocessableEntity, addressView{service: service, typed: &text, problems: listProblems(r.Context(), service, err)})
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, at.base+"/addresses", tListSaved.In(r.Context()))
}

// listProblems names the field of the list they are about: there is one per service on the page.
func listProblems(ctx context.Context, service string, err error) ui.Problems {
	list := ui.ProblemsOf(ctx, err)
	for i := range list {
		list[i].Field = fieldOf(service)
	}
	if e, ok := errors.AsType[*core.Error](err); ok && len(e.Fields) == 0 && len(list) == 1 {
		list[0].Field = fieldOf(service)
	}
	return list
}

func fieldOf(service string) string { return "list" + service }

// text is a list as it is typed.
func (v addressView) text(service string) string {
	if v.typed != nil && v.service == service {
		return *v.typed
	}
	var b strings.Builder
	for _, a := range v.view.Lists[service] {
		prefix := a.Prefix.String()
		if a.Prefix.IsSingleIP() {
			prefix = a.Prefix.Addr().String()
		}
		b.WriteString(prefix)
		if a.Note != "" {
			b.WriteString(" " + a.Note)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (v addressView) title(ctx context.Context, s access.ServiceInfo) string {
	switch {
	case s.Name != "":
		return tServiceList.In(ctx, i18n.From(s.Title).In(ctx))
	case v.place.org == core.Platform:
		return tStaffList.In(ctx)
	}
	return tWholeList.In(ctx)
}

// used are the services that have a list, or whose list just came back.
func (v addressView) used() []access.ServiceInfo {
	out := []access.ServiceInfo{{}}
	for _, s := range v.view.Services {
		if v.place.org != core.Platform && (len(v.view.Lists[s.Name]) > 0 || v.typed != nil && v.service == s.Name) {
			out = append(out, s)
		}
	}
	return out
}

// free are the services without a list.
func (v addressView) free() []access.ServiceInfo {
	var out []access.ServiceInfo
	if v.place.org == core.Platform {
		return nil
	}
	for _, s := range v.view.Services {
		if len(v.view.Lists[s.Name]) == 0 && !(v.typed != nil && v.service == s.Name) {
			out = append(out, s)
		}
	}
	return out
}

func (v addressView) lead(ctx context.Context) string {
	if v.place.org == core.Platform {
		return tStaffLead.In(ctx)
	}
	return tAddressLead.In(ctx)
}

func own(ctx context.Context) string {
	a := core.ActorOf(ctx).Address.Unmap()
	if !a.IsValid() {
		return "—"
	}
	return a.String()
}
