package register

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Gaps says what the manifests leave open, one line each, in the words of whoever repairs it: a personal column without
// category, purpose, legal basis or retention; a retention that no rule defines; a table that no activity treats; an act whose
// purpose no activity of its module has. None is the only answer with which the house opens (article 5-1 and 30 GDPR).
func Gaps(manifests []core.Manifest) []string {
	c := checked{tables: map[string][]core.Purpose{}, rules: map[string]core.RetentionRule{}, ids: map[string]string{}}
	for _, m := range manifests {
		c.gather(m)
	}
	for _, m := range manifests {
		c.columns(m)
		c.acts(m)
		c.activities(m)
	}
	slices.Sort(c.gaps)
	return slices.Compact(c.gaps)
}

// Untreated names the columns of the live schemas that no manifest treats.
func Untreated(live []db.Column, manifests []core.Manifest) (list []string) {
	treated := map[db.Column]bool{}
	for _, m := range manifests {
		for _, t := range m.Tables {
			for _, c := range t.Columns {
				treated[db.Column{Table: t.Name, Name: c.Name}] = true
			}
		}
	}
	for _, c := range live {
		if !treated[c] {
			list = append(list, fmt.Sprintf("column %s.%s has no treatment", c.Table, c.Name))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

type checked struct {
	tables map[string][]core.Purpose // the purposes of the activities that treat a table
	rules  map[string]core.RetentionRule
	ids    map[string]string // the module of each activity
	gaps   []string
}

func (c *checked) gap(format string, args ...any) {
	c.gaps = append(c.gaps, fmt.Sprintf(format, args...))
}

func (c *checked) gather(m core.Manifest) {
	for _, r := range m.Rules {
		if old, twice := c.rules[r.Name]; twice && old != r {
			c.gap("retention rule %s is defined twice, and differently", r.Name)
		}
		c.rules[r.Name] = r
		if r.Title == (core.Text{}) || r.From == (core.Text{}) || r.Ground == "" {
			c.gap("retention rule %s lacks a title, a start or a ground", r.Name)
		}
	}
	for _, a := range m.Activities {
		if other, twice := c.ids[a.ID]; twice {
			c.gap("activity %s is declared by %s and %s", a.ID, other, m.Module)
		}
		c.ids[a.ID] = m.Module
		for _, t := range a.Tables {
			c.tables[t] = append(c.tables[t], a.Purposes...)
		}
	}
}

func (c *checked) columns(m core.Manifest) {
	for _, t := range m.Tables {
		for _, col := range t.Columns {
			if !col.Personal {
				continue
			}
			name := t.Name + "." + col.Name
			if col.Category == "" || col.Purpose == "" || col.Basis == "" || col.Retention == "" {
				c.gap("column %s is personal and lacks a category, purpose, legal basis or retention", name)
				continue
			}
			if _, ok := c.rules[col.Retention]; !ok {
				c.gap("column %s is kept for %q, which no retention rule defines", name, col.Retention)
			}
			if purposes, ok := c.tables[t.Name]; !ok {
				c.gap("table %s holds personal data and no activity treats it", t.Name)
			} else if !slices.Contains(purposes, col.Purpose) {
				c.gap("column %s is for %q, a purpose that no activity on its table has", name, col.Purpose)
			}
		}
	}
}

func (c *checked) acts(m core.Manifest) {
	for _, a := range m.Acts {
		allowed := purposes(carriers(m.Activities, a))
		switch {
		case a.Purpose == "":
			c.gap("act %s states no purpose", a.Permission)
		case len(m.Activities) == 0:
			c.gap("module %s declares acts and no activity", m.Module)
		case !slices.Contains(allowed, a.Purpose):
			c.gap("act %s is for %q, a purpose that no activity of %s has", a.Permission, a.Purpose, m.Module)
		}
	}
}

func (c *checked) activities(m core.Manifest) {
	own := map[string]bool{}
	for _, t := range m.Tables {
		own[t.Name] = true
	}
	for _, a := range m.Activities {
		if !strings.HasPrefix(a.ID, m.Module+".") {
			c.gap("activity %s does not carry the name of its module, %s", a.ID, m.Module)
		}
		if a.Title.FR == "" || a.Title.EN == "" || a.About.FR == "" || a.About.EN == "" || a.Part == "" || len(a.Purposes) == 0 {
			c.gap("activity %s lacks a title, an objective, a part or a purpose", a.ID)
		}
		if len(a.Tables) > 0 && len(a.Persons) == 0 {
			c.gap("activity %s names no category of persons", a.ID)
		}
		for _, p := range a.Acts {
			if !slices.ContainsFunc(m.Acts, func(d *core.ActDef) bool { return d.Permission == p }) {
				c.gap("activity %s names act %s, which its module does not declare", a.ID, p)
			}
		}
		for _, t := range a.Tables {
			if !own[t] {
				c.gap("activity %s names table %s, which its module does not keep", a.ID, t)
			}
		}
	}
}

func purposes(list []core.Activity) (all []core.Purpose) {
	for _, a := range list {
		all = append(all, a.Purposes...)
	}
	return all
}

// carriers are the activities that carry an act out: those that name it, and those that name none.
func carriers(list []core.Activity, act *core.ActDef) (own []core.Activity) {
	for _, a := range list {
		if len(a.Acts) == 0 || slices.Contains(a.Acts, act.Permission) {
			own = append(own, a)
		}
	}
	return own
}
