package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Kinds of single-use links. A link of one kind never opens the page of another.
const (
	LinkReset = "reset"  // choose a new password
	LinkFirst = "first"  // choose a first password, after an invitation
	LinkNotMe = "not_me" // "this wasn't me"
	LinkSetup = "setup"  // make the first administrator
)

// NotMeLife is how long the link of an alert can be used: mail may be read late.
const NotMeLife = 30 * 24 * time.Hour

var errLink = i18n.Fault(core.Gone, "link.gone",
	"Ce lien a expiré ou a déjà servi.", "This link has expired or was already used.")

// MakeLink makes a single-use secret of 160 bits for a link sent to a person; only its hash is kept.
func (m *Module) MakeLink(ctx context.Context, tx core.Tx, kind string, person core.ID, about string, life time.Duration) (token string, err error) {
	token = ids.Secret("", 20)
	now := m.needs.Clock.Now()
	_, err = tx.Exec(ctx, qLinkAdd, linkMark(token), kind, person, about, clock.Micros(now), clock.Micros(now.Add(life)))
	if err != nil {
		return "", fmt.Errorf("identity: make a link: %w", err)
	}
	return token, nil
}

// Link tells whose a link is and what it is about, without using it: mail scanners open links. Error: Gone.
func (m *Module) Link(ctx context.Context, tx core.Tx, kind, token string) (person core.ID, about string, err error) {
	type row struct {
		person core.ID
		about  string
	}
	r, ok, err := db.One(ctx, tx, qLink, func(scan db.Scan) (r row, err error) { return r, scan(&r.person, &r.about) },
		linkMark(token), kind, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return "", "", fmt.Errorf("identity: link: %w", err)
	}
	if !ok {
		return "", "", errLink
	}
	return r.person, r.about, nil
}

// UseLink spends a link. Error: Gone.
func (m *Module) UseLink(ctx context.Context, tx core.Tx, kind, token string) (person core.ID, about string, err error) {
	if person, about, err = m.Link(ctx, tx, kind, token); err != nil {
		return "", "", err
	}
	n, err := tx.Exec(ctx, qLinkUse, linkMark(token), kind, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return "", "", fmt.Errorf("identity: use a link: %w", err)
	}
	if n == 0 {
		return "", "", errLink
	}
	return person, about, nil
}

// CancelLinks makes the unused links of a kind sent to a person useless.
func (m *Module) CancelLinks(ctx context.Context, tx core.Tx, kind string, person core.ID) error {
	_, err := tx.Exec(ctx, qLinkCancel, person, kind, clock.Micros(m.needs.Clock.Now()))
	return err
}

// SweepLinks removes links long past; run it daily.
func (m *Module) SweepLinks(ctx context.Context) error {
	return m.needs.Gate.Keep(ctx, &sweeping, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qLinkSweep, clock.Micros(m.needs.Clock.Now().Add(-7*24*time.Hour)))
		return err
	})
}

func linkMark(token string) string {
	if len(token) > 128 {
		token = ""
	}
	sum := sha256.Sum256([]byte(strings.ToLower(token)))
	return hex.EncodeToString(sum[:])
}
