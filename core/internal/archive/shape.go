package archive

import (
	"github.com/rempart/rempart/core"
)

// Field is a column in words.
type Field struct {
	Name     string
	Title    core.Text
	Category string
	Purpose  core.Purpose
	Basis    core.LegalBasis
	Until    core.Text // the retention rule in words
	Personal bool

	secret, portable bool
}

// shape is a table in words.
type shape struct {
	Name     string
	Title    core.Text
	Room     core.Text
	Fields   []Field
	names    map[string]bool
	portable bool
	// inside treats the values that a room gives under names of their own: they come from what it keeps sealed.
	inside *Field
}

// treats gives the treatment of a value by its name; nil when it is of no person.
func (s *shape) treats(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return s.inside
}

// portable tells whether article 20 covers a column: provided or observed, on consent or for a contract. What was inferred is
// of the category "inferred", and no part of it.
func portable(c core.Column) bool {
	return c.Personal && !c.Secret && c.Category != "inferred" && (c.Basis == core.Contract || c.Basis == core.ConsentBasis)
}

// catalogue is every table in words.
type catalogue map[string]*shape

func (m *Module) describe() catalogue {
	all := catalogue{}
	rules := map[string]core.RetentionRule{}
	manifests := m.needs.Manifests()
	for _, mf := range manifests {
		for _, r := range mf.Rules {
			if _, taken := rules[r.Name]; !taken {
				rules[r.Name] = r
			}
		}
	}
	for _, mf := range manifests {
		for _, t := range mf.Tables {
			s := &shape{Name: t.Name, Title: t.Title, Room: mf.Title, names: map[string]bool{}}
			for _, c := range t.Columns {
				p := portable(c)
				s.portable = s.portable || p
				s.names[c.Name] = true
				s.Fields = append(s.Fields, Field{
					Name: c.Name, Title: Word(t.Name, c.Name), Category: c.Category, Purpose: c.Purpose, Basis: c.Basis, Until: until(c.Retention, rules),
					Personal: c.Personal, secret: c.Secret, portable: p || !c.Personal && !c.Secret,
				})
			}
			for i, c := range t.Columns {
				if c.Personal && c.Sealed && !c.Secret && s.inside == nil {
					s.inside = &s.Fields[i]
				}
			}
			all[t.Name] = s
		}
	}
	return all
}

// shapeOf gives a table in words; one that no manifest names stands by its name, without a field.
func (m *Module) shapeOf(table string) *shape {
	all := m.words()
	if s, ok := all[table]; ok {
		return s
	}
	return &shape{Name: table, Title: core.Text{FR: table, EN: table}, names: map[string]bool{}}
}

// until says a retention rule.
func until(name string, rules map[string]core.RetentionRule) core.Text {
	if r, ok := rules[name]; ok {
		return r.Title
	}
	return core.Text{FR: name, EN: name}
}
