package recognition

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/line"
)

const (
	leaseLife = 15 * time.Second
	looksEach = 2 * time.Second
	// looksIdle is how often while no organization has an exchange: one that is connected is told at once.
	looksIdle = 30 * time.Second
	// patience is how long an exchange that refused us is left alone: its passwords are typed by people.
	patience = 5 * time.Minute
	retry    = 10 * time.Second
)

// The conditions of an exchange.
const (
	conditionStarting = "starting"
	conditionUp       = "up"
	conditionDown     = "down"
	conditionRefused  = "refused"
)

var (
	qLease = db.SQL(`INSERT INTO recognition_lease (org, line, holder, until_at, condition, why, seen_at, event_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (org, line) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at, condition = excluded.condition, why = excluded.why,
		seen_at = excluded.seen_at, event_at = CASE WHEN excluded.event_at > recognition_lease.event_at THEN excluded.event_at ELSE recognition_lease.event_at END
		WHERE recognition_lease.holder = excluded.holder OR recognition_lease.until_at < excluded.seen_at`)
	qRelease  = db.SQL(`UPDATE recognition_lease SET until_at = 0 WHERE org = $1 AND line = $2 AND holder = $3`)
	qStarting = db.SQL(`UPDATE recognition_lease SET condition = 'starting', why = '' WHERE org = $1 AND line = $2`)
)

// runner is one exchange that this node speaks to.
type runner struct {
	row    lineRow
	stop   context.CancelFunc
	done   chan struct{}
	mu     sync.Mutex
	line   line.Line
	state  string
	why    string
	event  time.Time
	leased time.Time // until when the lease is ours
	told   string    // state last written
}

func (r *runner) set(state, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state, r.why = state, why
}

// condition gives how it goes; a line that knows better is asked.
func (r *runner) condition() (state, why string, event time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if knows, ok := r.line.(interface{ Up() error }); ok && r.state == conditionUp {
		if err := knows.Up(); err != nil {
			return conditionDown, "line.down", r.event
		}
	}
	return r.state, r.why, r.event
}

// switchboard is the work of one node: the exchanges whose lease it holds.
type switchboard struct {
	m       *Module
	node    string
	running map[core.ID]*runner
	errands sync.WaitGroup
}

// runExchanges speaks to the exchanges whose lease this node holds, until ctx ends.
func (m *Module) runExchanges(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System("recognition.line"))
	s := &switchboard{m: m, node: string(ids.New()), running: map[core.ID]*runner{}}
	defer s.close(ctx)
	tick := time.NewTicker(looksEach)
	defer tick.Stop()
	for {
		there, err := s.look(ctx)
		if err != nil && ctx.Err() == nil {
			m.needs.Log.WarnContext(ctx, "exchanges not looked at", "error", err.Error())
		}
		if tick.Reset(looksEach); err == nil && there == 0 {
			tick.Reset(looksIdle)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-m.calls.wake:
		}
	}
}

func (s *switchboard) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, r := range s.running {
		s.end(ctx, r)
	}
	s.errands.Wait()
}

func (s *switchboard) end(ctx context.Context, r *runner) {
	r.stop()
	<-r.done
	delete(s.running, r.row.ID)
	err := s.m.needs.Gate.Keep(ctx, &leaseDuty, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qRelease, r.row.Org, r.row.ID, s.node)
		return err
	})
	if err != nil {
		s.m.needs.Log.WarnContext(ctx, "lease not given back", "line", r.row.ID, "error", err.Error())
	}
}

// look starts what should run here, ends what should not, renews leases and does errands. It tells how many exchanges there are.
func (s *switchboard) look(ctx context.Context) (there int, err error) {
	var rows []lineRow
	err = s.m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		rows, err = db.All(ctx, tx, qRunning, scanLine)
		return err
	})
	if err != nil {
		return 0, err
	}
	for id, r := range s.running {
		if i := slices.IndexFunc(rows, func(row lineRow) bool { return row.ID == id }); i < 0 || rows[i].Version != r.row.Version {
			s.end(ctx, r)
		}
	}
	for _, row := range rows {
		r := s.running[row.ID]
		if r == nil {
			if row.holder != s.node && s.m.now().Before(row.until) {
				continue // another node's
			}
			r = &runner{row: row, state: conditionStarting}
		}
		held, err := s.lease(ctx, r)
		switch {
		case err != nil:
			return 0, err
		case !held && s.running[row.ID] != nil:
			s.end(ctx, r)
		case held && s.running[row.ID] == nil:
			s.start(ctx, r)
		}
	}
	return len(rows), s.doErrands(ctx)
}

// lease takes or renews a lease when it is time to, or when there is something new to tell.
func (s *switchboard) lease(ctx context.Context, r *runner) (held bool, err error) {
	state, why, event := r.condition()
	now := s.m.now()
	if r.leased.Sub(now) > leaseLife*2/3 && r.told == state+why {
		return true, nil
	}
	err = s.m.needs.Gate.Keep(ctx, &leaseDuty, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qLease, r.row.Org, r.row.ID, s.node, clock.Micros(now.Add(leaseLife)), state, why, clock.Micros(now), clock.Micros(event))
		held = n > 0
		return err
	})
	if err == nil && held {
		r.leased, r.told = now.Add(leaseLife), state+why
	}
	return held, err
}

func (s *switchboard) start(ctx context.Context, r *runner) {
	ctx, r.stop = context.WithCancel(ctx)
	r.done = make(chan struct{})
	s.running[r.row.ID] = r
	go func() {
		defer close(r.done)
		s.m.keepUp(ctx, r)
	}()
}

// keepUp watches one exchange until ctx ends, again and again.
func (m *Module) keepUp(ctx context.Context, r *runner) {
	for ctx.Err() == nil {
		wait := retry
		switch err := m.watch(ctx, r); {
		case ctx.Err() != nil:
			return
		case errors.Is(err, line.ErrRefused):
			r.set(conditionRefused, "line.refused")
			wait = patience
		default:
			r.set(conditionDown, "line.down")
		}
		m.calls.nudge()
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// watch speaks to an exchange as long as that goes well. Its events wait in order, so that a slow write holds no exchange up.
func (m *Module) watch(ctx context.Context, r *runner) error {
	phones, err := m.readyExchange(ctx, &r.row)
	if err != nil {
		return err
	}
	l, err := m.connect(r.row, phones)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.line, r.state, r.why = l, conditionUp, ""
	r.mu.Unlock()
	m.calls.nudge()
	events, done := make(chan line.Event, 256), make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			m.hear(ctx, r, e)
		}
	}()
	err = l.Watch(ctx, func(e line.Event) {
		select {
		case events <- e:
		case <-ctx.Done():
		}
	})
	close(events)
	<-done
	return err
}

func (m *Module) hear(ctx context.Context, r *runner, e line.Event) {
	r.mu.Lock()
	r.event = m.now()
	r.mu.Unlock()
	from := e.Remote
	if e.Hidden {
		from = "" // whatever the exchange leaked
	}
	m.Trace(ctx, r.row.Org, TraceLine+string(r.row.ID), string(e.State)+" "+e.Extension+" "+from)
	if err := m.report(ctx, r.row.Org, r.row.ID, e); err != nil && ctx.Err() == nil && core.CodeOf(err) != errExtension.Code {
		m.needs.Log.WarnContext(ctx, "call not kept", "line", r.row.ID, "error", err.Error())
	}
}

// readyExchange opens an exchange and gives its extensions.
func (m *Module) readyExchange(ctx context.Context, r *lineRow) (phones []string, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		all, err := m.phones(ctx, tx, r.Org)
		for _, p := range all {
			if p.line == r.ID {
				phones = append(phones, p.Extension)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return phones, m.openExchange(ctx, r, true)
}

// exchangeAt tells whether an address is that of an exchange of the organization.
func (m *Module) exchangeAt(ctx context.Context, tx core.Tx, org core.ID, address string) (bool, error) {
	rows, err := db.All(ctx, tx, qLinesOf, scanLine, org)
	if err != nil {
		return false, err
	}
	for i := range rows {
		if err := m.openExchange(ctx, &rows[i], false); err != nil {
			return false, err
		}
		if !rows[i].Paused && slices.Contains(addressesOf(rows[i].Settings), address) {
			return true, nil
		}
	}
	return false, nil
}

// addressesOf are the "host:port" that settings name.
func addressesOf(settings map[string]string) (all []string) {
	if u, err := url.Parse(strings.NewReplacer("{extension}", "1", "{number}", "1").Replace(settings["url"])); err == nil && u.Host != "" {
		all = append(all, egress.AddressOf(u))
	}
	if settings["address"] != "" {
		all = append(all, settings["address"])
	}
	if server := settings["server"]; server != "" {
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(server, map[string]string{"tls": "5061"}[settings["transport"]])
			if strings.HasSuffix(server, ":") {
				server += "5060"
			}
		}
		all = append(all, server)
	}
	return all
}
