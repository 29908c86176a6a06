package api

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
)

const (
	tagDirectory = "Caller recognition: directory"
	tagScripts   = "Caller recognition: scripts"
)

// DirectoryEntry is one line of a telephone's directory.
type DirectoryEntry struct {
	ID      core.ID  `json:"id"`
	Name    string   `json:"name,omitempty"`
	Company string   `json:"company,omitempty"`
	Numbers []string `json:"numbers" nullable:"false" doc:"In E.164"`
}

// DirectoryFound is what a search found.
type DirectoryFound struct {
	Entries []DirectoryEntry `json:"entries" nullable:"false"`
	More    bool             `json:"more" doc:"There may be others: search for more of the name"`
}

// Programs is the signed list of local programs.
type Programs struct {
	PublicKey []byte `json:"public_key,omitempty" doc:"Ed25519 key of the organization; keep the first that you get"`
	Manifest  []byte `json:"manifest,omitempty" doc:"JSON of the list, the very bytes that are signed"`
	Signature []byte `json:"signature,omitempty"`
}

// directory are the operations of what stands beside telephones and workstations.
func directory(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Needs(recognition.ReadDirectory), rest.Operation{
		ID: "findInDirectory", Method: "POST", Path: "/organizations/{org}/directory/find", Tag: tagDirectory,
		Summary: "Search the directory for telephones", Detail: "By number, or by the beginning of a word of the name or company; neither gives the first entries. What is searched stands in the body and never in a URL.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Number string `json:"number,omitempty" maxLength:"128"`
			Name   string `json:"name,omitempty" maxLength:"64"`
			Limit  int    `json:"limit,omitempty" minimum:"0" maximum:"200"`
		}
	},
	) (*rest.One[DirectoryFound], error) {
		found, err := m.Directory(ctx, in.Org, recognition.DirectoryQuery{Number: in.Body.Number, Name: in.Body.Name, Limit: in.Body.Limit})
		if err != nil {
			return nil, err
		}
		out := DirectoryFound{Entries: make([]DirectoryEntry, len(found.Cards)), More: found.More}
		for i, c := range found.Cards {
			out.Entries[i] = DirectoryEntry{c.ID, c.Name, c.Company, append([]string{}, c.Numbers...)}
		}
		return rest.Got(out, 0), nil
	})
	rest.Op(a, edge.Needs(recognition.FetchPrograms), rest.Operation{
		ID: "fetchPrograms", Method: "GET", Path: "/organizations/{org}/recognition/programs", Tag: tagScripts,
		Summary: "Fetch the signed list of programs that a workstation may start",
	}, func(ctx context.Context, in *rest.InOrg) (*rest.One[Programs], error) {
		p, err := m.FetchPrograms(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		return rest.Got(Programs{p.Public, p.Manifest, p.Signature}, 0), nil
	})
	rest.Op(a, edge.Needs(recognition.RunScript), rest.Operation{
		ID: "runCallScript", Method: "POST", Path: "/organizations/{org}/calls/{call}/scripts/{script}/run", Status: 204, Tag: tagScripts,
		Summary: "Have the platform perform a script for one's own call", Detail: "Only scripts whose request the organization lets the platform send. Nothing of the answer is kept.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Call   core.ID `path:"call" maxLength:"64"`
		Script core.ID `path:"script" maxLength:"64"`
	},
	) (*rest.None, error) {
		return nil, m.RunScript(ctx, in.Org, in.Call, in.Script)
	})
}
