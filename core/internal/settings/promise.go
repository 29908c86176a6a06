package settings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	qPromises  = db.SQL(`SELECT pack, clause, key, least, exact FROM settings_promise ORDER BY key, pack, clause`)
	qUnpromise = db.SQL(`DELETE FROM settings_promise WHERE pack = $1`)
	qPromise   = db.SQL(`INSERT INTO settings_promise (pack, clause, key, least, exact) VALUES ($1, $2, $3, $4, $5)`)
)

var (
	reasonClause = i18n.Reason("setting.clause", "Valeur moins stricte que %s, que promet la clause publiée %s : seule une nouvelle version de la politique peut la retirer.", "Less strict than %s, which the published clause %s promises: only a new version of the policy can withdraw it.")
	reasonExact  = i18n.Reason("setting.clause_exact", "La clause publiée %[2]s promet exactement %[1]s : seule une nouvelle version de la politique peut la retirer.", "The published clause %[2]s promises exactly %[1]s: only a new version of the policy can withdraw it.")
)

// bound is what the clauses in force demand of one setting together.
type bound struct {
	floor value
	exact bool // floor is the only value
	by    []core.Promise
}

// add joins one more promise; against names the one that no value can keep together with it.
func (b *bound) add(k *Key, p core.Promise) (against string) {
	raw, exact := p.Floor, p.Exact != ""
	if exact {
		raw = p.Exact
	}
	v, code, _ := k.parse(raw)
	if code != "" || k.Direction == Free && !exact {
		b.by = append(b.by, p)
		return ""
	}
	switch {
	case len(b.by) == 0:
		b.floor, b.exact = v, exact
	case b.exact && exact && v != b.floor, b.exact && !exact && k.looser(b.floor, v), !b.exact && exact && k.looser(v, b.floor):
		return named(b.by)
	case exact:
		b.floor, b.exact = v, true
	case !b.exact:
		b.floor = k.stricter(b.floor, v)
	}
	b.by = append(b.by, p)
	return ""
}

// keeps tells whether a value keeps the bound.
func (b *bound) keeps(k *Key, v value) bool {
	switch {
	case b == nil:
		return true
	case b.exact:
		return v == b.floor
	case k.Direction == Within && b.floor.s != "":
		return v.s != "" && k.common(v.s, b.floor.s) == v.s && k.common(b.floor.s, v.s) != b.floor.s || v == b.floor
	}
	return !k.looser(v, b.floor)
}

// hold gives v where it keeps the bound, else the nearest value that does.
func (b *bound) hold(k *Key, v value) value {
	switch {
	case b == nil || b.keeps(k, v):
		return v
	case b.exact:
		return b.floor
	}
	if both := k.stricter(v, b.floor); b.keeps(k, both) {
		return both
	}
	return b.floor // two sets that have nothing in common
}

// refuse says which clause v breaks.
func (b *bound) refuse(k *Key, v value) (code string, args []any) {
	if b.keeps(k, v) {
		return "", nil
	}
	said := strings.ReplaceAll(k.text(b.floor), ",", ", ")
	if b.exact {
		return reasonExact, []any{said, named(b.by)}
	}
	return reasonClause, []any{said, named(b.by)}
}

// named lists the clauses behind a bound.
func named(by []core.Promise) string {
	var ids []string
	for _, p := range by {
		if !slices.Contains(ids, p.Clause) {
			ids = append(ids, p.Clause)
		}
	}
	return strings.Join(ids, ", ")
}

// bounds gives what the clauses in force demand, by setting. A promise that an earlier one excludes cannot be there: it
// was refused.
func bounds(ctx context.Context, tx core.Tx, without string) (map[string]*bound, error) {
	list, err := db.All(ctx, tx, qPromises, func(scan db.Scan) (p core.Promise, err error) {
		err = scan(&p.Pack, &p.Clause, &p.Key, &p.Floor, &p.Exact)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	all := map[string]*bound{}
	for _, p := range list {
		k, known := byID[p.Key]
		if !known || p.Pack == without {
			continue
		}
		if all[p.Key] == nil {
			all[p.Key] = &bound{}
		}
		all[p.Key].add(k, p)
	}
	return all, nil
}

// Values gives every setting in force for an organization, or for Platform, as text by key.
func (m *Module) Values(ctx context.Context, tx core.Tx, org core.ID) (map[string]string, error) {
	all, _, err := m.inForce(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(catalogue))
	for i, k := range catalogue {
		values[k.ID] = k.text(all[i])
	}
	return values, nil
}

// Gaps tells which promises of one pack the provider's settings do not keep, beside those in force of other packs. A
// promise that no value can keep together with another pack's names that one.
func (m *Module) Gaps(ctx context.Context, tx core.Tx, promises []core.Promise) ([]core.Gap, error) {
	if len(promises) == 0 {
		return nil, nil
	}
	before, err := bounds(ctx, tx, promises[0].Pack)
	if err != nil {
		return nil, err
	}
	now, _, err := m.inForce(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	var gaps []core.Gap
	for _, p := range promises {
		k, known := byID[p.Key]
		if !known {
			return nil, errUnknown
		}
		if before[p.Key] == nil {
			before[p.Key] = &bound{}
		}
		if against := before[p.Key].add(k, p); against != "" {
			gaps = append(gaps, core.Gap{Promise: p, Value: k.text(now[k.index]), Against: against})
		}
	}
	for _, p := range promises {
		k := byID[p.Key]
		v, b := now[k.index], before[p.Key]
		alone := &bound{}
		alone.add(k, p)
		switch {
		case k.Direction == Free && p.Exact == "" && v.s == "":
			gaps = append(gaps, core.Gap{Promise: p})
		case k.Direction == Free && p.Exact == "":
		case !alone.keeps(k, v):
			gaps = append(gaps, core.Gap{Promise: p, Value: k.text(v), Want: k.text(b.hold(k, v))})
		}
	}
	return gaps, nil
}

// Tighten sets the provider's settings to what gaps want, in the transaction of act.
func (m *Module) Tighten(ctx context.Context, tx core.Tx, act *core.Act, gaps []core.Gap) error {
	view, err := m.view(ctx, tx, core.Platform)
	if err != nil {
		return err
	}
	want := map[string]string{}
	edit := Edit{}
	for _, g := range gaps {
		if _, twice := want[g.Key]; twice || g.Want == "" {
			continue
		}
		want[g.Key] = g.Want
		edit.source = g.Pack
		edit.Changes = append(edit.Changes, Change{Key: g.Key, Value: g.Want})
	}
	return m.apply(ctx, tx, act, view, edit)
}

// Start holds the provider to values given in the configuration: what is looser in force is raised to them, what is stricter
// stays. A value that breaks a published clause, or that cannot be read, is refused with every mistake at once.
func (m *Module) Start(ctx context.Context, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	view, err := m.Read(ctx, core.Platform)
	if err != nil {
		return err
	}
	bad, edit := errInvalid, Edit{Reason: "configuration", source: "configuration"}
	known := map[string]bool{}
	for _, s := range view.Settings {
		raw, given := values[s.ID]
		if !given {
			continue
		}
		known[s.ID] = true
		v, code, args := s.Key.parse(raw)
		if code == "" {
			code, args = s.bound.refuse(s.Key, v)
		}
		switch {
		case code != "":
			bad = bad.With(s.ID, code, args...)
		case !s.Set, s.Key.looser(s.Key.must(s.Own), v):
			edit.Changes = append(edit.Changes, Change{Key: s.ID, Value: s.Key.text(v)})
		}
	}
	for key := range values {
		if !known[key] {
			bad = bad.With(key, errUnknown.Code)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if len(edit.Changes) == 0 {
		return nil
	}
	return m.Save(ctx, core.Platform, edit)
}

// Promise replaces what a pack demands: from the commit on, nothing can be saved below it, and nothing below it is in force.
func (m *Module) Promise(ctx context.Context, tx core.Tx, pack string, promises []core.Promise) error {
	if _, err := tx.Exec(ctx, qUnpromise, pack); err != nil {
		return err
	}
	for _, p := range promises {
		if _, known := byID[p.Key]; !known {
			return errUnknown
		}
		if _, err := tx.Exec(ctx, qPromise, pack, p.Clause, p.Key, p.Floor, p.Exact); err != nil {
			return fmt.Errorf("settings: promise %s: %w", p.Clause, err)
		}
	}
	return renew(ctx, tx)
}

// Read reads a text as a value in its one form; a non-empty code says what is wrong with it.
func (k *Key) Read(raw string) (text, code string, args []any) {
	v, code, args := k.parse(raw)
	if code != "" {
		return "", code, args
	}
	return k.text(v), "", nil
}

// Looser tells whether a value demands less than a floor; both as Read gives them.
func (k *Key) Looser(text, floor string) bool { return k.looser(k.must(text), k.must(floor)) }
