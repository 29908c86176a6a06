package web

import (
	"context"
	"mime"
	"net/http"
	"strconv"

	"github.com/rempart/rempart/core/internal/archive"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

const (
	dataPath    = "/me/data"
	archivePath = "/me/archives"
)

// Way is a page of another room that the page of one's own data leads to.
type Way struct {
	Label, Says i18n.Sentence
	Href        string
}

type pages struct {
	m    *archive.Module
	ways []Way
}

// Routes are the pages of this module.
func Routes(m *archive.Module, ways ...Way) []edge.Route {
	p := pages{m, ways}
	see, list := edge.Needs(&archive.SeeOwn), edge.Needs(&archive.ListOwn)
	return []edge.Route{
		{Pattern: "GET " + dataPath, Access: see, Handle: p.data},
		{Pattern: "GET " + dataPath + "/tables/{table}", Access: see, Handle: p.table},
		{Pattern: "GET " + dataPath + "/seen", Access: see, Handle: p.seen},
		{Pattern: "GET " + dataPath + "/erasure", Access: see, Handle: p.erasure},
		{Pattern: "POST " + archivePath, Access: edge.Needs(&archive.AskOwn), Handle: p.ask},
		{Pattern: "GET " + archivePath + "/{archive}", Access: list, Handle: p.archive},
		{Pattern: "GET " + archivePath + "/{archive}/progress", Access: list, Handle: p.progress},
		{Pattern: "GET " + archivePath + "/{archive}/file", Access: edge.Needs(&archive.TakeOwn), Handle: p.file},
	}
}

func (p pages) ask(w http.ResponseWriter, r *http.Request) error {
	made, err := p.m.Ask(r.Context(), r.PostFormValue("portable") != "")
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, archivePath+"/"+string(made), tAsked.In(r.Context()))
}

func (p pages) archive(w http.ResponseWriter, r *http.Request) error {
	a, err := p.m.Get(r.Context(), ids.Typed(r.PathValue("archive")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, archivePage(archiveView{a, p.m.Now()}))
}

func (p pages) progress(w http.ResponseWriter, r *http.Request) error {
	a, err := p.m.Get(r.Context(), ids.Typed(r.PathValue("archive")))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return archiveState(archiveView{a, p.m.Now()}).Render(r.Context(), w)
}

// file gives the archive out, one sealed piece in memory at a time.
func (p pages) file(w http.ResponseWriter, r *http.Request) error {
	a, write, err := p.m.Take(r.Context(), ids.Typed(r.PathValue("archive")))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Length", strconv.FormatInt(a.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(r.Context(), a)}))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return write(func(piece []byte) error {
		_, err := w.Write(piece)
		return err
	})
}

func fileName(ctx context.Context, a archive.Archive) string {
	return tFile.In(ctx) + "-" + a.Made.Format("2006-01-02") + ".zip"
}
