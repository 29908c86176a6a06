package organization

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	behaviour := func(id string, title i18n.Sentence, see func(context.Context, core.Stage) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
		return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Run: see, Faults: faults}
	}
	fault := func(id string, title i18n.Sentence, plant func(context.Context, core.Saboteur) error) core.PlantedFault {
		return core.PlantedFault{ID: id, Title: probe.Text(title), Plant: plant}
	}
	return []*core.Probe{
		behaviour("member.import", tProbeImport, m.seeImport,
			fault("member.import/half", tFaultHalf, probe.Rows(`CREATE TRIGGER planted_half AFTER INSERT ON organization_member WHEN NEW.import <> ''
				AND (SELECT COUNT(*) FROM organization_member WHERE org = NEW.org AND import = NEW.import) = 2 BEGIN
				DELETE FROM organization_member WHERE org = NEW.org AND id = NEW.id; END`)),
			fault("member.import/stays", tFaultStays, probe.Rows(`CREATE TRIGGER planted_stays AFTER DELETE ON organization_member WHEN OLD.import <> '' BEGIN
				INSERT INTO organization_member (org, id, person, sealed, manager, functional, responsible, state, invited_at, joined_at, left_at, import, version)
				VALUES (OLD.org, OLD.id, OLD.person, OLD.sealed, OLD.manager, OLD.functional, OLD.responsible, OLD.state, OLD.invited_at, OLD.joined_at, OLD.left_at, '', OLD.version); END`))),
		behaviour("organization.acts", tProbeActs, m.seeActs,
			fault("organization.acts/silent", tFaultSilent, probe.Front(silent)),
			fault("organization.acts/anyone", tFaultAnyone, probe.Rows(`CREATE TRIGGER planted_anyone AFTER INSERT ON organization_member BEGIN
				INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
				VALUES (NEW.org, 'planted-' || NEW.id, NEW.person, 'people', '', '', '', '', '', 1, 1, 0, 0, '', ''); END`))),
		behaviour("organization.signup", tProbeSignUp, m.seeSignUp,
			fault("organization.signup/lost", tFaultLost, probe.Rows(`CREATE TRIGGER planted_lost AFTER INSERT ON organization_signup BEGIN DELETE FROM organization_signup WHERE id = NEW.id; END`)),
			fault("organization.signup/hasty", tFaultHasty, probe.Rows(`CREATE TRIGGER planted_hasty AFTER INSERT ON organization_signup BEGIN
				INSERT INTO organization_organization (id, name, sort, kind, language, time_zone, state, created_at, closed_at, version)
				VALUES ('planted-' || NEW.id, 'Planted', 'planted', 'client', 'en', 'UTC', 'active', 1, 0, 1); END`))),
	}
}

// acting is a canary who has just proved who they are.
func (m *Module) acting(ctx context.Context, c core.Canary) context.Context {
	return core.WithActor(ctx, core.Actor{
		Kind: core.HumanActor, ID: c.Person, Account: c.Account, AAL: 2, AuthenticatedAt: m.needs.Clock.Now(),
		Address: netip.MustParseAddr("127.0.0.1"), Agent: "probe", Request: ids.New(),
	})
}

// look reads rows, as the platform's own work.
func (m *Module) look(ctx context.Context, fn func(core.Tx) error) error {
	return m.needs.Gate.Read(ctx, &core.Act{Def: SeeSignUp, Org: core.Platform}, fn)
}

func (m *Module) there(ctx context.Context, org core.ID, emails ...string) (n int, err error) {
	err = m.look(ctx, func(tx core.Tx) error {
		list, err := m.all(ctx, tx, qAllCurrent, org)
		n = 0
		for _, got := range list {
			if slices.Contains(emails, got.Email) || got.Email == "" { // a row that outlived the key of its person
				n++
			}
		}
		return err
	})
	return n, err
}

// seeImport: a sheet is tried first, line by line; a refused line stops all of it; what is applied can be undone.
func (m *Module) seeImport(ctx context.Context, s core.Stage) (core.Sight, error) {
	admin, err := s.Canary(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	defer m.dropImports(context.WithoutCancel(ctx), admin)
	as, one, two := m.acting(ctx, admin), admin.Address("one"), admin.Address("two")
	head, good := "given name,family name,e-mail\n", "Canari,Un,"+one+"\nCanari,Deux,"+two+"\n"
	bad, err := m.CheckSheet(as, admin.Org, []byte(head+good+"Canari,Trois,not-an-address\n"))
	if err != nil {
		return core.Sight{}, err
	}
	tried, err := m.ReadImport(as, admin.Org, bad)
	if err != nil {
		return core.Sight{}, err
	}
	refusal := m.Apply(as, admin.Org, bad, ApplyOptions{})
	after, err := m.there(ctx, admin.Org, one, two)
	if err != nil {
		return core.Sight{}, err
	}
	if err := m.DropImport(as, admin.Org, bad); err != nil && core.KindOf(err) == core.Internal {
		return core.Sight{}, err
	}
	switch {
	case tried.Counts.New != 2 || tried.Counts.Refused != 1:
		return probe.Broken(3, 3, tImportBlind, tried.Counts.New, tried.Counts.Refused), nil
	case refusal == nil || after != 0:
		return probe.Broken(3, 3, tImportHalf, after), nil
	}
	sheet, err := m.CheckSheet(as, admin.Org, []byte(head+good))
	if err != nil {
		return core.Sight{}, err
	}
	if err := m.Apply(as, admin.Org, sheet, ApplyOptions{}); err != nil {
		return core.Sight{}, err
	}
	added, err := m.there(ctx, admin.Org, one, two)
	if err != nil {
		return core.Sight{}, err
	}
	_, undone := m.Undo(as, admin.Org, sheet)
	left, err := m.there(ctx, admin.Org, one, two)
	switch {
	case err != nil:
		return core.Sight{}, err
	case added != 2:
		return probe.Broken(3, 3, tImportLost, added), nil
	case undone != nil || left != 0:
		return probe.Broken(3, 3, tImportStays, left), nil
	}
	sight := probe.Held(3, 3, tImportHeld)
	sight.Entries, err = s.Witness(ctx, admin, ImportMembers.Permission)
	return sight, err
}

var qDropImports = db.SQL(`DELETE FROM organization_import WHERE org = $1 AND created_by = $2`)

// dropImports takes back the imports of a canary.
func (m *Module) dropImports(ctx context.Context, c core.Canary) {
	_ = m.needs.Gate.Keep(ctx, Sweeping, func(tx core.Tx) error { // what stays ends within a day
		_, err := tx.Exec(ctx, qDropImports, c.Org, c.Person)
		return err
	})
}

// silent answers an invitation as if it had been sent.
func silent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/members/new") {
			http.Redirect(w, r, strings.TrimSuffix(r.URL.Path, "new")+string(ids.New()), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// seeActs: an organization's administrator invites and removes through the pages, each act under their name; somebody
// without a role does not.
func (m *Module) seeActs(ctx context.Context, s core.Stage) (core.Sight, error) {
	admin, err := s.Canary(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	plain, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	boss, err := s.Enter(ctx, admin)
	if err != nil {
		return core.Sight{}, err
	}
	other, err := s.Enter(ctx, plain)
	if err != nil {
		return core.Sight{}, err
	}
	guest, path := admin.Address("guest"), "/o/"+string(admin.Org)+"/members"
	form := url.Values{"given_name": {"Canari"}, "family_name": {"Invité"}, "email": {guest}, "language": {"en"}, "function": {"canary"}}
	refused, err := probe.Post(ctx, other, path+"/new", form)
	if err != nil {
		return core.Sight{}, err
	}
	invited, err := probe.Post(ctx, boss, path+"/new", form)
	if err != nil {
		return core.Sight{}, err
	}
	before, err := m.there(ctx, admin.Org, guest)
	if err != nil {
		return core.Sight{}, err
	}
	to, _ := url.Parse(invited.Header.Get("Location"))
	removed := probe.Answer{}
	if to != nil && invited.Leads(path+"/") {
		if removed, err = probe.Post(ctx, boss, to.Path+"/remove", url.Values{"reason": {"probe"}}); err != nil {
			return core.Sight{}, err
		}
	}
	after, err := m.there(ctx, admin.Org, guest)
	if err != nil {
		return core.Sight{}, err
	}
	var entries []core.ID
	for _, action := range []core.Permission{InviteMember.Permission, RemoveMember.Permission} {
		found, err := s.Witness(ctx, admin, action)
		if err != nil {
			return core.Sight{}, err
		}
		if len(found) == 0 {
			return probe.Broken(3, 3, tActsUntold, action), nil
		}
		entries = append(entries, found...)
	}
	switch {
	case refused.Status < 400:
		return probe.Broken(3, 3, tActsAnyone, refused.Status), nil
	case before != 1 || after != 0:
		return probe.Broken(3, 3, tActsNothing, invited.Status, removed.Status), nil
	}
	sight := probe.Held(3, 3, tActsHeld)
	sight.Entries = entries
	return sight, nil
}

var (
	qSignUpCount = db.SQL(`SELECT count(*) FROM organization_signup`)
	qSignUpIDs   = db.SQL(`SELECT id FROM organization_signup WHERE created_at >= $1`)
	qSignUpSeal  = db.SQL(`SELECT sealed FROM organization_signup WHERE id = $1`)
	qOrgCount    = db.SQL(`SELECT count(*) FROM organization_organization`)
)

// counts gives how many sign-ups wait, and how many organizations there are.
func (m *Module) counts(ctx context.Context) (waiting, orgs int64, err error) {
	err = m.look(ctx, func(tx core.Tx) error {
		if waiting, _, err = db.One(ctx, tx, qSignUpCount, db.Value[int64]); err != nil {
			return err
		}
		orgs, _, err = db.One(ctx, tx, qOrgCount, db.Value[int64])
		return err
	})
	return waiting, orgs, err
}

// seeSignUp: anyone can ask for an organization on the web when the provider lets them; nothing is made before the mailed
// link is opened, and a made-up link opens nothing.
func (m *Module) seeSignUp(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	open, err := m.SignUpOpen(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	visitor := s.Visitor()
	waiting, orgs, err := m.counts(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	began := m.needs.Clock.Now().UnixMicro()
	defer m.dropSignUps(context.WithoutCancel(ctx), began, c)
	got, err := probe.Post(ctx, visitor, "/signup", url.Values{
		"organization": {"Canari " + string(c.Person)}, "time_zone": {"Europe/Paris"}, "given_name": {"Canari"}, "family_name": {"Sonde"}, "email": {c.Address("signup")},
	})
	if err != nil {
		return core.Sight{}, err
	}
	link, err := probe.Post(ctx, visitor, "/signup/"+newSecret(), url.Values{})
	if err != nil {
		return core.Sight{}, err
	}
	more, made, err := m.counts(ctx)
	switch {
	case err != nil:
		return core.Sight{}, err
	case link.Status < 400:
		return probe.Broken(2, 2, tSignUpLink, link.Status), nil
	case made > orgs:
		return probe.Broken(2, 2, tSignUpHasty), nil
	case !open && got.Status < 400:
		return probe.Broken(2, 2, tSignUpClosed, got.Status), nil
	case open && (got.Status != http.StatusOK || more <= waiting):
		return probe.Broken(2, 2, tSignUpLost, got.Status), nil
	case !open:
		return probe.Held(2, 2, tSignUpShut, got.Status), nil
	}
	return probe.Held(2, 2, tSignUpHeld, link.Status), nil
}

// dropSignUps takes back what the probe asked for: the sign-up that holds the address of its canary. One that this run
// could not take back ends by itself within a day.
func (m *Module) dropSignUps(ctx context.Context, since int64, c core.Canary) {
	_ = m.needs.Gate.Keep(ctx, Sweeping, func(tx core.Tx) error {
		list, err := db.All(ctx, tx, qSignUpIDs, db.Value[string], since)
		if err != nil {
			return err
		}
		for _, id := range list {
			if err := m.dropSignUp(ctx, tx, core.ID(id), c.Address("signup")); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *Module) dropSignUp(ctx context.Context, tx core.Tx, id core.ID, email string) error {
	sealed, found, err := db.One(ctx, tx, qSignUpSeal, db.Value[[]byte], id)
	if err != nil || !found {
		return err
	}
	plain, err := m.needs.Sealer.Open(ctx, core.Platform, signUpPlace, sealed)
	if err != nil || !strings.Contains(string(plain), email) {
		return err
	}
	_, err = tx.Exec(ctx, qDropSignUp, id)
	return err
}

var (
	tProbeImport = i18n.T("Un import montre tout avant d'agir, agit en entier ou pas du tout, et s'annule", "An import shows everything before it acts, acts wholly or not at all, and can be undone")
	tImportHeld  = i18n.T("Une feuille de trois lignes dont une fausse : deux nouvelles et une refusée annoncées, rien appliqué ; corrigée : deux membres ajoutés, puis retirés par l'annulation.", "A sheet of three lines, one of them wrong: two new and one refused were told, nothing applied; corrected: two members added, then taken back by the undo.")
	tImportBlind = i18n.T("Une feuille de trois lignes dont une fausse : l'essai annonce %d nouvelles et %d refusée(s).", "A sheet of three lines, one of them wrong: the dry run tells %d new and %d refused.")
	tImportHalf  = i18n.T("Une feuille dont une ligne est fausse a été appliquée : %d membre(s) ajouté(s).", "A sheet of which one line is wrong was applied: %d member(s) added.")
	tImportLost  = i18n.T("Une feuille juste de deux lignes n'a ajouté que %d membre(s).", "A right sheet of two lines added only %d member(s).")
	tImportStays = i18n.T("Après l'annulation d'un import, %d membre(s) restent.", "After the undo of an import, %d member(s) stay.")
	tFaultHalf   = i18n.T("Un import qui perd une ligne", "An import that loses a line")
	tFaultStays  = i18n.T("Un import qui ne s'annule pas", "An import that cannot be undone")

	tProbeActs   = i18n.T("Une organisation gère ses membres elle-même, et chaque acte porte un nom", "An organization manages its members itself, and each act carries a name")
	tActsHeld    = i18n.T("L'administration d'une organisation a invité puis retiré une personne par les pages, chaque acte est au journal à son nom ; un membre sans rôle a été refusé.", "An organization's administrator invited, then removed a person through the pages, each act in the journal under their name; a member without a role was refused.")
	tActsUntold  = i18n.T("L'acte %s n'est pas au journal au nom de qui l'a fait.", "The act %s is not in the journal under the name of who did it.")
	tActsAnyone  = i18n.T("Un membre sans rôle a pu inviter (%d).", "A member without a role could invite (%d).")
	tActsNothing = i18n.T("Inviter (%d) puis retirer (%d) n'a pas eu d'effet.", "Inviting (%d), then removing (%d), had no effect.")
	tFaultSilent = i18n.T("Une invitation qui dit oui et ne fait rien", "An invitation that says yes and does nothing")
	tFaultAnyone = i18n.T("Chaque membre gère les autres", "Each member manages the others")

	tProbeSignUp  = i18n.T("Une organisation s'inscrit sur le web, et rien n'est créé avant confirmation", "An organization signs up on the web, and nothing is made before it is confirmed")
	tSignUpHeld   = i18n.T("Une inscription demandée sur la page attend sa confirmation ; aucune organisation n'a été créée ; un lien inventé a été refusé (%d).", "A sign-up asked for on the page waits to be confirmed; no organization was made; a made-up link was refused (%d).")
	tSignUpShut   = i18n.T("L'inscription libre est fermée par le fournisseur : la demande a été refusée (%d) et rien n'a été créé.", "Self-service sign-up is closed by the provider: the request was refused (%d) and nothing was made.")
	tSignUpLost   = i18n.T("L'inscription est ouverte, et une demande (%d) n'est pas gardée.", "Sign-up is open, and a request (%d) is not kept.")
	tSignUpClosed = i18n.T("L'inscription est fermée, et une demande a été prise (%d).", "Sign-up is closed, and a request was taken (%d).")
	tSignUpHasty  = i18n.T("Une organisation existe avant que son inscription soit confirmée.", "An organization exists before its sign-up is confirmed.")
	tSignUpLink   = i18n.T("Un lien d'inscription inventé a été pris (%d).", "A made-up sign-up link was taken (%d).")
	tFaultLost    = i18n.T("Une inscription que rien ne garde", "A sign-up that nothing keeps")
	tFaultHasty   = i18n.T("Une organisation créée sans confirmation", "An organization made without confirmation")
)
