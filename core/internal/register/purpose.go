package register

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// topic tells every node that an activity was suspended, or put in force again.
const topic = "register"

var errPurpose = i18n.Fault(core.Forbidden, "purpose.unknown",
	"Le registre ne prévoit pas cet usage des données (%s, finalité « %s »). Si l'activité a été suspendue, le délégué à la protection des données peut la remettre en vigueur dans le registre.",
	"The register does not provide for this use of data (%s, purpose “%s”). If the activity was suspended, the data-protection officer can put it in force again in the register.")

// rule is what the gate must know of an act: the activities that it belongs to, and the purposes of all of them.
type rule struct {
	activities []core.Activity
	declared   []core.Purpose
}

// suspended holds, for each organization where an activity is suspended, the purposes that acts still have. What is
// suspended on the platform is suspended everywhere.
type suspended struct {
	orgs map[core.ID]map[*core.ActDef][]core.Purpose
	list map[core.ID][]string // activities, by organization
}

var qSuspended = db.SQL(`SELECT org, activity FROM register_suspension WHERE lifted_at = 0`)

// Learn takes the manifests of every room, before the gate is made. It gives what they leave open: the house does not open on any.
func (m *Module) Learn(manifests ...core.Manifest) []string {
	m.manifests = manifests
	for _, one := range manifests {
		for _, a := range one.Acts {
			own := carriers(one.Activities, a)
			m.rules[a] = &rule{activities: own, declared: purposes(own)}
		}
	}
	return Gaps(manifests)
}

// Load reads which activities are suspended, then hears of each change from every node.
func (m *Module) Load(ctx context.Context) error {
	m.cancel = m.needs.DB.Listen(topic, func(string) { m.reload() })
	return m.load(ctx)
}

// Close stops hearing.
func (m *Module) Close() {
	if m.cancel != nil {
		m.cancel()
	}
}

// reload tries until it knows: what it knew stands meanwhile.
func (m *Module) reload() {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	for ctx.Err() == nil {
		err := m.load(ctx)
		if err == nil {
			return
		}
		m.needs.Log.Warn("cannot read which activities are suspended, trying again", "error", err.Error())
		time.Sleep(50 * time.Millisecond)
	}
}

type pair struct {
	org      core.ID
	activity string
}

func (m *Module) load(ctx context.Context) error {
	m.loading.Lock() // a later look is never overwritten by an earlier one
	defer m.loading.Unlock()
	var rows []pair
	err := m.needs.DB.Read(ctx, func(tx core.Tx) (err error) {
		rows, err = db.All(ctx, tx, qSuspended, func(scan db.Scan) (p pair, err error) { err = scan(&p.org, &p.activity); return p, err })
		return err
	})
	if err != nil {
		return err
	}
	next := &suspended{orgs: map[core.ID]map[*core.ActDef][]core.Purpose{}, list: map[core.ID][]string{}}
	for _, p := range rows {
		next.list[p.org] = append(next.list[p.org], p.activity)
	}
	for org, own := range next.list {
		stopped := slices.Concat(own, next.list[core.Platform])
		next.orgs[org] = map[*core.ActDef][]core.Purpose{}
		for def, r := range m.rules {
			next.orgs[org][def] = purposes(slices.DeleteFunc(slices.Clone(r.activities), func(a core.Activity) bool { return slices.Contains(stopped, a.ID) }))
		}
	}
	m.state.Store(next)
	return nil
}

// Bar implements core.Warden: the purpose of an act is one that an activity in force of its module has, among those that carry it out. What the platform
// deletes by itself, and what a person asks of their own data, goes on while an activity is suspended.
func (m *Module) Bar(ctx context.Context, _ core.Tx, actor core.Actor, act *core.Act) error {
	if err := m.bar(ctx, actor, act); err != nil {
		return err
	}
	for _, also := range act.Also {
		if err := m.bar(ctx, actor, also); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) bar(ctx context.Context, actor core.Actor, act *core.Act) error {
	purpose := cmp.Or(act.Purpose, act.Def.Purpose)
	r := m.rules[act.Def]
	if r == nil {
		return refusal(ctx, act.Def, purpose)
	}
	allowed := r.declared
	if s := m.state.Load(); len(s.orgs) > 0 && !outlives(actor, act.Def) {
		org := cmp.Or(act.Org, core.Platform)
		left, ok := s.orgs[org][act.Def]
		if !ok {
			left, ok = s.orgs[core.Platform][act.Def]
		}
		if ok {
			allowed = left
		}
	}
	if slices.Contains(allowed, purpose) {
		return nil
	}
	return refusal(ctx, act.Def, purpose)
}

// outlives tells whether an act goes on while its activity is suspended.
func outlives(actor core.Actor, def *core.ActDef) bool {
	return actor.Kind == core.SystemActor && def.Verb == core.Deletes ||
		def.Reach == core.BySelf && (def.Verb == core.Reads || def.Verb == core.Exports || def.Verb == core.Deletes)
}

func refusal(ctx context.Context, def *core.ActDef, purpose core.Purpose) error {
	e := *errPurpose
	e.Args = []any{i18n.From(def.Title).In(ctx), PurposeTitle(purpose).In(ctx)}
	return &e
}
