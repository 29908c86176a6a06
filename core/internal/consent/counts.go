package consent

import (
	"context"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qHeldOf = db.SQL(`SELECT r.question, COUNT(*) FROM consent_record r JOIN consent_question q ON q.org = r.org AND q.id = r.question
		LEFT JOIN consent_share s ON s.org = r.org AND s.id = r.share
		WHERE r.org = $1 AND r.given = 1 AND r.number >= q.due AND (r.share = '' OR s.ended_at = 0 AND s.until_at > $2)
		AND NOT EXISTS (SELECT 1 FROM consent_record n WHERE n.org = r.org AND n.question = r.question AND n.person = r.person AND (n.at > r.at OR n.at = r.at AND n.id > r.id))
		GROUP BY r.question`)
	qLiveIn = db.SQL(`SELECT question, COUNT(*) FROM consent_share WHERE org = $1 AND ended_at = 0 AND until_at > $2 GROUP BY question`)
	qAskers = db.SQL(`SELECT org FROM consent_question WHERE org <> $1 AND org <> $2 GROUP BY org ORDER BY org`)
)

// Counted is a question with how many consents and shares of it stand.
type Counted struct {
	Question
	Text       Text
	Held, Live int64
}

// Managed is one question with all of its versions.
type Managed struct {
	Counted
	Versions []Text // newest first
}

// Questions gives those of an organization, with counts.
func (m *Module) Questions(ctx context.Context, org core.ID) (list []Counted, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadTexts, Org: org}, func(tx core.Tx) error {
		list, err = m.counted(ctx, tx, org)
		return err
	})
	return list, err
}

func (m *Module) counted(ctx context.Context, tx core.Tx, org core.ID) ([]Counted, error) {
	questions, err := db.All(ctx, tx, qQuestions, scanQuestion, org)
	if err != nil || len(questions) == 0 {
		return nil, err
	}
	now := clock.Micros(m.now())
	held, err := counts(ctx, tx, qHeldOf, org, now)
	if err != nil {
		return nil, err
	}
	live, err := counts(ctx, tx, qLiveIn, org, now)
	if err != nil {
		return nil, err
	}
	list := make([]Counted, len(questions))
	for i, q := range questions {
		t, err := m.text(ctx, tx, q, q.Latest)
		if err != nil {
			return nil, err
		}
		list[i] = Counted{q, t, held[q.ID], live[q.ID]}
	}
	return list, nil
}

func counts(ctx context.Context, tx core.Tx, q string, args ...any) (map[core.ID]int64, error) {
	type pair struct {
		id core.ID
		n  int64
	}
	list, err := db.All(ctx, tx, q, func(scan db.Scan) (p pair, err error) { err = scan(&p.id, &p.n); return p, err }, args...)
	out := map[core.ID]int64{}
	for _, p := range list {
		out[p.id] = p.n
	}
	return out, err
}

// Manage gives one question of an organization with its versions.
func (m *Module) Manage(ctx context.Context, org, id core.ID) (v Managed, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadTexts, Org: org, Resource: id}, func(tx core.Tx) error {
		if _, err := m.of(ctx, tx, org, id); err != nil {
			return err
		}
		list, err := m.counted(ctx, tx, org)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(c Counted) bool { return c.ID == id })
		v = Managed{Counted: list[i]}
		v.Versions, err = db.All(ctx, tx, qTexts, scanText, org, id)
		return err
	})
	return v, err
}

// OrgCount is what the provider knows of an organization: how many, never who.
type OrgCount struct {
	Org               core.ID
	Name              string
	Asked, Held, Live int64
}

// Counts gives the provider the counts of every organization.
func (m *Module) Counts(ctx context.Context) (list []OrgCount, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: CountAll, Org: core.Platform}, func(tx core.Tx) error {
		list = nil
		orgs, err := db.All(ctx, tx, qAskers, db.Value[core.ID], core.Canaries, core.Strangers)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			o, err := m.needs.Places.Org(ctx, tx, org)
			if err != nil && core.KindOf(err) != core.NotFound {
				return err
			}
			questions, err := m.counted(ctx, tx, org)
			if err != nil {
				return err
			}
			c := OrgCount{Org: org, Name: o.Name}
			for _, q := range questions {
				c.Held, c.Live = c.Held+q.Held, c.Live+q.Live
				if !q.Closed {
					c.Asked++
				}
			}
			list = append(list, c)
		}
		slices.SortFunc(list, func(a, b OrgCount) int { return strings.Compare(a.Name, b.Name) })
		return nil
	})
	return list, err
}
