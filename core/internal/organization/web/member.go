package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tEdit         = i18n.T("Modifier", "Edit")
	tProfile      = i18n.T("Fiche", "Profile")
	tEmail        = i18n.T("Adresse électronique", "E-mail address")
	tEmailHint    = i18n.T("L'invitation y est envoyée ; elle servira à se connecter.", "The invitation is sent there; it will serve to sign in.")
	tGiven        = i18n.T("Prénom", "Given name")
	tFamily       = i18n.T("Nom", "Family name")
	tGender       = i18n.T("Civilité", "Gender")
	tMadam        = i18n.T("Madame", "Mrs")
	tSir          = i18n.T("Monsieur", "Mr")
	tOther        = i18n.T("Autre", "Other")
	tUnsaid       = i18n.T("Non précisé", "Not said")
	tPhone        = i18n.T("Téléphone", "Phone")
	tLanguage     = i18n.T("Langue", "Language")
	tFrench       = i18n.T("français", "French")
	tEnglish      = i18n.T("anglais", "English")
	tOrgLanguage  = i18n.T("celle de l'organisation", "that of the organization")
	tAnswers      = i18n.T("Répond du compte", "Answers for the account")
	tIsFunctional = i18n.T("Compte fonctionnel (un guichet, une machine)", "Functional account (a desk, a machine)")
	tFuncHint     = i18n.T("Il porte alors le nom d'une personne responsable.", "It then names a person responsible for it.")
	tInviteTitle  = i18n.T("Inviter un membre", "Invite a member")
	tInviteLead   = i18n.T("Un lien à usage unique part à cette adresse, valable sept jours.", "A single-use link goes to this address; it works for seven days.")
	tSend         = i18n.T("Envoyer l'invitation", "Send the invitation")
	tSent         = i18n.T("Invitation envoyée à %s.", "Invitation sent to %s.")
	tSaved        = i18n.T("Fiche enregistrée.", "Profile saved.")
	tTheirs       = i18n.T("Cette personne appartient aussi à une autre organisation : elle seule change son nom, son téléphone et sa langue.", "This person also belongs to another organization: only they change their name, phone and language.")
	tJoined       = i18n.T("Membre depuis", "Member since")
	tLeftOn       = i18n.T("Départ", "Left")
	tInvitedOn    = i18n.T("Invitation", "Invitation")
	tExpires      = i18n.T("envoyée, valable jusqu'au %s", "sent, works until %s")
	tUnsent       = i18n.T("pas encore envoyée", "not sent yet")
	tExpired      = i18n.T("expirée", "expired")
	tCancelled    = i18n.T("annulée", "cancelled")
	tUsed         = i18n.T("acceptée", "accepted")
	tCancelInvite = i18n.T("Annuler l'invitation", "Cancel the invitation")
	tCancelDone   = i18n.T("Invitation annulée.", "Invitation cancelled.")
	tReports      = i18n.T("Rattachés à cette personne", "Reporting to this person")
	tAccounts     = i18n.T("Comptes fonctionnels sous sa responsabilité", "Functional accounts under their responsibility")
	tSee          = i18n.T("Voir aussi", "See also")
	tRights       = i18n.T("Habilitations", "Access table")
	tAccount      = i18n.T("Compte : mot de passe, second facteur", "Account: password, second factor")
	tSessions     = i18n.T("Sessions", "Sessions")
	tTimeline     = i18n.T("Fil du journal", "Journal timeline")
	tSuspensions  = i18n.T("Suspensions", "Suspensions")
	tGiveRoles    = i18n.T("Rôles donnés dès l'acceptation", "Roles given on acceptance")
	tGiveRolesHow = i18n.T("Vous en répondez, et ne donnez que ceux que vous pouvez donner. Rien n'est permis avant que l'invitation soit acceptée.", "You answer for them, and give only those that you may give. Nothing is permitted before the invitation is accepted.")
	tLeave        = i18n.T("Retirer de l'organisation", "Remove from the organization")
	tLeaveWarn    = i18n.T("Ses habilitations, sessions et jetons finissent dans la même seconde.", "Their assignments, sessions and tokens end in the same second.")
	tCompState    = i18n.T("compromis", "compromised")
)

func genderName(ctx context.Context, g string) string {
	switch g {
	case "f":
		return tMadam.In(ctx)
	case "m":
		return tSir.In(ctx)
	case "x":
		return tOther.In(ctx)
	}
	return ""
}

func genderOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "", Label: tUnsaid.In(ctx)}, {Value: "f", Label: tMadam.In(ctx)}, {Value: "m", Label: tSir.In(ctx)}, {Value: "x", Label: tOther.In(ctx)}}
}

func languageOptions(ctx context.Context, none bool) []ui.Option {
	list := []ui.Option{{Value: "fr", Label: tFrench.In(ctx)}, {Value: "en", Label: tEnglish.In(ctx)}}
	if none {
		return append([]ui.Option{{Value: "", Label: tOrgLanguage.In(ctx)}}, list...)
	}
	return list
}

func languageName(ctx context.Context, l string) string {
	if l == "en" {
		return tEnglish.In(ctx)
	}
	return tFrench.In(ctx)
}

func memberOptions(ctx context.Context, list []organization.Member, but core.ID) []ui.Option {
	out := []ui.Option{{Value: "", Label: tNone.In(ctx)}}
	for _, m := range list {
		if m.ID != but {
			out = append(out, ui.Option{Value: string(m.ID), Label: m.Name})
		}
	}
	return out
}

// formView is the form of a profile: to invite, or to edit.
type formView struct {
	org      core.ID
	member   *organization.Detail // nil when inviting
	p        organization.Profile
	version  int64
	choices  []organization.Member
	roles    []ui.Option // that can be given with an invitation
	given    []string
	problems ui.Problems
}

func profileOf(r *http.Request) organization.Profile {
	v := r.PostFormValue
	return organization.Profile{
		GivenName: v("given_name"), FamilyName: v("family_name"), Gender: v("gender"), Email: v("email"), Phone: v("phone"), Language: v("language"),
		Function: v("function"), Department: v("department"), Group: v("group"), Committee: v("committee"),
		Manager: core.ID(v("manager")), Functional: v("functional") != "", Responsible: core.ID(v("responsible")),
	}
}

func (p pages) inviting(w http.ResponseWriter, r *http.Request) error {
	return p.form(w, r, http.StatusOK, formView{})
}

func (p pages) form(w http.ResponseWriter, r *http.Request, status int, v formView) error {
	v.org = core.ID(r.PathValue("org"))
	var err error
	if v.choices, err = p.orgs.Choices(r.Context(), v.org); err != nil {
		return err
	}
	if v.member == nil && p.roles != nil {
		if v.roles, err = p.roles(r.Context(), v.org); err != nil {
			return err
		}
		v.roles = slices.DeleteFunc(v.roles, func(o ui.Option) bool { return o.Value == "support" }) // the provider's, for a time
	}
	return ui.Render(w, ui.Asking(r, "assignment.give", "member.invite_with_roles"), status, formPage(v))
}

func (p pages) invited(w http.ResponseWriter, r *http.Request) error {
	org, profile := core.ID(r.PathValue("org")), profileOf(r)
	given := r.PostForm["role"]
	got, err := p.orgs.Invite(r.Context(), org, profile, given...)
	if ui.Shown(err) {
		return p.form(w, r, http.StatusUnprocessableEntity, formView{p: profile, given: given, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(org, "/members/"+string(got.ID)), tSent.In(r.Context(), got.Email))
}

// memberView is a member's page.
type memberView struct {
	organization.Detail
	invitation string
	photo      string
	problems   ui.Problems
}

func (p pages) member(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, nil)
}

func (p pages) show(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	ctx := r.Context()
	d, err := p.orgs.Read(ctx, core.ID(r.PathValue("org")), core.ID(r.PathValue("member")))
	if err != nil {
		return err
	}
	photos, err := p.photos(ctx, []core.ID{d.Member.Person})
	if err != nil {
		return err
	}
	v := memberView{Detail: d, invitation: tUnsent.In(ctx), photo: photoOf(d.Member, photos), problems: problems}
	if d.Invitation != nil {
		switch d.Invitation.State(p.now()) {
		case "sent":
			v.invitation = tExpires.In(ctx, i18n.Moment(ctx, d.Invitation.ExpiresAt))
		case "used":
			v.invitation = tUsed.In(ctx)
		case "cancelled":
			v.invitation = tCancelled.In(ctx)
		default:
			v.invitation = tExpired.In(ctx)
		}
	}
	return ui.Render(w, asking(r), status, memberPage(v))
}

func (v memberView) facts(ctx context.Context) ui.Facts {
	var f ui.Facts
	add := func(label, text string) {
		if text != "" {
			f = append(f, ui.Fact{Label: label, Text: text})
		}
	}
	state := badge(ctx, v.State)
	if v.Person.State == "compromised" {
		state = ui.Badge{Text: tCompState.In(ctx), Tone: ui.Bad}
	}
	f = append(f, ui.Fact{Label: tState.In(ctx), Value: state})
	add(tEmail.In(ctx), v.Email)
	add(tGender.In(ctx), genderName(ctx, v.Person.Gender))
	add(tPhone.In(ctx), v.Person.Phone)
	if v.State == "active" {
		add(tLanguage.In(ctx), languageName(ctx, v.Person.Language))
	}
	add(tFunction.In(ctx), v.Function)
	add(tDepartment.In(ctx), v.Department)
	add(tGroup.In(ctx), v.Group)
	add(tCommittee.In(ctx), v.Committee)
	if v.ManagerName != "" {
		f = append(f, ui.Fact{Label: tManager.In(ctx), Value: ui.To(v.ManagerName, at(v.Org, "/members/"+string(v.Manager)))})
	}
	add(tAnswers.In(ctx), v.Answers)
	if !v.JoinedAt.IsZero() {
		f = append(f, ui.Fact{Label: tJoined.In(ctx), Value: ui.Time{At: v.JoinedAt}})
	}
	if !v.LeftAt.IsZero() {
		f = append(f, ui.Fact{Label: tLeftOn.In(ctx), Value: ui.Time{At: v.LeftAt}})
	}
	if v.State == "invited" || v.Invitation != nil {
		add(tInvitedOn.In(ctx), v.invitation)
	}
	return f
}

func others(org core.ID, list []organization.Member) []templ.Component {
	out := make([]templ.Component, len(list))
	for i, m := range list {
		out[i] = ui.PersonLink(m.Name, m.Function, at(org, "/members/"+string(m.ID)))
	}
	return out
}

func (v memberView) href(rest string) string { return at(v.Org, "/members/"+string(v.ID)+rest) }

func (v memberView) about(path, name string) string {
	return at(v.Org, path) + "?" + url.Values{name: {string(v.Member.Person)}}.Encode()
}

func (p pages) editing(w http.ResponseWriter, r *http.Request) error {
	d, err := p.orgs.Read(r.Context(), core.ID(r.PathValue("org")), core.ID(r.PathValue("member")))
	if err != nil {
		return err
	}
	v := formView{member: &d, version: d.Version, p: organization.Profile{
		GivenName: d.Person.GivenName, FamilyName: d.Person.FamilyName, Gender: d.Person.Gender, Phone: d.Person.Phone, Language: d.Person.Language,
		Email: d.Email, Function: d.Function, Department: d.Department, Group: d.Group, Committee: d.Committee, Manager: d.Manager,
	}}
	return p.form(w, r, http.StatusOK, v)
}

func (p pages) edited(w http.ResponseWriter, r *http.Request) error {
	ctx, org, member := r.Context(), core.ID(r.PathValue("org")), core.ID(r.PathValue("member"))
	profile := profileOf(r)
	version, _ := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	d, err := p.orgs.Read(ctx, org, member)
	if err != nil {
		return err
	}
	if d.Elsewhere { // the form does not offer what is theirs alone
		profile.GivenName, profile.FamilyName, profile.Gender = d.Person.GivenName, d.Person.FamilyName, d.Person.Gender
		profile.Phone, profile.Language = d.Person.Phone, d.Person.Language
	}
	if err := p.orgs.Edit(ctx, org, member, profile, version); ui.Shown(err) {
		profile.Email = d.Email
		return p.form(w, r, http.StatusUnprocessableEntity, formView{member: &d, p: profile, version: version, problems: ui.ProblemsOf(ctx, err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(org, "/members/"+string(member)), tSaved.In(ctx))
}

// done answers an act on one member: back to their page with a note, or the page again with what was wrong.
func (p pages) done(w http.ResponseWriter, r *http.Request, err error, to, note string) error {
	if ui.Shown(err) {
		return p.show(w, r, http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, to, note)
}

func (p pages) one(r *http.Request) (context.Context, core.ID, core.ID, string) {
	org, member := core.ID(r.PathValue("org")), core.ID(r.PathValue("member"))
	return r.Context(), org, member, at(org, "/members/"+string(member))
}

func (p pages) resend(w http.ResponseWriter, r *http.Request) error {
	ctx, org, member, here := p.one(r)
	n, err := p.orgs.Resend(ctx, org, []core.ID{member})
	return p.done(w, r, err, here, tResent.In(ctx, n))
}

func (p pages) cancel(w http.ResponseWriter, r *http.Request) error {
	ctx, org, member, _ := p.one(r)
	return p.done(w, r, p.orgs.Cancel(ctx, org, member), at(org, "/members"), tCancelDone.In(ctx))
}

func (p pages) remove(w http.ResponseWriter, r *http.Request) error {
	ctx, org, member, _ := p.one(r)
	err := p.orgs.Remove(ctx, org, []core.ID{member}, r.PostFormValue("reason"))
	return p.done(w, r, err, at(org, "/members"), tRemoved.In(ctx, 1))
}

func memberID(v formView) core.ID {
	if v.member == nil {
		return ""
	}
	return v.member.ID
}

func (v memberView) sendLabel(ctx context.Context) string {
	if v.Invitation == nil {
		return tSend.In(ctx)
	}
	return tResend.In(ctx)
}
