package web

import (
	"context"
	"net/http"
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
	tMine      = i18n.T("Mes jetons", "My tokens")
	tMineLead  = i18n.T("Un jeton laisse un programme agir en votre nom par l'API, dans les limites que vous fixez. Il ne remplace jamais une preuve récente de votre identité.", "A token lets a program act in your name through the API, within the limits you set. It never replaces a recent proof of who you are.")
	tNew       = i18n.T("Nouveau jeton", "New token")
	tName      = i18n.T("Nom", "Name")
	tNameHint  = i18n.T("À quoi il sert : vous le reconnaîtrez dans cette liste.", "What it is for: you will recognise it in this list.")
	tHint      = i18n.T("Jeton", "Token")
	tScopes    = i18n.T("Permissions", "Permissions")
	tScopeHint = i18n.T("Le jeton ne peut rien d'autre, et jamais plus que vous.", "The token can do nothing else, and never more than you.")
	tScopeServ = i18n.T("Le jeton ne peut rien d'autre, et jamais plus que les rôles donnés au compte de service.", "The token can do nothing else, and never more than the roles given to the service account.")
	tMade      = i18n.T("Créé", "Made")
	tLast      = i18n.T("Dernier jour d'usage", "Last day of use")
	tNever     = i18n.T("Jamais", "Never")
	tEnds      = i18n.T("Fin", "End")
	tAct       = i18n.T("Actions", "Actions")
	tEndIt     = i18n.T("Mettre fin", "End")
	tRenew     = i18n.T("Renouveler", "Renew")
	tAskEnd    = i18n.T("Mettre fin à ce jeton ? Le programme qui le porte sera refusé aussitôt.", "End this token? The program that carries it will be refused at once.")
	tAskRenew  = i18n.T("Donner un nouveau secret à ce jeton ? L'ancien sera refusé aussitôt.", "Give this token a new secret? The old one will be refused at once.")
	tEnded     = i18n.T("Le jeton a pris fin.", "The token has ended.")
	tOver      = i18n.T("Terminé", "Ended")
	tNone      = i18n.T("Aucun jeton", "No token")
	tNoneText  = i18n.T("Créez-en un pour qu'un programme utilise l'API.", "Create one so that a program can use the API.")
	tLife      = i18n.T("Durée", "Duration")
	tDays      = i18n.N("%d jour", "%d jours", "%d day", "%d days")
	tCreate    = i18n.T("Créer le jeton", "Create the token")
	tOnce      = i18n.T("Copiez ce secret maintenant", "Copy this secret now")
	tOnceLead  = i18n.T("Il n'est montré qu'une fois et n'est gardé nulle part en clair. Perdu, il se renouvelle.", "It is shown once and kept nowhere in clear. If lost, renew it.")
	tSecret    = i18n.T("Secret du jeton", "Secret of the token")
	tHow       = i18n.T("Il se présente ainsi :", "It is presented so:")
	tDone      = i18n.T("J'ai copié le secret", "I have copied the secret")
	tScopesN   = i18n.N("%d permission", "%d permissions", "%d permission", "%d permissions")
)

// lives are the durations offered, in days.
var lives = []int{30, 90, 180, 365}

const usualLife = 90

// orderView is the form of a new token.
type orderView struct {
	action, back string
	service      bool
	name         string
	scopes       []string
	days         string
	all          []*core.ActDef
	problems     ui.Problems
	crumbs       []ui.Crumb
}

func (v orderView) scopeHint() i18n.Sentence {
	if v.service {
		return tScopeServ
	}
	return tScopeHint
}

func (v orderView) section() string {
	if v.service {
		return ui.Services
	}
	return ui.MyTokens
}

func (v orderView) scopeOptions(ctx context.Context) []ui.Option {
	var list []ui.Option
	for _, def := range v.all {
		if v.service && def.Reach != core.ByAssignment {
			continue // what is one's own is a person's
		}
		list = append(list, ui.Option{Value: string(def.Permission), Label: i18n.From(def.Title).In(ctx), Hint: string(def.Permission)})
	}
	return list
}

func lifeOptions(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(lives))
	for i, d := range lives {
		list[i] = ui.Option{Value: strconv.Itoa(d), Label: tDays.In(ctx, d)}
	}
	return list
}

// read fills the form from what was sent.
func (v *orderView) read(r *http.Request) (token.Order, error) {
	if err := r.ParseForm(); err != nil {
		return token.Order{}, err
	}
	v.name, v.scopes, v.days = r.PostFormValue("name"), r.PostForm["scopes"], r.PostFormValue("ends")
	o := token.Order{Name: v.name}
	for _, s := range v.scopes {
		o.Scopes = append(o.Scopes, core.Permission(s))
	}
	if days, err := strconv.Atoi(v.days); err == nil && days > 0 && days <= 365 {
		o.Ends = time.Now().Add(time.Duration(days) * 24 * time.Hour)
	}
	return o, nil
}

// secretView is the page that shows a secret once.
type secretView struct {
	token   token.Token
	secret  string
	back    string
	section string
}

func (v secretView) example() string {
	return "curl -H \"Authorization: Bearer " + v.secret + "\" …/api/v1/"
}

// table draws tokens; path is the address of one token's acts, without its id.
func rows(ctx context.Context, list []token.Token, path string) []ui.Row {
	now := time.Now()
	out := make([]ui.Row, len(list))
	for i, t := range list {
		var act templ.Component = ui.Faint("")
		state := templ.Component(ui.Time{At: t.Ends})
		if t.Live(now) {
			act = acts(t, path+string(t.ID))
		} else {
			state = ui.Badge{Text: tOver.In(ctx)}
		}
		out[i] = ui.Row{Label: t.Name, Faded: !t.Live(now), Cells: []templ.Component{
			ui.Words(t.Name), ui.Mono(t.Hint), scopesCell(ctx, t), ui.Time{At: t.Made}, lastDay(ctx, t), state, act,
		}}
	}
	return out
}

func lastDay(ctx context.Context, t token.Token) templ.Component {
	if t.LastDay.IsZero() {
		return ui.Faint(tNever.In(ctx))
	}
	return ui.Words(i18n.Date(ctx, t.LastDay))
}

func scopesCell(ctx context.Context, t token.Token) templ.Component {
	if len(t.Scopes) == 1 {
		return ui.Mono(string(t.Scopes[0]))
	}
	return scopeList(tScopesN.In(ctx, len(t.Scopes)), t.Scopes)
}

func columns(ctx context.Context) []ui.Column {
	return []ui.Column{
		{Label: tName.In(ctx)},
		{Label: tHint.In(ctx)},
		{Label: tScopes.In(ctx)},
		{Label: tMade.In(ctx)},
		{Label: tLast.In(ctx)},
		{Label: tEnds.In(ctx)},
		{Label: tAct.In(ctx), Aside: true},
	}
}

func (p pages) mine(w http.ResponseWriter, r *http.Request) error {
	list, err := p.tokens.Own(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, minePage(list))
}

func (p pages) order(r *http.Request) orderView {
	return orderView{
		action: "/me/tokens", back: "/me/tokens", days: strconv.Itoa(usualLife), all: p.tokens.Scopes(),
		crumbs: []ui.Crumb{{Label: tMine.In(r.Context()), Href: "/me/tokens"}},
	}
}

func (p pages) newMine(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, orderPage(p.order(r)))
}

func (p pages) createMine(w http.ResponseWriter, r *http.Request) error {
	v := p.order(r)
	o, err := v.read(r)
	if err != nil {
		return err
	}
	t, secret, err := p.tokens.Create(r.Context(), o)
	return p.made(w, r, v, t, secret, err)
}

// made shows the secret of a new token, or the form again with what is wrong.
func (p pages) made(w http.ResponseWriter, r *http.Request, v orderView, t token.Token, secret string, err error) error {
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, edge.StatusOf(err), orderPage(v))
	} else if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, secretPage(secretView{t, secret, v.back, v.section()}))
}

func (p pages) endMine(w http.ResponseWriter, r *http.Request) error {
	if err := p.tokens.End(r.Context(), core.ID(r.PathValue("token"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/tokens", tEnded.In(r.Context()))
}

func (p pages) rotateMine(w http.ResponseWriter, r *http.Request) error {
	t, secret, err := p.tokens.Rotate(r.Context(), core.ID(r.PathValue("token")), time.Now().Add(usualLife*24*time.Hour))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, secretPage(secretView{t, secret, "/me/tokens", ui.MyTokens}))
}
