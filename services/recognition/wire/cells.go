package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// Cells are an invertible Bloom lookup table of the items of a set (Eppstein, Goodrich, Uyeda, Varghese: What's the difference?, 2011).
// The cells of one set taken from those of another tell the items that only one of them holds, when they are few enough: about three
// quarters as many as there are cells.
type Cells []cell

type cell struct {
	items  uint64 // exclusive or
	checks uint32 // exclusive or of their checks
	count  int32
}

// CellSize is that of a cell where it is sent.
const CellSize = 8 + 4 + 4

// FewestCells and MostCells are how many can be asked for; beyond the most, the list of all items is shorter than more tries.
const (
	FewestCells = 64
	MostCells   = 1 << 18
)

const places = 3 // cells that each item is in

// mix spreads the bits of a number (SplitMix64's finalizer). Items are keyed hashes already: nobody chooses them.
func mix(v uint64) uint64 {
	v ^= v >> 30
	v *= 0xbf58476d1ce4e5b9
	v ^= v >> 27
	v *= 0x94d049bb133111eb
	return v ^ v>>31
}

func check(i Item) uint32 { return uint32(mix(uint64(i)^0x9e3779b97f4a7c15) >> 32) }

// toggle adds n times an item; each of its places is in a third of its own, so that they are never the same cell.
func (c Cells) toggle(i Item, n int32) {
	third := uint64(len(c) / places)
	k := check(i)
	for p := range uint64(places) {
		at := &c[p*third+mix(uint64(i)+p*0x9e3779b97f4a7c15)%third]
		at.items ^= uint64(i)
		at.checks ^= k
		at.count += n
	}
}

// NewCells makes empty cells: n rounded up to a number that can be parted in three.
func NewCells(n int) Cells { return make(Cells, (n+places-1)/places*places) }

// Add puts an item in.
func (c Cells) Add(i Item) { c.toggle(i, 1) }

// Append gives the cells as they are sent.
func (c Cells) Append(b []byte) []byte {
	for _, x := range c {
		b = binary.BigEndian.AppendUint64(b, x.items)
		b = binary.BigEndian.AppendUint32(b, x.checks)
		b = binary.BigEndian.AppendUint32(b, uint32(x.count))
	}
	return b
}

// ErrCells is what cells that cannot be read, or tell nothing, give.
var ErrCells = errors.New("wire: these cells tell nothing")

// ParseCells reads what Append gave.
func ParseCells(b []byte) (Cells, error) {
	n := len(b) / CellSize
	if len(b)%CellSize != 0 || n < places || n%places != 0 || n > MostCells+places {
		return nil, ErrCells
	}
	c := make(Cells, n)
	for i := range c {
		at := b[i*CellSize:]
		c[i] = cell{binary.BigEndian.Uint64(at), binary.BigEndian.Uint32(at[8:]), int32(binary.BigEndian.Uint32(at[12:]))}
		if c[i].count == math.MinInt32 {
			return nil, ErrCells
		}
	}
	return c, nil
}

// Differ tells which items only ours hold and which only theirs, or ErrCells when the sets differ by more than so many cells can tell.
// It takes both apart.
func Differ(ours, theirs Cells) (onlyOurs, onlyTheirs []Item, err error) {
	if len(ours) != len(theirs) || len(ours) == 0 {
		return nil, nil, ErrCells
	}
	for i := range ours {
		ours[i].items ^= theirs[i].items
		ours[i].checks ^= theirs[i].checks
		ours[i].count -= theirs[i].count
	}
	pure := func(x cell) bool { return (x.count == 1 || x.count == -1) && check(Item(x.items)) == x.checks }
	var todo []int
	for i, x := range ours {
		if pure(x) {
			todo = append(todo, i)
		}
	}
	for found := 0; len(todo) > 0; {
		x := ours[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		if !pure(x) {
			continue
		}
		if found++; found > len(ours) { // no honest difference is that large
			return nil, nil, ErrCells
		}
		item := Item(x.items)
		if x.count == 1 {
			onlyOurs = append(onlyOurs, item)
		} else {
			onlyTheirs = append(onlyTheirs, item)
		}
		ours.toggle(item, -x.count)
		third := uint64(len(ours) / places)
		for p := range uint64(places) {
			todo = append(todo, int(p*third+mix(uint64(item)+p*0x9e3779b97f4a7c15)%third))
		}
	}
	if slices.ContainsFunc(ours, func(x cell) bool { return x != cell{} }) {
		return nil, nil, ErrCells
	}
	return onlyOurs, onlyTheirs, nil
}

// AppendItems gives the short forms of all entries of a set as they are sent: sorted, so that half of them is told by their order.
func AppendItems(b []byte, items []Item) []byte {
	slices.Sort(items)
	for _, i := range items {
		b = binary.BigEndian.AppendUint64(b, uint64(i))
	}
	return b
}

// ParseItems reads what AppendItems gave.
func ParseItems(b []byte) ([]Item, error) {
	if len(b)%8 != 0 {
		return nil, ErrCells
	}
	items := make([]Item, len(b)/8)
	for i := range items {
		items[i] = Item(binary.BigEndian.Uint64(b[i*8:]))
		if i > 0 && items[i] < items[i-1] {
			return nil, ErrCells
		}
	}
	return items, nil
}
