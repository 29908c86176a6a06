package consent

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qAddCopy = db.SQL(`INSERT INTO consent_copy (org, share, field, value, copied_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org, share, field) DO UPDATE SET value = excluded.value, copied_at = excluded.copied_at`)
	qDropCopy   = db.SQL(`DELETE FROM consent_copy WHERE org = $1 AND share = $2 AND field = $3`)
	qDropCopies = db.SQL(`DELETE FROM consent_copy WHERE org = $1 AND share = $2`)
	qCopies     = db.SQL(`SELECT field, value FROM consent_copy WHERE org = $1 AND share = $2`)
)

type copied struct {
	field string
	value []byte
}

func scanCopy(scan db.Scan) (c copied, err error) { err = scan(&c.field, &c.value); return c, err }

func copyPlace(share core.ID, field string) string {
	return "consent_copy.value/" + string(share) + "/" + field
}

// values reads what some fields of a person say now, each from the room that owns it.
func (m *Module) values(ctx context.Context, tx core.Tx, person core.ID, fields []string) (map[string]string, error) {
	all, asked := map[string]string{}, map[personal.FieldSource]bool{}
	for _, f := range fields {
		s := m.source[f]
		if s == nil || asked[s] {
			continue
		}
		asked[s] = true
		got, err := s.Values(ctx, tx, person)
		if err != nil {
			return nil, err
		}
		for id, v := range got {
			if slices.Contains(fields, id) {
				all[id] = v
			}
		}
	}
	return all, nil
}

// copy seals what the fields of a share say now under the share's own key.
func (m *Module) copy(ctx context.Context, tx core.Tx, s Share) error {
	values, err := m.values(ctx, tx, s.Person, s.Fields)
	if err != nil {
		return err
	}
	for _, f := range s.Fields {
		if values[f] == "" {
			if _, err := tx.Exec(ctx, qDropCopy, s.Org, s.ID, f); err != nil {
				return err
			}
			continue
		}
		sealed, err := m.needs.Sealer.Seal(ctx, s.ID, copyPlace(s.ID, f), []byte(values[f]))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddCopy, s.Org, s.ID, f, sealed, clock.Micros(m.now())); err != nil {
			return err
		}
	}
	return nil
}

// copies gives what an organization sees of a share, every field of it, empty ones too.
func (m *Module) copies(ctx context.Context, tx core.Tx, s Share) ([]Field, error) {
	list, err := db.All(ctx, tx, qCopies, scanCopy, s.Org, s.ID)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, c := range list {
		plain, err := m.needs.Sealer.Open(ctx, s.ID, copyPlace(s.ID, c.field), c.value)
		if core.KindOf(err) == core.Gone { // stopped: it shows nothing
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		values[c.field] = string(plain)
	}
	var shown []Field
	for _, id := range s.Fields {
		shown = append(shown, Field{id, m.FieldTitle(id), values[id], OfPerson})
	}
	return shown, nil
}

// Refresh brings the copies of a person's live shares up to date, in the transaction that changed a field.
func (m *Module) Refresh(ctx context.Context, tx core.Tx, person core.ID) error {
	list, err := db.All(ctx, tx, qMyShares, scanShare, person)
	if err != nil {
		return err
	}
	for _, s := range list {
		if !s.Lives(m.now()) {
			continue
		}
		if err := m.copy(ctx, tx, s); err != nil && core.KindOf(err) != core.Gone {
			return err
		}
	}
	return nil
}
