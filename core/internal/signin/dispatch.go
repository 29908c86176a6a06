package signin

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
)

// Step is one thing that a sign-in may ask for. It is a value without state: Due looks at the facts alone, and the
// verb that takes the answer (Password, Factor, ...) writes a new fact. Steps never call one another.
type Step struct {
	Name string // also the last part of its page's path: "/signin/password"
	Due  func(f *Facts) bool
}

// Register adds steps after those that are there, or in place of the one of the same name.
func (m *Module) Register(steps ...Step) {
	m.mu.Lock()
	defer m.mu.Unlock()
next:
	for _, s := range steps {
		for i := range m.steps {
			if m.steps[i].Name == s.Name {
				m.steps[i] = s
				continue next
			}
		}
		m.steps = append(m.steps, s)
	}
}

var (
	// mailboxStep asks for a code sent by mail, never as a factor: either before the password, where strangers used up
	// the attempts of unknown browsers, or before a compromised password is changed or a lost factor replaced.
	mailboxStep = Step{"mailbox", func(f *Facts) bool {
		if !f.Flow.MailboxAt.IsZero() {
			return false
		}
		before := f.Flow.PasswordAt.IsZero() && f.Flow.Kind == kindSignIn && !f.KnownBrowser() && (f.Pressed || f.Flow.MailboxDue)
		return before || (f.Proved() && (f.Credential.Compromised || f.Factors.Lost))
	}}
	passwordStep = Step{"password", func(f *Facts) bool { return f.Flow.PasswordAt.IsZero() && f.Flow.Kind == kindSignIn }}
	factorStep   = Step{"factor", func(f *Facts) bool { return f.Factors.TOTP && f.Flow.FactorAt.IsZero() }}
	changeStep   = Step{"change", func(f *Facts) bool { return f.Credential.Hash == "" || f.Credential.Compromised || f.expired() }}
	termsStep    = Step{"terms", func(f *Facts) bool { return len(f.Terms) > 0 }}
	enrolStep    = Step{"enrol", func(f *Facts) bool { return f.Demanded && !f.Factors.TOTP }}
)

func (f *Facts) expired() bool {
	days := f.Policy.Password.MaxAgeDays
	return days > 0 && f.Now.After(f.Credential.SetAt.AddDate(0, 0, days))
}

// next names the step that is due, "" when the person may come in.
func (m *Module) next(f *Facts) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, s := range m.steps {
		if s.Due(f) {
			return s.Name
		}
	}
	return ""
}

// Next names the step that is due for a flow, "" when all are done: the page to show.
func (m *Module) Next(ctx context.Context, secret string) (step string, f Facts, err error) {
	if f, err = m.Facts(ctx, secret); err != nil {
		return "", f, err
	}
	return m.next(&f), f, nil
}

var (
	errStep = i18n.Fault(core.Conflict, "signin.step",
		"Cette étape n'est pas celle qui est attendue. Reprenez la connexion.", "This is not the step that is expected. Go on with the sign-in.")
	errPressed = i18n.Fault(core.TooMany, "signin.pressed",
		"Une vérification de plus est nécessaire avant le mot de passe.", "One more check is needed before the password.")
	errAlone = i18n.Fault(core.Forbidden, "signin.factor_missing",
		"Une session ne peut s'ouvrir ici sans second facteur.", "No session can be opened here without a second factor.")
	errSuspended = i18n.Fault(core.Forbidden, "signin.suspended",
		"Votre accès est suspendu.", "Your access is suspended.")
)

// expect reads the facts of a flow and checks that a step is the one that is due.
func (m *Module) expect(ctx context.Context, secret, step string) (Facts, error) {
	due, f, err := m.Next(ctx, secret)
	if err == nil && due != step {
		err = errStep
	}
	return f, err
}

// Entry is what a completed sign-in gives to the browser.
type Entry struct {
	Step    string // the step that is due, "" when the person came in
	Session string // secret of the session's cookie
	Browser core.ID
	Next    string // where to go
	Block   core.Block
}

// Advance decides what comes after something was proved: a further step, or the session. A person who is suspended or
// comes from an address that is not admitted is told so here, only after every proof was given; both are journaled.
func (m *Module) Advance(ctx context.Context, secret string) (Entry, error) {
	step, f, err := m.Next(ctx, secret)
	if err != nil {
		return Entry{}, err
	}
	if f.Proved() {
		if block, err := m.keptOut(ctx, &f); err != nil {
			return Entry{Block: block}, err
		}
	}
	if step != "" {
		return Entry{Step: step}, nil
	}
	if !f.Proved() {
		return Entry{}, errStep // a register of steps that asks for nothing opens nothing
	}
	return m.enter(ctx, &f)
}

// keptOut refuses who is suspended, and who comes from an address that is not admitted.
func (m *Module) keptOut(ctx context.Context, f *Facts) (block core.Block, err error) {
	var refusal error
	def := &checkBlock
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		var blocked bool
		if block, blocked, err = m.needs.Access.Blocked(ctx, tx, f.Person.ID, f.Orgs...); err != nil {
			return err
		}
		if blocked {
			refusal = errSuspended
			return nil
		}
		if err := m.needs.Access.AllowedFrom(ctx, tx, f.Person.ID, core.ActorOf(ctx).Address, f.Orgs...); err != nil {
			if core.KindOf(err) == core.Internal {
				return err
			}
			def, refusal = &checkAddress, err
		}
		return nil
	})
	if err != nil || refusal == nil {
		return core.Block{}, err
	}
	act := &core.Act{Def: def, Org: home(f), Subject: f.Person.ID, Outcome: core.Refused, Reason: core.CodeOf(refusal)}
	if def == &checkBlock {
		act.Resource = block.ID
	}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qFlowDrop, f.Flow.mark)
		return err
	})
	if err != nil {
		return block, err
	}
	return block, refusal
}

// home is the journal that a person's sign-in is written in: their organization's, the platform's when they have none
// or are staff.
func home(f *Facts) core.ID {
	if f.Staff || len(f.Orgs) == 0 || !f.Known {
		return core.Platform
	}
	return f.Orgs[0]
}

var (
	mailDeviceSubject = core.Text{FR: "Connexion depuis un nouveau navigateur", EN: "Sign-in from a new browser"}
	mailDeviceBody    = i18n.T("Votre compte vient d'être ouvert depuis un navigateur qu'il ne connaissait pas : %s, le %s.",
		"Your account has just been opened from a browser it did not know: %s, on %s.")
)

// enter opens the session: one transaction ends the flow, knows the browser, begins the session and writes the entry
// in the journal of every organization of the person. Provider staff without a second factor is refused here too,
// whatever the steps said (CTI-37.3).
func (m *Module) enter(ctx context.Context, f *Facts) (Entry, error) {
	if (f.Staff || f.Demanded) && f.AAL() < 2 {
		return Entry{}, errAlone
	}
	e := Entry{Next: f.Flow.Next, Browser: f.Flow.Browser}
	if e.Browser.IsZero() {
		_, e.Browser = m.browsers.Issue("")
	}
	act := &core.Act{Def: &comeIn, Org: home(f), Subject: f.Person.ID}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qFlowDrop, f.Flow.mark)
		if err != nil {
			return fmt.Errorf("signin: end: %w", err)
		}
		if n == 0 {
			return errFlow // another request of the same flow came first
		}
		device, err := m.know(ctx, tx, f, e.Browser)
		if err != nil {
			return err
		}
		secret, id, err := m.needs.Sessions.Begin(ctx, tx, core.NewSession{
			Person: f.Person.ID, Account: f.Credential.Account, Staff: f.Staff, AAL: f.AAL(), Device: device, Lifetime: f.Policy.Session,
		})
		if err != nil {
			return err
		}
		e.Session, act.Resource = secret, id
		for _, org := range f.Orgs {
			if org != act.Org {
				act.Also = append(act.Also, &core.Act{Def: &comeIn, Org: org, Subject: f.Person.ID, Resource: id})
			}
		}
		if f.Staff {
			act.Also = append(act.Also, &core.Act{Def: &checkAddress, Org: core.Platform, Subject: f.Person.ID, Resource: id})
		}
		return m.needs.People.SignedIn(ctx, tx, f.Person.ID)
	})
	return e, err
}

// know notes the browser as one of the person's, and tells them when it was not.
func (m *Module) know(ctx context.Context, tx core.Tx, f *Facts, browser core.ID) (core.ID, error) {
	agent := Label(core.ActorOf(ctx).Agent)
	id, err := m.addDevice(ctx, tx, f.Person.ID, browser, agent)
	if err != nil {
		return "", err
	}
	if f.KnownBrowser() || f.Flow.Kind == kindFirst {
		return id, nil
	}
	fr, en := i18n.With(ctx, i18n.FR), i18n.With(ctx, i18n.EN)
	body := core.Text{FR: mailDeviceBody.In(fr, agent, i18n.Moment(fr, f.Now)), EN: mailDeviceBody.In(en, agent, i18n.Moment(en, f.Now))}
	return id, m.needs.Mails.Alert(ctx, tx, f.Person.ID, "signin.new_device", mailDeviceSubject, body, string(id))
}

func (m *Module) addDevice(ctx context.Context, tx core.Tx, person, browser core.ID, label string) (core.ID, error) {
	sealed, err := m.needs.Sealer.Seal(ctx, person, labelPlace(person, browser), pack.Texts(label))
	if err != nil {
		return "", fmt.Errorf("signin: seal a device: %w", err)
	}
	id, _, err := db.One(ctx, tx, qDeviceAdd, db.Value[core.ID], ids.New(), person, browser, sealed, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return "", fmt.Errorf("signin: device: %w", err)
	}
	return id, nil
}
