package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Facts is everything a step looks at: what the flow has proved, and what is true of the person now. They are read
// anew before each decision, so that what changes meanwhile (a suspension, a stricter policy) counts at once.
type Facts struct {
	Flow       Flow
	Now        time.Time
	Known      bool // the account exists and may be used
	Person     core.Person
	Credential core.Credential
	Factors    core.Factors
	Policy     core.Policy
	Orgs       []core.ID          // organizations the person is an active member of
	names      map[core.ID]string // of these organizations
	Staff      bool
	// Demanded tells that a second factor is required: by the provider, an organization, a role, or for being staff.
	Demanded bool
	Terms    []core.Terms // to accept, known once the person proved who they are
	Device   Device       // known browser; zero otherwise
	// Pressed tells that the bucket that unknown browsers share for this account is empty.
	Pressed bool
	// Wary tells that attempts run high: a proof of work is asked beside the password.
	Wary bool
}

// KnownBrowser tells whether the browser has been used by this person before.
func (f *Facts) KnownBrowser() bool { return !f.Device.ID.IsZero() }

// Proved tells whether the person has given every proof that they hold: password (or mailbox, for a first password)
// and second factor when they have one.
func (f *Facts) Proved() bool {
	base := !f.Flow.PasswordAt.IsZero() || (f.Flow.Kind == kindFirst && !f.Flow.MailboxAt.IsZero())
	return f.Known && base && (!f.Factors.TOTP || !f.Flow.FactorAt.IsZero())
}

// AAL is the level reached (NIST SP 800-63B): a mailed code is no factor (CNIL 2025-019).
func (f *Facts) AAL() int {
	if !f.Flow.FactorAt.IsZero() {
		return 2
	}
	return 1
}

const (
	kindSignIn = "signin"
	kindFirst  = "first"

	flowLife = 20 * time.Minute
)

var errFlow = i18n.Fault(core.Gone, "signin.expired",
	"Cette connexion a duré trop longtemps. Recommencez.", "This sign-in took too long. Start again.")

// flowMark is what the row holds of a flow's secret.
func flowMark(secret string) string {
	if len(secret) > 128 {
		secret = ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// addFlow writes a new flow and gives the secret of its cookie.
func (m *Module) addFlow(ctx context.Context, tx core.Tx, f Flow) (secret string, err error) {
	now := m.needs.Clock.Now()
	secret = ids.Secret("", 32)
	typed, err := m.sealLogin(ctx, flowMark(secret), f.Login)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, qFlowAdd, flowMark(secret), f.Kind, typed, f.Person, f.Browser, f.Next, clock.Micros(f.PasswordAt),
		clock.Micros(f.FactorAt), clock.Micros(f.MailboxAt), clock.Micros(now), clock.Micros(now.Add(flowLife)))
	if err != nil {
		return "", fmt.Errorf("signin: begin: %w", err)
	}
	return secret, nil
}

// Facts reads the flow of a cookie and all that is true of it now. Error: Gone (signin.expired).
func (m *Module) Facts(ctx context.Context, secret string) (f Facts, err error) {
	f.Now = m.needs.Clock.Now()
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		flow, ok, err := db.One(ctx, tx, qFlow, scanFlow, flowMark(secret), clock.Micros(f.Now))
		if err != nil {
			return fmt.Errorf("signin: flow: %w", err)
		}
		if !ok || secret == "" {
			return errFlow
		}
		if flow.Login, err = m.openLogin(ctx, flow); err != nil {
			return err
		}
		f.Flow = flow
		return m.learn(ctx, tx, &f)
	})
	return f, err
}

// nobody stands for the person of an account that does not exist: the same questions are asked about them.
const nobody core.ID = "nobody"

// learn fills in what is true of the person. An unknown account costs the same statements as a known one.
func (m *Module) learn(ctx context.Context, tx core.Tx, f *Facts) (err error) {
	who := f.Flow.Person
	if who.IsZero() {
		who = nobody
	}
	f.Person, err = m.needs.People.Person(ctx, tx, who)
	if err != nil && core.KindOf(err) != core.NotFound {
		return err
	}
	f.Known = err == nil && f.Person.State != "disabled"
	if f.Credential, err = m.needs.Passwords.Credential(ctx, tx, who); err != nil {
		return err
	}
	if !f.Known {
		f.Credential = core.Credential{}
	}
	if f.Flow.PasswordAt.Before(f.Credential.SetAt) {
		f.Flow.PasswordAt = time.Time{} // the password changed since it was given: it proves nothing any more
	}
	if f.Factors, err = m.needs.Factors.Factors(ctx, tx, who); err != nil {
		return err
	}
	if f.Flow.FactorAt.Before(f.Factors.Since) {
		f.Flow.FactorAt = time.Time{} // another factor was set up since
	}
	if err := m.learnPolicy(ctx, tx, f, who); err != nil {
		return err
	}
	if f.Device, _, err = db.One(ctx, tx, qDevice, scanDevice, who, f.Flow.Browser); err != nil {
		return fmt.Errorf("signin: device: %w", err)
	}
	if f.Pressed, f.Wary, err = m.pressure(ctx, tx, f); err != nil {
		return err
	}
	if f.Proved() {
		if f.Terms, err = m.needs.Terms.Due(ctx, tx, f.Person.ID, f.Orgs...); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) learnPolicy(ctx context.Context, tx core.Tx, f *Facts, who core.ID) error {
	members, err := m.needs.Organizations.Memberships(ctx, tx, who)
	if err != nil {
		return err
	}
	f.Orgs, f.names = nil, map[core.ID]string{}
	if f.Staff, err = m.needs.Access.IsStaff(ctx, tx, who); err != nil {
		return err
	}
	for _, x := range members {
		if x.State != "active" {
			continue // an invitation not yet accepted gives an organization no say over anybody
		}
		f.Orgs, f.names[x.Org] = append(f.Orgs, x.Org), x.OrgName
		f.Staff = f.Staff || x.OrgKind == "provider"
	}
	if f.Policy, err = m.needs.Settings.For(ctx, tx, f.Orgs...); err != nil {
		return err
	}
	f.Demanded = f.Staff || f.Policy.SignIn.SecondFactor
	if !f.Demanded && len(f.Policy.SignIn.FactorRoles) > 0 {
		roles, err := m.needs.Access.RolesOf(ctx, tx, who)
		if err != nil {
			return err
		}
		f.Demanded = slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(f.Policy.SignIn.FactorRoles, r) })
	}
	return nil
}

// key makes the name of a counter: a keyed hash, so that the table of counters tells no address and no account.
func (m *Module) keyOf(parts ...string) string {
	h := hmac.New(sha256.New, m.key)
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return parts[0] + ":" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

func (m *Module) sourceKey(ctx context.Context) string {
	return m.keyOf("source", abuse.Source(core.ActorOf(ctx).Address).String())
}

func (m *Module) accountKey(login string) string { return m.keyOf("account", login) }
