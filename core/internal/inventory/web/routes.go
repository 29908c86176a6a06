package web

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/rempart/rempart/core"
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

// id reads an id of a path or a form; what has no form of one is nothing that exists.
func id(text string) core.ID {
	if len(text) > 64 {
		return ""
	}
	return core.ID(text)
}

// uploads reads the files of a form, each one byte more than what is taken at most.
func uploads(r *http.Request) (list []inventory.Upload, err error) {
	if err := r.ParseMultipartForm(8 << 20); errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.MultipartForm.RemoveAll()) }()
	for _, head := range r.MultipartForm.File["files"] {
		if head.Size == 0 && head.Filename == "" {
			continue
		}
		f, err := head.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(f, inventory.FileBytes+1))
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		list = append(list, inventory.Upload{Name: head.Filename, Content: content})
	}
	return list, nil
}

// send answers a file to keep, never to show.
func send(w http.ResponseWriter, kind, name string, content []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, err := w.Write(content)
	return err
}
