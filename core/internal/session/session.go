package session

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// MaxLive is how many sessions a person can have at once; one more ends the one least recently used (ASVS 7.1.2).
const MaxLive = 20

// Limits taken where the policy in force gives none. NIST SP 800-63B-4 allows at most 24 h and 1 h at AAL2.
const (
	defaultIdle     = 30 * time.Minute
	defaultAbsolute = 12 * time.Hour
	// longest is past any absolute limit that can be set: a session unused for so long is surely over.
	longest = 31 * 24 * time.Hour
)

// Begin makes a session in the transaction of the sign-in. secret is the value of the cookie: it is shown to nobody
// and stored nowhere. The browser and the address are those of the actor of ctx.
func (m *Module) Begin(ctx context.Context, tx core.Tx, n core.NewSession) (secret string, id core.ID, err error) {
	if n.Person.IsZero() {
		return "", "", fmt.Errorf("session: begin for nobody")
	}
	now := m.needs.Clock.Now()
	if err := m.makeRoom(ctx, tx, n.Person, now); err != nil {
		return "", "", err
	}
	actor := core.ActorOf(ctx)
	var address []byte
	if actor.Address.IsValid() {
		if address, err = m.needs.Sealer.Seal(ctx, n.Person, addressPlace, []byte(actor.Address.String())); err != nil {
			return "", "", fmt.Errorf("session: seal the address: %w", err)
		}
	}
	id = ids.At(now)
	root, pace := newSecret()
	browser, system := family(actor.Agent)
	_, err = tx.Exec(ctx, qInsert, id, hashOf(root), pace, clock.Micros(now), n.Person, n.Account, db.Flag(n.Staff), max(n.AAL, 1),
		n.Device, browser, system, notNil(address))
	if err != nil {
		return "", "", fmt.Errorf("session: begin: %w", err)
	}
	return compose(root, pace, 0), id, nil
}

// addressPlace binds a sealed address to its column.
const addressPlace = "session_session.address"

// makeRoom ends the sessions least recently used beyond the allowed number.
func (m *Module) makeRoom(ctx context.Context, tx core.Tx, person core.ID, now time.Time) error {
	all, err := live(ctx, tx, person)
	if err != nil {
		return fmt.Errorf("session: count: %w", err)
	}
	for i := MaxLive - 1; i < len(all); i++ {
		if _, err := tx.Exec(ctx, qEnd, all[i].id, clock.Micros(now), "too_many"); err != nil {
			return fmt.Errorf("session: make room: %w", err)
		}
	}
	return nil
}

// Raise notes a fresh proof of identity: the session gets a new secret, the old one dies at once, a lock is lifted and
// aal is the level now reached (ASVS 7.2.4).
func (m *Module) Raise(ctx context.Context, tx core.Tx, session core.ID, aal int) (newValue string, err error) {
	root, pace := newSecret()
	n, err := tx.Exec(ctx, qRaise, session, hashOf(root), pace, clock.Micros(m.needs.Clock.Now()), max(aal, 1))
	if err != nil {
		return "", fmt.Errorf("session: raise: %w", err)
	}
	if n == 0 {
		return "", errAbsent
	}
	return compose(root, pace, 0), nil
}

// Reopen lifts the lock of a session whose person proved less than a step-up asks: it gets a new secret, and neither its
// level nor the moment of its last proof move.
func (m *Module) Reopen(ctx context.Context, tx core.Tx, session core.ID) (newValue string, err error) {
	root, pace := newSecret()
	n, err := tx.Exec(ctx, qReopen, session, hashOf(root), pace, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return "", fmt.Errorf("session: reopen: %w", err)
	}
	if n == 0 {
		return "", errAbsent
	}
	return compose(root, pace, 0), nil
}

// EndAll ends every live session of a person but one (except "" ends all) in the transaction of the act that wants
// it: a password changed, an account closed, a suspension. It gives how many ended.
func (m *Module) EndAll(ctx context.Context, tx core.Tx, person, except core.ID, reason string) (int64, error) {
	n, err := tx.Exec(ctx, qEndPerson, person, except, clock.Micros(m.needs.Clock.Now()), reason)
	if err != nil {
		return 0, fmt.Errorf("session: end all: %w", err)
	}
	return n, nil
}

// end ends one session; false when it was over already.
func (m *Module) end(ctx context.Context, tx core.Tx, id core.ID, reason string) (bool, error) {
	n, err := tx.Exec(ctx, qEnd, id, clock.Micros(m.needs.Clock.Now()), reason)
	return n == 1, err
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
