package recognition

import (
	"slices"

	"github.com/rempart/rempart/core"
)

// Probes gives the probes of this service.
func (m *Module) Probes() []*core.Probe {
	return slices.Concat(
		m.cardProbes(),
		m.callProbes(),
		m.scriptProbes(),
		m.syncProbes(),
		m.supportProbes(),
		m.settingProbes(),
		m.partsProbes(),
	)
}
