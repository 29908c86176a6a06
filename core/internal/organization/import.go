package organization

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

const (
	dryLife  = 24 * time.Hour // how long a dry run waits to be applied
	undoLife = 24 * time.Hour // how long an applied import can be undone
)

// States of an import.
const (
	ImportReady   = "ready"   // tried, not applied
	ImportApplied = "applied" // applied, can be undone until ExpiresAt
	ImportUndone  = "undone"
	ImportEnded   = "ended" // its lines are gone
)

// Import is a sheet on its way to become members.
type Import struct {
	ID, Org                                   core.ID
	State                                     string
	CreatedBy                                 core.ID
	CreatedAt, ExpiresAt, AppliedAt, UndoneAt time.Time
	Counts                                    Counts
	Kept                                      int      // lines that an undo had to leave as they were
	Heads                                     []string // first row of the sheet
	Sample                                    [][]string
	Columns                                   []string // what each column holds, "" for nothing
	Headed                                    bool
	Lines                                     []Line // empty once the rows are cleared
	sheet                                     Sheet
	undo                                      []byte
}

// kept is what is sealed of an import: the sheet, the columns, and the lines that were shown.
type kept struct {
	Sheet   Sheet    `json:"sheet"`
	Columns []string `json:"columns"`
	Headed  bool     `json:"headed"`
	Lines   []Line   `json:"lines"`
}

var (
	errNoImport    = i18n.Fault(core.NotFound, "import.absent", "Cet import n'existe pas ou plus.", "There is no such import, or it is gone.")
	errNotReady    = i18n.Fault(core.Conflict, "import.not_ready", "Cet import a déjà été appliqué, annulé ou effacé.", "This import was already applied, undone or cleared.")
	errNotApplied  = i18n.Fault(core.Conflict, "import.not_applied", "Seul un import appliqué depuis moins de 24 heures peut être annulé.", "Only an import applied less than 24 hours ago can be undone.")
	errRefused     = i18n.Fault(core.Conflict, "import.refused_lines", "Des lignes sont refusées. Corrigez le fichier, ou acceptez de les laisser de côté.", "Some lines are refused. Correct the file, or accept to leave them out.")
	errNothing     = i18n.Fault(core.Conflict, "import.nothing", "Aucune ligne ne change quoi que ce soit.", "No line changes anything.")
	errImportMoved = i18n.Fault(core.Conflict, "import.moved", "L'organisation a changé depuis l'essai (ligne %d). Refaites l'essai : rien n'a été changé.", "The organization has changed since the dry run (line %d). Run it again: nothing was changed.")
)

const (
	sheetPlace = "organization_import.sealed"
	undoPlace  = "organization_import.undo"
)

var (
	qAddImport = db.SQL(`INSERT INTO organization_import (org, id, state, created_by, created_at, expires_at, applied_at, undone_at, added, changed, same, refused, kept, sealed, undo)
		VALUES ($1, $2, 'ready', $3, $4, $5, 0, 0, $6, $7, $8, $9, 0, $10, NULL)`)
	qImport = db.SQL(`SELECT id, org, state, created_by, created_at, expires_at, applied_at, undone_at, added, changed, same, refused, kept, sealed, undo
		FROM organization_import WHERE org = $1 AND id = $2`)
	qImports = db.SQL(`SELECT id, org, state, created_by, created_at, expires_at, applied_at, undone_at, added, changed, same, refused, kept, NULL, NULL
		FROM organization_import WHERE org = $1 ORDER BY id DESC LIMIT 20`)
	qRemap = db.SQL(`UPDATE organization_import SET added = $3, changed = $4, same = $5, refused = $6, sealed = $7 WHERE org = $1 AND id = $2 AND state = 'ready'`)
	qApply = db.SQL(`UPDATE organization_import SET state = 'applied', applied_at = $3, expires_at = $4, sealed = NULL, undo = $5 WHERE org = $1 AND id = $2 AND state = 'ready' AND expires_at > $3`)
	qUndo  = db.SQL(`UPDATE organization_import SET state = 'undone', undone_at = $3, kept = $4, undo = NULL WHERE org = $1 AND id = $2 AND state = 'applied' AND expires_at > $3`)
	qDrop  = db.SQL(`DELETE FROM organization_import WHERE org = $1 AND id = $2 AND state = 'ready'`)

	qForgetImports = db.SQL(`UPDATE organization_import SET created_by = '' WHERE created_by = $1`)
)

func scanImport(scan db.Scan) (row struct {
	Import
	sealed []byte
}, err error,
) {
	var created, expires, applied, undone int64
	i := &row.Import
	err = scan(&i.ID, &i.Org, &i.State, &i.CreatedBy, &created, &expires, &applied, &undone,
		&i.Counts.New, &i.Counts.Changed, &i.Counts.Same, &i.Counts.Refused, &i.Kept, &row.sealed, &i.undo)
	i.CreatedAt, i.ExpiresAt = clock.FromMicros(created), clock.FromMicros(expires)
	i.AppliedAt, i.UndoneAt = clock.FromMicros(applied), clock.FromMicros(undone)
	return row, err
}

// CheckSheet reads a file, guesses its columns, compares it with the organization and keeps the outcome for a day: a
// dry run. Nothing else changes.
func (m *Module) CheckSheet(ctx context.Context, org core.ID, data []byte) (core.ID, error) {
	sheet, err := readSheet(data)
	if err != nil {
		return "", err
	}
	columns, headed := guess(sheet)
	id := ids.New()
	act := &core.Act{Def: CheckImport, Org: org, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, err := m.openOrg(ctx, tx, org); err != nil {
			return err
		}
		var lines []Line
		if mapped(columns) {
			if lines, err = m.plan(ctx, tx, org, sheet, columns, headed); err != nil {
				return err
			}
		}
		sealed, err := m.seal(ctx, org, kept{sheet, columns, headed, lines})
		if err != nil {
			return err
		}
		c, now := count(lines), m.needs.Clock.Now()
		_, err = tx.Exec(ctx, qAddImport, org, id, core.ActorOf(ctx).ID, clock.Micros(now), clock.Micros(now.Add(dryLife)), c.New, c.Changed, c.Same, c.Refused, sealed)
		return err
	})
	return id, err
}

// MapColumns corrects what the columns hold and runs the comparison again.
func (m *Module) MapColumns(ctx context.Context, org, id core.ID, columns []string, headed bool) error {
	if !mapped(columns) {
		return errMapping.With("columns", "import.columns")
	}
	return m.needs.Gate.Change(ctx, &core.Act{Def: CheckImport, Org: org, Resource: id}, func(tx core.Tx) error {
		i, err := m.imported(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if i.State != ImportReady {
			return errNotReady
		}
		if len(columns) != len(i.Columns) {
			return errMapping.With("columns", "import.columns")
		}
		lines, err := m.plan(ctx, tx, org, i.sheet, columns, headed)
		if err != nil {
			return err
		}
		sealed, err := m.seal(ctx, org, kept{i.sheet, columns, headed, lines})
		if err != nil {
			return err
		}
		c := count(lines)
		n, err := tx.Exec(ctx, qRemap, org, id, c.New, c.Changed, c.Same, c.Refused, sealed)
		if err == nil && n == 0 {
			err = errNotReady
		}
		return err
	})
}

func (m *Module) seal(ctx context.Context, org core.ID, k kept) ([]byte, error) {
	plain, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	return m.needs.Sealer.Seal(ctx, org, sheetPlace, plain)
}

func (m *Module) imported(ctx context.Context, tx core.Tx, org, id core.ID) (Import, error) {
	row, found, err := db.One(ctx, tx, qImport, scanImport, org, id)
	i := row.Import
	if err == nil && !found {
		err = errNoImport
	}
	if err != nil || row.sealed == nil {
		return i, err
	}
	plain, err := m.needs.Sealer.Open(ctx, org, sheetPlace, row.sealed)
	if err != nil {
		return i, err
	}
	var k kept
	if err := json.Unmarshal(plain, &k); err != nil {
		return i, err
	}
	i.sheet, i.Columns, i.Headed, i.Lines = k.Sheet, k.Columns, k.Headed, k.Lines
	for _, l := range i.Lines {
		for n, arg := range l.Problem.Args {
			if f, ok := arg.(float64); ok { // numbers come back from JSON as floats
				l.Problem.Args[n] = int(f)
			}
		}
	}
	if len(k.Sheet.Rows) > 0 {
		i.Heads = k.Sheet.Rows[0]
	}
	first := 0
	if k.Headed {
		first = 1
	}
	if first < len(k.Sheet.Rows) {
		i.Sample = k.Sheet.Rows[first:min(first+3, len(k.Sheet.Rows))]
	}
	return i, nil
}

// ReadImport gives an import with its lines, while they are kept.
func (m *Module) ReadImport(ctx context.Context, org, id core.ID) (Import, error) {
	var i Import
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadImport, Org: org, Resource: id}, func(tx core.Tx) (err error) {
		i, err = m.imported(ctx, tx, org, id)
		return err
	})
	return i, err
}

// Imports lists the last imports of an organization, without their lines.
func (m *Module) Imports(ctx context.Context, org core.ID) ([]Import, error) {
	var list []Import
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadImport, Org: org}, func(tx core.Tx) error {
		rows, err := db.All(ctx, tx, qImports, scanImport, org)
		list = make([]Import, len(rows))
		for i, r := range rows {
			list[i] = r.Import
		}
		return err
	})
	return list, err
}

// DropImport throws a dry run away.
func (m *Module) DropImport(ctx context.Context, org, id core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: CheckImport, Org: org, Resource: id}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qDrop, org, id)
		if err == nil && n == 0 {
			err = errNotReady
		}
		return err
	})
}
