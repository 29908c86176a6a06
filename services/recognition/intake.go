package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/wire"
)

// SyncAsk is what an agent says when it begins.
type SyncAsk struct {
	Mapping int64  // version
	Full    bool   // it brings the whole set
	Every   int    // seconds between two turns, for the alert when it is late
	Version string // of the program
	Fresh   bool   // what came before the cut is of no use any more
}

// OpenSync begins a session, or goes on with the one that was cut.
func (m *Module) OpenSync(ctx context.Context, org, link core.ID, ask SyncAsk) (wire.Opened, error) {
	return m.openSync(ctx, org, link, ask)
}

// PushChunk keeps one numbered chunk, sealed, and gives the number of the next; one that came already is not taken twice.
func (m *Module) PushChunk(ctx context.Context, org, link, session core.ID, number int, body []byte) (next int, err error) {
	return m.pushChunk(ctx, org, link, session, number, body)
}

// SyncCells gives n cells of what the set would be if the session ended now (wire.Cells).
func (m *Module) SyncCells(ctx context.Context, org, link, session core.ID, n int) ([]byte, error) {
	return m.syncCells(ctx, org, link, session, n)
}

// SyncItems gives the short forms of all entries of the same set, sorted (wire.AppendItems).
func (m *Module) SyncItems(ctx context.Context, org, link, session core.ID) ([]byte, error) {
	return m.syncItems(ctx, org, link, session)
}

// CommitSync ends a session: nothing changes unless the digest of the set is the agent's.
func (m *Module) CommitSync(ctx context.Context, org, link, session core.ID, count int, digest string) (wire.Committed, error) {
	return m.commitSync(ctx, org, link, session, count, digest)
}

// SyncStands tells where the end of a session stands.
func (m *Module) SyncStands(ctx context.Context, org, link, session core.ID) (wire.Committed, error) {
	return m.syncStands(ctx, org, link, session)
}
