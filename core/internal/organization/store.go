package organization

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const orgColumns = `id, name, kind, language, time_zone, state, created_at, version`

const memberColumns = `m.org, m.id, m.person, m.sealed, m.manager, m.functional, m.responsible, m.state, m.invited_at, m.joined_at,
	m.left_at, m.import, m.version`

const membershipColumns = `m.id, m.org, o.name, o.kind, m.person, m.sealed, m.manager, m.state, m.joined_at, m.left_at`

var (
	qAddOrg = db.SQL(`INSERT INTO organization_organization (id, name, sort, kind, language, time_zone, state, created_at, closed_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, 0, 1)`)
	qOrg     = db.SQL(`SELECT ` + orgColumns + ` FROM organization_organization WHERE id = $1`)
	qOrgs    = db.SQL(`SELECT ` + orgColumns + ` FROM organization_organization WHERE (sort, id) > ($1, $2) AND id <> $3 AND id <> $4 ORDER BY sort, id LIMIT $5`)
	qEditOrg = db.SQL(`UPDATE organization_organization SET name = $2, sort = $3, language = $4, time_zone = $5, version = version + 1
		WHERE id = $1 AND version = $6 AND state = 'active'`)
	qCloseOrg  = db.SQL(`UPDATE organization_organization SET state = 'closed', closed_at = $2, version = version + 1 WHERE id = $1 AND state = 'active'`)
	qOrgCounts = db.SQL(`SELECT state, COUNT(*) FROM organization_member WHERE org = $1 GROUP BY state`)
	qCurrent   = db.SQL(`SELECT id, person FROM organization_member WHERE org = $1 AND state <> 'left'`)

	qAddMember = db.SQL(`INSERT INTO organization_member (org, id, person, sealed, manager, functional, responsible, state, invited_at,
		joined_at, left_at, import, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, 1)`)
	qMember   = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 AND m.id = $2`)
	qMemberOf = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 AND m.person = $2 AND m.state <> 'left'`)
	qByPerson = db.SQL(`SELECT ` + membershipColumns + ` FROM organization_member m JOIN organization_organization o ON o.id = m.org
		WHERE m.person = $1 AND m.state <> 'left' AND o.state = 'active' ORDER BY o.sort, o.id`)
	qOneByPerson = db.SQL(`SELECT ` + membershipColumns + ` FROM organization_member m JOIN organization_organization o ON o.id = m.org
		WHERE m.org = $1 AND m.person = $2 AND m.state <> 'left' AND o.state = 'active'`)
	qEditMember = db.SQL(`UPDATE organization_member SET sealed = $3, manager = $4, responsible = $5, version = version + 1
		WHERE org = $1 AND id = $2 AND version = $6`)
	qJoin = db.SQL(`UPDATE organization_member SET state = 'active', joined_at = $3, sealed = $4, version = version + 1
		WHERE org = $1 AND id = $2 AND state = 'invited'`)
	qLeave = db.SQL(`UPDATE organization_member SET state = 'left', left_at = $3, manager = '', responsible = '', version = version + 1
		WHERE org = $1 AND id = $2 AND state <> 'left'`)
	qDropMember  = db.SQL(`DELETE FROM organization_member WHERE org = $1 AND id = $2`)
	qManages     = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 AND m.manager = $2 AND m.manager <> '' ORDER BY m.id LIMIT 200`)
	qUnmanage    = db.SQL(`UPDATE organization_member SET manager = $3, version = version + 1 WHERE org = $1 AND manager = $2 AND manager <> '' AND id <> $3`)
	qResponsible = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 AND m.responsible = $2 AND m.responsible <> '' ORDER BY m.id`)
	qEntrust     = db.SQL(`UPDATE organization_member SET responsible = $3, version = version + 1 WHERE org = $1 AND id = $2`)
	qActiveOf    = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.person = $1 AND m.state = 'active' ORDER BY m.org, m.id`)
	qRename      = db.SQL(`UPDATE organization_member SET sealed = $3 WHERE org = $1 AND id = $2`)
	qElsewhere   = db.SQL(`SELECT COUNT(*) FROM organization_member WHERE person = $1 AND org <> $2 AND state <> 'left'`)
	qOfPerson    = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.person = $1 ORDER BY m.org, m.id`)
	qErase       = db.SQL(`DELETE FROM organization_member WHERE person = $1`)
)

func scanOrg(scan db.Scan) (o Organization, err error) {
	var created int64
	err = scan(&o.ID, &o.Name, &o.Kind, &o.Language, &o.TimeZone, &o.State, &created, &o.Version)
	o.CreatedAt = clock.FromMicros(created)
	return o, err
}

func scanMember(scan db.Scan) (m Member, err error) {
	var invited, joined, left int64
	err = scan(&m.Org, &m.ID, &m.Person, &m.kept, &m.Manager, &m.Functional, &m.Responsible, &m.State, &invited, &joined, &left,
		&m.Import, &m.Version)
	m.InvitedAt, m.JoinedAt, m.LeftAt = clock.FromMicros(invited), clock.FromMicros(joined), clock.FromMicros(left)
	return m, err
}

func scanMembership(scan db.Scan) (m belonging, err error) {
	var joined, left int64
	err = scan(&m.ID, &m.Org, &m.OrgName, &m.OrgKind, &m.Person, &m.kept, &m.Manager, &m.State, &joined, &left)
	m.JoinedAt, m.LeftAt = clock.FromMicros(joined), clock.FromMicros(left)
	return m, err
}

// Org gives an organization; an Error of kind NotFound when there is none.
func (m *Module) Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error) {
	o, err := m.org(ctx, tx, id)
	return o.Organization, err
}

func (m *Module) org(ctx context.Context, tx core.Tx, id core.ID) (Organization, error) {
	o, found, err := db.One(ctx, tx, qOrg, scanOrg, id)
	if err == nil && !found {
		err = errNoOrg
	}
	return o, err
}

func (m *Module) openOrg(ctx context.Context, tx core.Tx, id core.ID) (Organization, error) {
	o, err := m.org(ctx, tx, id)
	if err == nil && o.State != "active" {
		err = errClosed
	}
	return o, err
}

// Memberships gives what a person belongs to now, invitations included: organizations that are closed are left out.
func (m *Module) Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error) {
	return m.memberships(ctx, tx, qByPerson, person)
}

// MemberOf gives the membership of a person in an organization that is not closed: invited or active, never left.
func (m *Module) MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error) {
	b, found, err := db.One(ctx, tx, qOneByPerson, scanMembership, org, person)
	if err != nil || !found {
		return core.Membership{}, false, err
	}
	ms, err := m.openMembership(ctx, b)
	return ms, err == nil, err
}

func (m *Module) member(ctx context.Context, tx core.Tx, org, id core.ID) (Member, error) {
	got, found, err := m.one(ctx, tx, qMember, org, id)
	if err == nil && !found {
		err = errNoMember
	}
	return got, err
}

var qMove = db.SQL(`UPDATE organization_member SET sealed = $3, version = version + 1 WHERE org = $1 AND id = $2 AND state <> 'left'`)
