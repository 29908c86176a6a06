package terms

import (
	"context"
	"math"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Reading is a document as anyone reads it: one version, and which others there are.
type Reading struct {
	Document
	Shown    Version
	Versions []Version // newest first, without their texts
	Before   *Version  // the version before the one shown, with its text
}

// Public lists the documents of the provider that are in force, for whoever comes.
func (m *Module) Public(ctx context.Context) ([]Document, error) {
	var list []Document
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadTerms, Org: core.Platform}, func(tx core.Tx) error {
		docs, err := db.All(ctx, tx, qDocuments, scanDocument, core.Platform)
		list = nil
		for _, d := range docs {
			if !d.Withdrawn {
				list = append(list, d)
			}
		}
		return err
	})
	return list, err
}

// Read gives a version of a document (0 for the one in force). A document is named by an id that nobody can guess and
// says nothing of anyone; whoever was sent its address reads it before accepting, signed in or not.
func (m *Module) Read(ctx context.Context, id core.ID, number int64) (Reading, error) {
	var r Reading
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadTerms, Org: core.Platform}, func(tx core.Tx) (err error) {
		r, err = m.reading(ctx, tx, id, number)
		if err == nil && r.Withdrawn {
			err = errAbsent
		}
		return err
	})
	return r, err
}

func (m *Module) reading(ctx context.Context, tx core.Tx, id core.ID, number int64) (r Reading, err error) {
	d, found, err := db.One(ctx, tx, qDocument, scanDocument, id)
	if err != nil {
		return r, err
	}
	if !found {
		return r, errAbsent
	}
	if number == 0 {
		number = d.Latest
	}
	all, err := db.All(ctx, tx, qVersions, scanVersion, d.Org, d.ID)
	if err != nil {
		return r, err
	}
	r.Document = d
	for _, v := range all {
		switch v.Number {
		case number:
			r.Shown = v
		case number - 1:
			before := v
			r.Before = &before
		}
		v.Text = core.Text{}
		r.Versions = append(r.Versions, v)
	}
	if r.Shown.Number == 0 {
		return r, errAbsent
	}
	return r, nil
}

// Managed is a document in the list of those who manage them.
type Managed struct {
	Document
	PublishedAt time.Time
	Accepted    int64 // how many persons accepted the version in force
}

// Manage lists the documents of an organization with their counts.
func (m *Module) Manage(ctx context.Context, org core.ID) ([]Managed, error) {
	var list []Managed
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ManageTerms, Org: org}, func(tx core.Tx) error {
		list = nil
		docs, err := db.All(ctx, tx, qDocuments, scanDocument, org)
		if err != nil {
			return err
		}
		for _, d := range docs {
			v, _, err := db.One(ctx, tx, qVersion, scanVersion, org, d.ID, d.Latest)
			if err != nil {
				return err
			}
			counts, err := m.tally(ctx, tx, org, d.ID)
			if err != nil {
				return err
			}
			list = append(list, Managed{d, v.PublishedAt, counts[d.Latest]})
		}
		return nil
	})
	return list, err
}

// ManageOne gives a document of an organization, withdrawn or not, with its texts.
func (m *Module) ManageOne(ctx context.Context, org, id core.ID, number int64) (Reading, error) {
	var r Reading
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ManageTerms, Org: org, Resource: id}, func(tx core.Tx) (err error) {
		if _, err := m.of(ctx, tx, org, id); err != nil {
			return err
		}
		r, err = m.reading(ctx, tx, id, number)
		return err
	})
	return r, err
}

func (m *Module) tally(ctx context.Context, tx core.Tx, org, id core.ID) (map[int64]int64, error) {
	type pair struct{ version, n int64 }
	list, err := db.All(ctx, tx, qTally, func(scan db.Scan) (p pair, err error) { err = scan(&p.version, &p.n); return p, err }, org, id)
	counts := map[int64]int64{}
	for _, p := range list {
		counts[p.version] = p.n
	}
	return counts, err
}

// Acceptance is one person's acceptance of one version.
type Acceptance struct {
	Person  core.ID
	Name    string
	Version int64
	At      time.Time
}

// Accepted lists who accepted a document, latest first, before a moment and a person (zero for the first page).
func (m *Module) Accepted(ctx context.Context, org, id core.ID, before time.Time, person core.ID, limit int) ([]Acceptance, error) {
	var list []Acceptance
	at := clock.Micros(before)
	if at == 0 {
		at = math.MaxInt64
	}
	act := &core.Act{Def: ListAccepted, Org: org, Resource: id}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if _, err := m.of(ctx, tx, org, id); err != nil {
			return err
		}
		var err error
		list, err = db.All(ctx, tx, qWho, func(scan db.Scan) (a Acceptance, err error) {
			var at int64
			err = scan(&a.Person, &a.Version, &at)
			a.At = clock.FromMicros(at)
			return a, err
		}, org, id, at, person, limit)
		if err != nil {
			return err
		}
		who := make([]core.ID, len(list))
		for i, a := range list {
			who[i] = a.Person
		}
		act.Subjects = who
		people, err := m.needs.People.People(ctx, tx, who...)
		for i := range list {
			list[i].Name = people[list[i].Person].Name()
		}
		return err
	})
	return list, err
}
