// Package line is the door of telephony: what is seen of calls and what can be done with them, whatever the exchange.
//
// Owns: the words of calls and the interface that every connector fills. Must not know: cards, organizations, pages. Each connector
// is a room of its own: sip, hook, ami, ari, threecx, xsi, and fake, an exchange made for tests. Start reading at: Line.
package line

import (
	"context"
	"errors"
	"time"
)

// What a connector answers when it cannot do what is asked.
var (
	ErrRefused     = errors.New("line: the exchange refused")         // wrong password, unknown extension: trying again is of no use
	ErrUnreachable = errors.New("line: the exchange does not answer") // trying again may help
	ErrUnsupported = errors.New("line: not possible on this exchange")
	ErrNoCall      = errors.New("line: no such call")
)

// What an exchange may make us hold at most: whoever names one also names what it says.
const (
	MostCalls = 10_000    // at once; others are not seen
	MostText  = 256 << 10 // bytes of one message
)

// State is where a call stands.
type State string

// The states of a call.
const (
	Ringing   State = "ringing"
	Answered  State = "answered"
	Ended     State = "ended"
	Missed    State = "missed"
	Elsewhere State = "elsewhere" // another phone answered
)

// Event is one step of a call on one extension.
type Event struct {
	Call      string // id of the call in the exchange, the same in all of its events
	Extension string // whose phone: "101"
	State     State
	Outgoing  bool
	Own       bool   // begun by our own click-to-dial: it does not pop
	Remote    string // number or address as the exchange gave it; "" when Hidden
	Display   string // name that the exchange gave; "" when Hidden
	Hidden    bool   // the caller asked for privacy: nothing of them is kept, whatever the exchange leaked
	At        time.Time
}

// Line watches the extensions of one exchange and acts on their calls.
type Line interface {
	// Watch tells events until ctx ends; it reconnects by itself and gives an error only when going on is of no use (wrong
	// password, unknown extension).
	Watch(ctx context.Context, tell func(Event)) error
	// Dial rings the extension's own phone first and calls the number once it is answered. It gives the id of the call.
	Dial(ctx context.Context, extension, number string) (call string, err error)
	// Hangup ends a call.
	Hangup(ctx context.Context, extension, call string) error
}
