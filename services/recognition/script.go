package recognition

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/pop"
)

// mostScripts is how many scripts an organization has at most.
const mostScripts = 50

// What became of a script in a version.
const (
	ScriptMade     = "made"
	ScriptChanged  = "changed"
	ScriptRemoved  = "removed"
	ScriptRestored = "restored"
)

// Script is a script of an organization as it now is, or as it was in a version.
type Script struct {
	pop.Script
	Version int64
	Removed bool
	What    string // became of it in this version
	Undoes  int64  // the version that this one brings back; 0: none
	At      time.Time
	By      core.ID
	Signed  bool // of a program: it stands in the signed list as it is
}

var (
	errNoScript    = i18n.Fault(core.NotFound, "script.none", "Ce script n'existe pas.", "There is no such script.")
	errScript      = i18n.Fault(core.Invalid, "script.draft", "Ce script n'est pas complet : voyez les champs indiqués.", "This script is not complete: see the fields.")
	errManyScripts = i18n.Fault(core.Conflict, "script.many", "Une organisation a au plus cinquante scripts.", "An organization has at most fifty scripts.")
	errOldScript   = i18n.Fault(core.Precondition, "script.changed", "Quelqu'un a changé ce script entre-temps. Relisez-le.", "Somebody has changed this script meanwhile. Read it again.")
)

// Scripts lists the live scripts of an organization, in the order in which they were made.
func (m *Module) Scripts(ctx context.Context, org core.ID) (list []Script, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadScripts, Org: org}, func(tx core.Tx) error {
		list, err = m.liveScripts(ctx, tx, org)
		if err != nil {
			return err
		}
		return m.markSigned(ctx, tx, org, list)
	})
	return list, err
}

// Script gives one script with its versions, newest first; the removed ones too.
func (m *Module) Script(ctx context.Context, org, id core.ID) (s Script, versions []Script, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadScripts, Org: org, Resource: id}, func(tx core.Tx) error {
		if versions, err = m.versions(ctx, tx, org, id); err != nil {
			return err
		}
		one := versions[:1:1]
		if err := m.markSigned(ctx, tx, org, one); err != nil {
			return err
		}
		s = one[0]
		return nil
	})
	return s, versions, err
}

// MakeScript adds a script.
func (m *Module) MakeScript(ctx context.Context, org core.ID, s pop.Script) (core.ID, error) {
	id := ids.At(m.now())
	s.ID = string(id)
	act := &core.Act{Def: ManageScripts, Org: org, Resource: id}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.checkScript(ctx, tx, org, &s); err != nil {
			return err
		}
		n, _, err := db.One(ctx, tx, qScriptCount, db.Value[int64], org)
		if err != nil {
			return err
		}
		if n >= mostScripts {
			return errManyScripts
		}
		if _, err := tx.Exec(ctx, qAddScript, org, id, clock.Micros(m.now())); err != nil {
			return err
		}
		act.Changed("script", "", s.Title)
		return m.addVersion(ctx, tx, org, Script{Script: s, Version: 1, What: ScriptMade})
	})
	return id, err
}

// ChangeScript changes a script; base is the version that was read, so that nobody undoes another's change unseen.
func (m *Module) ChangeScript(ctx context.Context, org, id core.ID, base int64, s pop.Script) error {
	s.ID = string(id)
	act := &core.Act{Def: ManageScripts, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		now, err := m.script(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if now.Removed {
			return errNoScript
		}
		if now.Version != base {
			return errOldScript
		}
		if err := m.checkScript(ctx, tx, org, &s); err != nil {
			return err
		}
		act.Changed("script", now.Title, s.Title)
		return m.turnScript(ctx, tx, org, Script{Script: s, Version: base + 1, What: ScriptChanged})
	})
}

// RemoveScript takes a script away; its versions stay, so that it can come back.
func (m *Module) RemoveScript(ctx context.Context, org, id core.ID) error {
	act := &core.Act{Def: ManageScripts, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		now, err := m.script(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if now.Removed {
			return errNoScript
		}
		act.Changed("script", now.Title, "")
		return m.turnScript(ctx, tx, org, Script{Script: now.Script, Version: now.Version + 1, What: ScriptRemoved})
	})
}

// RestoreScript brings a former version back, as a new one: that of a removed script too.
func (m *Module) RestoreScript(ctx context.Context, org, id core.ID, version int64) error {
	act := &core.Act{Def: ManageScripts, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		all, err := m.versions(ctx, tx, org, id)
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].Version != version {
				continue
			}
			s := all[i].Script
			if err := m.checkScript(ctx, tx, org, &s); err != nil {
				return err
			}
			act.Changed("script", all[0].Title, s.Title)
			return m.turnScript(ctx, tx, org, Script{Script: s, Version: all[0].Version + 1, What: ScriptRestored, Undoes: version})
		}
		return errNoScript
	})
}

// ScriptLimits gives the hosts and schemes that scripts of an organization may use.
func (m *Module) ScriptLimits(ctx context.Context, org core.ID) (l pop.Limits, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadScripts, Org: org}, func(tx core.Tx) error {
		l, err = m.limits(ctx, tx, org)
		return err
	})
	return l, err
}

// LimitScripts says which hosts and schemes scripts may use. A script beyond them does nothing from then on.
func (m *Module) LimitScripts(ctx context.Context, org core.ID, l pop.Limits) error {
	if err := l.Check(); err != nil {
		return faultOf(err)
	}
	act := &core.Act{Def: ManageScripts, Org: org}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		old, err := m.limits(ctx, tx, org)
		if err != nil {
			return err
		}
		act.Changed("hosts", strings.Join(old.Hosts, " "), strings.Join(l.Hosts, " "))
		act.Changed("schemes", strings.Join(old.Schemes, " "), strings.Join(l.Schemes, " "))
		text, err := json.Marshal(l)
		if err != nil {
			return err
		}
		sealed, err := m.needs.Sealer.Seal(ctx, org, placeLimit+string(org), text)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qPutLimit, org, sealed, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		return err
	})
}

// checkScript tells what is wrong with a script, in words for its fields.
func (m *Module) checkScript(ctx context.Context, tx core.Tx, org core.ID, s *pop.Script) error {
	l, err := m.limits(ctx, tx, org)
	if err != nil {
		return err
	}
	return faultOf(s.Check(l))
}

// faultOf gives a problem of a script in words.
func faultOf(err error) error {
	var p *pop.Problem
	if !errors.As(err, &p) {
		return err
	}
	reason, known := scriptReasons[p.Code]
	if !known {
		return fmt.Errorf("recognition: %w", err)
	}
	return errScript.With(p.Field, reason)
}

// Tried is what one script does for a caller.
type Tried struct {
	Script Script
	Action pop.Action
	Error  string // stable word why it does nothing: "not_for", "host", "unsigned"
}

// scriptBook is the live scripts of an organization, read once, for as many callers as are asked about.
type scriptBook struct {
	list   []Script
	limits pop.Limits
}

func (m *Module) scriptsOf(ctx context.Context, tx core.Tx, org core.ID) (b scriptBook, err error) {
	if b.list, err = m.liveScripts(ctx, tx, org); err != nil || len(b.list) == 0 {
		return b, err
	}
	if b.limits, err = m.limits(ctx, tx, org); err != nil {
		return b, err
	}
	return b, m.markSigned(ctx, tx, org, b.list)
}

// Actions gives what the scripts of an organization do for one caller, within a read that the caller's act has opened.
func (m *Module) Actions(ctx context.Context, tx core.Tx, org core.ID, caller pop.Caller) ([]pop.Action, error) {
	b, err := m.scriptsOf(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	return b.actions(caller)
}

// actions gives what scripts do for a caller. A masked one (no number) has none. A script that cannot run any more (its host was taken
// off the list) is left out.
func (b scriptBook) actions(caller pop.Caller) (all []pop.Action, err error) {
	tried, err := b.try(caller)
	for _, t := range tried {
		if t.Error == "" {
			all = append(all, t.Action)
		}
	}
	return all, err
}

func (b scriptBook) try(caller pop.Caller) ([]Tried, error) {
	if caller.Number == "" {
		return nil, nil
	}
	all := make([]Tried, len(b.list))
	for i := range b.list {
		all[i].Script = b.list[i]
		a, err := b.list[i].Action(caller, b.limits)
		var p *pop.Problem
		switch {
		case errors.Is(err, pop.ErrNotFor):
			all[i].Error = "not_for"
		case errors.As(err, &p):
			all[i].Error = p.Code
		case err != nil:
			return nil, err
		case a.Kind == pop.Program && !b.list[i].Signed:
			all[i].Error = "unsigned"
		}
		all[i].Action = a
	}
	return all, nil
}

// tryAll tells what each script does for a caller, within a read that an act has opened.
func (m *Module) tryAll(ctx context.Context, tx core.Tx, org core.ID, caller pop.Caller) ([]Tried, error) {
	b, err := m.scriptsOf(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	return b.try(caller)
}
