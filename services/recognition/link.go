package recognition

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
)

// LinkState is where a link stands.
type LinkState string

// The states of a link. Cards of an active link only are found.
const (
	LinkAwaiting LinkState = "awaiting" // made, no card came yet
	LinkActive   LinkState = "active"
	LinkPaused   LinkState = "paused" // its cards stay and are not found
)

// Trunk is the numbers of a company that begin alike: "+331420000" stands for the ten thousand, thousand, hundred or ten numbers behind
// it. A caller found by it is a company, person unknown.
type Trunk struct {
	Prefix  string `json:"prefix"` // E.164, 7 to 14 digits
	Company string `json:"company"`
}

// Mapping says which fields of a tool become what. It is sealed with the link; its version is part of what an agent compares.
type Mapping struct {
	Region  string            `json:"region,omitempty"`  // of numbers without a country: "FR"
	Name    []string          `json:"name,omitempty"`    // fields joined by a space
	Company string            `json:"company,omitempty"` // one field
	Numbers []string          `json:"numbers,omitempty"` // fields that hold numbers
	Shown   map[string]string `json:"shown,omitempty"`   // label → field
	Order   []string          `json:"order,omitempty"`   // labels as the notification shows them; those it does not name follow
	Scripts map[string]string `json:"scripts,omitempty"` // parameter → field
	Trunks  []Trunk           `json:"trunks,omitempty"`  // numbers of companies, person unknown
}

// Link is a link to one tool of an organization.
type Link struct {
	Org, ID core.ID
	State   LinkState
	Name    string // what people call it
	Kind    string // of the tool: "csv", "sql", "ldap", "carddav", "rest", "form"
	Mapping Mapping
	Version int64 // of the mapping: grows with each change of it
	Shelf   int64 // the generation of cards that is found now; 0: none yet
	Cards   int64 // how many stand on it
	MadeAt  time.Time
	MadeBy  core.ID
	TurnAt  time.Time // when its cards were last changed; zero: never
}

// LinkDraft is what a person types of a link.
type LinkDraft struct {
	Name, Kind string
	Mapping    Mapping
	// Secret is what the tool is read with (an address, an account, a password), as its source writes it; nil keeps the former.
	Secret []byte
}

// MakeLink makes a link and its key.
func (m *Module) MakeLink(ctx context.Context, org core.ID, d LinkDraft) (core.ID, error) {
	return m.makeLink(ctx, org, d)
}

// ChangeLink changes what a link is called, shows or is read with; another mapping is another version.
func (m *Module) ChangeLink(ctx context.Context, org, id core.ID, d LinkDraft) error {
	return m.changeLink(ctx, org, id, d)
}

// PauseLink stops cards of a link from being found, or lets them be found again.
func (m *Module) PauseLink(ctx context.Context, org, id core.ID, paused bool) error {
	return m.pauseLink(ctx, org, id, paused)
}

// RemoveLink ends a link: its cards are found nowhere any more, on no node, its key is destroyed, and its rows go (CTI-32.1). Many
// rows, unreadable already, go on going after it has returned.
func (m *Module) RemoveLink(ctx context.Context, org, id core.ID) error {
	return m.removeLink(ctx, org, id)
}

// Links lists those of an organization, by name.
func (m *Module) Links(ctx context.Context, org core.ID) ([]Link, error) { return m.links(ctx, org) }

// Link gives one.
func (m *Module) Link(ctx context.Context, org, id core.ID) (Link, error) {
	return m.link(ctx, org, id)
}

// LinkSecret gives what a tool is read with, to whom may see it (CTI-28).
func (m *Module) LinkSecret(ctx context.Context, org, id core.ID) ([]byte, error) {
	return m.linkSecret(ctx, org, id)
}

// LinkIn gives a link within a transaction of another act, for what serves an agent.
func (m *Module) LinkIn(ctx context.Context, tx core.Tx, org, id core.ID) (Link, error) {
	return m.readLink(ctx, tx, org, id)
}
