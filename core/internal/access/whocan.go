package access

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
)

// candidateSources are the sources of permits (@source) among which WhoCan finds every candidate: rows of assignments
// and the memberships that bring the role member. The three others permit no one through an assignment: they concern
// oneself, everyone, the system.
var candidateSources = map[string]bool{"access_assignment": true, "self": true, "everyone": true, "system": true}

// WhoCan lists everyone who can do p in org now, on one object when it is given: the candidates are the rows that can
// permit, then Cedar decides each. Addresses and tokens are left out: nobody is asking.
func (m *Module) WhoCan(ctx context.Context, tx core.Tx, org core.ID, p core.Permission, object core.ID) ([]Row, error) {
	if m.cat.Load().byName[p] == nil {
		return nil, nil
	}
	s, err := m.snapshotAt(ctx, tx, org, m.Needs.Clock.Now())
	if err != nil {
		return nil, err
	}
	info := *m.cat.Load().permissions[p]
	persons := map[core.ID]core.Membership{}
	for person := range s.lines {
		persons[person] = core.Membership{}
	}
	for after := core.ID(""); m.Needs.Roster != nil; {
		members, err := m.Needs.Roster.MembersAt(ctx, tx, org, s.at, after, 500)
		if err != nil {
			return nil, err
		}
		for _, ms := range members {
			if _, holds := s.lines[ms.Person]; holds || s.holders[p][RoleMember] {
				persons[ms.Person] = ms
			}
			after = ms.Person
		}
		if len(members) < 500 {
			break
		}
	}
	var out []Row
	for person, ms := range persons {
		row := m.row(s, []PermissionInfo{info}, person, ms, ms.Person != "")
		cell := row.Cells[p]
		cell.Whys = slices.DeleteFunc(cell.Whys, func(w Why) bool { return w.Object != "" && w.Object != object })
		if len(cell.Whys) > 0 {
			row.Cells[p] = cell
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b Row) int { return slices.Compare([]core.ID{a.Person}, []core.ID{b.Person}) })
	return out, nil
}
