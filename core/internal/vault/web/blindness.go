package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle = i18n.T("Champs que le fournisseur ne peut pas lire", "Fields that the provider cannot read")
	tLead  = i18n.T("Les champs ainsi marqués sont scellés avec une clé que seule votre organisation peut ouvrir : ni la base de données, ni ses copies, ni le personnel du fournisseur ne peuvent les lire.",
		"Fields so marked are sealed with a key that your organization alone can open: neither the database, nor its copies, nor the provider's staff can read them.")
	tSettings = i18n.T("Réglages de sécurité", "Security settings")
	tNoKey    = i18n.T("Votre organisation n'a pas encore de clé : ces champs sont scellés sous la clé que la plateforme garde pour elle.",
		"Your organization has no key yet: these fields are sealed under the key that the platform keeps for it.")
	tMake      = i18n.T("Créer la clé de l'organisation", "Make the organization's key")
	tMakeLead  = i18n.T("Choisissez une phrase secrète à partager entre les personnes qui doivent lire ces champs. Une clé de secours s'affichera une seule fois. Si les deux sont perdues, ces champs sont perdus : personne ne pourra vous aider.", "Choose a passphrase to share among those who must read these fields. A recovery key is then shown once. When both are lost these fields are lost: nobody can help you.")
	tPhrase    = i18n.T("Phrase secrète", "Passphrase")
	tHint      = i18n.T("Au moins seize caractères : cinq ou six mots sans lien, par exemple.", "At least sixteen characters: five or six unrelated words, for instance.")
	tAgain     = i18n.T("La même, une seconde fois", "The same once more")
	tMakeIt    = i18n.T("Créer la clé", "Make the key")
	tMade      = i18n.T("Clé créée", "Key made")
	tChanged   = i18n.T("Phrase secrète choisie", "Passphrase chosen")
	tState     = i18n.T("Pour votre session", "For your session")
	tOpen      = i18n.T("déverrouillé", "unlocked")
	tShut      = i18n.T("verrouillé", "locked")
	tUntil     = i18n.T("Au plus tard jusqu'à", "Until at the latest")
	tUnlock    = i18n.T("Déverrouiller", "Unlock")
	tUnlocking = i18n.T("Déverrouiller pour cette session", "Unlock for this session")
	tSecret    = i18n.T("Phrase secrète ou clé de secours", "Passphrase or recovery key")
	tLock      = i18n.T("Verrouiller", "Lock")
	tRephrase  = i18n.T("Changer la phrase secrète", "Change the passphrase")
	tNew       = i18n.T("Nouvelle phrase secrète", "New passphrase")
	tChange    = i18n.T("Changer", "Change")
	tRecovery  = i18n.T("Clé de secours", "Recovery key")
	tOnce      = i18n.T("Imprimez-la et mettez-la en lieu sûr : elle ne sera plus jamais affichée.", "Print it and put it in a safe place: it is never shown again.")
	tKept      = i18n.T("C'est noté", "It is written down")
	tUnlocked  = i18n.T("Déverrouillé pour cette session.", "Unlocked for this session.")
	tLocked    = i18n.T("Verrouillé.", "Locked.")
	tRephrased = i18n.T("La phrase secrète a changé. L'ancienne n'ouvre plus rien.", "The passphrase was changed. The former one opens nothing any more.")
)

type pages struct{ blind *vault.Blind }

// Routes are the pages of organizations' own keys.
func Routes(b *vault.Blind) []edge.Route {
	p := pages{b}
	return []edge.Route{
		{Pattern: "GET /o/{org}/settings/blindness", Access: edge.Needs(&vault.SeeBlind), Handle: p.show},
		{Pattern: "POST /o/{org}/settings/blindness", Access: edge.Needs(&vault.MakeBlind), Handle: p.make},
		{Pattern: "POST /o/{org}/settings/blindness/unlock", Access: edge.Needs(&vault.UnlockBlind), Handle: p.unlock},
		{Pattern: "POST /o/{org}/settings/blindness/lock", Access: edge.Needs(&vault.LockBlind), Handle: p.lock},
		{Pattern: "POST /o/{org}/settings/blindness/phrase", Access: edge.Needs(&vault.RephraseBlind), Handle: p.rephrase},
	}
}

// view is the page; form names the one that came back with a mistake.
type view struct {
	vault.BlindState
	org      core.ID
	form     string
	problems ui.Problems
}

func (v view) at() string { return "/o/" + string(v.org) + "/settings/blindness" }

// of gives the mistakes of one form.
func (v view) of(form, field string) string {
	if v.form != form {
		return ""
	}
	return v.problems.For(field)
}

func org(r *http.Request) core.ID { return core.ID(r.PathValue("org")) }

func (p pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.draw(w, r, http.StatusOK, "", nil)
}

// draw shows the page, again after a mistake.
func (p pages) draw(w http.ResponseWriter, r *http.Request, status int, form string, mistake error) error {
	s, err := p.blind.State(r.Context(), org(r), edge.UnlockOf(r))
	if err != nil {
		return err
	}
	v := view{BlindState: s, org: org(r), form: form}
	if mistake != nil {
		v.problems = ui.ProblemsOf(r.Context(), mistake)
	}
	return ui.Render(w, r, status, page(v))
}

func (p pages) answer(w http.ResponseWriter, r *http.Request, form string, err error, done i18n.Sentence) error {
	if ui.Shown(err) {
		return p.draw(w, r, http.StatusUnprocessableEntity, form, err)
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, view{org: org(r)}.at(), done.In(r.Context()))
}

func (p pages) make(w http.ResponseWriter, r *http.Request) error {
	recovery, err := p.blind.Make(r.Context(), org(r), r.PostFormValue("phrase"), r.PostFormValue("again"))
	if ui.Shown(err) {
		return p.draw(w, r, http.StatusUnprocessableEntity, "make", err)
	}
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, recoveryPage(view{org: org(r)}, recovery))
}

func (p pages) unlock(w http.ResponseWriter, r *http.Request) error {
	cookie, err := p.blind.Unlock(r.Context(), org(r), r.PostFormValue("secret"))
	if err == nil {
		edge.PutUnlock(w, cookie)
	}
	return p.answer(w, r, "unlock", err, tUnlocked)
}

func (p pages) lock(w http.ResponseWriter, r *http.Request) error {
	err := p.blind.Lock(r.Context(), org(r))
	if err == nil {
		edge.DropUnlock(w)
	}
	return p.answer(w, r, "lock", err, tLocked)
}

func (p pages) rephrase(w http.ResponseWriter, r *http.Request) error {
	err := p.blind.Rephrase(r.Context(), org(r), r.PostFormValue("secret"), r.PostFormValue("phrase"), r.PostFormValue("again"))
	return p.answer(w, r, "phrase", err, tRephrased)
}
