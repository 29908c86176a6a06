package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/i18n"
)

// Import is an import of members in JSON.
type Import struct {
	ID        core.ID   `json:"id"`
	State     string    `json:"state" doc:"ready (tried), applied, undone or ended"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at" doc:"Until when it can be applied, then undone"`
	New       int       `json:"new"`
	Changed   int       `json:"changed"`
	Same      int       `json:"same"`
	Refused   int       `json:"refused"`
	Columns   []string  `json:"columns,omitempty" doc:"What each column holds; empty for nothing"`
	Headed    bool      `json:"headed" doc:"Whether the first line is headings"`
	Lines     []Line    `json:"lines,omitempty" doc:"Refused and changed lines, 1,000 at most"`
}

// Line is a line of a dry run that needs to be looked at.
type Line struct {
	Line    int                `json:"line" doc:"Line of the file, from 1"`
	Verdict string             `json:"verdict" doc:"changed or refused"`
	Code    string             `json:"code,omitempty" doc:"Why it is refused"`
	Why     string             `json:"why,omitempty" doc:"The same in words"`
	Changes []core.FieldChange `json:"changes,omitempty"`
}

func importOf(ctx context.Context, i organization.Import) Import {
	out := Import{
		ID: i.ID, State: i.State, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, New: i.Counts.New, Changed: i.Counts.Changed, Same: i.Counts.Same,
		Refused: i.Counts.Refused, Columns: i.Columns, Headed: i.Headed,
	}
	for _, l := range i.Lines {
		if len(out.Lines) == 1000 || l.Verdict != organization.LineRefused && l.Verdict != organization.LineChanged {
			continue
		}
		line := Line{Line: l.Number, Verdict: l.Verdict, Changes: l.Changes, Code: l.Problem.Code}
		if line.Code != "" {
			line.Why = i18n.Explain(ctx, l.Problem.Code, l.Problem.Args...)
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// InImport is the input of operations on one import.
type InImport struct {
	rest.InOrg
	Import core.ID `path:"import" doc:"Id of the import"`
}

const tagImports = "Imports"

func imports(a *rest.API, m *organization.Module) {
	rest.Op(a, edge.Needs(organization.CheckImport), rest.Operation{
		ID: "tryImport", Method: "POST", Path: "/organizations/{org}/imports", Summary: "Try a sheet of members; nothing changes", Tag: tagImports, Status: 201,
		MaxBody: organization.MostBytes*4/3 + 1<<20,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Content []byte `json:"content" doc:"The CSV or XLSX file, in base64"`
		}
	},
	) (*rest.One[Import], error) {
		id, err := m.CheckSheet(ctx, in.Org, in.Body.Content)
		if err != nil {
			return nil, err
		}
		return read(ctx, m, in.Org, id)
	})
	rest.Op(a, edge.Needs(organization.ReadImport), rest.Operation{
		ID: "readImport", Method: "GET", Path: "/organizations/{org}/imports/{import}", Summary: "Read an import", Tag: tagImports,
	}, func(ctx context.Context, in *InImport) (*rest.One[Import], error) {
		return read(ctx, m, in.Org, in.Import)
	})
	rest.Op(a, edge.Needs(organization.CheckImport), rest.Operation{
		ID: "mapImportColumns", Method: "PUT", Path: "/organizations/{org}/imports/{import}/columns", Summary: "Say what the columns hold and try again", Tag: tagImports, Status: 200,
	}, func(ctx context.Context, in *struct {
		InImport
		Body struct {
			Columns []string `json:"columns" maxItems:"60" doc:"email, given_name, family_name, full_name, gender, phone, language, function, department, group, committee, manager, or empty"`
			Headed  bool     `json:"headed" doc:"Whether the first line is headings"`
		}
	},
	) (*rest.One[Import], error) {
		if err := m.MapColumns(ctx, in.Org, in.Import, in.Body.Columns, in.Body.Headed); err != nil {
			return nil, err
		}
		return read(ctx, m, in.Org, in.Import)
	})
	rest.Op(a, edge.Needs(organization.ImportMembers), rest.Operation{
		ID: "applyImport", Method: "POST", Path: "/organizations/{org}/imports/{import}/apply", Summary: "Apply what the dry run showed, all of it or nothing", Tag: tagImports, Status: 200,
	}, func(ctx context.Context, in *struct {
		InImport
		Body struct {
			LeaveOut bool `json:"leave_out,omitempty" doc:"Leave the refused lines out; otherwise one refused line refuses all"`
			Invite   bool `json:"invite,omitempty" doc:"Mail an invitation to every new member now"`
		}
	},
	) (*rest.One[Import], error) {
		if err := m.Apply(ctx, in.Org, in.Import, organization.ApplyOptions{LeaveOut: in.Body.LeaveOut, Invite: in.Body.Invite}); err != nil {
			return nil, err
		}
		return read(ctx, m, in.Org, in.Import)
	})
	rest.Op(a, edge.Needs(organization.UndoImport), rest.Operation{
		ID: "undoImport", Method: "POST", Path: "/organizations/{org}/imports/{import}/undo", Summary: "Undo an import within 24 hours", Tag: tagImports, Status: 200,
	}, func(ctx context.Context, in *InImport) (*rest.One[Undone], error) {
		kept, err := m.Undo(ctx, in.Org, in.Import)
		if err != nil {
			return nil, err
		}
		return rest.Got(Undone{kept}, 0), nil
	})
}

// Undone tells what an undo had to leave.
type Undone struct {
	Kept int `json:"kept" doc:"Lines left as they are because they changed since"`
}

func read(ctx context.Context, m *organization.Module, org, id core.ID) (*rest.One[Import], error) {
	i, err := m.ReadImport(ctx, org, id)
	if err != nil {
		return nil, err
	}
	return rest.Got(importOf(ctx, i), 0), nil
}
