package recognition

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/pop"
)

const versionColumns = `s.state, v.script, v.version, v.what, v.undoes, v.settings, v.made_at, v.made_by`

var (
	qAddScript  = db.SQL(`INSERT INTO recognition_script (org, id, version, state, made_at) VALUES ($1, $2, 1, 'live', $3)`)
	qTurnScript = db.SQL(`UPDATE recognition_script SET version = $3, state = $4 WHERE org = $1 AND id = $2 AND version = $3 - 1`)
	qAddVersion = db.SQL(`INSERT INTO recognition_script_version (org, script, version, what, undoes, settings, made_at, made_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qScriptCount = db.SQL(`SELECT count(*) FROM recognition_script WHERE org = $1 AND state = 'live'`)
	qLiveScripts = db.SQL(`SELECT ` + versionColumns + ` FROM recognition_script s JOIN recognition_script_version v
		ON v.org = s.org AND v.script = s.id AND v.version = s.version WHERE s.org = $1 AND s.state = 'live' ORDER BY s.id`)
	qVersions = db.SQL(`SELECT ` + versionColumns + ` FROM recognition_script s JOIN recognition_script_version v
		ON v.org = s.org AND v.script = s.id WHERE s.org = $1 AND s.id = $2 ORDER BY v.version DESC LIMIT 200`)
	qLimit    = db.SQL(`SELECT settings FROM recognition_script_limit WHERE org = $1`)
	qPutLimit = db.SQL(`INSERT INTO recognition_script_limit (org, settings, changed_at, changed_by) VALUES ($1, $2, $3, $4)
		ON CONFLICT (org) DO UPDATE SET settings = excluded.settings, changed_at = excluded.changed_at, changed_by = excluded.changed_by`)
)

// Where sealed values of scripts stand; what tells the row follows.
const (
	placeScript  = "recognition_script_version.settings/"
	placeLimit   = "recognition_script_limit.settings/"
	placePrivate = "recognition_program.private/"
	placeList    = "recognition_program.manifest/"
)

func placeOfVersion(script string, version int64) string {
	return fmt.Sprintf("%s%s/%d", placeScript, script, version)
}

type scriptRow struct {
	Script
	sealed []byte
}

func scanScript(scan db.Scan) (r scriptRow, err error) {
	var state string
	var made int64
	err = scan(&state, &r.ID, &r.Version, &r.What, &r.Undoes, &r.sealed, &made, &r.By)
	r.Removed, r.At = state == "removed", clock.FromMicros(made)
	return r, err
}

// scripts opens the rows of a query.
func (m *Module) scripts(ctx context.Context, tx core.Tx, org core.ID, query string, args ...any) ([]Script, error) {
	rows, err := db.All(ctx, tx, query, scanScript, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	open, err := m.needs.Bulk.Opener(ctx, org)
	if core.KindOf(err) == core.Gone {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list := make([]Script, len(rows))
	for i := range rows {
		r := &rows[i]
		text, err := open(placeOfVersion(r.ID, r.Version), r.sealed)
		if err != nil {
			return nil, err
		}
		var s pop.Script
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("recognition: script %s: %w", r.ID, err)
		}
		s.ID = r.ID
		list[i] = r.Script
		list[i].Script = s
	}
	return list, nil
}

func (m *Module) liveScripts(ctx context.Context, tx core.Tx, org core.ID) ([]Script, error) {
	return m.scripts(ctx, tx, org, qLiveScripts, org)
}

// versions gives all of a script, newest first.
func (m *Module) versions(ctx context.Context, tx core.Tx, org, id core.ID) ([]Script, error) {
	all, err := m.scripts(ctx, tx, org, qVersions, org, id)
	if err == nil && len(all) == 0 {
		err = errNoScript
	}
	return all, err
}

func (m *Module) script(ctx context.Context, tx core.Tx, org, id core.ID) (Script, error) {
	all, err := m.versions(ctx, tx, org, id)
	if err != nil {
		return Script{}, err
	}
	return all[0], nil
}

func (m *Module) addVersion(ctx context.Context, tx core.Tx, org core.ID, s Script) error {
	text, err := json.Marshal(s.Script)
	if err != nil {
		return err
	}
	sealed, err := m.needs.Sealer.Seal(ctx, org, placeOfVersion(s.ID, s.Version), text)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAddVersion, org, s.ID, s.Version, s.What, s.Undoes, sealed, clock.Micros(m.now()), core.ActorOf(ctx).ID)
	return err
}

// turnScript writes a new version and makes it the one in force.
func (m *Module) turnScript(ctx context.Context, tx core.Tx, org core.ID, s Script) error {
	state := "live"
	if s.What == ScriptRemoved {
		state = "removed"
	}
	n, err := tx.Exec(ctx, qTurnScript, org, s.ID, s.Version, state)
	if err != nil {
		return err
	}
	if n == 0 {
		return errOldScript
	}
	return m.addVersion(ctx, tx, org, s)
}

func (m *Module) limits(ctx context.Context, tx core.Tx, org core.ID) (l pop.Limits, err error) {
	sealed, found, err := db.One(ctx, tx, qLimit, db.Value[[]byte], org)
	if err != nil || !found {
		return l, err
	}
	text, err := m.needs.Sealer.Open(ctx, org, placeLimit+string(org), sealed)
	if core.KindOf(err) == core.Gone {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(text, &l)
}

// scriptAt tells whether a live script of an organization is called by the platform at an address.
func (m *Module) scriptAt(ctx context.Context, tx core.Tx, org core.ID, address string) (bool, error) {
	list, err := m.liveScripts(ctx, tx, org)
	if err != nil || len(list) == 0 {
		return false, err
	}
	l, err := m.limits(ctx, tx, org)
	if err != nil {
		return false, err
	}
	for i := range list {
		if list[i].Reaches(address) && list[i].Check(l) == nil {
			return true, nil
		}
	}
	return false, nil
}
