package attestation

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/sheet"
)

// State is how an attestation stands now.
type State string

// The states.
const (
	Current   State = "current"
	Due       State = "due" // expires within 60 days
	Expired   State = "expired"
	Replaced  State = "replaced" // renewed by another
	Withdrawn State = "withdrawn"
)

// States lists them in the order of pages.
var States = []State{Current, Due, Expired, Replaced, Withdrawn}

// Attestation is what a person signed.
type Attestation struct {
	ID          core.ID
	Kind        string
	Reach       string
	Place       string
	From, Until time.Time
	Details     string
	Text        core.Text // the statement as it was signed
	Digest      string    // SHA-256 of the text signed
	Signer      core.ID
	AAL         int
	SignedAt    time.Time
	Entry       core.ID // of the journal
	Renews      core.ID
	ReplacedBy  core.ID
	WithdrawnAt time.Time
	WithdrawnBy core.ID
	Files       []File

	sealed []byte
	trial  bool
}

// State tells how it stands at a date.
func (a *Attestation) State(now time.Time) State {
	switch {
	case !a.WithdrawnAt.IsZero():
		return Withdrawn
	case a.ReplacedBy != "":
		return Replaced
	case !a.Until.After(now):
		return Expired
	case !a.Until.After(now.Add(notice)):
		return Due
	}
	return Current
}

// Genuine tells whether the row still says what was signed. Only an attestation read with its details and files can tell.
func (a *Attestation) Genuine() bool { return sheet.Digest([]byte(canonical(a))) == a.Digest }

// View is what the pages show: attestations with the names of who signed them.
type View struct {
	List  []Attestation
	Names map[core.ID]string
	Count map[State]int // of all, whatever the filter
	Bare  []Kind        // kinds that nothing in force attests
}

// List gives the attestations, newest first; of one state unless it is "".
func (m *Module) List(ctx context.Context, state State) (v View, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: core.Platform}, func(tx core.Tx) error {
		v, err = m.list(ctx, tx, state)
		return err
	})
	return v, err
}

func (m *Module) list(ctx context.Context, tx core.Tx, state State) (v View, err error) {
	all, err := db.All(ctx, tx, qAll, scanAttestation, core.ActorOf(ctx).ID)
	if err != nil {
		return v, err
	}
	now, inForce := m.now(), map[string]bool{}
	v.Count = map[State]int{}
	var persons []core.ID
	for _, a := range all {
		is := a.State(now)
		v.Count[is]++
		inForce[a.Kind] = inForce[a.Kind] || is == Current || is == Due
		if state == "" || is == state {
			v.List, persons = append(v.List, a), append(persons, a.Signer)
		}
	}
	for _, k := range Kinds() {
		if !inForce[k.ID] {
			v.Bare = append(v.Bare, k)
		}
	}
	v.Names, err = m.names(ctx, tx, persons...)
	return v, err
}

// names gives those of persons; whoever was erased has none.
func (m *Module) names(ctx context.Context, tx core.Tx, persons ...core.ID) (map[core.ID]string, error) {
	slices.Sort(persons)
	people, err := m.needs.People.People(ctx, tx, slices.Compact(persons)...)
	names := make(map[core.ID]string, len(people))
	for id, p := range people {
		names[id] = p.Name()
	}
	return names, err
}

// Event is one line of the history of an attestation.
type Event struct {
	At     time.Time
	What   string // signed, recalled, expired, replaced, withdrawn
	Step   string // of a reminder: days before
	Person core.ID
	About  core.ID // the other attestation, when it was renewed
}

// Sheet is one attestation with its history.
type Sheet struct {
	Attestation
	Names   map[core.ID]string
	History []Event
	Sound   bool // what is shown is what was signed
}

// Get gives one attestation with its history.
func (m *Module) Get(ctx context.Context, id core.ID) (s Sheet, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		a, err := m.load(ctx, tx, id)
		if err != nil {
			return err
		}
		s = Sheet{Attestation: a, Sound: a.Genuine()}
		if s.History, err = m.history(ctx, tx, &a); err != nil {
			return err
		}
		persons := []core.ID{a.Signer}
		for _, e := range s.History {
			if e.Person != "" {
				persons = append(persons, e.Person)
			}
		}
		s.Names, err = m.names(ctx, tx, persons...)
		return err
	})
	return s, err
}

// load reads an attestation whole.
func (m *Module) load(ctx context.Context, tx core.Tx, id core.ID) (Attestation, error) {
	a, found, err := db.One(ctx, tx, qOne, scanAttestation, id)
	if err != nil {
		return a, err
	}
	if !found || a.trial && a.Signer != core.ActorOf(ctx).ID {
		return a, errAbsent
	}
	details, err := m.open(ctx, core.Platform, placeDetails, a.ID, a.sealed)
	if err != nil {
		return a, err
	}
	a.Details = string(details)
	a.Files, err = m.files(ctx, tx, a.ID)
	return a, err
}

// history tells what became of an attestation, newest first.
func (m *Module) history(ctx context.Context, tx core.Tx, a *Attestation) ([]Event, error) {
	list := []Event{{At: a.SignedAt, What: "signed", Person: a.Signer, About: a.Renews}}
	sent, err := db.All(ctx, tx, qSent, scanSent, a.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range sent {
		list = append(list, Event{At: s.at, What: "recalled", Step: s.step, Person: s.person})
	}
	if !a.Until.After(m.now()) {
		list = append(list, Event{At: a.Until, What: "expired"})
	}
	if a.ReplacedBy != "" {
		next, found, err := db.One(ctx, tx, qOne, scanAttestation, a.ReplacedBy)
		if err != nil {
			return nil, err
		}
		if found {
			list = append(list, Event{At: next.SignedAt, What: "replaced", Person: next.Signer, About: next.ID})
		}
	}
	if !a.WithdrawnAt.IsZero() {
		list = append(list, Event{At: a.WithdrawnAt, What: "withdrawn", Person: a.WithdrawnBy})
	}
	slices.SortStableFunc(list, func(x, y Event) int { return cmp.Compare(clock.Micros(y.At), clock.Micros(x.At)) })
	return list, nil
}

// Renewal proposes the draft that renews an attestation: the same thing, the period that follows.
func (m *Module) Renewal(ctx context.Context, id core.ID) (d Draft, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		a, err := m.load(ctx, tx, id)
		if err != nil {
			return err
		}
		from := a.Until
		if now := m.now(); from.After(now) {
			from = now
		}
		kind, _ := KindOf(a.Kind)
		d = Draft{Kind: a.Kind, Reach: a.Reach, Place: a.Place, Details: a.Details, Renews: a.ID, From: from, Until: m.now().AddDate(0, 0, kind.Days)}
		return nil
	})
	return d, err
}

// Standing is how a kind is attested: by what is in force of it.
type Standing struct {
	Kind          string
	Person        core.ID
	Signed, Until time.Time
	Evidence      string // SHA-256 of the text signed, which names its files
}

// Standings gives the attestation of each kind that ends first, one for each thing that it bears on: a kind stands as
// long as each of its sites and teams does.
func (m *Module) Standings(ctx context.Context, tx core.Tx) ([]Standing, error) {
	all, err := db.All(ctx, tx, qLive, scanAttestation)
	if err != nil {
		return nil, err
	}
	type where struct{ kind, reach, place string }
	latest := map[where]Attestation{}
	for _, a := range all {
		at := where{a.Kind, a.Reach, a.Place}
		if !a.Until.Before(latest[at].Until) {
			latest[at] = a
		}
	}
	first := map[string]Attestation{}
	for at, a := range latest {
		if one, ok := first[at.kind]; !ok || a.Until.Before(one.Until) {
			first[at.kind] = a
		}
	}
	out := make([]Standing, 0, len(first))
	for _, a := range first {
		out = append(out, Standing{a.Kind, a.Signer, a.SignedAt, a.Until, a.Digest})
	}
	slices.SortFunc(out, func(a, b Standing) int { return cmp.Compare(a.Kind, b.Kind) })
	return out, nil
}
