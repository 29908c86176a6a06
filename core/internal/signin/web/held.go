package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/draft"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tHeld       = i18n.T("Votre saisie n'est pas encore envoyée.", "What you typed is not sent yet.")
	tHeldText   = i18n.T("Elle est gardée chiffrée dans cette page, pour vous et cette session seulement. Après la preuve, le formulaire revient rempli : relisez et envoyez.", "It is kept encrypted in this page, for you and this session alone. After the proof the form comes back filled: read it again and send it.")
	tHeldLeft   = i18n.T("Les mots de passe, les codes et les fichiers ne sont jamais gardés : ils seront à redonner.", "Passwords, codes and files are never kept: they will have to be given again.")
	tComesBack  = i18n.T("Votre saisie est revenue dans le formulaire. Rien n'est encore envoyé : relisez et envoyez.", "What you typed is back in the form. Nothing is sent yet: read it again and send it.")
	tTypedTitle = i18n.T("Ce que vous aviez saisi", "What you had typed")
	tTypedLead  = i18n.T("Ce formulaire n'est plus proposé tel quel, et rien n'a été envoyé. Recopiez d'ici ce qu'il vous faut.", "This form is no longer offered as it was, and nothing was sent. Copy from here what you need.")
	tToPage     = i18n.T("Aller à la page", "Go to the page")
)

// Hold asks for a proof in answer to a form that was refused without one, and keeps what was typed meanwhile.
func Hold(m *signin.Module) func(http.ResponseWriter, *http.Request, string, draft.Draft) error {
	p := pages{m}
	return func(w http.ResponseWriter, r *http.Request, page string, d draft.Draft) error {
		sealed, err := m.Hold(r.Context(), d)
		if err != nil {
			return err
		}
		v := proofView{Next: nextOf(r, d.From), Draft: sealed, Left: d.Left}
		if page == lockPath {
			return p.showLock(w, shownAt(r, v.Next), v, nil)
		}
		return p.showAgain(w, shownAt(r, v.Next), v, nil)
	}
}

// shownAt makes a page be drawn as if it stood at a path: that of a form cannot be read, and the choices of language lead back to it.
func shownAt(r *http.Request, path string) *http.Request {
	to, err := url.Parse(path)
	if err != nil {
		return r
	}
	shown := r.WithContext(r.Context())
	shown.URL = to
	return shown
}

// held carries on what waits in a page that asks for a proof, if it is for this person and this session; it is dropped otherwise.
func (p pages) held(r *http.Request, v proofView) (proofView, draft.Draft) {
	text := r.PostFormValue("draft")
	if text == "" {
		return v, draft.Draft{}
	}
	d, err := p.m.Held(r.Context(), text)
	if err != nil {
		v.Lost = true
		return v, d
	}
	v.Draft, v.Left = text, d.Left
	return v, d
}

// goBack goes on after the proof: to the page, or to the form with what was typed. session is the new secret of the cookie.
func (p pages) goBack(w http.ResponseWriter, r *http.Request, v proofView, d draft.Draft, session string) error {
	edge.PutSession(w, session)
	switch {
	case v.Lost:
		return ui.RedirectWith(w, r, v.Next, ui.Note{Tone: ui.Warn, Text: i18n.Explain(r.Context(), "signin.draft")})
	case v.Draft == "":
		return ui.Redirect(w, r, v.Next, "")
	}
	note := tComesBack.In(r.Context())
	if d.Left {
		note += " " + tHeldLeft.In(r.Context())
	}
	for _, path := range []string{d.From, d.To} {
		if path == "" {
			continue
		}
		page, err := edge.Within(r, path, &http.Cookie{Name: edge.SessionCookie, Value: session}, ui.NoteCookie(ui.Note{Tone: ui.Info, Text: note}))
		if err != nil {
			return err
		}
		if to, _, _ := strings.Cut(page.Leads(), "?"); to == againPath { // the lock is open, and the page asks for more
			return p.showAgain(w, shownAt(r, v.Next), v, nil)
		}
		if page.Status != http.StatusOK {
			continue
		}
		if body, ok := d.Fill(page.Body, path); ok {
			return page.Answer(w, body)
		}
	}
	return ui.Render(w, shownAt(r, v.Next), http.StatusOK, typedPage(v, d))
}
