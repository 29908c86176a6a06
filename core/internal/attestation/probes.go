package attestation

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
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
		{ID: "attestation.duty", Kind: core.BehaviourProbe, Title: probe.Text(tpDuty), Run: m.seeDuty, Faults: []core.PlantedFault{neverOverdue, neverEnded, neverSigned}},
		{ID: "attestation.reminder", Kind: core.BehaviourProbe, Title: probe.Text(tpReminder), Run: m.seeReminder, Faults: []core.PlantedFault{unsent, twice, notTold}},
	}
}

var (
	tpDuty     = i18n.T("Qui n'a pas signé la charte ou n'est pas formé n'accède pas aux données des clients", "Whoever has not signed the charter or is not trained has no access to clients' data")
	tpReminder = i18n.T("Chaque échéance est rappelée avant terme, et signalée après", "Each due date is recalled beforehand, and told after")

	tpDark     = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpShut     = i18n.T("Une personne de l'équipe à jour, que le client a laissée entrer, ne lit rien (%d).", "A member of staff who is up to date, whom the client let in, reads nothing (%d).")
	tpUnsigned = i18n.T("Sans charte signée, un canari lit les données d'un client.", "Without a signed charter, a canary reads a client's data.")
	tpOpens    = i18n.T("La charte signée, l'accès ne se rouvre pas (%d).", "Once the charter is signed, access does not open again (%d).")
	tpOverdue  = i18n.T("Sa formation échue, un canari lit les données d'un client.", "With its training overdue, a canary reads a client's data.")
	tpOwnShut  = i18n.T("Un canari qui n'est pas à jour ne peut plus ouvrir ses propres engagements (%d).", "A canary that is not up to date cannot open its own undertakings any more (%d).")
	tpDutyHeld = i18n.T("Un canari de l'équipe, laissé entrer par un client, a lu ; sans charte il a été refusé (attestation.duty_missing), la charte signée il a lu, sa formation échue il a été refusé ; sa page est restée ouverte. À jour dans l'équipe : %d sur %d ; clauses qui l'exigent en vigueur : %s.", "A canary of the staff, let in by a client, read; without the charter it was refused (attestation.duty_missing), once signed it read, with its training overdue it was refused; its own page stayed open. Staff up to date: %d of %d; clauses in force that demand it: %s.")

	tpUnsent   = i18n.T("À %d jours de son terme, une attestation n'a pas été rappelée.", "%d days before its end, an attestation was not recalled.")
	tpUnmarked = i18n.T("Le rappel à %d jours n'est pas marqué : il partirait à chaque passage.", "The reminder at %d days is not marked: it would leave at each run.")
	tpNotEnded = i18n.T("Une attestation expirée n'a pas été dite à qui l'a signée.", "An expired attestation was not told to its signer.")
	tpAlone    = i18n.T("Une attestation expirée n'a pas été signalée au-dessus.", "An expired attestation was not told to those above.")
	tpForgot   = i18n.T("%d échéances sur %d, passées depuis plus de deux jours, n'ont pas été rappelées.", "%d due dates of %d, past for more than two days, were not recalled.")
	tpRecalled = i18n.T("L'attestation d'un canari a été rappelée à 60, 30 et 7 jours, une fois chacun, puis dite expirée à qui l'a signée et au-dessus ; %d échéances de l'équipe, aucune oubliée.", "A canary's attestation was recalled at 60, 30 and 7 days, once each, then told as expired to its signer and above; %d due dates of the team, none forgotten.")
	tpNone     = i18n.T("aucune", "none")
)

var (
	neverOverdue = fault("attestation.duty/never", "Une formation échue revient à jour", "An overdue training becomes up to date again",
		`CREATE TRIGGER never_overdue AFTER UPDATE OF until_at ON attestation_duty WHEN NEW.until_at < OLD.until_at BEGIN
			UPDATE attestation_duty SET until_at = OLD.until_at WHERE id = NEW.id; END`)
	neverEnded = fault("attestation.duty/unsigned", "Une charte qui ne compte plus compte encore", "A charter that no longer counts still does",
		`CREATE TRIGGER never_ended AFTER UPDATE OF ended_at ON attestation_duty WHEN NEW.ended_at > 0 BEGIN
			UPDATE attestation_duty SET ended_at = 0 WHERE id = NEW.id; END`)
	neverSigned = fault("attestation.duty/deaf", "Une charte signée n'est pas gardée", "A signed charter is not kept",
		`CREATE TRIGGER never_signed AFTER INSERT ON attestation_duty WHEN NEW.duty = 'charter' AND NEW.entry <> '' BEGIN DELETE FROM attestation_duty WHERE id = NEW.id; END`)

	unsent = fault("attestation.reminder/unsent", "Les rappels n'entrent pas dans le courrier", "Reminders do not enter the mail",
		`CREATE TRIGGER unsent AFTER INSERT ON mail_outbox WHEN NEW.kind = 'attestation.expiring' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
	twice = fault("attestation.reminder/again", "Un rappel n'est pas marqué comme envoyé", "A reminder is not marked as sent",
		`CREATE TRIGGER twice AFTER INSERT ON attestation_reminder BEGIN DELETE FROM attestation_reminder WHERE about = NEW.about AND step = NEW.step; END`)
	notTold = fault("attestation.reminder/alone", "Personne d'autre ne sait qu'une attestation a expiré", "Nobody else knows that an attestation has expired",
		`CREATE TRIGGER not_told AFTER INSERT ON mail_outbox WHEN NEW.kind = 'attestation.escalation' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
)

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var (
	qAgeDuty  = db.SQL(`UPDATE attestation_duty SET until_at = $3 WHERE person = $1 AND duty = $2 AND ended_at = 0`)
	qAge      = db.SQL(`UPDATE attestation_attestation SET signed_at = $2, until_at = $3 WHERE id = $1 AND trial = 1`)
	qLate     = db.SQL(`SELECT count(*) FROM attestation_attestation WHERE trial = 0 AND withdrawn_at = 0 AND replaced_by = '' AND until_at < $1`)
	qLateTold = db.SQL(`SELECT count(*) FROM attestation_attestation a WHERE trial = 0 AND withdrawn_at = 0 AND replaced_by = '' AND until_at < $1
		AND EXISTS (SELECT 1 FROM attestation_reminder r WHERE r.about = a.id AND r.step = 'expired')`)
)

// age runs a statement on the rows of one canary, and of nobody else.
func (m *Module) age(ctx context.Context, canary core.ID, q string, args ...any) error {
	return m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		is, err := m.isCanary(ctx, tx, canary)
		if err == nil && is {
			_, err = tx.Exec(ctx, q, args...)
		}
		return err
	})
}

// must posts what the probe needs before it can look.
func must(ctx context.Context, in *http.Client, path string, form url.Values) error {
	a, err := probe.Post(ctx, in, path, form)
	if err == nil && a.Status >= 400 {
		err = probe.Unseen(tpDark, path, a.Status)
	}
	return err
}

// clientData is an operation that reads a client's people, open to the staff whom it let in.
const clientData = "/api/v1/organizations/" + string(core.Canaries) + "/habilitations"

var judgePath = regexp.MustCompile(`/requests/[0-9a-f-]{36}/judge`)

// letIn lets a canary of the staff read the organization of canaries, as a client does.
func (m *Module) letIn(ctx context.Context, s core.Stage, staff *http.Client) error {
	admin, err := s.Canary(ctx, "admin")
	if err != nil {
		return err
	}
	client, err := s.Enter(ctx, admin)
	if err != nil {
		return err
	}
	until := m.now().AddDate(0, 0, 2).Format(time.DateOnly)
	if err := must(ctx, staff, "/provider/support", url.Values{"organization": {string(core.Canaries)}, "until": {until}, "reason": {"probe"}}); err != nil {
		return err
	}
	base := "/o/" + string(core.Canaries)
	page, err := probe.Get(ctx, client, base+"/requests/judge")
	if err != nil {
		return err
	}
	path := judgePath.FindString(page.Body)
	if path == "" {
		return probe.Unseen(tpDark, "/requests/judge", page.Status)
	}
	return must(ctx, client, base+path, url.Values{"verdict": {"grant"}, "until": {until}})
}

// seeDuty has a canary of the staff read a client's data, up to date and not.
func (m *Module) seeDuty(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "provider.support")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	if err := m.letIn(ctx, s, in); err != nil {
		return seen, err
	}
	if seen, err = m.playDuty(ctx, c, in); err != nil {
		return seen, err
	}
	if seen.Held {
		if seen.Entries, err = s.Witness(ctx, c, SignOwn.Permission); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

func (m *Module) playDuty(ctx context.Context, c core.Canary, in *http.Client) (core.Sight, error) {
	reads := func() (status int, refused bool, err error) {
		a, err := probe.Get(ctx, in, clientData)
		return a.Status, a.Status == http.StatusForbidden && strings.Contains(a.Body, errDuty.Code), err
	}
	now := m.now()
	if status, _, err := reads(); err != nil || status != http.StatusOK {
		return probe.Broken(1, 1, tpShut, status), err
	}
	if err := m.age(ctx, c.Person, qEndDuty, c.Person, Charter, clock.Micros(now)); err != nil {
		return core.Sight{}, err
	}
	if _, refused, err := reads(); err != nil || !refused {
		return probe.Broken(1, 1, tpUnsigned), err
	}
	if a, err := probe.Get(ctx, in, "/me/duties"); err != nil || a.Status != http.StatusOK {
		return probe.Broken(1, 1, tpOwnShut, a.Status), err
	}
	if a, err := probe.Post(ctx, in, "/me/duties/charter", url.Values{"read": {"1"}}); err != nil || a.Status >= 400 {
		return probe.Broken(1, 1, tpOwnShut, a.Status), err
	}
	if status, _, err := reads(); err != nil || status != http.StatusOK {
		return probe.Broken(1, 1, tpOpens, status), err
	}
	if err := m.age(ctx, c.Person, qAgeDuty, c.Person, Training, clock.Micros(now.Add(-time.Hour))); err != nil {
		return core.Sight{}, err
	}
	if _, refused, err := reads(); err != nil || !refused {
		return probe.Broken(1, 1, tpOverdue), err
	}
	var t Team
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) { t, err = m.team(ctx, tx); return err })
	if err != nil {
		return core.Sight{}, err
	}
	ready := 0
	for _, o := range t.People {
		if len(o.Lacks) == 0 {
			ready++
		}
	}
	force := core.Text{FR: strings.Join(t.Clauses, ", "), EN: strings.Join(t.Clauses, ", ")}
	if len(t.Clauses) == 0 {
		force = probe.Text(tpNone)
	}
	return probe.Held(1, 1, tpDutyHeld, ready, len(t.People), force), nil
}

// seeReminder signs as a canary, and lets time pass over what it signed.
func (m *Module) seeReminder(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	signer, err := s.Canary(ctx, "provider.operator")
	if err != nil {
		return seen, err
	}
	above, err := s.Canary(ctx, "provider.dpo")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, signer)
	if err != nil {
		return seen, err
	}
	now := m.now()
	form := url.Values{"kind": {"maintenance"}, "reach": {ReachAll}, "from": {now.AddDate(0, -1, 0).Format(time.DateOnly)}, "until": {now.AddDate(1, 0, 0).Format(time.DateOnly)}, "agree": {"1"}}
	if err := must(ctx, in, "/provider/attestations", form); err != nil {
		return seen, err
	}
	var mine []Attestation
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		mine, err = db.All(ctx, tx, qSignedBy, scanAttestation, signer.Person)
		return err
	})
	if err != nil {
		return seen, err
	}
	if len(mine) != 1 {
		return seen, probe.Unseen(tpDark, "/provider/attestations", len(mine))
	}
	if seen, err = m.playReminder(ctx, s, signer, above, mine[0].ID); err != nil {
		return seen, err
	}
	if seen.Held {
		if seen.Entries, err = s.Witness(ctx, signer, Remind.Permission); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

func (m *Module) playReminder(ctx context.Context, s core.Stage, signer, above core.Canary, id core.ID) (core.Sight, error) {
	now := m.now()
	passes := func(left time.Duration) error {
		if err := m.age(ctx, signer.Person, qAge, id, clock.Micros(now.AddDate(-1, 0, 0)), clock.Micros(now.Add(left))); err != nil {
			return err
		}
		return m.remind(core.WithActor(ctx, core.System("attestation.remind")), signer.Person)
	}
	for _, days := range []int{59, 29, 6} {
		if err := passes(time.Duration(days)*24*time.Hour + time.Hour); err != nil {
			return core.Sight{}, err
		}
		body, err := s.Letter(ctx, signer, expiring.kind)
		if err != nil || !strings.Contains(body, " "+strconv.Itoa(days)+" ") {
			return probe.Broken(1, 1, tpUnsent, days), nil
		}
		left, err := m.pending(ctx, signer.Person)
		if err != nil {
			return core.Sight{}, err
		}
		if len(left) > 0 {
			return probe.Broken(1, 1, tpUnmarked, days), nil
		}
	}
	if err := passes(-time.Hour); err != nil {
		return core.Sight{}, err
	}
	if _, err := s.Letter(ctx, signer, ended.kind); err != nil {
		return probe.Broken(1, 1, tpNotEnded), nil
	}
	if _, err := s.Letter(ctx, above, escalation.kind); err != nil {
		return probe.Broken(1, 1, tpAlone), nil
	}
	var late, told int64
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		before := clock.Micros(now.AddDate(0, 0, -2))
		if late, _, err = db.One(ctx, tx, qLate, db.Value[int64], before); err != nil {
			return err
		}
		told, _, err = db.One(ctx, tx, qLateTold, db.Value[int64], before)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	if told < late {
		return probe.Broken(int(late), int(late), tpForgot, late-told, late), nil
	}
	return probe.Held(int(late)+1, int(late)+1, tpRecalled, late), nil
}
