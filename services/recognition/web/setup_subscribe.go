package web

import (
	"context"
	"html"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

var (
	tsPublic     = i18n.T("Savoir qui appelle", "Know who is calling")
	tsPublicLead = i18n.T("Inscrivez votre organisation à la reconnaissance d'appels. Rien n'est créé avant la confirmation de votre adresse.", "Sign your organization up for caller recognition. Nothing is made before your address is confirmed.")
	tsOrgName    = i18n.T("Nom de l'organisation", "Name of the organization")
	tsGiven      = i18n.T("Prénom", "Given name")
	tsFamily     = i18n.T("Nom de famille", "Family name")
	tsEmail      = i18n.T("Votre adresse professionnelle", "Your work e-mail address")
	tsEmailHint  = i18n.T("Un lien de confirmation y est envoyé.", "A confirmation link is sent there.")
	tsTimeZone   = i18n.T("Fuseau horaire", "Time zone")
	tsSendLink   = i18n.T("Recevoir le lien de confirmation", "Get the confirmation link")
	tsHaveOne    = i18n.T("Votre organisation est déjà ici ? Connectez-vous : la page « Reconnaissance d'appels » permet de souscrire.", "Is your organization here already? Sign in: its “Caller recognition” page lets it subscribe.")
	tsToSignIn   = i18n.T("Se connecter", "Sign in")
	tsClosed     = i18n.T("L'inscription libre est fermée", "Self-service sign-up is closed")
	tsClosedText = i18n.T("Demandez au fournisseur de créer votre organisation.", "Ask the provider to make your organization.")
	tsCheckMail  = i18n.T("Consultez votre boîte aux lettres", "Check your mailbox")
	tsCheckText  = i18n.T("Si cette adresse peut recevoir des messages, un lien valable 24 heures vient d'y partir.", "If this address can receive mail, a link that works for 24 hours has just left for it.")
	tsFormFailed = i18n.T("Votre demande n'a pas été prise", "Your request was not taken")

	tsForms      = i18n.T("Souscription à la reconnaissance d'appels", "Subscription to caller recognition")
	tsFormsLead  = i18n.T("Une organisation souscrit sur la page publique, par l'interface de programmation, ou par un formulaire placé sur un autre site.", "An organization subscribes on the public page, by the API, or by a form that stands on another site.")
	tsPublicPage = i18n.T("Page publique", "Public page")
	tsSites      = i18n.T("Sites qui montrent le formulaire", "Sites that show the form")
	tsSitesLead  = i18n.T("Une demande venue d'ailleurs est refusée. Elle ne fait rien au nom de personne : un lien part à l'adresse donnée, et rien n'est créé avant qu'il soit ouvert.", "A request from elsewhere is refused. It does nothing in anybody's name: a link goes to the address given, and nothing is made before it is opened.")
	tsSite       = i18n.T("Site", "Site")
	tsSiteHint   = i18n.T("Comme https://www.exemple.fr, sans chemin.", "Like https://www.example.org, without a path.")
	tsAddSite    = i18n.T("Ajouter ce site", "Add this site")
	tsNoSite     = i18n.T("Aucun site", "No site")
	tsNoSiteText = i18n.T("Le formulaire ne fonctionne encore nulle part.", "The form works nowhere yet.")
	tsDropSite   = i18n.T("Retirer", "Remove")
	tsSiteAdded  = i18n.T("Site ajouté.", "Site added.")
	tsSiteGone   = i18n.T("Site retiré : son formulaire est refusé.", "Site removed: its form is refused.")
	tsSnippet    = i18n.T("Formulaire à intégrer", "Form to embed")
	tsSnippetLd  = i18n.T("Du HTML sans script, à coller dans une page d'un site ci-dessus.", "HTML without scripts, to paste into a page of a site above.")
)

type publicView struct {
	s        recognition.SignUp
	problems ui.Problems
	failed   bool // it came from a form of another site
}

func (p setup) public(w http.ResponseWriter, r *http.Request) error {
	open, err := p.m.SignUpOpen(r.Context())
	if err != nil {
		return err
	}
	if !open {
		return ui.Render(w, r, http.StatusOK, subscribeClosedPage())
	}
	return ui.Render(w, r, http.StatusOK, publicPage(publicView{s: recognition.SignUp{TimeZone: "Europe/Paris"}}))
}

func signUpOf(r *http.Request) recognition.SignUp {
	v := r.PostFormValue
	s := recognition.SignUp{
		Organization: v("organization"), TimeZone: v("time_zone"), GivenName: v("given_name"), FamilyName: v("family_name"), Email: v("email"),
		Language: i18n.Of(r.Context()).String(),
	}
	if s.TimeZone == "" {
		s.TimeZone = "Europe/Paris"
	}
	return s
}

func (p setup) publicAsked(w http.ResponseWriter, r *http.Request) error {
	s := signUpOf(r)
	return p.answer(w, r, publicView{s: s}, p.m.AskSubscription(r.Context(), s))
}

// fromSite takes the form of another site. Browsers say where a form comes from, and no page can make them say otherwise.
func (p setup) fromSite(w http.ResponseWriter, r *http.Request) error {
	if lang := r.PostFormValue("language"); lang == "fr" || lang == "en" {
		r = r.WithContext(i18n.With(r.Context(), languageOf(lang)))
	}
	s := signUpOf(r)
	return p.answer(w, r, publicView{s: s, failed: true}, p.m.AskFromSite(r.Context(), r.Header.Get("Origin"), s))
}

func languageOf(code string) i18n.Lang {
	if code == "fr" {
		return i18n.FR
	}
	return i18n.EN
}

func (p setup) answer(w http.ResponseWriter, r *http.Request, v publicView, err error) error {
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, edge.StatusOf(err), publicPage(v))
	} else if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, subscribeMailPage())
}

type sitesView struct {
	list      []recognition.Origin
	origin    string
	typedText string
	problems  ui.Problems
}

func (p setup) sites(w http.ResponseWriter, r *http.Request) error {
	return p.showSites(w, r, http.StatusOK, "", nil)
}

func (p setup) showSites(w http.ResponseWriter, r *http.Request, status int, typedText string, problems ui.Problems) error {
	list, err := p.m.Origins(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), status, sitesPage(sitesView{list, p.m.Origin(), typedText, problems}))
}

func (p setup) siteAdded(w http.ResponseWriter, r *http.Request) error {
	typedText := r.PostFormValue("origin")
	err := p.m.AddOrigin(r.Context(), typedText)
	if ui.Shown(err) {
		return p.showSites(w, r, http.StatusUnprocessableEntity, typedText, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, providerPath, tsSiteAdded.In(r.Context()))
}

func (p setup) siteDropped(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.DropOrigin(r.Context(), r.PostFormValue("origin")); err != nil {
		return err
	}
	return ui.Redirect(w, r, providerPath, tsSiteGone.In(r.Context()))
}

func (v sitesView) rows() []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, o := range v.list {
		rows[i] = ui.Row{Label: o.Origin, Cells: []templ.Component{ui.Mono(o.Origin), ui.Time{At: o.MadeAt}, dropSiteForm(o.Origin)}}
	}
	return rows
}

// snippet is the form that another site shows: plain HTML, no script, nothing loaded from here.
func (v sitesView) snippet(ctx context.Context) string {
	field := func(name, label, kind, complete string) string {
		return `  <p><label>` + html.EscapeString(label) + `<br><input name="` + name + `" type="` + kind + `" autocomplete="` + complete + `" required></label></p>` + "\n"
	}
	return `<form method="post" action="` + html.EscapeString(strings.TrimSuffix(v.origin, "/")+formPath) + `">` + "\n" +
		field("organization", tsOrgName.In(ctx), "text", "organization") +
		field("given_name", tsGiven.In(ctx), "text", "given-name") +
		field("family_name", tsFamily.In(ctx), "text", "family-name") +
		field("email", tsEmail.In(ctx), "email", "email") +
		`  <input type="hidden" name="language" value="` + i18n.Of(ctx).String() + `">` + "\n" +
		`  <button>` + html.EscapeString(tsSendLink.In(ctx)) + `</button>` + "\n</form>"
}

func publicTitle(ctx context.Context, v publicView) string {
	if v.failed {
		return tsFormFailed.In(ctx)
	}
	return tsPublic.In(ctx)
}
