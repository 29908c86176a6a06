package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/password"
)

// recoveryCodes is how many codes a batch holds; each carries 80 random bits and is kept as an argon2id mark under the
// salt of its batch (ASVS 6.5.2).
const (
	recoveryCodes = 10
	recoveryBytes = 10
	recoveryChars = 16
)

// MakeCodes draws a batch of recovery codes for KeepCodes. It computes ten hashes: never call it in a transaction.
func (m *Module) MakeCodes(ctx context.Context) (core.RecoveryCodes, error) {
	batch := core.RecoveryCodes{Salt: password.NewSalt()}
	for range recoveryCodes {
		code := ids.Secret("", recoveryBytes)
		mark, err := m.needs.Hasher.Mark(ctx, batch.Salt, code)
		if err != nil {
			return core.RecoveryCodes{}, err
		}
		batch.Plain = append(batch.Plain, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
		batch.Marks = append(batch.Marks, mark)
	}
	return batch, nil
}

// KeepCodes writes a batch in place of any former one.
func (m *Module) KeepCodes(ctx context.Context, tx core.Tx, person core.ID, batch core.RecoveryCodes) error {
	if _, err := tx.Exec(ctx, qCodesDrop, person); err != nil {
		return fmt.Errorf("identity: recovery codes: %w", err)
	}
	now := clock.Micros(m.needs.Clock.Now())
	for _, mark := range batch.Marks {
		if _, err := tx.Exec(ctx, qCodeAdd, person, mark, batch.Salt, now); err != nil {
			return fmt.Errorf("identity: recovery codes: %w", err)
		}
	}
	return nil
}

// MatchCode computes the mark of a recovery code for UseCode; "" when it has not the form of one. It computes: never
// call it in a transaction.
func (m *Module) MatchCode(ctx context.Context, person core.ID, code string) (mark string, err error) {
	code, ok := parseRecovery(code)
	if !ok {
		return "", nil
	}
	salt := ""
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		salt, _, err = db.One(ctx, tx, qCodesSalt, db.Value[string], person)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("identity: recovery codes: %w", err)
	}
	if salt == "" {
		salt = password.NewSalt() // the same work for a person who has none left
	}
	return m.needs.Hasher.Mark(ctx, salt, code)
}

// UseCode spends the recovery code of a mark; false when there is none or it was used. The person is told.
func (m *Module) UseCode(ctx context.Context, tx core.Tx, person core.ID, mark string) (bool, error) {
	n, err := tx.Exec(ctx, qCodeUse, person, mark, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return false, fmt.Errorf("identity: use a recovery code: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return false, err
	}
	return true, m.alert(ctx, tx, p, "recovery.used", mailCodeSubject, mailCodeBody, "recovery")
}

// LooksLikeCode tells a recovery code from the six digits of an application.
func LooksLikeCode(s string) bool { _, ok := parseRecovery(s); return ok }

// parseRecovery takes sixteen letters and digits, whatever the case, hyphens and blanks.
func parseRecovery(s string) (string, bool) {
	if len(s) > 64 {
		return "", false
	}
	s = strings.ToLower(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == ' ' || r == '\t' || r == '\u00a0' }), ""))
	if len(s) != recoveryChars {
		return "", false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '2' || r > '9') {
			return "", false
		}
	}
	return s, true
}
