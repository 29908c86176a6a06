package recognition

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// The scopes of a support log.
const (
	ScopeLink  = "link"
	ScopeLine  = "line"
	ScopeCalls = "calls"
)

// LongestCase is for how many days a problem may be noted.
const LongestCase = 14

// Case is a problem that somebody reported (CTI-33).
type Case struct {
	ID       core.ID
	Org      core.ID
	Scope    string
	Target   core.ID // link, line, or the person themselves
	OpenedBy core.ID
	OpenedAt time.Time
	Until    time.Time // nothing is noted after it
	ClosedAt time.Time
	ClosedBy core.ID
	Ended    string // "", closed, settled, expired
	Noted    int    // lines that were noted; they are gone once it is closed
	Staff    []core.ID
	shredded time.Time
}

// Open tells whether it was not closed.
func (c *Case) Open() bool { return c.ClosedAt.IsZero() }

// Notes tells whether what happens is still noted.
func (c *Case) Notes(now time.Time) bool { return c.Open() && now.Before(c.Until) }

// CaseLine is one thing that was noted.
type CaseLine struct {
	At   time.Time
	Text string
}

var (
	errCase       = i18n.Fault(core.Invalid, "support_log.invalid", "Un champ du signalement est à corriger.", "A field of the report needs correcting.")
	errNoCase     = i18n.Fault(core.NotFound, "support_log.unknown", "Ce signalement n'existe pas.", "There is no such report.")
	errCaseClosed = i18n.Fault(core.Conflict, "support_log.closed", "Ce signalement est clos : ce qui avait été noté est détruit.", "This report is closed: what had been noted is destroyed.")
	errCaseTwice  = i18n.Fault(core.Conflict, "support_log.open_already", "Un problème est déjà signalé pour cela : clore celui-là d'abord.", "A problem is already reported for that: close that one first.")

	codeProblem = i18n.Reason("support_log.problem", "Décrivez le problème, en 2000 caractères au plus.", "Describe the problem, in at most 2000 characters.")
	codeDays    = i18n.Reason("support_log.days", "Choisissez de 1 à 14 jours.", "Choose from 1 to 14 days.")
	codeTarget  = i18n.Reason("support_log.target", "Choisissez ce qui pose problème.", "Choose what the problem is with.")
	codeSupport = i18n.Reason("support_log.staff", "Choisissez une personne du support.", "Choose a person of support.")
)

// CaseDraft is a problem as it is reported. Target is "" for one's own calls.
type CaseDraft struct {
	Scope   string
	Target  core.ID
	Problem string
	Days    int
}

func (d *CaseDraft) check() error {
	bad := errCase
	d.Problem = strings.TrimSpace(d.Problem)
	if n := utf8.RuneCountInString(d.Problem); n < 1 || n > 2000 {
		bad = bad.With("problem", codeProblem)
	}
	if d.Days < 1 || d.Days > LongestCase {
		bad = bad.With("days", codeDays)
	}
	if bad != errCase {
		return bad
	}
	return nil
}

// Report opens a case on a link or a line of the organization, or on the actor's own calls: never on somebody else's.
func (m *Module) ReportProblem(ctx context.Context, org core.ID, d CaseDraft) (id core.ID, err error) {
	if err := d.check(); err != nil {
		return "", err
	}
	actor, now := core.ActorOf(ctx), m.now()
	act := &core.Act{Def: OpenCase, Org: org} // what the problem is goes with the case: the journal would keep it
	if d.Scope == ScopeCalls {
		act.Def, act.Subject, d.Target = ReportCase, actor.ID, actor.ID
	}
	id = ids.At(now)
	act.Resource = id
	if err := m.needs.Keys.MakeKeys(ctx, id); err != nil {
		return "", err
	}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.known(ctx, tx, org, d); err != nil {
			return err
		}
		if _, twice, err := db.One(ctx, tx, qCaseTwice, db.Value[core.ID], org, d.Scope, d.Target); err != nil || twice {
			return orTwice(err)
		}
		c := Case{ID: id, Org: org, Scope: d.Scope, Target: d.Target, OpenedBy: actor.ID, OpenedAt: now, Until: now.AddDate(0, 0, d.Days)}
		if err := addCase(ctx, tx, &c); err != nil {
			return err
		}
		act.Changed("scope", "", d.Scope)
		act.Changed("until", "", c.Until.Format(time.RFC3339))
		tx.Notify(supportTopic, string(org))
		return m.addLine(ctx, tx, &c, 0, CaseLine{At: now, Text: d.Problem})
	})
	if err != nil {
		_ = m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), id) // nothing was sealed that stays
		return "", err
	}
	return id, nil
}

func orTwice(err error) error {
	if err != nil {
		return err
	}
	return errCaseTwice
}

// known refuses what the organization does not have.
func (m *Module) known(ctx context.Context, tx core.Tx, org core.ID, d CaseDraft) error {
	q := ""
	switch d.Scope {
	case ScopeCalls:
		return nil
	case ScopeLink:
		q = qHasLink
	case ScopeLine:
		q = qHasLine
	default:
		return errCase.With("target", codeTarget)
	}
	_, found, err := db.One(ctx, tx, q, db.Value[core.ID], org, d.Target)
	if err == nil && !found {
		err = errCase.With("target", codeTarget)
	}
	return err
}

// CaseList is what a page shows of cases.
type CaseList struct {
	Cases []Case
	Names map[core.ID]string // of persons
}

// Cases gives those of the organization, newest first.
func (m *Module) Cases(ctx context.Context, org core.ID) (l CaseList, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ListCases, Org: org}, func(tx core.Tx) error {
		l, err = m.caseList(ctx, tx, qCasesOf, org)
		return err
	})
	return l, err
}

// MyCases gives those that the actor reported.
func (m *Module) MyCases(ctx context.Context, org core.ID) (l CaseList, err error) {
	me := core.ActorOf(ctx).ID
	err = m.needs.Gate.Read(ctx, &core.Act{Def: OwnCases, Org: org, Subject: me}, func(tx core.Tx) error {
		l, err = m.caseList(ctx, tx, qCasesBy, org, me)
		return err
	})
	return l, err
}

func (m *Module) caseList(ctx context.Context, tx core.Tx, q string, args ...any) (l CaseList, err error) {
	if l.Cases, err = db.All(ctx, tx, q, scanCase, args...); err != nil {
		return l, err
	}
	if err := readStaff(ctx, tx, l.Cases); err != nil {
		return l, err
	}
	var persons []core.ID
	for i := range l.Cases {
		c := &l.Cases[i]
		persons = append(append(persons, c.OpenedBy, c.ClosedBy), c.Staff...)
	}
	l.Names, err = m.namesOf(ctx, tx, persons)
	return l, err
}

// namesOf gives those of persons; whoever was erased has none.
func (m *Module) namesOf(ctx context.Context, tx core.Tx, persons []core.ID) (map[core.ID]string, error) {
	people, err := m.needs.People.People(ctx, tx, once(persons)...)
	names := make(map[core.ID]string, len(people))
	for id, p := range people {
		names[id] = p.Name()
	}
	return names, err
}

// once drops empty and repeated ids.
func once(list []core.ID) (out []core.ID) {
	seen := map[core.ID]bool{"": true}
	for _, id := range list {
		if !seen[id] {
			seen[id], out = true, append(out, id)
		}
	}
	return out
}

// CloseReport closes a case of the organization and destroys what was noted.
func (m *Module) CloseReport(ctx context.Context, org, id core.ID) error {
	return m.closeCase(ctx, &core.Act{Def: CloseCase, Org: org, Resource: id}, org, id, "closed", nil)
}

// CloseMyReport closes a case that the actor reported.
func (m *Module) CloseMyReport(ctx context.Context, org, id core.ID) error {
	me := core.ActorOf(ctx).ID
	return m.closeCase(ctx, &core.Act{Def: CloseOwn, Org: org, Resource: id, Subject: me}, org, id, "closed", func(_ core.Tx, c *Case) error {
		if c.OpenedBy != me {
			return errNoCase
		}
		return nil
	})
}

// closeCase forgets what was noted, then destroys the key that could have read it.
func (m *Module) closeCase(ctx context.Context, act *core.Act, org, id core.ID, how string, may func(core.Tx, *Case) error) error {
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		c, err := caseOf(ctx, tx, org, id)
		if err == nil && may != nil {
			err = may(tx, &c)
		}
		if err != nil {
			return err
		}
		if !c.Open() {
			return errCaseClosed
		}
		act.Changed("noted", "", strconv.Itoa(c.Noted))
		return m.endCase(ctx, tx, &c, how)
	})
	if err != nil {
		return err
	}
	return m.shred(context.WithoutCancel(ctx), org, id)
}

// endCase writes the end of a case within an act.
func (m *Module) endCase(ctx context.Context, tx core.Tx, c *Case, how string) error {
	if _, err := tx.Exec(ctx, qForgetLines, c.Org, c.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qCloseCase, c.Org, c.ID, clock.Micros(m.now()), closer(ctx), how); err != nil {
		return err
	}
	tx.Notify(supportTopic, string(c.Org))
	return nil
}

// closer is who closes: nobody when it is the platform itself.
func closer(ctx context.Context) core.ID {
	if a := core.ActorOf(ctx); a.Kind != core.SystemActor {
		return a.ID
	}
	return ""
}

// shred destroys the key of a closed case. What fails here is done again by the round of the platform.
func (m *Module) shred(ctx context.Context, org, id core.ID) error {
	if err := m.needs.Keys.DestroyKey(ctx, id); err != nil {
		return err
	}
	return m.needs.Gate.Keep(ctx, shredding, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qShredded, org, id, clock.Micros(m.now()))
		return err
	})
}
