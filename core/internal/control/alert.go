package control

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/verify"
)

var (
	qOpenAlert = db.SQL(`SELECT alert FROM control_probe WHERE probe = $1`)
	qHasAlert  = db.SQL(`UPDATE control_probe SET alert = $2 WHERE probe = $1`)
	qAddAlert  = db.SQL(`INSERT INTO control_alert (id, probe, observation, clauses, orgs, began_at, mended_at, mended_by) VALUES ($1, $2, $3, $4, $5, $6, 0, '')`)
	qMend      = db.SQL(`UPDATE control_alert SET mended_at = $2, mended_by = $3 WHERE id = $1`)
	qAlert     = db.SQL(`SELECT a.id, a.probe, a.observation, a.clauses, a.orgs, a.began_at, a.mended_at, a.mended_by, o.why_fr, o.why_en
		FROM control_alert a JOIN control_observation o ON o.id = a.observation WHERE a.id = $1`)
	qAlerts = db.SQL(`SELECT a.id, a.probe, a.observation, a.clauses, a.orgs, a.began_at, a.mended_at, a.mended_by, o.why_fr, o.why_en
		FROM control_alert a JOIN control_observation o ON o.id = a.observation WHERE a.id < $1 ORDER BY a.id DESC LIMIT $2`)
	qLasting = db.SQL(`SELECT a.id, a.probe, a.observation, a.clauses, a.orgs, a.began_at, a.mended_at, a.mended_by, o.why_fr, o.why_en
		FROM control_alert a JOIN control_observation o ON o.id = a.observation WHERE a.mended_at = 0 ORDER BY a.id DESC`)
	qReach  = db.SQL(`SELECT COUNT(DISTINCT org) FROM control_pin WHERE pack = $1 AND number = $2`)
	qPinned = db.SQL(`SELECT DISTINCT org FROM control_pin WHERE pack = $1 AND number = $2 ORDER BY org LIMIT $3`)
)

var (
	mailBrokenSubject = i18n.T("Une clause publiée est rompue : %s", "A published clause is broken: %s")
	mailBrokenBody    = i18n.T(
		"Une sonde a vu rompu ce qui est promis.\n\nSonde : %s (%s)\nConstat : %s\nClauses : %s\nOrganisations dont l'annexe les contient : %d\n\n%s",
		"A probe saw broken what is promised.\n\nProbe: %s (%s)\nObservation: %s\nClauses: %s\nOrganizations whose annex contains them: %d\n\n%s")
	mailMendedSubject = i18n.T("La clause tient de nouveau : %s", "The clause holds again: %s")
	mailMendedBody    = i18n.T(
		"La sonde a de nouveau vu tenir ce qui est promis.\n\nSonde : %s (%s)\nConstat : %s\nClauses : %s\nRupture : de %s à %s\n\n%s",
		"The probe saw what is promised hold again.\n\nProbe: %s (%s)\nObservation: %s\nClauses: %s\nBroken: from %s to %s\n\n%s")
)

// alert opens an episode when a probe of clauses in force turns red and ends it when it is seen to hold again: one message
// for each, whatever is seen in between.
func (m *Module) alert(ctx context.Context, tx core.Tx, w *world, p *core.Probe, o *Observation) error {
	open, _, err := db.One(ctx, tx, qOpenAlert, db.Value[core.ID], p.ID)
	if err != nil {
		return err
	}
	switch outcome := outcomeOf(o); {
	case outcome == verify.SawHeld && open != "":
		return m.mend(ctx, tx, p, o, open)
	case outcome == verify.SawBroken && open == "":
		if refs := w.uses(p.ID); len(refs) > 0 {
			return m.raise(ctx, tx, w, p, o, refs)
		}
	}
	return nil
}

// reach counts the organizations to whom the packs of clauses were promised.
func (w *world) reach(ctx context.Context, tx core.Tx, refs []Ref) (most int, err error) {
	for _, r := range refs {
		n, _, err := db.One(ctx, tx, qReach, db.Value[int], r.Pack, w.force[r.Pack].Number)
		if err != nil {
			return 0, err
		}
		most = max(most, n) // every version is promised to all clients: the packs do not add up
	}
	return most, nil
}

func (m *Module) raise(ctx context.Context, tx core.Tx, w *world, p *core.Probe, o *Observation, refs []Ref) error {
	orgs, err := w.reach(ctx, tx, refs)
	if err != nil {
		return err
	}
	a := Alert{ID: ids.New(), Probe: p.ID, Title: p.Title, Why: o.Why, Observation: o.ID, Clauses: refs, Orgs: orgs, Began: o.End}
	if _, err := tx.Exec(ctx, qAddAlert, a.ID, a.Probe, a.Observation, joined(refs), orgs, clock.Micros(a.Began)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qHasAlert, p.ID, a.ID); err != nil {
		return err
	}
	list := listed(refs)
	subject := said(mailBrokenSubject, list)
	body := said(mailBrokenBody, p.Title, p.ID, o.Why, list, orgs, m.link("/provider/controls"))
	return m.tellSecurity(ctx, tx, "control.broken", subject, body, a.ID)
}

func (m *Module) mend(ctx context.Context, tx core.Tx, p *core.Probe, o *Observation, open core.ID) error {
	if _, err := tx.Exec(ctx, qMend, open, clock.Micros(o.End), o.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qHasAlert, p.ID, ""); err != nil {
		return err
	}
	a, _, err := db.One(ctx, tx, qAlert, scanAlert, open)
	if err != nil {
		return err
	}
	list := listed(a.Clauses)
	subject := said(mailMendedSubject, list)
	body := said(mailMendedBody, p.Title, p.ID, o.Why, list, a.Began.Format(time.RFC3339), o.End.Format(time.RFC3339), m.link("/provider/controls"))
	return m.tellSecurity(ctx, tx, "control.mended", subject, body, a.ID)
}

func (m *Module) link(path string) string { return m.needs.Origin + path }

// tellSecurity writes to the security contact, or to the provider's administrators when there is none, and to every
// webhook.
func (m *Module) tellSecurity(ctx context.Context, tx core.Tx, kind string, subject, body core.Text, alert core.ID) error {
	values, err := m.needs.Values.Values(ctx, tx, core.Platform)
	if err != nil {
		return err
	}
	if to := values["contact.security"]; strings.Contains(to, "@") {
		both := core.Mail{
			Org: core.Platform, To: to, Kind: kind, Subject: subject.FR + " / " + subject.EN,
			Body: body.FR + "\n\n--\n\n" + body.EN + "\n",
		}
		if err := m.needs.Mail.Queue(ctx, tx, both); err != nil {
			return err
		}
	} else {
		admins, err := m.needs.Roles.Holders(ctx, tx, core.Platform, "provider.admin")
		if err != nil {
			return err
		}
		for _, person := range admins {
			if err := m.needs.Notices.Send(ctx, tx, person, kind, subject, body); err != nil {
				return err
			}
		}
	}
	return m.callWebhooks(ctx, tx, kind, alert)
}

func (m *Module) callWebhooks(ctx context.Context, tx core.Tx, kind string, alert core.ID) error {
	hooks, err := db.All(ctx, tx, qHooks, scanWebhook)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		_, err := m.needs.Jobs.Enqueue(ctx, tx, jobs.Job{
			Kind: JobWebhook, Org: core.Platform, Key: string(h.ID) + "/" + string(alert) + "/" + kind, Most: 12,
			Payload: map[string]core.ID{"webhook": h.ID, "alert": alert, "event": core.ID(kind)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// joined writes clauses as they are stored.
func joined(refs []Ref) string {
	all := make([]string, len(refs))
	for i, r := range refs {
		all[i] = r.Pack + "/" + r.Clause
	}
	return strings.Join(all, " ")
}

// listed writes clauses for people, at most five.
func listed(refs []Ref) string {
	var all []string
	for i, r := range refs {
		if i == 5 {
			all = append(all, "…")
			break
		}
		all = append(all, r.Clause)
	}
	return strings.Join(all, ", ")
}

func scanAlert(scan db.Scan) (a Alert, err error) {
	var refs string
	var began, mended int64
	err = scan(&a.ID, &a.Probe, &a.Observation, &refs, &a.Orgs, &began, &mended, &a.MendedBy, &a.Why.FR, &a.Why.EN)
	a.Began, a.Mended = clock.FromMicros(began), clock.FromMicros(mended)
	for one := range strings.FieldsSeq(refs) {
		pack, clause, _ := strings.Cut(one, "/")
		a.Clauses = append(a.Clauses, Ref{pack, clause})
	}
	return a, err
}

// Alerts lists breaks, newest first, before one; the first page begins with all those that last.
func (m *Module) Alerts(ctx context.Context, before core.ID, limit int) (list []Alert, err error) {
	limit = min(max(cmp.Or(limit, 20), 1), 100)
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		list = nil
		if before == "" {
			if list, err = db.All(ctx, tx, qLasting, scanAlert); err != nil {
				return err
			}
			before = endless
		}
		rest, err := db.All(ctx, tx, qAlerts, scanAlert, before, limit)
		for _, a := range rest {
			if before != endless || !a.Mended.IsZero() {
				list = append(list, a)
			}
		}
		for i := range list {
			if p := m.find(list[i].Probe); p != nil {
				list[i].Title = p.Title
			}
		}
		return err
	})
	return list, err
}

// Alert opens one break.
func (m *Module) Alert(ctx context.Context, id core.ID) (a Alert, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) (err error) {
		var found bool
		if a, found, err = db.One(ctx, tx, qAlert, scanAlert, id); err == nil && !found {
			err = errNoAlert
		}
		if p := m.find(a.Probe); p != nil {
			a.Title = p.Title
		}
		return err
	})
	return a, err
}

// AlertOrgs names organizations whose annex contains a clause of an alert's packs, by id, at most limit.
func (m *Module) AlertOrgs(ctx context.Context, alert core.ID, limit int) (orgs []core.ID, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		a, found, err := db.One(ctx, tx, qAlert, scanAlert, alert)
		if err != nil {
			return err
		}
		if !found {
			return errNoAlert
		}
		orgs = nil
		seen := map[core.ID]bool{}
		for _, r := range a.Clauses {
			p, found, err := db.One(ctx, tx, qLatest, scanPublication, r.Pack)
			if err != nil || !found {
				return err
			}
			list, err := db.All(ctx, tx, qPinned, db.Value[core.ID], r.Pack, p.Number, limit)
			if err != nil {
				return err
			}
			for _, org := range list {
				if !seen[org] && len(orgs) < limit {
					seen[org] = true
					orgs = append(orgs, org)
				}
			}
		}
		return nil
	})
	return orgs, err
}

var errNoAlert = i18n.Fault(core.NotFound, "control.no_alert", "Cette alerte n'existe pas.", "There is no such alert.")

// endless sorts after every id.
const endless core.ID = "~"
