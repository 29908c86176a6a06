package retention

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tpApplied     = i18n.T("Aucune ligne n'est gardée au-delà de la durée de sa règle", "No row is kept beyond the duration of its rule")
	tpAppliedHeld = i18n.T("%d tables qui prennent fin par leur âge, dans chaque organisation et par la durée qui y est en vigueur : aucune ligne n'a dépassé son terme.", "%d tables whose rows end by their age, in each organization and by the duration in force there: no row is beyond its end.")
	tpAppliedLate = i18n.T("%d table(s) gardent des lignes au-delà de leur terme : %s.", "%d table(s) keep rows beyond their end: %s.")
	tpHold        = i18n.T("Ce qu'une conservation imposée couvre n'est pas effacé, et l'est une fois levée", "What a legal hold covers is not deleted, and is once it is lifted")
	tpHoldHeld    = i18n.T("La ligne échue d'un canari a survécu au balayage tant que la conservation imposée tenait, qui a été dite à qui demandait un effacement ; levée, le balayage suivant l'a effacée. %d conservation(s) en vigueur.", "A canary's overdue row outlived the sweep while the legal hold stood, which was told to whoever asked for an erasure; once lifted, the next sweep deleted it. %d hold(s) in force.")
	tpHoldGone    = i18n.T("Une ligne couverte par une conservation imposée a été effacée.", "A row that a legal hold covers was deleted.")
	tpHoldUntold  = i18n.T("La conservation imposée n'est pas dite à qui demande un effacement.", "The legal hold is not told to whoever asks for an erasure.")
	tpHoldDeaf    = i18n.T("La conservation levée retient encore la ligne.", "The lifted hold still keeps the row.")
	tpArchive     = i18n.T("L'archive intermédiaire est scellée et ne se lit qu'avec sa permission et une raison", "The intermediate archive is sealed and is read with its permission and a reason only")
	tpArchiveHeld = i18n.T("L'enregistrement d'un canari, scellé au repos, a été refusé à un administrateur du fournisseur (%d), refusé sans raison (%d), et lu par le délégué à la protection des données avec une raison, que le journal garde.", "A canary's record, sealed at rest, was refused to an administrator of the provider (%d), refused without a reason (%d), and read by the data protection officer with a reason, which the journal keeps.")
	tpArchiveBare = i18n.T("Un enregistrement de l'archive ne s'ouvre pas comme une valeur scellée.", "A record of the archive does not open as a sealed value.")
	tpArchiveOpen = i18n.T("Sans la permission ou sans raison, l'archive répond %d.", "Without the permission or without a reason, the archive answers %d.")
	tpArchiveShut = i18n.T("Avec la permission et une raison, l'archive ne se lit pas (%d).", "With the permission and a reason, the archive cannot be read (%d).")
	tpArchiveMute = i18n.T("La lecture de l'archive n'a laissé aucune entrée.", "The reading of the archive left no entry.")
	tfSession     = i18n.T("Une conservation levée, gardée depuis des années", "A lifted hold kept for years")
	tfUsage       = i18n.T("Un dernier usage gardé depuis des années", "A last use kept for years")
	tfRole        = i18n.T("Un enregistrement de l'archive gardé après son terme", "A record of the archive kept after its term")
	tfLifted      = i18n.T("Une conservation imposée qui se lève d'elle-même", "A legal hold that lifts itself")
	tfStuck       = i18n.T("Une conservation levée qui tient toujours", "A lifted hold that still stands")
	tfClear       = i18n.T("Une archive écrite en clair", "An archive written in clear")
	tfDoor        = i18n.T("Une archive qui répond à tous", "An archive that answers everybody")
)

var (
	qTrialNotice = db.SQL(`INSERT INTO retention_notice (person, told_at, due_at, ordered) VALUES ($1, 1, 2, 'trial')`)
	qTrialThere  = db.SQL(`SELECT count(*) FROM retention_notice WHERE person = $1`)
	qTrialHolds  = db.SQL(`DELETE FROM retention_hold WHERE person = $1`)
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "retention.applied", Kind: core.DataProbe, Title: probe.Text(tpApplied), Run: m.seeApplied, Faults: []core.PlantedFault{
			fault("retention.applied/hold", tfSession, `INSERT INTO retention_hold (id, org, person, mark, ground, since, review_at, ends_at, placed_in, placed_by, lifted_at, lifted_by, why)
				VALUES ('planted', 'platform', '', x'', x'', 1, 1, 2, 'platform', '', 2, '', x'')`),
			fault("retention.applied/usage", tfUsage, `INSERT INTO access_usage (org, person, permission, last_day) VALUES ('platform', 'planted', 'member.list', 1)`),
			fault("retention.applied/archive", tfRole, `INSERT INTO retention_archive (org, id, name, rule, mark, sealed, began_at, moved_at, until_at)
				VALUES ('platform', 'planted', 'access_assignment', '7y', x'', x'', 1, 1, 86400000002)`),
		}},
		{ID: "retention.hold", Kind: core.BehaviourProbe, Title: probe.Text(tpHold), Run: m.seeHold, Faults: []core.PlantedFault{
			fault("retention.hold/lifted", tfLifted, `CREATE TRIGGER lifted_itself AFTER INSERT ON retention_hold BEGIN UPDATE retention_hold SET lifted_at = 1 WHERE id = NEW.id; END`),
			fault("retention.hold/stuck", tfStuck, `CREATE TRIGGER stuck AFTER UPDATE OF lifted_at ON retention_hold WHEN NEW.lifted_at > 0 BEGIN UPDATE retention_hold SET lifted_at = 0 WHERE id = NEW.id; END`),
		}},
		{ID: "retention.archive", Kind: core.BehaviourProbe, Title: probe.Text(tpArchive), Run: m.seeArchive, Faults: []core.PlantedFault{
			fault("retention.archive/clear", tfClear, `CREATE TRIGGER clear_archive AFTER INSERT ON retention_archive BEGIN UPDATE retention_archive SET sealed = CAST('{"role":"member"}' AS BLOB) WHERE id = NEW.id AND org = NEW.org; END`),
			{ID: "retention.archive/open", Title: probe.Text(tfDoor), Plant: probe.Front(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost && r.URL.Path == "/provider/retention/archive" {
						w.WriteHeader(http.StatusOK)
						return
					}
					next.ServeHTTP(w, r)
				})
			})},
		}},
	}
}

func fault(id string, title i18n.Sentence, statement string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: probe.Text(title), Plant: probe.Rows(statement)}
}

// slack is what the sweeper may take: it runs each hour; a machine may be off over a night.
const slack = 48 * time.Hour

func (m *Module) seeApplied(ctx context.Context, _ core.Stage) (core.Sight, error) {
	var tables int
	var late []Measure
	err := m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) (err error) {
		tables, late, err = m.late(ctx, tx, slack)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	if len(late) == 0 {
		return probe.Held(tables, tables, tpAppliedHeld, tables), nil
	}
	var where []string
	for _, l := range late {
		where = append(where, fmt.Sprintf("%s (%d, %s)", l.Name, l.Late, l.Rule))
	}
	return probe.Broken(tables, tables, tpAppliedLate, len(late), strings.Join(where, ", ")), nil
}

func (m *Module) there(ctx context.Context, person core.ID) (bool, error) {
	n, _, err := one(ctx, m.needs.Reader, qTrialThere, db.Value[int64], person)
	return n > 0, err
}

// trial does the part of a sweep that a canary's row is under, by the code that a sweep runs.
func (m *Module) trial(ctx context.Context) error {
	var held func(org, person core.ID) bool
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		held, err = m.held(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	run := Run{ID: ids.At(m.now()), Org: core.Platform, State: "done", Began: m.now(), Ended: m.now()}
	for _, e := range m.ends() {
		if e.rule.Name == "notice" && e.module == "retention" {
			return m.end(ctx, run, e, place{core.Platform, e.rule.Days}, held)
		}
	}
	return nil
}

func (m *Module) seeHold(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	ctx = core.WithActor(ctx, core.System("probe"))
	defer func() {
		_ = m.needs.Gate.Keep(context.WithoutCancel(ctx), dutyTrial, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qTrialHolds, c.Person)
			return err
		})
	}()
	hold, err := m.Place(ctx, core.Platform, Draft{Org: core.Platform, Person: c.Person, Ground: "probe of legal holds", Review: m.now().AddDate(0, 1, 0)})
	if err != nil {
		return core.Sight{}, err
	}
	err = m.needs.Gate.Keep(ctx, dutyTrial, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qTrialNotice, c.Person)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	if err := m.trial(ctx); err != nil {
		return core.Sight{}, err
	}
	if there, err := m.there(ctx, c.Person); err != nil || !there {
		return probe.Broken(1, 1, tpHoldGone), err
	}
	var told, live int
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		held, err := m.Held(ctx, tx, "", c.Person)
		if err != nil {
			return err
		}
		told = len(held)
		all, err := db.All(ctx, tx, qLiveHolds, scanHold, clock.Micros(m.now()))
		live = len(all)
		return err
	})
	if err != nil || told == 0 {
		return probe.Broken(1, 1, tpHoldUntold), err
	}
	if err := m.Lift(ctx, core.Platform, hold, "the probe is over"); err != nil {
		return core.Sight{}, err
	}
	if err := m.trial(ctx); err != nil {
		return core.Sight{}, err
	}
	if there, err := m.there(ctx, c.Person); err != nil || there {
		return probe.Broken(1, 1, tpHoldDeaf), err
	}
	return probe.Held(1, 1, tpHoldHeld, live-1), nil
}

func (m *Module) seeArchive(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	system := core.WithActor(ctx, core.System("probe"))
	if err := m.Prepare(system, c.Org); err != nil {
		return core.Sight{}, err
	}
	err = m.needs.Gate.Keep(system, dutyTrial, func(tx core.Tx) error {
		return m.keep(system, tx, core.Archived{Table: "access_assignment", Org: c.Org, Person: c.Person, Began: m.now(), Values: map[string]any{"role": "canary-role"}}, "7y", m.now().AddDate(1, 0, 0))
	})
	if err != nil {
		return core.Sight{}, err
	}
	mark, err := m.mark(ctx, c.Person)
	if err != nil {
		return core.Sight{}, err
	}
	k, found, err := one(ctx, m.needs.Reader, qFindWho, scanKept, mark)
	if err != nil {
		return core.Sight{}, err
	}
	if !found || bytes.Contains(k.sealed, []byte("role")) || m.unpack(ctx, []Kept{k}) != nil {
		return probe.Broken(1, 1, tpArchiveBare), nil
	}
	ask := func(role, reason string) (probe.Answer, core.Canary, error) {
		who, err := s.Canary(ctx, role)
		if err != nil {
			return probe.Answer{}, who, err
		}
		client, err := s.Enter(ctx, who)
		if err != nil {
			return probe.Answer{}, who, err
		}
		got, err := probe.Post(ctx, client, "/provider/retention/archive", url.Values{"person": {string(c.Person)}, "reason": {reason}})
		return got, who, err
	}
	const reason = "the probe of the archive reads it"
	admin, _, err := ask("provider.admin", reason)
	if err != nil {
		return core.Sight{}, err
	}
	mute, _, err := ask("provider.dpo", "")
	if err != nil {
		return core.Sight{}, err
	}
	for _, got := range []probe.Answer{admin, mute} {
		if got.Status == http.StatusOK || strings.Contains(got.Body, "canary-role") {
			return probe.Broken(3, 3, tpArchiveOpen, got.Status), nil
		}
	}
	officer, who, err := ask("provider.dpo", reason)
	if err != nil {
		return core.Sight{}, err
	}
	if officer.Status != http.StatusOK || !strings.Contains(officer.Body, "canary-role") {
		return probe.Broken(3, 3, tpArchiveShut, officer.Status), nil
	}
	entries, err := s.Witness(ctx, who, SearchArchive.Permission)
	if err != nil {
		return core.Sight{}, err
	}
	if len(entries) == 0 {
		return probe.Broken(3, 3, tpArchiveMute), nil
	}
	sight := probe.Held(3, 3, tpArchiveHeld, admin.Status, mute.Status)
	sight.Entries = entries
	return sight, nil
}
