package data

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Base is a database that is only read: *db.DB.
type Base interface {
	core.Reader
	Engine() db.Engine
}

// Needs is everything that the probes of data can reach.
type Needs struct {
	Rows, Keys Base // the two databases; the same tables may stand in both on PostgreSQL
	// Files are the databases' files, none on PostgreSQL.
	Files []string
	// Modules gives every room, and Manifests what each keeps, those of the kit included.
	Modules   func() []core.Module
	Manifests func() []core.Manifest
	Clock     core.Clock
	// Heard hears what is handed to the log; Log is that log.
	Heard *probe.Watch
	Log   *slog.Logger
}

// Module is the probes of data.
type Module struct {
	n Needs
}

// New makes the probes.
func New(n Needs) *Module {
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	return &Module{n: n}
}

// Probes lists the probes of data.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{m.treated(), m.retention(), m.clearText(), m.sealed(), m.export(), m.secretLog()}
}

func dataProbe(id string, title i18n.Sentence, run func(context.Context, core.Stage) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{ID: id, Kind: core.DataProbe, Title: probe.Text(title), Run: run, Faults: faults}
}

// planted is a fault made of statements.
func planted(id string, title i18n.Sentence, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: probe.Text(title), Plant: func(ctx context.Context, s core.Saboteur) error {
		for _, text := range statements {
			if err := s.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	}}
}

// column is one column of the live schema.
type column struct{ table, name, kind string }

var (
	qSQLiteColumns = db.SQLOn(db.SQLite, `SELECT t.name, c.name, lower(c.type) FROM pragma_table_list t, pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`)
	qPostgresColumns = db.SQLOn(db.PostgreSQL, `SELECT table_name, column_name, data_type FROM information_schema.columns
		WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`)
)

// live reads the live schema of a database; the tables of kit/db itself (notices, versions) hold nothing of a person.
func live(ctx context.Context, d Base) ([]column, error) {
	query := qSQLiteColumns
	if d.Engine() == db.PostgreSQL {
		query = qPostgresColumns
	}
	var all []column
	err := d.Read(ctx, func(tx core.Tx) (err error) {
		all, err = db.All(ctx, tx, query, func(scan db.Scan) (c column, err error) { err = scan(&c.table, &c.name, &c.kind); return c, err })
		return err
	})
	kept := all[:0]
	for _, c := range all {
		if !strings.HasPrefix(c.table, "ground_") && !strings.HasPrefix(c.table, "goose_") {
			kept = append(kept, c)
		}
	}
	return kept, err
}

// bases lists the databases, each once.
func (m *Module) bases() []Base {
	if m.n.Keys == nil || m.n.Keys == m.n.Rows {
		return []Base{m.n.Rows}
	}
	return []Base{m.n.Rows, m.n.Keys}
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// statement registers a statement over tables and columns that the program itself declares: no input has a way in.
func statement(d Base, form string, names ...any) (string, error) {
	for _, n := range names {
		if s, ok := n.(string); ok && !plainName.MatchString(s) {
			return "", fmt.Errorf("data: %q is no name of a table or column", s)
		}
	}
	return db.SQLOn(d.Engine(), fmt.Sprintf(form, names...)), nil
}

// holds tells in which database a table stands.
func (m *Module) holds(ctx context.Context) (map[string]Base, error) {
	of := map[string]Base{}
	for _, d := range m.bases() {
		columns, err := live(ctx, d)
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			if of[c.table] == nil {
				of[c.table] = d
			}
		}
	}
	return of, nil
}

// Manifest declares nothing kept and no act: probes only look.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{Module: "data", Title: core.Text{FR: "Sondes des données", EN: "Probes of data"}}
}

// ExportPerson has nothing to give.
func (m *Module) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson has nothing to erase.
func (m *Module) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}
