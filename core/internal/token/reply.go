package token

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// replyLife is how long a reply can be asked for again.
const replyLife = 24 * time.Hour

const replyPlace = "token_reply.body"

type reply struct {
	request []byte
	done    int64
	status  int
	body    []byte
}

func scanReply(scan db.Scan) (r reply, err error) {
	err = scan(&r.request, &r.done, &r.status, &r.body)
	return r, err
}

// Reserve takes an idempotency key for the actor of ctx and the request whose fingerprint is given. taken is true when
// this caller must do the work. Otherwise the reply of the first caller is given: same tells whether it answered the
// same request, done whether it has ended.
func (m *Module) Reserve(ctx context.Context, key, request []byte) (taken, same, done bool, status int, body []byte, err error) {
	actor, now := core.ActorOf(ctx), m.needs.Clock.Now()
	var kept reply
	err = m.needs.Gate.Keep(ctx, &replyDuty, func(tx core.Tx) error {
		if _, err := tx.Exec(ctx, qForgetReply, clock.Micros(now.Add(-replyLife))); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qReserve, actor.ID, key, request, clock.Micros(now), []byte{})
		if err != nil {
			return err
		}
		if taken = n == 1; taken {
			return nil
		}
		kept, _, err = db.One(ctx, tx, qReply, scanReply, actor.ID, key)
		return err
	})
	if err != nil || taken {
		return taken, false, false, 0, nil, err
	}
	same = subtle.ConstantTimeCompare(kept.request, request) == 1
	if !same || kept.done == 0 {
		return false, same, false, 0, nil, nil
	}
	if len(kept.body) > 0 {
		if body, err = m.needs.Sealer.Open(ctx, owner(actor), replyPlace, kept.body); err != nil {
			return false, same, true, kept.status, nil, fmt.Errorf("token: open a reply: %w", err)
		}
	}
	return false, same, true, kept.status, body, nil
}

// Keep keeps the reply of a request whose key was reserved, sealed under its actor's key.
func (m *Module) Keep(ctx context.Context, key []byte, status int, body []byte) error {
	actor := core.ActorOf(ctx)
	sealed := []byte{}
	if len(body) > 0 {
		var err error
		if sealed, err = m.needs.Sealer.Seal(ctx, owner(actor), replyPlace, body); err != nil {
			return fmt.Errorf("token: seal a reply: %w", err)
		}
	}
	return m.needs.Gate.Keep(ctx, &replyDuty, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qKeepReply, actor.ID, key, clock.Micros(m.needs.Clock.Now()), status, sealed)
		return err
	})
}

// Release gives a reserved key back: the request failed on our side and may be sent again.
func (m *Module) Release(ctx context.Context, key []byte) error {
	return m.needs.Gate.Keep(ctx, &replyDuty, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qDropReply, core.ActorOf(ctx).ID, key)
		return err
	})
}

// owner is whose key seals what an actor is answered: their own, or the organization's for a service account.
func owner(a core.Actor) core.ID {
	if a.Kind == core.ServiceActor {
		return a.Org
	}
	return a.ID
}
