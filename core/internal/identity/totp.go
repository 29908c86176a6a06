package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // #nosec G505: RFC 6238 as every authenticator application speaks it
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// RFC 6238: six digits, thirty seconds, SHA-1; one step before and after is taken, since clocks differ.
const (
	totpPeriod  = 30 * time.Second
	totpBytes   = 20
	totpWindow  = 1
	pendingLife = 30 * time.Minute
)

var errNoPending = i18n.Fault(core.Gone, "factor.pending_gone",
	"L'enregistrement de l'application a expiré : recommencez.", "The set-up of the application has expired: start again.")

var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

// Factors tells what a person holds beyond a password.
func (m *Module) Factors(ctx context.Context, tx core.Tx, person core.ID) (f core.Factors, err error) {
	since, ok, err := db.One(ctx, tx, qFactors, db.Value[int64], person)
	if err != nil {
		return f, fmt.Errorf("identity: factors: %w", err)
	}
	left, _, err := db.One(ctx, tx, qCodesLeft, db.Value[int64], person)
	if err != nil {
		return f, fmt.Errorf("identity: factors: %w", err)
	}
	lost, _, err := db.One(ctx, tx, qFactorLost, db.Value[int64], person)
	if err != nil {
		return f, fmt.Errorf("identity: factors: %w", err)
	}
	return core.Factors{TOTP: ok, Since: clock.FromMicros(since), Codes: int(left), Lost: lost > 0}, nil
}

// StartTOTP makes a new authenticator secret that waits for its first code, in place of any that waited. The secret is
// given in base32 for the page and sealed in the row. The one in use stays until ConfirmTOTP. by is the session or the
// sign-in that it is set up in: no other is ever shown it, nor confirms it.
func (m *Module) StartTOTP(ctx context.Context, tx core.Tx, person core.ID, by string) (secret string, err error) {
	raw := make([]byte, totpBytes)
	_, _ = rand.Read(raw)
	id := ids.New()
	sealed, err := m.needs.Sealer.Seal(ctx, person, factorPlace(id), raw)
	if err != nil {
		return "", fmt.Errorf("identity: seal a factor: %w", err)
	}
	if _, err := tx.Exec(ctx, qFactorDropPending, person, pendingKind(by), clock.Micros(m.needs.Clock.Now().Add(-pendingLife))); err != nil {
		return "", fmt.Errorf("identity: start a factor: %w", err)
	}
	if _, err := tx.Exec(ctx, qFactorAdd, id, person, sealed, clock.Micros(m.needs.Clock.Now()), pendingKind(by)); err != nil {
		return "", fmt.Errorf("identity: start a factor: %w", err)
	}
	return secretText.EncodeToString(raw), nil
}

// pendingKind is the kind of a factor that waits for its first code: who else knows the password, or holds another
// session, must not read the secret that its owner is about to use.
func pendingKind(by string) string { return "totp.pending:" + by }

// PendingTOTP gives the secret that waits for its first code, to show the page again where it began. Error: Gone.
func (m *Module) PendingTOTP(ctx context.Context, tx core.Tx, person core.ID, by string) (secret string, err error) {
	list, err := m.secrets(ctx, tx, person, qFactorPending, person, clock.Micros(m.needs.Clock.Now().Add(-pendingLife)), pendingKind(by))
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", errNoPending
	}
	return secretText.EncodeToString(list[0].key), nil
}

// ConfirmTOTP takes the secret that waits into use if code is right, in place of any former one, and tells the person.
func (m *Module) ConfirmTOTP(ctx context.Context, tx core.Tx, person core.ID, by, code string) (bool, error) {
	now := m.needs.Clock.Now()
	list, err := m.secrets(ctx, tx, person, qFactorPending, person, clock.Micros(now.Add(-pendingLife)), pendingKind(by))
	if err != nil {
		return false, err
	}
	if len(list) == 0 {
		return false, errNoPending
	}
	step, ok := matchTOTP(list[0].key, code, now)
	if !ok {
		return false, nil
	}
	for _, s := range []struct {
		q    string
		args []any
	}{
		{qFactorConfirm, []any{list[0].id, clock.Micros(now)}},
		{qFactorStep, []any{list[0].id, step, clock.Micros(now)}},
		{qFactorDropOther, []any{person, list[0].id}},
	} {
		if _, err := tx.Exec(ctx, s.q, s.args...); err != nil {
			return false, fmt.Errorf("identity: confirm a factor: %w", err)
		}
	}
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return false, err
	}
	return true, m.alert(ctx, tx, p, "factor.added", mailFactorSubject, mailFactorBody, "factor")
}

// CheckTOTP tells whether code is right and was not used: the step of a code that opened once never opens again, on
// any node, because the row moves in the same statement that accepts it.
func (m *Module) CheckTOTP(ctx context.Context, tx core.Tx, person core.ID, code string) (bool, error) {
	now := m.needs.Clock.Now()
	list, err := m.secrets(ctx, tx, person, qFactorLive, person)
	if err != nil {
		return false, err
	}
	for _, s := range list {
		step, ok := matchTOTP(s.key, code, now)
		if !ok {
			continue
		}
		n, err := tx.Exec(ctx, qFactorStep, s.id, step, clock.Micros(now))
		if err != nil {
			return false, fmt.Errorf("identity: use a factor: %w", err)
		}
		return n == 1, nil
	}
	return false, nil
}

// DropTOTP takes the authenticator application and the recovery codes away, and tells the person (ASVS 6.5.6).
func (m *Module) DropTOTP(ctx context.Context, tx core.Tx, person core.ID) error {
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return err
	}
	for _, q := range []string{qFactorDrop, qCodesDrop} {
		if _, err := tx.Exec(ctx, q, person); err != nil {
			return fmt.Errorf("identity: drop a factor: %w", err)
		}
	}
	return m.alert(ctx, tx, p, "factor.removed", mailFactorGoneSubject, mailFactorGoneBody, "factor")
}

type totpSecret struct {
	id   core.ID
	key  []byte
	last int64
}

func (m *Module) secrets(ctx context.Context, tx core.Tx, person core.ID, q string, args ...any) ([]totpSecret, error) {
	list, err := db.All(ctx, tx, q, func(scan db.Scan) (s totpSecret, err error) { return s, scan(&s.id, &s.key, &s.last) }, args...)
	if err != nil {
		return nil, fmt.Errorf("identity: factor: %w", err)
	}
	for i := range list {
		list[i].key, err = m.needs.Sealer.Open(ctx, person, factorPlace(list[i].id), list[i].key)
		if err != nil {
			return nil, fmt.Errorf("identity: open a factor: %w", err)
		}
	}
	return list, nil
}

func factorPlace(id core.ID) string { return "identity_factor.secret:" + string(id) }

// matchTOTP finds the step whose code this is, within the window around now.
func matchTOTP(key []byte, code string, now time.Time) (step int64, ok bool) {
	digits, valid := parseCode(code)
	if !valid {
		return 0, false
	}
	at := now.Unix() / int64(totpPeriod/time.Second)
	for s := at - totpWindow; s <= at+totpWindow; s++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(key, s)), []byte(digits)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// parseCode takes six digits, with blanks wherever the person or their application put them.
func parseCode(s string) (string, bool) {
	if len(s) > 32 {
		return "", false
	}
	s = strings.Join(strings.Fields(s), "")
	if len(s) != 6 || strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	return s, true
}

// codeAt is HOTP (RFC 4226, 5.3) of a step.
func codeAt(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	o := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[o:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// CodeAt gives the six digits that an authenticator application shows for a secret at a moment: what the demo and the
// tests type.
func CodeAt(secret string, at time.Time) (string, error) {
	key, err := secretText.DecodeString(secret)
	if err != nil {
		return "", err
	}
	return codeAt(key, at.Unix()/int64(totpPeriod/time.Second)), nil
}
