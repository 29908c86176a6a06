// Package preview is what an agent tells the person who maps the fields of its tool.
//
// Owns: the names and shapes of fields, the first rows as they would leave, the report on numbers. Must not know: the platform's
// tables, how it is sent. Start reading at: Look.
//
// Nothing but what was chosen leaves the tool (CTI-29), and nothing is chosen before the mapping is. So the agent tells the names of
// fields and the shape of one value of each ("06 12 34 56 78" is "99 99 99 99 99", "Le Goff" is "Aa Aaaa"), never the value; the first
// rows hold what the mapping drawn up so far keeps, and appear once it is drawn up.
package preview

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/rempart/rempart/services/recognition/source"
)

// Limits of what is told.
const (
	MostRows   = 20
	MostFields = 200
	mostShape  = 40 // characters
	mostName   = 100
	mostOdd    = 20 // refused numbers shown by their shape
)

// Told is what an agent tells.
type Told struct {
	Kind   string  `json:"kind" maxLength:"20" doc:"Kind of the tool"`
	Fields []Field `json:"fields" nullable:"false" maxItems:"200" doc:"Every field, without any value"`
	Rows   []Row   `json:"rows" nullable:"false" maxItems:"20" doc:"The first rows as they would leave: chosen fields only"`
	Tally  Tally   `json:"tally"`
	Fault  string  `json:"fault,omitempty" maxLength:"100" doc:"Code of what kept the tool from being read"`
}

// Row is one card as it would leave.
type Row struct {
	Numbers []string          `json:"numbers" nullable:"false" maxItems:"64"`
	Name    string            `json:"name,omitempty" maxLength:"1000"`
	Company string            `json:"company,omitempty" maxLength:"1000"`
	Shown   map[string]string `json:"shown,omitempty"`
	Scripts map[string]string `json:"scripts,omitempty"`
}

// Field is one field of a tool.
type Field struct {
	Name  string `json:"name" maxLength:"100"`
	Held  int    `json:"held" doc:"In how many records it holds something"`
	Shape string `json:"shape,omitempty" maxLength:"160" doc:"Of one value: letters as a, capitals as A, digits as 9"`
}

// Tally is the report on numbers.
type Tally struct {
	Records   int            `json:"records" doc:"In the tool"`
	Cards     int            `json:"cards" doc:"Records with a number: what would be sent"`
	Good      int            `json:"good"`
	Repaired  int            `json:"repaired"`
	Refused   int            `json:"refused"`
	Twice     int            `json:"twice" doc:"Numbers written twice in one record"`
	Shared    int            `json:"shared" doc:"Numbers that several records hold"`
	Why       map[string]int `json:"why,omitempty" doc:"Of those refused: how many for each reason"`
	Odd       []Odd          `json:"odd,omitempty" maxItems:"20" doc:"Some of those refused, by their shape"`
	Shortened int            `json:"shortened" doc:"Values that were too long"`
}

// Odd is a number that was refused.
type Odd struct {
	Field string `json:"field" maxLength:"100"`
	Shape string `json:"shape" maxLength:"160"`
	Why   string `json:"why" maxLength:"40"`
}

// Look reads the whole tool once and tells what a person needs in order to map it; its kind is the caller's to say.
func Look(ctx context.Context, s source.Source, m source.Mapping) (Told, error) {
	l := look{told: Told{Fields: []Field{}, Rows: []Row{}}, m: m, held: map[string]*Field{}, seen: map[string]bool{}, shared: map[string]bool{}}
	names, err := s.Fields(ctx)
	if err != nil {
		return l.told, err
	}
	for _, n := range names {
		l.field(n)
	}
	if err = s.Read(ctx, l.record); err != nil {
		return l.told, err
	}
	l.told.Tally.Shared = len(l.shared)
	l.told.Fields = make([]Field, 0, len(l.held))
	for _, name := range slices.Sorted(maps.Keys(l.held)) {
		l.told.Fields = append(l.told.Fields, *l.held[name])
	}
	if len(l.told.Fields) > MostFields {
		l.told.Fields = l.told.Fields[:MostFields]
	}
	return l.told, nil
}

type look struct {
	told         Told
	m            source.Mapping
	held         map[string]*Field
	seen, shared map[string]bool
}

func (l *look) field(name string) *Field {
	if l.held[name] == nil {
		l.held[name] = &Field{Name: cut(name, mostName)}
	}
	return l.held[name]
}

func (l *look) record(r source.Record) error {
	t := &l.told.Tally
	t.Records++
	for name, values := range r.Fields {
		f := l.field(name)
		for _, v := range values {
			if strings.TrimSpace(v) != "" {
				if f.Held++; f.Shape == "" {
					f.Shape = Shape(v)
				}
				break
			}
		}
	}
	row, report, err := l.m.Apply(r)
	if err != nil || len(l.m.Numbers) == 0 {
		return nil // a record without a key is told by the agent's own turn
	}
	t.Shortened += report.Cut
	for _, f := range report.Findings {
		l.finding(f)
	}
	if len(row.Numbers) == 0 {
		return nil
	}
	t.Cards++
	if len(l.told.Rows) < MostRows {
		l.told.Rows = append(l.told.Rows, Row{row.Numbers, row.Name, row.Company, row.Shown, row.Scripts}) // its key is of no use to a person
	}
	return nil
}

func (l *look) finding(f source.Finding) {
	t := &l.told.Tally
	switch f.Verdict {
	case source.Good:
		t.Good++
	case source.Repaired:
		t.Repaired++
	case source.Duplicate:
		t.Twice++
		return
	default:
		t.Refused++
		if t.Why == nil {
			t.Why = map[string]int{}
		}
		t.Why[f.Why]++
		if len(t.Odd) < mostOdd {
			t.Odd = append(t.Odd, Odd{cut(f.Field, mostName), Shape(f.Raw), f.Why})
		}
		return
	}
	if l.seen[f.E164] {
		l.shared[f.E164] = true
	}
	l.seen[f.E164] = true
}

// Shape says how a value is written without saying what it is. A word longer than three letters keeps its first three: its length
// tells something too.
func Shape(v string) string {
	var b strings.Builder
	run, last, n := 0, rune(0), 0
	for _, r := range strings.Join(strings.Fields(v), " ") {
		switch {
		case unicode.IsUpper(r):
			r = 'A'
		case unicode.IsLetter(r) || unicode.IsMark(r):
			r = 'a'
		case unicode.IsDigit(r):
			r = '9'
		}
		if run++; r != last || r != 'a' && r != 'A' {
			run = 0
		}
		if last = r; run >= 3 {
			continue
		}
		if n++; n > mostShape {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func cut(s string, most int) string {
	for i := range s {
		if i > most {
			return s[:i]
		}
	}
	return s
}
