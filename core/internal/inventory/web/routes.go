package web

import (
	"net/http"

	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/kit/edge"
)

type pages struct{ m *inventory.Module }

// Routes are the pages of this module.
func Routes(m *inventory.Module) []edge.Route {
	routes := []edge.Route{{Pattern: "GET /o/{org}/subprocessors", Access: edge.Needs(inventory.Consult), Handle: pages{m}.clients}}
	for _, r := range inventory.Registers {
		p, at := list{pages{m}, r}, inventory.Paths[r.ID]
		read, add, change := edge.Needs(r.Read), edge.Needs(r.Add), edge.Needs(r.Change)
		routes = append(routes,
			edge.Route{Pattern: "GET " + at, Access: read, Handle: p.list},
			edge.Route{Pattern: "GET " + at + "/new", Access: add, Handle: p.blank},
			edge.Route{Pattern: "POST " + at, Access: add, Handle: p.add, MaxBody: inventory.AllBytes + 1<<20},
			edge.Route{Pattern: "GET " + at + "/sheet", Access: edge.Needs(r.Export), Handle: p.export},
			edge.Route{Pattern: "GET " + at + "/{item}", Access: read, Handle: p.one},
			edge.Route{Pattern: "GET " + at + "/{item}/edit", Access: change, Handle: p.edit},
			edge.Route{Pattern: "POST " + at + "/{item}", Access: change, Handle: p.change, MaxBody: inventory.AllBytes + 1<<20},
			edge.Route{Pattern: "GET " + at + "/{item}/files/{file}", Access: read, Handle: p.file},
		)
	}
	return routes
}

// uploads reads the files of a form.
func uploads(r *http.Request) ([]inventory.Upload, error) {
	files, err := edge.Files(r, "files", inventory.FileBytes)
	list := make([]inventory.Upload, len(files))
	for i, f := range files {
		list[i] = inventory.Upload{Name: f.Name, Content: f.Content}
	}
	return list, err
}
