package access

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const lineColumns = `a.org, a.id, a.person, a.role, a.service, a.object, a.reason, a.approver, a.given_by, a.given_at, a.from_at, a.until_at, a.revoked_at, a.revoked_by, a.revoke_reason`

var (
	qAssign = db.SQL(`INSERT INTO access_assignment
(org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, '', '')`)

	qSameAssignment = db.SQL(`SELECT count(*) FROM access_assignment
WHERE person = $2 AND org = $1 AND role = $3 AND service = $4 AND object = $5 AND revoked_at = 0 AND (until_at = 0 OR until_at > $6)`)

	qEverAssigned = db.SQL(`SELECT count(*) FROM access_assignment WHERE org = $1 AND role = $2`)

	qAssignmentByID = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a WHERE a.id = $1`)

	qRevoke = db.SQL(`UPDATE access_assignment SET revoked_at = $2, revoked_by = $3, revoke_reason = $4
WHERE id = $1 AND revoked_at = 0`)

	qRevokeAll = db.SQL(`UPDATE access_assignment SET revoked_at = $3, revoked_by = $4, revoke_reason = $5
WHERE person = $2 AND org = $1 AND revoked_at = 0`)

	// An administrator who is suspended, or whose role is about to have ended, does not count.
	qAdmins = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a
WHERE a.org = $1 AND a.role = $2 AND a.service = '' AND a.object = '' AND a.revoked_at = 0 AND a.from_at <= $3 AND (a.until_at = 0 OR a.until_at > $3)
AND NOT EXISTS (SELECT 1 FROM access_suspension s WHERE s.target = a.person AND s.scope = 'person' AND s.lifted_at = 0
  AND s.acts_in IN ('', $1) AND s.from_at <= $3 AND (s.until_at = 0 OR s.until_at > $3))`)

	// $2 is the date looked at, $3 one person or '' for all. What started later, had ended or was revoked is left out.
	qLinesAt = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a
WHERE a.org = $1 AND a.from_at <= $2 AND (a.until_at = 0 OR a.until_at > $2) AND (a.revoked_at = 0 OR a.revoked_at > $2)
AND ($3 = '' OR a.person = $3) ORDER BY a.person, a.role, a.id`)

	// Assignments that start later count as live for the pages of roles.
	qHistory = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a WHERE a.org = $1 AND a.person = $2 ORDER BY a.given_at DESC, a.id DESC LIMIT 200`)

	qHolders = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a
WHERE a.org = $1 AND a.role = $2 AND a.revoked_at = 0 AND (a.until_at = 0 OR a.until_at > $3) ORDER BY a.given_at`)

	qOfPerson = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a
WHERE a.person = $1 AND a.revoked_at = 0 AND (a.until_at = 0 OR a.until_at > $2) ORDER BY a.org, a.role`)

	qIsStaff = db.SQL(`SELECT count(*) FROM access_assignment
WHERE person = $1 AND org = 'platform' AND revoked_at = 0 AND from_at <= $2 AND (until_at = 0 OR until_at > $2)`)

	qSupportLines = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a
WHERE a.role = 'support' AND a.org <> 'platform' AND a.from_at <= $1 AND a.until_at > $1 AND (a.revoked_at = 0 OR a.revoked_at > $1) ORDER BY a.person, a.org`)
)

// Line is one assignment with what became of it: what the habilitation table is made of.
type Line struct {
	core.Assignment
	GivenBy      core.ID
	GivenAt      time.Time
	RevokedAt    time.Time // zero: not revoked
	RevokedBy    core.ID
	RevokeReason string
}

// Ended tells whether the assignment gives nothing any more at t.
func (l Line) Ended(t time.Time) bool {
	return !l.RevokedAt.IsZero() && !l.RevokedAt.After(t) || !l.Until.IsZero() && !l.Until.After(t)
}

func (l Line) isAdmin() bool {
	return l.Role == adminOf(l.Org) && l.Service == "" && l.Object == ""
}

func scanLine(scan db.Scan) (l Line, err error) {
	var given, from, until, revoked int64
	err = scan(&l.Org, &l.ID, &l.Person, &l.Role, &l.Service, &l.Object, &l.Reason, &l.Approver, &l.GivenBy, &given, &from, &until,
		&revoked, &l.RevokedBy, &l.RevokeReason)
	l.GivenAt, l.From, l.Until, l.RevokedAt = clock.FromMicros(given), clock.FromMicros(from), clock.FromMicros(until), clock.FromMicros(revoked)
	return l, err
}

// IsStaff tells whether a person holds a role of the provider now.
func (m *Module) IsStaff(ctx context.Context, tx core.Tx, person core.ID) (bool, error) {
	n, _, err := db.One(ctx, tx, qIsStaff, db.Value[int64], person, clock.Micros(m.Needs.Clock.Now()))
	return n > 0, err
}

// AssignmentsOf gives the live assignments of a person in every organization, the platform included.
func (m *Module) AssignmentsOf(ctx context.Context, tx core.Tx, person core.ID) ([]core.Assignment, error) {
	lines, err := m.lines(ctx, tx, qOfPerson, person, clock.Micros(m.Needs.Clock.Now()))
	if err != nil {
		return nil, err
	}
	out := make([]core.Assignment, len(lines))
	for i, l := range lines {
		out[i] = l.Assignment
	}
	return out, nil
}

// RolesOf gives the ids of the roles that a person holds now in any organization, for rules that depend on a role (a
// second factor asked of administrators).
func (m *Module) RolesOf(ctx context.Context, tx core.Tx, person core.ID) ([]string, error) {
	lines, err := m.AssignmentsOf(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	var roles []string
	seen := map[string]bool{}
	for _, l := range lines {
		if !seen[l.Role] {
			seen[l.Role] = true
			roles = append(roles, l.Role)
		}
	}
	return roles, nil
}

// Assignments gives every assignment a person had in org, the newest first, at most 200.
func (m *Module) Assignments(ctx context.Context, tx core.Tx, org, person core.ID) ([]Line, error) {
	return m.lines(ctx, tx, qHistory, org, person)
}

// Line gives one assignment of org; an error of kind NotFound when it is not one.
func (m *Module) Line(ctx context.Context, tx core.Tx, org, id core.ID) (Line, error) {
	l, found, err := m.line(ctx, tx, qAssignmentByID, id)
	if err != nil {
		return Line{}, err
	}
	if !found || l.Org != org {
		return Line{}, errNoAssignment
	}
	return l, nil
}
