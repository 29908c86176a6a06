package attestation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// notice is how long before its end something is first recalled.
const notice = 60 * 24 * time.Hour

// steps are the days before the end at which it is recalled, nearest first.
var steps = []int{7, 30, 60}

// The steps after the end.
const (
	stepExpired = "expired"
	stepMissing = "missing"
)

// stepAt gives the one reminder that is due: the nearest one, so that a run that was missed sends one letter and not three.
// What was signed for less time than a step is not recalled by it on the day of its signature. "" when none is.
func stepAt(signed, until, now time.Time) string {
	if !until.After(now) {
		return stepExpired
	}
	for _, days := range steps {
		ahead := time.Duration(days) * 24 * time.Hour
		if until.Sub(now) <= ahead && until.Sub(signed) > ahead {
			return strconv.Itoa(days)
		}
	}
	return ""
}

type sent struct {
	step   string
	person core.ID
	at     time.Time
}

var (
	qSent   = db.SQL(`SELECT step, person, sent_at FROM attestation_reminder WHERE about = $1 ORDER BY sent_at`)
	qIsSent = db.SQL(`SELECT count(*) FROM attestation_reminder WHERE about = $1 AND step = $2`)
	qMark   = db.SQL(`INSERT INTO attestation_reminder (about, step, person, sent_at) VALUES ($1, $2, $3, $4) ON CONFLICT (about, step) DO NOTHING`)
)

func scanSent(scan db.Scan) (s sent, err error) {
	var at int64
	err = scan(&s.step, &s.person, &at)
	s.at = clock.FromMicros(at)
	return s, err
}

// item is one thing to recall.
type item struct {
	about, person core.ID
	step          string
	what          core.Text // in a few words
	days          int       // left
	page          string
	duty          bool
}

// Remind writes to whoever signed or owes something that ends soon or has ended, each step once. A job runs it.
func (m *Module) Remind(ctx context.Context) error { return m.remind(ctx, "") }

// remind looks at everybody but canaries, or at one canary.
func (m *Module) remind(ctx context.Context, only core.ID) error {
	items, err := m.pending(ctx, only)
	for _, it := range items {
		err = errors.Join(err, m.send(ctx, it, only != ""))
	}
	return err
}

// pending lists the reminders that are due and were not sent.
func (m *Module) pending(ctx context.Context, only core.ID) (list []item, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		list = nil
		all, err := m.due(ctx, tx, only)
		if err != nil {
			return err
		}
		for _, it := range all {
			n, _, err := db.One(ctx, tx, qIsSent, db.Value[int64], it.about, it.step)
			if err != nil {
				return err
			}
			if n == 0 {
				list = append(list, it)
			}
		}
		return nil
	})
	return list, err
}

// due lists what is to be recalled now, whether it was or not.
func (m *Module) due(ctx context.Context, tx core.Tx, only core.ID) (list []item, err error) {
	now := m.now()
	signed, err := db.All(ctx, tx, qDue, scanAttestation, clock.Micros(now.Add(notice)))
	if err != nil {
		return nil, err
	}
	add := func(it item, from, until time.Time) {
		if it.step = stepAt(from, until, now); it.step != "" {
			it.days = int(until.Sub(now).Hours() / 24)
			list = append(list, it)
		}
	}
	for _, a := range signed {
		if a.trial != (only != "") || only != "" && a.Signer != only {
			continue
		}
		kind, _ := KindOf(a.Kind)
		add(item{about: a.ID, person: a.Signer, what: kind.Title, page: "/provider/attestations/" + string(a.ID)}, a.SignedAt, a.Until)
	}
	lines, err := db.All(ctx, tx, qDutyDue, scanDuty, clock.Micros(now.Add(notice)))
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		if only != "" && l.Person != only {
			continue
		}
		if is, err := m.worksHere(ctx, tx, l.Person, only); err != nil {
			return nil, err
		} else if is {
			add(item{about: l.ID, person: l.Person, what: titleOf(l.Duty), page: "/me/duties", duty: true}, l.Done, l.Until)
		}
	}
	if only != "" {
		return list, nil
	}
	return m.missing(ctx, tx, list)
}

// worksHere tells whether a person is staff, and no canary unless it is the one looked at.
func (m *Module) worksHere(ctx context.Context, tx core.Tx, person, only core.ID) (bool, error) {
	canary, err := m.isCanary(ctx, tx, person)
	if err != nil || canary != (only != "") {
		return false, err
	}
	return m.needs.Staff.IsStaff(ctx, tx, person)
}

// missing adds, where a clause in force demands it, those who never did what they owe.
func (m *Module) missing(ctx context.Context, tx core.Tx, list []item) ([]item, error) {
	demanded, err := m.demanded(ctx, tx, "")
	if err != nil {
		return nil, err
	}
	t, err := m.team(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, o := range t.People {
		for _, d := range o.Lacks {
			line, did := o.Lines[d]
			if !demanded[d] || did && d == Training { // an overdue one is recalled as such
				continue
			}
			about := core.ID(fmt.Sprintf("%s/%s/%d", o.Person, d, CharterVersion))
			if did {
				about = line.ID
			}
			list = append(list, item{about: about, person: o.Person, step: stepMissing, what: titleOf(d), page: "/me/duties", duty: true})
		}
	}
	return list, nil
}

func titleOf(duty string) core.Text {
	if duty == Training {
		return core.Text{FR: "formation annuelle", EN: "yearly training"}
	}
	return core.Text{FR: "charte de confidentialité", EN: "charter of confidentiality"}
}

// errSent undoes a reminder that another node sent meanwhile.
var errSent = errors.New("attestation: reminded already")

// send writes one reminder, with its mark and its entry, in one transaction. What has ended is told to those who answer for
// the platform too.
func (m *Module) send(ctx context.Context, it item, trial bool) error {
	def := Remind
	if it.duty {
		def = RemindDuty
	}
	done := &core.Act{Def: def, Org: core.Platform, Resource: it.about, Subject: it.person}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qMark, it.about, it.step, it.person, clock.Micros(m.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return errSent
		}
		done.Changed("step", "", it.step)
		if err := m.write(ctx, tx, it.person, letterOf(it), it); err != nil {
			return err
		}
		if it.step != stepExpired {
			return nil
		}
		to, err := m.above(ctx, tx, it.person, trial)
		if err != nil {
			return err
		}
		for _, id := range to {
			if err := m.write(ctx, tx, id, escalation, it); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errSent) {
		return nil
	}
	return err
}

// above are the administrators of the platform and the data protection officer; of a canary's things, canaries only.
func (m *Module) above(ctx context.Context, tx core.Tx, but core.ID, trial bool) ([]core.ID, error) {
	live, err := m.needs.Staff.LiveIn(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	var to []core.ID
	for _, a := range live {
		if (a.Role == "provider.admin" || a.Role == "provider.dpo") && a.Person != but && !slices.Contains(to, a.Person) {
			to = append(to, a.Person)
		}
	}
	people, err := m.needs.People.People(ctx, tx, to...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(to, func(id core.ID) bool {
		p, known := people[id]
		return !known || p.State == "disabled" || p.IsCanary() != trial
	}), nil
}

// letter is one message: its stable kind and what it says. It names nobody; %s is the thing, %d the days left.
type letter struct {
	kind          string
	subject, body core.Text
	days          bool
}

var (
	expiring = letter{
		"attestation.expiring",
		core.Text{FR: "Une attestation est à renouveler", EN: "An attestation is to be renewed"},
		core.Text{FR: "L'attestation « %s » que vous avez signée prend fin dans %d jours. Renouvelez-la avant : sans elle, les engagements qui reposent dessus ne sont plus prouvés. Elle est ici :", EN: "The attestation “%s” that you signed ends in %d days. Renew it before: without it, the promises that rest on it are no longer shown. It is here:"},
		true,
	}
	ended = letter{
		"attestation.expired",
		core.Text{FR: "Une attestation a expiré", EN: "An attestation has expired"},
		core.Text{FR: "L'attestation « %s » que vous avez signée a pris fin : les engagements qui reposent dessus ne sont plus prouvés. Renouvelez-la ici :", EN: "The attestation “%s” that you signed has ended: the promises that rest on it are no longer shown. Renew it here:"},
		false,
	}
	escalation = letter{
		"attestation.escalation",
		core.Text{FR: "Une échéance de l'équipe est dépassée", EN: "A due date of the team has passed"},
		core.Text{FR: "Une personne de l'équipe n'a pas renouvelé à temps : « %s ». Le détail est ici :", EN: "A member of the team did not renew in time: “%s”. The details are here:"},
		false,
	}
	dutySoon = letter{
		"attestation.duty_due",
		core.Text{FR: "Une échéance vous concerne", EN: "A due date of yours comes near"},
		core.Text{FR: "Votre « %s » est à refaire dans %d jours. Passé ce délai, les données des clients peuvent vous être fermées. Le détail est ici :", EN: "Your “%s” is due again in %d days. After that, clients' data may be closed to you. The details are here:"},
		true,
	}
	dutyOver = letter{
		"attestation.duty_overdue",
		core.Text{FR: "Une échéance vous concernant est dépassée", EN: "A due date of yours has passed"},
		core.Text{FR: "Votre « %s » n'est plus à jour : les données des clients peuvent vous être fermées. Ce qu'il faut faire est ici :", EN: "Your “%s” is no longer up to date: clients' data may be closed to you. What to do is here:"},
		false,
	}
	dutyMissing = letter{
		"attestation.duty_missing",
		core.Text{FR: "Un engagement vous attend", EN: "An undertaking awaits you"},
		core.Text{FR: "Avant d'accéder à des données de clients, il vous manque : « %s ». Ce qu'il faut faire est ici :", EN: "Before any access to clients' data, you lack: “%s”. What to do is here:"},
		false,
	}
)

func letterOf(it item) letter {
	switch {
	case !it.duty && it.step == stepExpired:
		return ended
	case !it.duty:
		return expiring
	case it.step == stepExpired:
		return dutyOver
	case it.step == stepMissing:
		return dutyMissing
	}
	return dutySoon
}

func (m *Module) write(ctx context.Context, tx core.Tx, to core.ID, l letter, it item) error {
	page := it.page
	if it.duty && l.kind == escalation.kind {
		page = "/provider/duties"
	}
	say := func(text, what string) string {
		args := []any{what}
		if l.days {
			args = append(args, it.days)
		}
		return fmt.Sprintf(text, args...) + "\n" + m.needs.Origin + page
	}
	err := m.needs.People.Send(ctx, tx, to, l.kind, l.subject, core.Text{FR: say(l.body.FR, it.what.FR), EN: say(l.body.EN, it.what.EN)})
	if core.KindOf(err) == core.NotFound { // erased meanwhile
		return nil
	}
	return err
}
