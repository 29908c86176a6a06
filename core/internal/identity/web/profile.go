package web

import (
	"context"
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tProfile      = i18n.T("Mon profil", "My profile")
	tProfileLead  = i18n.T("Voici tout ce que la plateforme garde de votre identité : rien de plus n'est demandé.", "This is all that the platform keeps of your identity: nothing more is asked.")
	tGiven        = i18n.T("Prénom", "Given name")
	tFamily       = i18n.T("Nom", "Family name")
	tGender       = i18n.T("Civilité", "Gender")
	tUnsaid       = i18n.T("Non précisé", "Not stated")
	tWoman        = i18n.T("Femme", "Woman")
	tMan          = i18n.T("Homme", "Man")
	tNeither      = i18n.T("Autre", "Other")
	tEmail        = i18n.T("Adresse de connexion", "Sign-in address")
	tEmailHint    = i18n.T("Elle nomme votre compte ; elle se change à part.", "It names your account; it is changed apart.")
	tEmail2       = i18n.T("Autre adresse électronique", "Other e-mail address")
	tPhone        = i18n.T("Téléphone", "Phone")
	tPhoneHint    = i18n.T("Format international : +33 1 42 00 00 00.", "International form: +33 1 42 00 00 00.")
	tLanguage     = i18n.T("Langue des messages", "Language of messages")
	tSaveProfile  = i18n.T("Enregistrer", "Save")
	tProfileSaved = i18n.T("Profil enregistré.", "Profile saved.")
	tPlaces       = i18n.T("Vos organisations", "Your organizations")
)

func (p pages) profile(w http.ResponseWriter, r *http.Request) error {
	s, err := p.m.Profile(r.Context(), me(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, profilePage(s, nil))
}

func (p pages) profileChanged(w http.ResponseWriter, r *http.Request) error {
	in := core.Person{
		ID: me(r), GivenName: r.PostFormValue("given_name"), FamilyName: r.PostFormValue("family_name"), Gender: r.PostFormValue("gender"),
		Email2: r.PostFormValue("email2"), Phone: r.PostFormValue("phone"), Language: r.PostFormValue("language"),
	}
	err := p.m.ChangeProfile(r.Context(), in)
	if err != nil && ui.Shown(err) {
		s, readErr := p.m.Profile(r.Context(), me(r))
		if readErr != nil {
			return readErr
		}
		in.Email = s.Person.Email
		s.Person = in
		list := ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, status(list), profilePage(s, list))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/profile", tProfileSaved.In(r.Context()))
}

func genders(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "", Label: tUnsaid.In(ctx)}, {Value: "f", Label: tWoman.In(ctx)}, {Value: "m", Label: tMan.In(ctx)}, {Value: "x", Label: tNeither.In(ctx)}}
}

func languages() []ui.Option {
	return []ui.Option{{Value: "fr", Label: "Français"}, {Value: "en", Label: "English"}}
}

func places(s identity.State) ui.Facts {
	var list ui.Facts
	for _, x := range s.Memberships {
		if x.State != "left" {
			list = append(list, ui.Fact{Label: x.OrgName, Text: x.Function})
		}
	}
	return list
}
