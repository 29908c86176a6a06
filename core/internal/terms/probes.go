package terms

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tProbe      = i18n.T("Les conditions en vigueur sont acceptées par chacun, et de nouveau quand elles changent", "The terms in force are accepted by everyone, and again when they change")
	tProbeHeld  = i18n.T("Un document exigé a été demandé à l'entrée et accepté ; sa nouvelle version a été demandée de nouveau ; %d acceptations gardées, chacune avec sa version.", "A required document was asked for at the entry and accepted; its new version was asked for again; %d acceptances kept, each with its version.")
	tProbeNever = i18n.T("Un document exigé n'a pas été demandé.", "A required document was not asked for.")
	tProbeLost  = i18n.T("Une acceptation n'est pas gardée.", "An acceptance is not kept.")
	tProbeAgain = i18n.T("Une nouvelle version n'a pas été demandée de nouveau.", "A new version was not asked for again.")
	tFaultNever = i18n.T("Un document exigé que l'on ne demande pas", "A required document that is not asked for")
	tFaultOnce  = i18n.T("Un document que l'on ne demande qu'une fois", "A document that is asked for only once")
)

var dutyTidy = core.Duty{Name: "terms.tidy", Why: "the documents that a probe published in the organization of canaries are removed; no client has them"}

var (
	qTidyAccepted = db.SQL(`DELETE FROM terms_acceptance WHERE org = $1`)
	qTidyVersions = db.SQL(`DELETE FROM terms_version WHERE org = $1`)
	qTidy         = db.SQL(`DELETE FROM terms_document WHERE org = $1`)
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{{
		ID: "terms.acceptance", Kind: core.BehaviourProbe, Title: probe.Text(tProbe), Run: m.seeAcceptance,
		Faults: []core.PlantedFault{
			{ID: "terms.acceptance/never", Title: probe.Text(tFaultNever), Plant: probe.Rows(`CREATE TRIGGER planted_never AFTER INSERT ON terms_document BEGIN
				UPDATE terms_document SET required = 0 WHERE id = NEW.id; END`)},
			{ID: "terms.acceptance/once", Title: probe.Text(tFaultOnce), Plant: probe.Rows(`CREATE TRIGGER planted_once AFTER UPDATE OF due ON terms_document WHEN NEW.due <> OLD.due BEGIN
				UPDATE terms_document SET due = OLD.due WHERE id = NEW.id; END`)},
		},
	}}
}

// tidy removes what a run published. What it could not remove, the next run does.
func (m *Module) tidy(ctx context.Context) error {
	return m.needs.Gate.Keep(ctx, &dutyTidy, func(tx core.Tx) error {
		for _, q := range []string{qTidyAccepted, qTidyVersions, qTidy} {
			if _, err := tx.Exec(ctx, q, core.Strangers); err != nil {
				return err
			}
		}
		return nil
	})
}

func probed(version int64, again bool) Draft {
	words := core.Text{FR: "Document d'une sonde, retiré à la fin.", EN: "Document of a probe, removed at its end."}
	text := core.Text{FR: fmt.Sprintf("%s (%d)", words.FR, version+1), EN: fmt.Sprintf("%s (%d)", words.EN, version+1)}
	return Draft{Title: words, Text: text, Summary: words, Required: true, Again: again, Version: version}
}

// due tells whether a canary is asked for a document, and how many versions of it they have accepted.
func (m *Module) due(ctx context.Context, c core.Canary, id core.ID) (asked bool, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadTerms, Org: core.Platform}, func(tx core.Tx) error {
		list, err := m.Due(ctx, tx, c.Person, c.Org)
		asked = false
		for _, t := range list {
			asked = asked || t.Document == id
		}
		return err
	})
	return asked, err
}

// seeAcceptance: a required document is asked for at the entry, and its next version again.
func (m *Module) seeAcceptance(ctx context.Context, s core.Stage) (core.Sight, error) {
	if err := m.tidy(ctx); err != nil {
		return core.Sight{}, err
	}
	admin, err := s.Stranger(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	c, err := s.Stranger(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	as := core.WithActor(ctx, core.Actor{
		Kind: core.HumanActor, ID: admin.Person, Account: admin.Account, AAL: 2, AuthenticatedAt: m.needs.Clock.Now(),
		Address: netip.MustParseAddr("127.0.0.1"), Agent: "probe", Request: ids.New(),
	})
	id, err := m.Publish(as, admin.Org, "", probed(0, false))
	if err != nil {
		return core.Sight{}, err
	}
	defer func() { _ = m.tidy(context.WithoutCancel(ctx)) }()
	if asked, err := m.due(ctx, c, id); err != nil || !asked {
		return probe.Broken(2, 1, tProbeNever), err
	}
	if _, err := s.Enter(ctx, c); err != nil {
		return core.Sight{}, err
	}
	if asked, err := m.due(ctx, c, id); err != nil || asked {
		return probe.Broken(2, 1, tProbeLost), err
	}
	if _, err := m.Publish(as, admin.Org, id, probed(1, true)); err != nil {
		return core.Sight{}, err
	}
	if asked, err := m.due(ctx, c, id); err != nil || !asked {
		return probe.Broken(2, 2, tProbeAgain), err
	}
	if _, err := s.Enter(ctx, c); err != nil {
		return core.Sight{}, err
	}
	kept := 0
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadTerms, Org: core.Platform}, func(tx core.Tx) error {
		list, err := db.All(ctx, tx, qMine, func(scan db.Scan) (document core.ID, err error) {
			var org core.ID
			var version, at int64
			err = scan(&org, &document, &version, &at)
			return document, err
		}, c.Person)
		kept = 0
		for _, d := range list {
			if d == id {
				kept++
			}
		}
		return err
	})
	switch {
	case err != nil:
		return core.Sight{}, err
	case kept != 2:
		return probe.Broken(2, 2, tProbeLost), nil
	}
	return probe.Held(2, 2, tProbeHeld, kept), nil
}
