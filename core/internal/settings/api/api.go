// Package api gives the operations of settings under /api/v1.
//
// Owns: the shape of a setting in JSON. Must not know: how settings are kept or compared. Start reading at: Register.
package api

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/settings"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Setting is one setting in JSON.
type Setting struct {
	ID        string     `json:"id" doc:"Stable name, like password.min_length"`
	Effective string     `json:"effective" doc:"Value in force"`
	Own       *string    `json:"own,omitempty" doc:"Value chosen here; absent when none was"`
	Floor     *string    `json:"floor,omitempty" doc:"What the provider imposes; absent when nothing is"`
	FloorFrom string     `json:"floor_from,omitempty" doc:"Set of settings that imposed it"`
	FloorAt   *time.Time `json:"floor_at,omitempty"`
	Default   string     `json:"default"`
	Clauses   string     `json:"clauses,omitempty" doc:"Clauses that it keeps"`
	Promised  []Promise  `json:"promised,omitempty" doc:"Published clauses that demand something of it: a value that breaks one is refused"`
}

// Promise is what a published clause demands of a setting.
type Promise struct {
	Pack   string `json:"pack"`
	Clause string `json:"clause"`
	Floor  string `json:"floor,omitempty" doc:"The loosest value that keeps it"`
	Exact  string `json:"exact,omitempty" doc:"The only value that keeps it"`
}

func shape(v settings.View) []Setting {
	out := make([]Setting, len(v.Settings))
	for i, s := range v.Settings {
		out[i] = Setting{ID: s.ID, Effective: s.Effective, Default: s.Default, Clauses: s.Clause, FloorFrom: s.FloorFrom}
		for _, p := range s.Promised {
			out[i].Promised = append(out[i].Promised, Promise{p.Pack, p.Clause, p.Floor, p.Exact})
		}
		if s.Set {
			out[i].Own = &v.Settings[i].Own
		}
		if s.Floored {
			out[i].Floor, out[i].FloorAt = &v.Settings[i].Floor, &v.Settings[i].FloorAt
		}
	}
	return out
}

// Answer is every setting with the version to send back.
type Answer struct {
	ETag string `header:"ETag" doc:"Version of the settings: send it back as If-Match to change them"`
	Body struct {
		Items []Setting `json:"items" nullable:"false"`
	}
}

// Edit is a change of settings.
type Edit struct {
	Values map[string]*string `json:"values" doc:"New value by name; null takes the own value away"`
	Reason string             `json:"reason,omitempty" maxLength:"500" doc:"Why; kept in the journal, required of the provider"`
}

const tag = "Settings"

// Register adds the operations of settings.
func Register(a *rest.API, m *settings.Module) {
	rest.Op(a, edge.Needs(settings.ReadSettings), rest.Operation{
		ID: "readSettings", Method: "GET", Path: "/organizations/{org}/settings", Summary: "Read the settings of an organization with their floors", Tag: tag,
	}, func(ctx context.Context, in *rest.InOrg) (*Answer, error) { return read(ctx, m, in.Org) })
	rest.Op(a, edge.Needs(settings.ChangeSettings), rest.Operation{
		ID: "changeSettings", Method: "PATCH", Path: "/organizations/{org}/settings", Summary: "Tighten settings; a value looser than its floor is refused", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		IfMatch string `header:"If-Match" required:"true" doc:"ETag of the settings as they were read"`
		Body    Edit
	},
	) (*Answer, error) {
		return save(ctx, m, in.Org, in.IfMatch, in.Body)
	})
	rest.Op(a, edge.Needs(settings.ReadFloors), rest.Operation{
		ID: "readFloors", Method: "GET", Path: "/provider/settings", Summary: "Read the floors of the platform", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*Answer, error) { return read(ctx, m, core.Platform) })
	rest.Op(a, edge.Needs(settings.SetFloors), rest.Operation{
		ID: "changeFloors", Method: "PATCH", Path: "/provider/settings", Summary: "Set the floors of the platform; they act at the next request, everywhere", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		IfMatch string `header:"If-Match" required:"true" doc:"ETag of the floors as they were read"`
		Body    Edit
	},
	) (*Answer, error) {
		return save(ctx, m, core.Platform, in.IfMatch, in.Body)
	})
}

func read(ctx context.Context, m *settings.Module, org core.ID) (*Answer, error) {
	v, err := m.Read(ctx, org)
	if err != nil {
		return nil, err
	}
	out := &Answer{ETag: `"` + v.Version + `"`}
	out.Body.Items = shape(v)
	return out, nil
}

func save(ctx context.Context, m *settings.Module, org core.ID, match string, e Edit) (*Answer, error) {
	edit := settings.Edit{Match: strings.Trim(match, `"`), Reason: e.Reason}
	if edit.Match == "" {
		edit.Match = "none" // an empty tag names no version
	}
	for key, value := range e.Values {
		if value == nil {
			edit.Changes = append(edit.Changes, settings.Change{Key: key, Reset: true})
			continue
		}
		edit.Changes = append(edit.Changes, settings.Change{Key: key, Value: *value})
	}
	if err := m.Save(ctx, org, edit); err != nil {
		return nil, err
	}
	return read(ctx, m, org)
}
