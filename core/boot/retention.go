package boot

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/core/personal"
)

// RetentionCount is what a sweep would end of one table, for what is composed outside of the core.
type RetentionCount = retention.Count

// retentions makes the room of retention. It asks every room, itself included, and erases through whoever erases persons.
func (h *House) retentions(doors *late) *retention.Module {
	return retention.New(retention.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, Index: h.vault,
		Days: h.settings, Places: h.organizations, People: h.identity, Prove: h.proof,
		Modules: func() []core.Module { return h.modules }, Manifests: h.Manifests,
		Eraser: h.eraser,
		Others: map[string]func(context.Context) error{"journal": func(ctx context.Context) error { return h.journal.Retain(ctx, h.settings) }},
		Origin: h.cfg.Origin,
	})
}

// eraser gives who erases persons, found by its door; nil when no room does.
func (h *House) eraser() personal.Eraser {
	for _, m := range h.modules {
		if e, is := m.(personal.Eraser); is {
			return e
		}
	}
	return nil
}

// proof gives entries of a journal with their proofs to its head, signed now. An entry that was written a moment ago may still
// wait for its place while another node gives places: it is asked for again.
func (h *House) proof(ctx context.Context, org core.ID, entries ...core.ID) ([]byte, error) {
	for try := 0; ; try++ {
		if err := h.journal.Settle(ctx); err != nil {
			return nil, err
		}
		checkpoint, lines, err := h.journal.Prove(ctx, org, entries...)
		if err != nil {
			return nil, err
		}
		if len(lines) == len(entries) || try == 3 {
			return json.Marshal(map[string]any{"checkpoint": checkpoint, "entries": lines})
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// RetentionDue tells what a sweep would end now, without ending anything.
func (h *House) RetentionDue(ctx context.Context) ([]RetentionCount, error) {
	return h.retention.Counted(core.WithActor(ctx, core.System("retention")))
}

// unswept are tables of personal data with a limited time whose rows nothing ends by their age, and why.
var unswept = map[string]core.Text{
	"journal_batch": pruned, "journal_pending": pruned, "journal_index": pruned, "journal_visit": pruned,
	"access_role": withOrg, "access_allow": withOrg, "token_service": withOrg, "rights_system": withOrg,
	"blind_unlock":   {FR: "quelques minutes, par le coffre lui-même", EN: "a few minutes, by the vault itself"},
	"inventory_item": asRegister, "inventory_version": asRegister, "inventory_file": asRegister,
}

var (
	pruned     = core.Text{FR: "le journal s'élague de lui-même, par la même durée", EN: "the journal prunes itself, by the same duration"}
	withOrg    = core.Text{FR: "vit et finit avec son organisation", EN: "lives and ends with its organization"}
	asRegister = core.Text{FR: "registre du fournisseur, sans terme tant qu'il tient la plateforme ; les noms y sont des identifiants", EN: "a register of the provider, without term while it runs the platform; names in it are ids"}
)

// lasting are tables with an organization whose rows outlive it, and why.
var lasting = map[string]core.Text{
	"jobs_job":  {FR: "des identifiants seuls, effacés un jour après le travail", EN: "ids alone, deleted a day after the work"},
	"vault_key": keysGo, "vault_epoch": keysGo, "vault_index": keysGo, "erasure_tombstone": keysGo, "blind_key": keysGo, "blind_unlock": keysGo,
}

var keysGo = core.Text{FR: "les clés sont détruites en dernier, avec celles de l'organisation", EN: "keys are destroyed last, with those of the organization"}
