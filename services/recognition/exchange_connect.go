package recognition

import (
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/fake"
)

// connect makes the line of an exchange.
func (m *Module) connect(r lineRow, phones []string) (line.Line, error) {
	switch r.Kind {
	case KindFake:
		return m.FakeExchange(r.ID).Line(phones...), nil
	}
	return nil, fmt.Errorf("%w: %s", line.ErrUnsupported, r.Kind)
}

// FakeExchange is the demonstration exchange behind a line of this node.
func (m *Module) FakeExchange(id core.ID) *fake.Exchange {
	m.calls.mu.Lock()
	defer m.calls.mu.Unlock()
	if m.calls.fakes == nil {
		m.calls.fakes = map[core.ID]*fake.Exchange{}
	}
	if m.calls.fakes[id] == nil {
		m.calls.fakes[id] = fake.New()
		m.calls.fakes[id].Picks = true
	}
	return m.calls.fakes[id]
}
