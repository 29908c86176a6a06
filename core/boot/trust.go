package boot

import (
	"context"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/trust"
)

// trusted makes the room of what outsiders see of the controls.
func (h *House) trusted(doors *late) *trust.Module {
	return trust.New(trust.Needs{
		Sealer: h.vault,
		Gate:   &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Controls: h.control, Journal: heads{h}, Orgs: h.organizations,
		Rules: h.rules, Contacts: h.contacts, Attestation: attestationTitle, Origin: h.cfg.Origin, Version: h.cfg.Version,
	})
}

// attestationTitle says a kind of attestation in words, for the annex.
func attestationTitle(kind string) core.Text {
	k, _ := attestation.KindOf(kind)
	return k.Title
}

// heads signs the head of a log.
type heads struct{ h *House }

func (j heads) Head(ctx context.Context, org core.ID) (checkpoint, key string, err error) {
	checkpoint, _, err = j.h.journal.Prove(ctx, org)
	return checkpoint, j.h.journal.Key().String(), err
}

// rules gives the settings of an organization as the annex tells them.
func (h *House) rules(ctx context.Context, org core.ID) ([]trust.Rule, error) {
	view, err := h.settings.Read(ctx, org)
	if err != nil {
		return nil, err
	}
	var list []trust.Rule
	for _, s := range view.Settings {
		r := trust.Rule{Key: s.ID, Title: s.Title, Value: s.Effective}
		if s.Floored {
			r.Floor = s.Floor
		}
		if s.Bound != "" {
			r.Floor = s.Bound
		}
		r.Tighter = r.Floor != "" && s.Set && s.Own == s.Effective && s.Effective != r.Floor
		for _, p := range s.Promised {
			r.Clauses = append(r.Clauses, trust.Asked{Pack: p.Pack, Clause: p.Clause, Least: p.Floor, Exact: p.Exact})
		}
		list = append(list, r)
	}
	return list, nil
}

// contacts are whom to write to about an organization (ACC-14.1); those that nobody gave are left out.
func (h *House) contacts(ctx context.Context, org core.ID) (list []annex.Contact, err error) {
	err = h.db.Read(ctx, func(tx core.Tx) error {
		c, err := h.settings.Contacts(ctx, tx, org)
		if err != nil {
			return err
		}
		list = nil
		for _, one := range []annex.Contact{
			{Title: core.Text{FR: "Sécurité", EN: "Security"}, Address: c.Security, Security: true},
			{Title: core.Text{FR: "Délégué à la protection des données", EN: "Data protection officer"}, Address: c.DPO},
			{Title: core.Text{FR: "Assistance", EN: "Support"}, Address: c.Support},
		} {
			if one.Address != "" {
				list = append(list, one)
			}
		}
		return nil
	})
	return list, err
}

// foot ends every mail: the contacts, in both languages since a mail is in that of its reader.
func (h *House) foot(ctx context.Context, tx core.Tx, org core.ID) (string, error) {
	c, err := h.settings.Contacts(ctx, tx, org)
	var lines []string
	for _, one := range []struct{ what, address string }{
		{"Sécurité / Security", c.Security}, {"Données personnelles / Personal data", c.DPO}, {"Assistance / Support", c.Support},
	} {
		if one.address != "" {
			lines = append(lines, one.what+": "+one.address)
		}
	}
	return strings.Join(lines, "\n"), err
}
