package incident

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "incident.clock", Kind: core.BehaviourProbe, Title: probe.Text(tpClock), Run: m.seeClock, Faults: []core.PlantedFault{
			fault("incident.clock/silent", "Les échéances n'entrent pas dans le courrier", "Deadlines do not enter the mail",
				`CREATE TRIGGER silent_deadline AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+mailDue+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`),
			fault("incident.clock/young", "Une violation se croit toujours récente", "A breach always believes itself recent",
				`CREATE TRIGGER young_breach AFTER UPDATE OF aware_at ON incident_incident WHEN NEW.aware_at < OLD.aware_at BEGIN UPDATE incident_incident SET aware_at = OLD.aware_at WHERE id = OLD.id; END`),
			fault("incident.clock/rewritten", "Le fil d'un incident perd des lignes", "The timeline of an incident loses lines",
				`CREATE TRIGGER lost_step AFTER INSERT ON incident_step WHEN NEW.kind = 'note' BEGIN DELETE FROM incident_step WHERE id = NEW.id; END`),
		}},
		{ID: "incident.persons", Kind: core.BehaviourProbe, Title: probe.Text(tpPersons), Run: m.seePersons, Faults: []core.PlantedFault{
			fault("incident.persons/short", "Les personnes dont les données ont été lues manquent à la liste", "Persons whose data were read are missing from the list",
				`CREATE TRIGGER short_list AFTER INSERT ON incident_affected WHEN NEW.why LIKE '%read%' BEGIN DELETE FROM incident_affected WHERE incident = NEW.incident AND person = NEW.person; END`),
			fault("incident.persons/beside", "L'avis est rangé chez une autre organisation", "The notice is filed with another organization",
				`CREATE TRIGGER filed_beside AFTER INSERT ON incident_notice BEGIN UPDATE incident_notice SET org = '`+string(core.Strangers)+`' WHERE id = NEW.id; END`),
			fault("incident.persons/untold", "L'organisation touchée n'a pas de courriel", "The organization affected gets no mail",
				`CREATE TRIGGER untold_breach AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+mailBreach+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`),
		}},
	}
}

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var (
	tpClock   = i18n.T("Une violation a ses horloges, son fil et ses rappels", "A breach has its clocks, its timeline and its reminders")
	tpPersons = i18n.T("La liste des personnes touchées est établie, et chaque organisation reçoit la sienne", "The list of persons affected is computed, and each organization gets its own")

	tpDark    = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpNoStep  = i18n.T("Ce qu'un canari a ajouté au fil de son incident n'y est pas.", "What a canary added to the timeline of its incident is not there.")
	tpNotLate = i18n.T("Une violation connue depuis 80 heures et dont personne n'est prévenu n'est pas dite en retard.", "A breach known for 80 hours of which nobody was told is not said to be late.")
	tpNotSent = i18n.T("Les échéances passées d'une violation n'ont été rappelées à personne.", "The deadlines of a breach that have passed were recalled to nobody.")
	tpTooSoon = i18n.T("Un incident a été clos sans leçons ni décision.", "An incident was closed without lessons nor decision.")
	tpClocked = i18n.T("Un canari a ouvert une violation : ses deux horloges courent ; vieillie de 80 heures, elle est dite en retard et rappelée ; son fil garde ce qu'il a noté ; la clore sans leçons est refusé. %d violations dans le registre, %d en retard.", "A canary opened a breach: its two clocks run; aged by 80 hours it is said to be late and recalled; its timeline keeps what was noted; closing it without lessons is refused. %d breaches in the register, %d late.")

	tpMissing = i18n.T("Une personne dont les données ont été lues par un compte suspect n'est pas dans la liste.", "A person whose data were read by a suspect account is not in the list.")
	tpTooMany = i18n.T("Une personne que rien ne concerne est dans la liste.", "A person whom nothing concerns is in the list.")
	tpUnread  = i18n.T("L'organisation touchée ne peut pas lire son avis ni sa liste (%d).", "The organization affected cannot read its notice nor its list (%d).")
	tpLeaks   = i18n.T("Une autre organisation peut lire l'avis (%d).", "Another organization can read the notice (%d).")
	tpNoMail  = i18n.T("L'administration de l'organisation touchée n'a pas été prévenue.", "The administrators of the organization affected were not told.")
	tpListed  = i18n.T("Un canari a lu la fiche d'un autre ; la liste établie depuis son compte a nommé l'autre et lui, et personne de l'organisation voisine ; l'organisation a reçu son avis et sa liste, la voisine une page qui n'existe pas. %d entrées du journal lues.", "A canary read another's record; the list computed from its account named the other and itself, and nobody of the organization beside; the organization got its notice and its list, the one beside a page that does not exist. %d entries of the journal read.")
)

var (
	qMine = db.SQL(`SELECT id FROM incident_incident WHERE opened_by = $1 AND trial = 1 ORDER BY id DESC LIMIT 1`)
	qAge  = db.SQL(`UPDATE incident_incident SET aware_at = $2 WHERE id = $1 AND trial = 1`)
)

// begin makes a canary of the staff and lets it open a breach through the pages.
func (m *Module) begin(ctx context.Context, s core.Stage, part string) (who core.Canary, in *http.Client, id core.ID, err error) {
	if who, err = s.Canary(ctx, "provider.dpo"); err != nil {
		return who, nil, "", err
	}
	if in, err = s.Enter(ctx, who); err != nil {
		return who, nil, "", err
	}
	form := url.Values{"title": {"probe"}, "facts": {"probe"}, "gravity": {"limited"}, "part": {part}, "breach": {"1"}, "aware": {m.now().UTC().Format("2006-01-02T15:04")}}
	for _, f := range Fields {
		if f.Told && f.Name != "facts" {
			form.Set(f.Name, "probe")
			if len(f.Options) > 0 {
				form.Set(f.Name, f.Options[0].Value)
			}
		}
	}
	a, err := probe.Post(ctx, in, "/provider/incidents", form)
	if err != nil {
		return who, in, "", err
	}
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		id, _, err = db.One(ctx, tx, qMine, db.Value[core.ID], who.Person)
		return err
	})
	if err == nil && id == "" {
		err = probe.Unseen(tpDark, "/provider/incidents", a.Status)
	}
	return who, in, id, err
}

func (m *Module) seeClock(ctx context.Context, s core.Stage) (core.Sight, error) {
	who, in, id, err := m.begin(ctx, s, "both")
	if err != nil {
		return core.Sight{}, err
	}
	if _, err := probe.Post(ctx, in, page(id)+"/notes", url.Values{"text": {"seen-by-a-probe"}}); err != nil {
		return core.Sight{}, err
	}
	err = m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qAge, id, clock.Micros(m.now().Add(-80*time.Hour)))
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	a, err := probe.Get(ctx, in, page(id))
	if err != nil {
		return core.Sight{}, err
	}
	if a.Status != http.StatusOK {
		return core.Sight{}, probe.Unseen(tpDark, page(id), a.Status)
	}
	if !strings.Contains(a.Body, "seen-by-a-probe") {
		return probe.Broken(1, 1, tpNoStep), nil
	}
	if err := m.remind(ctx, who.Person); err != nil {
		return core.Sight{}, err
	}
	if _, err := s.Letter(ctx, who, mailDue); core.KindOf(err) == core.NotFound {
		return probe.Broken(1, 1, tpNotSent), nil
	} else if err != nil {
		return core.Sight{}, err
	}
	if _, err := probe.Post(ctx, in, page(id)+"/state", url.Values{"from": {StateOpen}, "to": {StateClosed}}); err != nil {
		return core.Sight{}, err
	}
	return m.clockVerdict(ctx, s, who, id)
}

// clockVerdict looks at the row, and at every breach of the register.
func (m *Module) clockVerdict(ctx context.Context, s core.Stage, who core.Canary, id core.ID) (seen core.Sight, err error) {
	var it Incident
	breaches, late := 0, 0
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if it, err = m.load(ctx, tx, id); err != nil {
			return err
		}
		all, err := db.All(ctx, tx, qAll, scanIncident, core.ID(""), 1)
		breaches, late = len(all), 0
		for i := range all {
			if slices.ContainsFunc(all[i].deadlines(), func(d Deadline) bool { return d.Met.IsZero() && d.Late(m.now()) }) {
				late++
			}
		}
		return err
	})
	if err != nil {
		return seen, err
	}
	if it.State == StateClosed {
		return probe.Broken(1, 1, tpTooSoon), nil
	}
	if d := it.deadlines(); len(d) != 2 || !d[0].Late(m.now()) || !d[1].Late(m.now()) {
		return probe.Broken(1, 1, tpNotLate), nil
	}
	seen = probe.Held(breaches+1, breaches+1, tpClocked, breaches, late)
	seen.Entries, err = s.Witness(ctx, who, Open.Permission)
	return seen, err
}

func (m *Module) seePersons(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	suspect, err := s.Canary(ctx, "admin")
	if err != nil {
		return seen, err
	}
	other, err := s.Canary(ctx, "member")
	if err != nil {
		return seen, err
	}
	beside, err := s.Stranger(ctx, "admin")
	if err != nil {
		return seen, err
	}
	reader, err := s.Enter(ctx, suspect)
	if err != nil {
		return seen, err
	}
	began := m.now().Add(-time.Minute)
	record := "/o/" + string(core.Canaries) + "/members/" + string(other.Member)
	if a, err := probe.Get(ctx, reader, record); err != nil || a.Status != http.StatusOK {
		return seen, orDark(err, record, a.Status)
	}
	_, in, id, err := m.begin(ctx, s, "processor")
	if err != nil {
		return seen, err
	}
	form := url.Values{
		"accounts": {string(suspect.Person)}, "orgs": {string(core.Canaries) + "\n" + string(core.Strangers)},
		"from": {began.UTC().Format("2006-01-02T15:04")}, "to": {m.now().Add(2 * time.Minute).UTC().Format("2006-01-02T15:04")},
	}
	if a, err := probe.Post(ctx, in, page(id)+"/affected", form); err != nil || a.Status >= 400 {
		return seen, orDark(err, page(id)+"/affected", a.Status)
	}
	scope, wrong, err := m.listed(ctx, id, suspect.Person, other.Person, beside.Person)
	if err != nil || wrong != nil {
		return orBroken(wrong), err
	}
	if a, err := probe.Post(ctx, in, page(id)+"/notices/"+string(core.Canaries), url.Values{"text": {"told-by-a-probe"}}); err != nil || a.Status >= 400 {
		return seen, orDark(err, page(id)+"/notices", a.Status)
	}
	return m.readBoth(ctx, s, id, suspect, beside, reader, scope)
}

func orDark(err error, path string, status int) error {
	if err != nil {
		return err
	}
	return probe.Unseen(tpDark, path, status)
}

func orBroken(wrong *core.Sight) core.Sight {
	if wrong == nil {
		return core.Sight{}
	}
	return *wrong
}

// listed compares the list with what the canaries did.
func (m *Module) listed(ctx context.Context, id, suspect, other, beside core.ID) (scope *Scope, wrong *core.Sight, err error) {
	var list, far []Affected
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if scope, err = m.scope(ctx, tx, id); err != nil || scope == nil {
			return err
		}
		if list, err = db.All(ctx, tx, qAffected, scanAffected, id, core.Canaries); err != nil {
			return err
		}
		far, err = db.All(ctx, tx, qAffected, scanAffected, id, core.Strangers)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	has := func(list []Affected, person core.ID) bool {
		return slices.ContainsFunc(list, func(a Affected) bool { return a.Person == person })
	}
	var sight core.Sight
	switch {
	case scope == nil || !has(list, suspect) || !has(list, other):
		sight = probe.Broken(3, 3, tpMissing)
	case len(far) > 0 || has(list, beside):
		sight = probe.Broken(3, 3, tpTooMany)
	default:
		return scope, nil, nil
	}
	return scope, &sight, nil
}

// readBoth looks at the notice as the organization affected does, and as another one.
func (m *Module) readBoth(ctx context.Context, s core.Stage, id core.ID, suspect, beside core.Canary, reader *http.Client, scope *Scope) (seen core.Sight, err error) {
	var notices []Notice
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		notices, err = db.All(ctx, tx, qNotices, scanNotice, id, core.Canaries)
		return err
	})
	if err != nil {
		return seen, err
	}
	if len(notices) == 0 {
		return probe.Broken(3, 3, tpUnread, http.StatusNotFound), nil
	}
	own := clientPage(core.Canaries, notices[0].ID)
	a, err := probe.Get(ctx, reader, own)
	if err != nil {
		return seen, err
	}
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "told-by-a-probe") {
		return probe.Broken(3, 3, tpUnread, a.Status), nil
	}
	stranger, err := s.Enter(ctx, beside)
	if err != nil {
		return seen, err
	}
	for _, path := range []string{own, clientPage(core.Strangers, notices[0].ID)} {
		if a, err := probe.Get(ctx, stranger, path); err != nil || a.Status != http.StatusNotFound {
			return probe.Broken(3, 3, tpLeaks, a.Status), err
		}
	}
	if _, err := s.Letter(ctx, suspect, mailBreach); core.KindOf(err) == core.NotFound {
		return probe.Broken(3, 3, tpNoMail), nil
	} else if err != nil {
		return seen, err
	}
	seen = probe.Held(3, 3, tpListed, scope.Entries)
	seen.Entries, err = s.Witness(ctx, suspect, "member.read")
	return seen, err
}
