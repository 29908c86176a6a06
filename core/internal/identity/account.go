package identity

import (
	"context"
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

// ResetLife is how long the link to a new password works.
const ResetLife = 30 * time.Minute

// State is what the security page shows of an account.
type State struct {
	Person      core.Person
	Credential  core.Credential
	Factors     core.Factors
	Policy      core.Policy
	Memberships []core.Membership
	Functional  []core.Person // accounts that the person answers for
	Photo       core.ID       // version of their photo, "" when there is none
}

// Expired tells whether the password is past the age that the policy allows; false when it sets none.
func Expired(c core.Credential, p core.PasswordPolicy, now time.Time) bool {
	return p.MaxAgeDays > 0 && c.Hash != "" && now.After(c.SetAt.AddDate(0, 0, p.MaxAgeDays))
}

// Security reads the state of one's own account.
func (m *Module) Security(ctx context.Context, person core.ID) (s State, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &readSecurity, Org: core.Platform, Subject: person, Resource: person}, func(tx core.Tx) error {
		return m.state(ctx, tx, person, &s)
	})
	return s, err
}

// Profile reads one's own profile.
func (m *Module) Profile(ctx context.Context, person core.ID) (s State, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &ReadProfile, Org: core.Platform, Subject: person, Resource: person}, func(tx core.Tx) error {
		return m.state(ctx, tx, person, &s)
	})
	return s, err
}

func (m *Module) state(ctx context.Context, tx core.Tx, person core.ID, s *State) (err error) {
	if s.Person, err = m.person(ctx, tx, person); err != nil {
		return err
	}
	if s.Credential, err = m.Credential(ctx, tx, person); err != nil {
		return err
	}
	s.Credential.Hash = present(s.Credential.Hash)
	if s.Factors, err = m.Factors(ctx, tx, person); err != nil {
		return err
	}
	if s.Policy, s.Memberships, err = m.PolicyOf(ctx, tx, person); err != nil {
		return err
	}
	photos, err := m.Photos(ctx, tx, person)
	if err != nil {
		return err
	}
	s.Photo = photos[person]
	s.Functional, err = m.ResponsibleFor(ctx, tx, person)
	return err
}

// present says that a hash is there without carrying it towards a page.
func present(hash string) string {
	if hash == "" {
		return ""
	}
	return "set"
}

// ChangeProfile writes one's own names, second address, phone, gender and language. The address one signs in with is
// changed apart (AskForAddress), since it names the account.
func (m *Module) ChangeProfile(ctx context.Context, p core.Person) error {
	act := &core.Act{Def: &changeProfile, Org: core.Platform, Subject: p.ID, Resource: p.ID}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		before, err := m.person(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		p.Email, p.Functional, p.Responsible, p.State = before.Email, before.Functional, before.Responsible, before.State
		if err := m.UpdatePerson(ctx, tx, p); err != nil {
			return err
		}
		after, err := m.person(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		act.Changed("given_name", before.GivenName, after.GivenName)
		act.Changed("family_name", before.FamilyName, after.FamilyName)
		act.Changed("gender", before.Gender, after.Gender)
		act.Changed("email2", before.Email2, after.Email2)
		act.Changed("phone", before.Phone, after.Phone)
		act.Changed("language", before.Language, after.Language)
		return nil
	})
}

// ChangePassword changes one's own password: the current one is asked (ASVS 6.2.3), every other session ends.
func (m *Module) ChangePassword(ctx context.Context, person core.ID, current, next string) error {
	var c core.Credential
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) { c, err = m.Credential(ctx, tx, person); return err })
	if err != nil {
		return err
	}
	key := "password:" + string(core.ActorOf(ctx).Session)
	if err := m.countGuess(ctx, key); err != nil {
		return err
	}
	ok, _, err := m.CheckPassword(ctx, c, current)
	if err != nil {
		return err
	}
	act := &core.Act{Def: &changePassword, Org: core.Platform, Subject: person, Resource: person}
	if !ok {
		err := m.needs.Gate.Change(ctx, act, func(core.Tx) error { act.Fail(errWrong.Code); return nil })
		if err != nil {
			return err
		}
		return errWrong.With("current", errWrong.Code)
	}
	hash, err := m.NewPassword(ctx, person, next)
	if err != nil {
		return err
	}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := abuse.Return(ctx, tx, key, guessLimit, m.needs.Clock.Now()); err != nil {
			return err
		}
		if err := m.KeepPassword(ctx, tx, person, hash); err != nil {
			return err
		}
		_, err := m.needs.Sessions.EndAll(ctx, tx, person, core.ActorOf(ctx).Session, "password_changed")
		return err
	})
}

// guessLimit bounds the guesses at the current password of whoever holds a session that is not theirs: per session, which
// nobody without its cookie can use up.
var guessLimit = abuse.PerDay(10, 100)

var errGuesses = i18n.Fault(core.TooMany, "password.guesses",
	"Trop d'essais du mot de passe actuel. Réessayez plus tard.", "Too many attempts at the current password. Try again later.")

func (m *Module) countGuess(ctx context.Context, key string) error {
	var refusal error
	err := m.needs.Gate.Keep(ctx, &guessing, func(tx core.Tx) error {
		v, err := abuse.Take(ctx, tx, key, guessLimit, m.needs.Clock.Now())
		if refusal = nil; err == nil && !v.OK {
			refusal = errGuesses.After(v.Retry)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("identity: count: %w", err)
	}
	return refusal
}

// Enrol starts the set-up of an authenticator application for oneself and gives its secret.
func (m *Module) Enrol(ctx context.Context, person core.ID) (secret string, err error) {
	act := &core.Act{Def: &enrolFactor, Org: core.Platform, Subject: person}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		act.Changed("state", "", "pending")
		secret, err = m.StartTOTP(ctx, tx, person, string(core.ActorOf(ctx).Session))
		return err
	})
	return secret, err
}

// Pending gives the secret being set up, to show the page again after a wrong code.
func (m *Module) Pending(ctx context.Context, person core.ID) (secret string, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &readSecurity, Org: core.Platform, Subject: person}, func(tx core.Tx) (err error) {
		secret, err = m.PendingTOTP(ctx, tx, person, string(core.ActorOf(ctx).Session))
		return err
	})
	return secret, err
}

var errCode = i18n.Fault(core.Invalid, "factor.wrong",
	"Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant.", "This code is not right, or was already used. Wait for the next one.")

// Confirm ends the set-up with a first code, and gives new recovery codes to show once.
func (m *Module) Confirm(ctx context.Context, person core.ID, code string) (core.RecoveryCodes, error) {
	batch, err := m.MakeCodes(ctx)
	if err != nil {
		return batch, err
	}
	act, right := &core.Act{Def: &enrolFactor, Org: core.Platform, Subject: person}, false
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if right, err = m.ConfirmTOTP(ctx, tx, person, string(core.ActorOf(ctx).Session), code); err != nil {
			return err
		}
		if !right {
			act.Fail(errCode.Code)
			return nil
		}
		act.Changed("state", "pending", "confirmed")
		return m.KeepCodes(ctx, tx, person, batch)
	})
	switch {
	case err != nil:
		return core.RecoveryCodes{}, err
	case !right:
		return core.RecoveryCodes{}, errCode.With("code", errCode.Code)
	}
	return batch, nil
}

var errDemanded = i18n.Fault(core.Conflict, "factor.demanded",
	"Votre organisation ou votre rôle exige un second facteur : enregistrez-en un autre à la place.",
	"Your organization or your role requires a second factor: set up another one in its place.")

// RemoveFactor takes one's own second factor away, unless it is demanded.
func (m *Module) RemoveFactor(ctx context.Context, person core.ID) error {
	act := &core.Act{Def: &removeFactor, Org: core.Platform, Subject: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		p, members, err := m.PolicyOf(ctx, tx, person)
		if err != nil {
			return err
		}
		demanded := p.SignIn.SecondFactor
		for _, x := range members {
			demanded = demanded || x.OrgKind == "provider"
		}
		if demanded {
			return errDemanded
		}
		return m.DropTOTP(ctx, tx, person)
	})
}

// RenewCodes gives new recovery codes in place of the former ones.
func (m *Module) RenewCodes(ctx context.Context, person core.ID) (core.RecoveryCodes, error) {
	batch, err := m.MakeCodes(ctx)
	if err != nil {
		return batch, err
	}
	err = m.needs.Gate.Change(ctx, &core.Act{Def: &renewCodes, Org: core.Platform, Subject: person}, func(tx core.Tx) error {
		return m.KeepCodes(ctx, tx, person, batch)
	})
	if err != nil {
		return core.RecoveryCodes{}, err
	}
	return batch, nil
}

// AccountView is what those who look after accounts see of a member's: no secret, nothing beyond its state.
type AccountView struct {
	Person     core.Person
	Factors    core.Factors
	SignedInAt time.Time
	// Responsible answers for a functional account (CTI-37.1); zero for a person's own.
	Responsible core.Person
}

// Account reads the state of the account of a member.
func (m *Module) Account(ctx context.Context, org, person core.ID) (v AccountView, err error) {
	act := &core.Act{Def: &SeeAccount, Org: org, Subject: person, Resource: person}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if err := m.memberOf(ctx, tx, org, person); err != nil {
			return err
		}
		if v.Person, err = m.Person(ctx, tx, person); err != nil {
			return err
		}
		if v.Factors, err = m.Factors(ctx, tx, person); err != nil {
			return err
		}
		if v.Person.Functional {
			if v.Responsible, err = m.Person(ctx, tx, v.Person.Responsible); err != nil && core.KindOf(err) != core.NotFound {
				return err
			}
			act.Subjects = []core.ID{v.Person.Responsible}
		}
		at, _, err := db.One(ctx, tx, qSignedInAt, db.Value[int64], person)
		v.SignedInAt = clock.FromMicros(at)
		return err
	})
	return v, err
}

var errReason = i18n.Fault(core.Invalid, "account.reason", "Donnez un motif en quelques mots (500 caractères au plus).", "Give a reason in a few words (500 characters at most).")

func reasonGiven(s string) error {
	if n := len([]rune(s)); n < 3 || n > 500 {
		return errReason.With("reason", errReason.Code)
	}
	return nil
}

// Flag marks the account of a member as compromised, on somebody's decision, with a reason.
func (m *Module) Flag(ctx context.Context, org, person core.ID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	act := &core.Act{Def: &FlagAccount, Org: org, Subject: person, Resource: person, Note: reason}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if org != core.Platform { // the provider may cut anyone off in an emergency (ACC-3.5)
			if err := m.memberOf(ctx, tx, org, person); err != nil {
				return err
			}
		}
		return m.Compromised(ctx, tx, person)
	})
}

// SendReset sends a member a link to choose a new password: nobody else ever chooses or sees it (ASVS 6.4.6).
func (m *Module) SendReset(ctx context.Context, org, person core.ID) error {
	act := &core.Act{Def: &ResetAccount, Org: org, Subject: person, Resource: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.memberOf(ctx, tx, org, person); err != nil {
			return err
		}
		return m.MailReset(ctx, tx, person)
	})
}

// Evidence are the ways to make sure of somebody's identity before their lost factor is taken away (ASVS 6.4.4).
var Evidence = []string{"in_person", "video", "call_back"}

var errEvidence = i18n.Fault(core.Invalid, "account.evidence", "Dites comment l'identité de la personne a été vérifiée.", "Say how the person's identity was verified.")

// Unbind takes the lost second factor of a member away: sessions end, and the next sign-in asks for the mailbox beside
// the password before it sets up another. evidence is one of Evidence; it is kept in the journal with the reason.
func (m *Module) Unbind(ctx context.Context, org, person core.ID, evidence, reason string) error {
	if !slices.Contains(Evidence, evidence) {
		return errEvidence.With("evidence", errEvidence.Code)
	}
	if err := reasonGiven(reason); err != nil {
		return err
	}
	act := &core.Act{Def: &UnbindFactor, Org: org, Subject: person, Resource: person, Note: reason}
	act.Changed("evidence", "", evidence)
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.memberOf(ctx, tx, org, person); err != nil {
			return err
		}
		if err := m.alone(ctx, tx, org, person); err != nil {
			return err
		}
		if err := m.DropTOTP(ctx, tx, person); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qFactorFound, person); err != nil {
			return fmt.Errorf("identity: unbind: %w", err)
		}
		if _, err := tx.Exec(ctx, qFactorLose, ids.New(), person, []byte{}, clock.Micros(m.needs.Clock.Now())); err != nil {
			return fmt.Errorf("identity: unbind: %w", err)
		}
		return m.endAll(ctx, tx, person, "factor_unbound")
	})
}

var errShared = i18n.Fault(core.Conflict, "account.shared",
	"Cette personne appartient aussi à une autre organisation : seul le prestataire retire son second facteur.",
	"This person also belongs to another organization: only the provider removes their second factor.")

// memberOf hides persons who are not of the organization. An invitation gives no hold on anybody: whoever has not
// accepted it is a stranger, or inviting an address would be enough to strip its account. Acting for the platform
// reaches provider staff, and the persons of several organizations, whom none of these may answer for alone; inside a
// client organization the provider has no permission of its own (KSK-1.3).
func (m *Module) memberOf(ctx context.Context, tx core.Tx, org, person core.ID) error {
	if org == core.Platform {
		staff, orgs, err := m.belongs(ctx, tx, person)
		if err == nil && !staff && orgs < 2 {
			err = errPersonUnknown
		}
		return err
	}
	x, ok, err := m.needs.Members.MemberOf(ctx, tx, org, person)
	if err != nil {
		return err
	}
	if !ok || x.State != "active" {
		return errPersonUnknown
	}
	return nil
}

// belongs tells whether a person is provider staff, and how many organizations they are an active member of.
func (m *Module) belongs(ctx context.Context, tx core.Tx, person core.ID) (staff bool, orgs int, err error) {
	members, err := m.needs.Members.Memberships(ctx, tx, person)
	for _, x := range members {
		if x.State == "active" {
			staff, orgs = staff || x.OrgKind == "provider", orgs+1
		}
	}
	return staff, orgs, err
}

// alone checks that the organization may answer for a person's proofs of identity: theirs open other organizations too
// when they belong to several, and then the provider alone decides.
func (m *Module) alone(ctx context.Context, tx core.Tx, org, person core.ID) error {
	if org == core.Platform {
		return nil
	}
	_, orgs, err := m.belongs(ctx, tx, person)
	if err == nil && orgs > 1 {
		err = errShared
	}
	return err
}

// MailReset sends the link to a new password, in place of any sent before. The link is made of the configured origin
// and never of what a request says its host is.
func (m *Module) MailReset(ctx context.Context, tx core.Tx, person core.ID) error {
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return err
	}
	if err := m.CancelLinks(ctx, tx, LinkReset, person); err != nil {
		return fmt.Errorf("identity: reset: %w", err)
	}
	token, err := m.MakeLink(ctx, tx, LinkReset, person, "", ResetLife)
	if err != nil {
		return err
	}
	lang := languageOf(p)
	return m.send(ctx, tx, p, "password.reset", mailLinkSubject.Say(lang), mailLinkBody.Say(lang, m.needs.Origin+"/reset/"+token))
}
