package recognition

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// topicCards tells every node that the cards or links of an organization changed.
const topicCards = "recognition.cards"

// The states of a shelf.
const (
	shelfFilling = "filling"
	shelfUsed    = "used"
	shelfLeft    = "left"
)

// forgotten is how long a shelf may be filled: an agent that came back would have begun another.
const forgotten = 7 * 24 * time.Hour

var errShelf = i18n.Fault(core.Conflict, "recognition.shelf",
	"Cette génération de fiches n'existe plus : recommencez la synchronisation.",
	"This generation of cards is no longer there: begin the synchronization again.")

var (
	qShelfNew    = db.SQL(`SELECT COALESCE(MAX(shelf), 0) + 1 FROM recognition_shelf WHERE org = $1`)
	qShelfAdd    = db.SQL(`INSERT INTO recognition_shelf (org, shelf, link, state, made_at) VALUES ($1, $2, $3, 'filling', $4)`)
	qShelf       = db.SQL(`SELECT link, state FROM recognition_shelf WHERE org = $1 AND shelf = $2`)
	qShelvesLeft = db.SQL(`UPDATE recognition_shelf SET state = 'left' WHERE org = $1 AND link = $2`)
	qShelfUse    = db.SQL(`UPDATE recognition_shelf SET state = 'used' WHERE org = $1 AND shelf = $2`)
	qShelfDrop   = db.SQL(`DELETE FROM recognition_shelf WHERE org = $1 AND shelf = $2`)
	qShelvesOver = db.SQL(`SELECT org, shelf, link FROM recognition_shelf WHERE state = 'left' OR (state = 'filling' AND made_at < $1) ORDER BY org, shelf`)
	qShelvesOf   = db.SQL(`SELECT shelf FROM recognition_shelf WHERE org = $1 AND link = $2`)

	qCards     = db.SQL(`SELECT COUNT(*) FROM recognition_card WHERE org = $1 AND shelf = $2`)
	qCardOld   = db.SQL(`SELECT blinds FROM recognition_card WHERE org = $1 AND shelf = $2 AND key = $3`)
	qCardEnd   = db.SQL(`DELETE FROM recognition_card WHERE org = $1 AND shelf = $2 AND key = $3`)
	qNumberEnd = db.SQL(`DELETE FROM recognition_number WHERE org = $1 AND shelf = $2 AND blind = $3 AND key = $4`)
	qMarks     = db.SQL(`SELECT key, mark FROM recognition_card WHERE org = $1 AND shelf = $2 AND key > $3 ORDER BY key LIMIT 10000`)
	qBlinds    = db.SQL(`SELECT key, blinds FROM recognition_card WHERE org = $1 AND shelf = $2 AND key > $3 ORDER BY key LIMIT 10000`)

	// What goes is bounded by a statement of its own: with a subquery in it, SQLite collects every key before it deletes the first row.
	qCardsPart   = db.SQL(`SELECT key FROM recognition_card WHERE org = $1 AND shelf = $2 ORDER BY key LIMIT 1 OFFSET $3`)
	qCardsGo     = db.SQL(`DELETE FROM recognition_card WHERE org = $1 AND shelf = $2 AND key <= $3`)
	qCardsRest   = db.SQL(`DELETE FROM recognition_card WHERE org = $1 AND shelf = $2`)
	qNumbersPart = db.SQL(`SELECT blind FROM recognition_number WHERE org = $1 AND shelf = $2 ORDER BY blind LIMIT 1 OFFSET $3`)
	qNumbersGo   = db.SQL(`DELETE FROM recognition_number WHERE org = $1 AND shelf = $2 AND blind <= $3`)
	qNumbersRest = db.SQL(`DELETE FROM recognition_number WHERE org = $1 AND shelf = $2`)

	cardsIn   = manyOf(`INSERT INTO recognition_card (org, shelf, key, mark, blinds, value) VALUES `, `$1, $2`, 4, ` ON CONFLICT (org, shelf, key) DO UPDATE SET mark = excluded.mark, blinds = excluded.blinds, value = excluded.value`)
	numbersIn = manyOf(`INSERT INTO recognition_number (org, shelf, blind, key) VALUES `, `$1, $2`, 2, ` ON CONFLICT (org, shelf, blind, key) DO NOTHING`)
)

// atOnce are the numbers of rows that one statement writes. SQLite's driver looks each argument up among all: 200 rows at once cost twice as
// much for each row as 32 do.
var atOnce = [...]int{32, 8, 1}

// manyOf registers a statement for each number of rows: what is bound once stands in head, the columns of a row follow.
func manyOf(insert, head string, columns int, end string) (all [len(atOnce)]string) {
	for i, rows := range atOnce {
		var b bytes.Buffer
		b.WriteString(insert)
		n := 3
		for r := range rows {
			if r > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + head)
			for range columns {
				fmt.Fprintf(&b, ", $%d", n)
				n++
			}
			b.WriteByte(')')
		}
		b.WriteString(end)
		all[i] = db.SQL(b.String())
	}
	return all
}

// insertMany writes n rows, as many with each statement as it takes.
func insertMany(ctx context.Context, tx core.Tx, q [len(atOnce)]string, org core.ID, shelf int64, n int, row func(i int, args []any) []any) error {
	args := make([]any, 0, 2+4*atOnce[0])
	for at, i := 0, 0; i < n; {
		if n-i < atOnce[at] {
			at++
			continue
		}
		args = append(args[:0], org, shelf)
		for range atOnce[at] {
			args = row(i, args)
			i++
		}
		if _, err := tx.Exec(ctx, q[at], args...); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) openShelf(ctx context.Context, tx core.Tx, org, link core.ID) (int64, error) {
	if _, err := m.readLink(ctx, tx, org, link); err != nil {
		return 0, err
	}
	shelf, _, err := db.One(ctx, tx, qShelfNew, db.Value[int64], org)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, qShelfAdd, org, shelf, link, clock.Micros(m.now()))
	return shelf, err
}

// stateOf tells how a shelf of a link stands; one that is left takes nothing more.
func stateOf(ctx context.Context, tx core.Tx, org, link core.ID, shelf int64) (string, error) {
	type row struct {
		link  core.ID
		state string
	}
	r, found, err := db.One(ctx, tx, qShelf, func(scan db.Scan) (r row, err error) {
		err = scan(&r.link, &r.state)
		return r, err
	}, org, shelf)
	if err == nil && (!found || r.link != link || r.state == shelfLeft) {
		err = errShelf
	}
	return r.state, err
}

func (m *Module) put(ctx context.Context, tx core.Tx, org, link core.ID, shelf int64, rows []Stored) error {
	state, err := stateOf(ctx, tx, org, link, shelf)
	if err != nil || len(rows) == 0 {
		return err
	}
	rows = lastOfEach(rows)
	if state == shelfUsed {
		gone := int64(0)
		for i := range rows {
			had, err := forgetNumbers(ctx, tx, org, shelf, rows[i].Key)
			if err != nil {
				return err
			}
			if had {
				gone++
			}
		}
		var pairs []pair
		for i := range rows {
			pairs = appendPairs(pairs, rows[i].Key[:], rows[i].Blinds)
		}
		if err := putPairs(ctx, tx, org, shelf, pairs); err != nil {
			return err
		}
		keys := make([]Key, len(rows))
		for i := range rows {
			keys[i] = rows[i].Key
		}
		if err := m.turned(ctx, tx, org, link, shelf, int64(len(rows))-gone, keys); err != nil {
			return err
		}
	}
	return insertMany(ctx, tx, cardsIn, org, shelf, len(rows), func(i int, args []any) []any {
		r := &rows[i]
		return append(args, r.Key[:], r.Mark[:], r.Blinds, r.Value)
	})
}

// lastOfEach sorts rows by their key and keeps the last of each.
func lastOfEach(rows []Stored) []Stored {
	order := func(a, b Stored) int { return bytes.Compare(a.Key[:], b.Key[:]) }
	if !slices.IsSortedFunc(rows, order) {
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, order)
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].Key == rows[i-1].Key {
			kept := slices.Clone(rows[:i])
			for _, r := range rows[i:] {
				if kept[len(kept)-1].Key == r.Key {
					kept[len(kept)-1] = r
				} else {
					kept = append(kept, r)
				}
			}
			return kept
		}
	}
	return rows
}

// forgetNumbers ends what leads to a card; it tells whether there was one.
func forgetNumbers(ctx context.Context, tx core.Tx, org core.ID, shelf int64, key Key) (bool, error) {
	blinds, found, err := db.One(ctx, tx, qCardOld, db.Value[[]byte], org, shelf, key[:])
	if err != nil || !found {
		return false, err
	}
	for b := range slices.Chunk(blinds, BlindSize) {
		if _, err := tx.Exec(ctx, qNumberEnd, org, shelf, b, key[:]); err != nil {
			return true, err
		}
	}
	return true, nil
}

// pair is a blind index and the key of the card that it leads to, as they are sorted.
type pair [BlindSize + len(Key{})]byte

func appendPairs(pairs []pair, key, blinds []byte) []pair {
	for b := range slices.Chunk(blinds, BlindSize) {
		var p pair
		copy(p[copy(p[:], b):], key)
		pairs = append(pairs, p)
	}
	return pairs
}

func putPairs(ctx context.Context, tx core.Tx, org core.ID, shelf int64, pairs []pair) error {
	return insertMany(ctx, tx, numbersIn, org, shelf, len(pairs), func(i int, args []any) []any {
		return append(args, pairs[i][:BlindSize], pairs[i][BlindSize:])
	})
}

// turned notes that cards in use changed.
func (m *Module) turned(ctx context.Context, tx core.Tx, org, link core.ID, shelf, more int64, keys []Key) error {
	_, err := tx.Exec(ctx, qLinkTurn, org, link, more, clock.Micros(m.now()))
	tellChanged(tx, org, shelf, keys)
	return err
}

func (m *Module) remove(ctx context.Context, tx core.Tx, org, link core.ID, shelf int64, keys []Key) error {
	state, err := stateOf(ctx, tx, org, link, shelf)
	if err != nil {
		return err
	}
	gone := int64(0)
	for _, k := range keys {
		if state == shelfUsed {
			if _, err := forgetNumbers(ctx, tx, org, shelf, k); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, qCardEnd, org, shelf, k[:])
		if err != nil {
			return err
		}
		gone += n
	}
	if state != shelfUsed || gone == 0 {
		return nil
	}
	return m.turned(ctx, tx, org, link, shelf, -gone, keys)
}

func (m *Module) walk(ctx context.Context, tx core.Tx, org core.ID, shelf int64, give func(Key, Mark) error) error {
	type row struct {
		key  Key
		mark Mark
	}
	for from := []byte{}; ; {
		rows, err := db.All(ctx, tx, qMarks, func(scan db.Scan) (r row, err error) {
			var k, mk []byte
			err = scan(&k, &mk)
			copy(r.key[:], k)
			copy(r.mark[:], mk)
			return r, err
		}, org, shelf, from)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := give(rows[i].key, rows[i].mark); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		from = rows[len(rows)-1].key[:]
	}
}

// indexed at once: a transaction of so many numbers keeps others waiting for some tens of milliseconds.
const indexedAtOnce = 10_000

// indexShelf reads again what was put on a shelf.
func (m *Module) indexShelf(ctx context.Context, org, link core.ID, shelf int64) error {
	var pairs []pair
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		state, err := stateOf(ctx, tx, org, link, shelf)
		if err == nil && state != shelfFilling {
			err = errShelf
		}
		if err == nil {
			pairs, err = readPairs(ctx, tx, org, shelf)
		}
		return err
	})
	if err != nil {
		return err
	}
	return m.indexPairs(ctx, org, link, shelf, pairs)
}

// indexPairs writes, sorted, which cards numbers lead to.
func (m *Module) indexPairs(ctx context.Context, org, link core.ID, shelf int64, pairs []pair) error {
	slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(a[:], b[:]) })
	for len(pairs) > 0 {
		some := pairs[:min(len(pairs), indexedAtOnce)]
		err := m.needs.Gate.Keep(ctx, Tidy, func(tx core.Tx) error {
			if _, err := stateOf(ctx, tx, org, link, shelf); err != nil {
				return err
			}
			return putPairs(ctx, tx, org, shelf, some)
		})
		if err != nil {
			return err
		}
		pairs = pairs[len(some):]
	}
	return nil
}

func readPairs(ctx context.Context, tx core.Tx, org core.ID, shelf int64) (pairs []pair, err error) {
	from := []byte{}
	for {
		n := 0
		_, err := db.All(ctx, tx, qBlinds, func(scan db.Scan) (struct{}, error) {
			var key, blinds []byte
			err := scan(&key, &blinds)
			pairs = appendPairs(pairs, key, blinds)
			from = append(from[:0], key...)
			n++
			return struct{}{}, err
		}, org, shelf, from)
		if err != nil || n == 0 {
			return pairs, err
		}
		from = bytes.Clone(from)
	}
}

func (m *Module) switchShelf(ctx context.Context, tx core.Tx, org, link core.ID, shelf int64) error {
	state, err := stateOf(ctx, tx, org, link, shelf)
	if err != nil {
		return err
	}
	if state != shelfFilling {
		return errShelf
	}
	n, _, err := db.One(ctx, tx, qCards, db.Value[int64], org, shelf)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qShelvesLeft, org, link); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qShelfUse, org, shelf); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qLinkShelf, org, link, shelf, n, clock.Micros(m.now())); err != nil {
		return err
	}
	tx.Notify(topicCards, string(org))
	return nil
}
