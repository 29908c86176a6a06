package register

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// factPurposeless is an activity that a throw-away instance believes to have no purpose.
const factPurposeless = "register.purposeless"

var (
	tpComplete = i18n.T("Le registre explique chaque donnée gardée et chaque acte", "The register explains every datum kept and every act")
	tpPurpose  = i18n.T("Un usage que le registre ne prévoit pas est refusé", "A use that the register does not provide for is refused")
	tpWatch    = i18n.T("Un texte libre qui semble sensible est signalé à qui l'écrit", "A free text that seems sensitive is told to whoever types it")
	tpProvider = i18n.T("Le fournisseur tient le registre de ce qu'il fait pour lui-même, pour son personnel désigné", "The provider keeps the record of what it does for itself, for its named staff")

	tpOpen         = i18n.T("%d chose(s) que le registre n'explique pas : %s.", "%d thing(s) that the register does not explain: %s.")
	tpCompleteHeld = i18n.T("%d colonnes du schéma en service et %d actes : chacun a sa finalité, chaque donnée personnelle sa base légale, sa durée et son activité.", "%d columns of the live schema and %d acts: each has its purpose, each personal datum its legal basis, its retention and its activity.")

	tpDark         = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpUndeclared   = i18n.T("Une lecture dans un but que le registre ne prévoit pas a été acceptée.", "A read for a purpose that the register does not provide for was accepted.")
	tpStillOpen    = i18n.T("Une activité suspendue par le délégué d'une organisation témoin y sert encore (réponse %d).", "An activity that the officer of a canary organization suspended still serves there (answer %d).")
	tpStillShut    = i18n.T("Une activité remise en vigueur est encore refusée (réponse %d).", "An activity put in force again is still refused (answer %d).")
	tpUntraced     = i18n.T("Le refus d'un usage suspendu n'est pas au journal.", "The refusal of a suspended use is not in the journal.")
	tpPurposeHeld  = i18n.T("Une lecture pour un but non déclaré a été refusée ; suspendue par un délégué témoin, une activité l'a été à la requête suivante, et le refus est au journal ; remise en vigueur, elle sert de nouveau.", "A read for an undeclared purpose was refused; suspended by a canary officer, an activity was refused at the next request, and the refusal is in the journal; put in force again, it serves anew.")
	tpUntold       = i18n.T("Un canari a écrit un texte qui semble sensible : rien ne le lui dit.", "A canary wrote a text that seems sensitive: nothing tells it.")
	tpUncounted    = i18n.T("Un texte qui semble sensible n'est pas compté pour les administrateurs.", "A text that seems sensitive is not counted for administrators.")
	tpWatchHeld    = i18n.T("Un canari a écrit un texte qui semble sensible : il en a été averti à la page suivante, et un compte par catégorie est tenu, sans le texte.", "A canary wrote a text that seems sensitive: it was warned on the next page, and a count by category is kept, without the text.")
	tpLacks        = i18n.T("%d activité(s) du fournisseur incomplète(s) dans son registre : %s.", "%d activity(ies) of the provider incomplete in its record: %s.")
	tpReadable     = i18n.T("Une personne sans habilitation lit le registre du fournisseur (réponse %d).", "A person without an assignment reads the provider's record (answer %d).")
	tpProviderHeld = i18n.T("%d activités du fournisseur comme responsable, chacune avec objectif, finalité, personnes, durées ; le délégué témoin les lit, un administrateur de client non.", "%d activities of the provider as a controller, each with its objective, purpose, persons, retention; the canary officer reads them, a client's administrator does not.")
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	fault := func(id, fr, en string, plant func(context.Context, core.Saboteur) error) core.PlantedFault {
		return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: plant}
	}
	return []*core.Probe{
		{
			ID: "register.complete", Kind: core.DataProbe, Title: probe.Text(tpComplete), Run: m.seeComplete, Faults: []core.PlantedFault{
				fault("register.complete/column", "Une colonne ajoutée sans traitement", "A column added without a treatment", probe.Rows(`ALTER TABLE organization_member ADD COLUMN planted TEXT`)),
				fault("register.complete/table", "Une table que personne n'a déclarée", "A table that nobody declared", probe.Rows(`CREATE TABLE planted_note (id TEXT PRIMARY KEY, phone TEXT NOT NULL) STRICT`)),
				fault("register.complete/activity", "Une activité sans finalité", "An activity without a purpose", probe.Pretend(factPurposeless, "terms.acceptance")),
			},
		},
		{
			ID: "register.purpose", Kind: core.BehaviourProbe, Title: probe.Text(tpPurpose), Run: m.seePurpose, Alone: true, Faults: []core.PlantedFault{
				fault("register.purpose/undone", "Une suspension se lève d'elle-même", "A suspension lifts itself",
					probe.Rows(`CREATE TRIGGER undone AFTER INSERT ON register_suspension BEGIN UPDATE register_suspension SET lifted_at = 1 WHERE org = NEW.org AND id = NEW.id; END`)),
				fault("register.purpose/cached", "Une page déjà vue est rendue sans redemander", "A page seen before is given again without asking", probe.Front(probe.Cache)),
				fault("register.purpose/stuck", "Ce qui est remis en vigueur reste suspendu", "What is put in force again stays suspended",
					probe.Rows(`CREATE TRIGGER stuck AFTER UPDATE OF lifted_at ON register_suspension WHEN NEW.lifted_at > 0 BEGIN UPDATE register_suspension SET lifted_at = 0 WHERE org = NEW.org AND id = NEW.id; END`)),
			},
		},
		{
			ID: "register.watch", Kind: core.BehaviourProbe, Title: probe.Text(tpWatch), Run: m.seeWatch, Faults: []core.PlantedFault{
				fault("register.watch/uncounted", "Le compte n'est pas tenu", "The count is not kept",
					probe.Rows(`CREATE TRIGGER uncounted AFTER INSERT ON register_flag BEGIN DELETE FROM register_flag WHERE org = NEW.org AND day = NEW.day AND category = NEW.category; END`)),
				fault("register.watch/untold", "L'avertissement se perd en chemin", "The warning is lost on the way", probe.Front(probe.Cookie("__Host-note", func(c *http.Cookie) { c.Value = "" }))),
			},
		},
		{
			ID: "register.provider", Kind: core.BehaviourProbe, Title: probe.Text(tpProvider), Run: m.seeProvider, Faults: []core.PlantedFault{
				fault("register.provider/shown", "Le registre du fournisseur est rendu à qui le demande", "The provider's record is given to whoever asks", probe.Front(probe.Cache)),
				fault("register.provider/purposeless", "Une activité du fournisseur n'a pas de finalité", "An activity of the provider has no purpose", probe.Pretend(factPurposeless, "attestation.duties")),
			},
		},
	}
}

// seen are the manifests as this instance believes them to be.
func (m *Module) seen() []core.Manifest {
	if m.needs.Pretended == nil {
		return m.manifests
	}
	broken, ok := m.needs.Pretended(factPurposeless)
	if !ok {
		return m.manifests
	}
	out := slices.Clone(m.manifests)
	for i := range out {
		out[i].Activities = slices.Clone(out[i].Activities)
		for j := range out[i].Activities {
			if out[i].Activities[j].ID == broken {
				out[i].Activities[j].Purposes = nil
			}
		}
	}
	return out
}

func (m *Module) seeComplete(ctx context.Context, _ core.Stage) (core.Sight, error) {
	gaps, columns, err := m.unexplained(ctx, m.seen())
	if err != nil {
		return core.Sight{}, err
	}
	all := columns + len(m.rules)
	if len(gaps) > 0 {
		return probe.Broken(all, all, tpOpen, len(gaps), strings.Join(gaps[:min(len(gaps), 3)], " ; ")), nil
	}
	return probe.Held(all, all, tpCompleteHeld, columns, len(m.rules)), nil
}

// witnessed is the activity that a canary officer suspends in the canary organization: its page answers to nobody's work.
const witnessed = "review.sharing"

func (m *Module) seePurpose(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	who, err := s.Canary(ctx, "admin", "privacy")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, who)
	if err != nil {
		return seen, err
	}
	m.sweepCanary(ctx)
	defer m.sweepCanary(context.WithoutCancel(ctx))
	actor := core.Actor{Kind: core.HumanActor, ID: who.Person}
	for def := range m.rules {
		if m.Bar(ctx, nil, actor, &core.Act{Def: def, Org: who.Org, Purpose: "register.nowhere"}) == nil {
			return probe.Broken(len(m.rules), len(m.rules), tpUndeclared), nil
		}
	}
	base := "/o/" + string(who.Org)
	if a, err := probe.Get(ctx, in, base+"/sharing"); err != nil || a.Status != http.StatusOK {
		return seen, probe.Because(err, tpDark, "sharing", a.Status)
	}
	at := base + "/register/activities/" + witnessed
	if a, err := probe.Post(ctx, in, at+"/suspend", url.Values{"reason": {"probe"}}); err != nil || a.Status != http.StatusSeeOther {
		return seen, probe.Because(err, tpDark, "suspend", a.Status)
	}
	if a, err := probe.Get(ctx, in, base+"/sharing"); err != nil || a.Status != http.StatusForbidden {
		return probe.Broken(len(m.rules), len(m.rules), tpStillOpen, a.Status), err
	}
	entries, err := s.Witness(ctx, who, "sharing.read")
	if err != nil {
		return seen, err
	}
	if len(entries) == 0 {
		return probe.Broken(1, 1, tpUntraced), nil
	}
	if a, err := probe.Post(ctx, in, at+"/resume", url.Values{}); err != nil || a.Status != http.StatusSeeOther {
		return seen, probe.Because(err, tpDark, "resume", a.Status)
	}
	if a, err := probe.Get(ctx, in, base+"/sharing"); err != nil || a.Status != http.StatusOK {
		return probe.Broken(1, 1, tpStillShut, a.Status), err
	}
	seen = probe.Held(len(m.rules), len(m.rules), tpPurposeHeld)
	seen.Entries = entries
	return seen, nil
}

func (m *Module) seeWatch(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	who, err := s.Canary(ctx, "admin", "privacy")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, who)
	if err != nil {
		return seen, err
	}
	m.sweepCanary(ctx)
	defer m.sweepCanary(context.WithoutCancel(ctx))
	base := "/o/" + string(who.Org) + "/register"
	form := url.Values{"kind": {Sentence}, "target": {"identity.accounts"}, "text": {"A probe on sick leave wrote this."}}
	if a, err := probe.Post(ctx, in, base+"/hands", form); err != nil || a.Status != http.StatusSeeOther {
		return seen, probe.Because(err, tpDark, "hands", a.Status)
	}
	a, err := probe.Get(ctx, in, base)
	if err != nil || a.Status != http.StatusOK {
		return seen, probe.Because(err, tpDark, "register", a.Status)
	}
	if !strings.Contains(a.Body, warningMark(i18n.FR)) && !strings.Contains(a.Body, warningMark(i18n.EN)) {
		return probe.Broken(1, 1, tpUntold), nil
	}
	var flags []Flag
	err = m.needs.DB.Read(ctx, func(tx core.Tx) (err error) {
		flags, err = m.flags(ctx, tx, who.Org)
		return err
	})
	if err != nil {
		return seen, err
	}
	if len(flags) == 0 || flags[0].Count == 0 {
		return probe.Broken(1, 1, tpUncounted), nil
	}
	return probe.Held(1, 1, tpWatchHeld), nil
}

// warningMark is how the warning begins.
func warningMark(l i18n.Lang) string {
	before, _, _ := strings.Cut(tWarning.Say(l, ""), "(")
	return strings.TrimSpace(before)
}

func (m *Module) seeProvider(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	staff, err := s.Canary(ctx, "provider.dpo")
	if err != nil {
		return seen, err
	}
	client, err := s.Canary(ctx, "admin")
	if err != nil {
		return seen, err
	}
	inside, err := s.Enter(ctx, staff)
	if err != nil {
		return seen, err
	}
	outside, err := s.Enter(ctx, client)
	if err != nil {
		return seen, err
	}
	const page = "/provider/register?form=controller"
	a, err := probe.Get(ctx, inside, page)
	if err != nil || a.Status != http.StatusOK {
		return seen, probe.Because(err, tpDark, "register", a.Status)
	}
	var lacks []string
	n := 0
	for _, one := range m.seen() {
		for _, activity := range one.Activities {
			if activity.Part != core.Controller {
				continue
			}
			n++
			if activity.Title.FR == "" || activity.About.FR == "" || len(activity.Purposes) == 0 || len(activity.Tables) > 0 && len(activity.Persons) == 0 || !strings.Contains(a.Body, "/activities/"+activity.ID+`"`) {
				lacks = append(lacks, activity.ID)
			}
		}
	}
	if len(lacks) > 0 || n == 0 {
		return probe.Broken(n, n, tpLacks, len(lacks), strings.Join(lacks, ", ")), nil
	}
	if b, err := probe.Get(ctx, outside, page); err != nil || b.Status < 400 {
		return probe.Broken(n, n, tpReadable, b.Status), err
	}
	seen = probe.Held(n, n, tpProviderHeld, n)
	seen.Entries, err = s.Witness(ctx, staff, Read.Permission)
	return seen, err
}

// What a canary leaves in the register of its own organization.
var (
	qDropPauses   = db.SQL(`DELETE FROM register_suspension WHERE org = $1`)
	qDropHands    = db.SQL(`DELETE FROM register_hand WHERE org = $1`)
	qDropVersions = db.SQL(`DELETE FROM register_version WHERE org = $1`)
	qDropFlags    = db.SQL(`DELETE FROM register_flag WHERE org = $1`)
)

// sweepCanary takes back what probes wrote into the register of the canaries: it is no client's.
func (m *Module) sweepCanary(ctx context.Context) {
	err := m.needs.Gate.Keep(ctx, Trying, func(tx core.Tx) error {
		for _, q := range []string{qDropPauses, qDropHands, qDropVersions, qDropFlags} {
			if _, err := tx.Exec(ctx, q, core.Canaries); err != nil {
				return err
			}
		}
		tx.Notify(topic, "")
		return nil
	})
	if err != nil {
		m.needs.Log.Warn("cannot take back what a probe wrote", "error", err.Error())
	}
}
