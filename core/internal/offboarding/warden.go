package offboarding

import (
	"context"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var errReadOnly = i18n.Fault(core.Forbidden, "offboarding.read_only",
	"Le contrat de cette organisation prend fin : tout peut être lu et emporté, rien ne peut être modifié.",
	"The contract of this organization is ending: everything can be read and taken away, nothing can be changed.")

// opened are the acts that a leaving organization still does: leaving itself, rights of persons, sessions and cuts.
var opened = []string{
	"offboarding.", "session.", "signin.", "hold.", "rights_", "erasure.", "consent.", "share.", "suspension.", "restraint.",
	"incident.", "breach.", "retention.", "journal.", "archive.", "organization.leave",
}

// Bar implements core.Warden: in an organization whose contract is ending nothing changes any more.
func (m *Module) Bar(ctx context.Context, tx core.Tx, actor core.Actor, act *core.Act) error {
	if act.Org == "" || act.Org == core.Platform || actor.Kind == core.SystemActor || act.Def.Reach == core.BySelf || act.Def.Reach == core.ByAnyone {
		return nil
	}
	switch act.Def.Verb {
	case core.Creates, core.Updates, core.Deletes:
	default:
		return nil
	}
	for _, p := range opened {
		if strings.HasPrefix(string(act.Def.Permission), p) {
			return nil
		}
	}
	_, leaving, err := db.One(ctx, tx, qLive, scanEnd, act.Org)
	if err != nil {
		return err
	}
	if leaving {
		return errReadOnly
	}
	return nil
}
