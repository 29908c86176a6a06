package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

const (
	batch     = 50               // messages taken at once
	lease     = 5 * time.Minute  // a node that died gives its messages back after this
	poll      = 15 * time.Second // behind the wake-up that a commit on this node gives
	giveUp    = 48 * time.Hour   // an older message is dead: its link would be useless and its news stale
	maxReply  = 300
	sealWhere = "mail_outbox.sealed"
)

// Needs is everything that the queue can reach.
type Needs struct {
	Gate    core.Gate
	Reader  core.Reader
	Sealer  core.Sealer
	Clock   core.Clock
	Carrier Carrier // nil: messages wait
	// Foot ends every message of an organization: whom to write to. Nil, or "", adds nothing.
	Foot func(ctx context.Context, tx core.Tx, org core.ID) (string, error)
	Log  *slog.Logger
}

// Outbox is the queue of outgoing messages. It is a core.Mailer.
type Outbox struct {
	needs Needs
	wake  chan struct{}
}

// New makes the queue over its needs.
func New(n Needs) *Outbox {
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{needs: n, wake: make(chan struct{}, 1)}
}

// content is what is sealed: nothing of it is readable in the table.
type content struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// Queue adds a message to the transaction of an act: it leaves after the commit, or never when the act is undone.
func (o *Outbox) Queue(ctx context.Context, tx core.Tx, m core.Mail) error {
	if err := checkHeaders(m.To, m.Subject); err != nil {
		return err
	}
	if m.Org == "" {
		m.Org = core.Platform
	}
	if o.needs.Foot != nil {
		foot, err := o.needs.Foot(ctx, tx, m.Org)
		if err != nil {
			return fmt.Errorf("mail: foot: %w", err)
		}
		if foot != "" {
			m.Body = strings.TrimRight(m.Body, "\n") + "\n\n-- \n" + foot + "\n"
		}
	}
	plain, err := json.Marshal(content{m.To, m.Subject, m.Body})
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	id := ids.New()
	sealed, err := o.needs.Sealer.Seal(ctx, owner(m.Person, m.Org), where(id), plain)
	if err != nil {
		return fmt.Errorf("mail: seal: %w", err)
	}
	now, state, done := clock.Micros(o.needs.Clock.Now()), "queued", int64(0)
	if unreachable(m.To) {
		state, done = "held", now
	}
	if _, err = tx.Exec(ctx, qAdd, id, m.Org, m.Person, m.Kind, sealed, now, state, done); err != nil {
		return fmt.Errorf("mail: queue: %w", err)
	}
	tx.OnCommit(o.nudge)
	return nil
}

// unreachable tells that no relay could ever deliver to an address: a name below .invalid cannot exist (RFC 6761, 6.4).
// Such a message is held, and no carrier sees it.
func unreachable(to string) bool { return strings.HasSuffix(strings.ToLower(to), ".invalid") }

// Held gives the messages to a person that no carrier will ever see, oldest first: what a probe reads of its canary.
func (o *Outbox) Held(ctx context.Context, person core.ID) ([]Letter, error) {
	var rows []waiting
	err := o.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		rows, err = db.All(ctx, tx, qHeld, scanWaiting, person)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("mail: held: %w", err)
	}
	letters := make([]Letter, 0, len(rows))
	for _, w := range rows {
		l, err := o.open(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("mail: held: %w", err)
		}
		letters = append(letters, l)
	}
	return letters, nil
}

func owner(person, org core.ID) core.ID {
	if person != "" {
		return person
	}
	return org
}

func where(id core.ID) string { return sealWhere + "/" + string(id) }

func (o *Outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Run delivers what is queued until ctx ends: at once after a commit on this node, and by a bounded poll for what
// other nodes queued or what is due again.
func (o *Outbox) Run(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if _, err := o.Deliver(ctx); err != nil && ctx.Err() == nil {
			o.needs.Log.Error("mail not delivered", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.wake:
		case <-tick.C:
		}
	}
}

// Deliver makes one pass over what is due and gives the number of messages that a carrier took. Without a carrier
// nothing is taken from the queue.
func (o *Outbox) Deliver(ctx context.Context) (int, error) {
	if o.needs.Carrier == nil {
		return 0, nil
	}
	sent := 0
	for {
		taken, err := o.take(ctx)
		if err != nil || len(taken) == 0 {
			return sent, err
		}
		n, err := o.carry(ctx, taken)
		sent += n
		if err != nil {
			return sent, err
		}
	}
}

func (o *Outbox) take(ctx context.Context) ([]waiting, error) {
	var taken []waiting
	now := o.needs.Clock.Now()
	err := o.needs.Gate.Keep(ctx, dutyTake, func(tx core.Tx) (err error) {
		taken, err = db.All(ctx, tx, qTake, scanWaiting, clock.Micros(now.Add(lease)), clock.Micros(now), batch)
		return err
	})
	return taken, err
}

func (o *Outbox) carry(ctx context.Context, taken []waiting) (sent int, err error) {
	letters := make([]Letter, 0, len(taken))
	of := make([]waiting, 0, len(taken))
	for _, w := range taken {
		l, err := o.open(ctx, w)
		if err != nil { // the person's key is gone, or the row was tampered with: it can never leave
			if err := o.settle(ctx, w, Answer{Refused: true, Reply: "content unreadable: " + core.CodeOf(err)}); err != nil {
				return sent, err
			}
			continue
		}
		letters, of = append(letters, l), append(of, w)
	}
	if len(letters) == 0 {
		return 0, nil
	}
	for i, a := range o.needs.Carrier.Carry(ctx, letters) {
		if a.Taken {
			sent++
		}
		if err := o.settle(ctx, of[i], a); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (o *Outbox) open(ctx context.Context, w waiting) (Letter, error) {
	plain, err := o.needs.Sealer.Open(ctx, owner(w.person, w.org), where(w.id), w.sealed)
	if err != nil {
		return Letter{}, err
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return Letter{}, err
	}
	return Letter{ID: w.id, Kind: w.kind, To: c.To, Subject: c.Subject, Body: c.Body, At: clock.FromMicros(w.queuedAt)}, nil
}

// settle keeps the relay's answer; the content goes as soon as it is of no more use.
func (o *Outbox) settle(ctx context.Context, w waiting, a Answer) error {
	now := o.needs.Clock.Now()
	reply := maskReply(a.Reply)
	dead := a.Refused || now.Sub(clock.FromMicros(w.queuedAt)) > giveUp
	err := o.needs.Gate.Keep(ctx, dutySettle, func(tx core.Tx) (err error) {
		switch {
		case a.Taken:
			_, err = tx.Exec(ctx, qSent, w.id, "sent", clock.Micros(now), reply)
		case dead:
			_, err = tx.Exec(ctx, qSent, w.id, "dead", clock.Micros(now), reply)
		default:
			_, err = tx.Exec(ctx, qLater, w.id, clock.Micros(now.Add(backoff(w.attempts))), reply)
		}
		return err
	})
	if !a.Taken {
		o.needs.Log.Warn("mail not taken", "mail", string(w.id), "kind", w.kind, "attempt", w.attempts, "given_up", dead, "reply", reply)
	}
	return err
}

// backoff: 30 s, 1 min, 2 min ... at most an hour.
func backoff(attempts int64) time.Duration {
	d := 30 * time.Second << min(max(attempts-1, 0), 7)
	return min(d, time.Hour)
}

// Backlog is the state of the queue, for the doctor and the metrics.
type Backlog struct {
	Waiting int64
	Oldest  time.Time // zero when nothing waits
	Dead    int64     // given up in the last thirty days
	Reply   string    // the relay's last answer to what still waits
	Carrier bool      // false: no relay is set, messages stay queued
}

// Backlog tells how many messages wait and why.
func (o *Outbox) Backlog(ctx context.Context) (b Backlog, err error) {
	b.Carrier = o.needs.Carrier != nil
	err = o.needs.Reader.Read(ctx, func(tx core.Tx) error {
		var oldest int64
		if _, _, err := db.One(ctx, tx, qState, func(s db.Scan) (struct{}, error) { return struct{}{}, s(&b.Waiting, &oldest) }); err != nil {
			return err
		}
		b.Oldest = clock.FromMicros(oldest)
		if _, _, err := db.One(ctx, tx, qDead, func(s db.Scan) (struct{}, error) { return struct{}{}, s(&b.Dead) }); err != nil {
			return err
		}
		b.Reply, _, err = db.One(ctx, tx, qReply, func(s db.Scan) (r string, err error) { return r, s(&r) })
		return err
	})
	return b, err
}

var addressLike = regexp.MustCompile(`[^\s<>()",;:]+@[^\s<>()",;:]+`)

// maskReply keeps the relay's words without any address they quote, on one bounded line.
func maskReply(s string) string {
	s = addressLike.ReplaceAllString(s, "(address)")
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r < ' ' {
			r = ' '
		}
		if len(out) == maxReply {
			break
		}
		out = append(out, r)
	}
	return string(out)
}
