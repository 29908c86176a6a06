package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

type pages struct{ m *attestation.Module }

const (
	listPath   = "/provider/attestations"
	dutiesPath = "/provider/duties"
	minePath   = "/me/duties"
)

// Routes are the pages of this module.
func Routes(m *attestation.Module) []edge.Route {
	p := pages{m}
	read, sign := edge.Needs(attestation.Read), edge.Needs(attestation.Sign)
	return []edge.Route{
		{Pattern: "GET " + listPath, Access: read, Handle: p.list},
		{Pattern: "GET " + listPath + "/new", Access: sign, Handle: p.draft},
		{Pattern: "POST " + listPath, Access: sign, Handle: p.sign, MaxBody: attestation.AllBytes + 1<<20},
		{Pattern: "GET " + listPath + "/file", Access: edge.Needs(attestation.Export), Handle: p.export},
		{Pattern: "GET " + listPath + "/{attestation}", Access: read, Handle: p.one},
		{Pattern: "POST " + listPath + "/{attestation}/withdraw", Access: edge.Needs(attestation.Withdraw), Handle: p.withdraw},
		{Pattern: "GET " + listPath + "/{attestation}/evidence/{file}", Access: edge.Needs(attestation.Download), Handle: p.evidence},

		{Pattern: "GET " + dutiesPath, Access: edge.Needs(attestation.ReadDuties), Handle: p.duties},
		{Pattern: "POST " + dutiesPath, Access: edge.Needs(attestation.Record), Handle: p.record},
		{Pattern: "GET " + minePath, Access: edge.Needs(attestation.SeeOwn), Handle: p.mine},
		{Pattern: "POST " + minePath + "/charter", Access: edge.Needs(attestation.SignOwn), Handle: p.signCharter},
	}
}

// id reads an id of a path or a form; what has no form of one is nothing that exists.
func id(text string) core.ID {
	if len(text) > 64 {
		return ""
	}
	return core.ID(text)
}

// dayOf reads a date; what cannot be read is no date, which the module refuses in words.
func dayOf(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() > 2200 || t.Year() < 2000 {
		return time.Time{}
	}
	return t
}

func showDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// uploads reads the files of a form, each one byte more than what is taken at most.
func uploads(r *http.Request) (list []attestation.Upload, err error) {
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
		content, err := io.ReadAll(io.LimitReader(f, attestation.FileBytes+1))
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		list = append(list, attestation.Upload{Name: head.Filename, Content: content})
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

var tSomebody = i18n.T("Personne effacée", "Erased person")

func nameOf(ctx context.Context, names map[core.ID]string, id core.ID) string {
	if n := names[id]; n != "" {
		return n
	}
	return tSomebody.In(ctx)
}
