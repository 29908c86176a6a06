package recognition

import (
	"context"
	"encoding/base64"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/index"
)

// A change of few cards names them to every node, which then reads these alone: keysNamed of them in one notice (PostgreSQL takes 8,000
// bytes), mostNamed in one act. mostLate is how many an index may lag behind before it is loaded whole again.
const (
	keysNamed = 300
	mostNamed = 3_000
	mostLate  = 20_000
)

var qLate = db.SQL(`SELECT blinds, value FROM recognition_card WHERE org = $1 AND shelf = $2 AND key = $3`)

// tellChanged tells every node which cards of a shelf in use changed; the organization alone when they are many.
func tellChanged(tx core.Tx, org core.ID, shelf int64, keys []Key) {
	if len(keys) > mostNamed {
		tx.Notify(topicCards, string(org))
		return
	}
	for some := range slices.Chunk(keys, keysNamed) {
		b := append([]byte(org), ' ')
		b = strconv.AppendInt(b, shelf, 10)
		for _, k := range some {
			b = base64.RawURLEncoding.AppendEncode(append(b, ' '), k[:])
		}
		tx.Notify(topicCards, string(b))
	}
}

// heardOf reads what tellChanged told; without keys anything may have changed.
func heardOf(payload string) (org core.ID, shelf int64, keys []Key) {
	words := strings.Split(payload, " ")
	if len(words) < 3 {
		return core.ID(words[0]), 0, nil
	}
	shelf, err := strconv.ParseInt(words[1], 10, 64)
	for _, w := range words[2:] {
		b, bad := base64.RawURLEncoding.DecodeString(w)
		if err != nil || bad != nil || len(b) != len(Key{}) {
			return core.ID(words[0]), 0, nil
		}
		keys = append(keys, Key(b))
	}
	return core.ID(words[0]), shelf, keys
}

// place is a card of an index: the number of its link and its key.
type place struct {
	link uint16
	key  Key
}

// late is an index that changed since: it answers nothing until the cards that changed were read again.
type late struct {
	held    *held
	changed map[place]struct{}
}

// note adds cards that changed; false when the index is of no more use.
func (l *late) note(shelf int64, keys []Key) bool {
	link := slices.Index(l.held.shelves, shelf)
	if link < 0 || len(keys) == 0 || len(l.changed)+len(keys) > mostLate {
		return false
	}
	for _, k := range keys {
		l.changed[place{uint16(link), k}] = struct{}{}
	}
	return true
}

// served are the links whose cards can be found, and their shelves.
func served(ctx context.Context, tx core.Tx, org core.ID) (links []core.ID, shelves []int64, err error) {
	_, err = db.All(ctx, tx, qServed, func(scan db.Scan) (struct{}, error) {
		var link core.ID
		var shelf int64
		err := scan(&link, &shelf)
		if len(links) < math.MaxUint16 {
			links, shelves = append(links, link), append(shelves, shelf)
		}
		return struct{}{}, err
	}, org)
	return links, shelves, err
}

// renewIndex reads the cards that changed since an index was loaded; nil when it has to be loaded whole.
func (m *Module) renewIndex(ctx context.Context, org core.ID, l late) (*held, error) {
	h := &held{index: l.held.index, links: l.held.links, shelves: l.held.shelves, changed: l.changed}
	same := false
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		links, shelves, err := served(ctx, tx, org)
		if same = slices.Equal(links, h.links) && slices.Equal(shelves, h.shelves); err != nil || !same {
			return err
		}
		h.late = &index.Index{}
		for p := range h.changed {
			_, _, err := db.One(ctx, tx, qLate, func(scan db.Scan) (struct{}, error) {
				var blinds, value []byte
				err := scan(&blinds, &value)
				for b := range slices.Chunk(blinds, BlindSize) {
					if err == nil {
						err = h.late.Add(b, p.link, p.key[:], value)
					}
				}
				return struct{}{}, err
			}, org, h.shelves[p.link], p.key[:])
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !same {
		return nil, err
	}
	return h, nil
}

// hear notes that cards changed: of an organization, of all when none is named. What is held of them answers no more.
func (m *memory) hear(payload string) {
	org, shelf, keys := heardOf(payload)
	m.mu.Lock()
	defer m.mu.Unlock()
	h, l := m.orgs[org], m.late[org]
	m.drop(org)
	if h != nil {
		if l = (&late{held: h, changed: maps.Clone(h.changed)}); l.changed == nil {
			l.changed = map[place]struct{}{}
		}
	}
	if l != nil && l.note(shelf, keys) {
		m.late[org] = l
	}
}
