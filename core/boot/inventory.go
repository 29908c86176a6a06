package boot

import "github.com/rempart/rempart/core/internal/inventory"

// registers makes the room of assets, sub-processors, documents and evaluations.
func (h *House) registers(doors *late) *inventory.Module {
	return inventory.New(inventory.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, People: h.identity, Rights: h.access,
		Orgs: h.organizations, Origin: h.cfg.Origin,
	})
}
