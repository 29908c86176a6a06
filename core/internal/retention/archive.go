package retention

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	errSearch    = i18n.Fault(core.Invalid, "archive.search", "Dites ce que vous cherchez et pourquoi.", "Say what you look for and why.")
	reasonReason = i18n.Reason("archive.reason", "Dites pourquoi vous lisez l'archive, en 10 à 500 caractères.", "Say why you read the archive, in 10 to 500 characters.")
	reasonWhat   = i18n.Reason("archive.what", "Donnez une organisation ou une personne.", "Give an organization or a person.")
)

// shelf is the owner of the key that seals the archive of an organization: it outlives the organization's own.
func shelf(org core.ID) core.ID { return "archive." + org }

var byPerson = core.IndexField{
	Name: "retention_archive.person", Version: 1, Bits: 122,
	Normalise: func(v string) (string, error) { return strings.TrimSpace(v), nil },
}

// mark is the blind index of a person; none for nobody.
func (m *Module) mark(ctx context.Context, person core.ID) ([]byte, error) {
	if person == "" {
		return []byte{}, nil
	}
	return m.needs.Index.Index(ctx, core.Platform, byPerson, string(person))
}

// keep writes a row to the archive. The key of its shelf was made before.
func (m *Module) keep(ctx context.Context, tx core.Tx, a core.Archived, rule string, until time.Time) error {
	if !until.After(m.now()) { // its whole time is over already
		return nil
	}
	plain, err := json.Marshal(a.Values)
	if err != nil {
		return fmt.Errorf("retention: archive: %w", err)
	}
	id := ids.At(m.now())
	sealed, err := m.seal(ctx, shelf(a.Org), placeRow, id, string(plain))
	if err != nil {
		return err
	}
	mark, err := m.mark(ctx, a.Person)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qArchive, a.Org, id, a.Table, rule, mark, sealed, clock.Micros(a.Began), clock.Micros(m.now()), clock.Micros(until))
	return err
}

// Start makes the secret of the archive's index, so that no transaction has to.
func (m *Module) Start(ctx context.Context) error {
	_, err := m.mark(ctx, core.Platform)
	return err
}

// Prepare makes the key of the archive of an organization, before the transaction that writes there.
func (m *Module) Prepare(ctx context.Context, org core.ID) error {
	if err := m.needs.Keys.MakeKeys(ctx, shelf(org)); err != nil {
		return err
	}
	return m.Start(ctx)
}

// years is how long administrative data are kept after the end of a contract (CTI-32.2).
const years = 7

// Shelve gives the function by which the rows of an organization that ends go to the archive until seven years from now.
func (m *Module) Shelve(tx core.Tx) func(context.Context, core.Archived) error {
	return func(ctx context.Context, a core.Archived) error {
		return m.keep(ctx, tx, a, "archive", m.now().AddDate(years, 0, 0))
	}
}

// Kept is one record of the archive.
type Kept struct {
	Org, ID             core.ID
	Table, Rule         string
	Began, Moved, Until time.Time
	Values              map[string]any
	sealed              []byte
}

// Fields lists the values in a steady order.
func (k Kept) Fields() []string {
	names := make([]string, 0, len(k.Values))
	for n := range k.Values {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func scanKept(scan db.Scan) (k Kept, err error) {
	var began, moved, until int64
	err = scan(&k.Org, &k.ID, &k.Table, &k.Rule, &k.sealed, &began, &moved, &until)
	k.Began, k.Moved, k.Until = clock.FromMicros(began), clock.FromMicros(moved), clock.FromMicros(until)
	return k, err
}

// Quest is what somebody looks for in the archive, and why.
type Quest struct {
	Org, Person core.ID
	Reason      string
}

// Search opens the records of an organization, of a person, or of a person in an organization: at most 200, the newest.
func (m *Module) Search(ctx context.Context, q Quest) (list []Kept, err error) {
	bad := errSearch
	if n := utf8.RuneCountInString(strings.TrimSpace(q.Reason)); n < 10 || n > 500 {
		bad = bad.With("reason", reasonReason)
	}
	// What is no id is refused: a name typed there would stand in the journal in clear.
	if q.Org == "" && q.Person == "" || !isID(q.Org) || !isID(q.Person) {
		bad = bad.With("org", reasonWhat)
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	mark, err := m.mark(ctx, q.Person)
	if err != nil {
		return nil, err
	}
	act := &core.Act{Def: SearchArchive, Org: core.Platform, Resource: q.Org, Subject: q.Person, Note: strings.TrimSpace(q.Reason)}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		switch {
		case q.Person == "":
			list, err = db.All(ctx, tx, qFindOrg, scanKept, q.Org)
		case q.Org == "":
			list, err = db.All(ctx, tx, qFindWho, scanKept, mark)
		default:
			list, err = db.All(ctx, tx, qFindOne, scanKept, q.Org, mark)
		}
		if err != nil {
			return err
		}
		return m.unpack(ctx, list)
	})
	return list, err
}

func (m *Module) unpack(ctx context.Context, list []Kept) error {
	for i := range list {
		k := &list[i]
		plain, err := m.needs.Sealer.Open(ctx, shelf(k.Org), placeRow+"/"+string(k.ID), k.sealed)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(plain, &k.Values); err != nil {
			return fmt.Errorf("retention: archive: %w", err)
		}
	}
	return nil
}

// Shelf counts what the archive holds of a table of an organization.
type Shelf struct {
	Org   core.ID
	Table string
	N     int64
	Next  time.Time // the first term
}

// Shelves counts the archive without opening it.
func (m *Module) Shelves(ctx context.Context) (list []Shelf, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadRules, Org: core.Platform}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qShelves, func(scan db.Scan) (s Shelf, err error) {
			var next int64
			err = scan(&s.Org, &s.Table, &s.N, &next)
			s.Next = clock.FromMicros(next)
			return s, err
		})
		return err
	})
	return list, err
}

func isID(id core.ID) bool {
	return id == "" || id == core.Platform || id == core.Canaries || id == core.Strangers || ids.Valid(string(id))
}
