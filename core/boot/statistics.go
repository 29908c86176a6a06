package boot

import "github.com/rempart/rempart/core/internal/statistics"

// figures makes the room of statistics.
func (h *House) figures(doors *late) *statistics.Module {
	return statistics.New(statistics.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Places: h.organizations, People: h.identity, Consents: h.consent,
	})
}
