package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
)

const tagWorkstations = "Workstations"

// Posture is what a workstation says of itself.
type Posture struct {
	Device core.ID           `json:"device" maxLength:"64" doc:"Id that the agent chose at its first start: a UUID of version 7"`
	Name   string            `json:"name" minLength:"1" maxLength:"200" doc:"Name of the machine"`
	System string            `json:"system" maxLength:"200" doc:"Its system and version"`
	States map[string]string `json:"states" doc:"By protection (disk, firewall, updates, screen): good, bad or unknown"`
}

// Workstation is what is known of one.
type Workstation struct {
	Device core.ID            `json:"device" doc:"Id of the workstation"`
	Person core.ID            `json:"person" doc:"Whose it is"`
	Name   string             `json:"name" doc:"Name of the machine"`
	System string             `json:"system" doc:"Its system and version"`
	SeenAt time.Time          `json:"seen_at" doc:"Its last report; after seven days nothing is known of it"`
	States map[string]Current `json:"states" doc:"By protection"`
}

// Current is the state of one protection.
type Current struct {
	State string    `json:"state" doc:"good, bad or unknown: unknown is never good"`
	Since time.Time `json:"since" doc:"Since when"`
}

// DeskEnrolled is what a workstation gets for its code.
type DeskEnrolled struct {
	Org   core.ID `json:"organization" doc:"Organization whose calls it follows"`
	Token string  `json:"token" doc:"Its token, shown once"`
}

func workstations(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Public("a workstation has nothing but its one-time code yet; tries are limited"), rest.Operation{
		ID: "enrolWorkstation", Method: "POST", Path: "/workstations/enrolments", Summary: "Exchange an install code for the token of a workstation", Tag: tagWorkstations, Once: true,
	}, func(ctx context.Context, in *struct {
		Body struct {
			Code string `json:"code" maxLength:"64" doc:"The code, as the person's page shows it"`
		}
	},
	) (*rest.One[DeskEnrolled], error) {
		t, err := m.EnrolDesk(ctx, in.Body.Code)
		if err != nil {
			return nil, err
		}
		return rest.Got(DeskEnrolled{t.Org, t.Token}, 0), nil
	})
	rest.Op(a, edge.Needs(recognition.ReportDevice), rest.Operation{
		ID: "reportWorkstation", Method: "PUT", Path: "/organizations/{org}/workstations", Summary: "Tell the state of one's own workstation", Tag: tagWorkstations,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body Posture
	},
	) (*rest.None, error) {
		states := make(map[string]recognition.State, len(in.Body.States))
		for check, state := range in.Body.States {
			states[check] = recognition.State(state)
		}
		return nil, m.ReportPosture(ctx, in.Org, recognition.Posture{Device: in.Body.Device, Name: in.Body.Name, System: in.Body.System, States: states})
	})
	rest.Op(a, edge.Needs(recognition.ListDevices), rest.Operation{
		ID: "listWorkstations", Method: "GET", Path: "/organizations/{org}/workstations", Summary: "List the workstations of an organization and what they say of themselves", Tag: tagWorkstations,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Workstation], error) {
		l, err := m.Devices(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Workstation, len(l.Devices))
		for i := range l.Devices {
			out[i] = workstation(&l.Devices[i], m.Now())
		}
		return rest.Listed(out, ""), nil
	})
}

func workstation(d *recognition.Device, now time.Time) Workstation {
	w := Workstation{Device: d.ID, Person: d.Person, Name: d.Name, System: d.System, SeenAt: d.SeenAt, States: map[string]Current{}}
	for _, check := range recognition.Checks {
		state, since := d.State(check, now)
		w.States[check] = Current{string(state), since}
	}
	return w
}
