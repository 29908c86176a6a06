package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
)

// Card is what is known of a caller.
type Card struct {
	ID      core.ID  // within its source
	Source  core.ID  // the link that it came by
	Numbers []string // E.164
	Name    string   // display name
	Company string
	Shown   map[string]string // chosen fields, by label
	Scripts map[string]string // parameters of scripts
}

// Match is one card found for a number. A company's match says that the person is unknown.
type Match struct {
	Card
	CompanyOnly bool // by the prefix of a company's numbers, not by the exact number
	// Order is that of the labels of what is shown, where it is shown to a person; labels that it does not name follow.
	Order []string `json:"-"`
}

// Key names a card within its link: the keyed hash of the record that it came from. Mark is the keyed hash of its content.
type (
	Key  [16]byte
	Mark [8]byte
)

// Stored is one card as it stands in the tables: its numbers by blind index only, the rest sealed under the link's key.
type Stored struct {
	Key    Key
	Mark   Mark
	Blinds []byte // of its numbers, BlindSize bytes each
	Value  []byte // sealed
}

// BlindSize is what is kept of the blind index of a number.
const BlindSize = 16

// Sealing makes stored cards of one link; make one for a request, do not keep it.
type Sealing struct {
	seal  func(where string, plain []byte) ([]byte, error)
	blind func(number string) ([]byte, error)
}

// Sealing gives what seals the cards of a link.
func (m *Module) Sealing(ctx context.Context, org, link core.ID) (*Sealing, error) {
	return m.sealing(ctx, org, link)
}

// Store seals a card. Its numbers are in E.164 already (number.Parse); ID and Source of the card are not looked at.
func (s *Sealing) Store(key Key, mark Mark, c Card) (Stored, error) { return s.store(key, mark, c) }

// OpenShelf begins a new generation of cards of a link: what is put on it is found only once SwitchShelf was called. A shelf of the
// link that was begun and not switched to is left to the sweeper.
func (m *Module) OpenShelf(ctx context.Context, tx core.Tx, org, link core.ID) (shelf int64, err error) {
	return m.openShelf(ctx, tx, org, link)
}

// Put writes cards on a shelf, whatever stood there under their keys: sorted by key is fastest. On the shelf in use they are found
// from the commit on; on a new one nothing is found before SwitchShelf.
func (m *Module) Put(ctx context.Context, tx core.Tx, org, link core.ID, shelf int64, rows []Stored) error {
	return m.put(ctx, tx, org, link, shelf, rows)
}

// Delete takes cards away from the shelf in use.
func (m *Module) Delete(ctx context.Context, tx core.Tx, org, link core.ID, shelf int64, keys []Key) error {
	return m.remove(ctx, tx, org, link, shelf, keys)
}

// Walk gives the key and the mark of every card of a shelf, by key.
func (m *Module) Walk(ctx context.Context, tx core.Tx, org core.ID, shelf int64, give func(Key, Mark) error) error {
	return m.walk(ctx, tx, org, shelf, give)
}

// IndexShelf makes the cards of a new shelf ready to be found, in as many transactions as it takes: call it once all were put, outside
// of any transaction, then SwitchShelf.
func (m *Module) IndexShelf(ctx context.Context, org, link core.ID, shelf int64) error {
	return m.indexShelf(ctx, org, link, shelf)
}

// SwitchShelf makes a shelf the one in use, within the transaction of the act: lookups see the former generation or the new one, never
// both nor half. The former goes in the background.
func (m *Module) SwitchShelf(ctx context.Context, tx core.Tx, org, link core.ID, shelf int64) error {
	return m.switchShelf(ctx, tx, org, link, shelf)
}
