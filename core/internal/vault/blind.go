package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/seal"
)

// PhraseMin is how many characters the passphrase of an organization has at least: nothing but it and the recovery key stands
// between a stolen database and its own fields.
const PhraseMin = 16

// unlockLife is how long one unlocking lasts at most; the end of the session ends it too.
const unlockLife = 8 * time.Hour

var (
	errLocked = i18n.Fault(core.Forbidden, "blind.locked",
		"Ces champs sont scellés pour votre organisation. Déverrouillez-les avec sa phrase secrète.",
		"These fields are sealed to your organization. Unlock them with its passphrase.")
	errPhrase = i18n.Fault(core.Invalid, "blind.phrase",
		"Prenez au moins seize caractères : plusieurs mots font l'affaire.", "Take at least sixteen characters: several words will do.")
	errPhraseAgain = i18n.Fault(core.Invalid, "blind.phrase_again",
		"Les deux saisies de la phrase diffèrent.", "The two entries of the passphrase differ.")
	errWrong = i18n.Fault(core.Invalid, "blind.wrong",
		"Ce n'est ni la phrase secrète ni la clé de secours de l'organisation.", "This is neither the passphrase nor the recovery key of the organization.")
	errMade = i18n.Fault(core.Conflict, "blind.made",
		"L'organisation a déjà sa clé.", "The organization has its key already.")
	errNone = i18n.Fault(core.NotFound, "blind.none",
		"L'organisation n'a pas encore de clé à elle.", "The organization has no key of its own yet.")
	errTries = i18n.Fault(core.TooMany, "blind.tries",
		"Trop d'essais. Réessayez plus tard.", "Too many attempts. Try again later.")
)

// tries bounds the guesses at a passphrase, per person and organization.
var tries = abuse.PerDay(6, 60)

// BlindNeeds is everything that the room of organizations' own keys can reach.
type BlindNeeds struct {
	Gate   core.Gate
	Reader core.Reader
	Vault  *Vault
	Clock  core.Clock
	Hasher *password.Hasher
}

// Blind is the room of organizations' own keys: fields that the provider can write and not read (EMG-4.4).
type Blind struct{ n BlindNeeds }

// NewBlind makes it.
func NewBlind(n BlindNeeds) *Blind {
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	if n.Hasher == nil {
		n.Hasher = password.NewHasher(password.Standard, password.Limits{AtOnce: 1})
	}
	return &Blind{n: n}
}

// pair is the key pair of an organization as it is stored.
type pair struct {
	generation           int64
	public               []byte
	salt                 string
	byPhrase, byRecovery []byte
	made, changed        int64
}

func (b *Blind) pair(ctx context.Context, tx core.Tx, org core.ID) (p pair, found bool, err error) {
	found, err = scanOne(ctx, tx, qPair, []any{org}, &p.generation, &p.public, &p.salt, &p.byPhrase, &p.byRecovery, &p.made, &p.changed)
	return p, found, err
}

func pairData(org core.ID, generation int64, how string) []byte {
	return fmt.Appendf(nil, "blind_key\x00%s\x00%d\x00%s", org, generation, how)
}

// phraseKey derives a key from a passphrase: argon2id within the bounds of kit/password, then HKDF.
func (b *Blind) phraseKey(ctx context.Context, salt, phrase string) ([]byte, error) {
	mark, err := b.n.Hasher.Mark(ctx, salt, password.Normal(phrase))
	if err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, []byte(mark), nil, "rempart blind: passphrase", seal.KeySize)
}

var recoveryCode = base32.StdEncoding.WithPadding(base32.NoPadding)

// recoveryKey derives a key from the printed one, however it was typed.
func recoveryKey(text string) ([]byte, bool) {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z', r >= '2' && r <= '7':
			return r
		}
		return -1
	}, text)
	raw, err := recoveryCode.DecodeString(plain)
	if err != nil || len(raw) != 20 {
		return nil, false
	}
	key, err := hkdf.Key(sha256.New, raw, nil, "rempart blind: recovery key", seal.KeySize)
	return key, err == nil
}

func grouped(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func closeWith(key, data, plain []byte) ([]byte, error) {
	c, err := seal.Cipher(key)
	if err != nil {
		return nil, err
	}
	return c.Seal(nil, nil, plain, data), nil
}

func openWith(key, data, sealed []byte) ([]byte, error) {
	c, err := seal.Cipher(key)
	if err != nil {
		return nil, err
	}
	return c.Open(nil, nil, sealed, data)
}

// Make makes the key pair of an organization and gives its recovery key, to be shown once. Neither the passphrase nor the private
// key is kept in clear.
func (b *Blind) Make(ctx context.Context, org core.ID, phrase, again string) (recovery string, err error) {
	if err := goodPhrase(phrase, again); err != nil {
		return "", err
	}
	public, private, err := seal.NewBlind()
	if err != nil {
		return "", err
	}
	defer clear(private)
	p := pair{generation: 1, public: public, salt: password.NewSalt()}
	key, err := b.phraseKey(ctx, p.salt, phrase)
	if err != nil {
		return "", err
	}
	if p.byPhrase, err = closeWith(key, pairData(org, 1, "phrase"), private); err != nil {
		return "", err
	}
	raw := make([]byte, 20)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	recovery = grouped(recoveryCode.EncodeToString(raw))
	other, _ := recoveryKey(recovery)
	if p.byRecovery, err = closeWith(other, pairData(org, 1, "recovery"), private); err != nil {
		return "", err
	}
	act := &core.Act{Def: &MakeBlind, Org: org, Resource: org}
	err = b.n.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, found, err := b.pair(ctx, tx, org); err != nil || found {
			return errors.Join(err, foundIs(found, errMade))
		}
		now := clock.Micros(b.n.Clock.Now())
		_, err := tx.Exec(ctx, qMakePair, org, p.generation, p.public, p.salt, p.byPhrase, p.byRecovery, now)
		return err
	})
	if err != nil {
		return "", err
	}
	return recovery, nil
}

func foundIs(found bool, err error) error {
	if found {
		return err
	}
	return nil
}

func goodPhrase(phrase, again string) error {
	switch {
	case utf8.RuneCountInString(password.Normal(phrase)) < PhraseMin:
		return errPhrase.With("phrase", errPhrase.Code)
	case phrase != again:
		return errPhraseAgain.With("again", errPhraseAgain.Code)
	}
	return nil
}

// private opens the private key with a passphrase or a recovery key. Guesses are counted before any is looked at.
func (b *Blind) private(ctx context.Context, org core.ID, secret string) (key []byte, p pair, right bool, err error) {
	bucket := sha256.Sum256([]byte("blind\x00" + string(org) + "\x00" + string(core.ActorOf(ctx).ID)))
	var refusal error
	if err := b.n.Gate.Keep(ctx, &guessing, func(tx core.Tx) error {
		refusal = nil
		v, err := abuse.Take(ctx, tx, hex.EncodeToString(bucket[:]), tries, b.n.Clock.Now())
		if err == nil && !v.OK {
			refusal = errTries.After(v.Retry)
		}
		return err
	}); err != nil || refusal != nil {
		return nil, p, false, errors.Join(err, refusal)
	}
	var found bool
	if err := b.n.Reader.Read(ctx, func(tx core.Tx) (err error) {
		p, found, err = b.pair(ctx, tx, org)
		return err
	}); err != nil {
		return nil, p, false, err
	}
	if !found {
		return nil, p, false, errNone
	}
	if k, ok := recoveryKey(secret); ok {
		if key, err := openWith(k, pairData(org, p.generation, "recovery"), p.byRecovery); err == nil {
			return key, p, true, nil
		}
	}
	k, err := b.phraseKey(ctx, p.salt, secret)
	if err != nil {
		return nil, p, false, err
	}
	if key, err = openWith(k, pairData(org, p.generation, "phrase"), p.byPhrase); err != nil {
		return nil, p, false, nil
	}
	return key, p, true, nil
}

// Rephrase gives an organization another passphrase; secret is the present one or the recovery key.
func (b *Blind) Rephrase(ctx context.Context, org core.ID, secret, phrase, again string) error {
	if err := goodPhrase(phrase, again); err != nil {
		return err
	}
	if err := b.allowed(ctx, org); err != nil {
		return err
	}
	private, p, right, err := b.private(ctx, org, secret)
	if err != nil {
		return err
	}
	defer clear(private)
	var salt string
	var sealed []byte
	if right {
		salt = password.NewSalt()
		key, err := b.phraseKey(ctx, salt, phrase)
		if err != nil {
			return err
		}
		if sealed, err = closeWith(key, pairData(org, p.generation, "phrase"), private); err != nil {
			return err
		}
	}
	act := &core.Act{Def: &RephraseBlind, Org: org, Resource: org}
	err = b.n.Gate.Change(ctx, act, func(tx core.Tx) error {
		if !right {
			act.Fail(errWrong.Code)
			return nil
		}
		_, err := tx.Exec(ctx, qRephrase, org, p.generation, salt, sealed, clock.Micros(b.n.Clock.Now()))
		return err
	})
	if err == nil && !right {
		err = errWrong.With("secret", errWrong.Code)
	}
	return err
}

// allowed asks the gate first: no argon2 work and no guess for whoever may not even see how the key stands.
func (b *Blind) allowed(ctx context.Context, org core.ID) error {
	return b.n.Gate.Read(ctx, &core.Act{Def: &SeeBlind, Org: org, Resource: org}, func(core.Tx) error { return nil })
}

// Unlock opens an organization's own fields for the session of the actor and gives what their browser keeps: the server keeps the
// private key under it alone.
func (b *Blind) Unlock(ctx context.Context, org core.ID, secret string) (cookie string, err error) {
	if err := b.allowed(ctx, org); err != nil {
		return "", err
	}
	private, p, right, err := b.private(ctx, org, secret)
	if err != nil {
		return "", err
	}
	defer clear(private)
	actor := core.ActorOf(ctx)
	key := make([]byte, seal.KeySize)
	if _, err := rand.Read(key); err != nil {
		return "", err
	}
	cookie = base64.RawURLEncoding.EncodeToString(key)
	id := unlockID(key)
	act := &core.Act{Def: &UnlockBlind, Org: org, Resource: org}
	err = b.n.Gate.Change(ctx, act, func(tx core.Tx) error {
		if !right {
			act.Fail(errWrong.Code)
			return nil
		}
		sealed, err := closeWith(key, unlockData(org, id, actor.Session), private)
		if err != nil {
			return err
		}
		now := b.n.Clock.Now()
		_, err = tx.Exec(ctx, qUnlock, org, id, actor.Session, actor.ID, p.generation, sealed, clock.Micros(now), clock.Micros(now.Add(unlockLife)))
		return err
	})
	if err == nil && !right {
		err = errWrong.With("secret", errWrong.Code)
	}
	if err != nil {
		return "", err
	}
	return cookie, nil
}

func unlockID(key []byte) string {
	sum := sha256.Sum256(append([]byte("rempart unlock\x00"), key...))
	return hex.EncodeToString(sum[:16])
}

func unlockData(org core.ID, id string, session core.ID) []byte {
	return fmt.Appendf(nil, "blind_unlock\x00%s\x00%s\x00%s", org, id, session)
}

// Lock ends what Unlock opened, for the session of the actor.
func (b *Blind) Lock(ctx context.Context, org core.ID) error {
	return b.n.Gate.Change(ctx, &core.Act{Def: &LockBlind, Org: org, Resource: org}, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qLock, org, core.ActorOf(ctx).Session)
		return err
	})
}

// unlocked gives the private key that a cookie opens for the actor's session, or nil.
func (b *Blind) unlocked(ctx context.Context, tx core.Tx, org core.ID, cookie string) (private []byte, ends time.Time, err error) {
	key, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(key) != seal.KeySize {
		return nil, ends, nil
	}
	session := core.ActorOf(ctx).Session
	id := unlockID(key)
	var sealed []byte
	var until int64
	found, err := scanOne(ctx, tx, qUnlocked, []any{org, id, session, clock.Micros(b.n.Clock.Now())}, &sealed, &until)
	if err != nil || !found || session.IsZero() {
		return nil, ends, err
	}
	private, err = openWith(key, unlockData(org, id, session), sealed)
	if err != nil {
		return nil, ends, errUnreadable.Because(err)
	}
	return private, clock.FromMicros(until), nil
}

// SealTo seals plain, padded, to the public key of an organization; under its key of the vault while it has none.
func (b *Blind) SealTo(ctx context.Context, tx core.Tx, org core.ID, where string, plain []byte) ([]byte, error) {
	p, found, err := b.pair(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	padded := seal.Pad(plain)
	if found {
		return seal.SealBlind(p.public, uint16(p.generation), seal.At(org, org, where), padded)
	}
	sealed, err := b.n.Vault.Seal(ctx, org, where, padded)
	if core.CodeOf(err) == errNoKey.Code {
		if err := b.n.Vault.MakeKeysIn(ctx, org, org); err != nil {
			return nil, err
		}
		sealed, err = b.n.Vault.Seal(ctx, org, where, padded)
	}
	return sealed, err
}

// OpenFor opens what SealTo gave. Errors: blind.locked when the actor's session has not unlocked it.
func (b *Blind) OpenFor(ctx context.Context, tx core.Tx, org core.ID, unlock, where string, sealed []byte) ([]byte, error) {
	if _, blind := seal.Blind(sealed); !blind {
		padded, err := b.n.Vault.Open(ctx, org, where, sealed)
		if err != nil {
			return nil, err
		}
		return unpad(padded)
	}
	private, _, err := b.unlocked(ctx, tx, org, unlock)
	if err != nil {
		return nil, err
	}
	if private == nil {
		return nil, errLocked
	}
	defer clear(private)
	padded, err := seal.OpenBlind(private, seal.At(org, org, where), sealed)
	if err != nil {
		return nil, errUnreadable.Because(err)
	}
	return unpad(padded)
}

func unpad(padded []byte) ([]byte, error) {
	plain, err := seal.Unpad(padded)
	if err != nil {
		return nil, errUnreadable.Because(err)
	}
	return plain, nil
}

// BlindState is what the page of an organization's own key shows.
type BlindState struct {
	Made    bool
	Since   time.Time
	Changed time.Time // of the passphrase
	Open    bool      // for this session
	Until   time.Time
}

// State tells how the key of an organization stands for the session of the actor.
func (b *Blind) State(ctx context.Context, org core.ID, unlock string) (s BlindState, err error) {
	err = b.n.Gate.Read(ctx, &core.Act{Def: &SeeBlind, Org: org, Resource: org}, func(tx core.Tx) error {
		p, found, err := b.pair(ctx, tx, org)
		if err != nil || !found {
			return err
		}
		s = BlindState{Made: true, Since: clock.FromMicros(p.made), Changed: clock.FromMicros(p.changed)}
		private, ends, err := b.unlocked(ctx, tx, org, unlock)
		s.Open, s.Until = private != nil, ends
		clear(private)
		return err
	})
	return s, err
}

// Sweep forgets unlockings that ended.
func (b *Blind) Sweep(ctx context.Context) error {
	return b.n.Gate.Keep(ctx, &sweeping, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qUnlockSweep, clock.Micros(b.n.Clock.Now()))
		return err
	})
}
