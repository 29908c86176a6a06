package boot

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/signin"
)

// SetupLink gives the single-use link where the first administrator is made, "" once anyone exists.
func (h *House) SetupLink(ctx context.Context) (string, error) {
	path, err := h.signin.MakeSetupToken(ctx)
	if core.KindOf(err) == core.Gone {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return h.cfg.Origin + path, nil
}

// AwaitsSetup tells whether nobody was made yet.
func (h *House) AwaitsSetup(ctx context.Context) (awaits bool, err error) {
	err = h.db.Read(ctx, func(tx core.Tx) error {
		anyone, err := h.identity.Anyone(ctx, tx)
		awaits = !anyone
		return err
	})
	return awaits, err
}

// Founder is the first administrator, given from a terminal.
type Founder struct{ Organization, Email, GivenName, FamilyName, Language, Password string }

// CreateAdmin makes the provider's organization and its first administrator; the second factor is set up at their
// first sign-in. Error: Gone once anyone exists.
func (h *House) CreateAdmin(ctx context.Context, f Founder) error {
	ctx = core.WithActor(ctx, core.System("admin.create"))
	_, err := h.signin.Found(ctx, "", signin.Founding{
		Organization: f.Organization, Password: f.Password,
		Person: core.NewPerson{Email: f.Email, GivenName: f.GivenName, FamilyName: f.FamilyName, Language: f.Language},
	}, "")
	return err
}
