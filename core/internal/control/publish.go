package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/policies"
)

// JobTell is the kind of the job that tells organizations of a version.
const JobTell = "control.tell"

var (
	errNoPack    = i18n.Fault(core.NotFound, "policy.absent", "Cette politique n'existe pas, ou n'est pas en vigueur.", "There is no such policy, or it is not in force.")
	errReason    = i18n.Fault(core.Invalid, "policy.reason_missing", "Dites pourquoi : la raison est gardée au journal.", "Say why: the reason is kept in the journal.")
	errUnread    = i18n.Fault(core.Invalid, "policy.unreadable", "Le texte de la politique est à corriger :\n%s", "The text of the policy needs correcting:\n%s")
	errWeaker    = i18n.Fault(core.Conflict, "policy.weaker_settings", "Des paramètres sont moins stricts que ce que la politique promet : durcissez-les d'abord, ou demandez de les durcir en publiant.", "Settings are weaker than what the policy promises: tighten them first, or ask to tighten them when publishing.")
	errClash     = i18n.Fault(core.Conflict, "policy.clash", "Des clauses ne peuvent pas être tenues ensemble avec celles d'une autre politique en vigueur.", "Clauses cannot be kept together with those of another policy in force.")
	errSame      = i18n.Fault(core.Conflict, "policy.same", "Cette version est déjà en vigueur.", "This version is in force already.")
	errNotInPack = i18n.Fault(core.NotFound, "policy.no_clause", "Cette clause n'est pas promise par la politique en vigueur.", "The policy in force does not promise this clause.")

	reasonGap   = i18n.Reason("policy.gap", "La clause %s demande %s ; la valeur en vigueur est %s.", "Clause %s asks for %s; the value in force is %s.")
	reasonClash = i18n.Reason("policy.gap_clash", "La clause %s demande %s ; la clause %s, en vigueur, l'exclut.", "Clause %s asks for %s; clause %s, in force, excludes it.")
)

// pick reads the pack that an order names.
func (m *Module) pick(o Order) (*policies.Pack, error) {
	if len(o.Source) == 0 {
		for _, p := range m.needs.Shipped() {
			if strings.EqualFold(p.ID, o.Pack) {
				return p, nil
			}
		}
		return nil, errNoPack
	}
	name := o.Name
	if name == "" {
		name = "policy.yaml"
	}
	p, err := m.needs.Parse(name, o.Source)
	if err == nil {
		if found := policies.Check(p, m.needs.Catalogue()); found.Fatal() {
			err = found
		}
	}
	if err != nil {
		e := *errUnread
		e.Args = []any{err.Error()}
		return nil, &e
	}
	return p, nil
}

// hashOf pins what is promised: the text, less the clauses withdrawn from it.
func hashOf(p *policies.Pack, without []string) string {
	if len(without) == 0 {
		return p.Hash
	}
	sum := sha256.Sum256([]byte(p.Hash + "\nwithout " + strings.Join(without, " ") + "\n"))
	return hex.EncodeToString(sum[:])
}

// less is a pack without the clauses withdrawn from it.
func less(p *policies.Pack, without []string) *policies.Pack {
	c := *p
	c.Clauses = slices.DeleteFunc(slices.Clone(p.Clauses), func(c policies.Clause) bool { return slices.Contains(without, c.ID) })
	return &c
}

// demands are what the clauses of a pack ask of settings.
func demands(p *policies.Pack) []core.Promise {
	var all []core.Promise
	for i := range p.Clauses {
		for _, d := range p.Clauses[i].Settings {
			all = append(all, core.Promise{Pack: p.ID, Clause: p.Clauses[i].ID, Key: d.Key, Floor: d.Floor, Exact: d.Exact})
		}
	}
	return all
}

// weak makes the refusal that lists gaps.
func weak(gaps []core.Gap) error {
	clash, weaker := errClash, errWeaker
	for _, g := range gaps {
		asked := g.Floor
		if g.Exact != "" {
			asked = g.Exact
		}
		if g.Against != "" {
			clash = clash.With(g.Key, reasonClash, g.Clause, asked, g.Against)
		} else if g.Want != "" {
			weaker = weaker.With(g.Key, reasonGap, g.Clause, asked, g.Value)
		}
	}
	if len(clash.Fields) > 0 {
		return clash
	}
	if len(weaker.Fields) > 0 {
		return weaker
	}
	return nil
}

// Preview tells what publishing would do, without doing it: gaps, clauses that would stand apart, changes, who is concerned.
func (m *Module) Preview(ctx context.Context, o Order) (out Published, err error) {
	pack, err := m.pick(o)
	if err != nil {
		return out, err
	}
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		out, err = m.prepare(ctx, tx, pack)
		return err
	})
	return out, err
}

// prepare computes a publication.
func (m *Module) prepare(ctx context.Context, tx core.Tx, pack *policies.Pack) (out Published, err error) {
	w, err := m.load(ctx, tx)
	if err != nil {
		return out, err
	}
	out.Publication = Publication{Pack: pack, Number: 1, Hash: pack.Hash, State: inForce, PublishedAt: w.now, PublishedBy: personOf(core.ActorOf(ctx))}
	if out.Gaps, err = m.needs.Guard.Gaps(ctx, tx, demands(pack)); err != nil {
		return out, err
	}
	for i := range pack.Clauses {
		c := &pack.Clauses[i]
		if w.apart(c, out.Gaps) {
			out.Apart = append(out.Apart, c.ID)
		}
	}
	row, found, err := db.One(ctx, tx, qLatest, scanPublication, pack.ID)
	if err != nil || !found {
		return out, err
	}
	before, err := m.opened(ctx, tx, row)
	if err != nil {
		return out, err
	}
	out.Number = row.Number + 1
	out.Changes = policies.Diff(less(before.Pack, before.Withdrawn), pack, w.catalogue)
	out.Affected, err = m.pins(ctx, tx, pack.ID, row.Number)
	return out, err
}

// apart tells whether nothing can show a clause yet: it is published beside the others, marked, and never as held.
func (w *world) apart(c *policies.Clause, gaps []core.Gap) bool {
	if len(c.Missing) > 0 || c.Outside != (core.Text{}) || len(c.Probes)+len(c.Attestations) == 0 {
		return true
	}
	for _, id := range c.Probes {
		if w.probes[id] == nil {
			return true
		}
	}
	return slices.ContainsFunc(gaps, func(g core.Gap) bool { return g.Clause == c.ID && g.Want == "" })
}

// Publish puts a pack in force. Settings weaker than it demands are a refusal that lists them, or are raised when the
// order says so; from then on nobody can set them lower. Organizations are pinned to the version and told.
func (m *Module) Publish(ctx context.Context, o Order) (out Published, err error) {
	if strings.TrimSpace(o.Reason) == "" {
		return out, errReason.With("reason", errReason.Code)
	}
	pack, err := m.pick(o)
	if err != nil {
		return out, err
	}
	act := &core.Act{Def: PublishPolicy, Org: core.Platform, Resource: core.ID(pack.ID), Note: strings.TrimSpace(o.Reason)}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if out, err = m.prepare(ctx, tx, pack); err != nil {
			return err
		}
		if err := weak(out.Gaps); err != nil && (!o.Tighten || core.CodeOf(err) == errClash.Code) {
			return err
		}
		if len(out.Gaps) > 0 {
			if err := m.needs.Guard.Tighten(ctx, tx, act, out.Gaps); err != nil {
				return err
			}
		}
		return m.put(ctx, tx, act, &out)
	})
	return out, err
}

// put writes a publication in place of the one before.
func (m *Module) put(ctx context.Context, tx core.Tx, act *core.Act, out *Published) error {
	before, found, err := db.One(ctx, tx, qLatest, scanPublication, out.ID)
	if err != nil {
		return err
	}
	now := m.needs.Clock.Now()
	if found && before.State == inForce {
		if before.Hash == out.Hash && len(out.Gaps) == 0 && out.State == inForce {
			open, err := m.opened(ctx, tx, before)
			if err != nil {
				return err
			}
			if slices.Equal(open.Apart, out.Apart) {
				return errSame
			}
		}
		if _, err := tx.Exec(ctx, qEnd, out.ID, before.Number, replaced, clock.Micros(now)); err != nil {
			return err
		}
		act.Changed("hash", before.Hash, out.Hash)
	} else {
		act.Changed("hash", "", out.Hash)
	}
	ended := int64(0)
	if out.State != inForce {
		ended = clock.Micros(now)
	}
	act.Changed("version", before.version, out.Version)
	_, err = tx.Exec(ctx, qPublish, out.ID, out.Number, out.Version, out.Hash, out.Source, out.State, clock.Micros(now), out.PublishedBy, ended)
	if err != nil {
		return err
	}
	for i := range out.Clauses {
		id, state := out.Clauses[i].ID, promised
		switch {
		case out.State != inForce, slices.Contains(out.Withdrawn, id):
			state = withdrawn
			act.Changed("withdrawn", "", id)
		case slices.Contains(out.Apart, id):
			state = apart
		}
		if _, err := tx.Exec(ctx, qMark, out.ID, out.Number, id, state); err != nil {
			return err
		}
	}
	return m.enforce(ctx, tx, out)
}

// enforce hands what is promised to the guard, computes the statuses anew and has organizations told.
func (m *Module) enforce(ctx context.Context, tx core.Tx, out *Published) error {
	var list []core.Promise
	if out.State == inForce {
		list = demands(less(out.Pack, out.Withdrawn))
	}
	if err := m.needs.Guard.Promise(ctx, tx, out.ID, list); err != nil {
		return err
	}
	w, err := m.load(ctx, tx)
	if err != nil {
		return err
	}
	if err := w.turn(ctx, tx); err != nil {
		return err
	}
	_, err = m.needs.Jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobTell, Org: core.Platform, Key: JobTell})
	return err
}

// Withdraw takes clauses of a pack in force back, or the whole pack when none is named, in a new version. Organizations
// that were promised it are told.
func (m *Module) Withdraw(ctx context.Context, o Withdrawal) (out Published, err error) {
	if strings.TrimSpace(o.Reason) == "" {
		return out, errReason.With("reason", errReason.Code)
	}
	act := &core.Act{Def: PublishPolicy, Org: core.Platform, Resource: core.ID(o.Pack), Note: strings.TrimSpace(o.Reason)}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		row, found, err := db.One(ctx, tx, qLatest, scanPublication, o.Pack)
		if err != nil {
			return err
		}
		if !found || row.State != inForce {
			return errNoPack
		}
		before, err := m.opened(ctx, tx, row)
		if err != nil {
			return err
		}
		out = Published{Publication: *before}
		out.Number, out.PublishedBy, out.PublishedAt = row.Number+1, personOf(core.ActorOf(ctx)), m.needs.Clock.Now()
		for _, id := range o.Clauses {
			if _, there := before.Clause(id); !there || !before.promises(id) {
				return errNotInPack
			}
			out.Withdrawn = append(out.Withdrawn, id)
		}
		slices.Sort(out.Withdrawn)
		if len(o.Clauses) == 0 || len(out.Withdrawn) == len(out.Clauses) {
			out.State, out.Withdrawn, out.Apart = withdrawn, nil, nil
			for i := range out.Clauses {
				out.Withdrawn = append(out.Withdrawn, out.Clauses[i].ID)
			}
		}
		out.Apart = slices.DeleteFunc(slices.Clone(out.Apart), func(id string) bool { return slices.Contains(out.Withdrawn, id) })
		out.Hash = hashOf(out.Pack, out.Withdrawn)
		out.Changes = policies.Diff(less(before.Pack, before.Withdrawn), less(out.Pack, out.Withdrawn), m.needs.Catalogue())
		if out.Affected, err = m.pins(ctx, tx, o.Pack, row.Number); err != nil {
			return err
		}
		return m.put(ctx, tx, act, &out)
	})
	return out, err
}
