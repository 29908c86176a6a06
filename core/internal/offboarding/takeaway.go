package offboarding

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var tReadMe = i18n.T(`%s : tout ce que l'organisation détient.

Les fichiers de ce dossier sont dans leur format d'origine : tableaux (CSV, ODS), journal avec ses preuves (JSON Lines), documents (PDF,
Markdown), lettres (texte), photos (JPEG). Ce que des personnes partagent avec vous n'y est pas : cela leur appartient, et s'arrête avec vous.
Le dossier « tables » contient chaque table en JSON Lines, une ligne par enregistrement. Ce qui est un secret (empreintes de mots
de passe, jetons) n'y figure pas.
`, `%s: everything that the organization holds.

The files of this folder are in their native format: sheets (CSV, ODS), the journal with its proofs (JSON Lines), documents (PDF,
Markdown), letters (text), pictures (JPEG). What persons share with you is not in it: it is theirs, and ends with you.
The folder "tables" holds each table in JSON Lines, one line per record. What is a secret (hashes of passwords, tokens) is not in it.
`)

// TakeAway decides and journals, then writes everything that an organization holds as one ZIP file, piece by piece. begin is
// called once it is allowed, before the first byte.
func (m *Module) TakeAway(ctx context.Context, org core.ID, begin func() io.Writer) error {
	var name string
	err := m.needs.Gate.Read(ctx, &core.Act{Def: Take, Org: org, Resource: org}, func(tx core.Tx) error {
		o, err := m.needs.Places.Org(ctx, tx, org)
		name = o.Name
		return err
	})
	if err != nil {
		return err
	}
	z := zip.NewWriter(begin())
	for file, lang := range map[string]i18n.Lang{"LISEZ-MOI.txt": i18n.FR, "README.txt": i18n.EN} {
		w, err := z.Create(file)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, tReadMe.Say(lang, name)); err != nil {
			return err
		}
	}
	for _, f := range m.needs.Files {
		w, err := z.Create(f.Name)
		if err != nil {
			return err
		}
		if err := f.Write(ctx, org, w); err != nil {
			return fmt.Errorf("offboarding: %s: %w", f.Name, err)
		}
	}
	for _, f := range m.needs.Folders {
		if err := f(ctx, org, z.Create); err != nil {
			return fmt.Errorf("offboarding: documents: %w", err)
		}
	}
	if err := m.tables(ctx, org, z); err != nil {
		return err
	}
	return z.Close()
}

// tables writes each table of each room, one after the other: nothing is gathered in memory.
func (m *Module) tables(ctx context.Context, org core.ID, z *zip.Writer) error {
	return m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) error {
		for _, room := range m.needs.Modules() {
			x, is := room.(core.OrgExporter)
			if !is {
				continue
			}
			var table string
			var out *json.Encoder
			err := x.ExportOrg(ctx, tx, org, func(r core.Record) error {
				if r.Table != table {
					w, err := z.Create("tables/" + r.Table + ".jsonl")
					if err != nil {
						return err
					}
					table, out = r.Table, json.NewEncoder(w)
				}
				return out.Encode(r.Values)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
