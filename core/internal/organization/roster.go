package organization

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var qPersons = db.SQL(`SELECT person FROM organization_member WHERE org = $1 AND person > $2 AND state <> 'left' AND state = 'active'
	ORDER BY person LIMIT $3`)

// PersonsOf lists the persons who are active members of an organization, by id, after one, at most limit: for rooms
// that walk over everyone (sessions, tokens). It shows no personal datum.
func (m *Module) PersonsOf(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error) {
	return db.All(ctx, tx, qPersons, func(scan db.Scan) (id core.ID, err error) { err = scan(&id); return id, err }, org, after, limit)
}

var qMembersAt = db.SQL(`SELECT m.id, m.org, o.name, o.kind, m.person, m.function, m.department, m.team, m.committee, m.manager, m.state, m.joined_at, m.left_at
	FROM organization_member m JOIN organization_organization o ON o.id = m.org
	WHERE m.org = $1 AND m.joined_at > 0 AND m.joined_at <= $2 AND (m.left_at = 0 OR m.left_at > $2) AND m.person > $3
	ORDER BY m.person LIMIT $4`)

// MembersAt lists who was an active member of an organization at a date, by person, after one, at most limit: for the
// habilitation table of a past date (CTI-37.7). It shows ids and functions, no name.
func (m *Module) MembersAt(ctx context.Context, tx core.Tx, org core.ID, at time.Time, after core.ID, limit int) ([]core.Membership, error) {
	return db.All(ctx, tx, qMembersAt, scanMembership, org, clock.Micros(at), after, limit)
}

var qAllOrgs = db.SQL(`SELECT ` + orgColumns + ` FROM organization_organization WHERE id > $1 AND kind = 'client' ORDER BY id LIMIT $2`)

// AllOrgs lists the client organizations by id, after one, at most limit: for rooms that let staff choose one.
func (m *Module) AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error) {
	return db.All(ctx, tx, qAllOrgs, func(scan db.Scan) (core.Organization, error) {
		o, err := scanOrg(scan)
		return o.Organization, err
	}, after, limit)
}
