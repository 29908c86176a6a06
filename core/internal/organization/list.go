package organization

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// Filter chooses and orders members. Every field but Find can stand in an address: ids and fixed words only.
type Filter struct {
	State      string // "" for present (active and invited), "active", "invited", "left", "all"
	Department string // Label.ID of a department
	Function   string // Label.ID of a function
	Role       string // id of a role assigned in the organization
	Sort       string // "name", "-name", "since", "-since"
	Find       string // part of a name or of an address; personal, so never in an address
	After      core.ID
	Limit      int
}

// Label is a department or a function with how many present members have it; ID stands for it in addresses.
type Label struct {
	ID, Text string
	Count    int64
}

func labelID(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:5])
}

// Page is one page of members.
type Page struct {
	Members     []Member
	Next        core.ID // "" on the last page
	Managers    map[core.ID]string
	Active      int64
	Invited     int64
	Left        int64
	Departments []Label
	Functions   []Label
}

var errFilter = i18n.Fault(core.Malformed, "member.filter", "Ce filtre ou ce tri n'existe pas.", "There is no such filter or order.")

const listWhere = ` FROM organization_member m WHERE m.org = $1 {AND m.state <> 'left'} {AND m.state = $2} {AND m.department = $3} {AND m.function = $4} {AND m.find LIKE $5 ESCAPE '!'} `

// The orders of the list; each walks an index from where the last page ended.
var lists = map[string]*db.Family{
	"name":   db.NewFamily(`SELECT ` + memberColumns + listWhere + `{AND (m.sort, m.id) > ($6, $8)} ORDER BY m.sort, m.id LIMIT $9`),
	"-name":  db.NewFamily(`SELECT ` + memberColumns + listWhere + `{AND (m.sort, m.id) < ($6, $8)} ORDER BY m.sort DESC, m.id DESC LIMIT $9`),
	"since":  db.NewFamily(`SELECT ` + memberColumns + listWhere + `{AND (m.invited_at, m.id) > ($7, $8)} ORDER BY m.invited_at, m.id LIMIT $9`),
	"-since": db.NewFamily(`SELECT ` + memberColumns + listWhere + `{AND (m.invited_at, m.id) < ($7, $8)} ORDER BY m.invited_at DESC, m.id DESC LIMIT $9`),
}

// List gives a page of members and journals whose data was shown.
func (m *Module) List(ctx context.Context, org core.ID, f Filter) (Page, error) {
	var page Page
	act := &core.Act{Def: ListMembers, Org: org}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		page = Page{}
		if _, err := m.org(ctx, tx, org); err != nil {
			return err
		}
		if page.Departments, err = labels(ctx, tx, qDepartments, org); err != nil {
			return err
		}
		if page.Functions, err = labels(ctx, tx, qFunctions, org); err != nil {
			return err
		}
		line := OrgLine{Organization: Organization{Organization: core.Organization{ID: org}}}
		if err := m.count(ctx, tx, &line); err != nil {
			return err
		}
		page.Active, page.Invited, page.Left = line.Active, line.Invited, line.Left
		if err := m.fill(ctx, tx, org, f, &page); err != nil {
			return err
		}
		act.Subjects = persons(page.Members)
		return m.nameManagers(ctx, tx, org, &page)
	})
	return page, err
}

func persons(list []Member) []core.ID {
	ids := make([]core.ID, len(list))
	for i, m := range list {
		ids[i] = m.Person
	}
	return ids
}

func labels(ctx context.Context, tx core.Tx, q string, org core.ID) ([]Label, error) {
	return db.All(ctx, tx, q, func(scan db.Scan) (l Label, err error) {
		err = scan(&l.Text, &l.Count)
		l.ID = labelID(l.Text)
		return l, err
	}, org)
}

// meant gives the text of a label that an address names.
func meant(list []Label, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	for _, l := range list {
		if l.ID == id {
			return l.Text, nil
		}
	}
	return "", errFilter
}

func (m *Module) fill(ctx context.Context, tx core.Tx, org core.ID, f Filter, page *Page) error {
	department, err := meant(page.Departments, f.Department)
	if err != nil {
		return err
	}
	function, err := meant(page.Functions, f.Function)
	if err != nil {
		return err
	}
	if f.Limit <= 0 || f.Limit > 1000 {
		f.Limit = 50
	}
	if f.Sort == "" {
		f.Sort = "name"
	}
	family, ok := lists[f.Sort]
	if !ok || !slices.Contains([]string{"", "active", "invited", "left", "all"}, f.State) {
		return errFilter
	}
	if f.Role != "" {
		return m.holding(ctx, tx, org, f, department, function, page)
	}
	var last Member
	if !f.After.IsZero() {
		if last, err = m.member(ctx, tx, org, f.After); err != nil {
			return err
		}
	}
	text, args := family.Pick(
		[]any{org, f.State, department, function, like(f.Find), last.sort, clock.Micros(last.InvitedAt), f.After, f.Limit + 1},
		f.State == "", f.State != "" && f.State != "all", department != "", function != "", f.Find != "", !f.After.IsZero())
	list, err := db.All(ctx, tx, text, scanMember, args...)
	if err != nil {
		return err
	}
	if len(list) > f.Limit {
		list = list[:f.Limit]
		page.Next = list[f.Limit-1].ID
	}
	page.Members = list
	return nil
}

// like writes what is searched for as a pattern: folded, its own signs made plain.
func like(find string) string {
	find = strings.TrimSpace(find)
	if strings.Contains(find, "@") {
		find = strings.ToLower(find)
	} else {
		find = fold(find)
	}
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(find) + "%"
}

// holding lists those to whom a role is assigned: few, so they are read one by one and shown on one page.
func (m *Module) holding(ctx context.Context, tx core.Tx, org core.ID, f Filter, department, function string, page *Page) error {
	holders, err := m.needs.Rights.Given(ctx, tx, org, f.Role)
	if err != nil {
		return err
	}
	seen := map[core.ID]bool{}
	find := strings.Trim(like(f.Find), "%")
	for _, person := range holders[:min(len(holders), 1000)] {
		if seen[person] {
			continue
		}
		seen[person] = true
		got, found, err := db.One(ctx, tx, qMemberOf, scanMember, org, person)
		if err != nil {
			return err
		}
		if !found || f.State != "" && f.State != "all" && got.State != f.State ||
			department != "" && got.Department != department || function != "" && got.Function != function ||
			f.Find != "" && !strings.Contains(got.sort+" "+got.Email, find) {
			continue
		}
		page.Members = append(page.Members, got)
	}
	slices.SortFunc(page.Members, func(a, b Member) int {
		switch f.Sort {
		case "-name":
			return cmp.Compare(b.sort, a.sort)
		case "since":
			return a.InvitedAt.Compare(b.InvitedAt)
		case "-since":
			return b.InvitedAt.Compare(a.InvitedAt)
		}
		return cmp.Compare(a.sort, b.sort)
	})
	return nil
}

func (m *Module) nameManagers(ctx context.Context, tx core.Tx, org core.ID, page *Page) error {
	page.Managers = map[core.ID]string{}
	for _, got := range page.Members {
		if _, done := page.Managers[got.Manager]; done || got.Manager.IsZero() {
			continue
		}
		boss, found, err := db.One(ctx, tx, qMember, scanMember, org, got.Manager)
		if err != nil {
			return err
		}
		if found {
			page.Managers[got.Manager] = boss.Name
		}
	}
	return nil
}

// Choices lists the active members of an organization, natural persons only, for the choice of a manager or of a
// responsible person.
func (m *Module) Choices(ctx context.Context, org core.ID) ([]Member, error) {
	var list []Member
	act := &core.Act{Def: ListMembers, Org: org}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		page := Page{}
		if err := m.fill(ctx, tx, org, Filter{State: "active", Limit: 500}, &page); err != nil {
			return err
		}
		list = slices.DeleteFunc(page.Members, func(c Member) bool { return c.Functional })
		act.Subjects = persons(list)
		return nil
	})
	return list, err
}

// Members gives every membership of an organization, whatever its state: for the tables of rights.
func (m *Module) Members(ctx context.Context, tx core.Tx, org core.ID) ([]core.Membership, error) {
	list, err := db.All(ctx, tx, qEvery, scanMember, org)
	out := make([]core.Membership, len(list))
	for i, got := range list {
		out[i] = got.Membership
	}
	return out, err
}

var qEvery = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 ORDER BY m.sort, m.id`)

// Some gives the chosen members, 1 to 500 of them, and the departments of the organization.
func (m *Module) Some(ctx context.Context, org core.ID, members []core.ID) (list []Member, departments []Label, err error) {
	if len(members) == 0 || len(members) > 500 {
		return nil, nil, errChoose
	}
	act := &core.Act{Def: ListMembers, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		list = nil
		for _, id := range members {
			got, err := m.member(ctx, tx, org, id)
			if err != nil {
				return err
			}
			list = append(list, got)
		}
		act.Subjects = persons(list)
		departments, err = labels(ctx, tx, qDepartments, org)
		return err
	})
	return list, departments, err
}
