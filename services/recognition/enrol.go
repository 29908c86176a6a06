package recognition

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
)

// What a program that enrols may do.
const (
	ForSync      = "sync"      // bring the cards of one link
	ForLookup    = "lookup"    // ask who a number is: a template of a telephone exchange, a script
	ForDirectory = "directory" // read the directory for telephones
	ForCalls     = "calls"     // report calls of a hosted exchange
)

// Install is a one-time code with which a program at the customer's enrols.
type Install struct {
	ID    core.ID
	Code  string // shown once: "K7QW-2MXH-…"
	Until time.Time
}

// InviteAgent makes a one-time install code, good for a quarter of an hour. Link is the one whose cards a program for sync brings,
// "" for the others. Name is what people will call the program.
func (m *Module) InviteAgent(ctx context.Context, org core.ID, what string, link core.ID, name string) (Install, error) {
	return m.inviteAgent(ctx, org, what, link, name)
}

// Enrolled is what a program gets for its code: the token is shown once.
type Enrolled struct {
	Org, Link core.ID
	What      string
	Token     string
}

// Enrol exchanges an install code for a token. Anyone may try, within limits.
func (m *Module) Enrol(ctx context.Context, code string) (Enrolled, error) { return m.enrol(ctx, code) }

// Agent is a program that enrolled.
type Agent struct {
	ID      core.ID
	What    string
	Link    core.ID
	Name    string
	Account core.ID // its service account; "" while its code waits
	MadeBy  core.ID
	MadeAt  time.Time
	Until   time.Time // of the code, while it waits
}

// Agents lists the programs of an organization and the codes that wait, newest first.
func (m *Module) Agents(ctx context.Context, org core.ID) ([]Agent, error) { return m.agents(ctx, org) }

// DismissAgent ends a program: its token is refused at once, or its code if it did not enrol yet.
func (m *Module) DismissAgent(ctx context.Context, org, id core.ID) error {
	return m.dismissAgent(ctx, org, id)
}
