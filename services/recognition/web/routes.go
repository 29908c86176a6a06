package web

import (
	"slices"

	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/services/recognition"
)

// Routes are the pages of the service.
func Routes(m *recognition.Module) []edge.Route {
	return slices.Concat(setupRoutes(m), deskRoutes(m), supportRoutes(m), scriptRoutes(m))
}
