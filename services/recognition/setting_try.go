package recognition

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/number"
	"github.com/rempart/rempart/services/recognition/preview"
)

// TryNumber is the trial of the last step: a read of what is known of a caller, by who sets recognition up.
var TryNumber = &core.ActDef{
	Permission: "link.try", Resource: "card", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleManager},
	Title: core.Text{FR: "Essayer un numéro pendant le réglage", EN: "Try a number while setting up"},
}

// Trial is what a call from a number would show.
type Trial struct {
	Answer
	Scripts []Tried // what each script would do, or why it would do nothing
	// Preview tells that the cards are those of the agent's preview: none of the link came yet.
	Preview bool
}

// Try shows what a call from a number would show, and what the scripts of the organization would do: nothing is called nor started.
func (m *Module) Try(ctx context.Context, org, link core.ID, raw string) (t Trial, err error) {
	act := &core.Act{Def: TryNumber, Org: org, Resource: link}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		l, err := m.readLink(ctx, tx, org, link)
		if err != nil {
			return err
		}
		t.Number = number.Parse(raw, l.Mapping.region())
		if t.Matches, err = m.Find(ctx, tx, org, t.Number); err != nil {
			return err
		}
		if len(t.Matches) == 0 && l.Shelf == 0 {
			if t.Matches, err = m.previewed(ctx, tx, org, link, t.Number); err != nil {
				return err
			}
			t.Preview = len(t.Matches) > 0
		}
		told(act, t.Matches)
		if t.Number.Kind == number.Masked {
			return nil
		}
		t.Scripts, err = m.tryAll(ctx, tx, org, callerOf(t.Number, t.Matches))
		return err
	})
	return t, err
}

// previewed finds a number among the first rows that the agent told.
func (m *Module) previewed(ctx context.Context, tx core.Tx, org, link core.ID, n number.Number) ([]Match, error) {
	r, found, err := db.One(ctx, tx, qPreview, scanPreview, org, link, clock.Micros(m.now()))
	if err != nil || !found || len(r.sealed) == 0 || n.Kind != number.E164 {
		return nil, err
	}
	plain, err := m.needs.Sealer.Open(ctx, link, previewPlaceOf(link), r.sealed)
	if err != nil {
		return nil, err
	}
	var told preview.Told
	if err := json.Unmarshal(plain, &told); err != nil {
		return nil, err
	}
	var all []Match
	for _, row := range told.Rows {
		if slices.Contains(row.Numbers, n.E164) {
			all = append(all, Match{Card: Card{Source: link, Name: row.Name, Company: row.Company, Shown: row.Shown, Scripts: row.Scripts}})
		}
	}
	return all, nil
}

func (m Mapping) region() string {
	if m.Region == "" {
		return HomeRegion
	}
	return m.Region
}
