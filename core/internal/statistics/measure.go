package statistics

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Smallest is the smallest figure that is shown: below it a group is "fewer than ten".
const Smallest = 10

// Monthly is what one organization can spend in a calendar month, in thousandths of epsilon.
const Monthly = 2000

// Precision is how exactly a figure is asked for, and what that costs.
type Precision struct {
	ID    string
	Milli int64 // thousandths of epsilon
	Title core.Text
}

var (
	tCoarse = i18n.T("grossière", "coarse")
	tUsual  = i18n.T("usuelle", "usual")
	tFine   = i18n.T("fine", "fine")

	tStates   = i18n.T("Membres par état", "Members by state")
	tActive   = i18n.T("actifs", "active")
	tInvited  = i18n.T("invités", "invited")
	tLeft     = i18n.T("partis", "left")
	tSignIns  = i18n.T("Membres par dernière connexion", "Members by last sign-in")
	tWeek     = i18n.T("dans les 7 jours", "within 7 days")
	tMonth    = i18n.T("dans les 30 jours", "within 30 days")
	tEarlier  = i18n.T("plus tôt", "earlier")
	tNever    = i18n.T("jamais", "never")
	tConsents = i18n.T("Membres par réponse aux demandes de consentement", "Members by answer to consent questions")
	tGiven    = i18n.T("au moins un consentement en cours", "at least one consent in force")
	tNotGiven = i18n.T("aucun consentement en cours", "no consent in force")
)

// Precisions are those that can be asked for, from the cheapest.
var Precisions = []Precision{
	{"coarse", 100, probe.Text(tCoarse)}, {"usual", 250, probe.Text(tUsual)}, {"fine", 500, probe.Text(tFine)},
}

func precision(id string) (Precision, bool) {
	for _, p := range Precisions {
		if p.ID == id {
			return p, true
		}
	}
	return Precision{}, false
}

// Group is one figure of a measure. The groups of a measure are fixed: which ones there are tells nothing about anyone.
type Group struct {
	ID    string
	Title core.Text
}

// Measure is a question that can be asked.
type Measure struct {
	ID     string
	Title  core.Text
	Weekly bool // its figure is of a week; of a month otherwise
	Groups []Group
	place  func(ctx context.Context, tx core.Tx, m *Module, org core.ID, now time.Time, list []core.Membership) (map[core.ID]string, error)
}

// Measures are all those that can be asked.
var Measures = []*Measure{
	{ID: "members", Title: probe.Text(tStates), Groups: []Group{{"active", probe.Text(tActive)}, {"invited", probe.Text(tInvited)}, {"left", probe.Text(tLeft)}}, place: byState},
	{ID: "sign-ins", Title: probe.Text(tSignIns), Weekly: true, Groups: []Group{{"week", probe.Text(tWeek)}, {"month", probe.Text(tMonth)}, {"earlier", probe.Text(tEarlier)}, {"never", probe.Text(tNever)}}, place: byLastSignIn},
	{ID: "consents", Title: probe.Text(tConsents), Groups: []Group{{"given", probe.Text(tGiven)}, {"none", probe.Text(tNotGiven)}}, place: byConsent},
}

// MeasureOf finds one.
func MeasureOf(id string) (*Measure, bool) {
	for _, m := range Measures {
		if m.ID == id {
			return m, true
		}
	}
	return nil, false
}

// Period names the week or the month whose figure is given at a moment.
func (m *Measure) Period(now time.Time) string {
	if m.Weekly {
		year, week := now.UTC().ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}
	return now.UTC().Format("2006-01")
}

func byState(_ context.Context, _ core.Tx, _ *Module, _ core.ID, _ time.Time, list []core.Membership) (map[core.ID]string, error) {
	out := make(map[core.ID]string, len(list))
	for _, ms := range list { // each person once: where they belong, they are active before invited before left
		if was := out[ms.Person]; was == "active" || was == "invited" && ms.State == "left" {
			continue
		}
		out[ms.Person] = ms.State
	}
	return out, nil
}

func byLastSignIn(ctx context.Context, tx core.Tx, m *Module, _ core.ID, now time.Time, list []core.Membership) (map[core.ID]string, error) {
	persons := active(list)
	at, err := m.needs.People.SignedInAt(ctx, tx, persons...)
	if err != nil {
		return nil, err
	}
	out := make(map[core.ID]string, len(persons))
	for _, p := range persons {
		switch last := at[p]; {
		case last.IsZero():
			out[p] = "never"
		case last.After(now.AddDate(0, 0, -7)):
			out[p] = "week"
		case last.After(now.AddDate(0, 0, -30)):
			out[p] = "month"
		default:
			out[p] = "earlier"
		}
	}
	return out, nil
}

func byConsent(ctx context.Context, tx core.Tx, m *Module, org core.ID, _ time.Time, list []core.Membership) (map[core.ID]string, error) {
	whose := org
	if org == core.Platform { // the provider counts consents to anybody
		whose = ""
	}
	persons := active(list)
	out := make(map[core.ID]string, len(persons))
	for _, p := range persons {
		given, err := m.needs.Consents.AnyGiven(ctx, tx, whose, p)
		if err != nil {
			return nil, err
		}
		if out[p] = "none"; given {
			out[p] = "given"
		}
	}
	return out, nil
}

// active gives the persons who are active members, each once.
func active(list []core.Membership) (persons []core.ID) {
	seen := map[core.ID]bool{}
	for _, ms := range list {
		if ms.State == "active" && !seen[ms.Person] {
			seen[ms.Person] = true
			persons = append(persons, ms.Person)
		}
	}
	return persons
}
