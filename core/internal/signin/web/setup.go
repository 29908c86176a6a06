package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password/form"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tSetupTitle   = i18n.T("Mise en service", "Set-up")
	tSetupLead    = i18n.T("Créez l'organisation qui exploite la plateforme et son premier administrateur. Aucun compte par défaut n'existe ; ce lien ne sert qu'une fois.", "Make the organization that runs the platform and its first administrator. No default account exists; this link works once.")
	tSetupOrg     = i18n.T("Nom de votre organisation", "Name of your organization")
	tSetupOrgHint = i18n.T("Celle qui héberge et exploite Rempart.", "The one that hosts and runs Rempart.")
	tGiven        = i18n.T("Prénom", "Given name")
	tFamily       = i18n.T("Nom", "Family name")
	tSetupButton  = i18n.T("Créer et continuer vers le second facteur", "Create and go on to the second factor")
)

type setupView struct {
	Action   string
	In       signin.Founding
	Rules    []ui.Rule
	Policy   core.PasswordPolicy
	Problems ui.Problems
}

func (p pages) setup(w http.ResponseWriter, r *http.Request) error {
	return p.showSetup(w, r, signin.Founding{}, nil, nil)
}

func (p pages) showSetup(w http.ResponseWriter, r *http.Request, in signin.Founding, list ui.Problems, fault error) error {
	verdict, policy, err := p.m.JudgeSetup(r.Context(), r.PathValue("token"), in.Password, in.Organization, in.Person.GivenName, in.Person.FamilyName, in.Person.Email)
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	v := setupView{
		Action: "/setup/" + r.PathValue("token"), Policy: policy, Problems: list,
		Rules: form.Rules(r.Context(), verdict, policy, in.Password != ""),
	}
	in.Password = ""
	v.In = in
	return ui.Render(w, r, status(list, fault), setupPage(v))
}

func (p pages) setupDone(w http.ResponseWriter, r *http.Request) error {
	in := signin.Founding{
		Organization: r.PostFormValue("organization"),
		Person: core.NewPerson{
			GivenName: r.PostFormValue("given_name"), FamilyName: r.PostFormValue("family_name"), Email: r.PostFormValue("email"), Language: i18n.Of(r.Context()).String(),
		},
		Password: r.PostFormValue("password"),
	}
	flow, err := p.m.Found(r.Context(), r.PathValue("token"), in, p.m.Browsers().Of(r))
	if core.KindOf(err) == core.Invalid || core.KindOf(err) == core.Conflict {
		return p.showSetup(w, r, in, problems(w, r, err), err)
	}
	if err != nil {
		return err
	}
	putFlow(w, flow)
	return p.goOn(w, r, flow)
}

func (p pages) setupCheck(w http.ResponseWriter, r *http.Request) error {
	verdict, policy, err := p.m.JudgeSetup(r.Context(), r.PathValue("token"), r.PostFormValue("password"))
	return check(w, r, verdict, policy, err)
}
