package signin

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errAgain = i18n.Fault(core.Invalid, "signin.again_wrong",
		"Cette preuve n'est pas la bonne.", "This proof is not right.")
	errDevice = i18n.Fault(core.NotFound, "device.unknown",
		"Ce navigateur n'est pas parmi les vôtres.", "This browser is not one of yours.")
)

// Kinds of links that identity makes for us.
const (
	linkReset = "reset"
	linkFirst = "first"
	linkSetup = "setup"
)

const firstLife = time.Hour

// AskReset sends a link to a new password, valid for half an hour. The same is done and answered whether the account
// exists; how many messages strangers can cause is bounded, silently.
func (m *Module) AskReset(ctx context.Context, address string) error {
	login, ok := normalLogin(address)
	if !ok {
		return errLogin.With("email", errLogin.Code)
	}
	defer m.steady(ctx, time.Now())
	if asks, err := m.mayAsk(ctx); err != nil || !asks {
		return err // the same answer, and nothing written: a stranger must not fill the journal
	}
	f := Facts{Flow: Flow{Login: login}, Now: m.needs.Clock.Now()}
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		p, known, err := m.needs.People.PersonByEmail(ctx, tx, login)
		if err != nil {
			return err
		}
		if known {
			f.Flow.Person = p.ID
		}
		return m.learn(ctx, tx, &f)
	})
	if err != nil {
		return err
	}
	act := &core.Act{Def: &askReset, Org: home(&f), Subject: f.Person.ID}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		allowed, err := m.mayMail(ctx, tx, login)
		switch {
		case err != nil:
			return err
		case !allowed:
			act.Fail(errMailWait.Code)
			return nil
		case !f.Known:
			act.Fail("signin.unknown")
			return nil
		}
		return m.needs.Mails.MailReset(ctx, tx, f.Person.ID)
	})
}

// ResetPerson tells for whom a reset link works, for the page; it does not use it. Error: Gone.
func (m *Module) ResetPerson(ctx context.Context, token string) (person core.ID, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		person, _, err = m.needs.Links.Link(ctx, tx, linkReset, token)
		return err
	})
	return person, err
}

// Reset spends a link for a new password: every session ends, and the person signs in with it. A second factor is asked
// then as ever (ASVS 6.4.3). Errors: Gone, Invalid with the rules not met.
func (m *Module) Reset(ctx context.Context, token, plain string) error {
	person, err := m.ResetPerson(ctx, token)
	if err != nil {
		return err
	}
	hash, err := m.needs.Passwords.NewPassword(ctx, person, plain)
	if err != nil {
		return err
	}
	act := &core.Act{Def: &useReset, Org: core.Platform, Subject: person, Resource: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, _, err := m.needs.Links.UseLink(ctx, tx, linkReset, token); err != nil {
			return err
		}
		if err := m.needs.Passwords.KeepPassword(ctx, tx, person, hash); err != nil {
			return err
		}
		_, err := m.needs.Sessions.EndAll(ctx, tx, person, "", "password_reset")
		return err
	})
}

// FirstPassword gives the path of a single-use page where a person who has just proved their address chooses a
// password and goes on to come in; "" when they have one.
func (m *Module) FirstPassword(ctx context.Context, tx core.Tx, person core.ID) (path string, err error) {
	c, err := m.needs.Passwords.Credential(ctx, tx, person)
	if err != nil || c.Hash != "" {
		return "", err
	}
	token, err := m.needs.Links.MakeLink(ctx, tx, linkFirst, person, "", firstLife)
	if err != nil {
		return "", err
	}
	return "/signin/first/" + token, nil
}

// BeginFirst spends the link of FirstPassword and gives the secret of a flow whose mailbox is proved.
func (m *Module) BeginFirst(ctx context.Context, token string, browser core.ID) (secret string, err error) {
	act := &core.Act{Def: &beginFlow, Org: core.Platform}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		id, _, err := m.needs.Links.UseLink(ctx, tx, linkFirst, token)
		if err != nil {
			return err
		}
		p, err := m.needs.People.Person(ctx, tx, id)
		if err != nil {
			return err
		}
		act.Subject = id
		c, err := m.needs.Passwords.Credential(ctx, tx, id)
		if err != nil {
			return err
		}
		if c.Hash != "" {
			return errStep // a password exists: the ordinary way in
		}
		secret, err = m.addFlow(ctx, tx, Flow{Kind: kindFirst, Login: p.Email, Person: id, Browser: browser, Next: "/", MailboxAt: m.needs.Clock.Now()})
		return err
	})
	return secret, err
}
