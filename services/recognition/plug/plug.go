// Package plug puts caller recognition on the house.
package plug

import (
	"context"
	"errors"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/api"
	"github.com/rempart/rempart/services/recognition/web"
)

// Kind is caller recognition, for whoever composes a house.
var Kind = service.Kind{Name: "recognition", Schema: recognition.Schema, New: plug}

func plug(d service.Doors) (service.Service, error) {
	m := recognition.New(recognition.Needs{
		Gate: d.Gate, Reader: d.Reader, Clock: d.Clock, Sealer: d.Sealer, Keys: d.Keys, Bulk: d.Bulk, Index: d.Index, Rights: d.Rights,
		People: d.People, Tokens: tokens{d.Tokens}, Queue: d.Queue, Places: d.Places, SignUps: signUps{d.SignUps}, Listen: d.Listen, Client: d.Client, Dial: d.Dial, Origin: d.Origin, Log: d.Log,
		Memory: indexes,
	})
	return service.Service{
		Module: m, Routes: web.Routes(m), Register: func(a *rest.API) { api.Register(a, m) }, Run: m.Run, Work: m.Work, Allows: m.Allows, Joined: m.Joined, Close: m.Close,
		Likeness: func(ctx context.Context, tx core.Tx, org core.ID, say func(table, column, value string)) (any, error) {
			return m.Likeness(ctx, tx, org, say)
		},
		Imitate: func(ctx context.Context, org core.ID, like any, by personal.Inventor) (int, error) {
			l, is := like.(recognition.Likeness)
			if !is {
				return 0, errors.New("recognition: this is the likeness of another service")
			}
			return m.Imitate(ctx, org, l, by)
		},
	}, nil
}

// indexes is how much memory the indexes of cards may take: some ten million cards.
const indexes = 2 << 30

// tokens is the house's door in the words of the service.
type tokens struct{ house service.Tokens }

func (t tokens) Grant(ctx context.Context, org core.ID, name string, responsible core.ID, role string, scopes []core.Permission, until time.Time) (core.ID, string, error) {
	return t.house.Grant(ctx, service.Granted{Org: org, Name: name, Responsible: responsible, Role: role, Scopes: scopes, Until: until})
}

func (t tokens) Revoke(ctx context.Context, org, account core.ID, reason string) error {
	return t.house.Revoke(ctx, org, account, reason)
}

// signUps is the house's door in the words of the service.
type signUps struct{ house service.SignUps }

func (s signUps) Open(ctx context.Context) (bool, error) { return s.house.Open(ctx) }

func (s signUps) Ask(ctx context.Context, a recognition.SignUp) error {
	return s.house.Ask(ctx, service.SignUp(a))
}

func (t tokens) Personal(ctx context.Context, name string, scopes []core.Permission, until time.Time) (string, error) {
	return t.house.Personal(ctx, name, scopes, until)
}
