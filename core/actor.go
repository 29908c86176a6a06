package core

import (
	"context"
	"net/netip"
	"time"
)

// ActorKind says what sort of actor did an act.
type ActorKind uint8

// The kinds of actors. The zero value is Anonymous: whoever has not proved anything.
const (
	Anonymous ActorKind = iota
	HumanActor
	ServiceActor
	SystemActor
)

// String gives the kind as it stands in the journal.
func (k ActorKind) String() string {
	return [...]string{"anonymous", "person", "service", "system"}[k&3]
}

// Actor is who acts: a person through a session or a token, a service account, the system itself, or nobody yet.
// Edge fills it from the session or token; the gate decides and journals by it.
type Actor struct {
	Kind    ActorKind
	ID      ID // person, service account, or the name of a job for the system
	Account ID
	Session ID // set when a session carries the act
	Token   ID // set when an access token carries it
	Org     ID // organization of a service account; empty for a person (a person can be a member of several)
	Staff   bool
	Address netip.Addr
	Agent   string // User-Agent, cut to 256 bytes
	Request ID     // one per HTTP request or job run
	// AuthenticatedAt is when this actor last proved who they are (sign-in or step-up).
	AuthenticatedAt time.Time
	// AAL is the authenticator assurance level reached (NIST SP 800-63B): 1 password, 2 with a second factor.
	AAL int
	// Scopes limits a token to these permissions; nil means everything that the actor may do.
	Scopes []Permission
}

// System is the actor of the platform's own work; name says which job or command.
func System(name string) Actor { return Actor{Kind: SystemActor, ID: ID(name)} }

type actorKey struct{}

// WithActor returns a context whose acts are done by a.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf tells who acts in ctx: the anonymous actor when nobody was set.
func ActorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}
