package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tServices     = i18n.T("Comptes de service", "Service accounts")
	tServicesLead = i18n.T("Les programmes qui agissent dans l'organisation. Une personne répond de chacun ; ses rôles se donnent comme ceux d'un membre.", "The programs that act in the organization. A person answers for each; its roles are given like a member's.")
	tNewService   = i18n.T("Nouveau compte de service", "New service account")
	tDescription  = i18n.T("Ce qu'il fait", "What it does")
	tResponsible  = i18n.T("Personne responsable", "Person responsible")
	tRespHint     = i18n.T("Un membre actif de l'organisation, qui répond de ce que fait le programme.", "An active member of the organization, who answers for what the program does.")
	tNobody       = i18n.T("Personne : à désigner", "Nobody: to be named")
	tState        = i18n.T("État", "State")
	tOpen         = i18n.T("Ouvert", "Open")
	tClosed       = i18n.T("Fermé", "Closed")
	tNoService    = i18n.T("Aucun compte de service", "No service account")
	tNoServText   = i18n.T("Créez-en un pour un programme qui utilise l'API au nom de l'organisation.", "Create one for a program that uses the API in the name of the organization.")
	tCreateServ   = i18n.T("Créer le compte", "Create the account")
	tCreatedServ  = i18n.T("Le compte est créé. Donnez-lui un rôle dans les habilitations, puis un jeton.", "The account is created. Give it a role in the access table, then a token.")
	tSave         = i18n.T("Enregistrer", "Save")
	tEdit         = i18n.T("Modifier le compte", "Change the account")
	tSaved        = i18n.T("Le compte est modifié.", "The account is changed.")
	tClose        = i18n.T("Fermer le compte", "Close the account")
	tCloseText    = i18n.T("Ses jetons prennent fin aussitôt et il ne rouvre pas.", "Its tokens end at once and it does not reopen.")
	tClosedDone   = i18n.T("Le compte est fermé, ses jetons ont pris fin.", "The account is closed, its tokens have ended.")
	tWhy          = i18n.T("Motif", "Reason")
	tWhyHint      = i18n.T("Il est gardé dans le journal.", "It is kept in the journal.")
	tTokens       = i18n.T("Jetons", "Tokens")
	tAbout        = i18n.T("Le compte", "The account")
	tServID       = i18n.T("Identifiant", "Id")
	tPageOf       = i18n.N("%d compte sur cette page", "%d comptes sur cette page", "%d account on this page", "%d accounts on this page")
)

func place(org core.ID) string { return "/o/" + string(org) + "/services" }

// servicesView is the list.
type servicesView struct {
	org         core.ID
	list        []token.Service
	after, next core.ID
}

func (v servicesView) nextHref() string {
	if v.next == "" {
		return ""
	}
	return place(v.org) + "?after=" + url.QueryEscape(string(v.next))
}

func (v servicesView) firstHref() string {
	if v.after == "" {
		return ""
	}
	return place(v.org)
}

func serviceRows(ctx context.Context, v servicesView) []ui.Row {
	out := make([]ui.Row, len(v.list))
	for i, s := range v.list {
		href := place(v.org) + "/" + string(s.ID)
		state := ui.Badge{Text: tOpen.In(ctx), Tone: ui.Good}
		if !s.Closed.IsZero() {
			state = ui.Badge{Text: tClosed.In(ctx)}
		}
		out[i] = ui.Row{ID: string(s.ID), Label: s.Name, Href: href, Faded: !s.Closed.IsZero(), Cells: []templ.Component{
			ui.To(s.Name, href), ui.Words(s.Description), responsible(ctx, s), ui.Time{At: s.Made}, state,
		}}
	}
	return out
}

func responsible(ctx context.Context, s token.Service) templ.Component {
	if s.ResponsibleName == "" {
		return ui.Badge{Text: tNobody.In(ctx), Tone: ui.Bad}
	}
	return ui.Person(s.ResponsibleName, "")
}

func (p pages) services(w http.ResponseWriter, r *http.Request) error {
	v := servicesView{org: core.ID(r.PathValue("org")), after: core.ID(r.FormValue("after"))}
	var err error
	if v.list, v.next, err = p.tokens.Services(r.Context(), v.org, v.after); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, servicesPage(v))
}

// serviceView is one account, or the form of a new one.
type serviceView struct {
	org      core.ID
	service  token.Service
	tokens   []token.Token
	draft    token.Draft
	reason   string
	people   []token.Candidate
	problems ui.Problems
}

func (v serviceView) options() []ui.Option {
	list := make([]ui.Option, 0, len(v.people)+1)
	list = append(list, ui.Option{Label: "—"})
	for _, c := range v.people {
		list = append(list, ui.Option{Value: string(c.ID), Label: c.Name})
	}
	return list
}

func (v serviceView) at(rest string) string { return place(v.org) + "/" + string(v.service.ID) + rest }

func (v serviceView) open() bool { return v.service.Closed.IsZero() }

func (v serviceView) version() string { return strconv.FormatInt(v.service.Version, 10) }

func draftOf(r *http.Request) token.Draft {
	return token.Draft{Name: r.PostFormValue("name"), Description: r.PostFormValue("description"), Responsible: core.ID(r.PostFormValue("responsible"))}
}

func (p pages) newService(w http.ResponseWriter, r *http.Request) error {
	v := serviceView{org: core.ID(r.PathValue("org")), draft: token.Draft{Responsible: core.ActorOf(r.Context()).ID}}
	return p.showNew(w, r, http.StatusOK, v)
}

func (p pages) showNew(w http.ResponseWriter, r *http.Request, status int, v serviceView) (err error) {
	if v.people, err = p.tokens.Candidates(r.Context(), v.org); err != nil {
		return err
	}
	return ui.Render(w, r, status, newServicePage(v))
}

func (p pages) createService(w http.ResponseWriter, r *http.Request) error {
	v := serviceView{org: core.ID(r.PathValue("org")), draft: draftOf(r)}
	s, err := p.tokens.CreateService(r.Context(), v.org, v.draft)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return p.showNew(w, r, edge.StatusOf(err), v)
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, place(v.org)+"/"+string(s.ID), tCreatedServ.In(r.Context()))
}

func (p pages) service(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, nil, nil, "")
}

// show draws one account; a draft or a reason is what was typed and refused.
func (p pages) show(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems, draft *token.Draft, reason string) error {
	ctx := r.Context()
	v := serviceView{org: core.ID(r.PathValue("org")), problems: problems, reason: reason}
	var err error
	if v.service, v.tokens, err = p.tokens.Service(ctx, v.org, core.ID(r.PathValue("service"))); err != nil {
		return err
	}
	v.draft = token.Draft{Name: v.service.Name, Description: v.service.Description, Responsible: v.service.Responsible}
	if draft != nil {
		v.draft = *draft
	}
	if v.open() {
		if v.people, err = p.tokens.Candidates(ctx, v.org); err != nil {
			return err
		}
	}
	return ui.Render(w, r, status, servicePage(v))
}

func (p pages) editService(w http.ResponseWriter, r *http.Request) error {
	ctx, org, id, d := r.Context(), core.ID(r.PathValue("org")), core.ID(r.PathValue("service")), draftOf(r)
	version, _ := strconv.ParseInt(r.PostFormValue("version"), 10, 64) // 0 is no version: refused as changed
	err := p.tokens.EditService(ctx, org, id, d, version)
	if ui.Shown(err) {
		return p.show(w, r, edge.StatusOf(err), ui.ProblemsOf(ctx, err), &d, "")
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, place(org)+"/"+string(id), tSaved.In(ctx))
}

func (p pages) closeService(w http.ResponseWriter, r *http.Request) error {
	ctx, org, id, reason := r.Context(), core.ID(r.PathValue("org")), core.ID(r.PathValue("service")), r.PostFormValue("reason")
	err := p.tokens.CloseService(ctx, org, id, reason)
	if ui.Shown(err) {
		return p.show(w, r, edge.StatusOf(err), ui.ProblemsOf(ctx, err), nil, reason)
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, place(org), tClosedDone.In(ctx))
}

// orderFor is the form of a new token of a service account.
func (p pages) orderFor(r *http.Request) (orderView, error) {
	ctx, org := r.Context(), core.ID(r.PathValue("org"))
	s, _, err := p.tokens.Service(ctx, org, core.ID(r.PathValue("service")))
	if err != nil {
		return orderView{}, err
	}
	at := place(org) + "/" + string(s.ID)
	return orderView{
		action: at + "/tokens", back: at, service: true, days: strconv.Itoa(usualLife), all: p.tokens.Scopes(),
		crumbs: []ui.Crumb{{Label: tServices.In(ctx), Href: place(org)}, {Label: s.Name, Href: at}},
	}, nil
}

func (p pages) newToken(w http.ResponseWriter, r *http.Request) error {
	v, err := p.orderFor(r)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, orderPage(v))
}

func (p pages) createToken(w http.ResponseWriter, r *http.Request) error {
	v, err := p.orderFor(r)
	if err != nil {
		return err
	}
	o, err := v.read(r)
	if err != nil {
		return err
	}
	t, secret, err := p.tokens.CreateFor(r.Context(), core.ID(r.PathValue("org")), core.ID(r.PathValue("service")), o)
	return p.made(w, r, v, t, secret, err)
}

func (p pages) endToken(w http.ResponseWriter, r *http.Request) error {
	org, service := core.ID(r.PathValue("org")), core.ID(r.PathValue("service"))
	if err := p.tokens.EndFor(r.Context(), org, service, core.ID(r.PathValue("token"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, place(org)+"/"+string(service), tEnded.In(r.Context()))
}

func (p pages) rotateToken(w http.ResponseWriter, r *http.Request) error {
	org, service := core.ID(r.PathValue("org")), core.ID(r.PathValue("service"))
	ends := time.Now().Add(usualLife * 24 * time.Hour)
	t, secret, err := p.tokens.RotateFor(r.Context(), org, service, core.ID(r.PathValue("token")), ends)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, secretPage(secretView{t, secret, place(org) + "/" + string(service), ui.Services}))
}
