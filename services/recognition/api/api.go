// Package api is the operations of caller recognition.
//
// Owns: requests and answers. Must not know: tables. Start reading at: Register.
package api

import (
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
)

// Register adds the operations of caller recognition.
func Register(a *rest.API, m *recognition.Module) {
	cards(a, m)
	intake(a, m)
	calls(a, m)
	workstations(a, m)
	subscriptions(a, m)
	previews(a, m)
	directory(a, m)
}
