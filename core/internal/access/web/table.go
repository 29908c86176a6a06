package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTable       = i18n.T("Habilitations", "Access table")
	tTableLead   = i18n.T("Qui peut quoi ici, pourquoi et depuis quand. Ouvrez une case pour lire ce qui la donne.", "Who can do what here, why and since when. Open a cell to read what gives it.")
	tAllServices = i18n.T("Tous les services", "All services")
	tAsOf        = i18n.T("Table au", "Table as of")
	tShow        = i18n.T("Afficher", "Show")
	tPast        = i18n.T("Table telle qu'elle était le %s.", "The table as it was on %s.")
	tBackToNow   = i18n.T("Revenir à aujourd'hui", "Back to today")
	tUnused      = i18n.T("Inutilisés", "Unused")
	tWhoCan      = i18n.T("Qui peut ?", "Who can?")
	tSupport     = i18n.T("Support", "Support")
	tAddresses   = i18n.T("Adresses admises", "Allowed addresses")
	tExportCSV   = i18n.T("CSV", "CSV")
	tExportPDF   = i18n.T("PDF", "PDF")
	tExport      = i18n.T("Exporter la table", "Export the table")
	tNoPersons   = i18n.T("Aucune personne à cette date", "Nobody at that date")
	tWhyCell     = i18n.T("Pourquoi : %s, %s", "Why: %s, %s")
	tYes         = i18n.T("oui", "yes")
	tPartly      = i18n.T("en partie", "partly")
	tUnusedMark  = i18n.T("inutilisé", "unused")
	tDormant     = i18n.T("dormant", "dormant")
	tBlocked     = i18n.T("suspendu", "suspended")
	tServiceAcc  = i18n.T("compte de service", "service account")
	tSupportTag  = i18n.T("support du prestataire", "provider support")
	tOfTotal     = i18n.T("%d sur %d", "%d of %d")
	tAccessViews = i18n.T("Vues des habilitations", "Views of the access table")
	tUnusedLead  = i18n.T("Ces droits n'ont pas servi depuis le délai que fixent les réglages. Un droit qui ne sert pas est un droit à retirer.", "These rights were not used for as long as the settings say. A right that is not used is a right to revoke.")
	tUnusedTitle = i18n.T("Droits inutilisés et comptes dormants", "Unused rights and dormant accounts")
	tNoUnused    = i18n.T("Tout ce qui est donné sert", "Everything that is given is used")
	tLastUse     = i18n.T("Dernier usage", "Last use")
	tNever       = i18n.T("jamais", "never")
	tState       = i18n.T("État", "State")
	tWhoTitle    = i18n.T("Qui peut faire cela ?", "Who can do this?")
	tWhoLead     = i18n.T("La réponse est celle que donnerait une demande faite maintenant : les candidats viennent des attributions, chaque cas est décidé.", "The answer is the one that a request made now would get: candidates come from assignments, each case is decided.")
	tChoose      = i18n.T("Choisissez une permission", "Choose a permission")
	tAsk         = i18n.T("Répondre", "Answer")
	tNobodyCan   = i18n.T("Personne ne peut", "Nobody can")
	tSupportOpen = i18n.T("Votre espace est ouvert au support du prestataire", "Your space is open to the provider's support")
	tSupportSee  = i18n.T("Voir à qui, jusqu'à quand, et le refermer", "See to whom, until when, and close it")
	tRoleAnd     = i18n.T("Rôle", "Role")
)

// tableView is one page of the habilitation table.
type tableView struct {
	place place
	table access.Table
	group string // service shown; empty: a count per service
	at    string // date asked, empty for now
}

func (p pages) table(w http.ResponseWriter, r *http.Request) error {
	where := placeOf(r)
	at, text, err := p.asOf(r)
	if err != nil {
		return err
	}
	t, err := p.m.View(r.Context(), where.org, at, core.ID(r.URL.Query().Get("after")), 50)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, tablePage(tableView{where, t, r.URL.Query().Get("service"), text}))
}

// service is one group of permissions of the table.
type service struct {
	name  string
	title core.Text
	infos []access.PermissionInfo
}

func services(columns []access.PermissionInfo) []service {
	var out []service
	for _, info := range columns {
		i := slices.IndexFunc(out, func(s service) bool { return s.name == info.Module })
		if i < 0 {
			out = append(out, service{name: info.Module, title: info.ModuleTitle})
			i = len(out) - 1
		}
		out[i].infos = append(out[i].infos, info)
	}
	return out
}

func (v tableView) href(pairs ...string) string {
	return v.place.table() + query(append([]string{"at", v.at}, pairs...)...)
}

func (v tableView) services(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: tAllServices.In(ctx)}}
	for _, s := range services(v.table.Columns) {
		out = append(out, ui.Option{Value: s.name, Label: i18n.From(s.title).In(ctx)})
	}
	return out
}

func (v tableView) columns(ctx context.Context) []ui.Column {
	cols := []ui.Column{{Label: tPerson.In(ctx)}}
	for _, s := range services(v.table.Columns) {
		switch {
		case v.group == "":
			cols = append(cols, ui.Column{Label: i18n.From(s.title).In(ctx)})
		case v.group == s.name:
			for _, info := range s.infos {
				cols = append(cols, ui.Column{Label: i18n.From(info.Title).In(ctx)})
			}
		}
	}
	return cols
}

func (v tableView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.table.Rows))
	for i, r := range v.table.Rows {
		href := v.place.person(r.Person) + query("at", v.at)
		cells := []templ.Component{who(ctx, r, href)}
		for _, s := range services(v.table.Columns) {
			switch {
			case v.group == "":
				cells = append(cells, count(ctx, r, s, href))
			case v.group == s.name:
				for _, info := range s.infos {
					cells = append(cells, cell(ctx, r, info, href))
				}
			}
		}
		rows[i] = ui.Row{Label: orSomeone(ctx, r.Name), Href: href, Cells: cells, Faded: r.Blocked != nil}
	}
	return rows
}

// who names a person, and says what is particular about them.
func who(ctx context.Context, r access.Row, href string) templ.Component {
	person := ui.PersonLink(orSomeone(ctx, r.Name), under(ctx, r), href)
	if r.Blocked == nil && !r.Dormant {
		return person
	}
	return ui.Line(person, marks(r))
}

// dayOf shows a day, without an hour that nobody noted.
func dayOf(ctx context.Context, t time.Time) templ.Component {
	if t.IsZero() {
		return ui.Faint(tNever.In(ctx))
	}
	return ui.Words(i18n.Date(ctx, t))
}

// under is the second line of a person: function, or what they are.
func under(ctx context.Context, r access.Row) string {
	switch {
	case r.Service:
		return tServiceAcc.In(ctx)
	case r.Support:
		return tSupportTag.In(ctx)
	}
	return r.Function
}

func count(ctx context.Context, r access.Row, s service, href string) templ.Component {
	n := 0
	for _, info := range s.infos {
		if len(r.Cells[info.Name].Whys) > 0 {
			n++
		}
	}
	if n == 0 {
		return ui.Faint("—")
	}
	return ui.To(tOfTotal.In(ctx, n, len(s.infos)), href+"#"+s.name)
}

func cell(ctx context.Context, r access.Row, info access.PermissionInfo, href string) templ.Component {
	c := r.Cells[info.Name]
	if len(c.Whys) == 0 {
		return ui.Faint("—")
	}
	word := tYes.In(ctx)
	if !c.Everywhere() {
		word = tPartly.In(ctx)
	}
	return cellLink(word, tWhyCell.In(ctx, i18n.From(info.Title).In(ctx), orSomeone(ctx, r.Name)), href+"#"+string(info.Name), c.Unused)
}

// moreHref gives the next page, empty at the end.
func (v tableView) moreHref() string {
	if v.table.Next == "" {
		return ""
	}
	return v.href("service", v.group, "after", string(v.table.Next))
}

func (p pages) file(w http.ResponseWriter, r *http.Request) error {
	at, _, err := p.asOf(r)
	if err != nil {
		return err
	}
	f, err := p.m.Export(r.Context(), placeOf(r).org, at, format(r))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

func (p pages) unused(w http.ResponseWriter, r *http.Request) error {
	where := placeOf(r)
	t, err := p.m.View(r.Context(), where.org, time.Time{}, core.ID(r.URL.Query().Get("after")), 200)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, unusedPage(tableView{place: where, table: t}))
}

// unusedRows are one line per person and role of which a permission is not used, or whose person is dormant.
func (v tableView) unusedRows(ctx context.Context) []ui.Row {
	var rows []ui.Row
	for _, r := range v.table.Rows {
		titles, n := map[string]string{}, map[string]int{}
		for _, c := range r.Cells {
			for _, w := range c.Whys {
				if c.Unused {
					titles[w.Role], n[w.Role] = i18n.From(w.RoleTitle).In(ctx), n[w.Role]+1
				}
			}
		}
		for _, role := range r.Roles {
			if n[role] == 0 {
				continue
			}
			rows = append(rows, ui.Row{Cells: []templ.Component{
				who(ctx, r, v.place.person(r.Person)), ui.Words(titles[role]),
				ui.Words(fmt.Sprint(n[role])), dayOf(ctx, r.LastUsed),
			}})
		}
	}
	return rows
}

func (p pages) unusedFile(w http.ResponseWriter, r *http.Request) error {
	f, err := p.m.ExportUnused(r.Context(), placeOf(r).org)
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

// whoView is an answer to 'who can do this on that'.
type whoView struct {
	place      place
	permission core.Permission
	object     string
	catalog    []access.PermissionInfo
	rows       []access.Row
	asked      bool
}

func (p pages) whoCan(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v := whoView{place: placeOf(r), permission: core.Permission(q.Get("permission")), object: string(object(q.Get("object")))}
	v.catalog = p.m.Permissions(v.place.org)
	v.asked = slices.ContainsFunc(v.catalog, func(i access.PermissionInfo) bool { return i.Name == v.permission })
	rows, err := p.m.Who(r.Context(), v.place.org, v.permission, core.ID(v.object))
	if err != nil {
		return err
	}
	v.rows = rows
	return ui.Render(w, r, http.StatusOK, whoPage(v))
}

func (v whoView) options(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: tChoose.In(ctx)}}
	for _, info := range v.catalog {
		out = append(out, ui.Option{Value: string(info.Name), Label: i18n.From(info.ModuleTitle).In(ctx) + " : " + i18n.From(info.Title).In(ctx)})
	}
	return out
}

func (v whoView) list(ctx context.Context) []ui.Row {
	var rows []ui.Row
	for _, r := range v.rows {
		for _, w := range r.Cells[v.permission].Whys {
			rows = append(rows, ui.Row{Cells: append([]templ.Component{
				ui.PersonLink(orSomeone(ctx, r.Name), under(ctx, r), v.place.person(r.Person)),
			}, whyCells(ctx, v.place, w)...)})
		}
	}
	return rows
}

// whyCells say why: role, scope, policy, since when, until when, by whom, for what reason.
func whyCells(ctx context.Context, at place, w access.Why) []templ.Component {
	by := w.ByName
	if w.Assignment == "" {
		by = tComesWith.In(ctx)
	} else if by == "" {
		by = nameOf(ctx, nil, w.By)
	}
	return []templ.Component{
		ui.ToIf("habilitation.read", i18n.From(w.RoleTitle).In(ctx), at.role(w.Role)), ui.Words(access.ScopeWords(ctx, w.Service, w.Object)),
		ui.ToIf("role.read", w.Policy, at.table()+"/policies#"+w.Policy),
		ui.Time{At: w.Since, Relative: true},
		ui.Time{At: w.Until, Never: tNoEnd.In(ctx)},
		ui.Words(by), ui.Words(w.Reason),
	}
}

func whyColumns(ctx context.Context, first string) []ui.Column {
	return []ui.Column{
		{Label: first},
		{Label: tRoleAnd.In(ctx)},
		{Label: tScope.In(ctx)},
		{Label: tPolicy.In(ctx)},
		{Label: tSince.In(ctx)},
		{Label: tEnds.In(ctx)},
		{Label: tBy.In(ctx)},
		{Label: tReason.In(ctx)},
	}
}

func (v tableView) unusedMore() string {
	if v.table.Next == "" {
		return ""
	}
	return v.place.table() + "/unused" + query("after", string(v.table.Next))
}

// supported tells whether support staff is let in at the date shown.
func (v tableView) supported() bool {
	return slices.ContainsFunc(v.table.Rows, func(r access.Row) bool { return r.Support })
}
