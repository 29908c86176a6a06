package incident

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// The states of an incident.
const (
	StateOpen      = "open"
	StateContained = "contained" // it does no more harm; what it did is still handled
	StateClosed    = "closed"
)

// Where incidents come from.
const (
	SourceAlert  = "alert"
	SourceReport = "report"
	SourceHand   = "hand"
)

// Incident is what went wrong, as it stands.
type Incident struct {
	ID       core.ID
	Breach   bool
	Part     string
	State    string
	Gravity  string
	Exercise bool
	Source   string
	About    core.ID // the alert or report
	Lead     core.ID
	Opened   time.Time
	OpenedBy core.ID
	Aware    time.Time // when we became aware: the clocks of a breach begin
	Closed   time.Time
	Revision int64
	Values   Values
	Tasks    int // not done yet

	trial                  bool
	authorityAt, clientsAt time.Time
	sealed                 []byte
}

// Deadlines are the clocks that run for it.
func (it *Incident) Deadlines() []Deadline { return it.deadlines() }

var (
	errAbsent  = i18n.Fault(core.NotFound, "incident.absent", "Cet incident n'existe pas.", "There is no such incident.")
	errChanged = i18n.Fault(core.Conflict, "incident.changed", "L'incident a changé entre-temps : relisez-le, puis recommencez.", "The incident has changed meanwhile: read it again, then start over.")
	errClosed  = i18n.Fault(core.Conflict, "incident.closed", "Cet incident est clos : rouvrez-le d'abord.", "This incident is closed: open it again first.")
	errState   = i18n.Fault(core.Conflict, "incident.state", "L'incident n'est plus dans cet état : relisez-le.", "The incident is no longer in this state: read it again.")
	codeAware  = i18n.Reason("incident.aware", "Donnez le moment où vous avez eu connaissance des faits : passé, et de moins d'un an.", "Give the moment when you became aware: in the past, and less than a year ago.")
	codeStaff  = i18n.Reason("incident.staff", "Choisissez une personne de l'équipe.", "Choose a member of staff.")
)

// Draft is what a person writes of an incident.
type Draft struct {
	Breach        bool
	Exercise      bool // at the opening only
	Part, Gravity string
	Aware         time.Time // zero: now, at the opening
	Lead          core.ID
	Source        string
	About         core.ID
	Values        Values
	Revision      int64
}

// judge says everything that is wrong with a draft at once.
func (m *Module) judge(ctx context.Context, tx core.Tx, d *Draft, before *Incident) (Values, error) {
	values, wrong := clean(d.Values, d.Breach)
	if !Has(Gravities, d.Gravity) {
		wrong = wrong.With("gravity", codeChoice)
	}
	if d.Part == "" && !d.Breach {
		d.Part = "processor"
	}
	if !Has(Parts, d.Part) {
		wrong = wrong.With("part", codeChoice)
	}
	now := m.now()
	if d.Aware.IsZero() && before == nil {
		d.Aware = now
	}
	if d.Aware.After(now.Add(time.Minute)) || d.Aware.Before(now.AddDate(-1, 0, 0)) {
		wrong = wrong.With("aware", codeAware)
	}
	if d.Lead != "" && (before == nil || before.Lead != d.Lead) {
		team, err := m.staff(ctx, tx)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(team, d.Lead) {
			wrong = wrong.With("lead", codeStaff)
		}
	}
	if len(wrong.Fields) > 0 {
		return values, wrong
	}
	return values, nil
}

// OpenIncident opens an incident by hand, or from an alert or a report; one alert or report has one incident.
func (m *Module) OpenIncident(ctx context.Context, d Draft) (core.ID, error) {
	if err := m.needs.Keys.MakeKeys(ctx, core.Platform); err != nil {
		return "", err
	}
	if d.Source != SourceAlert && d.Source != SourceReport || d.About == "" {
		d.Source, d.About = SourceHand, ""
	}
	done := &core.Act{Def: Open, Org: core.Platform, Resource: ids.At(m.now()), Entry: ids.New()}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		if d.About != "" {
			already, found, err := db.One(ctx, tx, qAbout, db.Value[core.ID], d.Source, d.About)
			if err != nil {
				return err
			}
			if found {
				done.Resource = already
				return nil
			}
		}
		values, err := m.judge(ctx, tx, &d, nil)
		if err != nil {
			return err
		}
		people, err := m.needs.People.People(ctx, tx, core.ActorOf(ctx).ID)
		if err != nil {
			return err
		}
		it := Incident{
			ID: done.Resource, Breach: d.Breach, Part: d.Part, Gravity: d.Gravity, Exercise: d.Exercise, Source: d.Source, About: d.About, Lead: d.Lead,
			Opened: m.now(), OpenedBy: core.ActorOf(ctx).ID, Aware: d.Aware, Values: values, trial: people[core.ActorOf(ctx).ID].IsCanary(),
		}
		return m.insert(ctx, tx, &it, done)
	})
	return done.Resource, err
}

func (m *Module) insert(ctx context.Context, tx core.Tx, it *Incident, done *core.Act) error {
	plain, err := json.Marshal(it.Values)
	if err != nil {
		return err
	}
	details, err := m.seal(ctx, core.Platform, placeDetails, it.ID, plain)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qAdd, it.ID, db.Flag(it.Breach), it.Part, it.Gravity, db.Flag(it.Exercise), db.Flag(it.trial), it.Source, it.About, it.Lead,
		clock.Micros(it.Opened), it.OpenedBy, clock.Micros(it.Aware), details); err != nil {
		return err
	}
	done.Changes = nil
	done.Changed("state", "", StateOpen)
	done.Changed("gravity", "", it.Gravity)
	return m.step(ctx, tx, it.ID, "opened", it.Values["title"], done)
}

var (
	tReported      = i18n.T("Signalement « ce n'était pas moi »", "Report: “this wasn't me”")
	tReportedFacts = i18n.T("Une personne a signalé un accès qui n'était pas le sien. Ses sessions et jetons ont pris fin, son mot de passe est à changer.", "A person reported an access that was not theirs. Their sessions and tokens have ended, their password must be changed.")
)

// ReportCame opens an incident in the transaction of a person's report (ACC-10.1), and gives the act that tells of it. The report
// itself stays where it was made. What a canary reported is its own, and goes with it.
func (m *Module) ReportCame(ctx context.Context, tx core.Tx, report core.ID, by core.Person) (*core.Act, error) {
	now := m.now()
	done := &core.Act{Def: Reported, Org: core.Platform, Resource: ids.At(now), Entry: ids.New()}
	it := Incident{
		ID: done.Resource, Part: "processor", Gravity: "limited", Source: SourceReport, About: report, Opened: now, Aware: now, OpenedBy: core.ActorOf(ctx).ID,
		Values: Values{"title": tReported.Say(0) + " / " + tReported.Say(1), "facts": tReportedFacts.Say(0) + "\n" + tReportedFacts.Say(1)},
	}
	if by.IsCanary() {
		it.OpenedBy, it.trial = by.ID, true
	}
	return done, m.insert(ctx, tx, &it, done)
}

// Change writes what an incident says anew; its timeline keeps which fields changed, the journal from what to what.
func (m *Module) Change(ctx context.Context, id core.ID, d Draft) error {
	done := &core.Act{Def: Work, Org: core.Platform, Resource: id, Entry: ids.New()}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		it, err := m.live(ctx, tx, id)
		if err != nil {
			return err
		}
		if it.Revision != d.Revision {
			return errChanged
		}
		values, err := m.judge(ctx, tx, &d, &it)
		if err != nil {
			return err
		}
		plain, err := json.Marshal(values)
		if err != nil {
			return err
		}
		details, err := m.seal(ctx, core.Platform, placeDetails, id, plain)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qChange, id, d.Revision, db.Flag(d.Breach), d.Part, d.Gravity, d.Lead, clock.Micros(d.Aware), details)
		if err != nil {
			return err
		}
		if n == 0 {
			return errChanged
		}
		return m.told(ctx, tx, &it, &d, values, done)
	})
}

// told notes in the timeline and in the journal what a change changed.
func (m *Module) told(ctx context.Context, tx core.Tx, it *Incident, d *Draft, values Values, done *core.Act) error {
	done.Changes = nil
	done.Changed("gravity", it.Gravity, d.Gravity)
	done.Changed("part", it.Part, d.Part)
	done.Changed("lead", string(it.Lead), string(d.Lead))
	done.Changed("aware", it.Aware.Format(time.RFC3339), d.Aware.UTC().Format(time.RFC3339))
	for _, f := range Fields {
		done.Changed(f.Name, it.Values[f.Name], values[f.Name])
	}
	if it.Breach != d.Breach {
		word := "breach"
		if it.Breach {
			word = "no_breach"
		}
		if err := m.step(ctx, tx, it.ID, word, "", done); err != nil {
			return err
		}
	}
	if values["authority"] != it.Values["authority"] && values["authority"] != "" {
		if err := m.step(ctx, tx, it.ID, "authority", values["authority"]+" "+values["reference"], done); err != nil {
			return err
		}
	}
	names := ""
	for _, c := range done.Changes {
		names += " " + c.Field
	}
	if names == "" {
		return nil
	}
	return m.step(ctx, tx, it.ID, "changed", names[1:], done)
}

// live loads an incident that can still be worked on.
func (m *Module) live(ctx context.Context, tx core.Tx, id core.ID) (Incident, error) {
	it, err := m.load(ctx, tx, id)
	if err == nil && it.State == StateClosed {
		err = errClosed
	}
	return it, err
}

var (
	errClosing    = i18n.Fault(core.Invalid, "incident.closing", "L'incident ne peut pas être clos encore.", "The incident cannot be closed yet.")
	codeTasks     = i18n.Reason("incident.tasks_open", "Tâches qui restent à faire : %d.", "Tasks still to be done: %d.")
	codeLessons   = i18n.Reason("incident.lessons", "Écrivez les causes et les leçons.", "Write the causes and lessons.")
	codeAuthority = i18n.Reason("incident.authority", "Consignez la décision pour l'autorité, avec sa référence ou son motif.", "Record the decision about the authority, with its reference or reason.")
	codeLate      = i18n.Reason("incident.late", "L'autorité a été saisie après 72 heures : dites pourquoi (art. 33-1).", "The authority was told after 72 hours: say why (art. 33-1).")
	codeUntold    = i18n.Reason("incident.untold", "%d organisations touchées n'ont pas encore d'avis envoyé.", "%d organizations affected have no notice sent yet.")
	codeNoList    = i18n.Reason("incident.no_list", "Établissez la liste des personnes touchées, même vide.", "Compute the list of persons affected, even if it is empty.")
)

// Lacks says why an incident cannot be closed, as the fields of an error; none when it can.
func (m *Module) lacks(ctx context.Context, tx core.Tx, it *Incident) (*core.Error, error) {
	wrong := errClosing
	if it.Tasks > 0 {
		wrong = wrong.With("tasks", codeTasks, it.Tasks)
	}
	if it.Values["lessons"] == "" {
		wrong = wrong.With("lessons", codeLessons)
	}
	if !it.Breach {
		return wrong, nil
	}
	decision := it.Values["authority"]
	if decision == "" || it.Values["reference"] == "" && decision != "client" || decision == "client" && it.Part != "processor" {
		wrong = wrong.With("authority", codeAuthority)
	}
	if decision == "notified" && it.Part != "processor" && it.authorityAt.Sub(it.Aware) > authorityTime && it.Values["late"] == "" {
		wrong = wrong.With("late", codeLate)
	}
	listed, _, err := db.One(ctx, tx, qScopes, db.Value[int64], it.ID)
	if err != nil {
		return nil, err
	}
	if listed == 0 {
		wrong = wrong.With("list", codeNoList)
	}
	untold, _, err := db.One(ctx, tx, qUntold, db.Value[int64], it.ID, core.Platform)
	if untold > 0 && it.Part != "controller" && !it.Exercise {
		wrong = wrong.With("clients", codeUntold, untold)
	}
	return wrong, err
}

// Move changes the state of an incident: contained, closed when nothing lacks any more, open again.
func (m *Module) Move(ctx context.Context, id core.ID, from, to string) error {
	def := Close
	if to == StateContained && from == StateOpen {
		def = Work
	}
	done := &core.Act{Def: def, Org: core.Platform, Resource: id, Entry: ids.New()}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		it, err := m.load(ctx, tx, id)
		if err != nil {
			return err
		}
		if it.State != from || from == to || !slices.Contains([]string{StateOpen, StateContained, StateClosed}, to) {
			return errState
		}
		closed := int64(0)
		if to == StateClosed {
			wrong, err := m.lacks(ctx, tx, &it)
			if err != nil {
				return err
			}
			if len(wrong.Fields) > 0 {
				return wrong
			}
			closed = clock.Micros(m.now())
		}
		n, err := tx.Exec(ctx, qState, id, from, to, closed)
		if err != nil {
			return err
		}
		if n == 0 {
			return errState
		}
		done.Changes = nil
		done.Changed("state", from, to)
		return m.step(ctx, tx, id, to, "", done)
	})
}
