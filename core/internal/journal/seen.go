package journal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
)

// Sighting is one entry that somebody else made about a person. Who it was is an id, for whoever says what they are and not
// who they are.
type Sighting struct {
	At     time.Time
	Action core.Permission
	Log    core.ID
	Kind   string // of the actor: "person", "staff", "service"
	Actor  core.ID
	Refuse bool
}

// seenBound is how many pages of entries one journal is asked for.
const seenBound = 5

// Seen gives the newest entries, in some journals, by which other people or programs saw or used a person's data. What the
// platform did by itself is left out.
func (m *Module) Seen(ctx context.Context, tx core.Tx, person core.ID, limit int, orgs ...core.ID) ([]Sighting, error) {
	var list []Sighting
	for _, org := range orgs {
		l, found, err := findLog(ctx, tx, org)
		if err != nil {
			return nil, fmt.Errorf("journal: seen: %w", err)
		}
		n := 0
		for mark, page := newestMark, 0; found && mark != (Mark{}) && n < limit && page < seenBound; page++ {
			p, err := m.page(ctx, tx, &l, Filter{about: person}, mark, limit)
			if err != nil {
				return nil, fmt.Errorf("journal: seen: %w", err)
			}
			for _, r := range p.Rows {
				if r.Kind == "system" || r.Kind == "anonymous" {
					continue
				}
				n++
				list = append(list, Sighting{r.When, core.Permission(r.Action), org, r.Kind, core.ID(r.Actor), r.Outcome == "refused"})
			}
			mark = p.Next
		}
	}
	slices.SortFunc(list, func(a, b Sighting) int { return b.At.Compare(a.At) })
	return list[:min(len(list), limit)], nil
}
