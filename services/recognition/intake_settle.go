package recognition

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/services/recognition/wire"
)

// syncApproved is a session that a person approved and that is being loaded.
const syncApproved SyncState = "approved"

// faultDiffers is the fault of a session whose set is not the agent's.
const faultDiffers = "sync.differs"

// batchRows is how many cards one transaction writes.
const batchRows = 20_000

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// commitSync takes down what the agent says its set is. A change of few rows is made at once; a whole set is loaded in the background.
func (m *Module) commitSync(ctx context.Context, org, link, session core.ID, count int, digest string) (wire.Committed, error) {
	if _, err := wire.ParseDigest(digest); err != nil || count < 0 {
		return wire.Committed{}, errChunk
	}
	var row syncRow
	act := &core.Act{Def: &SyncPush, Org: org, Resource: link}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if err := m.mine(ctx, tx, org, link); err != nil {
			return err
		}
		if row, err = m.sessionOf(ctx, tx, org, link, session); err != nil || row.state != SyncOpen {
			return err
		}
		if err := m.mayLook(ctx, tx, link); err != nil {
			return err
		}
		row.wanted, row.wantedDigest, row.fault = count, digest, ""
		if row.whole && row.next > 1 { // a single chunk is loaded before its answer is due
			row.state = SyncSwitching
			if err := m.enqueueSettle(ctx, tx, row); err != nil {
				return err
			}
		}
		return row.put(ctx, tx)
	})
	if err != nil {
		return wire.Committed{}, err
	}
	if row.state == SyncOpen {
		end, err := m.looking.begin(link)
		if err != nil {
			return wire.Committed{}, err
		}
		defer end()
		if err := m.settleSync(ctx, org, link, session); err != nil {
			return wire.Committed{}, err
		}
	}
	return m.syncStanding(ctx, org, link, session)
}

func (m *Module) syncStands(ctx context.Context, org, link, session core.ID) (wire.Committed, error) {
	err := m.needs.Gate.Read(ctx, &core.Act{Def: &SyncAwait, Org: org, Resource: link}, func(tx core.Tx) error {
		return m.mine(ctx, tx, org, link)
	})
	if err != nil {
		return wire.Committed{}, err
	}
	return m.syncStanding(ctx, org, link, session)
}

func (m *Module) syncStanding(ctx context.Context, org, link, session core.ID) (out wire.Committed, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		row, err := m.sessionOf(ctx, tx, org, link, session)
		if err != nil {
			return err
		}
		out = wire.Committed{State: string(row.state), Generation: row.generation, Count: row.cards, Digest: row.digest, Loaded: row.loaded}
		switch {
		case row.state == SyncIdle:
			out.State = "done"
		case row.state == syncApproved:
			out.State = "switching"
		case row.fault == faultDiffers:
			out.State = "differs"
		}
		return nil
	})
	return out, err
}

// settleSync ends a session: it computes what the set would be from the rows and the chunks, proves that it is what the agent holds, and only
// then changes anything.
func (m *Module) settleSync(ctx context.Context, org, link, session core.ID) error {
	row, key, err := m.settling(ctx, org, link, session)
	if err != nil {
		return err
	}
	s, err := m.syncSet(ctx, row, key, true)
	if err != nil {
		return err
	}
	o, err := s.sum(ctx, func(wire.Element) {})
	if err != nil {
		return err
	}
	s.forget = nil
	switch {
	case o.digest.String() != s.row.wantedDigest || o.after != s.row.wanted:
		return m.syncDiffers(ctx, s.row)
	case o.deletes*5 > o.before && s.row.state != syncApproved:
		return m.holdSync(ctx, s.row, o)
	case s.row.whole:
		return m.loadSync(ctx, s, o)
	}
	return m.applySync(ctx, s, o)
}

func (m *Module) settling(ctx context.Context, org, link, session core.ID) (row syncRow, key []byte, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		row, err = m.sessionOf(ctx, tx, org, link, session)
		return err
	})
	if err == nil {
		key, err = m.needs.Sealer.Open(ctx, link, syncPlace(org, link), row.secret)
	}
	return row, key, err
}

// syncTurn changes the row of a session that still stands as it was seen.
func (m *Module) syncTurn(ctx context.Context, seen syncRow, act *core.Act, fn func(core.Tx, *syncRow) error) error {
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		row, err := m.sessionOf(ctx, tx, seen.org, seen.link, seen.session)
		if err != nil {
			return err
		}
		if row.state != seen.state || row.generation != seen.generation || row.next != seen.next {
			return errNoSession
		}
		if err := fn(tx, &row); err != nil {
			return err
		}
		if err := m.noteTurn(ctx, tx, seen.state, &row); err != nil {
			return err
		}
		return row.put(ctx, tx)
	})
}

func (m *Module) syncDiffers(ctx context.Context, row syncRow) error {
	act := &core.Act{Def: &SyncPush, Org: row.org, Resource: row.link}
	return m.syncTurn(ctx, row, act, func(_ core.Tx, r *syncRow) error {
		act.Fail(faultDiffers)
		r.state, r.fault = SyncOpen, faultDiffers
		return nil
	})
}

// holdSync makes a session wait for a person, once: the same change refused before is refused again without asking.
func (m *Module) holdSync(ctx context.Context, row syncRow, o syncOutcome) error {
	act := &core.Act{Def: &SyncPush, Org: row.org, Resource: row.link}
	return m.syncTurn(ctx, row, act, func(tx core.Tx, r *syncRow) error {
		r.puts, r.deletes = len(o.puts), o.deletes
		if r.refusedDigest == r.wantedDigest {
			act.Fail("sync.refused")
			return m.dropSession(ctx, tx, r)
		}
		act.Fail("sync.waiting")
		r.state = SyncWaiting
		return m.tellManagers(ctx, tx, r.org, "recognition.waiting", waitingSubject, func(said context.Context) string {
			return waitingBody.In(said, o.deletes, o.before)
		})
	})
}

// dropSession ends a session that a person refused.
func (m *Module) dropSession(ctx context.Context, tx core.Tx, r *syncRow) error {
	r.state, r.fault, r.refusedDigest, r.next = SyncRefused, "sync.refused", r.wantedDigest, 0
	_, err := tx.Exec(ctx, qDropChunks, r.org, r.link)
	return err
}

// proven notes in the row and in the entry that both sets are equal.
func (r *syncRow) proven(act *core.Act, o syncOutcome, now int64) {
	act.Changed("cards", strconv.Itoa(o.before), strconv.Itoa(o.after))
	act.Changed("put", "", strconv.Itoa(len(o.puts)))
	act.Changed("deleted", "", strconv.Itoa(o.deletes))
	act.Changed("digest", "", o.digest.String()[:16])
	if len(o.puts) > 0 || o.deletes > 0 {
		r.generation++
	}
	r.state, r.fault, r.refusedDigest = SyncIdle, "", ""
	r.cards, r.digest, r.puts, r.deletes, r.loaded, r.done = o.after, o.digest.String(), len(o.puts), o.deletes, o.after, now
}

// applySync makes a change of few rows on the shelf in use: found from the commit on.
func (m *Module) applySync(ctx context.Context, s *cardSet, o syncOutcome) error {
	rows, err := m.storeRows(ctx, s, o.puts)
	if err != nil {
		return err
	}
	act := &core.Act{Def: &SyncPush, Org: s.row.org, Resource: s.row.link}
	return m.syncTurn(ctx, s.row, act, func(tx core.Tx, r *syncRow) error {
		link, err := m.LinkIn(ctx, tx, r.org, r.link)
		if err != nil {
			return err
		}
		if link.Shelf != o.shelf {
			return errNoSession
		}
		shelf := o.shelf
		if shelf == 0 {
			if shelf, err = m.OpenShelf(ctx, tx, r.org, r.link); err != nil {
				return err
			}
		}
		if err := m.Delete(ctx, tx, r.org, r.link, shelf, o.gone); err != nil {
			return err
		}
		if err := m.Put(ctx, tx, r.org, r.link, shelf, rows); err != nil {
			return err
		}
		if o.shelf == 0 {
			if err := m.SwitchShelf(ctx, tx, r.org, r.link, shelf); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, qDropChunks, r.org, r.link); err != nil {
			return err
		}
		r.proven(act, o, clock.Micros(m.now()))
		return nil
	})
}

// storeRows seals rows as cards.
func (m *Module) storeRows(ctx context.Context, s *cardSet, changes []cardChange) ([]Stored, error) {
	sealing, err := m.Sealing(ctx, s.row.org, s.row.link)
	if err != nil {
		return nil, err
	}
	rows := make([]Stored, len(changes))
	for i, c := range changes {
		if rows[i], err = storedOf(sealing, c); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func storedOf(sealing *Sealing, c cardChange) (Stored, error) {
	row, err := wire.Content(c.content)
	if err != nil {
		return Stored{}, err
	}
	return sealing.Store(Key(c.entry.ID), Mark(c.entry.Sum), Card{
		Numbers: row.Numbers, Name: row.Name, Company: row.Company, Shown: row.Shown, Scripts: row.Scripts,
	})
}

var errStale = errors.New("recognition: the session went on elsewhere")

// loadSync puts a whole set on a new shelf, sorted, and switches to it in one act: until then the former cards are found, all of them.
func (m *Module) loadSync(ctx context.Context, s *cardSet, o syncOutcome) error {
	var shelf int64
	seen := s.row
	err := m.syncTurn(ctx, seen, &core.Act{Def: &SyncPush, Org: seen.org, Resource: seen.link}, func(tx core.Tx, r *syncRow) (err error) {
		r.loaded = 0
		shelf, err = m.OpenShelf(ctx, tx, r.org, r.link)
		return err
	})
	if err != nil {
		return err
	}
	pairs, err := m.fillShelf(ctx, s, o, shelf)
	if err != nil {
		return err
	}
	if err := m.indexPairs(ctx, seen.org, seen.link, shelf, pairs); err != nil {
		return err
	}
	act := &core.Act{Def: &SyncPush, Org: seen.org, Resource: seen.link}
	return m.syncTurn(ctx, seen, act, func(tx core.Tx, r *syncRow) error {
		link, err := m.LinkIn(ctx, tx, r.org, r.link)
		if err != nil {
			return err
		}
		if link.Shelf != o.shelf {
			return errStale
		}
		if err := m.SwitchShelf(ctx, tx, r.org, r.link, shelf); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qDropChunks, r.org, r.link); err != nil {
			return err
		}
		r.proven(act, o, clock.Micros(m.now()))
		return nil
	})
}

// fillShelf seals the next cards while the last ones are written; it gives which cards numbers lead to (appendPairs).
func (m *Module) fillShelf(ctx context.Context, s *cardSet, o syncOutcome, shelf int64) (pairs []pair, err error) {
	type batch struct {
		rows []Stored
		err  error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan batch, 1)
	pairs = make([]pair, 0, len(o.puts))
	go func() {
		defer close(ready)
		for from := 0; from < len(o.puts); from += batchRows {
			rows, err := m.storeRows(ctx, s, o.puts[from:min(from+batchRows, len(o.puts))])
			select {
			case ready <- batch{rows, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for b := range ready {
		if b.err != nil {
			return nil, b.err
		}
		act := &core.Act{Def: &SyncPush, Org: s.row.org, Resource: s.row.link}
		err := m.syncTurn(ctx, s.row, act, func(tx core.Tx, r *syncRow) error {
			r.loaded += len(b.rows)
			return m.Put(ctx, tx, r.org, r.link, shelf, b.rows)
		})
		if err != nil {
			return nil, err
		}
		for i := range b.rows {
			pairs = appendPairs(pairs, b.rows[i].Key[:], b.rows[i].Blinds)
		}
	}
	return pairs, ctx.Err()
}
