package settings

import (
	"context"
	"strings"

	"github.com/rempart/rempart/core"
)

// Likeness gives the values that an organization chose and that a test environment may have too: numbers, switches and symbols, and of a
// set of names those that known knows. Addresses and sentences stay; say is given what stays.
func (m *Module) Likeness(ctx context.Context, tx core.Tx, org core.ID, known func(word string) bool, say func(column, value string)) (map[string]string, error) {
	rows, err := stored(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, k := range catalogue {
		r, chosen := rows[k.ID]
		switch {
		case !chosen:
		case k.Sort == Contact || k.Sort == Sentence:
			if r.value != k.Default {
				say("address", r.value)
			}
		case k.Sort == Words:
			var kept []string
			for w := range strings.SplitSeq(r.value, ",") {
				if known(w) {
					kept = append(kept, w)
				} else {
					say("label", w)
				}
			}
			out[k.ID] = strings.Join(kept, ",")
		default:
			out[k.ID] = r.value
		}
	}
	return out, nil
}

// Imitate sets what another installation chose, but for what the floors and clauses of this one do not allow.
func (m *Module) Imitate(ctx context.Context, tx core.Tx, org core.ID, values map[string]string) (set int, err error) {
	for _, k := range catalogue {
		v, chosen := values[k.ID]
		if !chosen {
			continue
		}
		switch err := m.Put(ctx, tx, org, map[string]string{k.ID: v}); core.KindOf(err) {
		case core.Invalid, core.NotFound:
		default:
			if err != nil {
				return set, err
			}
			set++
		}
	}
	return set, nil
}
