package recognition

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
)

// SyncState is where the synchronisation of a link stands.
type SyncState string

// The states of a synchronisation.
const (
	SyncNone      SyncState = ""          // no agent ever came
	SyncIdle      SyncState = "idle"      // what was sent last is found
	SyncOpen      SyncState = "open"      // an agent is sending
	SyncSwitching SyncState = "switching" // a full set is being loaded
	SyncWaiting   SyncState = "waiting"   // it would take away more than a fifth of the cards: a person decides
	SyncRefused   SyncState = "refused"   // a person refused it; the agent tells so and starts anew at its next turn
)

// SyncHealth is how the synchronisation of a link goes.
type SyncHealth struct {
	Org, Link  core.ID
	State      SyncState
	Generation int64
	Cards      int    // held
	Digest     string // of the set, proven equal to the source's at Done
	Done       time.Time
	Begun      time.Time // of the session that is open
	Chunks     int       // that arrived of it
	Loaded     int       // cards, while switching
	Every      time.Duration
	Late       bool
	Due        time.Time // of the next turn, by what the agent says; zero when it says nothing
	Puts       int       // that wait, or were made last
	Deletes    int
	Version    string // of the agent
	Fault      string // code of what went wrong last, "" for nothing
}

// SyncHealthOf tells how the synchronisation of a link goes.
func (m *Module) SyncHealthOf(ctx context.Context, org, link core.ID) (SyncHealth, error) {
	return m.syncHealth(ctx, org, link)
}

// Waiting lists the synchronisations of an organization that wait for a person.
func (m *Module) Waiting(ctx context.Context, org core.ID) ([]SyncHealth, error) {
	return m.waiting(ctx, org)
}

// Approve lets a synchronisation that takes away more than a fifth of the cards go on.
func (m *Module) Approve(ctx context.Context, org, link core.ID) error {
	return m.approve(ctx, org, link)
}

// Refuse drops what a synchronisation that waits brought: the cards stay as they are.
func (m *Module) Refuse(ctx context.Context, org, link core.ID) error {
	return m.refuse(ctx, org, link)
}

// SyncSettings gives an agent what it applies to its tool: the mapping that people chose.
func (m *Module) SyncSettings(ctx context.Context, org, link core.ID) (l Link, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &SyncAwait, Org: org, Resource: link}, func(tx core.Tx) error {
		if err := m.mine(ctx, tx, org, link); err != nil {
			return err
		}
		l, err = m.LinkIn(ctx, tx, org, link)
		return err
	})
	return l, err
}
