package settings

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{{
		ID: "settings.floor", Kind: core.SettingProbe, Title: probe.Text(tFloor), Run: m.seeFloor,
		Faults: []core.PlantedFault{
			{
				ID: "settings.floor/deaf", Title: core.Text{FR: "Un plancher relevé n'agit pas sur ce qui est retenu", EN: "A raised floor does not act on what is remembered"},
				Plant: probe.Rows(`CREATE TRIGGER deaf AFTER UPDATE ON settings_version BEGIN UPDATE settings_version SET version = OLD.version, stamp = OLD.stamp WHERE id = 1; END`,
					`INSERT OR IGNORE INTO settings_version (id, version, stamp) VALUES (1, 1, 'planted')`),
			},
			{
				ID: "settings.floor/lost", Title: core.Text{FR: "Un plancher posé se perd", EN: "A floor that was set gets lost"},
				Plant: probe.Rows(`CREATE TRIGGER lost AFTER INSERT ON settings_value WHEN NEW.org = 'platform' BEGIN DELETE FROM settings_value WHERE org = NEW.org AND key = NEW.key; END`),
			},
			{
				ID: "settings.floor/free", Title: core.Text{FR: "Une clause publiée ne lie plus personne", EN: "A published clause binds nobody any more"},
				Plant: probe.Rows(`CREATE TRIGGER free AFTER INSERT ON settings_promise BEGIN DELETE FROM settings_promise WHERE pack = NEW.pack; END`),
			},
		},
	}, m.nextRequest(), m.guarded()}
}

var (
	tFloor     = i18n.T("Une organisation durcit un plancher et ne l'assouplit jamais", "An organization tightens a floor and never loosens it")
	tFloorHeld = i18n.T("Un plancher d'essai, défait ensuite, est passé de %d à %d et a agi aussitôt ; une valeur plus faible a été refusée à l'organisation, puis au fournisseur sous une clause d'essai ; une plus stricte est passée. %d planchers sur %d ont été essayés par l'interface : aucun n'a cédé.",
		"A trial floor, undone afterwards, went from %d to %d and acted at once; a weaker value was refused to the organization, then to the provider under a trial clause; a stricter one passed. %d floors of %d were tried through the interface: none gave way.")
	tFloorSlow   = i18n.T("Un plancher relevé à %d n'agit pas : %d reste en vigueur.", "A floor raised to %d does not act: %d stays in force.")
	tFloorLoose  = i18n.T("Une organisation a pu descendre sous le plancher (%d).", "An organization could go below the floor (%d).")
	tFloorStuck  = i18n.T("Une organisation n'a pas pu durcir un plancher.", "An organization could not tighten a floor.")
	tFloorClause = i18n.T("Le fournisseur a pu descendre sous une clause publiée (%d).", "The provider could go below a published clause (%d).")
	tFloorGave   = i18n.T("Par l'interface, une organisation a pu assouplir %s.", "Through the interface an organization could loosen %s.")
)

var dutyTrial = &core.Duty{Name: "settings.trial", Why: "a probe raises a floor in a transaction that it always undoes"}

// errUndone undoes a trial.
var errUndone = errors.New("settings: a trial is undone")

const trialKey = "password.history"

// seeFloor raises a floor of the passwords' history in a transaction that it undoes, and tries through the interface to
// loosen every floor that is really there.
func (m *Module) seeFloor(ctx context.Context, s core.Stage) (core.Sight, error) {
	var sight core.Sight
	var before, raised int
	err := m.needs.Gate.Keep(ctx, dutyTrial, func(tx core.Tx) (err error) {
		sight, before, raised, err = m.raise(ctx, tx)
		if err == nil {
			err = errUndone
		}
		return err
	})
	if !errors.Is(err, errUndone) {
		return sight, err
	}
	if sight.Population > 0 { // broken
		return sight, nil
	}
	tried, gave, err := m.loosen(ctx, s)
	switch {
	case err != nil:
		return sight, err
	case gave != "":
		return probe.Broken(tried, tried, tFloorGave, gave), nil
	}
	sight = probe.Held(tried+1, tried+1, tFloorHeld, before, raised, tried, tried)
	sight.Settings = map[string]string{trialKey: strconv.Itoa(before)}
	return sight, nil
}

// raise tries a floor and a clause; a sight without population says that all is well.
func (m *Module) raise(ctx context.Context, tx core.Tx) (sight core.Sight, before, raised int, err error) {
	p, err := m.For(ctx, tx, core.Canaries)
	if err != nil {
		return sight, 0, 0, err
	}
	before = p.Password.History
	raised = before + 1
	if raised >= int(byID[trialKey].Most) { // as strict as can be: one below is what is refused
		before, raised = before-2, before-1
	}
	set := func(org core.ID, n int) error {
		return m.Put(ctx, tx, org, map[string]string{trialKey: strconv.Itoa(n)})
	}
	history := func() (int, error) {
		p, err := m.For(ctx, tx, core.Canaries)
		return p.Password.History, err
	}
	if err := set(core.Platform, raised); err != nil {
		return sight, before, raised, err
	}
	now, err := history()
	switch {
	case err != nil:
		return sight, before, raised, err
	case now < raised:
		return probe.Broken(1, 1, tFloorSlow, raised, now), before, raised, nil
	case set(core.Canaries, raised-1) == nil:
		return probe.Broken(1, 1, tFloorLoose, raised), before, raised, nil
	case set(core.Canaries, raised+1) != nil:
		return probe.Broken(1, 1, tFloorStuck), before, raised, nil
	}
	clause := core.Promise{Pack: "rempart-trial", Clause: "T-1", Key: trialKey, Floor: strconv.Itoa(raised)}
	if err := m.Promise(ctx, tx, clause.Pack, []core.Promise{clause}); err != nil {
		return sight, before, raised, err
	}
	if err := set(core.Platform, raised-1); err == nil {
		return probe.Broken(1, 1, tFloorClause, raised), before, raised, nil
	}
	return sight, before, raised, nil
}

// loosest gives a value of a setting that breaks its floor or its bound, "" when there is none to try.
func (s Setting) loosest() string {
	var raw string
	switch {
	case s.Sort == Switch && s.Direction == On:
		raw = "false"
	case s.Sort == Switch:
		raw = "true"
	case s.Sort == Number && s.Direction == Higher:
		raw = strconv.FormatInt(s.Least, 10)
	case s.Sort == Number && s.Direction == Lower:
		raw = strconv.FormatInt(s.Most, 10)
	case s.Sort == Number:
		raw = "0"
	default:
		return ""
	}
	v := s.Key.must(raw)
	if s.Floored && s.Key.looser(v, s.Key.must(s.Floor)) || !s.bound.keeps(s.Key, v) {
		return raw
	}
	return ""
}

// loosen asks, as an administrator of the canaries, for less than each floor that is in force.
func (m *Module) loosen(ctx context.Context, s core.Stage) (tried int, gave string, err error) {
	view, err := m.Read(ctx, core.Canaries)
	if err != nil {
		return 0, "", err
	}
	ask := map[string]string{}
	for _, one := range view.Settings {
		if raw := one.loosest(); raw != "" {
			ask[one.ID] = raw
		}
	}
	if len(ask) == 0 {
		return 0, "", nil
	}
	c, err := s.Canary(ctx, "admin")
	if err != nil {
		return 0, "", err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return 0, "", err
	}
	body, err := json.Marshal(map[string]any{"values": ask})
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPatch, "/api/v1/organizations/"+string(core.Canaries)+"/settings", strings.NewReader(string(body)))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("If-Match", `"`+view.Version+`"`)
	answer, err := probe.Do(client, r)
	if err != nil {
		return 0, "", err
	}
	if answer.Status == http.StatusOK { // nothing of it may stay
		reset := Edit{Reason: "probe"}
		for key := range ask {
			reset.Changes = append(reset.Changes, Change{Key: key, Reset: true})
			gave = key
		}
		return len(ask), gave, m.Save(context.WithoutCancel(ctx), core.Canaries, reset)
	}
	if answer.Status != http.StatusUnprocessableEntity {
		return 0, "", probe.Unseen(tFloorAnswer, answer.Status)
	}
	for key := range ask { // each must be refused by name
		if !strings.Contains(answer.Body, `"`+key+`"`) {
			gave = key
		}
	}
	return len(ask), gave, nil
}

var tFloorAnswer = i18n.T("N'a pas pu être vu : l'interface a répondu %d.", "Could not be seen: the interface answered %d.")
