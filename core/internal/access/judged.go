package access

import (
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// What the room of reviews and requests asks of this one.

var (
	errGrave = i18n.Fault(core.Forbidden, "assignment.grave",
		"Ce rôle demande aussi l'accord d'une personne qui administre l'organisation.",
		"This role also needs the word of a person who administers the organization.")
	codeEnd = i18n.Reason("assignment.end", "Donnez une fin, dans un an au plus.", "Give an end, within a year at most.")
	// maxJudged is how long a judged request can give a role.
	maxJudged = 366 * 24 * time.Hour

	// $1 organization, $2 person, $3 role.
	qRoleUse = db.SQL(`SELECT coalesce(max(u.last_day), 0) FROM access_usage u
WHERE u.org = $1 AND u.person = $2 AND u.permission IN
  (SELECT p.permission FROM access_role_permission p WHERE p.org IN ($1, 'builtin') AND p.role = $3 AND p.until_at = 0)`)
)

// LiveIn gives the live assignments of org, by person and role.
func (m *Module) LiveIn(ctx context.Context, tx core.Tx, org core.ID) ([]core.Assignment, error) {
	lines, err := m.lines(ctx, tx, qLinesAt, org, clock.Micros(m.Needs.Clock.Now()), "")
	out := make([]core.Assignment, len(lines))
	for i, l := range lines {
		out[i] = l.Assignment
	}
	return out, err
}

// RoleUse gives the last day on which a person used anything that a role holds in org; zero when never.
func (m *Module) RoleUse(ctx context.Context, tx core.Tx, org, person core.ID, role string) (time.Time, error) {
	day, _, err := db.One(ctx, tx, qRoleUse, db.Value[int64], org, person, role)
	if err != nil || day == 0 {
		return time.Time{}, err
	}
	return time.Unix(day*86400, 0).UTC(), nil
}

// LastAct gives the last day on which a person did anything anywhere, with a session or a token; zero when never.
func (m *Module) LastAct(ctx context.Context, tx core.Tx, person core.ID) (time.Time, error) {
	day, _, err := db.One(ctx, tx, qLastDay, db.Value[int64], person)
	if err != nil || day == 0 {
		return time.Time{}, err
	}
	return time.Unix(day*86400, 0).UTC(), nil
}

// MayGive refuses a person who could not assign a role of org themselves.
func (m *Module) MayGive(ctx context.Context, tx core.Tx, person, org core.ID, role string) error {
	r, err := m.role(ctx, tx, org, role)
	if err != nil {
		return err
	}
	if r == nil {
		return errAssignment.With("role", codeRole)
	}
	return m.mayGive(ctx, tx, core.Actor{Kind: core.HumanActor, ID: person}, org, r)
}

// Holds tells whether a person holds any of some permissions in org now.
func (m *Module) Holds(ctx context.Context, tx core.Tx, person, org core.ID, any ...core.Permission) (bool, error) {
	held, err := m.effective(ctx, tx, core.Actor{Kind: core.HumanActor, ID: person, Org: org}, org)
	return slices.ContainsFunc(any, func(p core.Permission) bool { return held[p] }), err
}

// Grave tells whether a line manager's word alone cannot give a role: the built-in ones that rule the house, and those
// that hold a permission asking for a fresh proof of identity.
func (m *Module) Grave(r core.Role) bool {
	cat := m.cat.Load()
	return slices.ContainsFunc(builtin, func(b core.Role) bool { return b.ID == r.ID }) ||
		slices.ContainsFunc(r.Permissions, func(p core.Permission) bool {
			info := cat.permissions[p]
			return info == nil || info.StepUp || info.Staff
		})
}

// AssignJudged gives what a member asked for and their line manager, who is the approver, granted (CTI-37.6): until a
// date, never to oneself, and never a grave role. Whether the approver is that manager is for the caller to know.
func (m *Module) AssignJudged(ctx context.Context, tx core.Tx, a core.Assignment) (core.ID, error) {
	now := m.Needs.Clock.Now()
	if a.Approver.IsZero() || a.Approver == a.Person {
		return "", errSelfApproval
	}
	if a.Until.IsZero() || a.Until.Sub(now) > maxJudged {
		return "", errAssignment.With("until", codeEnd)
	}
	if a.From.IsZero() || a.From.Before(now) {
		a.From = now
	}
	role, err := m.checkAssignment(ctx, tx, a, false, now)
	if err != nil {
		return "", err
	}
	if m.Grave(*role) {
		return "", errGrave
	}
	return m.write(ctx, tx, a, now)
}
