package boot

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	organizationweb "github.com/rempart/rempart/core/internal/organization/web"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

// memberPages gives the pages of members what they show of rights: the roles to filter by, and bulk suspension.
func (h *House) memberPages() organizationweb.Options {
	return organizationweb.Options{
		Suspender: suspending{h}, SuspendAct: &access.Suspend, Now: h.cfg.Clock.Now,
		Roles: func(ctx context.Context, org core.ID) ([]ui.Option, error) {
			var list []ui.Option
			err := h.db.Read(ctx, func(tx core.Tx) error {
				roles, err := h.access.Roles(ctx, tx, org)
				list = nil
				for _, r := range roles {
					if r.ID != access.RoleMember {
						list = append(list, ui.Option{Value: r.ID, Label: i18n.From(r.Title).In(ctx)})
					}
				}
				return err
			})
			return list, err
		},
		Photos: func(ctx context.Context, persons []core.ID) (found map[core.ID]core.ID, err error) {
			err = h.db.Read(ctx, func(tx core.Tx) (err error) { found, err = h.identity.Photos(ctx, tx, persons...); return err })
			return found, err
		},
	}
}

// suspending suspends several members at once: one transaction, one entry for each.
type suspending struct{ h *House }

// SuspendMembers suspends persons within an organization, all of them or none.
func (s suspending) SuspendMembers(ctx context.Context, org core.ID, persons []core.ID, reason, text string, until time.Time) error {
	act := &core.Act{Def: &access.Suspend, Org: org, Note: text}
	return s.h.gate.Change(ctx, act, func(tx core.Tx) error {
		for i, person := range persons {
			id, err := s.h.access.Declare(ctx, tx, access.Suspension{
				DecidedIn: org, Target: person, Block: core.Block{Scope: access.ScopePerson, Reason: reason, Text: text, Until: until},
			}, false)
			if err != nil {
				return err
			}
			one := act
			if i > 0 {
				one = &core.Act{Def: act.Def, Org: org, Note: text}
				act.Also = append(act.Also, one)
			}
			one.Resource, one.Subject = id, person
			one.Changed("reason", "", reason)
			if !until.IsZero() {
				one.Changed("until", "", until.Format(time.RFC3339))
			}
		}
		return nil
	})
}
