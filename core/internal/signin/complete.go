package signin

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/password"
)

// Choose takes a new password where one is due: first, compromised or past its age. Every session of the person ends,
// and after a compromise no browser is known any more.
func (m *Module) Choose(ctx context.Context, secret, plain string) error {
	f, err := m.expect(ctx, secret, changeStep.Name)
	if err != nil {
		return err
	}
	if err := m.admitted(ctx, &f); err != nil {
		return err
	}
	hash, err := m.needs.Passwords.NewPassword(ctx, f.Person.ID, plain)
	if err != nil {
		return err
	}
	act := &core.Act{Def: &chooseFirst, Org: home(&f), Subject: f.Person.ID, Resource: f.Person.ID}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.needs.Passwords.KeepPassword(ctx, tx, f.Person.ID, hash); err != nil {
			return err
		}
		// Choosing it proves it, and what was proved before it was chosen counts no more.
		if _, err := tx.Exec(ctx, qPasswordProved, f.Flow.mark, clock.Micros(m.needs.Clock.Now())); err != nil {
			return fmt.Errorf("signin: choose: %w", err)
		}
		if f.Credential.Compromised {
			if _, err := tx.Exec(ctx, qDeviceErase, f.Person.ID); err != nil {
				return fmt.Errorf("signin: forget browsers: %w", err)
			}
		}
		_, err := m.needs.Sessions.EndAll(ctx, tx, f.Person.ID, "", "password_changed")
		return err
	})
}

// admitted checks, before anything is written for a person, that they may come in at all.
func (m *Module) admitted(ctx context.Context, f *Facts) error {
	if !f.Proved() {
		return errStep
	}
	_, err := m.keptOut(ctx, f)
	return err
}

// AcceptTerms notes that the person accepts what was due when the page was shown; what was published meanwhile is asked next.
func (m *Module) AcceptTerms(ctx context.Context, secret string, shown []core.Terms) error {
	f, err := m.expect(ctx, secret, termsStep.Name)
	if err != nil {
		return err
	}
	if err := m.admitted(ctx, &f); err != nil {
		return err
	}
	var accepted []core.Terms
	for _, due := range f.Terms {
		for _, s := range shown {
			if s.Document == due.Document && s.Version == due.Version {
				accepted = append(accepted, due)
			}
		}
	}
	act := &core.Act{Def: &acceptTerms, Org: home(&f), Subject: f.Person.ID}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		for _, t := range accepted {
			act.Changed("accepted", fmt.Sprint(t.Before), fmt.Sprintf("%s v%d", t.Document, t.Version))
		}
		return m.needs.Terms.Accept(ctx, tx, f.Person.ID, accepted...)
	})
}

// Enrolment gives the secret of the authenticator application being set up, a new one when none waits.
func (m *Module) Enrolment(ctx context.Context, secret string) (key string, f Facts, err error) {
	if f, err = m.expect(ctx, secret, enrolStep.Name); err != nil {
		return "", f, err
	}
	if err := m.admitted(ctx, &f); err != nil {
		return "", f, err
	}
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		key, err = m.needs.Factors.PendingTOTP(ctx, tx, f.Person.ID, f.Flow.mark)
		return err
	})
	if err == nil || core.KindOf(err) != core.Gone {
		return key, f, err
	}
	act := &core.Act{Def: &enrol, Org: home(&f), Subject: f.Person.ID}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		act.Changed("state", "", "pending")
		key, err = m.needs.Factors.StartTOTP(ctx, tx, f.Person.ID, f.Flow.mark)
		return err
	})
	return key, f, err
}

// Enrol takes the first code of the application: it is in use from then on, counts as the second factor of this
// sign-in, and recovery codes are given to be shown once.
func (m *Module) Enrol(ctx context.Context, secret, code string) (core.RecoveryCodes, error) {
	f, err := m.expect(ctx, secret, enrolStep.Name)
	if err != nil {
		return core.RecoveryCodes{}, err
	}
	if err := m.admitted(ctx, &f); err != nil {
		return core.RecoveryCodes{}, err
	}
	batch, err := m.needs.Codes.MakeCodes(ctx)
	if err != nil {
		return core.RecoveryCodes{}, err
	}
	act, right := &core.Act{Def: &enrol, Org: home(&f), Subject: f.Person.ID}, false
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if right, err = m.needs.Factors.ConfirmTOTP(ctx, tx, f.Person.ID, f.Flow.mark, code); err != nil {
			return err
		}
		if !right {
			act.Fail(errCode.Code)
			return nil
		}
		act.Changed("state", "pending", "confirmed")
		if _, err := tx.Exec(ctx, qFactorProved, f.Flow.mark, clock.Micros(m.needs.Clock.Now())); err != nil {
			return fmt.Errorf("signin: factor: %w", err)
		}
		return m.needs.Codes.KeepCodes(ctx, tx, f.Person.ID, batch)
	})
	switch {
	case err != nil:
		return core.RecoveryCodes{}, err
	case !right:
		return core.RecoveryCodes{}, errCode.With("code", errCode.Code)
	}
	return batch, nil
}

// Judge gives the state of every rule for the person of a flow and a candidate, for the page that helps while typing.
func (m *Module) Judge(ctx context.Context, secret, plain string) (password.Verdict, core.PasswordPolicy, error) {
	f, err := m.expect(ctx, secret, changeStep.Name)
	if err != nil {
		return password.Verdict{}, core.PasswordPolicy{}, err
	}
	return m.needs.Judge(ctx, f.Person.ID, plain)
}

// JudgeReset does the same for the person of a reset link.
func (m *Module) JudgeReset(ctx context.Context, token, plain string) (password.Verdict, core.PasswordPolicy, error) {
	person, err := m.ResetPerson(ctx, token)
	if err != nil {
		return password.Verdict{}, core.PasswordPolicy{}, err
	}
	return m.needs.Judge(ctx, person, plain)
}

// JudgeSetup does the same for the first administrator, who does not exist yet.
func (m *Module) JudgeSetup(ctx context.Context, token, plain string, own ...string) (password.Verdict, core.PasswordPolicy, error) {
	if err := m.SetupOpen(ctx, token); err != nil {
		return password.Verdict{}, core.PasswordPolicy{}, err
	}
	return m.needs.Judge(ctx, "", plain, own...)
}
