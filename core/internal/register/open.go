package register

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Open says whether the house may open: every column of the live schemas is treated, each personal one has its purpose, basis and
// retention, each act its purpose (CTI-1). It refuses otherwise and names what is open.
func (m *Module) Open(ctx context.Context) error {
	gaps, _, err := m.unexplained(ctx, m.manifests)
	if err != nil {
		return err
	}
	if len(gaps) > 0 {
		return fmt.Errorf("register: %d thing(s) that the register does not explain: %w", len(gaps), errors.New(strings.Join(gaps, "; ")))
	}
	return nil
}

// unexplained gives what is open, and how many columns were looked at.
func (m *Module) unexplained(ctx context.Context, manifests []core.Manifest) (gaps []string, columns int, err error) {
	ctx = db.Long(ctx) // nobody waits for a page: a busy server must not keep the house from opening
	live, err := m.needs.DB.Columns(ctx)
	if err != nil {
		return nil, 0, err
	}
	if m.needs.Vault != nil {
		keys, err := m.needs.Vault.Columns(ctx)
		if err != nil {
			return nil, 0, err
		}
		live = append(live, keys...)
	}
	return append(Untreated(live, manifests), Gaps(manifests)...), len(live), nil
}
