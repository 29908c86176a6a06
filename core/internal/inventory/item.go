package inventory

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
)

// notice is how long before its date a line is flagged and first recalled.
const notice = 60 * 24 * time.Hour

// Item is a line of a register, in one of its versions.
type Item struct {
	ID       core.ID
	Register string
	Parent   core.ID // evaluation of a finding
	Owner    core.ID
	State    string
	Due      time.Time // the date that comes next; zero: none
	Lacks    []string
	Values   Values
	Revision int64

	MadeAt, ChangedAt time.Time
	MadeBy, ChangedBy core.ID
	Entry             core.ID // of the journal, for this version

	sealed      []byte
	tell, trial bool
	late        bool // an evaluation of which a finding is overdue
}

// Flags are what is wrong with a line, or soon will be.
func (it *Item) Flags(now time.Time) []string {
	list := slices.Clone(it.Lacks)
	switch {
	case it.Due.IsZero():
	case !it.Due.After(now):
		list = append(list, FlagOverdue)
	case it.Due.Sub(now) <= notice:
		list = append(list, FlagSoon)
	}
	if it.late {
		list = append(list, FlagFinding)
	}
	if r := it.Values["region"]; (r == regionOutside || r == regionAdequate) && !slices.Contains(list, LacksGround) && it.State != "ended" {
		list = append(list, FlagOutside)
	}
	return list
}

// Grave tells whether a flag breaks what clients were promised.
func Grave(flag string) bool { return flag != FlagSoon && flag != FlagOutside }

// Over tells whether nothing is expected of a line any more.
func (it *Item) Over() bool {
	r, known := RegisterOf(it.Register)
	return known && r.over(it.State)
}

// The filters of a list.
const (
	FilterLive    = ""
	FilterFlagged = "flagged"
	FilterOver    = "over"
)

// Filters are all of them.
var Filters = []string{FilterLive, FilterFlagged, FilterOver}

// View is a list, with the names of whom it names.
type View struct {
	List  []Item
	Count map[string]int
	Names map[core.ID]string
}

func keeps(it *Item, filter string, now time.Time) bool {
	switch filter {
	case FilterFlagged:
		return len(it.Flags(now)) > 0
	case FilterOver:
		return it.Over()
	}
	return !it.Over()
}

// List gives the lines of a register.
func (m *Module) List(ctx context.Context, r *Register, filter string) (v View, err error) {
	done := &core.Act{Def: r.Read, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		v, err = m.list(ctx, tx, r, filter)
		for _, it := range v.List {
			if it.Owner != "" && !slices.Contains(done.Subjects, it.Owner) {
				done.Subjects = append(done.Subjects, it.Owner)
			}
		}
		return err
	})
	return v, err
}

func (m *Module) list(ctx context.Context, tx core.Tx, r *Register, filter string) (v View, err error) {
	all, err := m.every(ctx, tx, r)
	if err != nil {
		return v, err
	}
	now := m.now()
	if r == Evaluations {
		findings, err := m.every(ctx, tx, Findings)
		if err != nil {
			return v, err
		}
		late := map[core.ID]bool{}
		for i := range findings {
			late[findings[i].Parent] = late[findings[i].Parent] || slices.Contains(findings[i].Flags(now), FlagOverdue)
		}
		for i := range all {
			all[i].late = late[all[i].ID]
		}
	}
	v.Count = map[string]int{}
	for i := range all {
		for _, f := range Filters {
			if keeps(&all[i], f, now) {
				v.Count[f]++
				if f == filter {
					v.List = append(v.List, all[i])
				}
			}
		}
	}
	v.Names, err = m.names(ctx, tx, v.List)
	return v, err
}

func (m *Module) every(ctx context.Context, tx core.Tx, r *Register) ([]Item, error) {
	all, err := db.All(ctx, tx, qAll, scanItem, r.ID, core.ActorOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	return all, m.unseal(ctx, all)
}

func (m *Module) names(ctx context.Context, tx core.Tx, list []Item) (map[core.ID]string, error) {
	var who []core.ID
	for _, it := range list {
		for _, id := range []core.ID{it.Owner, it.ChangedBy} {
			if id != "" && !slices.Contains(who, id) {
				who = append(who, id)
			}
		}
	}
	return m.named(ctx, tx, who)
}

func (m *Module) named(ctx context.Context, tx core.Tx, who []core.ID) (map[core.ID]string, error) {
	people, err := m.needs.People.People(ctx, tx, who...)
	names := make(map[core.ID]string, len(people))
	for id, p := range people {
		names[id] = p.Name()
	}
	return names, err
}

// Page is one line with its versions, newest first, its files, and the findings of an evaluation.
type Page struct {
	Item
	Versions []Item
	Files    []File
	Findings []Item
	Names    map[core.ID]string
}

// Get gives one line.
func (m *Module) Get(ctx context.Context, r *Register, id core.ID) (p Page, err error) {
	done := &core.Act{Def: r.Read, Org: core.Platform, Resource: id}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		p = Page{}
		if p.Item, err = m.load(ctx, tx, r, id); err != nil {
			return err
		}
		if p.Owner != "" {
			done.Subjects = []core.ID{p.Owner}
		}
		if p.Versions, err = db.All(ctx, tx, qVersions, scanItem, id); err != nil {
			return err
		}
		if err := m.unseal(ctx, p.Versions); err != nil {
			return err
		}
		if p.Files, err = m.files(ctx, tx, id); err != nil {
			return err
		}
		named := append([]Item{p.Item}, p.Versions...)
		if r == Evaluations {
			all, err := m.every(ctx, tx, Findings)
			if err != nil {
				return err
			}
			for i := range all {
				if all[i].Parent == id {
					p.Findings = append(p.Findings, all[i])
					p.late = p.late || slices.Contains(all[i].Flags(m.now()), FlagOverdue)
				}
			}
			named = append(named, p.Findings...)
		}
		p.Names, err = m.names(ctx, tx, named)
		return err
	})
	return p, err
}

// Team gives the staff who can own a line, for whoever may add one.
func (m *Module) Team(ctx context.Context) (names map[core.ID]string, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		staff, err := m.staff(ctx, tx)
		if err != nil {
			return err
		}
		names, err = m.named(ctx, tx, staff)
		return err
	})
	return names, err
}

// staff are the members of staff; a canary sees canaries only, and nobody else sees any.
func (m *Module) staff(ctx context.Context, tx core.Tx) ([]core.ID, error) {
	live, err := m.needs.Rights.LiveIn(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	var list []core.ID
	for _, a := range live {
		if !slices.Contains(list, a.Person) {
			list = append(list, a.Person)
		}
	}
	people, err := m.needs.People.People(ctx, tx, append(slices.Clone(list), core.ActorOf(ctx).ID)...)
	if err != nil {
		return nil, err
	}
	canary := people[core.ActorOf(ctx).ID].IsCanary()
	return slices.DeleteFunc(list, func(id core.ID) bool { p, known := people[id]; return !known || p.IsCanary() != canary }), nil
}

// Draft is what a person writes into a register.
type Draft struct {
	Values Values
	Files  []Upload
	Parent core.ID // evaluation of a finding
	// Revision is the version that was read before the change.
	Revision int64
}

// Add writes a new line.
func (m *Module) Add(ctx context.Context, r *Register, d Draft) (core.ID, error) {
	now := m.now()
	if err := m.needs.Keys.MakeKeys(ctx, core.Platform); err != nil {
		return "", err
	}
	it := Item{ID: ids.At(now), Register: r.ID, Parent: d.Parent, Revision: 1, MadeAt: now, MadeBy: core.ActorOf(ctx).ID}
	done := &core.Act{Def: r.Add, Org: core.Platform, Resource: it.ID, Entry: ids.New()}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		if err := m.inside(ctx, tx, r, d.Parent); err != nil {
			return err
		}
		people, err := m.needs.People.People(ctx, tx, it.MadeBy)
		if err != nil {
			return err
		}
		it.trial = people[it.MadeBy].IsCanary()
		return m.write(ctx, tx, r, &it, nil, d, done)
	})
	return it.ID, err
}

// inside refuses a finding of no evaluation.
func (m *Module) inside(ctx context.Context, tx core.Tx, r *Register, parent core.ID) error {
	if r != Findings {
		if parent != "" {
			return errAbsent
		}
		return nil
	}
	_, err := m.load(ctx, tx, Evaluations, parent)
	return err
}

// Change writes a new version of a line; the former ones stay.
func (m *Module) Change(ctx context.Context, r *Register, id core.ID, d Draft) error {
	done := &core.Act{Def: r.Change, Org: core.Platform, Resource: id, Entry: ids.New()}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		it, err := m.load(ctx, tx, r, id)
		if err != nil {
			return err
		}
		if it.Revision != d.Revision {
			return errChanged
		}
		return m.write(ctx, tx, r, &it, it.Values, d, done)
	})
}

// write checks a draft and keeps it as the next version of a line.
func (m *Module) write(ctx context.Context, tx core.Tx, r *Register, it *Item, before Values, d Draft, done *core.Act) error {
	staff, err := m.staff(ctx, tx)
	if err != nil {
		return err
	}
	values, wrong := r.clean(d.Values, before, m.now(), staff)
	files, err := sniffAll(d.Files, wrong)
	if err != nil {
		return err
	}
	return m.keep(ctx, tx, r, it, before, values, files, done)
}

// keep writes a version, its files and its changes in the journal.
func (m *Module) keep(ctx context.Context, tx core.Tx, r *Register, it *Item, before, values Values, files []Upload, done *core.Act) error {
	now := m.now()
	old, err := db.All(ctx, tx, qFiles, scanFile, it.ID)
	if err != nil {
		return err
	}
	due := time.Time{}
	if !r.over(values["state"]) {
		due = r.next(values)
	}
	lacks := strings.Join(r.missing(values, len(old)+len(files)), " ")
	revision := it.Revision
	if before == nil {
		_, err = tx.Exec(ctx, qAddItem, it.ID, r.ID, it.Parent, values["owner"], values["state"], clock.Micros(due), lacks, revision, db.Flag(r.toTell(values)), clock.Micros(it.MadeAt), it.MadeBy, db.Flag(it.trial))
	} else {
		var n int64
		n, err = tx.Exec(ctx, qMove, it.ID, revision, values["owner"], values["state"], clock.Micros(due), lacks, db.Flag(r.toTell(values)))
		if err == nil && n == 0 {
			err = errChanged
		}
		revision++
	}
	if err != nil {
		return err
	}
	plain, err := json.Marshal(values)
	if err != nil {
		return err
	}
	details, err := m.seal(ctx, placeDetails, versionKey(it.ID, revision), plain)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qAddVersion, it.ID, revision, details, clock.Micros(now), core.ActorOf(ctx).ID, done.Entry); err != nil {
		return err
	}
	done.Changes = nil
	for _, f := range r.Fields {
		done.Changed(f.Name, before[f.Name], values[f.Name])
	}
	for _, f := range files {
		id := ids.At(now)
		if err := m.addFile(ctx, tx, id, it.ID, revision, f); err != nil {
			return err
		}
		done.Changed("sha256", "", sheet.Digest(f.Content))
	}
	return nil
}
