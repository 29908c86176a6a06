package access

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Table is the habilitation table of an organization at a date: who could do what, and why (CTI-37.7, EMG-2.3).
type Table struct {
	Org     core.ID
	At      time.Time
	Now     bool // At is now: uses are known
	Columns []PermissionInfo
	Rows    []Row
	// Next continues after the last row; empty at the end.
	Next core.ID
}

// Row is one person, service account or support person of the table.
type Row struct {
	Person   core.ID
	Name     string // filled in for people
	Function string
	Member   bool
	Service  bool
	Support  bool
	Blocked  *core.Block // suspended at that date: every cell is empty
	Lines    []Line      // assignments at that date
	Roles    []string    // ids of roles, member included
	Cells    map[core.Permission]Cell
	LastUsed time.Time // day of the last act here; zero: never seen
	Dormant  bool      // no act for the number of days that the policy in force says
}

// Cell says that a person can do something, and everything that makes it so. There is no cell without a reason.
type Cell struct {
	Whys     []Why
	LastUsed time.Time // day of last use; zero: never
	Unused   bool      // not used for so many days although held for longer
}

// Everywhere tells whether the permission reaches the whole organization, not only some service or object.
func (c Cell) Everywhere() bool {
	for _, w := range c.Whys {
		if w.Service == "" && w.Object == "" {
			return true
		}
	}
	return false
}

// Why is one reason of a cell.
type Why struct {
	Role       string
	RoleTitle  core.Text
	Assignment core.ID // empty: the role comes with the membership
	Service    string
	Object     core.ID
	Policy     string // id of the policy that permits
	Since      time.Time
	Until      time.Time
	By         core.ID
	ByName     string
	Reason     string
}

// snapshot is everything that the facts of a date are made of.
type snapshot struct {
	org     core.ID
	at      time.Time
	now     bool
	holders map[core.Permission]map[string]bool // roles that held each permission
	titles  map[string]core.Text
	lines   map[core.ID][]Line
	blocks  []Suspension
	staff   map[core.ID]bool
	service map[core.ID]string // names of the service accounts of the organization among the holders of lines
	rules   map[core.Permission]*rule
	uses    map[core.ID]map[core.Permission]int64 // last day, by person
	unused  int64                                 // days
	today   int64
}

var (
	// In force at $2 anywhere that touches $1.
	qBlocksAt = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension
WHERE (acts_in IN ('', $1) OR target = $1) AND from_at <= $2 AND (until_at = 0 OR until_at > $2) AND (lifted_at = 0 OR lifted_at > $2)`)

	qStaffAt = db.SQL(`SELECT DISTINCT person FROM access_assignment
WHERE org = 'platform' AND from_at <= $1 AND (until_at = 0 OR until_at > $1) AND (revoked_at = 0 OR revoked_at > $1)`)

	qUses = db.SQL(`SELECT person, permission, last_day FROM access_usage WHERE org = $1`)
)

// snapshotAt reads the rows as they stood at a date; the zero time is now.
func (m *Module) snapshotAt(ctx context.Context, tx core.Tx, org core.ID, at time.Time) (*snapshot, error) {
	now := m.Needs.Clock.Now()
	s := &snapshot{org: org, at: at, titles: map[string]core.Text{}, lines: map[core.ID][]Line{}, staff: map[core.ID]bool{}, service: map[core.ID]string{}, rules: map[core.Permission]*rule{}, uses: map[core.ID]map[core.Permission]int64{}, today: dayOf(now)}
	if at.IsZero() || !at.Before(now) {
		s.at, s.now = now, true
	}
	micros := clock.Micros(s.at)
	if err := m.rolesAt(ctx, tx, s, micros); err != nil {
		return nil, err
	}
	lines, err := m.lines(ctx, tx, qLinesAt, org, micros, "")
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		if _, met := s.lines[l.Person]; !met && m.Needs.Services != nil {
			name, is, err := m.Needs.Services.ServiceName(ctx, tx, org, l.Person)
			if err != nil {
				return nil, err
			}
			if is {
				s.service[l.Person] = name
			}
		}
		s.lines[l.Person] = append(s.lines[l.Person], l)
	}
	if s.blocks, err = m.suspensions(ctx, tx, qBlocksAt, org, micros); err != nil {
		return nil, err
	}
	staff, err := db.All(ctx, tx, qStaffAt, db.Value[core.ID], micros)
	if err != nil {
		return nil, err
	}
	for _, p := range staff {
		s.staff[p] = true
	}
	return s, m.usesAt(ctx, tx, s)
}

// rolesAt finds what each role held. Before the first version that noted its built-in roles, today's are taken.
func (m *Module) rolesAt(ctx context.Context, tx core.Tx, s *snapshot, micros int64) error {
	cat := m.cat.Load()
	held := map[string][]core.Permission{}
	first, _, err := db.One(ctx, tx, qFirstSync, db.Value[int64])
	if err != nil {
		return err
	}
	if s.now || first == 0 || first > micros {
		for id, r := range cat.roles {
			held[id] = r.Permissions
		}
	} else if held, err = permissionsAt(ctx, tx, "builtin", micros); err != nil {
		return err
	}
	own, err := permissionsAt(ctx, tx, s.org, micros)
	if err != nil {
		return err
	}
	for id, perms := range own {
		held[id] = perms
	}
	s.holders = map[core.Permission]map[string]bool{}
	for role, perms := range held {
		for _, p := range perms {
			if s.holders[p] == nil {
				s.holders[p] = map[string]bool{}
			}
			s.holders[p][role] = true
		}
	}
	custom, err := db.All(ctx, tx, qEveryRole, scanRole, s.org)
	if err != nil {
		return err
	}
	for _, r := range custom {
		s.titles[r.ID] = r.Title
	}
	for id, r := range cat.roles {
		s.titles[id] = r.Title
	}
	return nil
}

func (m *Module) usesAt(ctx context.Context, tx core.Tx, s *snapshot) error {
	if !s.now {
		return nil
	}
	_, err := db.All(ctx, tx, qUses, func(scan db.Scan) (struct{}, error) {
		var person core.ID
		var p core.Permission
		var day int64
		err := scan(&person, &p, &day)
		if s.uses[person] == nil {
			s.uses[person] = map[core.Permission]int64{}
		}
		s.uses[person][p] = day
		return struct{}{}, err
	}, s.org)
	if err != nil || m.Needs.Settings == nil {
		return err
	}
	policy, err := m.Needs.Settings.For(ctx, tx, s.org)
	s.unused = int64(policy.Access.UnusedDays)
	return err
}

// TableAt gives the table of org at a date (zero: now), persons after one, at most limit; person narrows it to one.
// Cedar decides each cell from the facts of that date. Names are filled in by the caller's act.
func (m *Module) TableAt(ctx context.Context, tx core.Tx, org core.ID, at time.Time, person, after core.ID, limit int) (Table, error) {
	s, err := m.snapshotAt(ctx, tx, org, at)
	if err != nil {
		return Table{}, err
	}
	t := Table{Org: org, At: s.at, Now: s.now, Columns: m.Permissions(org)}
	members, next, err := m.membersFor(ctx, tx, s, person, after, limit)
	if err != nil {
		return Table{}, err
	}
	t.Next = next
	present := map[core.ID]core.Membership{}
	for _, ms := range members {
		present[ms.Person] = ms
	}
	persons := make([]core.ID, 0, len(members))
	for p := range present {
		persons = append(persons, p)
	}
	for p := range s.lines {
		_, listed := present[p]
		if !listed && p > after && (next == "" || p <= next) && (person == "" || p == person) {
			persons = append(persons, p)
		}
	}
	slices.Sort(persons)
	for _, p := range persons {
		ms, member := present[p]
		t.Rows = append(t.Rows, m.row(s, t.Columns, p, ms, member))
	}
	return t, stillDormant(ctx, tx, s, t.Rows)
}

func (m *Module) membersFor(ctx context.Context, tx core.Tx, s *snapshot, person, after core.ID, limit int) ([]core.Membership, core.ID, error) {
	if person != "" {
		ms, found, err := m.Needs.Members.MemberOf(ctx, tx, s.org, person)
		if s.now || err != nil {
			if !found || ms.State != "active" {
				return nil, "", err
			}
			return []core.Membership{ms}, "", err
		}
	}
	if m.Needs.Roster == nil {
		return nil, "", nil
	}
	if limit <= 0 {
		limit = 50
	}
	if person != "" {
		after, limit = before(person), 1
	}
	list, err := m.Needs.Roster.MembersAt(ctx, tx, s.org, s.at, after, limit)
	switch {
	case err != nil:
		return nil, "", err
	case person != "":
		if len(list) == 1 && list[0].Person != person {
			list = nil
		}
		return list, "", nil
	case len(list) < limit:
		return list, "", nil
	}
	return list, list[len(list)-1].Person, nil
}

// before gives a text that sorts just before an id, so that a list after it starts at the id.
func before(id core.ID) core.ID {
	b := []byte(id)
	b[len(b)-1]--
	return core.ID(append(b, '~'))
}

// row decides the cells of one person.
func (m *Module) row(s *snapshot, columns []PermissionInfo, person core.ID, ms core.Membership, member bool) Row {
	r := Row{Person: person, Function: ms.Function, Member: member, Lines: s.lines[person], Cells: map[core.Permission]Cell{}}
	if member {
		r.Roles = append(r.Roles, RoleMember)
	}
	for _, l := range r.Lines {
		r.Support = r.Support || l.Role == RoleSupport
		if !slices.Contains(r.Roles, l.Role) {
			r.Roles = append(r.Roles, l.Role)
		}
	}
	r.Name, r.Service = s.service[person]
	for _, day := range s.uses[person] {
		if r.LastUsed.IsZero() || day > dayOf(r.LastUsed) {
			r.LastUsed = time.Unix(day*86400, 0).UTC()
		}
	}
	if s.unused > 0 {
		since := ms.JoinedAt
		if !r.LastUsed.IsZero() {
			since = r.LastUsed
		}
		r.Dormant = !since.IsZero() && s.today-dayOf(since) >= s.unused
	}
	for _, p := range columns {
		if cell := m.cell(s, &r, p, ms); len(cell.Whys) > 0 {
			r.Cells[p.Name] = cell
		}
	}
	for _, b := range s.blocks {
		if b.Scope == ScopePerson && b.Target == person || b.Scope == ScopeOrganization && b.Target == s.org {
			block := b.Block
			r.Blocked = &block
		}
	}
	return r
}

// cell asks Cedar once per assignment that can permit, as if it stood alone: what stands is why.
func (m *Module) cell(s *snapshot, r *Row, p PermissionInfo, ms core.Membership) Cell {
	var cell Cell
	for _, l := range candidates(s, r, p, ms) {
		f := m.factsAt(s, r, p, l)
		v := f.decide(f.rule.policies)
		if !v.allowed {
			continue
		}
		why := Why{
			Role: l.Role, RoleTitle: s.titles[l.Role], Assignment: l.ID, Service: l.Service, Object: l.Object, Policy: v.policies[0],
			Since: l.From, Until: l.Until, By: l.Approver, Reason: l.Reason,
		}
		if why.By == "" {
			why.By = l.GivenBy
		}
		cell.Whys = append(cell.Whys, why)
	}
	if len(cell.Whys) == 0 || !s.now {
		return cell
	}
	day, seen := s.uses[r.Person][p.Name]
	if seen {
		cell.LastUsed = time.Unix(day*86400, 0).UTC()
	}
	if s.unused > 0 {
		oldest := s.today
		for _, w := range cell.Whys {
			oldest = min(oldest, dayOf(w.Since))
		}
		cell.Unused = s.today-max(day, oldest) >= s.unused
	}
	return cell
}

// candidates are the assignments of a row whose role holds the permission, the membership's own role included.
func candidates(s *snapshot, r *Row, p PermissionInfo, ms core.Membership) []Line {
	var some []Line
	if r.Member && s.holders[p.Name][RoleMember] {
		some = append(some, Line{Assignment: core.Assignment{Role: RoleMember, Person: r.Person, From: ms.JoinedAt}})
	}
	for _, l := range r.Lines {
		if s.holders[p.Name][l.Role] && (l.Service == "" || l.Service == p.Module) {
			some = append(some, l)
		}
	}
	return some
}

// factsAt are the facts of one assignment at the date of the table: nobody is asking from any address or with a token.
func (m *Module) factsAt(s *snapshot, r *Row, p PermissionInfo, l Line) *facts {
	platform := s.org == core.Platform
	f := &facts{
		rule: s.ruleAt(m.cat.Load(), p.Name), kind: typePerson, actor: r.Person, org: s.org, object: l.Object,
		staff: s.staff[r.Person], home: platform, inside: r.Member || platform && s.staff[r.Person], known: true, addressOK: true,
		held: []held{{l.Role, l.Service, l.Object, clock.Micros(l.Until)}},
	}
	if r.Service {
		f.kind, f.inside = typeService, true
	}
	for _, b := range s.blocks {
		if b.Scope == ScopePerson && b.Target == r.Person || b.Scope == ScopeOrganization && b.Target == s.org ||
			b.Scope == ScopeService && string(b.Target) == p.Module {
			f.blocks = append(f.blocks, b.Block)
		}
	}
	return f
}

// ruleAt gives the rule of a permission with the roles that held it at the date of the table.
func (s *snapshot) ruleAt(cat *catalogue, p core.Permission) *rule {
	if r := s.rules[p]; r != nil {
		return r
	}
	then := *cat.byName[p]
	then.roles, then.support = map[string]bool{}, s.holders[p][RoleSupport]
	for role := range s.holders[p] {
		if role != RoleSupport {
			then.roles[role] = true
		}
	}
	then.holders = roleSet(then.roles)
	s.rules[p] = &then
	return &then
}

// StaffLine is one line of the table of staff habilitations: function, person, scope (EMG-2.3).
type StaffLine struct {
	Line
	Name      string
	Function  string
	RoleTitle core.Text
	OrgName   string // empty: the platform
}

// StaffTable lists every role of the provider and every support assignment in force at a date (zero: now).
func (m *Module) StaffTable(ctx context.Context, tx core.Tx, at time.Time) ([]StaffLine, error) {
	if at.IsZero() {
		at = m.Needs.Clock.Now()
	}
	micros := clock.Micros(at)
	own, err := m.lines(ctx, tx, qLinesAt, core.Platform, micros, "")
	if err != nil {
		return nil, err
	}
	support, err := m.lines(ctx, tx, qSupportLines, micros)
	if err != nil {
		return nil, err
	}
	var out []StaffLine
	for _, l := range append(own, support...) {
		s := StaffLine{Line: l, RoleTitle: core.Text{FR: l.Role, EN: l.Role}}
		if r, found, err := m.roleInfo(ctx, tx, l.Org, l.Role); err != nil {
			return nil, err
		} else if found {
			s.RoleTitle = r.Title
		}
		ms, _, err := m.Needs.Members.MemberOf(ctx, tx, core.Platform, l.Person)
		if err != nil {
			return nil, err
		}
		s.Function = ms.Function
		if l.Org != core.Platform && m.Needs.Roster != nil {
			o, err := m.Needs.Roster.Org(ctx, tx, l.Org)
			if err != nil {
				return nil, err
			}
			s.OrgName = o.Name
		}
		out = append(out, s)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Person < out[j].Person })
	return out, nil
}
