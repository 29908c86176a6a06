package register

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Likeness is the shape of what was written by hand, for a test environment: its kind, how often it was written anew, which fields
// it fills, and nothing of what they say.
type Likeness struct {
	ID        core.ID
	Kind      string
	Target    string
	Revisions int64
	Ended     bool
	Fields    []string
	Choices   map[string]string // of the fields that are chosen from the program's list
}

var qEveryHand = db.SQL(`SELECT ` + handColumns + ` FROM register_hand h JOIN register_version v ON v.org = h.org AND v.hand = h.id
	WHERE h.org = $1 ORDER BY h.id, v.revision`)

// Likenesses gives the shape of what was written by hand into a register, and says every value of every version.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, org core.ID, say func(column, value string)) (all []Likeness, err error) {
	versions, err := db.All(ctx, tx, qEveryHand, scanHand, org)
	if err != nil {
		return nil, err
	}
	for i := range versions {
		h := &versions[i]
		if err := m.open(ctx, h); err != nil {
			return nil, err
		}
		if len(all) == 0 || all[len(all)-1].ID != h.ID {
			all = append(all, Likeness{ID: h.ID, Kind: h.Kind, Target: h.Target})
		}
		l := &all[len(all)-1]
		l.Revisions, l.Ended, l.Fields, l.Choices = h.Revision, !h.Ended.IsZero(), nil, map[string]string{}
		for _, f := range Fields[h.Kind] {
			value := h.Values[f.Name]
			switch {
			case value == "":
				continue
			case f.Options != nil:
				l.Choices[f.Name] = value
			default:
				say(f.Name, value)
			}
			l.Fields = append(l.Fields, f.Name)
		}
	}
	return all, nil
}
