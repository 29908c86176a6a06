package boot

import (
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/db"
)

// schemas are the tables of every room, with the work that seals what older releases kept in clear.
func (h *House) schemas() []db.Schema {
	list := Schemas(h.cfg.Services...)
	upgrades := map[string]db.Schema{}
	for _, s := range []db.Schema{
		identity.Upgrade(h.vault, h.vault, h.vault), organization.Upgrade(h.vault, h.vault), signin.Upgrade(h.vault),
		token.Upgrade(h.vault), access.Upgrade(h.vault), review.Upgrade(h.vault), trust.Upgrade(h.vault),
	} {
		upgrades[s.Module] = s
	}
	for i, s := range list {
		if better, ok := upgrades[s.Module]; ok {
			list[i] = better
		}
	}
	return list
}
