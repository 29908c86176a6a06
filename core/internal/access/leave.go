package access

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var (
	qEndIn           = db.SQL(`UPDATE access_assignment SET revoked_at = $3, revoked_by = 'erasure' WHERE org = $1 AND person = $2 AND revoked_at = 0`)
	qForgetReasonsIn = db.SQL(`UPDATE access_assignment SET reason = '', revoke_reason = '' WHERE org = $1 AND person = $2`)
	qForgetUsageIn   = db.SQL(`DELETE FROM access_usage WHERE org = $1 AND person = $2`)
)

// EraseMember ends what a person may do in one organization and forgets why it was given; the person belongs to others too.
func (m *Module) EraseMember(ctx context.Context, tx core.Tx, org, person core.ID) ([]core.Receipt, error) {
	if _, err := tx.Exec(ctx, qEndIn, org, person, m.Needs.Clock.Now().UnixMicro()); err != nil {
		return nil, err
	}
	kept, err := tx.Exec(ctx, qForgetReasonsIn, org, person)
	if err != nil {
		return nil, err
	}
	uses, err := tx.Exec(ctx, qForgetUsageIn, org, person)
	return []core.Receipt{
		{Table: "access_assignment", Kept: kept, Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
		{Table: "access_usage", Deleted: uses},
	}, err
}
