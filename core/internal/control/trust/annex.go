package trust

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/export"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errNoAnnex = i18n.Fault(core.NotFound, "annex.absent", "Cette annexe n'existe pas.", "There is no such annex.")
	errForm    = i18n.Fault(core.Invalid, "annex.form", "Choisissez html, pdf ou odt.", "Choose html, pdf or odt.")
	errSame    = i18n.Fault(core.Conflict, "annex.same", "Rien n'a changé depuis la dernière annexe : elle vaut toujours.", "Nothing has changed since the last annex: it still stands.")
	errMany    = i18n.Fault(core.Conflict, "annex.at_once", "Une autre annexe vient d'être établie. Relisez la liste.", "Another annex was just made. Read the list again.")
)

// Kept is an annex that was given.
type Kept struct {
	Org    core.ID
	Number int64
	At     time.Time
	Hash   string
	MadeBy core.ID
	// Changes is the difference from the one before, newest first in a list; nil for the first one.
	Changes []annex.Change
}

var (
	qAnnexes  = db.SQL(`SELECT number, at, hash, made_by, document FROM trust_annex WHERE org = $1 ORDER BY number DESC LIMIT 100`)
	qAnnex    = db.SQL(`SELECT number, at, hash, made_by, document FROM trust_annex WHERE org = $1 AND number = $2`)
	qAddAnnex = db.SQL(`INSERT INTO trust_annex (org, number, at, hash, document, made_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org, number) DO NOTHING`)
)

type keptRow struct {
	Kept
	snapshot []byte
}

func scanKept(org core.ID) func(db.Scan) (keptRow, error) {
	return func(scan db.Scan) (k keptRow, err error) {
		var at int64
		err = scan(&k.Number, &at, &k.Hash, &k.MadeBy, &k.snapshot)
		k.Org, k.At = org, clock.FromMicros(at)
		return k, err
	}
}

// aside is the module's own look at the controls for somebody whose right was decided by another act.
func aside(ctx context.Context) context.Context {
	return core.WithActor(ctx, core.System("trust"))
}

// state is the annex as it would be made now; nothing is kept. It decides nothing: who calls has done so.
func (m *Module) state(ctx context.Context, org core.ID) (annex.Document, error) {
	ctx = aside(ctx)
	d := annex.Document{ID: org, Version: 1, At: m.needs.Clock.Now().UTC(), Software: m.needs.Version, Origin: m.needs.Origin}
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		provider, err := m.needs.Orgs.Org(ctx, tx, core.Platform)
		if err != nil {
			return err
		}
		d.Provider = provider.Name
		client, err := m.needs.Orgs.Org(ctx, tx, org)
		d.Organization = client.Name
		return err
	})
	if err != nil {
		return d, err
	}
	if d.Clauses, err = m.clauses(ctx, org, control.Filter{}); err != nil {
		return d, err
	}
	if err := m.packs(ctx, org, &d); err != nil {
		return d, err
	}
	rules, err := m.needs.Rules(ctx, org)
	if err != nil {
		return d, err
	}
	for i, c := range d.Clauses {
		d.Clauses[i].Settings = AskedOf(rules, c)
	}
	for _, r := range rules {
		if r.Tighter && org != core.Platform {
			d.Tightened = append(d.Tightened, annex.Setting{Key: r.Key, Title: r.Title, Demand: r.Floor, Value: r.Value, Clause: imposes(r)})
		}
	}
	if d.Contacts, err = m.needs.Contacts(ctx, org); err != nil {
		return d, err
	}
	d.Checkpoint, d.Key, err = m.needs.Journal.Head(ctx, org)
	return d, err
}

// clauses gives those of a place. A client sees of a probe its status, when it ran, on how many, and which entry records it;
// not what it saw inside the platform, which may be about others.
func (m *Module) clauses(ctx context.Context, org core.ID, f control.Filter) ([]annex.Clause, error) {
	all, _, err := m.needs.Controls.Clauses(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]annex.Clause, 0, len(all))
	if org == core.Platform {
		for _, c := range all {
			out = append(out, m.named(annex.ClauseOf(c)))
		}
		return out, nil
	}
	last := map[string]annex.Probe{}
	for _, c := range all {
		for _, p := range annex.ClauseOf(c).Probes {
			last[p.ID] = p
		}
	}
	list, _, err := m.needs.Controls.Promised(ctx, org, f)
	for _, c := range list {
		one := annex.ClauseOf(c)
		for i, p := range one.Probes {
			if p.End.IsZero() {
				seen := last[p.ID]
				p.Start, p.End, p.Expires, p.Sample, p.Population = seen.Start, seen.End, seen.Expires, seen.Sample, seen.Population
				p.Observation, p.Log, p.Entry, p.Position = seen.Observation, seen.Log, seen.Entry, seen.Position
				one.Probes[i] = p
			}
		}
		out = append(out, m.named(one))
	}
	return out, err
}

// named says the attestations of a clause in words.
func (m *Module) named(c annex.Clause) annex.Clause {
	for i, s := range c.Standings {
		if m.needs.Attestation != nil {
			c.Standings[i].Title = m.needs.Attestation(s.Kind)
		}
	}
	return c
}

// packs names the policies that the clauses belong to, at the version promised to the organization.
func (m *Module) packs(ctx context.Context, org core.ID, d *annex.Document) error {
	views, err := m.needs.Controls.Packs(ctx)
	if err != nil {
		return err
	}
	pinned := map[string]control.Pin{}
	if org != core.Platform {
		pins, err := m.needs.Controls.PinsOf(ctx, org)
		if err != nil {
			return err
		}
		for _, p := range slices.Backward(pins) { // newest first: the newest of each pack stays
			pinned[p.Pack] = p
		}
	}
	for _, v := range views {
		if !slices.ContainsFunc(d.Clauses, func(c annex.Clause) bool { return c.Pack == v.ID }) {
			continue
		}
		one := annex.Pack{ID: v.ID, Version: v.Version, Hash: v.Hash, Title: v.Title, Issuer: v.Issuer}
		if p := v.InForce; p != nil {
			one.Version, one.Hash = p.Version, p.Hash
		}
		if p, ok := pinned[v.ID]; ok {
			one.Version, one.Hash = p.Version, p.Hash
		}
		d.Packs = append(d.Packs, one)
	}
	return nil
}

// AskedOf are the settings that a clause demands something of, with the values in force.
func AskedOf(rules []Rule, c annex.Clause) []annex.Setting {
	var list []annex.Setting
	for _, r := range rules {
		for _, a := range r.Clauses {
			if a.Pack != c.Pack || a.Clause != c.ID {
				continue
			}
			demand := a.Exact
			if demand == "" {
				demand = a.Least
			}
			list = append(list, annex.Setting{Key: r.Key, Title: r.Title, Demand: demand, Value: r.Value, Clause: a.Clause})
		}
	}
	return list
}

func imposes(r Rule) string {
	var ids []string
	for _, a := range r.Clauses {
		if !slices.Contains(ids, a.Clause) {
			ids = append(ids, a.Clause)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, ", ")
}

// placeOf is where an act about an organization happens: staff act on the platform.
func placeOf(in, org core.ID) (place, resource core.ID) {
	if in == core.Platform {
		return core.Platform, org
	}
	return org, org
}

// Annexes lists those given to an organization, newest first; in is where who asks acts: the organization, or Platform.
func (m *Module) Annexes(ctx context.Context, in, org core.ID) ([]Kept, error) {
	var list []Kept
	place, resource := placeOf(in, org)
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadAnnexes, Org: place, Resource: resource}, func(tx core.Tx) error {
		rows, err := db.All(ctx, tx, qAnnexes, scanKept(org), org)
		if err != nil {
			return err
		}
		list = make([]Kept, len(rows))
		docs := make([]annex.Document, len(rows))
		for i, r := range rows {
			list[i] = r.Kept
			if docs[i], err = annex.Parse(r.snapshot); err != nil {
				return err
			}
		}
		for i := range len(list) - 1 {
			list[i].Changes = annex.Compare(docs[i+1], docs[i])
		}
		return nil
	})
	return list, err
}

// Draft is the annex as it stands now, and what changed since the last one given.
func (m *Module) Draft(ctx context.Context, in, org core.ID) (annex.Document, []annex.Change, error) {
	place, resource := placeOf(in, org)
	var last keptRow
	var found bool
	err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadAnnexes, Org: place, Resource: resource}, func(tx core.Tx) (err error) {
		last, found, err = m.last(ctx, tx, org)
		return err
	})
	if err != nil {
		return annex.Document{}, nil, err
	}
	d, err := m.state(ctx, org)
	if err != nil || !found {
		return d, nil, err
	}
	d.Version = last.Number + 1
	old, err := annex.Parse(last.snapshot)
	return d, annex.Compare(old, d), err
}

func (m *Module) last(ctx context.Context, tx core.Tx, org core.ID) (keptRow, bool, error) {
	rows, err := db.All(ctx, tx, qAnnexes, scanKept(org), org)
	if err != nil || len(rows) == 0 {
		return keptRow{}, false, err
	}
	return rows[0], true, nil
}

// Make keeps the annex as it stands now as the next version of an organization's.
func (m *Module) Make(ctx context.Context, in, org core.ID) (Kept, error) {
	place, _ := placeOf(in, org)
	act := &core.Act{Def: MakeAnnex, Org: place}
	// The state is read apart from the write: one question to the gate before, so that nobody else can ask for it.
	if err := m.needs.Gate.Read(ctx, &core.Act{Def: ReadAnnexes, Org: place, Resource: org}, func(core.Tx) error { return nil }); err != nil {
		return Kept{}, err
	}
	d, err := m.state(ctx, org)
	if err != nil {
		return Kept{}, err
	}
	var k Kept
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		d.Version = 1
		last, found, err := m.last(ctx, tx, org)
		if err != nil {
			return err
		}
		if found {
			d.Version = last.Number + 1
			old, err := annex.Parse(last.snapshot)
			if err != nil {
				return err
			}
			if len(annex.Compare(old, d)) == 0 && d.At.Sub(old.At) < sameFor {
				return errSame
			}
		}
		snapshot, err := d.Bytes()
		if err != nil {
			return err
		}
		k = Kept{Org: org, Number: d.Version, At: d.At, Hash: annex.Hash(snapshot), MadeBy: by(ctx)}
		// The hash stands in the clear part of the entry: a file shown later is genuine when an entry names it.
		act.Resource = core.ID(k.Hash)
		n, err := tx.Exec(ctx, qAddAnnex, org, k.Number, clock.Micros(k.At), k.Hash, snapshot, k.MadeBy)
		if err == nil && n == 0 {
			return errMany
		}
		return err
	})
	return k, err
}

// sameFor is how long an annex stands without a change: after a day one may want fresh dates of evidence.
const sameFor = 24 * time.Hour

func by(ctx context.Context) core.ID {
	if a := core.ActorOf(ctx); a.Kind == core.HumanActor {
		return a.ID
	}
	return ""
}

// Annex opens a kept annex.
func (m *Module) Annex(ctx context.Context, in, org core.ID, number int64) (d annex.Document, k Kept, err error) {
	place, resource := placeOf(in, org)
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadAnnexes, Org: place, Resource: resource}, func(tx core.Tx) error {
		d, k, err = m.open(ctx, tx, org, number)
		return err
	})
	return d, k, err
}

func (m *Module) open(ctx context.Context, tx core.Tx, org core.ID, number int64) (annex.Document, Kept, error) {
	row, found, err := db.One(ctx, tx, qAnnex, scanKept(org), org, number)
	if err != nil {
		return annex.Document{}, Kept{}, err
	}
	if !found {
		return annex.Document{}, Kept{}, errNoAnnex
	}
	d, err := annex.Parse(row.snapshot)
	return d, row.Kept, err
}

// File draws a kept annex in a form ("html", "pdf", "odt") and a language.
func File(d annex.Document, k Kept, form string, lang i18n.Lang) (export.File, error) {
	name := "annex-" + k.At.UTC().Format("2006-01-02") + "-" + lang.String() + "." + form
	var b []byte
	var kind string
	var err error
	switch form {
	case "html":
		kind = "text/html; charset=utf-8"
		b, err = annex.HTML(d, lang, k.Hash)
	case "pdf":
		kind = "application/pdf"
		b, err = annex.PDF(d, lang, k.Hash)
	case "odt":
		kind = "application/vnd.oasis.opendocument.text"
		b, err = annex.ODT(d, lang, k.Hash)
	default:
		err = errForm
	}
	return export.File{Name: name, Type: kind, Bytes: b}, err
}

// Export gives the controls of an organization, or of the whole platform, in a format; it is an entry of the journal.
func (m *Module) Export(ctx context.Context, in, org core.ID, f export.Format) (file export.File, err error) {
	place, resource := placeOf(in, org)
	act := &core.Act{Def: ExportControls, Org: place, Resource: resource}
	act.Changed("format", "", string(f))
	if err := m.needs.Gate.Read(ctx, act, func(core.Tx) error { return nil }); err != nil {
		return file, err
	}
	d, err := m.state(ctx, org)
	if err != nil {
		return file, err
	}
	return export.Write(ctx, d, f)
}

// see asks the gate whether the actor may see the controls of a place.
func (m *Module) see(ctx context.Context, org core.ID) error {
	act := &core.Act{Def: control.ReadClauses, Org: core.Platform}
	if org != core.Platform {
		act = &core.Act{Def: control.ReadPromises, Org: org}
	}
	return m.needs.Gate.Read(ctx, act, func(core.Tx) error { return nil })
}

// Clauses gives the clauses of a place, for whoever sees its controls.
func (m *Module) Clauses(ctx context.Context, org core.ID, f control.Filter) ([]annex.Clause, error) {
	if err := m.see(ctx, org); err != nil {
		return nil, err
	}
	return m.clauses(aside(ctx), org, f)
}

// Policies names the policies, for whoever sees the controls of a place.
func (m *Module) Policies(ctx context.Context, org core.ID) ([]control.PackView, error) {
	if err := m.see(ctx, org); err != nil {
		return nil, err
	}
	return m.needs.Controls.Packs(aside(ctx))
}

// Rules gives the settings of a place, for whoever sees its controls.
func (m *Module) Rules(ctx context.Context, org core.ID) ([]Rule, error) {
	if err := m.see(ctx, org); err != nil {
		return nil, err
	}
	return m.needs.Rules(aside(ctx), org)
}

// History gives how a promise made to an organization held over days: the whole pack when clause is "".
func (m *Module) History(ctx context.Context, org core.ID, pack, clause string, days int) (control.Days, error) {
	if err := m.see(ctx, org); err != nil {
		return control.Days{}, err
	}
	if org != core.Platform {
		list, _, err := m.needs.Controls.Promised(aside(ctx), org, control.Filter{Pack: pack, Clause: clause})
		if err != nil {
			return control.Days{}, err
		}
		if len(list) == 0 {
			return control.Days{}, errNoAnnex
		}
	}
	return m.needs.Controls.History(aside(ctx), pack, clause, days)
}

// Past is how the promises of one policy held over days.
type Past struct {
	Pack string
	Days control.Days
}

// Histories gives how whole policies held, for whoever sees the controls of a place; those of which nothing is known are
// left out. The policies are those of clauses that Clauses gave.
func (m *Module) Histories(ctx context.Context, org core.ID, clauses []annex.Clause, only string, days int) ([]Past, error) {
	if err := m.see(ctx, org); err != nil {
		return nil, err
	}
	var list []Past
	for _, c := range clauses {
		if only != "" && only != c.Pack || slices.ContainsFunc(list, func(p Past) bool { return p.Pack == c.Pack }) {
			continue
		}
		d, err := m.needs.Controls.History(aside(ctx), c.Pack, "", days)
		if core.KindOf(err) == core.NotFound {
			continue
		} else if err != nil {
			return nil, err
		}
		list = append(list, Past{c.Pack, d})
	}
	return list, nil
}
