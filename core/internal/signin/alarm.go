package signin

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/i18n"
)

// Holders tells who holds a role now: the module of access.
type Holders interface {
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// The rates above which those who look after the security of an organization are told: wrong passwords from browsers
// that the accounts do not know. An account under attack lets ten pass at once, then less than four an hour.
var (
	accountAlarm = abuse.Limit{Burst: 25, Every: time.Hour}   // of one account: 25 at once, or some hours of a patient attack
	orgAlarm     = abuse.Limit{Burst: 60, Every: time.Minute} // of all the accounts of an organization together
)

var (
	mailAlarmSubject = core.Text{FR: "Des mots de passe de votre organisation sont attaqués", EN: "Passwords of your organization are under attack"}
	alarmOne         = i18n.T("De nombreux mots de passe sont essayés, depuis des navigateurs inconnus, sur un compte de %s.", "Many passwords are being tried, from unknown browsers, on an account of %s.")
	alarmMany        = i18n.T("De nombreux mots de passe sont essayés, depuis des navigateurs inconnus, sur les comptes de %s.", "Many passwords are being tried, from unknown browsers, on the accounts of %s.")
	alarmNext        = i18n.T("Ces essais sont freinés, les personnes visées sont prévenues et leurs navigateurs habituels ne sont pas touchés. Le journal de l'organisation dit quels comptes sont visés et depuis quelles adresses. Ce message ne sera pas répété avant 24 heures.",
		"These attempts are slowed down, the persons aimed at are told and their usual browsers are not affected. The journal of the organization says which accounts are aimed at, and from which addresses. This message will not be repeated within 24 hours.")

	_ = i18n.Reason("signin.alarm", "Les essais de mot de passe ont dépassé le seuil d'alerte : les responsables de la sécurité sont prévenus.", "Attempts at passwords went above the alarm's rate: those who look after security are told.")
)

// alarm is what is due to an organization: about one account, or about all of them.
type alarm struct {
	org  core.ID
	what i18n.Sentence
}

// heed counts a wrong password from a browser that the account does not know, and tells those who look after security
// once per episode. The same is counted for accounts that do not exist.
func (m *Module) heed(ctx context.Context, f *Facts) error {
	if f.KnownBrowser() {
		return nil
	}
	var due []alarm
	err := m.needs.Gate.Keep(ctx, &counting, func(tx core.Tx) (err error) {
		due, err = m.over(ctx, tx, f)
		return err
	})
	if err != nil {
		return fmt.Errorf("signin: heed: %w", err)
	}
	for _, a := range due {
		if err := m.sound(ctx, f, a); err != nil {
			return err
		}
	}
	return nil
}

// over counts, and gives the alarms that are due: those whose rate is passed and that were not sounded in this episode.
func (m *Module) over(ctx context.Context, tx core.Tx, f *Facts) (due []alarm, err error) {
	one, err := abuse.Take(ctx, tx, m.keyOf("alarm.account", f.Flow.Login), accountAlarm, f.Now)
	if err != nil {
		return nil, err
	}
	orgs := f.Orgs
	if !f.Known || len(orgs) == 0 {
		orgs = []core.ID{core.Platform} // guesses at what does not exist aim at no organization
	}
	for _, org := range orgs {
		many, err := abuse.Take(ctx, tx, m.keyOf("alarm.org", string(org)), orgAlarm, f.Now)
		if err != nil {
			return nil, err
		}
		for _, a := range []struct {
			name string
			over bool
			what i18n.Sentence
		}{{"told.account", !one.OK, alarmOne}, {"told.org", !many.OK, alarmMany}} {
			if !a.over || !f.Known {
				continue
			}
			first, err := abuse.Take(ctx, tx, m.keyOf(a.name, string(org)), episode, f.Now)
			if err != nil {
				return nil, err
			}
			if first.OK {
				due = append(due, alarm{org, a.what})
			}
		}
	}
	return due, nil
}

// sound mails those who hold the security of an organization, or its administrators where nobody does. The message names
// nobody: who is aimed at stands in the journal, which is read with a reason.
func (m *Module) sound(ctx context.Context, f *Facts, a alarm) error {
	system := core.System("signin")
	system.Request = core.ActorOf(ctx).Request
	act := &core.Act{Def: &noteAttack, Org: a.org, Outcome: core.Failure, Reason: "signin.alarm"}
	return m.needs.Gate.Change(core.WithActor(ctx, system), act, func(tx core.Tx) error {
		guards, err := m.guards(ctx, tx, a.org, f.Staff)
		if err != nil {
			return err
		}
		act.Subjects = guards
		name := f.names[a.org]
		body := core.Text{
			FR: a.what.Say(i18n.FR, name) + "\n\n" + alarmNext.Say(i18n.FR), EN: a.what.Say(i18n.EN, name) + "\n\n" + alarmNext.Say(i18n.EN),
		}
		for _, person := range guards {
			if err := m.needs.Mails.Send(ctx, tx, person, "signin.alarm", mailAlarmSubject, body); err != nil {
				return err
			}
		}
		return nil
	})
}

// guards gives those who look after the security of an organization; of the provider, its administrators.
func (m *Module) guards(ctx context.Context, tx core.Tx, org core.ID, staff bool) ([]core.ID, error) {
	if staff {
		return m.needs.Guards.Holders(ctx, tx, core.Platform, "provider.admin")
	}
	for _, role := range []string{"security", "admin"} {
		who, err := m.needs.Guards.Holders(ctx, tx, org, role)
		if err != nil || len(who) > 0 {
			return who, err
		}
	}
	return nil, nil
}
