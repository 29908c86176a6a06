package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// clientSees are the fields that clients read.
var clientSees = []string{"label", "service", "country", "region", "ground", "data", "terms", "starts"}

// ForClients gives the sub-processors in use or announced, as an administrator of a client reads them: without who looks after
// them, nor contracts.
func (m *Module) ForClients(ctx context.Context, org core.ID) (list []Values, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Consult, Org: org}, func(tx core.Tx) (err error) {
		list, err = m.InUse(ctx, tx)
		return err
	})
	return list, err
}

// InUse gives the sub-processors in use or announced, in the words of those who may be told of them.
func (m *Module) InUse(ctx context.Context, tx core.Tx) (list []Values, err error) {
	all, err := m.every(ctx, tx, Processors)
	for i := range all {
		if all[i].Over() || all[i].trial {
			continue
		}
		v := Values{}
		for _, name := range clientSees {
			v[name] = all[i].Values[name]
		}
		list = append(list, v)
	}
	return list, err
}

// Outside tells whether a sub-processor works outside of the European Economic Area.
func (v Values) Outside() bool { return v["region"] == regionOutside || v["region"] == regionAdequate }

// tell writes to the administrators of every client about the sub-processors that are new or change, then notes the day: 30
// days before the effect, which a line cannot be written without. Of a canary's line, canaries only are told.
func (m *Module) tell(ctx context.Context, only core.ID) error {
	var list []Item
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qUntold, scanItem)
		return err
	})
	for _, it := range list {
		if it.trial == (only != "") && (only == "" || it.MadeBy == only) {
			err = errors.Join(err, m.announce(ctx, it.ID))
		}
	}
	return err
}

func (m *Module) announce(ctx context.Context, id core.ID) error {
	done := &core.Act{Def: Tell, Org: core.Platform, Resource: id, Entry: ids.New()}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		it, err := m.load(ctx, tx, Processors, id)
		if err != nil {
			return err
		}
		if !it.tell {
			return errSent
		}
		readers, err := m.readers(ctx, tx, it.trial)
		if err != nil {
			return err
		}
		subject := core.Text{FR: "La liste des sous-traitants change", EN: "The list of sub-processors changes"}
		body := core.Text{
			FR: fmt.Sprintf("À compter du %s, un sous-traitant est ajouté ou change : « %s », %s. La liste est ici :", it.Values["starts"], it.Values["label"], it.Values["country"]),
			EN: fmt.Sprintf("As of %s, a sub-processor is added or changes: “%s”, %s. The list is here:", it.Values["starts"], it.Values["label"], it.Values["country"]),
		}
		for person, org := range readers {
			if err := m.mail(ctx, tx, person, mailNews, subject, body, "/o/"+string(org)+"/subprocessors"); err != nil {
				return err
			}
		}
		now := maps.Clone(it.Values)
		now["told"] = m.now().Format(time.DateOnly)
		return m.keep(ctx, tx, Processors, &it, it.Values, now, nil, done)
	})
	if errors.Is(err, errSent) {
		return nil
	}
	return err
}

// readers are the administrators of every client, each with one organization of theirs.
func (m *Module) readers(ctx context.Context, tx core.Tx, trial bool) (map[core.ID]core.ID, error) {
	to := map[core.ID]core.ID{}
	add := func(org core.ID) error {
		holders, err := m.needs.Rights.Holders(ctx, tx, org, "admin")
		for _, h := range holders {
			to[h] = org
		}
		return err
	}
	if trial {
		return to, add(core.Canaries)
	}
	for after := core.ID(""); ; {
		page, err := m.needs.Orgs.AllOrgs(ctx, tx, after, 200)
		if err != nil || len(page) == 0 {
			return to, err
		}
		for _, o := range page {
			after = o.ID
			if o.Kind != "client" || o.State != "active" || o.ID == core.Canaries || o.ID == core.Strangers {
				continue
			}
			if err := add(o.ID); err != nil {
				return nil, err
			}
		}
	}
}
