// Package api gives incidents under /api/v1 to the provider's programs, and notices of breaches to those of organizations.
//
// Owns: their shapes in JSON. Must not know: how they are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Incidents"

// Clock is one deadline of a breach.
type Clock struct {
	What string     `json:"what" doc:"authority (72 hours) or clients (without undue delay)"`
	At   time.Time  `json:"at" doc:"When it ends"`
	Met  *time.Time `json:"met_at,omitempty" doc:"When it was met"`
	Late bool       `json:"late" doc:"Whether it passed unmet, or was met after its time"`
}

// Incident is an incident in JSON.
type Incident struct {
	ID       core.ID           `json:"id" doc:"Id of the incident"`
	Breach   bool              `json:"breach" doc:"Whether personal data are concerned"`
	Exercise bool              `json:"exercise" doc:"Whether it is an exercise"`
	Part     string            `json:"part" doc:"What the provider is for these data: processor, controller or both"`
	State    string            `json:"state" doc:"open, contained or closed"`
	Gravity  string            `json:"gravity" doc:"negligible, limited, significant or maximal"`
	Source   string            `json:"source" doc:"alert, report or hand"`
	Opened   time.Time         `json:"opened_at" doc:"When it was opened"`
	Aware    time.Time         `json:"aware_at" doc:"When the provider became aware"`
	Closed   *time.Time        `json:"closed_at,omitempty" doc:"When it was closed"`
	Clocks   []Clock           `json:"clocks,omitempty" doc:"The clocks that run for a breach"`
	Values   map[string]string `json:"values" doc:"What it says, by the name of the field"`
	Revision int64             `json:"revision" doc:"Number of its version"`
}

func shape(it *incident.Incident, now time.Time) Incident {
	out := Incident{
		ID: it.ID, Breach: it.Breach, Exercise: it.Exercise, Part: it.Part, State: it.State, Gravity: it.Gravity, Source: it.Source, Opened: it.Opened,
		Aware: it.Aware, Values: it.Values, Revision: it.Revision,
	}
	if !it.Closed.IsZero() {
		out.Closed = &it.Closed
	}
	for _, d := range it.Deadlines() {
		c := Clock{What: d.What, At: d.At, Late: d.Late(now)}
		if !d.Met.IsZero() {
			met := d.Met
			c.Met = &met
		}
		out.Clocks = append(out.Clocks, c)
	}
	return out
}

// Notice is a notice of a breach in JSON.
type Notice struct {
	ID      core.ID    `json:"id" doc:"Id of the notice"`
	Phase   string     `json:"phase" doc:"initial or complement"`
	Sent    time.Time  `json:"sent_at" doc:"When it was sent"`
	Seen    *time.Time `json:"seen_at,omitempty" doc:"When the organization first read it"`
	Persons int        `json:"persons" doc:"How many persons of the organization are possibly affected"`
	Digest  string     `json:"sha256" doc:"Digest of the text and the list, as they were sent"`
	Text    string     `json:"text,omitempty" doc:"What it says"`
	List    []Person   `json:"list,omitempty" doc:"The persons possibly affected"`
}

// Person is a person possibly affected.
type Person struct {
	ID    core.ID  `json:"id" doc:"Id of the person"`
	Name  string   `json:"name,omitempty" doc:"Name; none when the person was erased"`
	Email string   `json:"email,omitempty" doc:"E-mail address"`
	Why   []string `json:"why" doc:"account, read, written, or names of tables"`
	Acts  int      `json:"acts" doc:"How many acts concerned the person"`
}

func told(n *incident.Notice) Notice {
	out := Notice{ID: n.ID, Phase: n.Phase, Sent: n.Sent, Persons: n.Persons, Digest: n.Digest, Text: n.Text}
	if !n.Seen.IsZero() {
		out.Seen = &n.Seen
	}
	return out
}

// Opening is what a program says to open an incident: a watch of logs, a ticket.
type Opening struct {
	Title    string     `json:"title" maxLength:"200" doc:"Title"`
	Facts    string     `json:"facts" maxLength:"4000" doc:"What happened"`
	Gravity  string     `json:"gravity" enum:"negligible,limited,significant,maximal" doc:"Gravity for persons"`
	Breach   bool       `json:"breach,omitempty" doc:"Whether personal data are concerned"`
	Part     string     `json:"part,omitempty" enum:"processor,controller,both" doc:"What the provider is for these data"`
	Exercise bool       `json:"exercise,omitempty" doc:"Whether it is an exercise"`
	Aware    *time.Time `json:"aware_at,omitempty" doc:"When the provider became aware; now when absent"`
}

// Register adds the operations.
func Register(a *rest.API, m *incident.Module) {
	rest.Op(a, edge.Needs(incident.Read), rest.Operation{
		ID: "listIncidents", Method: "GET", Path: "/provider/incidents", Summary: "List incidents", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Show string `query:"show" enum:"breaches,closed" doc:"Only breaches, or closed incidents; the current ones when absent"`
	},
	) (*rest.List[Incident], error) {
		v, err := m.Incidents(ctx, in.Show)
		if err != nil {
			return nil, err
		}
		out := make([]Incident, len(v.List))
		for i := range v.List {
			out[i] = shape(&v.List[i], m.Now())
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(incident.Read), rest.Operation{
		ID: "readIncident", Method: "GET", Path: "/provider/incidents/{incident}", Summary: "Read an incident", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Incident core.ID `path:"incident" maxLength:"64" doc:"Id of the incident"`
	},
	) (*rest.One[Incident], error) {
		p, err := m.Get(ctx, in.Incident)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(&p.Incident, m.Now()), 0), nil
	})
	rest.Op(a, edge.Needs(incident.Open), rest.Operation{
		ID: "openIncident", Method: "POST", Path: "/provider/incidents", Summary: "Open an incident", Tag: tag, Status: 201,
	}, func(ctx context.Context, in *struct{ Body Opening }) (*rest.One[Incident], error) {
		d := incident.Draft{
			Breach: in.Body.Breach, Part: in.Body.Part, Gravity: in.Body.Gravity, Exercise: in.Body.Exercise, Values: incident.Values{"title": in.Body.Title, "facts": in.Body.Facts},
		}
		if in.Body.Aware != nil {
			d.Aware = *in.Body.Aware
		}
		id, err := m.OpenIncident(ctx, d)
		if err != nil {
			return nil, err
		}
		p, err := m.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(&p.Incident, m.Now()), 0), nil
	})
	clients(a, m)
}

func clients(a *rest.API, m *incident.Module) {
	rest.Op(a, edge.Needs(incident.Consult), rest.Operation{
		ID: "listBreachNotices", Method: "GET", Path: "/organizations/{org}/breaches", Summary: "List the notices of breaches that an organization got", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Notice], error) {
		list, err := m.Told(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Notice, len(list))
		for i := range list {
			out[i] = told(&list[i])
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(incident.Consult), rest.Operation{
		ID: "readBreachNotice", Method: "GET", Path: "/organizations/{org}/breaches/{notice}", Summary: "Read a notice of a breach, with the persons possibly affected", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Notice core.ID `path:"notice" maxLength:"64" doc:"Id of the notice"`
	},
	) (*rest.One[Notice], error) {
		v, err := m.Read(ctx, in.Org, in.Notice)
		if err != nil {
			return nil, err
		}
		out := told(&v.Notice)
		for _, one := range v.List {
			p := v.People[one.Person]
			person := Person{ID: one.Person, Why: one.Why, Acts: one.Acts}
			if p.ID != "" {
				person.Name, person.Email = p.Name(), p.Email
			}
			out.List = append(out.List, person)
		}
		return rest.Got(out, 0), nil
	})
}
