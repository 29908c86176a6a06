package archive

import (
	"bufio"
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// glance is how many rows of each table the page of one's own data holds; inDepth how many the page of one table does.
const (
	glance  = 3
	inDepth = 500
	// most is how many rows one answer of JSON holds.
	most = 20_000
)

// Part is a table as the person's own page shows it.
type Part struct {
	Name    string
	Title   string
	Room    string
	Rows    int64
	Columns []string   // in words
	Cells   [][]string // those of the first rows
	Grounds []Ground
}

// Own is what a person sees of what is held about them.
type Own struct {
	Person     core.Person
	Parts      []Part
	Seen       []Seen
	Archives   []Archive
	Restraints []personal.Restraint
}

// parts turns a bundle into what a page shows.
func (b *bundle) parts(ctx context.Context) ([]Part, error) {
	slices.SortStableFunc(b.sheets, func(x, y *sheet) int {
		return strings.Compare(i18n.From(x.Room).In(ctx)+"\x00"+x.Name, i18n.From(y.Room).In(ctx)+"\x00"+y.Name)
	})
	list := make([]Part, len(b.sheets))
	for i, s := range b.sheets {
		list[i] = Part{Name: s.Name, Title: i18n.From(s.Title).In(ctx), Room: i18n.From(s.Room).In(ctx), Rows: s.rows, Grounds: s.grounds(ctx)}
		for _, name := range s.ordered() {
			list[i].Columns = append(list[i].Columns, capital(i18n.From(Word(s.Name, name)).In(ctx)))
		}
		err := b.cells(ctx, s, func(cells []any) error {
			row := make([]string, len(cells))
			for j, c := range cells {
				row[j] = Say(ctx, c)
			}
			list[i].Cells = append(list[i].Cells, row)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func capital(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return s
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// Own gives the page of one's own data.
func (m *Module) Own(ctx context.Context) (v Own, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &SeeOwn, Org: core.Platform, Subject: self}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		v = Own{}
		if v.Parts, v.Person, err = m.look(ctx, tx, self, glance); err != nil {
			return err
		}
		if m.needs.Seen != nil {
			if v.Seen, err = m.needs.Seen(ctx, tx, self, 20); err != nil {
				return err
			}
		}
		if v.Restraints, err = m.needs.Restrainer.Of(ctx, tx, self); err != nil {
			return err
		}
		v.Archives, err = db.All(ctx, tx, qOf, scanArchive, self)
		return err
	})
	return v, err
}

func (m *Module) look(ctx context.Context, tx core.Tx, self core.ID, rows int64) ([]Part, core.Person, error) {
	person, err := m.needs.People.Person(ctx, tx, self)
	if err != nil {
		return nil, person, err
	}
	b := m.newBundle(person, false)
	b.most = rows
	if err := b.gatherIn(ctx, tx); err != nil {
		return nil, person, err
	}
	parts, err := b.parts(ctx)
	return parts, person, err
}

// Table gives the rows of one table, 500 at most. Error: NotFound.
func (m *Module) Table(ctx context.Context, name string) (p Part, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &SeeOwn, Org: core.Platform, Subject: self}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		list, _, err := m.look(ctx, tx, self, inDepth)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(p Part) bool { return p.Name == name })
		if i < 0 {
			return errUnknown
		}
		p = list[i]
		return nil
	})
	return p, err
}

// Seen tells who else saw one's own data, newest first, 200 at most.
func (m *Module) Seen(ctx context.Context) (list []Seen, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &SeeOwn, Org: core.Platform, Subject: self}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		list, err = m.needs.Seen(ctx, tx, self, 200)
		return err
	})
	return list, err
}

// Erasure previews what an erasure of oneself would delete, and what must stay and why; nil while nobody can tell.
func (m *Module) Erasure(ctx context.Context) (list []core.Receipt, err error) {
	if m.needs.Eraser == nil || m.needs.Eraser() == nil {
		return nil, nil
	}
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &SeeOwn, Org: core.Platform, Subject: self}
	if err := m.needs.Gate.Read(ctx, act, func(core.Tx) error { return nil }); err != nil {
		return nil, err
	}
	return m.needs.Eraser().Preview(ctx, personal.ErasureOrder{Person: self, Reason: "request"})
}

// JSON gives all that is held about oneself in one answer, in the form of schema.json. Error: Conflict when it is too much for
// one answer.
func (m *Module) JSON(ctx context.Context, portable bool) (out []byte, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &ExportOwn, Org: core.Platform, Subject: self}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		person, err := m.needs.People.Person(ctx, tx, self)
		if err != nil {
			return err
		}
		out, err = m.export(ctx, tx, person, portable, m.now())
		return err
	})
	return out, err
}

func (m *Module) export(ctx context.Context, tx core.Tx, person core.Person, portable bool, at time.Time) ([]byte, error) {
	b := m.newBundle(person, portable)
	b.limit = most
	if err := b.gatherIn(ctx, tx); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(b.held + b.held/8 + 16<<10)
	w := bufio.NewWriter(&out)
	if err := b.json(i18n.With(ctx, b.language()), w, at, ""); err != nil {
		return nil, err
	}
	err := w.Flush()
	return out.Bytes(), err
}

// TableTitle says a table in words.
func (m *Module) TableTitle(ctx context.Context, table string) string {
	return i18n.From(m.shapeOf(table).Title).In(ctx)
}

// RuleTitle says a retention rule in words, "" when no manifest names it.
func (m *Module) RuleTitle(ctx context.Context, rule string) string {
	for _, mf := range m.needs.Manifests() {
		for _, r := range mf.Rules {
			if r.Name == rule {
				return i18n.From(r.Title).In(ctx)
			}
		}
	}
	return ""
}
