package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
)

var (
	errWeak = i18n.Fault(core.Invalid, "password.weak",
		"Ce mot de passe ne respecte pas toutes les règles.", "This password does not meet every rule.")
	errWrong = i18n.Fault(core.Invalid, "password.wrong",
		"Le mot de passe actuel n'est pas le bon.", "The current password is not right.")

	whyHistory = i18n.Reason("password.history",
		"Différent de vos derniers mots de passe (%d)", "Different from your last passwords (%d)")
)

// Credential gives what the password of a person is checked against; the zero Credential when there is no such account.
func (m *Module) Credential(ctx context.Context, tx core.Tx, person core.ID) (core.Credential, error) {
	c, _, err := db.One(ctx, tx, qCredential, func(scan db.Scan) (core.Credential, error) {
		c := core.Credential{Person: person}
		var set, compromised int64
		err := scan(&c.Account, &c.Hash, &set, &compromised)
		c.SetAt, c.Compromised = clock.FromMicros(set), compromised > 0
		return c, err
	}, person)
	if err != nil {
		return core.Credential{}, fmt.Errorf("identity: credential: %w", err)
	}
	return c, nil
}

// CheckPassword tells in constant time whether plain is the password. For the zero Credential it does the same work and
// answers no. rehash is set when the stored hash should be made again at today's cost: give it to UpgradePassword.
// It computes for tens of milliseconds: never call it in a transaction. Error: Busy beyond the cap.
func (m *Module) CheckPassword(ctx context.Context, c core.Credential, plain string) (ok bool, rehash string, err error) {
	if len(plain) > 4*password.MaxLength {
		plain = "" // longer than any password kept; the work is done all the same
	}
	ok, upgrade, err := m.needs.Hasher.Check(ctx, c.Hash, plain)
	if err != nil || !ok || !upgrade {
		return ok, "", err
	}
	if rehash, err = m.needs.Hasher.Hash(ctx, plain); err != nil {
		return ok, "", nil // an upgrade can wait for the next sign-in
	}
	return ok, rehash, nil
}

// UpgradePassword replaces a hash by that of the same password at today's cost.
func (m *Module) UpgradePassword(ctx context.Context, tx core.Tx, c core.Credential, rehash string) error {
	if _, err := tx.Exec(ctx, qPasswordUpgrade, c.Person, c.Hash, rehash); err != nil {
		return fmt.Errorf("identity: upgrade password: %w", err)
	}
	return nil
}

// PolicyOf gives the policy in force for a person, over all the organizations they belong to, and these.
func (m *Module) PolicyOf(ctx context.Context, tx core.Tx, person core.ID) (core.Policy, []core.Membership, error) {
	members, err := m.needs.Members.Memberships(ctx, tx, person)
	if err != nil {
		return core.Policy{}, nil, err
	}
	orgs := make([]core.ID, 0, len(members))
	for _, x := range members {
		if x.State == "active" {
			orgs = append(orgs, x.Org)
		}
	}
	p, err := m.needs.Settings.For(ctx, tx, orgs...)
	return p, members, err
}

// words are what an attacker would try first for a person.
func words(p core.Person, members []core.Membership) []string {
	own := []string{p.GivenName, p.FamilyName, p.GivenName + " " + p.FamilyName, p.Email, p.Email2, p.Phone}
	for _, x := range members {
		own = append(own, x.OrgName, x.Department)
	}
	return own
}

// JudgePassword gives the state of every rule for a person and a candidate, for the page that helps while typing. The
// history is judged only when the password is chosen. An empty person is judged by the provider's floors; own are
// further words that belong to them.
func (m *Module) JudgePassword(ctx context.Context, person core.ID, plain string, own ...string) (password.Verdict, core.PasswordPolicy, error) {
	var policy core.Policy
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		var members []core.Membership
		var err error
		if person.IsZero() {
			policy, err = m.needs.Settings.For(ctx, tx)
			return err
		}
		if policy, members, err = m.PolicyOf(ctx, tx, person); err != nil {
			return err
		}
		p, err := m.person(ctx, tx, person)
		own = append(own, words(p, members)...)
		return err
	})
	if err != nil {
		return password.Verdict{}, policy.Password, err
	}
	return password.Judge(plain, policy.Password, own, m.breached), policy.Password, nil
}

// NewPassword judges a new password by the policy in force and by the person's history, and gives its hash for
// KeepPassword. It computes: never call it in a transaction. Errors: Invalid with one field "password" per rule not met,
// Busy.
func (m *Module) NewPassword(ctx context.Context, person core.ID, plain string) (hash string, err error) {
	verdict, policy, err := m.JudgePassword(ctx, person, plain)
	if err != nil {
		return "", err
	}
	if fault := Weakness(verdict); fault != nil {
		return "", fault
	}
	var past []string
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		c, err := m.Credential(ctx, tx, person)
		if err != nil {
			return err
		}
		if c.Hash != "" {
			past = append(past, c.Hash)
		}
		old, err := db.All(ctx, tx, qPasswordOld, db.Value[string], person, max(policy.History-1, 0))
		past = append(past, old...)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("identity: history: %w", err)
	}
	for _, stored := range past {
		same, _, err := m.needs.Hasher.Check(ctx, stored, plain)
		if err != nil {
			return "", err
		}
		if same {
			return "", errWeak.With("password", whyHistory, max(policy.History, 1))
		}
	}
	return m.needs.Hasher.Hash(ctx, plain)
}

// Weakness turns a verdict into the error that lists every rule not met, nil when all are.
func Weakness(v password.Verdict) error {
	fault := errWeak
	for _, r := range v.Rules {
		if !r.Met {
			fault = fault.With("password", r.Code, r.Args...)
		}
	}
	if len(fault.Fields) == 0 {
		return nil
	}
	return fault
}

// KeepPassword writes a password that NewPassword took: the former one joins the history, the 'compromised' mark goes,
// links sent to reset it die, so do personal access tokens, the person becomes active and is told.
func (m *Module) KeepPassword(ctx context.Context, tx core.Tx, person core.ID, hash string) error {
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return err
	}
	c, err := m.Credential(ctx, tx, person)
	if err != nil {
		return err
	}
	policy, _, err := m.PolicyOf(ctx, tx, person)
	if err != nil {
		return err
	}
	now := clock.Micros(m.needs.Clock.Now())
	steps := []struct {
		q    string
		args []any
	}{
		{qPasswordAge, []any{person}},
		{qPasswordSet, []any{person, hash, now}},
		{qPasswordTrim, []any{person, max(policy.Password.History-1, 0)}},
		{qLinkCancel, []any{person, LinkReset, now}},
		{qLinkCancel, []any{person, LinkFirst, now}},
		{qLinkCancel, []any{person, LinkAddress, now}},
		{qActive, []any{person, now}},
	}
	for _, s := range steps {
		if _, err := tx.Exec(ctx, s.q, s.args...); err != nil {
			return fmt.Errorf("identity: keep password: %w", err)
		}
	}
	if c.Hash == "" {
		return nil // a first password: nothing changed that one should be warned of
	}
	body := mailPasswordBody
	ended, err := m.needs.Tokens.EndAll(ctx, tx, person, "password_changed")
	if err != nil {
		return fmt.Errorf("identity: end tokens: %w", err)
	}
	if ended > 0 {
		body = mailPasswordTokens
	}
	return m.alert(ctx, tx, p, "password.changed", mailPasswordSubject, body, "password")
}

// Compromised marks the password of a person as known to others (ACC-4.4): every session and token ends now, and the
// next sign-in asks for a proof of the mailbox and a new password. The person is told.
func (m *Module) Compromised(ctx context.Context, tx core.Tx, person core.ID) error {
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return err
	}
	now := clock.Micros(m.needs.Clock.Now())
	if _, err := tx.Exec(ctx, qCompromised, person, now); err != nil {
		return fmt.Errorf("identity: compromised: %w", err)
	}
	if p.State != stateDisabled && p.State != stateInvited {
		if _, err := tx.Exec(ctx, qState, person, stateCompromised, now); err != nil {
			return fmt.Errorf("identity: compromised: %w", err)
		}
	}
	for _, kind := range []string{LinkReset, LinkAddress} {
		if _, err := tx.Exec(ctx, qLinkCancel, person, kind, now); err != nil {
			return fmt.Errorf("identity: compromised: %w", err)
		}
	}
	if err := m.endAll(ctx, tx, person, "compromised"); err != nil {
		return err
	}
	return m.alert(ctx, tx, p, "account.compromised", mailCompromisedSubject, mailCompromisedBody, "compromised")
}

func (m *Module) endAll(ctx context.Context, tx core.Tx, person core.ID, reason string) error {
	if _, err := m.needs.Sessions.EndAll(ctx, tx, person, "", reason); err != nil {
		return fmt.Errorf("identity: end sessions: %w", err)
	}
	if _, err := m.needs.Tokens.EndAll(ctx, tx, person, reason); err != nil {
		return fmt.Errorf("identity: end tokens: %w", err)
	}
	return nil
}

// SignedIn notes when a person last came in. A lost factor is behind them then: the way in has asked for what it had to.
func (m *Module) SignedIn(ctx context.Context, tx core.Tx, person core.ID) error {
	if _, err := tx.Exec(ctx, qFactorFound, person); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, qSignedIn, person, clock.Micros(m.needs.Clock.Now()))
	return err
}

// SignedInAt tells when each of some persons last came in; who never did, or has no account, is left out.
func (m *Module) SignedInAt(ctx context.Context, tx core.Tx, persons ...core.ID) (map[core.ID]time.Time, error) {
	out := make(map[core.ID]time.Time, len(persons))
	for _, p := range persons {
		at, found, err := db.One(ctx, tx, qSignedInAt, db.Value[int64], p)
		if err != nil {
			return nil, err
		}
		if found && at > 0 {
			out[p] = clock.FromMicros(at)
		}
	}
	return out, nil
}

// FirstHash judges the password of a person who does not exist yet by the provider's floors, own being their words,
// and gives its hash.
func (m *Module) FirstHash(ctx context.Context, plain string, own ...string) (hash string, err error) {
	verdict, _, err := m.JudgePassword(ctx, "", plain, own...)
	if err != nil {
		return "", err
	}
	if fault := Weakness(verdict); fault != nil {
		return "", fault
	}
	return m.needs.Hasher.Hash(ctx, plain)
}
