package attestation

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// What each member of staff owes.
const (
	Training = "training" // at arrival, then every year
	Charter  = "charter"  // the signed text in force
)

// Duties lists them in the order of pages.
var Duties = []string{Charter, Training}

// demands tells which clauses, once in force, make a missing duty close clients' data.
var demands = map[string][]string{
	Training: {"EMG-2.1", "USR-4.4"},
	Charter:  {"EMG-2.2", "USR-4.4"},
}

// yearly is how long a training holds.
const yearly = 365

// Line is what a person did of one duty.
type Line struct {
	ID, Person          core.ID
	Duty                string
	Version             int
	Digest              string
	Details             string
	Done, Until         time.Time // zero Until: no end of its own
	RecordedAt, EndedAt time.Time
	RecordedBy          core.ID
	AAL                 int
	Entry               core.ID

	sealed []byte
}

// Holds tells whether a line fulfils its duty at a date: in time, and for the charter, of the text in force.
func (l *Line) Holds(now time.Time) bool {
	switch {
	case !l.EndedAt.IsZero(), l.Duty == Charter && l.Version != CharterVersion:
		return false
	}
	return l.Until.IsZero() || l.Until.After(now)
}

const dutyColumns = `id, person, duty, version, digest, details, done_at, until_at, recorded_at, recorded_by, aal, entry, ended_at`

var (
	qDuties   = db.SQL(`SELECT ` + dutyColumns + ` FROM attestation_duty WHERE person = $1 AND ended_at = 0 ORDER BY id`)
	qDutyAll  = db.SQL(`SELECT ` + dutyColumns + ` FROM attestation_duty WHERE person = $1 ORDER BY id DESC`)
	qDutyLive = db.SQL(`SELECT ` + dutyColumns + ` FROM attestation_duty WHERE ended_at = 0 ORDER BY person, id`)
	qDutyDue  = db.SQL(`SELECT ` + dutyColumns + ` FROM attestation_duty WHERE ended_at = 0 AND until_at > 0 AND until_at <= $1 ORDER BY until_at, id`)
	qAddDuty  = db.SQL(`INSERT INTO attestation_duty (` + dutyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)`)
	qEndDuty  = db.SQL(`UPDATE attestation_duty SET ended_at = $3 WHERE person = $1 AND duty = $2 AND ended_at = 0`)
)

func scanDuty(scan db.Scan) (l Line, err error) {
	var done, until, recorded, ended int64
	err = scan(&l.ID, &l.Person, &l.Duty, &l.Version, &l.Digest, &l.sealed, &done, &until, &recorded, &l.RecordedBy, &l.AAL, &l.Entry, &ended)
	l.Done, l.Until, l.RecordedAt, l.EndedAt = clock.FromMicros(done), clock.FromMicros(until), clock.FromMicros(recorded), clock.FromMicros(ended)
	return l, err
}

var (
	errDuty     = i18n.Fault(core.Forbidden, "attestation.duty_missing", "Les données des clients vous sont fermées tant que vous n'êtes pas à jour (%s). Ouvrez « Mes engagements », /me/duties : signez-y la charte ; pour la formation, suivez-la puis faites-la enregistrer par une personne qui administre la plateforme.", "Clients' data are closed to you until you are up to date (%s). Open “My undertakings”, /me/duties: sign the charter there; for the training, take it, then have a platform administrator record it.")
	errNotStaff = i18n.Fault(core.Invalid, "attestation.not_staff", "Cette personne ne fait pas partie de l'équipe du prestataire.", "This person is not staff of the provider.")
	errUnread   = i18n.Fault(core.Invalid, "attestation.unread", "Cochez que vous avez lu les six engagements.", "Tick that you have read the six undertakings.")
	errTrained  = i18n.Fault(core.Invalid, "attestation.training", "Donnez un intitulé, en 200 caractères au plus, et une date passée de moins d'un an.", "Give a title, within 200 characters, and a date in the past year.")
	tTraining   = i18n.T("formation annuelle", "yearly training")
	tCharter    = i18n.T("charte de confidentialité", "charter of confidentiality")
)

// DutyTitle says a duty in words.
func DutyTitle(ctx context.Context, duty string) string {
	if duty == Training {
		return tTraining.In(ctx)
	}
	return tCharter.In(ctx)
}

// lacking names the duties that lines do not fulfil.
func lacking(lines []Line, now time.Time) (out []string) {
	for _, d := range Duties {
		if !slices.ContainsFunc(lines, func(l Line) bool { return l.Duty == d && l.Holds(now) }) {
			out = append(out, d)
		}
	}
	return out
}

// Blocked refuses a member of staff who lacks a duty that a clause in force demands, at each act on a client's data: whatever
// happens in another organization than the provider's, reads of no personal datum apart. Their own pages stay open. Who is
// up to date costs one lookup by index; nothing is remembered from one decision to the next.
func (m *Module) Blocked(ctx context.Context, tx core.Tx, person core.ID, act *core.Act) error {
	if act.Def.Quiet || act.Def.Reach != core.ByAssignment || act.Org == "" || act.Org == core.Platform {
		return nil
	}
	lines, err := db.All(ctx, tx, qDuties, scanDuty, person)
	if err != nil {
		return err
	}
	lacks := lacking(lines, m.now())
	if len(lacks) == 0 {
		return nil
	}
	demanded, err := m.demanded(ctx, tx, person)
	if err != nil {
		return err
	}
	var words []string
	for _, d := range lacks {
		if demanded[d] {
			words = append(words, DutyTitle(ctx, d))
		}
	}
	if len(words) == 0 {
		return nil
	}
	return core.Fault(errDuty.Kind, errDuty.Code, strings.Join(words, ", "))
}

// demanded tells which duties a clause in force makes close clients' data. Of a canary each always is: that is how a probe
// sees the refusal before any clause is published.
func (m *Module) demanded(ctx context.Context, tx core.Tx, person core.ID) (map[string]bool, error) {
	clauses, err := m.inForce(ctx, tx)
	if err != nil {
		return nil, err
	}
	canary := false
	if person != "" {
		if canary, err = m.isCanary(ctx, tx, person); err != nil {
			return nil, err
		}
	}
	out := map[string]bool{}
	for duty, by := range demands {
		out[duty] = canary || slices.ContainsFunc(by, func(c string) bool { return slices.Contains(clauses, c) })
	}
	return out, nil
}

// inForce keeps the clauses in force that demand a duty.
func (m *Module) inForce(ctx context.Context, tx core.Tx) ([]string, error) {
	var all []string
	for _, by := range demands {
		all = append(all, by...)
	}
	slices.Sort(all)
	return m.needs.Promised(ctx, tx, slices.Compact(all)...)
}

// SignCharter keeps the actor's own signature of the charter in force.
func (m *Module) SignCharter(ctx context.Context, read bool) error {
	if !read {
		return errUnread.With("read", errUnread.Code)
	}
	actor := core.ActorOf(ctx)
	done := &core.Act{Def: SignOwn, Org: core.Platform, Subject: actor.ID, Entry: ids.New()}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		if err := m.staffOnly(ctx, tx, actor.ID); err != nil {
			return err
		}
		l := Line{Person: actor.ID, Duty: Charter, Version: CharterVersion, Digest: CharterDigest, Done: m.now(), RecordedBy: actor.ID, AAL: actor.AAL, Entry: done.Entry}
		if err := m.fulfil(ctx, tx, &l); err != nil {
			return err
		}
		done.Resource = l.ID
		done.Changed("charter", "", strconv.Itoa(CharterVersion))
		done.Changed("assurance", "", strconv.Itoa(actor.AAL))
		done.Changed("sha256", "", CharterDigest)
		return nil
	})
}

// RecordTraining keeps that a member of staff was trained on a day, which holds for a year.
func (m *Module) RecordTraining(ctx context.Context, person core.ID, title string, day time.Time) error {
	title = strings.TrimSpace(title)
	now := m.now()
	err := errTrained
	if title == "" || utf8.RuneCountInString(title) > 200 {
		err = err.With("title", errTrained.Code)
	}
	if day.After(now) || now.Sub(day) > yearly*24*time.Hour {
		err = err.With("day", errTrained.Code)
	}
	if len(err.Fields) > 0 {
		return err
	}
	actor := core.ActorOf(ctx)
	done := &core.Act{Def: Record, Org: core.Platform, Subject: person, Entry: ids.New()}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		if err := m.staffOnly(ctx, tx, person); err != nil {
			return err
		}
		l := Line{Person: person, Duty: Training, Details: title, Done: day, Until: day.AddDate(0, 0, yearly), RecordedBy: actor.ID, AAL: actor.AAL, Entry: done.Entry}
		if err := m.fulfil(ctx, tx, &l); err != nil {
			return err
		}
		done.Resource = l.ID
		done.Changed("training", "", title)
		done.Changed("until", "", l.Until.UTC().Format(time.RFC3339))
		return nil
	})
}

func (m *Module) staffOnly(ctx context.Context, tx core.Tx, person core.ID) error {
	is, err := m.needs.Staff.IsStaff(ctx, tx, person)
	if err == nil && !is {
		return errNotStaff.With("person", errNotStaff.Code)
	}
	return err
}

// fulfil writes a line in the place of the former one.
func (m *Module) fulfil(ctx context.Context, tx core.Tx, l *Line) error {
	now := m.now()
	l.ID, l.RecordedAt = ids.At(now), now
	if _, err := tx.Exec(ctx, qEndDuty, l.Person, l.Duty, clock.Micros(now)); err != nil {
		return err
	}
	details, err := m.seal(ctx, l.Person, placeDuty, l.ID, []byte(l.Details))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAddDuty, l.ID, l.Person, l.Duty, l.Version, l.Digest, details, clock.Micros(l.Done), clock.Micros(l.Until),
		clock.Micros(l.RecordedAt), l.RecordedBy, l.AAL, l.Entry)
	return err
}

// Fulfil puts a canary of the staff up to date, so that probes of other rooms meet a sound member of staff.
func (m *Module) Fulfil(ctx context.Context, tx core.Tx, canary core.ID) error {
	if is, err := m.isCanary(ctx, tx, canary); err != nil || !is {
		return err
	}
	now := m.now()
	for _, l := range []Line{
		{Person: canary, Duty: Charter, Version: CharterVersion, Digest: CharterDigest, Done: now},
		{Person: canary, Duty: Training, Details: "probe", Done: now, Until: now.AddDate(0, 0, yearly)},
	} {
		if err := m.fulfil(ctx, tx, &l); err != nil {
			return err
		}
	}
	return nil
}

// Owing is how one member of staff stands.
type Owing struct {
	Person core.ID
	Name   string
	Email  string
	Lines  map[string]Line // the newest of each duty
	Lacks  []string
}

// Team is how the staff stands.
type Team struct {
	Clauses []string // in force, that close clients' data to whoever is not up to date
	People  []Owing  // those who lack something first
}

// TeamDuties gives how every member of staff stands.
func (m *Module) TeamDuties(ctx context.Context) (t Team, err error) {
	done := &core.Act{Def: ReadDuties, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		t, err = m.team(ctx, tx)
		for _, o := range t.People {
			done.Subjects = append(done.Subjects, o.Person)
		}
		return err
	})
	return t, err
}

// team reads the staff, canaries apart.
func (m *Module) team(ctx context.Context, tx core.Tx) (t Team, err error) {
	if t.Clauses, err = m.inForce(ctx, tx); err != nil {
		return t, err
	}
	live, err := m.needs.Staff.LiveIn(ctx, tx, core.Platform)
	if err != nil {
		return t, err
	}
	var persons []core.ID
	for _, a := range live {
		persons = append(persons, a.Person)
	}
	slices.Sort(persons)
	persons = slices.Compact(persons)
	people, err := m.needs.People.People(ctx, tx, persons...)
	if err != nil {
		return t, err
	}
	lines, err := db.All(ctx, tx, qDutyLive, scanDuty)
	if err != nil {
		return t, err
	}
	for _, id := range persons {
		p, known := people[id]
		if !known || p.IsCanary() || p.State == "disabled" {
			continue
		}
		o := Owing{Person: id, Name: p.Name(), Email: p.Email, Lines: map[string]Line{}}
		var mine []Line
		for _, l := range lines {
			if l.Person == id {
				mine, o.Lines[l.Duty] = append(mine, l), l
			}
		}
		o.Lacks = lacking(mine, m.now())
		t.People = append(t.People, o)
	}
	slices.SortStableFunc(t.People, func(a, b Owing) int {
		return cmp.Or(cmp.Compare(len(b.Lacks), len(a.Lacks)), cmp.Compare(a.Name, b.Name))
	})
	return t, nil
}

// Own is what the actor owes and did.
type Own struct {
	Staff    bool
	Demanded map[string]bool
	Lacks    []string
	Lines    []Line // all, newest first
}

// MyDuties gives what the actor owes and did.
func (m *Module) MyDuties(ctx context.Context) (o Own, err error) {
	person := core.ActorOf(ctx).ID
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeOwn, Org: core.Platform, Subject: person}, func(tx core.Tx) error {
		o = Own{}
		if o.Staff, err = m.needs.Staff.IsStaff(ctx, tx, person); err != nil {
			return err
		}
		if o.Demanded, err = m.demanded(ctx, tx, person); err != nil {
			return err
		}
		if o.Lines, err = m.linesOf(ctx, tx, person); err != nil {
			return err
		}
		o.Lacks = lacking(o.Lines, m.now())
		return nil
	})
	return o, err
}

// linesOf reads all that a person did.
func (m *Module) linesOf(ctx context.Context, tx core.Tx, person core.ID) ([]Line, error) {
	all, err := db.All(ctx, tx, qDutyAll, scanDuty, person)
	if err != nil {
		return nil, err
	}
	for i := range all {
		details, err := m.open(ctx, person, placeDuty, all[i].ID, all[i].sealed)
		if err != nil {
			return nil, err
		}
		all[i].Details = string(details)
	}
	return all, nil
}
