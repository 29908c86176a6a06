package boot

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/core/service"
)

// receive makes the services that the house was asked for, each with its doors.
func (h *House) receive(doors *late) error {
	for _, kind := range h.cfg.Services {
		made, err := kind.New(service.Doors{
			Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, Bulk: h.vault, Index: h.vault,
			People: h.identity, Rights: h.access, Places: h.organizations, Tokens: grants{h}, SignUps: comers{h, kind.Name}, Queue: h.jobs,
			Listen: h.db.Listen, Client: h.egress.Typed, Dial: h.egress.TypedDial,
			Origin: h.cfg.Origin, Log: h.cfg.Log,
		})
		if err != nil {
			return fmt.Errorf("boot: service %s: %w", kind.Name, err)
		}
		h.guests = append(h.guests, made)
		h.modules = append(h.modules, made.Module)
	}
	return nil
}

// comers signs organizations up for one service.
type comers struct {
	h       *House
	service string
}

// Open tells whether organizations may sign themselves up.
func (c comers) Open(ctx context.Context) (bool, error) { return c.h.organizations.SignUpOpen(ctx) }

// Ask takes what somebody typed.
func (c comers) Ask(ctx context.Context, s service.SignUp) error {
	return c.h.organizations.AskSignUp(ctx, organization.SignUp{
		Organization: s.Organization, TimeZone: s.TimeZone, GivenName: s.GivenName, FamilyName: s.FamilyName, Email: s.Email,
		Language: s.Language, Service: c.service,
	})
}

// joined begins a service for an organization that signed up for it.
func (h *House) joined(ctx context.Context, tx core.Tx, name string, org, person core.ID) error {
	for i, kind := range h.cfg.Services {
		if kind.Name == name && h.guests[i].Joined != nil {
			return h.guests[i].Joined(ctx, tx, org, person)
		}
	}
	return nil
}

// Guest gives the room of a service by its name; nil when this house has none of it.
func (h *House) Guest(name string) core.Module {
	for i, kind := range h.cfg.Services {
		if kind.Name == name && i < len(h.guests) {
			return h.guests[i].Module
		}
	}
	return nil
}

// guestsAllow tells whether people of an organization typed a destination in one of the services.
func (h *House) guestsAllow(ctx context.Context, org core.ID, address string) (named bool, err error) {
	err = h.db.Read(ctx, func(tx core.Tx) (err error) {
		for _, g := range h.guests {
			if g.Allows == nil {
				continue
			}
			if named, err = g.Allows(ctx, tx, org, address); named || err != nil {
				return err
			}
		}
		return nil
	})
	return named, err
}

// grants makes what the programs of a client carry.
type grants struct{ h *House }

// Grant makes a service account, gives it its role and makes its secret.
func (g grants) Grant(ctx context.Context, w service.Granted) (account core.ID, secret string, err error) {
	made, err := g.h.tokens.CreateService(ctx, w.Org, token.Draft{Name: w.Name, Responsible: w.Responsible})
	if err != nil {
		return "", "", err
	}
	if _, err = g.h.access.Give(ctx, core.Assignment{Org: w.Org, Person: made.ID, Role: w.Role, Reason: w.Name, Until: w.Until}); err != nil {
		return "", "", err
	}
	ends := w.Until
	if ends.IsZero() {
		ends = g.h.cfg.Clock.Now().Add(365 * 24 * time.Hour)
	}
	_, secret, err = g.h.tokens.CreateFor(ctx, w.Org, made.ID, token.Order{Name: w.Name, Scopes: w.Scopes, Ends: ends})
	return made.ID, secret, err
}

// Revoke closes a service account with all that it carries.
func (g grants) Revoke(ctx context.Context, org, account core.ID, reason string) error {
	return g.h.tokens.CloseService(ctx, org, account, reason)
}

// Personal makes a token of the actor's own.
func (g grants) Personal(ctx context.Context, name string, scopes []core.Permission, until time.Time) (secret string, err error) {
	_, secret, err = g.h.tokens.Create(ctx, token.Order{Name: name, Scopes: scopes, Ends: until})
	return secret, err
}
