package data

import (
	"context"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tManifest     = i18n.T("Chaque colonne stockée a un traitement déclaré", "Every stored column has a declared treatment")
	tManifestHeld = i18n.T("%d colonnes de %d tables du schéma en service, toutes déclarées ; chaque donnée personnelle (%d colonnes) a sa catégorie, sa finalité, sa base légale et sa durée.", "%d columns of %d tables of the live schema, all declared; each personal datum (%d columns) has its category, purpose, legal basis and retention.")
	tUntreated    = i18n.T("%d colonne(s) du schéma en service sans traitement : %s.", "%d column(s) of the live schema without a treatment: %s.")
	tAbsent       = i18n.T("%d colonne(s) déclarée(s) absente(s) du schéma en service : %s.", "%d declared column(s) absent from the live schema: %s.")
	tUnsaid       = i18n.T("%d colonne(s) personnelle(s) sans catégorie, finalité, base légale ou durée : %s.", "%d personal column(s) without a category, purpose, legal basis or retention: %s.")
	tFaultTable   = i18n.T("Une table que personne n'a déclarée", "A table that nobody declared")
	tFaultColumn  = i18n.T("Une colonne ajoutée sans traitement", "A column added without a treatment")
)

func (m *Module) treated() *core.Probe {
	return dataProbe("data.manifest", tManifest, m.runTreated,
		planted("data.manifest/table", tFaultTable, `CREATE TABLE planted_card (id TEXT PRIMARY KEY, phone TEXT NOT NULL) STRICT`),
		planted("data.manifest/column", tFaultColumn, `ALTER TABLE identity_person ADD COLUMN planted TEXT`),
	)
}

func (m *Module) runTreated(ctx context.Context, _ core.Stage) (core.Sight, error) {
	declared, unsaid := map[string]bool{}, []string{}
	personal := 0
	for _, manifest := range m.n.Manifests() {
		for _, t := range manifest.Tables {
			for _, c := range t.Columns {
				declared[t.Name+"."+c.Name] = false
				if !c.Personal {
					continue
				}
				personal++
				if c.Category == "" || c.Purpose == "" || c.Basis == "" || c.Retention == "" {
					unsaid = append(unsaid, t.Name+"."+c.Name)
				}
			}
		}
	}
	var untreated, absent []string
	tables, columns := map[string]bool{}, 0
	for _, d := range m.bases() {
		there, err := live(ctx, d)
		if err != nil {
			return core.Sight{}, err
		}
		for _, c := range there {
			name := c.table + "." + c.name
			seen, known := declared[name]
			switch {
			case !known && !slices.Contains(untreated, name):
				untreated = append(untreated, name)
			case !known || seen: // both databases are one, or it was told
				continue
			default:
				declared[name] = true
			}
			tables[c.table] = true
			columns++
		}
	}
	for name, there := range declared {
		if !there {
			absent = append(absent, name)
		}
	}
	switch {
	case len(untreated) > 0:
		return probe.Broken(columns, columns, tUntreated, len(untreated), some(untreated)), nil
	case len(absent) > 0:
		return probe.Broken(columns, columns, tAbsent, len(absent), some(absent)), nil
	case len(unsaid) > 0:
		return probe.Broken(columns, columns, tUnsaid, len(unsaid), some(unsaid)), nil
	}
	return probe.Held(columns, columns, tManifestHeld, columns, len(tables), personal), nil
}

// some names at most five of a list.
func some(list []string) string {
	slices.Sort(list)
	if len(list) > 5 {
		return strings.Join(list[:5], ", ") + "…"
	}
	return strings.Join(list, ", ")
}
