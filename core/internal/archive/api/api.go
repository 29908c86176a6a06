// Package api gives a person what is held about them under /api/v1/me.
//
// Owns: its shapes in JSON. Must not know: how anything is gathered or kept. Start reading at: Register.
package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/archive"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "My data"

// Archive is an archive in JSON.
type Archive struct {
	ID       core.ID    `json:"id" doc:"Id of the archive"`
	Portable bool       `json:"portable" doc:"Only what article 20 covers"`
	State    string     `json:"state" enum:"queued,building,ready,failed" doc:"How far it is"`
	Done     int        `json:"done" doc:"Parts that were gathered"`
	Total    int        `json:"total" doc:"Parts in all; 0 before it begins"`
	Records  int64      `json:"records" doc:"Records inside"`
	Size     int64      `json:"size" doc:"Bytes of the file"`
	Digest   string     `json:"sha256,omitempty" doc:"SHA-256 of the file"`
	MadeAt   time.Time  `json:"made_at" doc:"When it was asked for"`
	ReadyAt  *time.Time `json:"ready_at,omitempty" doc:"When it was ready"`
	EndsAt   time.Time  `json:"ends_at" doc:"When it is erased"`
	File     string     `json:"file,omitempty" doc:"Address of the file: signed in, with a recent proof of identity"`
}

func shape(a archive.Archive) Archive {
	out := Archive{
		ID: a.ID, Portable: a.Portable, State: a.State, Done: a.Done, Total: a.Total, Records: a.Records, Size: a.Size, Digest: a.Digest, MadeAt: a.Made, EndsAt: a.Ends(),
	}
	if !a.Ready.IsZero() {
		out.ReadyAt, out.File = &a.Ready, "/me/archives/"+string(a.ID)+"/file"
	}
	return out
}

// Register adds the operations.
func Register(a *rest.API, m *archive.Module) {
	rest.Op(a, edge.Needs(&archive.ExportOwn), rest.Operation{
		ID: "exportMyData", Method: "GET", Path: "/me/data", Summary: "Take all that is held about me", Tag: tag,
		Detail: "In the form of docs/person.schema.json. Answers archive.large when it is too much for one answer: ask for an archive.",
	}, func(ctx context.Context, in *struct {
		Portable bool `query:"portable" doc:"Only what article 20 covers"`
	},
	) (*rest.One[json.RawMessage], error) {
		out, err := m.JSON(ctx, in.Portable)
		if err != nil {
			return nil, err
		}
		return rest.Got(json.RawMessage(out), 0), nil
	})
	rest.Op(a, edge.Needs(&archive.ListOwn), rest.Operation{
		ID: "listMyArchives", Method: "GET", Path: "/me/archives", Summary: "List my archives", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Archive], error) {
		list, err := m.List(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Archive, len(list))
		for i, one := range list {
			out[i] = shape(one)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(&archive.AskOwn), rest.Operation{
		ID: "askMyArchive", Method: "POST", Path: "/me/archives", Summary: "Ask for an archive of my data", Tag: tag, Status: 202,
		Detail: "It is built as a job; a message tells when it is ready.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Portable bool `json:"portable,omitempty" doc:"Only what article 20 covers"`
		}
	},
	) (*rest.One[Archive], error) {
		id, err := m.Ask(ctx, in.Body.Portable)
		if err != nil {
			return nil, err
		}
		got, err := m.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(got), 0), nil
	})
	rest.Op(a, edge.Needs(&archive.ListOwn), rest.Operation{
		ID: "readMyArchive", Method: "GET", Path: "/me/archives/{archive}", Summary: "Tell how far an archive is", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Archive core.ID `path:"archive" maxLength:"64" doc:"Id of the archive"`
	},
	) (*rest.One[Archive], error) {
		got, err := m.Get(ctx, in.Archive)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(got), 0), nil
	})
}
