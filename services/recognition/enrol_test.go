package recognition

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// slowTokens are those of a house in which something happens while an account is made.
type slowTokens struct {
	Tokens
	meanwhile func()
	revoked   []core.ID
}

func (t *slowTokens) Grant(context.Context, core.ID, string, core.ID, string, []core.Permission, time.Time) (core.ID, string, error) {
	t.meanwhile()
	return "account", "secret", nil
}

func (t *slowTokens) Revoke(_ context.Context, _, account core.ID, _ string) error {
	t.revoked = append(t.revoked, account)
	return nil
}

// TestAProgramDismissedWhileItEnrolsHasNoToken: an account that no row leads to could be ended by nobody.
func TestAProgramDismissedWhileItEnrolsHasNoToken(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema, abuse.Schema}, func(t *testing.T, d *db.DB) {
		s := newShop(t, d, 0)
		install, err := s.InviteAgent(t.Context(), "org", ForLookup, "", "3CX")
		s.must(err)
		tokens := &slowTokens{meanwhile: func() { s.must(s.DismissAgent(t.Context(), "org", install.ID)) }}
		s.needs.Tokens = tokens
		e, err := s.Enrol(t.Context(), install.Code)
		if core.CodeOf(err) != errCode.Code || e.Token != "" {
			t.Errorf("it enrolled: %v", err)
		}
		if !slices.Equal(tokens.revoked, []core.ID{"account"}) {
			t.Errorf("its account lives on: %v were revoked", tokens.revoked)
		}
	})
}
