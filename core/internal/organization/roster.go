package organization

import (
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var qPersons = db.SQL(`SELECT person FROM organization_member WHERE org = $1 AND person > $2 AND state <> 'left' AND state = 'active'
	ORDER BY person LIMIT $3`)

// PersonsOf lists the persons who are active members of an organization, by id, after one, at most limit: for rooms
// that walk over everyone (sessions, tokens). It shows no personal datum.
func (m *Module) PersonsOf(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error) {
	return db.All(ctx, tx, qPersons, func(scan db.Scan) (id core.ID, err error) { err = scan(&id); return id, err }, org, after, limit)
}

var qMembersAt = db.SQL(`SELECT ` + membershipColumns + ` FROM organization_member m JOIN organization_organization o ON o.id = m.org
	WHERE m.org = $1 AND m.joined_at > 0 AND m.joined_at <= $2 AND (m.left_at = 0 OR m.left_at > $2) AND m.person > $3
	ORDER BY m.person LIMIT $4`)

// MembersAt lists who was an active member of an organization at a date, by person, after one, at most limit: for the
// habilitation table of a past date (CTI-37.7). It shows ids and functions, no name.
func (m *Module) MembersAt(ctx context.Context, tx core.Tx, org core.ID, at time.Time, after core.ID, limit int) ([]core.Membership, error) {
	return m.memberships(ctx, tx, qMembersAt, org, clock.Micros(at), after, limit)
}

var qAllOrgs = db.SQL(`SELECT ` + orgColumns + ` FROM organization_organization WHERE id > $1 AND kind = 'client' AND id <> $2 AND id <> $3 ORDER BY id LIMIT $4`)

// AllOrgs lists the client organizations by id, after one, at most limit: for rooms that let staff choose or count them.
// Those of canaries are the platform's own and no client's: nobody is promised anything there.
func (m *Module) AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error) {
	return db.All(ctx, tx, qAllOrgs, func(scan db.Scan) (core.Organization, error) {
		o, err := scanOrg(scan)
		return o.Organization, err
	}, after, core.Canaries, core.Strangers, limit)
}

var qManagedBy = db.SQL(`SELECT r.person FROM organization_member r
	WHERE r.org = $1 AND r.state <> 'left' AND (r.functional = 1 AND r.manager = '' AND r.responsible = $2 OR r.manager <> '' AND r.manager IN
	(SELECT b.id FROM organization_member b WHERE b.org = $1 AND b.person = $2 AND b.state = 'active')) ORDER BY r.person`)

// ManagedBy gives the persons whose line manager is a person, and the functional accounts without one that they answer for.
func (m *Module) ManagedBy(ctx context.Context, tx core.Tx, org, person core.ID) ([]core.ID, error) {
	return db.All(ctx, tx, qManagedBy, db.Value[core.ID], org, person)
}

// ManagerOf gives the line manager of a person in an organization, for a functional account without one the person who
// answers for it; false when nobody active is. It is never the person.
func (m *Module) ManagerOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.ID, bool, error) {
	got, found, err := db.One(ctx, tx, qMemberOf, scanMember, org, person)
	if err != nil || !found {
		return "", false, err
	}
	var boss Member
	switch {
	case !got.Manager.IsZero():
		boss, found, err = db.One(ctx, tx, qMember, scanMember, org, got.Manager)
	case got.Functional:
		boss, found, err = db.One(ctx, tx, qMemberOf, scanMember, org, got.Responsible)
	default:
		return "", false, nil
	}
	return boss.Person, found && boss.State == "active" && boss.Person != person, err
}

// Moves is told that a member changed function, department or manager, in the transaction of the change (CTI-37.9). It
// answers the act that it adds to the journal, nil when nothing follows.
type Moves interface {
	Moved(ctx context.Context, tx core.Tx, org, person core.ID) (*core.Act, error)
}

// moved tells of a change of post; what an invited person will do is looked at when it is given.
func (m *Module) moved(ctx context.Context, tx core.Tx, act *core.Act, old Member, function, department string, manager core.ID) error {
	same := old.Function == function && old.Department == department && old.Manager == manager
	if m.needs.Moves == nil || old.State != "active" || same {
		return nil
	}
	follows, err := m.needs.Moves.Moved(ctx, tx, old.Org, old.Person)
	if follows != nil {
		act.Also = append(act.Also, follows)
	}
	return err
}

// Addresses reads the e-mail addresses of a sheet, CSV or workbook, of which one column holds them: a full list of who is
// present, to be compared with the members (ACC-6.2). A line without a valid address is refused: a list must be whole.
func Addresses(data []byte) ([]string, error) {
	s, err := readSheet(data)
	if err != nil {
		return nil, err
	}
	columns, headed := guess(s)
	at := slices.Index(columns, "email")
	if at < 0 {
		return nil, errMapping.With("file", errMapping.Code)
	}
	rows := s.Rows
	if headed {
		rows = rows[1:]
	}
	var out []string
	for i, row := range rows {
		if at >= len(row) || row[at] == "" {
			return nil, refuse(reasonNoEmailAt, s.Lines[len(s.Rows)-len(rows)+i])
		}
		mail, ok := address(row[at])
		if !ok {
			return nil, refuse(reasonNoEmailAt, s.Lines[len(s.Rows)-len(rows)+i])
		}
		out = append(out, mail)
	}
	return out, nil
}

var reasonNoEmailAt = i18n.Reason("import.no_email_at", "La ligne %d n'a pas d'adresse électronique valide : la liste doit être complète.", "Line %d has no valid e-mail address: the list must be whole.")
