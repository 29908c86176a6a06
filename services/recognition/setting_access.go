package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
)

// KeepsSecret tells whether the access to a tool is kept here, and nothing of it.
func (m *Module) KeepsSecret(ctx context.Context, org, link core.ID) (kept bool, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLinks, Org: org, Resource: link}, func(tx core.Tx) error {
		sealed, err := secretOf(ctx, tx, org, link)
		kept = len(sealed) > 0
		return err
	})
	return kept, err
}

// FetchAccess gives the program of a link the access to its tool that is kept here. Each time has its entry.
func (m *Module) FetchAccess(ctx context.Context, org, link core.ID) (kind string, access []byte, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: FetchAccess, Org: org, Resource: link}, func(tx core.Tx) error {
		l, err := m.linkOfAgent(ctx, tx, org, link)
		if err != nil {
			return err
		}
		sealed, err := secretOf(ctx, tx, org, link)
		if err != nil || len(sealed) == 0 {
			return err
		}
		kind = l.Kind
		access, err = m.needs.Sealer.Open(ctx, link, secretPlace(link), sealed)
		return err
	})
	return kind, access, err
}
