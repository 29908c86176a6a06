package boot

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/core/internal/offboarding"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/i18n"
)

// offboardings makes the room of ends of contract.
func (h *House) offboardings(doors *late) *offboarding.Module {
	return offboarding.New(offboarding.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Places: h.organizations, Archive: h.retention, Rights: h.access,
		People: h.identity, Vault: h.vault, Days: h.settings, Modules: func() []core.Module { return h.modules },
		Files: h.belongings(), Folders: []offboarding.Folder{h.annexesOf}, Prove: h.proof, Origin: h.cfg.Origin,
	})
}

// belongings are what an organization takes away in a format of its own. Who asks was decided before.
func (h *House) belongings() []offboarding.File {
	system := func(ctx context.Context) context.Context { return core.WithActor(ctx, core.System("offboarding.take")) }
	return []offboarding.File{
		{Name: "members.csv", Write: func(ctx context.Context, org core.ID, w io.Writer) error {
			return wrote(w)(h.organizations.Export(system(ctx), org, organization.Filter{}, "csv"))
		}},
		{Name: "habilitations.csv", Write: func(ctx context.Context, org core.ID, w io.Writer) error {
			f, err := h.access.Export(system(ctx), org, time.Time{}, "csv")
			return wrote(w)(f.Bytes, err)
		}},
		{Name: "journal.jsonl", Write: func(ctx context.Context, org core.ID, w io.Writer) error {
			if err := h.journal.Settle(ctx); err != nil { // what was just done has its place too
				return err
			}
			return h.ExportJournal(ctx, org, "jsonl", "end of contract: everything is taken away", w)
		}},
	}
}

func wrote(w io.Writer) func([]byte, error) error {
	return func(content []byte, err error) error {
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	}
}

// annexesOf gives the annexes that an organization was given, as documents.
func (h *House) annexesOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	ctx = core.WithActor(ctx, core.System("offboarding.take"))
	list, err := h.trust.Annexes(ctx, org, org)
	if err != nil {
		return err
	}
	for _, kept := range list {
		d, k, err := h.trust.Annex(ctx, org, org, kept.Number)
		if err != nil {
			return err
		}
		for _, lang := range []i18n.Lang{i18n.FR, i18n.EN} {
			f, err := trust.File(d, k, "pdf", lang)
			if err != nil {
				return err
			}
			w, err := create(fmt.Sprintf("documents/%d-%s", k.Number, f.Name))
			if err == nil {
				_, err = w.Write(f.Bytes)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
