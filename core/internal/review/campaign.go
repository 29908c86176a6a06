package review

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
)

// Why a review began.
const (
	Planned = "planned" // by the platform, when it was due
	AskedBy = "asked"   // by an administrator
	Mover   = "mover"   // somebody changed post
)

// What a review bears on.
const (
	ScopeAll    = "all"
	ScopeRole   = "role"
	ScopeStaff  = "staff" // what people of the provider hold
	ScopePerson = "person"
)

// What became of a line.
const (
	Kept     = "kept"
	Revoked  = "revoked"
	Lapsed   = "lapsed"   // no answer by the deadline: revoked by the platform
	Gone     = "gone"     // ended otherwise meanwhile
	Left     = "left"     // no answer, and not revoked: the last administrator
	Restored = "restored" // lapsed, then given back within 24 hours
)

const (
	answerDays  = 30 // of a planned review
	moverDays   = 14
	leastDays   = 1
	mostDays    = 90
	undoWithin  = 24 * time.Hour
	reviewState = "open"
)

// Campaign is one review.
type Campaign struct {
	Org, ID                       core.ID
	Origin, Scope, Role, State    string
	Person, StartedBy             core.ID // Person of a mover
	StartedAt, Deadline, ClosedAt time.Time
	reminded                      int
	Counts                        Counts
}

// Counts sums a review up.
type Counts struct{ Total, Waiting, Kept, Revoked, Lapsed, Gone, Left, Restored int }

// Done is how many lines have an answer.
func (c Counts) Done() int { return c.Total - c.Waiting }

// Open tells whether answers are still taken.
func (c Campaign) Open() bool { return c.State == reviewState }

// Line is one assignment under review.
type Line struct {
	Org, Campaign, ID, Assignment, Person core.ID
	Role, Service                         string
	Object                                core.ID
	Reason                                string
	From, Until                           time.Time
	Answer, Word                          string
	AnsweredBy                            core.ID
	AnsweredAt                            time.Time
	RestoredBy                            core.ID
	RestoredAt                            time.Time
}

var (
	errReview   = i18n.Fault(core.Invalid, "access_review.invalid", "Cette revue ne peut pas être ouverte telle quelle.", "This review cannot be opened as it is.")
	errNothing  = i18n.Fault(core.Conflict, "access_review.nothing", "Il n'y a rien à revoir : aucune habilitation n'est dans ce champ.", "There is nothing to review: no assignment is in that scope.")
	errRunning  = i18n.Fault(core.Conflict, "access_review.running", "Une revue du même champ est déjà ouverte.", "A review of the same scope is already open.")
	errNoReview = i18n.Fault(core.NotFound, "access_review.absent", "Cette revue n'existe pas, ou n'est pas à vous.", "There is no such review, or it is not yours.")
	codeScope   = i18n.Reason("access_review.scope", "Choisissez ce que la revue regarde.", "Choose what the review looks at.")
	codeDays    = i18n.Reason("access_review.days", "Donnez de 1 à 90 jours pour répondre.", "Give 1 to 90 days to answer.")
)

const (
	campaignColumns = `org, id, origin, scope, role, person, state, started_by, started_at, deadline_at, closed_at, reminded`
	lineColumns     = `org, campaign, id, assignment, person, role, service, object, reason, from_at, until_at, answer, word, answered_by, answered_at, restored_by, restored_at`
)

var (
	qOpenReview = db.SQL(`INSERT INTO review_campaign (org, id, origin, scope, role, person, state, started_by, started_at, deadline_at, closed_at, reminded)
		VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, 0, 0)`)
	qAddLine = db.SQL(`INSERT INTO review_line (org, campaign, id, assignment, person, role, service, object, reason, from_at, until_at, answer, word, answered_by, answered_at, restored_by, restored_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', '', 0, '', 0)`)
	qCampaign   = db.SQL(`SELECT ` + campaignColumns + ` FROM review_campaign WHERE org = $1 AND id = $2`)
	qCampaigns  = db.SQL(`SELECT ` + campaignColumns + ` FROM review_campaign WHERE org = $1 ORDER BY id DESC LIMIT 100`)
	qSameOpen   = db.SQL(`SELECT count(*) FROM review_campaign WHERE org = $1 AND scope = $2 AND role = $3 AND person = $4 AND state = 'open'`)
	qLastReview = db.SQL(`SELECT coalesce(max(started_at), 0) FROM review_campaign WHERE org = $1 AND scope = 'all'`)
	qCounts     = db.SQL(`SELECT campaign, answer, count(*) FROM review_line WHERE org = $1 GROUP BY campaign, answer`)
	qLine       = db.SQL(`SELECT ` + lineColumns + ` FROM review_line WHERE org = $1 AND id = $2`)
	qLines      = db.SQL(`SELECT ` + lineColumns + ` FROM review_line WHERE org = $1 AND campaign = $2 AND id > $3 ORDER BY id LIMIT $4`)
	qUnanswered = db.SQL(`SELECT ` + lineColumns + ` FROM review_line WHERE org = $1 AND campaign = $2 AND answer = '' ORDER BY id`)
	qToAnswer   = db.SQL(`SELECT ` + lineColumns + ` FROM review_line WHERE org = $1 AND answer = '' AND campaign IN
		(SELECT c.id FROM review_campaign c WHERE c.org = $1 AND c.state = 'open') ORDER BY person, id LIMIT 5000`)
)

func scanCampaign(scan db.Scan) (c Campaign, err error) {
	var started, deadline, closed int64
	err = scan(&c.Org, &c.ID, &c.Origin, &c.Scope, &c.Role, &c.Person, &c.State, &c.StartedBy, &started, &deadline, &closed, &c.reminded)
	c.StartedAt, c.Deadline, c.ClosedAt = clock.FromMicros(started), clock.FromMicros(deadline), clock.FromMicros(closed)
	return c, err
}

func scanLine(scan db.Scan) (l Line, err error) {
	var from, until, answered, restored int64
	err = scan(&l.Org, &l.Campaign, &l.ID, &l.Assignment, &l.Person, &l.Role, &l.Service, &l.Object, &l.Reason, &from, &until,
		&l.Answer, &l.Word, &l.AnsweredBy, &answered, &l.RestoredBy, &restored)
	l.From, l.Until, l.AnsweredAt, l.RestoredAt = clock.FromMicros(from), clock.FromMicros(until), clock.FromMicros(answered), clock.FromMicros(restored)
	return l, err
}

// Start is what an administrator asks to review.
type Start struct {
	Scope, Role string
	Days        int // to answer
}

// Begin opens a review of the live assignments of an organization.
func (m *Module) Begin(ctx context.Context, org core.ID, s Start) (core.ID, error) {
	c := Campaign{Org: org, ID: ids.New(), Origin: AskedBy, Scope: s.Scope, Role: s.Role, StartedBy: core.ActorOf(ctx).ID}
	act := &core.Act{Def: OpenReview, Org: org, Resource: c.ID}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		wrong := errReview
		switch s.Scope {
		case ScopeAll, ScopeStaff:
			c.Role = ""
		case ScopeRole:
			if s.Role == "" || len(s.Role) > 64 {
				wrong = wrong.With("role", codeRole)
			}
		default:
			wrong = wrong.With("scope", codeScope)
		}
		if s.Days < leastDays || s.Days > mostDays {
			wrong = wrong.With("days", codeDays)
		}
		if len(wrong.Fields) > 0 {
			return wrong
		}
		c.Deadline = m.now().AddDate(0, 0, s.Days)
		n, err := m.begin(ctx, tx, c)
		if err == nil && n == 0 {
			err = errNothing
		}
		act.Changed("scope", "", s.Scope)
		act.Changed("role", "", c.Role)
		act.Changed("until", "", c.Deadline.Format(time.RFC3339))
		return err
	})
	return c.ID, err
}

// begin writes a review and its lines, and writes to who answers. It gives how many lines there are.
func (m *Module) begin(ctx context.Context, tx core.Tx, c Campaign) (int, error) {
	running, _, err := db.One(ctx, tx, qSameOpen, db.Value[int64], c.Org, c.Scope, c.Role, c.Person)
	if err != nil {
		return 0, err
	}
	if running > 0 {
		return 0, errRunning
	}
	all, err := m.needs.Lines.LiveIn(ctx, tx, c.Org)
	if err != nil {
		return 0, err
	}
	now := m.now()
	_, err = tx.Exec(ctx, qOpenReview, c.Org, c.ID, c.Origin, c.Scope, c.Role, c.Person, c.StartedBy, clock.Micros(now), clock.Micros(c.Deadline))
	if err != nil {
		return 0, err
	}
	n, persons := 0, map[core.ID]bool{}
	for _, a := range all {
		in, err := m.inScope(ctx, tx, c, a)
		if err != nil {
			return 0, err
		}
		if !in {
			continue
		}
		id := ids.New()
		reason, err := m.shut(ctx, pack.Place("review_line.reason", c.Org, id), a.Reason, a.Person, c.Org)
		if err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, qAddLine, c.Org, c.ID, id, a.ID, a.Person, a.Role, a.Service, a.Object, reason, clock.Micros(a.From), clock.Micros(a.Until))
		if err != nil {
			return 0, err
		}
		persons[a.Person] = true
		n++
	}
	l := mailReview
	if c.Origin == Mover {
		l = mailMover
	}
	return n, m.tellReviewers(ctx, tx, c, persons, l)
}

func (m *Module) inScope(ctx context.Context, tx core.Tx, c Campaign, a core.Assignment) (bool, error) {
	switch c.Scope {
	case ScopeRole:
		return a.Role == c.Role, nil
	case ScopePerson:
		return a.Person == c.Person, nil
	case ScopeStaff:
		return m.needs.Lines.IsStaff(ctx, tx, a.Person)
	}
	return true, nil
}

// tellReviewers writes once to each line manager of persons, and to administrators for those who have none.
func (m *Module) tellReviewers(ctx context.Context, tx core.Tx, c Campaign, persons map[core.ID]bool, l letter) error {
	to, orphans := map[core.ID]bool{}, false
	for p := range persons {
		boss, found, err := m.needs.Members.ManagerOf(ctx, tx, c.Org, p)
		if err != nil {
			return err
		}
		if found {
			to[boss] = true
		} else {
			orphans = true
		}
	}
	if orphans {
		admins, err := m.needs.Rights.Holders(ctx, tx, c.Org, adminRole(c.Org))
		if err != nil {
			return err
		}
		for _, a := range admins {
			to[a] = true
		}
	}
	list := make([]core.ID, 0, len(to))
	for id := range to {
		list = append(list, id)
	}
	return m.writeAll(ctx, tx, c.Org, list, l)
}

// Moved opens the review of whoever changed function, department or manager, in the transaction of that change
// (CTI-37.9). It answers the act that goes into the journal beside it, nil when they hold nothing.
func (m *Module) Moved(ctx context.Context, tx core.Tx, org, person core.ID) (*core.Act, error) {
	c := Campaign{Org: org, ID: ids.New(), Origin: Mover, Scope: ScopePerson, Person: person, Deadline: m.now().AddDate(0, 0, moverDays), StartedBy: core.ActorOf(ctx).ID}
	held, err := m.needs.Lines.AssignmentsOf(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	some := false
	for _, a := range held {
		some = some || a.Org == org
	}
	if !some {
		return nil, nil
	}
	if _, err := m.begin(ctx, tx, c); err != nil {
		if core.CodeOf(err) == errRunning.Code {
			return nil, nil // they are being looked at already, by whoever manages them now
		}
		return nil, err
	}
	act := &core.Act{Def: MoveReview, Org: org, Resource: c.ID, Subject: person}
	act.Changed("until", "", c.Deadline.Format(time.RFC3339))
	return act, nil
}

// Plan is when the next review of everything is due.
type Plan struct {
	Last, Next time.Time // Last is zero when there was none
	Days       int
	Overdue    bool
}

func (m *Module) plan(ctx context.Context, tx core.Tx, o core.Organization) (p Plan, err error) {
	last, _, err := db.One(ctx, tx, qLastReview, db.Value[int64], o.ID)
	if err != nil {
		return p, err
	}
	if p.Days, err = m.needs.ReviewDays(ctx, tx, o.ID); err != nil {
		return p, err
	}
	p.Last = clock.FromMicros(last)
	since := p.Last
	if since.IsZero() {
		since = o.CreatedAt
	}
	p.Next = since.AddDate(0, 0, p.Days)
	p.Overdue = m.now().Sub(p.Next) > 24*time.Hour // the platform opens it within minutes of the date
	return p, nil
}

// Overview is the reviews of an organization.
type Overview struct {
	Plan      Plan
	Campaigns []Campaign
	Roles     []Role
	Names     map[core.ID]string
}

// Reviews gives the reviews of an organization, the newest first, and when the next is due.
func (m *Module) Reviews(ctx context.Context, org core.ID) (v Overview, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadReviews, Org: org}, func(tx core.Tx) error {
		o, err := m.needs.Orgs.Org(ctx, tx, org)
		if err != nil {
			return err
		}
		if v.Plan, err = m.plan(ctx, tx, o); err != nil {
			return err
		}
		if v.Campaigns, err = db.All(ctx, tx, qCampaigns, scanCampaign, org); err != nil {
			return err
		}
		counts, err := m.counts(ctx, tx, org)
		if err != nil {
			return err
		}
		var who []core.ID
		for i := range v.Campaigns {
			v.Campaigns[i].Counts = counts[v.Campaigns[i].ID]
			who = append(who, v.Campaigns[i].StartedBy, v.Campaigns[i].Person)
		}
		if v.Names, err = m.names(ctx, tx, who...); err != nil {
			return err
		}
		v.Roles, err = m.needs.Roles(ctx, tx, org)
		return err
	})
	return v, err
}

func (m *Module) counts(ctx context.Context, tx core.Tx, org core.ID) (map[core.ID]Counts, error) {
	out := map[core.ID]Counts{}
	_, err := db.All(ctx, tx, qCounts, func(scan db.Scan) (struct{}, error) {
		var id core.ID
		var answer string
		var n int
		err := scan(&id, &answer, &n)
		c := out[id]
		c.Total += n
		*c.of(answer) += n
		out[id] = c
		return struct{}{}, err
	}, org)
	return out, err
}

func (c *Counts) of(answer string) *int {
	switch answer {
	case Kept:
		return &c.Kept
	case Revoked:
		return &c.Revoked
	case Lapsed:
		return &c.Lapsed
	case Gone:
		return &c.Gone
	case Left:
		return &c.Left
	case Restored:
		return &c.Restored
	}
	return &c.Waiting
}

// Result is one review with its lines.
type Result struct {
	Campaign Campaign
	OrgName  string
	Lines    []Line
	Names    map[core.ID]string
	Posts    map[core.ID]string // functions
	Roles    []Role
	Next     core.ID // "" at the end
}

// Review gives one review: its evidence.
func (m *Module) Review(ctx context.Context, org, id, after core.ID) (v Result, err error) {
	act := &core.Act{Def: ReadReviews, Org: org, Resource: id}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		v, err = m.result(ctx, tx, act, after, 100)
		return err
	})
	return v, err
}

func (m *Module) result(ctx context.Context, tx core.Tx, act *core.Act, after core.ID, limit int) (v Result, err error) {
	var found bool
	if v.Campaign, found, err = db.One(ctx, tx, qCampaign, scanCampaign, act.Org, act.Resource); err != nil {
		return v, err
	}
	if !found {
		return v, errNoReview
	}
	counts, err := m.counts(ctx, tx, act.Org)
	if err != nil {
		return v, err
	}
	v.Campaign.Counts = counts[v.Campaign.ID]
	o, err := m.needs.Orgs.Org(ctx, tx, act.Org)
	if err != nil {
		return v, err
	}
	v.OrgName = o.Name
	if v.Lines, err = m.keptLines(ctx, tx, qLines, act.Org, act.Resource, after, limit); err != nil {
		return v, err
	}
	if len(v.Lines) == limit {
		v.Next = v.Lines[limit-1].ID
	}
	who := []core.ID{v.Campaign.StartedBy, v.Campaign.Person}
	act.Subjects, v.Posts = nil, map[core.ID]string{}
	for _, l := range v.Lines {
		who = append(who, l.Person, l.AnsweredBy, l.RestoredBy)
		act.Subjects = append(act.Subjects, l.Person)
		if _, met := v.Posts[l.Person]; !met {
			ms, _, err := m.needs.Members.MemberOf(ctx, tx, act.Org, l.Person)
			if err != nil {
				return v, err
			}
			v.Posts[l.Person] = ms.Function
		}
	}
	if v.Names, err = m.names(ctx, tx, who...); err != nil {
		return v, err
	}
	v.Roles, err = m.needs.Roles(ctx, tx, act.Org)
	return v, err
}
