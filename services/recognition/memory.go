package recognition

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/index"
)

// settledFor is how long the cards of an organization must have stood still before they are loaded anew: while they change, the tables answer.
const settledFor = 10 * time.Second

var (
	qServed = db.SQL(`SELECT id, shelf FROM recognition_link WHERE org = $1 AND state = 'active' AND shelf > 0 ORDER BY id`)
	qPage   = db.SQL(`SELECT key, blinds, value FROM recognition_card WHERE org = $1 AND shelf = $2 AND key > $3 ORDER BY key LIMIT 5000`)
)

// memory is the indexes that this node holds: sealed values under blind indexes, as they stand in the tables. It answers for an
// organization only while what it loaded is what stands there: any change drops its index, on every node.
type memory struct {
	limit int64 // bytes of all indexes; 0: none is held
	load  func(ctx context.Context, org core.ID) (*held, error)
	renew func(ctx context.Context, org core.ID, l late) (*held, error)
	log   *slog.Logger

	mu      sync.RWMutex
	orgs    map[core.ID]*held
	late    map[core.ID]*late
	changed map[core.ID]time.Time // when the cards of an organization last did
	loading map[core.ID]bool
	turn    uint64 // grows with each change heard of: what was read before it is not kept
	ending  context.Context
	end     context.CancelFunc
	working sync.WaitGroup
	deaf    func()
}

// held is the index of one organization.
type held struct {
	index   *index.Index
	links   []core.ID
	shelves []int64
	used    atomic.Int64 // when it last answered
	// changed are the cards that changed since the index was loaded; late holds what they say now.
	changed map[place]struct{}
	late    *index.Index
}

func (h *held) find(blind []byte, give func(link uint16, key, value []byte)) {
	h.index.Find(blind, func(link uint16, key, value []byte) {
		if _, ok := h.changed[place{link, Key(key)}]; !ok {
			give(link, key, value)
		}
	})
	if h.late != nil {
		h.late.Find(blind, give)
	}
}

func (h *held) size() int64 {
	n := h.index.Size()
	if h.late != nil {
		n += h.late.Size() + int64(len(h.changed))*40
	}
	return n
}

func (m *memory) open(limit int64, log *slog.Logger, listen func(string, func(string)) func()) {
	m.limit, m.log, m.late = limit, log, map[core.ID]*late{}
	m.orgs, m.changed, m.loading = map[core.ID]*held{}, map[core.ID]time.Time{}, map[core.ID]bool{}
	m.ending, m.end = context.WithCancel(context.Background())
	m.deaf = func() {}
	if limit > 0 && listen != nil {
		m.deaf = listen(topicCards, m.hear)
	}
}

func (m *memory) close() {
	if m.end == nil {
		return
	}
	m.deaf()
	m.end()
	m.working.Wait()
}

// drop ends what is held of an organization; of all when it is not named.
func (m *memory) drop(org core.ID) {
	m.turn++
	if org.IsZero() {
		clear(m.orgs)
		clear(m.late)
		return
	}
	delete(m.orgs, org)
	delete(m.late, org)
	if len(m.changed) > 10_000 {
		clear(m.changed)
	}
	m.changed[org] = time.Now()
}

// find gives the cards of a blind index; false when the index is not held: the tables answer then, and it is being loaded.
func (m *memory) find(org core.ID, blind []byte) (list []hit, ok bool) {
	if m.limit == 0 {
		return nil, false
	}
	m.mu.RLock()
	h := m.orgs[org]
	wanted := h == nil && !m.loading[org] && (m.late[org] != nil || time.Since(m.changed[org]) > settledFor)
	m.mu.RUnlock()
	if wanted {
		m.fetch(org)
	}
	if h == nil {
		return nil, false
	}
	h.used.Store(time.Now().UnixNano())
	h.find(blind, func(link uint16, key, value []byte) {
		if len(list) < mostMatches {
			list = append(list, hit{h.links[link], key, value})
		}
	})
	return list, true
}

// Loaded tells whether this node answers from memory for an organization now, for measurements.
func (m *Module) Loaded(org core.ID) bool {
	m.memory.mu.RLock()
	defer m.memory.mu.RUnlock()
	return m.memory.orgs[org] != nil
}

// fetch loads an index beside the work.
func (m *memory) fetch(org core.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.loading[org] || m.ending.Err() != nil {
		return
	}
	m.loading[org] = true
	turn := m.turn
	var l late
	if known := m.late[org]; known != nil {
		l = late{known.held, maps.Clone(known.changed)}
	}
	m.working.Go(func() {
		h, err := m.read(db.Long(m.ending), org, l)
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.loading, org)
		switch {
		case err != nil && m.ending.Err() == nil:
			m.changed[org] = time.Now() // not again at once
			delete(m.late, org)
			m.log.Warn("the cards of an organization were not loaded", slog.String("organization", string(org)), slog.String("error", err.Error()))
		case err == nil && m.turn == turn && h.size() <= m.limit:
			h.used.Store(time.Now().UnixNano())
			m.orgs[org] = h
			delete(m.late, org)
			m.evict(org)
		case err == nil && h.size() > m.limit:
			delete(m.late, org)
			m.changed[org] = time.Now().Add(time.Hour) // too big to be held: not tried again for a while
		}
	})
}

// read brings an index up to date that few changes were heard of, or loads one whole.
func (m *memory) read(ctx context.Context, org core.ID, l late) (*held, error) {
	if l.held != nil {
		if h, err := m.renew(ctx, org, l); h != nil || err != nil {
			return h, err
		}
	}
	return m.load(ctx, org)
}

// evict drops those that answered longest ago until all fit.
func (m *memory) evict(but core.ID) {
	size := int64(0)
	for _, h := range m.orgs {
		size += h.size()
	}
	for _, l := range m.late {
		size += l.held.size()
	}
	if size > m.limit {
		for _, l := range m.late {
			size -= l.held.size()
		}
		clear(m.late)
	}
	oldest := slices.SortedFunc(maps.Keys(m.orgs), func(a, b core.ID) int {
		return cmp.Compare(m.orgs[a].used.Load(), m.orgs[b].used.Load())
	})
	for _, org := range oldest {
		if size <= m.limit {
			return
		}
		if org != but {
			size -= m.orgs[org].size()
			delete(m.orgs, org)
		}
	}
}

// loadIndex reads every card of an organization that can be found, in one snapshot.
func (m *Module) loadIndex(ctx context.Context, org core.ID) (*held, error) {
	h := &held{index: &index.Index{}}
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if h.links, h.shelves, err = served(ctx, tx, org); err != nil {
			return err
		}
		for i, shelf := range h.shelves {
			if err := h.read(ctx, tx, org, shelf, uint16(i)); err != nil {
				return err
			}
		}
		return nil
	})
	return h, err
}

func (h *held) read(ctx context.Context, tx core.Tx, org core.ID, shelf int64, link uint16) error {
	var key, blinds, value []byte
	for from := []byte{}; ; from = slices.Clone(key) {
		rows, err := db.All(ctx, tx, qPage, func(scan db.Scan) (struct{}, error) {
			if err := scan(&key, &blinds, &value); err != nil {
				return struct{}{}, err
			}
			for b := range slices.Chunk(blinds, BlindSize) {
				if err := h.index.Add(b, link, key, value); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		}, org, shelf, from)
		if err != nil || len(rows) == 0 {
			return err
		}
	}
}
