package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/wire"
)

func (m *Module) syncHealth(context.Context, core.ID, core.ID) (SyncHealth, error) {
	return SyncHealth{}, errLater
}
func (m *Module) waiting(context.Context, core.ID) ([]SyncHealth, error) { return nil, errLater }
func (m *Module) approve(context.Context, core.ID, core.ID) error        { return errLater }
func (m *Module) refuse(context.Context, core.ID, core.ID) error         { return errLater }
func (m *Module) inviteAgent(context.Context, core.ID, string, core.ID, string) (Install, error) {
	return Install{}, errLater
}

func (m *Module) enrol(context.Context, string) (Enrolled, error)      { return Enrolled{}, errLater }
func (m *Module) agents(context.Context, core.ID) ([]Agent, error)     { return nil, errLater }
func (m *Module) dismissAgent(context.Context, core.ID, core.ID) error { return errLater }
func (m *Module) openSync(context.Context, core.ID, core.ID, SyncAsk) (wire.Opened, error) {
	return wire.Opened{}, errLater
}

func (m *Module) pushChunk(context.Context, core.ID, core.ID, core.ID, int, []byte) (int, error) {
	return 0, errLater
}

func (m *Module) syncCells(context.Context, core.ID, core.ID, core.ID, int) ([]byte, error) {
	return nil, errLater
}

func (m *Module) syncItems(context.Context, core.ID, core.ID, core.ID) ([]byte, error) {
	return nil, errLater
}

func (m *Module) commitSync(context.Context, core.ID, core.ID, core.ID, int, string) (wire.Committed, error) {
	return wire.Committed{}, errLater
}

func (m *Module) syncStands(context.Context, core.ID, core.ID, core.ID) (wire.Committed, error) {
	return wire.Committed{}, errLater
}
