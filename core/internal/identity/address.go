package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// A person changes the address they sign in with by themselves: a recent proof of identity asks, a link mailed to the new
// address confirms, and for a week a link mailed to the former one takes it all back. Whoever stole a session and a
// password still reads neither mailbox.
const (
	LinkAddress     = "address"      // take the new address
	LinkAddressBack = "address_back" // come back to the former one

	addressLife     = 2 * time.Hour
	addressBackLife = 7 * 24 * time.Hour
)

var (
	// AskAddress is exported for the route of the page: it asks for a recent proof before anything is typed.
	AskAddress = core.ActDef{
		Permission: "address.ask", Resource: "account", Verb: core.Updates, Reach: core.BySelf, Purpose: core.PurposeSecurity, Fresh: fresh,
		Title: core.Text{FR: "Demander à changer son adresse de connexion", EN: "Ask to change one's own sign-in address"},
	}
	changeAddress = core.ActDef{
		Permission: "address.change", Resource: "account", Verb: core.Updates, Reach: core.ByAnyone, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Confirmer sa nouvelle adresse de connexion par un lien", EN: "Confirm one's new sign-in address through a link"},
	}
	undoAddress = core.ActDef{
		Permission: "address.undo", Resource: "account", Verb: core.Updates, Reach: core.ByAnyone, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Revenir à son ancienne adresse de connexion par un lien", EN: "Come back to one's former sign-in address through a link"},
	}
)

var (
	whySame         = i18n.Reason("address.same", "C'est déjà votre adresse de connexion.", "This is already your sign-in address.")
	errAddressOften = i18n.Fault(core.TooMany, "address.often", "Plusieurs changements d'adresse ont déjà été demandés. Réessayez plus tard.", "Several changes of address were asked for already. Try again later.")

	mailAddressSubject = i18n.T("Confirmez votre adresse de connexion", "Confirm your sign-in address")
	mailAddressBody    = i18n.T(`Bonjour,

Cette adresse a été donnée comme nouvelle adresse de connexion d'un compte. Pour la confirmer, ouvrez ce lien dans les deux heures. Il ne sert qu'une fois.

%s

Si vous n'avez rien demandé, ignorez ce message : rien ne changera.
`, `Hello,

This address was given as the new sign-in address of an account. To confirm it, open this link within two hours. It works once.

%s

If you asked for nothing, ignore this message: nothing will change.
`)
	mailAskedSubject   = i18n.T("Un changement d'adresse de connexion est demandé", "A change of your sign-in address was asked for")
	mailAskedBody      = i18n.T("Le changement de l'adresse de connexion de votre compte vient d'être demandé. Rien ne change tant que la nouvelle adresse n'est pas confirmée.", "A change of the sign-in address of your account has just been asked for. Nothing changes until the new address is confirmed.")
	mailMovedSubject   = i18n.T("Votre adresse de connexion a changé", "Your sign-in address has changed")
	mailMovedBody      = i18n.T("L'adresse de connexion de votre compte n'est plus celle-ci.\n\nSi ce n'est pas vous, revenez à cette adresse dans les sept jours : vos sessions seront fermées et vous choisirez un nouveau mot de passe.\n\n%s", "The sign-in address of your account is no longer this one.\n\nIf this was not you, come back to this address within seven days: your sessions will be ended and you will choose a new password.\n\n%s")
	mailArrivedSubject = i18n.T("Votre nouvelle adresse de connexion", "Your new sign-in address")
	mailArrivedBody    = i18n.T("Cette adresse est désormais l'adresse de connexion de votre compte.", "This address is now the sign-in address of your account.")

	qLinkCancelSince = db.SQL(`UPDATE identity_link SET used_at = $3 WHERE person = $1 AND kind = $2 AND used_at = 0 AND created_at >=
		(SELECT made.created_at FROM identity_link made WHERE made.mark = $4)`)
)

// addressLimit bounds the mails that one account can send to addresses that are not its own.
var addressLimit = abuse.PerDay(3, 10)

// AskForAddress mails a link to the new address, and tells the present one. The answer is the same when the address
// belongs to another account, to which nothing is sent. Errors: Invalid on "email", TooMany, StepUp.
func (m *Module) AskForAddress(ctx context.Context, person core.ID, typed string) error {
	address, ok := NormalLogin(typed)
	if !ok {
		return errPerson.With("email", whyEmail)
	}
	act := &core.Act{Def: &AskAddress, Org: core.Platform, Subject: person, Resource: person}
	var refusal error
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		p, err := m.person(ctx, tx, person)
		if err != nil {
			return err
		}
		if refusal = nil; address == p.Email {
			return errPerson.With("email", whySame)
		}
		v, err := abuse.Take(ctx, tx, "address:"+string(person), addressLimit, m.needs.Clock.Now())
		if err != nil {
			return err
		}
		if !v.OK {
			refusal = errAddressOften.After(v.Retry)
			act.Fail(errAddressOften.Code)
			return nil
		}
		act.Changed("email", p.Email, address)
		return m.offerAddress(ctx, tx, act, p, address)
	})
	if err != nil {
		return err
	}
	return refusal
}

func (m *Module) offerAddress(ctx context.Context, tx core.Tx, act *core.Act, p core.Person, address string) error {
	if err := m.CancelLinks(ctx, tx, LinkAddress, p.ID); err != nil {
		return fmt.Errorf("identity: address: %w", err)
	}
	mark, other, err := m.marks(ctx, address)
	if err != nil {
		return err
	}
	_, taken, err := db.One(ctx, tx, qLoginTaken, db.Value[core.ID], mark, other)
	if err != nil {
		return fmt.Errorf("identity: address: %w", err)
	}
	if taken {
		act.Fail(errPersonTaken.Code)
		return m.alert(ctx, tx, p, "address.asked", mailAskedSubject, mailAskedBody, "address")
	}
	token, err := m.MakeLink(ctx, tx, LinkAddress, p.ID, address, addressLife)
	if err != nil {
		return err
	}
	lang := languageOf(p)
	err = m.needs.Mail.Queue(ctx, tx, core.Mail{
		Org: core.Platform, Person: p.ID, To: address, Kind: "address.confirm", Subject: mailAddressSubject.Say(lang),
		Body: mailAddressBody.Say(lang, m.needs.Origin+"/address/"+token) + "\n" + mailSign.Say(lang) + "\n" + m.needs.Origin + "\n",
	})
	if err != nil {
		return fmt.Errorf("identity: queue address.confirm: %w", err)
	}
	return m.alert(ctx, tx, p, "address.asked", mailAskedSubject, mailAskedBody, "address")
}

// TakeAddress spends the link mailed to the new address: the person signs in with it from now on. The former address gets
// the link that takes it back. Errors: Gone, Conflict when another account took the address meanwhile.
func (m *Module) TakeAddress(ctx context.Context, token string) error {
	act := &core.Act{Def: &changeAddress, Org: core.Platform}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		person, address, err := m.UseLink(ctx, tx, LinkAddress, token)
		if err != nil {
			return err
		}
		former, now, err := m.move(ctx, tx, act, person, address)
		if err != nil {
			return err
		}
		back, err := m.MakeLink(ctx, tx, LinkAddressBack, person, former.Email, addressBackLife)
		if err != nil {
			return err
		}
		lang := languageOf(former)
		if err := m.send(ctx, tx, former, "address.changed", mailMovedSubject.Say(lang), mailMovedBody.Say(lang, m.needs.Origin+"/address-back/"+back)); err != nil {
			return err
		}
		return m.send(ctx, tx, now, "address.taken", mailArrivedSubject.Say(lang), mailArrivedBody.Say(lang))
	})
}

// GiveAddressBack spends the link mailed to the former address: the account has it again, every session and token ends,
// and staff gets a report. Links to addresses taken later die with it; those to earlier ones stay, so that a thief who
// moved the account cannot take it back from its owner. Errors: Gone, Conflict.
func (m *Module) GiveAddressBack(ctx context.Context, token string) error {
	act := &core.Act{Def: &undoAddress, Org: core.Platform}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		person, address, err := m.UseLink(ctx, tx, LinkAddressBack, token)
		if err != nil {
			return err
		}
		if _, _, err := m.move(ctx, tx, act, person, address); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qLinkCancelSince, person, LinkAddressBack, clock.Micros(m.needs.Clock.Now()), linkMark(token)); err != nil {
			return fmt.Errorf("identity: address: %w", err)
		}
		_, err = m.openReport(ctx, tx, act, person, "link", "address.changed")
		return err
	})
}

// move writes another address, in the journal of every organization of the person too. What was mailed to the former
// one to choose a password serves no more.
func (m *Module) move(ctx context.Context, tx core.Tx, act *core.Act, person core.ID, address string) (former, now core.Person, err error) {
	if former, err = m.person(ctx, tx, person); err != nil {
		return former, now, err
	}
	if former.State == stateDisabled {
		return former, now, errLink
	}
	now = former
	now.Email = address
	if err := m.UpdatePerson(ctx, tx, now); err != nil {
		return former, now, err
	}
	for _, kind := range []string{LinkReset, LinkFirst, LinkAddress} {
		if err := m.CancelLinks(ctx, tx, kind, person); err != nil {
			return former, now, fmt.Errorf("identity: address: %w", err)
		}
	}
	act.Subject, act.Resource = person, person
	act.Changed("email", former.Email, address)
	members, err := m.needs.Members.Memberships(ctx, tx, person)
	for _, x := range members {
		if x.State == "active" && x.Org != core.Platform {
			also := &core.Act{Def: act.Def, Org: x.Org, Subject: person, Resource: person}
			also.Changed("email", former.Email, address)
			act.Also = append(act.Also, also)
		}
	}
	return former, now, err
}
