package data

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/pack"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/kit/seal"
	"github.com/rempart/rempart/verify"
)

var (
	tSealed       = i18n.T("Ce qui doit être scellé l'est, valeur par valeur", "What must be sealed is, value by value")
	tSealedHeld   = i18n.T("%d valeurs regardées sur %d dans %d colonnes scellées : toutes ont la forme d'un chiffré.", "%d values looked at of %d in %d sealed columns: all have the form of a ciphertext.")
	tSealedClear  = i18n.T("%d valeur(s) qui ne sont pas chiffrées, sur %d regardées : %s.", "%d value(s) that are not ciphertext, of %d looked at: %s.")
	tSealedEmpty  = i18n.T("N'a pas pu être vu : aucune valeur scellée n'est stockée pour l'instant.", "Could not be seen: no sealed value is stored for now.")
	tFaultReport  = i18n.T("Une conclusion de signalement écrite en clair", "The conclusion of a report written in clear")
	tFaultAddress = i18n.T("Une adresse de session écrite en clair", "The address of a session written in clear")
)

func (m *Module) sealed() *core.Probe {
	return dataProbe("data.sealed", tSealed, m.runSealed,
		planted("data.sealed/report", tFaultReport,
			`INSERT INTO identity_report (id, person, source, about, state, created_at, handled_at, handled_by, conclusion)
			 VALUES ('planted', 'planted', 'page', '', 'handled', 1, 0, '', CAST('The person called and said so.' AS BLOB))`),
		planted("data.sealed/session", tFaultAddress,
			`INSERT INTO session_session (id, secret, pace, generation, moved_at, person, account, staff, aal, device, browser, system, address, began_at, used_at, proved_at, locked_at, ended_at, reason)
			 VALUES ('planted', x'00', x'00', 0, 0, 'planted', '', 0, 1, '', '', '', CAST('192.0.2.1' AS BLOB), 1, 1, 1, 0, 1, '')`),
	)
}

func (m *Module) runSealed(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx) // so that there is something to see on an empty platform
	if err != nil {
		return core.Sight{}, err
	}
	if _, err := s.Enter(ctx, c); err != nil {
		return core.Sight{}, err
	}
	stands, err := m.holds(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	var columns, population, sample, wrong int
	var where []string
	for _, manifest := range m.n.Manifests() {
		for _, t := range manifest.Tables {
			for _, col := range t.Columns {
				d := stands[t.Name]
				if !col.Sealed || d == nil {
					continue
				}
				columns++
				all, looked, clear, err := values(ctx, d, t.Name, col.Name)
				if err != nil {
					return core.Sight{}, fmt.Errorf("data: %s.%s: %w", t.Name, col.Name, err)
				}
				population, sample, wrong = population+all, sample+looked, wrong+clear
				if clear > 0 {
					where = append(where, fmt.Sprintf("%s.%s (%d)", t.Name, col.Name, clear))
				}
			}
		}
	}
	switch {
	case wrong > 0:
		return probe.Broken(population, sample, tSealedClear, wrong, sample, some(where)), nil
	case sample == 0:
		return core.Sight{}, probe.Unseen(tSealedEmpty)
	}
	return probe.Held(population, sample, tSealedHeld, sample, population, columns), nil
}

var qKeyed = db.SQLOn(db.SQLite, `SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = $1`)

// ofKeys tells whether the rows of a table are kept in the order of their key alone (WITHOUT ROWID): none is the newest.
func ofKeys(ctx context.Context, d Base, table string) (keyed bool, err error) {
	err = d.Read(ctx, func(tx core.Tx) error {
		n, _, err := db.One(ctx, tx, qKeyed, db.Value[int64], table)
		keyed = n == 1
		return err
	})
	return keyed, err
}

// values looks at values of a sealed column, the newest where the rows have an order of coming.
func values(ctx context.Context, d Base, table, name string) (all, looked, clear int, err error) {
	form := `SELECT %[2]s FROM %[1]s WHERE %[2]s IS NOT NULL AND length(%[2]s) > 0`
	if d.Engine() == db.PostgreSQL {
		form += ` ORDER BY ctid DESC`
	} else if keyed, err := ofKeys(ctx, d, table); err != nil {
		return 0, 0, 0, err
	} else if !keyed {
		form += ` ORDER BY rowid DESC`
	}
	newest, err := statement(d, form+` LIMIT 2000`, table, name)
	if err != nil {
		return 0, 0, 0, err
	}
	count, err := statement(d, `SELECT count(*) FROM %[1]s WHERE %[2]s IS NOT NULL AND length(%[2]s) > 0`, table, name)
	if err != nil {
		return 0, 0, 0, err
	}
	err = d.Read(db.Long(ctx), func(tx core.Tx) error {
		n, _, err := db.One(ctx, tx, count, db.Value[int64])
		if err != nil {
			return err
		}
		list, err := db.All(ctx, tx, newest, db.Value[[]byte])
		all, looked = int(n), len(list)
		for _, v := range list {
			if !ciphertext(table, v) {
				clear++
			}
		}
		return err
	})
	return all, looked, clear, err
}

// ciphertext tells whether a value has the form of what the vault writes: version, algorithm, epoch, nonce, sealed bytes
// and tag. Two tables have a form of their own around it.
func ciphertext(table string, v []byte) bool {
	switch table {
	case "vault_key": // nonce, 32 bytes of key, tag
		return len(v) == 12+32+16
	case "journal_batch", "journal_pending":
		return sealedEntries(v)
	case "journal_visit", "journal_search": // whose key it is comes first
		return len(v) > 1 && sealedForm(v[1:])
	}
	if inside, ok := pack.Inside(string(v)); ok { // a column of text
		return sealedForm(inside)
	}
	return sealedForm(v)
}

// sealedEntries tells whether the parts of stored entries that hold what is personal are ciphertext.
func sealedEntries(v []byte) bool {
	for len(v) > 0 {
		_, sealed, rest, err := verify.CutStored(v)
		if err != nil {
			return false
		}
		parts, err := verify.DecodeParts(sealed)
		if err != nil {
			return false
		}
		for _, p := range parts {
			if !p.Dropped && !sealedForm(p.Sealed) {
				return false
			}
		}
		v = rest
	}
	return true
}

func sealedForm(v []byte) bool {
	epoch, ok := seal.Epoch(v)
	return ok && epoch > 0 && epoch < 256
}
