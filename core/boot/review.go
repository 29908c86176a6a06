package boot

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/review"
	reviewweb "github.com/rempart/rempart/core/internal/review/web"
)

// reviews makes the room of requests and reviews, of what the rooms beside it know.
func (h *House) reviews(doors *late) *review.Module {
	return review.New(review.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Rights: h.access, Lines: h.access,
		Members: h.organizations, Orgs: h.organizations, People: h.identity, Departures: h.organizations,
		Roles: h.askable, Addresses: organization.Addresses, Seats: h.seats, ReviewDays: h.settings.ReviewDays,
		UnusedDays: func(ctx context.Context, tx core.Tx, org core.ID) (int, error) {
			p, err := h.settings.For(ctx, tx, org)
			return p.Access.UnusedDays, err
		},
		Charts: func(ctx context.Context, tx core.Tx, org, person core.ID) (bool, error) {
			return h.access.Holds(ctx, tx, person, org, organization.EditMember.Permission, organization.ImportMembers.Permission)
		},
		Origin: h.cfg.Origin,
	})
}

// askable lists the roles of an organization, and whether an administrator confirms them.
func (h *House) askable(ctx context.Context, tx core.Tx, org core.ID) ([]review.Role, error) {
	roles, err := h.access.Roles(ctx, tx, org)
	out := make([]review.Role, len(roles))
	for i, r := range roles {
		out[i] = review.Role{ID: r.ID, Title: r.Title, Description: r.Description, Service: r.Service, Grave: h.access.Grave(r.Role)}
	}
	return out, err
}

// seats are the sessions of whoever uses several right now.
func (h *House) seats(ctx context.Context, tx core.Tx, since time.Time) ([]review.Seat, error) {
	views, err := h.sessions.ActiveTogether(ctx, tx, since)
	out := make([]review.Seat, len(views))
	for i, v := range views {
		out[i] = review.Seat{Person: v.Person, Session: v.ID, Device: v.Device, Browser: v.Browser, System: v.System, Address: v.Address, Used: v.Used}
	}
	return out, err
}

// reviewPages gives the pages of dormant accounts and leavers what other rooms do.
func (h *House) reviewPages() reviewweb.Options {
	return reviewweb.Options{
		Suspender: suspending{h}, Suspend: &access.Suspend, Remove: organization.RemoveMember,
		Reasons: access.Reasons, ReasonTitle: access.ReasonTitle,
	}
}
