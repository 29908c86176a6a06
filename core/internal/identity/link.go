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
	"github.com/rempart/rempart/kit/pack"
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

// linkPlace binds what a link is about, which can be an address, to the link.
func linkPlace(mark string) string { return "identity_link.details\x001\x00" + mark }

// MakeLink makes a single-use secret of 160 bits for a link sent to a person; only its hash is kept, and what it is about sealed
// under the person's key.
func (m *Module) MakeLink(ctx context.Context, tx core.Tx, kind string, person core.ID, about string, life time.Duration) (token string, err error) {
	token = ids.Secret("", 20)
	now, mark := m.needs.Clock.Now(), linkMark(token)
	details, err := m.sealAbout(ctx, person, mark, about)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, qLinkAdd, mark, kind, person, details, clock.Micros(now), clock.Micros(now.Add(life)))
	if err != nil {
		return "", fmt.Errorf("identity: make a link: %w", err)
	}
	return token, nil
}

// Link tells whose a link is and what it is about, without using it: mail scanners open links. Error: Gone.
func (m *Module) Link(ctx context.Context, tx core.Tx, kind, token string) (person core.ID, about string, err error) {
	type row struct {
		person  core.ID
		details []byte
	}
	mark := linkMark(token)
	r, ok, err := db.One(ctx, tx, qLink, func(scan db.Scan) (r row, err error) { return r, scan(&r.person, &r.details) },
		mark, kind, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return "", "", fmt.Errorf("identity: link: %w", err)
	}
	if !ok {
		return "", "", errLink
	}
	about, err = m.openAbout(ctx, r.person, mark, r.details)
	return r.person, about, err
}

// sealAbout seals what a link is about; nothing is nothing, and belongs to nobody where the link does (the first set-up).
func (m *Module) sealAbout(ctx context.Context, person core.ID, mark, about string) ([]byte, error) {
	if about == "" {
		return []byte{}, nil
	}
	details, err := m.needs.Sealer.Seal(ctx, person, linkPlace(mark), pack.Texts(about))
	if err != nil {
		return nil, fmt.Errorf("identity: seal a link: %w", err)
	}
	return details, nil
}

// openAbout opens it. A link of somebody whose key was destroyed opens nothing.
func (m *Module) openAbout(ctx context.Context, person core.ID, mark string, details []byte) (about string, err error) {
	if len(details) < 2 {
		return "", nil
	}
	plain, err := m.needs.Sealer.Open(ctx, person, linkPlace(mark), details)
	if core.KindOf(err) == core.Gone {
		return "", errLink
	}
	if err == nil {
		err = pack.Read(plain, &about)
	}
	if err != nil {
		return "", fmt.Errorf("identity: open a link: %w", err)
	}
	return about, nil
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

func linkMark(token string) string {
	if len(token) > 128 {
		token = ""
	}
	sum := sha256.Sum256([]byte(strings.ToLower(token)))
	return hex.EncodeToString(sum[:])
}
