package organization

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
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

// qPresent and qLeft read the rows of one organization: what is sealed in them cannot be chosen nor ordered by the database.
var (
	qPresent = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 AND m.state <> 'left'`)
	qLeft    = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 AND m.state = 'left'`)
)

// The orders of the list; two members never stand at the same place.
var orders = map[string]func(a, b *Member) int{
	"name": byName, "-name": func(a, b *Member) int { return byName(b, a) },
	"since": bySince, "-since": func(a, b *Member) int { return bySince(b, a) },
}

func byName(a, b *Member) int { return cmp.Or(cmp.Compare(a.sort, b.sort), cmp.Compare(a.ID, b.ID)) }

func bySince(a, b *Member) int {
	return cmp.Or(a.InvitedAt.Compare(b.InvitedAt), cmp.Compare(a.ID, b.ID))
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
		present, err := m.whole(ctx, tx, qPresent, org)
		if err != nil {
			return err
		}
		page.label(present)
		line := OrgLine{Organization: Organization{Organization: core.Organization{ID: org}}}
		if err := m.count(ctx, tx, &line); err != nil {
			return err
		}
		page.Active, page.Invited, page.Left = line.Active, line.Invited, line.Left
		if err := m.fill(ctx, tx, org, f, present, &page); err != nil {
			return err
		}
		act.Subjects = persons(page.Members)
		nameManagers(present, &page)
		return nil
	})
	return page, err
}

// Search gives a page of members by a part of their name or address, without the counts of a list. A whole address that a member
// signs in with is found by its blind index; any other text is looked for in what every member's row says.
func (m *Module) Search(ctx context.Context, org core.ID, f Filter) (Page, error) {
	var page Page
	act := &core.Act{Def: ListMembers, Org: org}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		page = Page{}
		exact, err := m.addressed(ctx, tx, org, f)
		if err != nil || exact != nil {
			page.Members = exact
			act.Subjects = persons(exact)
			return err
		}
		present, err := m.whole(ctx, tx, qPresent, org)
		if err != nil {
			return err
		}
		err = m.fill(ctx, tx, org, f, present, &page)
		act.Subjects = persons(page.Members)
		return err
	})
	return page, err
}

// addressed gives the one member whose address of sign-in is searched for, nil when it is nobody's here.
func (m *Module) addressed(ctx context.Context, tx core.Tx, org core.ID, f Filter) ([]Member, error) {
	if _, err := mail.ParseAddress(f.Find); err != nil || f.State == "left" {
		return nil, nil
	}
	person, found, err := m.needs.People.PersonByEmail(ctx, tx, sought(f.Find))
	if err != nil || !found {
		return nil, err
	}
	one, found, err := m.one(ctx, tx, qMemberOf, org, person.ID)
	restricted := found && one.Email != sought(f.Find) // or shown here by another address
	if err != nil || !found || restricted || f.State != "" && f.State != "all" && f.State != one.State {
		return nil, err
	}
	return []Member{one}, nil
}

func persons(list []Member) []core.ID {
	ids := make([]core.ID, len(list))
	for i, m := range list {
		ids[i] = m.Person
	}
	return ids
}

// mostLabels is how many departments or functions can be chosen from.
const mostLabels = 500

// label lists the departments and functions of the present members.
func (page *Page) label(present []*Member) {
	page.Departments = labels(present, func(n *Member) string { return n.Department })
	page.Functions = labels(present, func(n *Member) string { return n.Function })
}

func labels(present []*Member, of func(*Member) string) []Label {
	counts := map[string]int64{}
	for _, n := range present {
		if text := of(n); text != "" {
			counts[text]++
		}
	}
	list := make([]Label, 0, len(counts))
	for _, text := range slices.Sorted(maps.Keys(counts))[:min(len(counts), mostLabels)] {
		list = append(list, Label{ID: labelID(text), Text: text, Count: counts[text]})
	}
	return list
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

// fill puts the page that a filter asks for of an organization, whose present members were read.
func (m *Module) fill(ctx context.Context, tx core.Tx, org core.ID, f Filter, present []*Member, page *Page) error {
	list, err := m.chosen(ctx, tx, org, f, present, page)
	if err != nil {
		return err
	}
	if f.Role != "" { // few, so they are shown on one page
		page.Members = copied(list[:min(len(list), 1000)])
		return nil
	}
	if f.Limit <= 0 || f.Limit > 1000 {
		f.Limit = 50
	}
	if !f.After.IsZero() {
		last, err := m.member(ctx, tx, org, f.After)
		if err != nil {
			return err
		}
		order := orders[cmp.Or(f.Sort, "name")]
		from, _ := slices.BinarySearchFunc(list, &last, func(n, last *Member) int {
			return cmp.Or(order(n, last), -1) // after the one that ended the last page
		})
		list = list[from:]
	}
	if len(list) > f.Limit {
		list = list[:f.Limit]
		page.Next = list[f.Limit-1].ID
	}
	page.Members = copied(list)
	return nil
}

// chosen gives everyone whom a filter shows, in its order.
func (m *Module) chosen(ctx context.Context, tx core.Tx, org core.ID, f Filter, present []*Member, page *Page) (list []*Member, err error) {
	department, err := meant(page.Departments, f.Department)
	if err != nil {
		return nil, err
	}
	function, err := meant(page.Functions, f.Function)
	if err != nil {
		return nil, err
	}
	order, ok := orders[cmp.Or(f.Sort, "name")]
	if !ok || !slices.Contains([]string{"", "active", "invited", "left", "all"}, f.State) {
		return nil, errFilter
	}
	all := [][]*Member{present}
	if f.State == "left" || f.State == "all" {
		gone, err := m.whole(ctx, tx, qLeft, org)
		if err != nil {
			return nil, err
		}
		all = append(all, gone)
	}
	var holders map[core.ID]bool
	if f.Role != "" {
		if holders, err = m.holders(ctx, tx, org, f.Role); err != nil {
			return nil, err
		}
	}
	needle := sought(f.Find)
	for _, some := range all {
		for _, n := range some {
			if f.State != "" && f.State != "all" && n.State != f.State || department != "" && n.Department != department ||
				function != "" && n.Function != function || holders != nil && (!holders[n.Person] || n.State == "left") || !strings.Contains(n.find, needle) {
				continue
			}
			list = append(list, n)
		}
	}
	slices.SortFunc(list, order)
	return list, nil
}

func copied(list []*Member) []Member {
	out := make([]Member, len(list))
	for i, n := range list {
		out[i] = *n
	}
	return out
}

// sought writes what is searched for as it stands in what is searched: folded, or an address in lower case.
func sought(find string) string {
	find = strings.TrimSpace(find)
	if strings.Contains(find, "@") {
		return strings.ToLower(find)
	}
	return fold(find)
}

// holders tells to whom a role is assigned.
func (m *Module) holders(ctx context.Context, tx core.Tx, org core.ID, role string) (map[core.ID]bool, error) {
	list, err := m.needs.Rights.Given(ctx, tx, org, role)
	if err != nil {
		return nil, err
	}
	held := make(map[core.ID]bool, len(list))
	for _, person := range list {
		held[person] = true
	}
	return held, nil
}

// nameManagers names the managers of a page, who are present: a leaver hands over those whom they managed.
func nameManagers(present []*Member, page *Page) {
	page.Managers = map[core.ID]string{}
	for _, got := range page.Members {
		if !got.Manager.IsZero() {
			page.Managers[got.Manager] = ""
		}
	}
	for _, n := range present {
		if _, wanted := page.Managers[n.ID]; wanted {
			page.Managers[n.ID] = n.Name
		}
	}
}

// Choices lists the active members of an organization, natural persons only, for the choice of a manager or of a
// responsible person.
func (m *Module) Choices(ctx context.Context, org core.ID) ([]Member, error) {
	var list []Member
	act := &core.Act{Def: ListMembers, Org: org}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		page := Page{}
		present, err := m.whole(ctx, tx, qPresent, org)
		if err != nil {
			return err
		}
		if err := m.fill(ctx, tx, org, Filter{State: "active", Limit: 500}, present, &page); err != nil {
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
	list, err := m.whole(ctx, tx, qEvery, org)
	slices.SortFunc(list, byName)
	out := make([]core.Membership, len(list))
	for i, got := range list {
		out[i] = got.Membership
	}
	return out, err
}

var qEvery = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1`)

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
		present, err := m.whole(ctx, tx, qPresent, org)
		departments = labels(present, func(n *Member) string { return n.Department })
		return err
	})
	return list, departments, err
}
