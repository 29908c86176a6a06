package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	errLogin = i18n.Fault(core.Invalid, "signin.login",
		"Écrivez votre adresse électronique.", "Write your e-mail address.")
	errWrong = i18n.Fault(core.Invalid, "signin.wrong",
		"L'adresse ou le mot de passe n'est pas le bon.", "The address or the password is not right.")
	errCode = i18n.Fault(core.Invalid, "signin.code_wrong",
		"Ce code n'est pas le bon, ou il a déjà servi.", "This code is not right, or was already used.")
	errMailed = i18n.Fault(core.Invalid, "signin.mailed_wrong",
		"Ce code n'est pas le bon, ou il a expiré. Demandez-en un autre.", "This code is not right, or has expired. Ask for another one.")
	errProof = i18n.Fault(core.Invalid, "signin.proof",
		"Une vérification automatique est devenue nécessaire : donnez à nouveau votre mot de passe.",
		"An automatic check has become necessary: give your password again.")
	errTries = i18n.Fault(core.Gone, "signin.tries",
		"Trop d'essais pour cette connexion. Recommencez du début.", "Too many attempts for this sign-in. Start again.")
)

// normalLogin is the form an address is compared in; it is not judged here, so that nothing is told of it.
func normalLogin(s string) (string, bool) {
	s = strings.ToLower(norm.NFC.String(strings.TrimSpace(s)))
	return s, s != "" && len(s) <= 254 && strings.Contains(s, "@") && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || unicode.IsControl(r) })
}

// Begin starts a sign-in with an address, and gives the secret of the flow's cookie. browser is that of the device
// cookie. The same is done and answered whether the account exists or not.
func (m *Module) Begin(ctx context.Context, address string, browser core.ID, next string) (secret string, err error) {
	login, ok := normalLogin(address)
	if !ok {
		return "", errLogin.With("email", errLogin.Code)
	}
	defer m.steady(ctx, time.Now())
	err = m.needs.Gate.Keep(ctx, &beginning, func(tx core.Tx) error {
		person, known, err := m.needs.People.PersonByEmail(ctx, tx, login)
		if err != nil {
			return err
		}
		if !known {
			person.ID = ""
		}
		secret, err = m.addFlow(ctx, tx, Flow{Kind: kindSignIn, Login: login, Person: person.ID, Browser: browser, Next: next})
		return err
	})
	return secret, err
}

// puzzleForm binds the proofs of work of the password page.
const puzzleForm = "signin.password"

// puzzleBits is what a browser solves in about a quarter of a second.
const puzzleBits = 16

// Puzzle gives the challenge of the password page, "" when none is asked.
func (m *Module) Puzzle(ctx context.Context, f *Facts) string {
	if !f.Wary {
		return ""
	}
	return m.puzzles.Make(puzzleForm, core.ActorOf(ctx).Address, m.needs.PuzzleBits, f.Now)
}

// Proof is an answer to a puzzle; empty where none was asked or no script ran.
type Proof struct{ Challenge, Nonce string }

// Password takes the password of a flow. Under pressure a browser that brings no proof of work is not refused: it is
// sent to the mailed code first, which needs no script. Errors: Invalid (signin.wrong) alike for a wrong password and
// an unknown account, TooMany, Busy, Gone.
func (m *Module) Password(ctx context.Context, secret, plain string, proof Proof) error {
	start := time.Now()
	f, err := m.expect(ctx, secret, passwordStep.Name)
	if err != nil {
		return err
	}
	if f.Wary {
		if proof.Challenge == "" {
			m.steady(ctx, start)
			return errProof // the page was shown before attempts ran high: it comes back with a puzzle, and nothing is counted
		}
		if solved, err := m.solved(ctx, &f, proof); err != nil || !solved {
			m.steady(ctx, start)
			return err
		}
	}
	p, told, err := m.admit(ctx, &f)
	if told {
		if err := m.warn(ctx, &f); err != nil {
			return err
		}
	}
	if err != nil {
		m.steady(ctx, start)
		if core.CodeOf(err) == errPressed.Code {
			return nil // the dispatcher sends this browser to the mailed code
		}
		return err
	}
	ok, rehash, err := m.needs.Passwords.CheckPassword(ctx, f.Credential, plain)
	if err != nil {
		return err
	}
	if err := m.passwordGiven(ctx, &f, ok, rehash, p); err != nil {
		return err
	}
	if !ok {
		if err := m.heed(ctx, &f); err != nil {
			return err
		}
		m.steady(ctx, start)
		return errWrong.With("password", errWrong.Code)
	}
	return nil
}

// solved checks a proof of work; without a valid one the flow is sent to the mailed code, and the attempt counts.
func (m *Module) solved(ctx context.Context, f *Facts, proof Proof) (ok bool, err error) {
	told := false
	err = m.needs.Gate.Keep(ctx, &counting, func(tx core.Tx) error {
		ok = proof.Challenge != "" &&
			m.puzzles.Check(ctx, tx, puzzleForm, core.ActorOf(ctx).Address, proof.Challenge, proof.Nonce, f.Now) == nil
		if ok {
			return nil
		}
		if _, err := tx.Exec(ctx, qMailboxDue, f.Flow.mark); err != nil {
			return err
		}
		floor, err := m.floor(ctx, tx)
		if err != nil {
			return err
		}
		_, told, err = m.takeAccount(ctx, tx, f.Flow.Login, accountLimit(floor), f.Now)
		return err
	})
	if err == nil && told {
		err = m.warn(ctx, f)
	}
	return ok, err
}

// passwordGiven writes the entry of an attempt and, when it was right, the fact.
func (m *Module) passwordGiven(ctx context.Context, f *Facts, ok bool, rehash string, p pass) error {
	act := &core.Act{Def: &givePassword, Org: home(f), Subject: f.Person.ID}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if !ok {
			act.Fail(reasonOf(f))
			return nil
		}
		n, err := tx.Exec(ctx, qPasswordProved, f.Flow.mark, clock.Micros(f.Now))
		if err != nil {
			return fmt.Errorf("signin: password: %w", err)
		}
		if n == 0 {
			return errStep
		}
		if rehash != "" {
			if err := m.needs.Passwords.UpgradePassword(ctx, tx, f.Credential, rehash); err != nil {
				return err
			}
		}
		return m.giveBack(ctx, tx, p)
	})
}

// reasonOf is for the journal alone; the person is told the same in both cases.
func reasonOf(f *Facts) string {
	if !f.Known {
		return "signin.unknown"
	}
	return errWrong.Code
}

var _ = i18n.Reason("signin.unknown", "Aucun compte n'a cette adresse.", "No account has this address.")

var (
	mailAttackSubject = core.Text{FR: "Quelqu'un essaie de deviner votre mot de passe", EN: "Somebody is trying to guess your password"}
	mailAttackBody    = core.Text{
		FR: "De nombreux essais ont été faits sur votre compte depuis des navigateurs inconnus. Ils sont freinés et aucun n'a réussi. Vos navigateurs habituels ne sont pas touchés ; depuis un autre, un code vous sera envoyé ici.",
		EN: "Many attempts were made on your account from unknown browsers. They are slowed down and none succeeded. Your usual browsers are not affected; from another one, a code will be sent to you here.",
	}
	mailPartSubject = core.Text{FR: "Quelqu'un connaît peut-être votre mot de passe", EN: "Somebody may know your password"}
	mailPartBody    = core.Text{
		FR: "Votre mot de passe a été donné, puis plusieurs codes erronés. Si ce n'était pas vous, changez-le.",
		EN: "Your password was given, then several wrong codes. If this was not you, change it.",
	}
)

// warn tells a person of a guessing attack, once per episode, and writes it in the journal that their security people read.
func (m *Module) warn(ctx context.Context, f *Facts) error {
	return m.attack(ctx, f, "signin.attack", mailAttackSubject, mailAttackBody)
}

func (m *Module) attack(ctx context.Context, f *Facts, kind string, subject, body core.Text) error {
	system := core.System("signin")
	asked := core.ActorOf(ctx)
	system.Address, system.Request = asked.Address, asked.Request
	act := &core.Act{Def: &noteAttack, Org: home(f), Subject: f.Person.ID, Outcome: core.Failure, Reason: kind}
	return m.needs.Gate.Change(core.WithActor(ctx, system), act, func(tx core.Tx) error {
		if !f.Known {
			return nil
		}
		return m.needs.Mails.Alert(ctx, tx, f.Person.ID, kind, subject, body, "")
	})
}

const (
	mailedLife  = 10 * time.Minute // ASVS 6.5.5
	mailedTries = 5
)

var (
	mailedSubject = core.Text{FR: "Votre code de connexion", EN: "Your sign-in code"}
	mailedBody    = i18n.T("Votre code est : %s\n\nIl sert une fois, dans les dix minutes, sur la page qui vous l'a demandé. Ne le donnez à personne.",
		"Your code is: %s\n\nIt works once, within ten minutes, on the page that asked for it. Give it to nobody.")
)

// SendCode mails a code of 40 bits bound to this flow. The same is done and answered whether the account exists; how
// many messages strangers can cause is bounded.
func (m *Module) SendCode(ctx context.Context, secret string) error {
	start := time.Now()
	f, err := m.expect(ctx, secret, mailboxStep.Name)
	if err != nil {
		return err
	}
	if asks, err := m.mayAsk(ctx); err != nil || !asks {
		m.steady(ctx, start)
		if err == nil {
			err = errMailWait.After(askLimit.Every)
		}
		return err
	}
	code := ids.Secret("", 5)
	act := &core.Act{Def: &sendCode, Org: home(&f), Subject: f.Person.ID}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		allowed, err := m.mayMail(ctx, tx, f.Flow.Login)
		if err != nil {
			return err
		}
		if !allowed {
			act.Fail(errMailWait.Code)
			return nil
		}
		if _, err := tx.Exec(ctx, qCodeSent, f.Flow.mark, m.codeMark(f.Flow.mark, code), clock.Micros(f.Now)); err != nil {
			return fmt.Errorf("signin: code: %w", err)
		}
		if !f.Known {
			act.Fail("signin.unknown")
			return nil
		}
		shown := strings.ToUpper(code[:4] + "-" + code[4:])
		body := core.Text{FR: mailedBody.Say(i18n.FR, shown), EN: mailedBody.Say(i18n.EN, shown)}
		return m.needs.Mails.Send(ctx, tx, f.Person.ID, "signin.code", mailedSubject, body)
	})
	m.steady(ctx, start)
	if err == nil && act.Reason == errMailWait.Code {
		return errMailWait.After(mailLimit.Every)
	}
	return err
}

var errMailWait = i18n.Fault(core.TooMany, "signin.mail_wait",
	"Plusieurs messages ont déjà été demandés. Attendez avant d'en demander un autre.", "Several messages were asked for already. Wait before asking for another one.")

// mayMail counts a message caused by somebody who proved nothing, per account and per source.
func (m *Module) mayMail(ctx context.Context, tx core.Tx, login string) (bool, error) {
	now := m.needs.Clock.Now()
	source := m.keyOf("mailsource", abuse.Source(core.ActorOf(ctx).Address).String())
	if v, err := abuse.Take(ctx, tx, source, sourceMailLimit, now); err != nil || !v.OK {
		return false, err
	}
	v, err := abuse.Take(ctx, tx, m.keyOf("mail", login), mailLimit, now)
	return v.OK, err
}

// mayAsk counts a request for a message, whatever becomes of it.
func (m *Module) mayAsk(ctx context.Context) (ok bool, err error) {
	err = m.needs.Gate.Keep(ctx, &counting, func(tx core.Tx) error {
		v, err := abuse.Take(ctx, tx, m.keyOf("asksource", abuse.Source(core.ActorOf(ctx).Address).String()), askLimit, m.needs.Clock.Now())
		ok = v.OK
		return err
	})
	return ok, err
}

func (m *Module) codeMark(flow, code string) string {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(flow + "|" + code))
	return hex.EncodeToString(h.Sum(nil))
}

// Mailbox takes the mailed code. Errors: Invalid, Gone after too many tries.
func (m *Module) Mailbox(ctx context.Context, secret, code string) error {
	start := time.Now()
	f, err := m.expect(ctx, secret, mailboxStep.Name)
	if err != nil {
		return err
	}
	code = strings.ToLower(strings.Join(strings.FieldsFunc(code, func(r rune) bool { return r == '-' || unicode.IsSpace(r) }), ""))
	right := f.Flow.code != "" && f.Known && len(code) == 8 && f.Now.Before(f.Flow.CodeAt.Add(mailedLife)) &&
		hmac.Equal([]byte(m.codeMark(f.Flow.mark, code)), []byte(f.Flow.code))
	err = m.tried(ctx, &f, &giveCode, errMailed.Code, right, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qMailboxProved, f.Flow.mark, clock.Micros(f.Now))
		return err
	})
	if err != nil {
		return err
	}
	if !right {
		m.steady(ctx, start)
		return errMailed.With("code", errMailed.Code)
	}
	return nil
}

// tried counts one of the few tries of a flow and writes its entry; done writes the fact when it was right. Beyond the
// last try the flow is over.
func (m *Module) tried(ctx context.Context, f *Facts, def *core.ActDef, code string, right bool, done func(core.Tx) error) error {
	act, spent := &core.Act{Def: def, Org: home(f), Subject: f.Person.ID}, false
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qTry, f.Flow.mark, mailedTries)
		if err != nil {
			return fmt.Errorf("signin: try: %w", err)
		}
		if spent = n == 0; spent {
			act.Fail(errTries.Code)
			_, err := tx.Exec(ctx, qFlowDrop, f.Flow.mark)
			return err
		}
		if !right {
			act.Fail(code)
			return nil
		}
		return done(tx)
	})
	if err == nil && spent {
		return errTries
	}
	return err
}

// Factor takes six digits of the authenticator application or a recovery code.
func (m *Module) Factor(ctx context.Context, secret, code string) error {
	f, err := m.expect(ctx, secret, factorStep.Name)
	if err != nil {
		return err
	}
	if err := m.admitFactor(ctx, &f); err != nil {
		return err
	}
	mark, err := m.needs.Codes.MatchCode(ctx, f.Person.ID, code)
	if err != nil {
		return err
	}
	right := false
	act, spent := &core.Act{Def: &giveFactor, Org: home(&f), Subject: f.Person.ID}, false
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qTry, f.Flow.mark, mailedTries)
		if err != nil {
			return fmt.Errorf("signin: try: %w", err)
		}
		if spent = n == 0; spent {
			act.Fail(errTries.Code)
			_, err := tx.Exec(ctx, qFlowDrop, f.Flow.mark)
			return err
		}
		if right, err = m.checkFactor(ctx, tx, f.Person.ID, code, mark); err != nil {
			return err
		}
		if !right {
			act.Fail(errCode.Code)
			return nil
		}
		if mark != "" {
			act.Changed("factor", "totp", "recovery code")
		}
		if _, err := tx.Exec(ctx, qFactorProved, f.Flow.mark, clock.Micros(f.Now)); err != nil {
			return fmt.Errorf("signin: factor: %w", err)
		}
		return m.giveBackFactor(ctx, tx, &f)
	})
	switch {
	case err != nil:
		return err
	case spent:
		return m.tellPart(ctx, &f)
	case !right:
		return errCode.With("code", errCode.Code)
	}
	return nil
}

func (m *Module) checkFactor(ctx context.Context, tx core.Tx, person core.ID, code, mark string) (bool, error) {
	if mark != "" {
		return m.needs.Codes.UseCode(ctx, tx, person, mark)
	}
	return m.needs.Factors.CheckTOTP(ctx, tx, person, code)
}

// tellPart warns a person whose password was given and whose codes were not (ASVS 6.3.5), once per episode.
func (m *Module) tellPart(ctx context.Context, f *Facts) error {
	first := abuse.Verdict{}
	err := m.needs.Gate.Keep(ctx, &counting, func(tx core.Tx) (err error) {
		first, err = abuse.Take(ctx, tx, m.keyOf("part", string(f.Person.ID)), episode, f.Now)
		return err
	})
	if err != nil {
		return err
	}
	if first.OK {
		if err := m.attack(ctx, f, "signin.partial", mailPartSubject, mailPartBody); err != nil {
			return err
		}
	}
	return errTries
}

// admitFactor counts an attempt at a second factor: a known browser for itself, all unknown ones together.
func (m *Module) admitFactor(ctx context.Context, f *Facts) error {
	var refusal error
	err := m.needs.Gate.Keep(ctx, &counting, func(tx core.Tx) error {
		v, err := abuse.Take(ctx, tx, m.factorKey(f), factorLimit, f.Now)
		if refusal = nil; err == nil && !v.OK {
			refusal = errFactorWait.After(v.Retry)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("signin: count: %w", err)
	}
	return refusal
}

// factorLimit keeps guesses of six digits below 100 a day: one chance in 3,300 over a day with three codes valid.
var factorLimit = abuse.PerDay(defaultAttempts, guessesPerDay)

func (m *Module) factorKey(f *Facts) string {
	if f.KnownBrowser() {
		return "factor:" + string(f.Device.ID)
	}
	return m.keyOf("factor", string(f.Person.ID))
}

func (m *Module) giveBackFactor(ctx context.Context, tx core.Tx, f *Facts) error {
	return abuse.Return(ctx, tx, m.factorKey(f), factorLimit, f.Now)
}

var (
	_ = i18n.Reason("signin.attack", "De nombreux essais de mot de passe ont été faits.", "Many attempts at the password were made.")
	_ = i18n.Reason("signin.partial", "Le mot de passe a été donné, le second facteur non.", "The password was given, the second factor was not.")
)
