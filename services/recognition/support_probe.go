package recognition

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tpSupport   = i18n.T("Une trace d'assistance est limitée, lue du seul support désigné, détruite à la clôture", "A support log is scoped, read by the support staff named alone, destroyed when it closes")
	tpDark      = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpEarly     = i18n.T("Ce qui s'est passé avant le signalement est noté.", "What happened before the report is noted.")
	tpDeaf      = i18n.T("Ce qui se passe pendant le signalement n'est pas noté.", "What happens during the report is not noted.")
	tpUnnamed   = i18n.T("Une personne du support que nul n'a désignée lit la trace (%d).", "A person of support whom nobody named reads the log (%d).")
	tpShutOut   = i18n.T("La personne désignée ne lit pas la trace (%d).", "The person named does not read the log (%d).")
	tpUnmasked  = i18n.T("Un numéro entier est lisible dans la trace.", "A whole number can be read in the log.")
	tpStrange   = i18n.T("Une organisation voit le signalement d'une autre (%d).", "An organization sees the report of another (%d).")
	tpStays     = i18n.T("%d ligne(s) restent d'un signalement clos.", "%d line(s) stay of a closed report.")
	tpKeyLives  = i18n.T("La clé d'un signalement clos ouvre encore ce qu'elle a scellé.", "The key of a closed report still opens what it sealed.")
	tpLateNote  = i18n.T("Ce qui se passe après la clôture est encore noté.", "What happens after the closing is still noted.")
	tpOpenStill = i18n.T("Un signalement clos se lit encore (%d).", "A closed report can still be read (%d).")
	tpSupported = i18n.T("Un canari a signalé un problème : ce qui précédait n'est pas noté, ce qui suit l'est, numéros masqués. Non désigné, le support reçoit %d ; désigné, il lit. À la clôture : aucune ligne, clé détruite, plus rien de noté. %d signalements gardés, %d encore ouverts au-delà de leur terme.", "A canary reported a problem: what came before is not noted, what follows is, numbers masked. Not named, support gets %d; named, it reads. At the closing: no line, key destroyed, nothing noted any more. %d reports kept, %d still open beyond their term.")
	tpOverdue   = i18n.T("%d signalement(s) restent ouverts plus d'une semaine après leur terme, ou clos sans que leur clé soit détruite.", "%d report(s) stay open more than a week after their term, or closed without their key destroyed.")
)

func recognitionFault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var supportFaults = []core.PlantedFault{
	recognitionFault("recognition.support/kept", "Ce qui fut noté survit à la clôture", "What was noted outlives the closing",
		`CREATE TRIGGER planted_kept BEFORE DELETE ON recognition_case_line BEGIN SELECT RAISE(IGNORE); END`),
	recognitionFault("recognition.support/everybody", "Tout le support est désigné d'office", "All of support is named by itself",
		`CREATE TRIGGER planted_everybody AFTER INSERT ON recognition_case BEGIN
			INSERT OR IGNORE INTO recognition_case_staff (org, case_id, person, named_by, named_at)
			SELECT NEW.org, NEW.id, person, '', 1 FROM access_assignment WHERE role = 'provider.support' AND revoked_at = 0; END`),
	recognitionFault("recognition.support/undead", "La clé d'un signalement clos revient", "The key of a closed report comes back",
		`CREATE TRIGGER planted_undead_case AFTER UPDATE OF destroyed ON vault_key WHEN OLD.destroyed = 0 AND NEW.destroyed > 0 BEGIN
			UPDATE vault_key SET destroyed = 0, wrapped = OLD.wrapped WHERE owner = OLD.owner; END`),
	recognitionFault("recognition.support/endless", "Un signalement clos se rouvre", "A closed report opens again",
		`CREATE TRIGGER planted_endless AFTER UPDATE OF closed_at ON recognition_case WHEN NEW.closed_at > 0 BEGIN
			UPDATE recognition_case SET closed_at = 0, ended = '' WHERE org = NEW.org AND id = NEW.id; END`),
	recognitionFault("recognition.support/deaf", "Rien n'est noté", "Nothing is noted",
		`CREATE TRIGGER planted_deaf BEFORE INSERT ON recognition_case_line WHEN NEW.seq > 0 BEGIN SELECT RAISE(IGNORE); END`),
}

var (
	qCasesCount   = db.SQL(`SELECT count(*) FROM recognition_case`)
	qCasesOverdue = db.SQL(`SELECT count(*) FROM recognition_case WHERE (closed_at = 0 AND until_at < $1) OR (closed_at > 0 AND closed_at < $1 AND shredded_at = 0)`)
	qCaseLines    = db.SQL(`SELECT count(*) FROM recognition_case_line WHERE org = $1 AND case_id = $2`)
)

// supportProbes are those of support logs and workstations.
func (m *Module) supportProbes() []*core.Probe {
	return []*core.Probe{
		{ID: "recognition.support", Kind: core.BehaviourProbe, Title: probe.Text(tpSupport), Run: m.seeSupport, Faults: supportFaults},
		{ID: "recognition.workstation", Kind: core.BehaviourProbe, Title: probe.Text(tpPosture), Run: m.seePosture, Faults: postureFaults},
	}
}

const probeNumber = "+33 6 39 98 00 17" // of the range kept for fiction (ARCEP)

// mustDo posts what a probe needs before it can look.
func mustDo(ctx context.Context, in *http.Client, path string, form url.Values) error {
	a, err := probe.Post(ctx, in, path, form)
	if err == nil && a.Status >= 400 {
		err = probe.Unseen(tpDark, path, a.Status)
	}
	return err
}

// supportCast is who plays: a user, support staff that is named and not, whoever names, a stranger.
type supportCast struct {
	user, named, unnamed                core.Canary
	in, inNamed, inUnnamed, inAdmin, to *http.Client
}

func castSupport(ctx context.Context, s core.Stage) (c supportCast, err error) {
	for _, part := range []struct {
		role string
		who  *core.Canary
		in   **http.Client
	}{{RoleUser, &c.user, &c.in}, {"provider.support", &c.named, &c.inNamed}, {"provider.support", &c.unnamed, &c.inUnnamed}, {"provider.admin", new(core.Canary), &c.inAdmin}} {
		if *part.who, err = s.Canary(ctx, part.role); err != nil {
			return c, err
		}
		if *part.in, err = s.Enter(ctx, *part.who); err != nil {
			return c, err
		}
	}
	stranger, err := s.Stranger(ctx, RoleManager)
	if err == nil {
		c.to, err = s.Enter(ctx, stranger)
	}
	return c, err
}

var closePath = regexp.MustCompile(`/recognition/problems/([0-9a-f-]{36})/close`)

// seeSupport plays a reported problem from end to end.
func (m *Module) seeSupport(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := castSupport(ctx, s)
	if err != nil {
		return seen, err
	}
	part, base := TraceCalls+string(c.user.Person), "/o/"+string(c.user.Org)+"/recognition/problems"
	m.Trace(ctx, c.user.Org, part, "early")
	if err := mustDo(ctx, c.in, base, url.Values{"problem": {"probe"}, "days": {"1"}}); err != nil {
		return seen, err
	}
	page, err := probe.Get(ctx, c.in, base)
	if err != nil {
		return seen, err
	}
	found := closePath.FindStringSubmatch(page.Body)
	if found == nil {
		return seen, probe.Unseen(tpDark, base, page.Status)
	}
	id, log := core.ID(found[1]), "/provider/support-logs/"+found[1]
	m.support.stale() // this very node may not have heard yet
	m.Trace(ctx, c.user.Org, part, "ringing from "+probeNumber)
	sealed, err := m.needs.Sealer.Seal(ctx, id, placeLine(c.user.Org, id, -1), []byte("canary"))
	if err != nil {
		return seen, err
	}
	if why, args, err := m.seeReaders(ctx, &c, id, log); err != nil || why != nil {
		return probe.Broken(1, 1, orDark(why), args...), err
	}
	if err := mustDo(ctx, c.in, base+"/"+string(id)+"/close", url.Values{"x": {"1"}}); err != nil {
		return seen, err
	}
	if why, args, err := m.seeClosed(ctx, &c, id, part, log, sealed); err != nil || why != nil {
		return probe.Broken(1, 1, orDark(why), args...), err
	}
	return m.countCases(ctx)
}

func orDark(why *i18n.Sentence) i18n.Sentence {
	if why == nil {
		return tpDark
	}
	return *why
}

// seeReaders looks who can read an open case, and what.
func (m *Module) seeReaders(ctx context.Context, c *supportCast, id core.ID, log string) (why *i18n.Sentence, args []any, err error) {
	a, err := probe.Get(ctx, c.inUnnamed, log)
	if err != nil {
		return nil, nil, err
	}
	if a.Status == http.StatusOK {
		return &tpUnnamed, []any{a.Status}, nil
	}
	if a, err = probe.Get(ctx, c.to, "/o/"+string(c.user.Org)+"/recognition/support"); err != nil {
		return nil, nil, err
	}
	if a.Status == http.StatusOK {
		return &tpStrange, []any{a.Status}, nil
	}
	if err := mustDo(ctx, c.inAdmin, "/provider/support-logs/"+string(id)+"/name", url.Values{"person": {string(c.named.Person)}}); err != nil {
		return nil, nil, err
	}
	if a, err = probe.Get(ctx, c.inNamed, log); err != nil {
		return nil, nil, err
	}
	switch {
	case a.Status != http.StatusOK:
		return &tpShutOut, []any{a.Status}, nil
	case strings.Contains(a.Body, ">early<"):
		return &tpEarly, nil, nil
	case !strings.Contains(a.Body, "ringing from"):
		return &tpDeaf, nil, nil
	case strings.Contains(a.Body, probeNumber) || strings.Contains(a.Body, "39 98"):
		return &tpUnmasked, nil, nil
	}
	return nil, nil, nil
}

// seeClosed looks what is left of a closed case.
func (m *Module) seeClosed(ctx context.Context, c *supportCast, id core.ID, part, log string, sealed []byte) (why *i18n.Sentence, args []any, err error) {
	a, err := probe.Get(ctx, c.inNamed, log)
	if err != nil {
		return nil, nil, err
	}
	if a.Status == http.StatusOK {
		return &tpOpenStill, []any{a.Status}, nil
	}
	lines := func() (n int, err error) {
		err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
			n, _, err = db.One(ctx, tx, qCaseLines, db.Value[int], c.user.Org, id)
			return err
		})
		return n, err
	}
	if n, err := lines(); err != nil || n > 0 {
		return &tpStays, []any{n}, err
	}
	switch _, err := m.needs.Sealer.Open(ctx, id, placeLine(c.user.Org, id, -1), sealed); {
	case err == nil:
		return &tpKeyLives, nil, nil
	case core.KindOf(err) != core.Gone:
		return nil, nil, err
	}
	m.support.stale()
	m.Trace(ctx, c.user.Org, part, "late")
	m.flush(ctx)
	if n, err := lines(); err != nil || n > 0 {
		return &tpLateNote, nil, err
	}
	return nil, nil, nil
}

// countCases looks at those of everybody: none outlives its term.
func (m *Module) countCases(ctx context.Context) (core.Sight, error) {
	var all, overdue int
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if all, _, err = db.One(ctx, tx, qCasesCount, db.Value[int]); err == nil {
			overdue, _, err = db.One(ctx, tx, qCasesOverdue, db.Value[int], clock.Micros(m.now().Add(-grace).Add(-grace/7)))
		}
		return err
	})
	switch {
	case err != nil:
		return core.Sight{}, err
	case overdue > 0:
		return probe.Broken(all, all, tpOverdue, overdue), nil
	}
	return probe.Held(all, all, tpSupported, http.StatusNotFound, all, overdue), nil
}
