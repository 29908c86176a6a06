package recognition

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/wire"
)

// sessionLife is how long a session that was cut can be gone on with.
const sessionLife = 24 * time.Hour

// mostChunks of a session that brings the whole set.
const mostChunks = 2_000

// mostHeld is how much memory what a session brought may take where its cards are written, of which all are held at once: some three million
// cards. A change takes changeHeld besides its content: itself where the chunks are read and again where it is to be written, in lists that are
// held twice while they grow, and one pair for each of its numbers.
const (
	mostHeld   = 1 << 30
	changeHeld = 256
)

func syncPlace(org, link core.ID) string {
	return "recognition_sync.secret/" + string(org) + "/" + string(link)
}

func chunkPlace(org, link, session core.ID) string {
	return "recognition_chunk.body/" + string(org) + "/" + string(link) + "/" + string(session)
}

// mine tells that the actor may bring the cards of this link: a program that enrolled for another may not.
func (m *Module) mine(ctx context.Context, tx core.Tx, org, link core.ID) error {
	actor := core.ActorOf(ctx)
	if actor.Kind != core.ServiceActor {
		return nil
	}
	a, found, err := m.agentOf(ctx, tx, org, actor.ID)
	if err == nil && found && (a.What != ForSync || a.Link != link) {
		err = errNotYours
	}
	return err
}

// openSync begins a session in an act of its own, then reads what the rows hold now.
func (m *Module) openSync(ctx context.Context, org, link core.ID, ask SyncAsk) (wire.Opened, error) {
	fresh := make([]byte, wire.KeySize)
	if _, err := rand.Read(fresh); err != nil {
		return wire.Opened{}, err
	}
	// The key is sealed before the transaction: a link has its own key already.
	sealed, err := m.needs.Sealer.Seal(ctx, link, syncPlace(org, link), fresh)
	if err != nil && core.KindOf(err) != core.Gone && core.KindOf(err) != core.NotFound {
		return wire.Opened{}, err
	}
	var row syncRow
	err = m.needs.Gate.Change(ctx, &core.Act{Def: &SyncPush, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.LinkIn(ctx, tx, org, link); err != nil {
			return err
		}
		if err := m.mine(ctx, tx, org, link); err != nil {
			return err
		}
		var found bool
		var err error
		if row, found, err = m.syncOf(ctx, tx, org, link); err != nil {
			return err
		}
		now := m.now()
		if !found {
			row = syncRow{org: org, link: link, secret: sealed, state: SyncIdle, digest: wire.Digest{}.String()}
		}
		row.every, row.version = ask.Every, ask.Version
		if row.state == SyncSwitching || row.state == syncApproved {
			return row.put(ctx, tx)
		}
		if err := m.mayLook(ctx, tx, link); err != nil {
			return err
		}
		if row.state == SyncWaiting {
			return row.put(ctx, tx)
		}
		if row.resumes(ask, now) {
			return row.put(ctx, tx)
		}
		if _, err := tx.Exec(ctx, qDropChunks, org, link); err != nil {
			return err
		}
		row.begin(ids.At(now), core.ActorOf(ctx).ID, ask, now)
		return row.put(ctx, tx)
	})
	if err != nil {
		return wire.Opened{}, err
	}
	m.Trace(ctx, org, TraceLink+string(link), "session opened by an agent")
	return m.syncOpened(ctx, row)
}

// resumes tells whether the session that is open goes on with what an agent brings now.
func (r *syncRow) resumes(ask SyncAsk, now time.Time) bool {
	return r.state == SyncOpen && r.next > 0 && !ask.Fresh && r.mapping == ask.Mapping && (r.whole || !ask.Full) &&
		now.Sub(clock.FromMicros(r.pushed)) < sessionLife
}

func (r *syncRow) begin(session, account core.ID, ask SyncAsk, now time.Time) {
	r.state, r.session, r.account, r.whole, r.mapping = SyncOpen, session, account, ask.Full, ask.Mapping
	r.next, r.wanted, r.wantedDigest, r.puts, r.deletes, r.loaded, r.fault, r.held = 0, 0, "", 0, 0, 0, "", 0
	r.begun, r.pushed = clock.Micros(now), clock.Micros(now)
}

// syncOpened says what stands now, as the rows hold it: a store that was changed by hand, or brought back from somewhere, shows here.
func (m *Module) syncOpened(ctx context.Context, row syncRow) (wire.Opened, error) {
	key, err := m.needs.Sealer.Open(ctx, row.link, syncPlace(row.org, row.link), row.secret)
	if err != nil {
		return wire.Opened{}, err
	}
	out := wire.Opened{Session: row.session, Key: hex.EncodeToString(key), Next: row.next, Full: row.whole}
	out.Waiting, out.Loading = row.state == SyncWaiting, row.state == SyncSwitching || row.state == syncApproved
	if out.Loading {
		return out, nil
	}
	end, err := m.looking.begin(row.link)
	if err != nil {
		return wire.Opened{}, err
	}
	defer end()
	s, err := m.syncSet(ctx, row, key, false)
	if err != nil {
		return wire.Opened{}, err
	}
	err = s.read(ctx, func(tx core.Tx, shelf int64) error {
		out.Generation = s.row.generation
		sums := s.adding(func(wire.Element) {})
		err := s.base(ctx, tx, shelf, func(e wire.Entry) error {
			sums.add(e)
			return nil
		})
		sums.end()
		out.Digest, out.Count = sums.digest.String(), sums.count
		return err
	})
	if row.next > 0 {
		out.Through, out.Staged = s.progress()
	}
	return out, err
}

// pushChunk looks at the chunk before it is kept: what cannot be read is refused at once, not at the end.
func (m *Module) pushChunk(ctx context.Context, org, link, session core.ID, number int, body []byte) (next int, err error) {
	changes, mapping, held, err := lookChunk(body)
	if err != nil {
		return 0, err
	}
	sealed, err := m.needs.Sealer.Seal(ctx, link, chunkPlace(org, link, session), body)
	if err != nil {
		if core.KindOf(err) == core.Gone || core.KindOf(err) == core.NotFound {
			err = errNoSession
		}
		return 0, err
	}
	var over error
	act := &core.Act{Def: &SyncPush, Org: org, Resource: link}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		over = nil
		if err := m.mine(ctx, tx, org, link); err != nil {
			return err
		}
		row, err := m.sessionOf(ctx, tx, org, link, session)
		if err != nil {
			return err
		}
		next = row.next
		switch {
		case row.state != SyncOpen:
			return errNoSession
		case number < row.next: // it came before: the answer was lost, not the chunk
			return nil
		case number > row.next:
			return errOrder
		case mapping != row.mapping:
			return errMapping
		case number >= mostChunks || !row.whole && number >= wire.DeltaChunks:
			over = errTooLarge
		case row.held+held > mostHeld:
			over = errTooHeavy
		}
		if over != nil {
			return m.endOver(ctx, tx, act, &row, core.CodeOf(over))
		}
		if _, err := tx.Exec(ctx, qPutChunk, org, link, session, number, sealed); err != nil {
			return err
		}
		row.next++
		row.pushed, next = clock.Micros(m.now()), row.next
		row.puts += changes
		row.held += held
		return row.put(ctx, tx)
	})
	if err == nil && over != nil {
		return 0, over
	}
	return next, err
}

// endOver drops a session that brought too much, and keeps why: gone on with, it would be refused again at each turn until it lapses.
func (m *Module) endOver(ctx context.Context, tx core.Tx, act *core.Act, r *syncRow, why string) error {
	act.Fail(why)
	r.state, r.fault, r.session, r.next, r.held, r.puts = SyncIdle, why, "", 0, 0, 0
	if _, err := tx.Exec(ctx, qDropChunks, r.org, r.link); err != nil {
		return err
	}
	return r.put(ctx, tx)
}

// lookChunk reads a chunk without keeping anything of it.
func lookChunk(body []byte) (changes int, mapping, held int64, err error) {
	err = wire.OpenChunk(body, func(of int64, c wire.Change) error {
		changes, mapping, held = changes+1, of, held+changeHeld+int64(len(c.Content))
		return nil
	})
	switch {
	case errors.Is(err, wire.ErrChunk):
		return 0, 0, 0, errChunk
	case err == nil && changes == 0:
		return 0, 0, 0, errChunk
	}
	return changes, mapping, held, err
}
