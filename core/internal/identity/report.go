package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Report is one "this wasn't me" (ACC-10.1): what the person said no to, and what staff did about it.
type Report struct {
	ID         core.ID
	Person     core.ID
	Source     string // "link" of an alert mail, "page" of the person's security
	About      string // the kind of alert and what it was about: "signin.new_device 0198..."
	State      string // "open", "handled"
	At         time.Time
	HandledAt  time.Time
	HandledBy  core.ID
	Conclusion string
	sealed     []byte
}

var (
	errReport     = i18n.Fault(core.NotFound, "report.unknown", "Ce signalement n'existe pas.", "This report does not exist.")
	errReportDone = i18n.Fault(core.Conflict, "report.handled", "Ce signalement est déjà traité.", "This report is already handled.")
	errConclusion = i18n.Fault(core.Invalid, "report.conclusion", "Dites en quelques mots ce qui a été constaté et fait (2 000 caractères au plus).", "Say in a few words what was found and done (2,000 characters at most).")
)

func scanReport(scan db.Scan) (r Report, err error) {
	var at, handled int64
	err = scan(&r.ID, &r.Person, &r.Source, &r.About, &r.State, &at, &handled, &r.HandledBy, &r.sealed)
	r.At, r.HandledAt = clock.FromMicros(at), clock.FromMicros(handled)
	return r, err
}

// NotMe spends the link of an alert: every session and token of the person ends, the password counts as compromised,
// and staff gets a report. It opens nothing and tells nothing about the account.
func (m *Module) NotMe(ctx context.Context, token string) error {
	act := &core.Act{Def: &openReport, Org: core.Platform}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		person, about, err := m.UseLink(ctx, tx, LinkNotMe, token)
		if err != nil {
			return err
		}
		act.Subject = person
		act.Resource, err = m.openReport(ctx, tx, act, person, "link", about)
		return err
	})
}

// NotMeMyself is the same from the person's own security page.
func (m *Module) NotMeMyself(ctx context.Context, person core.ID) error {
	act := &core.Act{Def: &openOwnReport, Org: core.Platform, Subject: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		act.Resource, err = m.openReport(ctx, tx, act, person, "page", "")
		return err
	})
}

// openReport keeps a report of a person, and lets whoever handles incidents open one in the same transaction.
func (m *Module) openReport(ctx context.Context, tx core.Tx, act *core.Act, person core.ID, source, about string) (core.ID, error) {
	id := ids.New()
	_, err := tx.Exec(ctx, qReportAdd, id, person, source, about, clock.Micros(m.needs.Clock.Now()), []byte{})
	if err != nil {
		return "", fmt.Errorf("identity: report: %w", err)
	}
	if m.needs.Reported != nil {
		p, err := m.Person(ctx, tx, person)
		if err != nil {
			return "", err
		}
		opened, err := m.needs.Reported(ctx, tx, id, p)
		if err != nil {
			return "", err
		}
		act.Also = append(act.Also, opened)
	}
	return id, m.Compromised(ctx, tx, person)
}

// ReportPage is how many reports a page of the list holds.
const ReportPage = 50

// Reports lists the reports of a state, newest first, before the id given ("" for the newest), with the persons. For
// provider staff.
func (m *Module) Reports(ctx context.Context, state string, before core.ID) (list []Report, who map[core.ID]core.Person, err error) {
	act := &core.Act{Def: &ListReports, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if list, err = db.All(ctx, tx, qReports, scanReport, state, before, ReportPage); err != nil {
			return fmt.Errorf("identity: reports: %w", err)
		}
		for i := range list {
			act.Subjects = append(act.Subjects, list[i].Person)
			if len(list[i].sealed) > 0 {
				plain, err := m.needs.Sealer.Open(ctx, list[i].Person, reportPlace(list[i].ID), list[i].sealed)
				if err != nil && core.KindOf(err) != core.Gone {
					return fmt.Errorf("identity: open a report: %w", err)
				}
				list[i].Conclusion = string(plain)
			}
		}
		who, err = m.People(ctx, tx, act.Subjects...)
		return err
	})
	return list, who, err
}

// HandleReport closes a report with what was found and done.
func (m *Module) HandleReport(ctx context.Context, report core.ID, conclusion string) error {
	if conclusion == "" || len([]rune(conclusion)) > 2000 {
		return errConclusion.With("conclusion", errConclusion.Code)
	}
	act := &core.Act{Def: &HandleReports, Org: core.Platform, Resource: report}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		r, ok, err := db.One(ctx, tx, qReport, scanReport, report)
		if err != nil {
			return fmt.Errorf("identity: report: %w", err)
		}
		if !ok {
			return errReport
		}
		act.Subject, act.Note = r.Person, conclusion
		sealed, err := m.needs.Sealer.Seal(ctx, r.Person, reportPlace(r.ID), []byte(conclusion))
		if err != nil {
			return fmt.Errorf("identity: seal a report: %w", err)
		}
		n, err := tx.Exec(ctx, qReportHandle, report, clock.Micros(m.needs.Clock.Now()), core.ActorOf(ctx).ID, sealed)
		if err != nil {
			return fmt.Errorf("identity: handle a report: %w", err)
		}
		if n == 0 {
			return errReportDone
		}
		act.Changed("state", "open", "handled")
		return nil
	})
}

func reportPlace(id core.ID) string { return "identity_report.conclusion:" + string(id) }
