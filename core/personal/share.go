package personal

import (
	"context"

	"github.com/rempart/rempart/core"
)

// SharedField is one field that a person may share with an organization, or not.
type SharedField struct {
	ID    string // stable, dotted: "profile.phone"
	Title core.Text
	Term  string // IRI in the Data Privacy Vocabulary, for receipts: "https://w3id.org/dpv/pd#TelephoneNumber"
}

// FieldSource is a room whose fields a person may share one by one. Whoever owns such fields tells Shares when they change.
type FieldSource interface {
	// Fields gives the fields that can be shared, in the order of pages.
	Fields() []SharedField
	// Values gives what the fields of a person say now, as they are shown; those that say nothing are absent.
	Values(ctx context.Context, tx core.Tx, person core.ID) (map[string]string, error)
}

// Shares is the door of the room of consents for whoever owns fields.
type Shares interface {
	// Refresh brings what organizations are shown of a person up to date, in the transaction that changed it.
	Refresh(ctx context.Context, tx core.Tx, person core.ID) error
}

// Permits is the door of the room of consents for whoever needs a consent before an act.
type Permits interface {
	// Given tells whether a person's consent to a purpose of an organization stands now.
	Given(ctx context.Context, tx core.Tx, org, person core.ID, purpose core.Purpose) (bool, error)
}
