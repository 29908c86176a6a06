package boot

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
)

// commonWord tells whether a name in a setting is one that every installation knows: a role that ships, the code of a country.
func (h *House) commonWord(ctx context.Context, tx core.Tx) func(word string) bool {
	return func(word string) bool {
		if len(word) == 2 {
			return true
		}
		role, err := h.access.Role(ctx, tx, core.Strangers, word)
		return err == nil && role.ID != ""
	}
}

// policyName is what the like of a policy of one's own is called.
func policyName(number int) string { return fmt.Sprintf("politique-%d", number) }

// govern puts the like of the policies of the source in force, as it was signed, over the like of its settings.
func (f *furnisher) govern(ctx context.Context) error {
	h, s := f.h, f.s
	homes := map[core.ID]core.ID{}
	for i := range s.orgs {
		o := &s.orgs[i]
		homes[o.id] = o.made
		err := h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: o.made, Resource: o.made}, func(tx core.Tx) error {
			n, err := h.settings.Imitate(ctx, tx, o.made, o.rooms.settings)
			f.made.Rows += n
			return err
		})
		if err != nil {
			return err
		}
	}
	number := 0
	for _, l := range s.policies {
		number++
		for f.taken(policyName(number)) {
			number++
		}
		p, err := h.control.Imitate(ctx, l, policyName(number), func() string { return f.word("Texte") })
		if err != nil {
			return err
		}
		f.made.Policies++
		if err := h.control.Tell(ctx); err != nil {
			return err
		}
		for _, signed := range l.Signed {
			as := ctx
			if who := f.who(signed.Person); who != "" {
				as = f.as(ctx, who)
			}
			err := h.control.Sign(as, homes[signed.Org], p.ID, p.Hash)
			if core.KindOf(err) == core.Forbidden { // who signed could then, and cannot now
				err = h.control.Sign(ctx, homes[signed.Org], p.ID, p.Hash)
			}
			if err := imitable(err); err != nil {
				return err
			}
		}
	}
	return nil
}
