package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/verify"
)

var (
	errNoProbe = i18n.Fault(core.NotFound, "probe.absent", "Cette sonde n'existe pas.", "There is no such probe.")
	errRunning = i18n.Fault(core.Conflict, "probe.running", "Cette sonde tourne déjà.", "This probe is running already.")
	errTooSoon = i18n.Fault(core.TooMany, "probe.too_soon", "Cette sonde vient de tourner : attendez le temps indiqué.", "This probe has just run: wait for the time given.")
	errLost    = errors.New("control: another run of this probe took over")

	whyTimeout = i18n.T("La sonde n'a pas répondu à temps.", "The probe did not answer in time.")
)

const (
	patience = 2 * time.Minute        // how long one run may take
	lease    = patience + time.Minute // how long a dead node keeps a probe
	pause    = 10 * time.Second       // between two runs of one probe asked for by a person
	again    = 5 * time.Minute        // before a probe that could see nothing tries again
	abreast  = 3                      // probes that one order runs at once
	perTick  = 2                      // probes begun per minute, at most
)

// every is how often each kind of probe runs by itself.
var every = map[core.ProbeKind]time.Duration{
	core.SettingProbe: time.Hour, core.BehaviourProbe: 4 * time.Hour, core.DataProbe: 6 * time.Hour, core.OutsideProbe: 2 * time.Hour,
}

var (
	qKnown   = db.SQL(`INSERT INTO control_probe (probe, last, due_at, runner, lease, alert) VALUES ($1, '', $2, '', 0, '') ON CONFLICT (probe) DO NOTHING`)
	qTake    = db.SQL(`UPDATE control_probe SET runner = $2, lease = $3 WHERE probe = $1 AND lease < $4`)
	qGive    = db.SQL(`UPDATE control_probe SET runner = '', lease = 0, due_at = $3 WHERE probe = $1 AND runner = $2`)
	qSettle  = db.SQL(`UPDATE control_probe SET runner = '', lease = 0, last = $3, due_at = $4 WHERE probe = $1 AND runner = $2`)
	qDue     = db.SQL(`SELECT probe FROM control_probe WHERE due_at <= $1 AND lease < $2 ORDER BY due_at, probe LIMIT $3`)
	qTracked = db.SQL(`SELECT probe FROM control_probe`)
	qPutOff  = db.SQL(`UPDATE control_probe SET due_at = $2 WHERE probe = $1`)
)

// ObserveProbe records what a run saw; only the platform does it.
var ObserveProbe = &core.ActDef{
	Permission: "probe.observe", Resource: "observation", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
	Title: core.Text{FR: "Enregistrer un constat", EN: "Record an observation"},
}

// JobRun is the kind of the job that runs one probe.
const JobRun = "control.probe"

// spread gives a share of a period that is always the same for one probe, so that probes do not run all at once.
func spread(probe string, period time.Duration) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(probe))
	return time.Duration(h.Sum64() % uint64(period))
}

// period is how long after one run the next is due: often enough that evidence never expires while probes run.
func (w *world) period(p *core.Probe) time.Duration {
	return min(cmp.Or(every[p.Kind], time.Hour), w.lifetime(p.ID)/3)
}

// Plan makes a job of what is due and notes what has expired. One node does it each minute.
func (m *Module) Plan(ctx context.Context) error {
	now := m.needs.Clock.Now()
	err := m.needs.Gate.Keep(ctx, dutyLease, func(tx core.Tx) error {
		known, err := db.All(ctx, tx, qTracked, db.Value[string])
		if err != nil {
			return err
		}
		for _, p := range m.needs.Probes() {
			if !slices.Contains(known, p.ID) {
				first := now.Add(spread(p.ID, cmp.Or(every[p.Kind], time.Hour)) / 4)
				if _, err := tx.Exec(ctx, qKnown, p.ID, clock.Micros(first)); err != nil {
					return err
				}
			}
		}
		due, err := db.All(ctx, tx, qDue, db.Value[string], clock.Micros(now), clock.Micros(now), perTick)
		if err != nil {
			return err
		}
		for _, id := range due {
			if err := m.begin(ctx, tx, id, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.Refresh(ctx)
}

// begin hands a due probe to a node; one that this program does not have is put off for a day.
func (m *Module) begin(ctx context.Context, tx core.Tx, id string, now time.Time) error {
	if m.find(id) == nil {
		_, err := tx.Exec(ctx, qPutOff, id, clock.Micros(now.Add(24*time.Hour)))
		return err
	}
	if _, err := tx.Exec(ctx, qPutOff, id, clock.Micros(now.Add(lease))); err != nil { // should the job be lost
		return err
	}
	_, err := m.needs.Jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobRun, Org: core.Platform, Key: id, Payload: map[string]core.ID{"probe": core.ID(id)}, Most: 2})
	return err
}

func (m *Module) find(id string) *core.Probe {
	for _, p := range m.needs.Probes() {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// HandleRun runs the probe of a job, once, whatever becomes of the node.
func (m *Module) HandleRun(ctx context.Context, run jobs.Run) error {
	p := m.find(string(run.Payload["probe"]))
	if p == nil {
		return nil
	}
	turn := ids.New()
	err := m.needs.Gate.Keep(ctx, dutyLease, func(tx core.Tx) error { return m.take(ctx, tx, p.ID, turn) })
	if errors.Is(err, errRunning) {
		return nil // asked for by somebody meanwhile: its observation counts
	}
	if err != nil {
		return err
	}
	_, err = m.once(ctx, p, turn, run.Complete)
	return err
}

// take takes a probe for one run; nobody else runs it until it is given back or the lease ends.
func (m *Module) take(ctx context.Context, tx core.Tx, id string, turn core.ID) error {
	now := m.needs.Clock.Now()
	if _, err := tx.Exec(ctx, qKnown, id, clock.Micros(now)); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qTake, id, turn, clock.Micros(now.Add(lease)), clock.Micros(now))
	if err == nil && n == 0 {
		return errRunning.Because(fmt.Errorf("probe %s", id))
	}
	return err
}

// Run runs probes now; those that clauses in force rest on when none is named, and all when no pack
// is in force. One that another node runs already is left to it and not in the answer, unless it was named alone.
func (m *Module) Run(ctx context.Context, probes ...string) ([]Observation, error) {
	list, err := m.chosen(ctx, probes)
	if err != nil {
		return nil, err
	}
	turns := map[string]core.ID{}
	act := &core.Act{Def: RunProbe, Org: core.Platform}
	if len(list) == 1 {
		act.Resource = core.ID(list[0].ID)
	}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if wait := m.tooSoon(list); wait > 0 && core.ActorOf(ctx).Kind != core.SystemActor {
			return errTooSoon.After(wait)
		}
		clear(turns)
		for _, p := range list {
			turn := ids.New()
			err := m.take(ctx, tx, p.ID, turn)
			if errors.Is(err, errRunning) && len(list) > 1 {
				continue
			}
			if err != nil {
				return err
			}
			turns[p.ID] = turn
			act.Changed("probe", "", p.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m.together(ctx, list, turns)
}

// together runs probes that were taken, a few at a time, and gives what they saw in the order of the list.
func (m *Module) together(ctx context.Context, list []*core.Probe, turns map[string]core.ID) ([]Observation, error) {
	seen := make([]*Observation, len(list))
	errs := make([]error, len(list))
	next := make(chan int)
	var all sync.WaitGroup
	for range abreast {
		all.Go(func() {
			for i := range next {
				m.note(ctx, list[i].ID)
				seen[i], errs[i] = m.once(ctx, list[i], turns[list[i].ID], nil)
			}
		})
	}
	for i, p := range list {
		if turns[p.ID] != "" {
			next <- i
		}
	}
	close(next)
	all.Wait()
	var out []Observation
	for i := range list {
		switch {
		case errors.Is(errs[i], errLost): // another run's observation counts
			errs[i] = nil
		case seen[i] != nil:
			out = append(out, *seen[i])
		}
	}
	return out, errors.Join(errs...)
}

func (m *Module) chosen(ctx context.Context, names []string) ([]*core.Probe, error) {
	var list []*core.Probe
	for _, id := range names {
		p := m.find(id)
		if p == nil {
			return nil, errNoProbe
		}
		list = append(list, p)
	}
	if len(names) > 0 {
		return list, nil
	}
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		w, err := m.load(ctx, tx)
		if err != nil {
			return err
		}
		list = nil
		for _, p := range m.needs.Probes() {
			if len(w.force) == 0 || len(w.uses(p.ID)) > 0 {
				list = append(list, p)
			}
		}
		return nil
	})
	return list, err
}

// note remembers that a person asked for a probe.
func (m *Module) note(ctx context.Context, probe string) {
	if core.ActorOf(ctx).Kind == core.SystemActor {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[probe] = m.needs.Clock.Now()
}

// tooSoon bounds how often persons run one probe on this node: it gives how long they must wait.
func (m *Module) tooSoon(list []*core.Probe) (wait time.Duration) {
	now := m.needs.Clock.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range list {
		wait = max(wait, pause-now.Sub(m.asked[p.ID]))
	}
	return wait
}

// once runs a probe that was taken and records what it saw. also, when given, joins the transaction of the record.
func (m *Module) once(ctx context.Context, p *core.Probe, turn core.ID, also func(context.Context, core.Tx) error) (*Observation, error) {
	system := core.System("probe")
	system.Request = core.ActorOf(ctx).Request
	ctx = core.WithActor(ctx, system)
	o := &Observation{ID: ids.New(), Probe: p.ID, Version: m.needs.Version, Node: m.needs.Node, Log: core.Platform, Start: m.needs.Clock.Now()}
	var err error
	if o.Sight, err = m.look(ctx, p); err != nil {
		if ctx.Err() != nil { // this node stops: another one will look
			return nil, errors.Join(ctx.Err(), m.give(context.WithoutCancel(ctx), p.ID, turn))
		}
		m.needs.Log.InfoContext(ctx, "a probe could see nothing", "probe", p.ID, "error", err.Error())
		o.Sight = core.Sight{Why: unseen(err)}
		o.Failed = o.Why.EN
	}
	o.End = m.needs.Clock.Now()
	if err := m.record(ctx, p, o, turn, also); err != nil {
		return nil, errors.Join(err, m.give(context.WithoutCancel(ctx), p.ID, turn))
	}
	return o, nil
}

// give gives a probe back without an observation.
func (m *Module) give(ctx context.Context, probe string, turn core.ID) error {
	return m.needs.Gate.Keep(ctx, dutyLease, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qGive, probe, turn, clock.Micros(m.needs.Clock.Now().Add(again)))
		return err
	})
}

// unseen says in words why nothing could be seen.
func unseen(err error) core.Text {
	if errors.Is(err, context.DeadlineExceeded) {
		return said(whyTimeout)
	}
	words := probe.WordsOf(err)
	return core.Text{FR: plain(words.FR, 300), EN: plain(words.EN, 300)}
}

// plain makes one short line of a text.
func plain(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029' }), " ")
	if r := []rune(strings.ToValidUTF8(s, "?")); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// look plays the probe. One that panics, or does not come back, saw nothing.
func (m *Module) look(ctx context.Context, p *core.Probe) (core.Sight, error) {
	if p.Alone {
		m.stage.Lock()
		defer m.stage.Unlock()
	} else {
		m.stage.RLock()
		defer m.stage.RUnlock()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type result struct {
		sight core.Sight
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if broken := recover(); broken != nil {
				r = result{err: fmt.Errorf("the probe panicked: %v", broken)}
			}
			done <- r
		}()
		r.sight, r.err = m.needs.Play(ctx, p)
	}()
	select {
	case r := <-done:
		return r.sight, r.err
	case <-ctx.Done():
	}
	select { // it was told to stop: leave it a moment to clean up
	case r := <-done:
		if r.err == nil {
			r.err = ctx.Err()
		}
		return core.Sight{}, r.err
	case <-time.After(5 * time.Second):
		return core.Sight{}, ctx.Err()
	}
}

// record signs an observation and writes it with its entry, the state of its probe, its alert and the clauses that change.
func (m *Module) record(ctx context.Context, p *core.Probe, o *Observation, turn core.ID, also func(context.Context, core.Tx) error) error {
	o.Why = core.Text{FR: plain(o.Why.FR, 600), EN: plain(o.Why.EN, 600)}
	for k, v := range o.Settings {
		o.Settings[k] = plain(v, 200)
	}
	act := &core.Act{Def: ObserveProbe, Org: core.Platform}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		w, err := m.load(ctx, tx)
		if err != nil {
			return err
		}
		next := o.End.Add(w.period(p))
		if o.Failed != "" {
			next = o.End.Add(again)
		}
		n, err := tx.Exec(ctx, qSettle, p.ID, turn, o.ID, clock.Micros(next))
		if err != nil {
			return err
		}
		if n == 0 {
			return errLost
		}
		act.Resource, act.Entry = o.ID, ids.New()
		o.Entry, o.Expires = act.Entry, o.End.Add(w.lifetime(p.ID))
		if o.Position, err = m.needs.Journal.Size(ctx, tx, core.Platform); err != nil {
			return err
		}
		text, err := o.text()
		if err != nil {
			return err
		}
		if o.Signature, err = m.needs.Journal.Sign(text); err != nil {
			return err
		}
		act.Changed("digest", "", verify.ObservationDigest(text))
		act.Changed(p.ID, "", outcomeOf(o))
		if err := addObservation(ctx, tx, o); err != nil {
			return err
		}
		w.last[p.ID] = o
		if err := m.alert(ctx, tx, w, p, o); err != nil {
			return err
		}
		if err := w.turn(ctx, tx); err != nil {
			return err
		}
		if also != nil {
			return also(ctx, tx)
		}
		return nil
	})
}

// text is what is signed.
func (o *Observation) text() ([]byte, error) {
	v := verify.Observation{
		ID: string(o.ID), Probe: o.Probe, Outcome: outcomeOf(o), Start: clock.Micros(o.Start), End: clock.Micros(o.End),
		Expires: clock.Micros(o.Expires), Population: uint64(max(o.Population, 0)), Sample: uint64(max(o.Sample, 0)),
		Version: plain(o.Version, 200), Node: plain(o.Node, 200), Log: string(o.Log), Entry: string(o.Entry), Position: o.Position,
		WhyFR: o.Why.FR, WhyEN: o.Why.EN, Settings: o.Settings,
	}
	for _, id := range o.Entries {
		v.Witnesses = append(v.Witnesses, string(id))
	}
	return v.Text()
}
