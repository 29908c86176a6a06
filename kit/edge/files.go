package edge

import (
	"errors"
	"io"
	"mime"
	"net/http"
)

// File is one file of a form, as its sender names it.
type File struct {
	Name    string
	Content []byte
}

// Files reads the files of a field of a form, each at most one byte past most, so that its reader can tell what is too
// large; a form without files gives none.
func Files(r *http.Request, field string, most int64) (list []File, err error) {
	if err := r.ParseMultipartForm(8 << 20); errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.MultipartForm.RemoveAll()) }()
	for _, head := range r.MultipartForm.File[field] {
		if head.Size == 0 && head.Filename == "" {
			continue
		}
		f, err := head.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(f, most+1))
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		list = append(list, File{Name: head.Filename, Content: content})
	}
	return list, nil
}

// Attach answers a file to keep, never to show.
func Attach(w http.ResponseWriter, kind, name string, content []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, err := w.Write(content)
	return err
}
