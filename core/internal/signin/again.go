package signin

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
)

// Asked tells what a signed-in person is asked to prove themselves again: a code when they hold a second factor,
// the password otherwise.
func (m *Module) Asked(ctx context.Context) (f core.Factors, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		f, err = m.needs.Factors.Factors(ctx, tx, core.ActorOf(ctx).ID)
		return err
	})
	return f, err
}

// Again takes a fresh proof before a sensitive act (step-up): a code from those who hold a second factor, the password
// from the others. The session gets a new secret (ASVS 7.2.4).
func (m *Module) Again(ctx context.Context, answer string) (session string, err error) {
	held, err := m.Asked(ctx)
	if err != nil {
		return "", err
	}
	return m.proveSession(ctx, &proveAgain, answer, held.TOTP, true)
}

// Unlock opens a locked session by the password or by a code; the session stays what it was. The password of those who
// hold a second factor opens it without counting as a fresh proof: locking a session would else be a way around Again.
func (m *Module) Unlock(ctx context.Context, answer string, isCode bool) (session string, err error) {
	held, err := m.Asked(ctx)
	if err != nil {
		return "", err
	}
	return m.proveSession(ctx, &unlock, answer, isCode, isCode || !held.TOTP)
}

// proveSession checks an answer for the session in use; fresh says that it is worth a step-up.
func (m *Module) proveSession(ctx context.Context, def *core.ActDef, answer string, isCode, fresh bool) (session string, err error) {
	actor := core.ActorOf(ctx)
	if actor.Kind != core.HumanActor || actor.Session.IsZero() {
		return "", errStep
	}
	key := "again:" + string(actor.Session)
	if err := m.countAgain(ctx, key); err != nil {
		return "", err
	}
	right, mark := false, ""
	if isCode {
		mark, err = m.needs.Codes.MatchCode(ctx, actor.ID, answer)
	} else {
		right, err = m.passwordOf(ctx, actor.ID, answer)
	}
	if err != nil {
		return "", err
	}
	act := &core.Act{Def: def, Org: core.Platform, Subject: actor.ID, Resource: actor.Session}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if isCode {
			if right, err = m.checkFactor(ctx, tx, actor.ID, answer, mark); err != nil {
				return err
			}
		}
		if !right {
			act.Fail(errAgain.Code)
			return nil
		}
		aal := actor.AAL
		if isCode {
			aal = max(aal, 2)
		}
		if err := abuse.Return(ctx, tx, key, againLimit, m.needs.Clock.Now()); err != nil {
			return err
		}
		if !fresh {
			session, err = m.needs.Sessions.Reopen(ctx, tx, actor.Session)
			return err
		}
		session, err = m.needs.Sessions.Raise(ctx, tx, actor.Session, aal)
		return err
	})
	if err == nil && !right {
		err = errAgain.With("answer", errAgain.Code)
	}
	return session, err
}

// againLimit is per session, which an attacker without the cookie cannot touch.
var againLimit = abuse.PerDay(defaultAttempts, guessesPerDay)

func (m *Module) countAgain(ctx context.Context, key string) error {
	var refusal error
	err := m.needs.Gate.Keep(ctx, &counting, func(tx core.Tx) error {
		v, err := abuse.Take(ctx, tx, key, againLimit, m.needs.Clock.Now())
		if refusal = nil; err == nil && !v.OK {
			refusal = errBrowser.After(v.Retry)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("signin: count: %w", err)
	}
	return refusal
}

func (m *Module) passwordOf(ctx context.Context, person core.ID, plain string) (bool, error) {
	var c core.Credential
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		c, err = m.needs.Passwords.Credential(ctx, tx, person)
		return err
	})
	if err != nil {
		return false, err
	}
	ok, _, err := m.needs.Passwords.CheckPassword(ctx, c, plain)
	return ok, err
}

// Devices lists the browsers that a person is known to use, the latest first.
func (m *Module) Devices(ctx context.Context, person core.ID) (list []Device, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &listDevices, Org: core.Platform, Subject: person}, func(tx core.Tx) error {
		list, err = m.devices(ctx, tx, person)
		return err
	})
	return list, err
}

// Forget makes a browser unknown again: its next sign-in is told to the person, and it shares the bucket of strangers.
func (m *Module) Forget(ctx context.Context, person, id core.ID) error {
	act := &core.Act{Def: &forgetDevice, Org: core.Platform, Subject: person, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qDeviceForget, person, id)
		if err == nil && n == 0 {
			return errDevice
		}
		return err
	})
}

// ForgetAll makes every browser of a person unknown again, in the transaction of the act that wants it: they leave (ACC-6.2).
func (m *Module) ForgetAll(ctx context.Context, tx core.Tx, person core.ID) error {
	_, err := tx.Exec(ctx, qDeviceErase, person)
	return err
}
