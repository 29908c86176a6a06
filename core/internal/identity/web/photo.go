package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tPhoto        = i18n.T("Photo", "Photo")
	tPhotoFile    = i18n.T("Fichier de la photo", "File of the photo")
	tPhotoHint    = i18n.T("JPEG, PNG ou WebP, 6 Mo au plus. Le lieu et l'appareil notés dans le fichier sont effacés. Votre photo n'est montrée qu'à ceux qui voient la liste des membres.", "JPEG, PNG or WebP, 6 MB at most. The place and the device noted in the file are removed. Your photo is shown only to those who see the list of members.")
	tPhotoSend    = i18n.T("Enregistrer la photo", "Save the photo")
	tPhotoRemove  = i18n.T("Retirer la photo", "Remove the photo")
	tPhotoSaved   = i18n.T("Photo enregistrée.", "Photo saved.")
	tPhotoRemoved = i18n.T("Photo retirée.", "Photo removed.")
)

// ownPhoto is the address of one's own photo, "" when there is none: another one for each version of it.
func ownPhoto(s identity.State) string {
	if s.Photo == "" {
		return ""
	}
	return "/me/photo?v=" + string(s.Photo)
}

func (p pages) ownPhoto(w http.ResponseWriter, r *http.Request) error {
	photo, err := p.m.OwnPhoto(r.Context(), me(r))
	return answerPhoto(w, r, photo, err)
}

func (p pages) memberPhoto(w http.ResponseWriter, r *http.Request) error {
	photo, err := p.m.MemberPhoto(r.Context(), core.ID(r.PathValue("org")), core.ID(r.PathValue("person")))
	return answerPhoto(w, r, photo, err)
}

// answerPhoto lets the browser of who was shown a photo keep it for an hour, and nobody between.
func answerPhoto(w http.ResponseWriter, r *http.Request, photo identity.Photo, err error) error {
	if err != nil {
		return err
	}
	tag := `"` + string(photo.ID) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Vary", "Cookie")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(photo.Picture)))
	_, err = w.Write(photo.Picture)
	return err
}

func (p pages) photoSent(w http.ResponseWriter, r *http.Request) error {
	file, err := fileOf(r, "photo", identity.PhotoBytes+1)
	if err != nil {
		return err
	}
	return p.photoDone(w, r, p.m.ChangePhoto(r.Context(), me(r), file), tPhotoSaved)
}

func (p pages) photoRemoved(w http.ResponseWriter, r *http.Request) error {
	return p.photoDone(w, r, p.m.RemovePhoto(r.Context(), me(r)), tPhotoRemoved)
}

func (p pages) photoDone(w http.ResponseWriter, r *http.Request, err error, done i18n.Sentence) error {
	switch {
	case err == nil:
		return ui.Redirect(w, r, "/me/profile", done.In(r.Context()))
	case !ui.Shown(err):
		return err
	}
	s, readErr := p.m.Profile(r.Context(), me(r))
	if readErr != nil {
		return readErr
	}
	list := ui.ProblemsOf(r.Context(), err)
	return ui.Render(w, r, status(list), profilePage(s, list))
}

// fileOf reads the file of a form in memory alone: what a person sends never touches the disk in clear. No file gives none.
func fileOf(r *http.Request, field string, most int64) ([]byte, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil // a form without a file
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FormName() == field {
			return io.ReadAll(io.LimitReader(part, most))
		}
	}
}
