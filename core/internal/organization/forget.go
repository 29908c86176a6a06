package organization

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qEraseIn        = db.SQL(`DELETE FROM organization_member WHERE org = $1 AND person = $2`)
	qEraseInvitedIn = db.SQL(`DELETE FROM organization_invitation WHERE org = $1 AND person = $2`)
)

// EraseMember removes what one organization holds of a person who belongs to others too: the membership, whatever became of it,
// and the invitations.
func (m *Module) EraseMember(ctx context.Context, tx core.Tx, org, person core.ID) ([]core.Receipt, error) {
	members, err := db.All(ctx, tx, qOfPerson, scanMember, person)
	if err != nil {
		return nil, err
	}
	for _, got := range members {
		if got.Org != org || got.State == "left" {
			continue
		}
		if _, err := tx.Exec(ctx, qLeave, got.Org, got.ID, clock.Micros(m.needs.Clock.Now())); err != nil {
			return nil, err
		}
		if err := m.handOver(ctx, tx, got); err != nil {
			return nil, err
		}
	}
	receipts := []core.Receipt{{Table: "organization_member"}, {Table: "organization_invitation"}}
	for i, q := range []string{qEraseIn, qEraseInvitedIn} {
		if receipts[i].Deleted, err = tx.Exec(ctx, q, org, person); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}
