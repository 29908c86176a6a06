package register

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sensitive"
)

// Flag is how often free text seemed to hold data of a category.
type Flag struct {
	Category sensitive.Category
	Count    int64
}

var (
	qFlag = db.SQL(`INSERT INTO register_flag (org, day, category, count) VALUES ($1, $2, $3, 1)
		ON CONFLICT (org, day, category) DO UPDATE SET count = register_flag.count + 1`)
	qFlags = db.SQL(`SELECT category, SUM(count) FROM register_flag WHERE org = $1 AND day >= $2 GROUP BY category ORDER BY category`)
	qTidy  = db.SQL(`DELETE FROM register_flag WHERE day < $1`)
)

// flagDays is how far back the count that administrators see goes.
const flagDays = 90

// Watch looks at what a person typed, counts by category what seems sensitive, and gives the categories so that they are told
// at once. Nothing of the text is kept, nor who typed it.
func (m *Module) Watch(ctx context.Context, org core.ID, texts []string) []sensitive.Category {
	found := sensitive.Scan(texts...)
	if len(found) == 0 {
		return nil
	}
	if org == "" {
		org = core.Platform
	}
	err := m.needs.Gate.Keep(ctx, Counting, func(tx core.Tx) error {
		for _, c := range found {
			if _, err := tx.Exec(ctx, qFlag, org, m.now().UTC().Format(time.DateOnly), c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.needs.Log.Warn("cannot count what seems sensitive", "error", err.Error())
	}
	return found
}

func (m *Module) flags(ctx context.Context, tx core.Tx, org core.ID) ([]Flag, error) {
	since := m.now().UTC().AddDate(0, 0, -flagDays).Format(time.DateOnly)
	return db.All(ctx, tx, qFlags, func(scan db.Scan) (f Flag, err error) { err = scan(&f.Category, &f.Count); return f, err }, org, since)
}

// Sweep forgets counts of more than a year.
func (m *Module) Sweep(ctx context.Context) error {
	return m.needs.Gate.Keep(ctx, Counting, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qTidy, m.now().UTC().AddDate(-1, 0, 0).Format(time.DateOnly))
		return err
	})
}

var tWarning = i18n.T("Attention : ce texte semble contenir une donnée sensible (%s). Si elle n'est pas nécessaire, retirez-la.", "Beware: this text seems to hold sensitive data (%s). If it is not needed, take it out.")

// Warning is what whoever typed a text is told; "" when nothing was found.
func Warning(ctx context.Context, found []sensitive.Category) string {
	if len(found) == 0 {
		return ""
	}
	list := make([]string, len(found))
	for i, c := range found {
		list[i] = sensitive.Title(c).In(ctx)
	}
	return tWarning.In(ctx, strings.Join(list, ", "))
}
