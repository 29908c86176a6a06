package data

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tExport       = i18n.T("Une personne reçoit tout ce qui est gardé d'elle, et aucun secret", "A person is given everything that is kept about them, and no secret")
	tExportHeld   = i18n.T("Un canari se trouve dans %d tables ; ses données en sortent toutes, en %d enregistrements, sans aucun secret.", "A canary stands in %d tables; its data leave all of them, in %d records, without any secret.")
	tExportLacks  = i18n.T("Un canari se trouve dans %d tables ; il manque à son export : %s.", "A canary stands in %d tables; its export lacks: %s.")
	tExportSecret = i18n.T("L'export d'un canari livre un secret : %s.", "The export of a canary gives a secret away: %s.")
	tFaultForgot  = i18n.T("Un navigateur connu que l'export ne retrouve pas", "A known browser that the export does not find")
)

func (m *Module) export() *core.Probe {
	return dataProbe("data.export", tExport, m.runExport,
		planted("data.export/browser", tFaultForgot,
			`CREATE TRIGGER planted_lost AFTER INSERT ON signin_device BEGIN UPDATE signin_device SET person = 'planted', browser = NEW.person WHERE id = NEW.id; END`),
	)
}

func (m *Module) runExport(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx, "auditor")
	if err != nil {
		return core.Sight{}, err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	if _, err := probe.Get(ctx, client, "/o/"+string(c.Org)+"/members"); err != nil {
		return core.Sight{}, err
	}
	in, err := m.standsIn(ctx, c) // first: a mark of use that is written meanwhile is in the export, and not missed there
	if err != nil {
		return core.Sight{}, err
	}
	out, records, secret, err := m.exported(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	var missing []string
	for _, table := range in {
		if !slices.Contains(out, table) {
			missing = append(missing, table)
		}
	}
	switch {
	case secret != "":
		return probe.Broken(len(in), len(in), tExportSecret, secret), nil
	case len(missing) > 0:
		return probe.Broken(len(in), len(in), tExportLacks, len(in), some(missing)), nil
	}
	return probe.Held(len(in), len(in), tExportHeld, len(in), records), nil
}

// exported asks every room for the canary's data: the tables that gave some, and the first secret among them.
func (m *Module) exported(ctx context.Context, c core.Canary) (tables []string, records int, secret string, err error) {
	secrets := map[string]bool{}
	for _, manifest := range m.n.Manifests() {
		for _, t := range manifest.Tables {
			for _, col := range t.Columns {
				secrets[t.Name+"."+col.Name] = col.Secret
			}
		}
	}
	err = m.n.Rows.Read(db.Long(ctx), func(tx core.Tx) error {
		for _, room := range m.n.Modules() {
			err := room.ExportPerson(ctx, tx, c.Person, func(r core.Record) error {
				if records++; !slices.Contains(tables, r.Table) {
					tables = append(tables, r.Table)
				}
				for name, value := range r.Values {
					text := fmt.Sprint(value)
					if secrets[r.Table+"."+name] || c.Password != "" && strings.Contains(text, c.Password) || c.Secret != "" && strings.Contains(text, c.Secret) {
						secret = r.Table + "." + name
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return tables, records, secret, err
}

// keyless are the tables that name a person and give nothing to them: the keys of the vault are secrets of the platform.
var keyless = []string{"vault_key"}

// StandsIn names the tables in which a canary stands, for the probes of other rooms.
func (m *Module) StandsIn(ctx context.Context, c core.Canary) ([]string, error) {
	return m.standsIn(ctx, c)
}

// standsIn names the tables that hold something of the canary: its person, account or address in a personal column.
func (m *Module) standsIn(ctx context.Context, c core.Canary) (tables []string, err error) {
	for _, d := range m.bases() {
		there, err := live(ctx, d)
		if err != nil {
			return nil, err
		}
		texts := map[string]bool{}
		for _, col := range there {
			texts[col.table+"."+col.name] = col.kind == "text"
		}
		for _, manifest := range m.n.Manifests() {
			for _, t := range manifest.Tables {
				if slices.Contains(keyless, t.Name) || slices.Contains(tables, t.Name) {
					continue
				}
				found, err := standsInTable(ctx, d, t, texts, c)
				if err != nil {
					return nil, err
				}
				if found {
					tables = append(tables, t.Name)
				}
			}
		}
	}
	return tables, nil
}

func standsInTable(ctx context.Context, d Base, t core.Table, texts map[string]bool, c core.Canary) (bool, error) {
	var where []string
	for _, col := range t.Columns {
		if col.Personal && !col.Sealed && !col.Secret && texts[t.Name+"."+col.Name] && plainName.MatchString(col.Name) {
			where = append(where, fmt.Sprintf("%[1]s = $1 OR %[1]s = $2 OR %[1]s = $3", col.Name))
		}
	}
	if len(where) == 0 || !plainName.MatchString(t.Name) {
		return false, nil
	}
	query := db.SQLOn(d.Engine(), "SELECT 1 FROM "+t.Name+" WHERE "+strings.Join(where, " OR ")+" LIMIT 1")
	found := false
	err := d.Read(db.Long(ctx), func(tx core.Tx) (err error) {
		_, found, err = db.One(ctx, tx, query, db.Value[int64], c.Person, c.Account, c.Email)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("data: %s: %w", t.Name, err)
	}
	return found, nil
}
