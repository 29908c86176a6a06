package erasure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// MemberEraser is a room that can erase what one organization holds of a person who belongs to others too. A room without it
// holds nothing by organization.
type MemberEraser interface {
	EraseMember(ctx context.Context, tx core.Tx, org, person core.ID) ([]core.Receipt, error)
}

// The scopes of an order.
const (
	ScopePerson = "person" // the whole person
	ScopeMember = "member" // what one organization holds: the person belongs elsewhere too
)

// Walk asks every room to erase a person: mail, then the room of persons, are the last, since others look people up there and
// write to them. It is the one way through the rooms.
func (m *Module) Walk(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	sparing, err := m.spare.begin(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	all, err := m.erase(ctx, sparing, m.needs.Rooms(), person)
	if err != nil {
		return nil, err
	}
	last, err := m.erase(ctx, sparing, m.needs.Last(), person)
	return append(all, last...), err
}

func (m *Module) erase(ctx context.Context, tx core.Tx, rooms []core.Module, person core.ID) (all []core.Receipt, err error) {
	for _, room := range rooms {
		list, err := room.ErasePerson(ctx, tx, person)
		if err != nil {
			return nil, fmt.Errorf("erasure: %s: %w", room.Manifest().Module, err)
		}
		all = append(all, list...)
	}
	return gather(all), nil
}

// leave asks every room that holds something by organization to erase that.
func (m *Module) leave(ctx context.Context, tx core.Tx, org, person core.ID) (all []core.Receipt, err error) {
	for _, room := range append(slices.Clone(m.needs.Rooms()), m.needs.Last()...) {
		of, able := room.(MemberEraser)
		if !able {
			continue
		}
		list, err := of.EraseMember(ctx, tx, org, person)
		if err != nil {
			return nil, fmt.Errorf("erasure: %s: %w", room.Manifest().Module, err)
		}
		all = append(all, list...)
	}
	return gather(all), nil
}

// gather makes one receipt of those about the same table.
func gather(list []core.Receipt) []core.Receipt {
	out := make([]core.Receipt, 0, len(list))
	for _, r := range list {
		i := slices.IndexFunc(out, func(o core.Receipt) bool { return o.Table == r.Table })
		if i < 0 {
			out = append(out, r)
			continue
		}
		out[i].Deleted += r.Deleted
		out[i].Kept += r.Kept
		if r.Ground != "" && out[i].Ground == "" {
			out[i].Ground, out[i].Why, out[i].Rule = r.Ground, r.Why, r.Rule
		}
	}
	return out
}

var errUndo = errors.New("erasure: a dry run is undone")

// dry really erases, counts, and undoes it all. Nothing of it stays, so that it need not be as if nobody else were at work: on
// PostgreSQL, what other orders do at the same time would have it begin anew.
func (m *Module) dry(ctx context.Context, scope string, org, person core.ID) (list []core.Receipt, err error) {
	err = m.needs.Gate.Keep(db.Relaxed(ctx), weighing, func(tx core.Tx) (err error) {
		if scope == ScopeMember {
			list, err = m.leave(ctx, tx, org, person)
		} else {
			list, err = m.Walk(ctx, tx, person)
		}
		if err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		err = nil
	}
	return list, err
}
