package api

import (
	"context"

	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/preview"
)

const previewPath = "/organizations/{org}/links/{link}/preview"

// Asked says to an agent whether a person sets its tool up.
type Asked struct {
	Asked   bool                `json:"asked" doc:"A person waits for what the program sees"`
	Look    bool                `json:"look" doc:"A person chooses a tool among those that the program sees"`
	Version int64               `json:"version" doc:"Version of the mapping"`
	Mapping recognition.Mapping `json:"mapping" doc:"What to look with"`
}

// Access is how a program reads its tool.
type Access struct {
	Kind   string `json:"kind" doc:"Kind of the tool"`
	Access string `json:"access" doc:"Its settings, as a program writes them; empty when they are kept on the spot"`
}

// previews are the operations of an agent while a person sets its tool up.
func previews(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Needs(recognition.HearAsked), rest.Operation{
		ID: "readPreviewAsked", Method: "GET", Path: previewPath, Summary: "Hear whether a person waits for what the program sees", Tag: "Recognition",
	}, func(ctx context.Context, in *InLink) (*rest.One[Asked], error) {
		h, err := m.HearAsked(ctx, in.Org, in.Link)
		if err != nil {
			return nil, err
		}
		return rest.Got(Asked{h.Asked, h.Look, h.Version, h.Mapping}, 0), nil
	})
	rest.Op(a, edge.Needs(recognition.FetchAccess), rest.Operation{
		ID: "readSourceAccess", Method: "GET", Path: "/organizations/{org}/links/{link}/source", Summary: "Read the access to a tool that is kept on the platform", Tag: "Recognition",
		Once: true,
	}, func(ctx context.Context, in *InLink) (*rest.One[Access], error) {
		kind, text, err := m.FetchAccess(ctx, in.Org, in.Link)
		if err != nil {
			return nil, err
		}
		return rest.Got(Access{kind, string(text)}, 0), nil
	})
	rest.Op(a, edge.Needs(recognition.TellPreview), rest.Operation{
		ID: "tellPreview", Method: "PUT", Path: previewPath, Summary: "Tell the fields of a tool, and the first cards as they would leave", Tag: "Recognition", Status: 204,
		Detail: "Kept sealed for half an hour, for the person who asked.",
	}, func(ctx context.Context, in *struct {
		InLink
		Body preview.Told
	},
	) (*rest.None, error) {
		return nil, m.TellPreview(ctx, in.Org, in.Link, in.Body)
	})
	rest.Op(a, edge.Needs(recognition.TellTools), rest.Operation{
		ID: "tellTools", Method: "PUT", Path: "/organizations/{org}/links/{link}/tools", Summary: "Announce the tools that a program sees, by their names", Tag: "Recognition", Status: 204,
		Detail: "Names of files, tables and columns: no value, no address. Kept sealed for half an hour, for the person who chooses one.",
	}, func(ctx context.Context, in *struct {
		InLink
		Body preview.Tools
	},
	) (*rest.None, error) {
		return nil, m.TellTools(ctx, in.Org, in.Link, in.Body)
	})
}
