package source

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/number"
	"github.com/rempart/rempart/services/recognition/source/tool"
	"github.com/rempart/rempart/services/recognition/wire"
)

// Mapping says which fields become what; nothing else leaves the source.
type Mapping struct {
	Version int64             `yaml:"version" say:"1"`                          // part of what is compared, so that another mapping sends everything anew
	Region  string            `yaml:"region" say:"FR"`                          // of numbers without a country: "FR"
	Name    []string          `yaml:"name" say:"[first_name, last_name]"`       // fields joined by a space
	Company string            `yaml:"company" say:"company"`                    // one field
	Numbers []string          `yaml:"numbers" need:"yes" say:"[phone, mobile]"` // fields that hold numbers, several in one allowed
	Shown   map[string]string `yaml:"shown" say:"{City: town}"`                 // label → field
	Scripts map[string]string `yaml:"scripts" say:"{customer: id}"`             // parameter → field
}

// Limits of a row.
const (
	mostNumbers = 50  // of one card
	mostText    = 500 // bytes of one value that leaves
)

var errField = i18n.Fault(core.Invalid, "source.field_unknown", "La source n'a pas de champ « %s ». Ses champs : %s.", "The source has no field “%s”. Its fields: %s.")

var errKey = i18n.Fault(core.Invalid, "source.record_without_key", "Une fiche n'a pas d'identifiant stable dans sa source : choisissez le champ qui en tient lieu.", "A record has no stable identifier within its source: choose the field that serves as one.")

// Verdict is what became of one written number.
type Verdict string

// The verdicts.
const (
	Good      Verdict = "good"
	Repaired  Verdict = "repaired"
	Refused   Verdict = "refused"
	Duplicate Verdict = "duplicate" // already on this card
)

// Finding is what became of one written number.
type Finding struct {
	Field   string
	Raw     string // as written: shown on this computer, never sent
	E164    string
	Verdict Verdict
	Why     string // of a refusal: the words of number.Number, or "short", "internal", "masked", "many"
}

// Report is what became of the numbers of one record.
type Report struct {
	Findings []Finding
	Cut      int // values that were too long
}

// ReadMapping reads a mapping from settings, strictly.
func ReadMapping(c Config) (Mapping, error) {
	m := Mapping{Region: "FR"}
	return m, c.Decode(&m)
}

// Check names the fields that the mapping reads and the tool does not have: a mistake of writing would be taken for empty fields.
func (m Mapping) Check(fields []string) error {
	var wrong []error
	for _, field := range m.Used() {
		if !slices.Contains(fields, field) {
			wrong = append(wrong, tool.Refuse(errField, field, strings.Join(fields, ", ")))
		}
	}
	return errors.Join(wrong...)
}

// Used lists the fields that the mapping reads, each once: nothing else needs to be asked of the tool.
func (m Mapping) Used() []string {
	used := slices.Concat(m.Name, m.Numbers, slices.Collect(maps.Values(m.Shown)), slices.Collect(maps.Values(m.Scripts)))
	if m.Company != "" {
		used = append(used, m.Company)
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// Apply makes the row that leaves the source. A row without numbers is of no use to anybody: the caller does not send it.
func (m Mapping) Apply(r Record) (wire.Row, Report, error) {
	var report Report
	if r.Key == "" {
		return wire.Row{}, report, tool.Refuse(errKey)
	}
	row := wire.Row{Key: r.Key, Numbers: m.numbers(r, &report)}
	if len(row.Numbers) == 0 {
		return row, report, nil
	}
	name := make([]string, 0, 4)
	for _, field := range m.Name {
		if v := report.text(r.Fields[field]); v != "" {
			name = append(name, v)
		}
	}
	row.Name = tool.Cut(strings.Join(name, " "), mostText)
	row.Company = report.text(r.Fields[m.Company])
	row.Shown = report.texts(m.Shown, r)
	row.Scripts = report.texts(m.Scripts, r)
	return row, report, nil
}

func (m Mapping) numbers(r Record, report *Report) (found []string) {
	for _, field := range m.Numbers {
		for _, raw := range r.Fields[field] {
			if strings.TrimSpace(raw) == "" {
				continue
			}
			for _, n := range number.Split(tool.Cut(raw, mostText), m.Region) {
				f := judge(field, raw, n)
				switch {
				case f.E164 == "":
				case slices.Contains(found, f.E164):
					f.Verdict = Duplicate
				case len(found) >= mostNumbers:
					f.Verdict, f.Why = Refused, "many"
				default:
					found = append(found, f.E164)
				}
				report.Findings = append(report.Findings, f)
			}
		}
	}
	return found
}

func judge(field, raw string, n number.Number) Finding {
	f := Finding{Field: field, Raw: raw, Verdict: Refused}
	switch n.Kind {
	case number.E164:
		f.E164, f.Verdict = n.E164, Good
		if n.Repaired {
			f.Verdict = Repaired
		}
	case number.Short:
		f.Why = "short"
	case number.Internal:
		f.Why = "internal"
	case number.Masked:
		f.Why = "masked"
	default:
		f.Why = n.Why
	}
	return f
}

// text joins the values of a field in one line that people can read.
func (r *Report) text(values []string) string {
	if len(values) == 1 {
		text := clean(values[0])
		if len(text) > mostText {
			r.Cut++
		}
		return tool.Cut(text, mostText)
	}
	var kept []string
	for _, v := range values {
		if v = clean(v); v != "" && !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	text := strings.Join(kept, ", ")
	if len(text) > mostText {
		r.Cut++
	}
	return tool.Cut(text, mostText)
}

func (r *Report) texts(fields map[string]string, rec Record) map[string]string {
	var out map[string]string
	for label, field := range fields {
		if v := r.text(rec.Fields[field]); v != "" {
			if out == nil {
				out = make(map[string]string, len(fields))
			}
			out[label] = v
		}
	}
	return out
}

// clean takes out what nobody sees: control characters, and marks that turn the direction of what follows.
func clean(v string) string {
	if plain(v) {
		return strings.TrimSpace(v)
	}
	v = strings.ToValidUTF8(v, "\ufffd")
	if !strings.ContainsFunc(v, unseen) {
		return strings.TrimSpace(v)
	}
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unseen(r):
			return -1
		}
		return r
	}, v)), " ")
}

// plain tells whether a text has nothing but visible characters of ASCII and spaces.
func plain(v string) bool {
	for i := range len(v) {
		if v[i] < ' ' || v[i] >= 0x7f {
			return false
		}
	}
	return true
}

func unseen(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2069 || r == 0xfeff
}
