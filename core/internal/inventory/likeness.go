package inventory

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Likeness is the shape of a line of a register, for a test environment: its versions and files, and nothing of what was written.
type Likeness struct {
	id, parent core.ID
	register   *Register
	versions   []likeVersion
}

type likeVersion struct {
	choices map[string]string // of closed lists
	persons map[string]core.ID
	days    map[string]time.Time
	words   []string // fields that somebody wrote in
	files   []personal.FileLike
}

// Files gives the shape of its files.
func (l *Likeness) Files() (all []personal.FileLike) {
	for _, v := range l.versions {
		all = append(all, v.files...)
	}
	return all
}

var qEvery = db.SQL(`SELECT ` + columns + ` FROM inventory_item i JOIN inventory_version v ON v.item = i.id WHERE i.trial = 0 ORDER BY i.id, v.revision`)

// Likenesses gives the shape of every line, and says everything that was written in them.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, say func(column, value string)) ([]Likeness, error) {
	list, err := db.All(ctx, tx, qEvery, scanItem)
	if err != nil {
		return nil, err
	}
	if err := m.unseal(ctx, list); err != nil {
		return nil, err
	}
	var (
		all   []Likeness
		files []File // of the line, for all its versions
	)
	for i := range list {
		it := &list[i]
		r, known := RegisterOf(it.Register)
		if !known {
			continue
		}
		if len(all) == 0 || all[len(all)-1].id != it.ID {
			all = append(all, Likeness{id: it.ID, parent: it.Parent, register: r})
			if files, err = m.files(ctx, tx, it.ID); err != nil {
				return nil, err
			}
			for _, f := range files {
				say("name", f.Name)
				say("digest", f.Digest)
			}
		}
		v := r.likeVersion(it.Values, say)
		for _, f := range files {
			if f.Revision == it.Revision {
				v.files = append(v.files, personal.FileLike{Type: f.Type, Size: f.Size})
			}
		}
		one := &all[len(all)-1]
		one.versions = append(one.versions, v)
	}
	return all, nil
}

func (r *Register) likeVersion(values Values, say func(column, value string)) likeVersion {
	v := likeVersion{choices: map[string]string{}, persons: map[string]core.ID{}, days: map[string]time.Time{}}
	for _, f := range r.Fields {
		value := values[f.Name]
		switch {
		case value == "":
		case f.Sort == Choice:
			v.choices[f.Name] = value
		case f.Sort == Staff:
			v.persons[f.Name] = core.ID(value)
		case f.Sort == Day:
			v.days[f.Name] = values.Day(f.Name)
		default:
			say("label", value)
			v.words = append(v.words, f.Name)
		}
	}
	return v
}

// Imitate writes lines of those likenesses, with words that were invented.
func (m *Module) Imitate(ctx context.Context, list []Likeness, by personal.Inventor) (rows int, err error) {
	if err := m.needs.Keys.MakeKeys(ctx, core.Platform); err != nil {
		return 0, err
	}
	made := map[core.ID]core.ID{}
	for _, l := range list {
		r := l.register
		it := Item{ID: ids.At(m.now()), Register: r.ID, Parent: made[l.parent], Revision: 1, MadeAt: m.now(), MadeBy: core.ActorOf(ctx).ID}
		made[l.id] = it.ID
		var before Values
		for n, v := range l.versions {
			done := &core.Act{Def: r.Add, Org: core.Platform, Resource: it.ID, Entry: ids.New()}
			if n > 0 {
				done.Def = r.Change
			}
			values, files := r.invent(v, by)
			err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error { return m.keep(ctx, tx, r, &it, before, values, files, done) })
			if err != nil {
				return rows, err
			}
			if n > 0 {
				it.Revision++
			}
			before = values
			rows++
		}
	}
	return rows, nil
}

// address leads nowhere.
func address(word string) string {
	return "https://" + strings.ReplaceAll(strings.ToLower(word), " ", "-") + ".example.invalid/"
}

func (r *Register) invent(v likeVersion, by personal.Inventor) (Values, []Upload) {
	values := Values{}
	maps.Copy(values, v.choices)
	for field, person := range v.persons {
		values[field] = string(by.Who(person))
	}
	for field, day := range v.days {
		if !day.IsZero() {
			values[field] = by.When(day).Format(time.DateOnly)
		}
	}
	for _, field := range slices.Sorted(slices.Values(v.words)) {
		values[field] = by.Word("Mention")
		if f, _ := r.FieldOf(field); f.Sort == Link {
			for values[field] = address(values[field]); by.Taken(values[field]); {
				values[field] = address(by.Word("Mention"))
			}
		}
	}
	files := make([]Upload, len(v.files))
	for i, f := range v.files {
		name, content := by.File(f)
		files[i] = Upload{Name: name, Content: content, kind: f.Type}
	}
	return values, files
}
