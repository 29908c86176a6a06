package recognition

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/pop"
)

// Call is one call of a person's own phone.
type Call struct {
	ID        core.ID
	Org       core.ID
	Person    core.ID // whose phone it is
	Line      core.ID // the exchange
	Extension string
	State     line.State
	Outgoing  bool
	Own       bool      // begun by click-to-dial: it does not pop
	Hidden    bool      // the caller asked for privacy: Remote and Display are empty, nothing was looked up
	Remote    string    // E.164 when it is a public number, else as the exchange gave it
	Display   string    // name that the exchange gave
	Automated bool      // from a range kept for automated callers
	Company   bool      // the cards are those of a company's numbers: the person is unknown
	Cards     []Match   // all that were found, read when they are shown: a removed link's are gone
	Note      string    // what the person wrote
	Began     time.Time // rang
	Answered  time.Time // zero when it was not
	Ended     time.Time // zero while it lasts
	Changed   time.Time // of the last event
}

// Live tells whether the call goes on.
func (c Call) Live() bool { return c.State == line.Ringing || c.State == line.Answered }

// Seen is a call with what its organization's scripts do for the caller.
type Seen struct {
	Call
	Actions []pop.Action
}

// HistoryQuery asks for calls of one's own.
type HistoryQuery struct {
	Search string  // in names, companies, numbers and notes; "" for all
	Before core.ID // calls older than this one
	Limit  int     // 50 when zero
}

// Report takes an event of an exchange of org: it finds whose phone it is, looks the caller up once, keeps the call in that person's
// history and tells their open pages on every node. Nothing of a hidden caller is looked up nor kept. An extension that belongs to
// nobody gives an Error of kind NotFound ("call.extension").
func (m *Module) Report(ctx context.Context, org core.ID, e line.Event) error {
	return m.report(ctx, org, "", e)
}

// History gives the actor's own calls, newest first.
func (m *Module) History(ctx context.Context, org core.ID, q HistoryQuery) ([]Seen, error) {
	return m.history(ctx, org, q)
}

// Dial rings the actor's own phone and calls number once it is answered.
func (m *Module) Dial(ctx context.Context, org core.ID, number string) error {
	return m.errand(ctx, org, verbDial, number, "")
}

// Hangup ends a live call of the actor's own.
func (m *Module) Hangup(ctx context.Context, org, call core.ID) error {
	return m.errand(ctx, org, verbHangup, "", call)
}
