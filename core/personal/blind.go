package personal

import (
	"context"

	"github.com/rempart/rempart/core"
)

// Blinder seals fields that the provider's staff cannot read: to the public key of the client organization, which alone holds the
// private one. What belongs to a person is sealed once more, outside, under their key (core.Sealer), so that their erasure reaches
// it in every copy. While an organization has made no key of its own, its values are sealed under its key in the vault.
type Blinder interface {
	// SealTo seals plain for an organization; where is "table.column/row". The length is hidden by padding.
	SealTo(ctx context.Context, tx core.Tx, org core.ID, where string, plain []byte) ([]byte, error)
	// OpenFor opens what SealTo gave. Unlock is the cookie of the request (edge.UnlockOf): an Error with code blind.locked says
	// that the person should unlock the fields of the organization first, at /o/{org}/settings/blindness.
	OpenFor(ctx context.Context, tx core.Tx, org core.ID, unlock, where string, sealed []byte) ([]byte, error)
}
