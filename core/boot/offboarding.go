package boot

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/offboarding"
)

// offboardings makes the room of ends of contract.
func (h *House) offboardings(doors *late) *offboarding.Module {
	return offboarding.New(offboarding.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Places: h.organizations, Archive: h.retention, Rights: h.access,
		People: h.identity, Vault: h.vault, Days: h.settings, Modules: func() []core.Module { return h.modules },
		Files: h.belongings(), Folders: h.documents(), Prove: h.proof, Origin: h.cfg.Origin,
	})
}
