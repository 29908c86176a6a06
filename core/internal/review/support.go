package review

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// longestSupport is that of a support assignment (KSK-1.3).
const longestSupport = 90 * 24 * time.Hour

var (
	errNoOrg    = i18n.Fault(core.Invalid, "support.organization", "Choisissez une organisation de la liste.", "Choose an organization of the list.")
	codeSupport = i18n.Reason("support.until", "Donnez une fin à venir, dans 90 jours au plus.", "Give an end to come, within 90 days at most.")
)

// AskIn asks a client organization to let the actor, who is provider staff, read its space until a date. Nothing opens
// before an administrator of the client consents (KSK-1.3).
func (m *Module) AskIn(ctx context.Context, org core.ID, reason string, until time.Time) (core.ID, error) {
	person, id := core.ActorOf(ctx).ID, ids.New()
	act := &core.Act{Def: AskSupport, Org: core.Platform, Resource: id, Subject: person}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		o, err := m.needs.Orgs.Org(ctx, tx, org)
		if core.KindOf(err) == core.NotFound || err == nil && (o.Kind != "client" || o.State != "active") {
			return errNoOrg.With("organization", errNoOrg.Code)
		}
		if err != nil {
			return err
		}
		w, err := m.check(ctx, tx, org, Wish{Role: roleSupport, Reason: reason, Until: until}, true)
		if err != nil {
			return err
		}
		if w.Until.Sub(m.now()) > longestSupport {
			return errRequest.With("until", codeSupport)
		}
		// The client reads in its own journal that the provider asked, and why.
		there := &core.Act{Def: NoteSupport, Org: org, Resource: id, Subject: person}
		if err := m.ask(ctx, tx, there, w); err != nil {
			return err
		}
		act.Note = w.Reason
		act.Changed("organization", "", string(org))
		act.Also = []*core.Act{there}
		return nil
	})
	return id, err
}

// SupportView is what staff sees of its requests to be let in.
type SupportView struct {
	Requests []Request
	Names    map[core.ID]string // of organizations
	Orgs     []core.Organization
}

// OwnSupport gives the actor's requests to be let in, and the organizations that can be asked.
func (m *Module) OwnSupport(ctx context.Context) (v SupportView, err error) {
	person := core.ActorOf(ctx).ID
	act := &core.Act{Def: SeeSupport, Org: core.Platform, Subject: person}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		v = SupportView{Names: map[core.ID]string{}}
		if v.Requests, err = m.keptRequests(ctx, tx, qSupportOf, person); err != nil {
			return err
		}
		if v.Orgs, err = m.needs.Orgs.AllOrgs(ctx, tx, "", 1000); err != nil {
			return err
		}
		for _, r := range v.Requests {
			o, err := m.needs.Orgs.Org(ctx, tx, r.Org)
			if err != nil {
				return err
			}
			v.Names[r.Org] = o.Name
		}
		return nil
	})
	return v, err
}
