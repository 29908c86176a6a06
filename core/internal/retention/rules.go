package retention

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// ended is a rule of a module that it can end by time.
type ended struct {
	rule   core.RetentionRule
	module string
	title  core.Text
	room   core.Expirer
	tables []string
}

// known gives every rule by its name; the first manifest that declares a name says what it means.
func (m *Module) known() map[string]core.RetentionRule {
	all := map[string]core.RetentionRule{}
	for _, mf := range m.needs.Manifests() {
		for _, r := range mf.Rules {
			if _, there := all[r.Name]; !there {
				all[r.Name] = r
			}
		}
	}
	return all
}

// ends lists what ends by time: each rule of each room, in their order.
func (m *Module) ends() []ended {
	known := m.known()
	var all []ended
	for _, room := range m.needs.Modules() {
		x, is := room.(core.Expirer)
		if !is {
			continue
		}
		mf, at := room.Manifest(), map[string]int{}
		for _, r := range x.Expires() {
			i, there := at[r.Rule]
			if !there {
				i = len(all)
				at[r.Rule] = i
				all = append(all, ended{rule: known[r.Rule], module: mf.Module, title: mf.Title, room: x})
			}
			if !slices.Contains(all[i].tables, r.Table) {
				all[i].tables = append(all[i].tables, r.Table)
			}
		}
	}
	return all
}

// days gives how long a rule keeps rows at hand in an organization: never longer than the rule itself.
func (m *Module) days(ctx context.Context, tx core.Tx, org core.ID, r core.RetentionRule) (int, error) {
	if r.Setting == "" {
		return r.Days, nil
	}
	n, found, err := m.needs.Days.Days(ctx, tx, org, r.Setting)
	if err != nil || !found {
		return r.Days, err
	}
	if r.Days == 0 {
		return n, nil
	}
	return min(n, r.Days), nil
}

// Line is one rule in force in an organization, in words.
type Line struct {
	Module string // name of the room
	Rule   core.RetentionRule
	Days   int // in force; 0: as long as what it hangs on
	Tables []string
	// Soon are the rows that reach their end within thirty days; Kept those that a hold keeps of them.
	Soon, Kept int64
	Title      core.Text // of the room
}

// soon is how far ahead the page looks.
const soon = 30 * 24 * time.Hour

// Rules gives every rule in force in an organization, and what goes soon.
func (m *Module) Rules(ctx context.Context, org core.ID) (list []Line, err error) {
	err = m.needs.Gate.Read(db.Long(ctx), &core.Act{Def: ReadRules, Org: org}, func(tx core.Tx) error {
		list = nil
		held, err := m.held(ctx, tx)
		if err != nil {
			return err
		}
		now := m.now()
		shown := map[string]bool{}
		for _, e := range m.ends() {
			days, err := m.days(ctx, tx, org, e.rule)
			if err != nil {
				return err
			}
			l := Line{Module: e.module, Title: e.title, Rule: e.rule, Days: days, Tables: e.tables}
			shown[e.rule.Name] = true
			got, err := e.room.Expire(ctx, tx, m.expiry(e.rule, org, days, now.Add(soon), held, true))
			if err != nil {
				return err
			}
			for _, r := range got {
				l.Soon, l.Kept = l.Soon+r.Deleted, l.Kept+r.Kept
			}
			list = append(list, l)
		}
		for _, mf := range m.needs.Manifests() {
			for _, r := range mf.Rules {
				if !shown[r.Name] {
					shown[r.Name] = true
					days, err := m.days(ctx, tx, org, r)
					if err != nil {
						return err
					}
					list = append(list, Line{Module: mf.Module, Title: mf.Title, Rule: r, Days: days})
				}
			}
		}
		slices.SortStableFunc(list, func(a, b Line) int { return cmp.Compare(a.Title.EN, b.Title.EN) })
		return nil
	})
	return list, err
}

// most bounds what a count looks at: a page says "at least".
const most = 5000

func (m *Module) expiry(r core.RetentionRule, org core.ID, days int, now time.Time, held func(org, person core.ID) bool, dry bool) core.Expiry {
	return core.Expiry{
		Rule: r.Name, Org: org, Before: now.AddDate(0, 0, -days), Beyond: now.AddDate(0, 0, -days-r.Archive), Held: held, Dry: dry, Limit: most,
		Skip: map[string]int{},
	}
}

// Gap is a word or a table that nothing ends.
type Gap struct{ Module, Table, Word string }

// Gaps tells which retention words have no rule, and which tables of personal data with a limited time nothing ends.
func Gaps(modules []core.Module, manifests []core.Manifest, grounds map[string]core.Text) []Gap {
	rules, tables := map[string]core.RetentionRule{}, map[string]bool{}
	for _, mf := range manifests {
		for _, r := range mf.Rules {
			rules[r.Name] = r
		}
	}
	for _, room := range modules {
		if x, is := room.(core.Expirer); is {
			for _, r := range x.Expires() {
				tables[r.Table] = true
				if _, there := rules[r.Rule]; !there {
					tables[r.Table] = false
				}
			}
		}
	}
	var gaps []Gap
	for _, mf := range manifests {
		for _, t := range mf.Tables {
			gaps = append(gaps, gapsOf(mf.Module, t, rules, tables[t.Name], grounds)...)
		}
	}
	return gaps
}

func gapsOf(module string, t core.Table, rules map[string]core.RetentionRule, ends bool, grounds map[string]core.Text) []Gap {
	var gaps []Gap
	said := map[string]bool{}
	limited := ""
	for _, c := range t.Columns {
		if c.Retention == "" {
			continue
		}
		r, there := rules[c.Retention]
		if !there && !said[c.Retention] {
			said[c.Retention] = true
			gaps = append(gaps, Gap{module, t.Name, c.Retention})
		}
		if c.Personal && r.Days > 0 {
			limited = c.Retention
		}
	}
	if _, ground := grounds[t.Name]; limited != "" && !ends && !ground {
		gaps = append(gaps, Gap{module, t.Name, ""})
	}
	return gaps
}

// Measure is one table as the probe of ages sees it.
type Measure struct {
	Rule string
	Org  core.ID
	Late int64
	Name string
}

// late counts the rows that are past their end by more than slack.
func (m *Module) late(ctx context.Context, tx core.Tx, slack time.Duration) (tables int, late []Measure, err error) {
	held, err := m.held(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	orgs, err := m.orgs(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	at := m.now().Add(-slack)
	for _, e := range m.ends() {
		tables += len(e.tables)
		err := m.each(ctx, tx, e, orgs, at, func(org core.ID, days int) error {
			got, err := e.room.Expire(ctx, tx, m.expiry(e.rule, org, days, at, held, true))
			for _, r := range got {
				if r.Deleted > 0 {
					late = append(late, Measure{e.rule.Name, org, r.Deleted, r.Table})
				}
			}
			return err
		})
		if err != nil {
			return 0, nil, err
		}
	}
	return tables, late, nil
}

// each calls f for every organization that has rows of a rule past their end.
func (m *Module) each(ctx context.Context, tx core.Tx, e ended, orgs []core.ID, now time.Time, f func(org core.ID, days int) error) error {
	if e.rule.Days == 0 {
		return nil
	}
	days, least := make(map[core.ID]int, len(orgs)), e.rule.Days
	for _, org := range orgs {
		n, err := m.days(ctx, tx, org, e.rule)
		if err != nil {
			return err
		}
		days[org], least = n, min(least, n)
	}
	due, err := e.room.Due(ctx, tx, e.rule.Name, now.AddDate(0, 0, -least))
	if err != nil {
		return err
	}
	for _, org := range due {
		n, there := days[org]
		if !there { // the organization is gone, its rows are not
			n = e.rule.Days
		}
		if err := f(org, n); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) orgs(ctx context.Context, tx core.Tx) ([]core.ID, error) {
	all := []core.ID{core.Platform}
	for after := core.ID(""); ; {
		list, err := m.needs.Places.AllOrgs(ctx, tx, after, 500)
		if err != nil || len(list) == 0 {
			return all, err
		}
		for _, o := range list {
			if o.ID != core.Platform {
				all = append(all, o.ID)
			}
			after = o.ID
		}
	}
}

// Unowned names the tables with a column of an organization that no room empties when one ends, and that no ground keeps.
func Unowned(modules []core.Module, manifests []core.Manifest, grounds map[string]core.Text) []string {
	owned := map[string]bool{}
	for _, room := range modules {
		if x, is := room.(core.Leaver); is {
			for _, r := range x.Estates() {
				owned[r.Table] = true
			}
		}
	}
	var all []string
	for _, mf := range manifests {
		for _, t := range mf.Tables {
			_, ground := grounds[t.Name]
			has := slices.ContainsFunc(t.Columns, func(c core.Column) bool { return c.Name == "org" })
			if has && !owned[t.Name] && !ground {
				all = append(all, t.Name)
			}
		}
	}
	return all
}
