package inventory

import (
	"context"
	"errors"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
	"github.com/rempart/rempart/kit/upload"
)

// Bounds of what is attached at once.
const (
	FileBytes = 10 << 20
	MostFiles = 5
	AllBytes  = MostFiles * FileBytes
)

// Upload is a file as it comes.
type Upload struct {
	Name    string
	Content []byte
	kind    string
}

// File is one file of a line.
type File struct {
	ID       core.ID
	Revision int64 // the version that it came with
	Name     string
	Type     string // by its content, whatever its name said
	Size     int
	Digest   string // SHA-256

	sealed []byte
}

var (
	codeMany = i18n.Reason("inventory.files", "Joignez 5 fichiers au plus à la fois.", "Attach 5 files at most at once.")
	codeBig  = i18n.Reason("inventory.file_size", "« %s » dépasse 10 Mio.", "“%s” is larger than 10 MiB.")
	codeType = i18n.Reason("inventory.file_type", "« %s » n'est ni un PDF, ni une image PNG ou JPEG, ni du texte.", "“%s” is no PDF, no PNG or JPEG picture and no text.")
	errFile  = i18n.Fault(core.NotFound, "inventory.file_absent", "Ce fichier n'existe pas.", "There is no such file.")
)

// sniffAll tells the type of each file by its content, and adds what is wrong with them to what was wrong already.
func sniffAll(list []Upload, wrong error) ([]Upload, error) {
	err := errLine
	if already, is := errors.AsType[*core.Error](wrong); is {
		err = already
	}
	out := make([]Upload, len(list))
	for i, f := range list {
		f.Name = upload.Name(f.Name)
		f.kind = upload.Type(f.Content)
		switch {
		case len(f.Content) > FileBytes:
			err = err.With("files", codeBig, f.Name)
		case f.kind == "":
			err = err.With("files", codeType, f.Name)
		}
		out[i] = f
	}
	if len(list) > MostFiles {
		err = err.With("files", codeMany)
	}
	if len(err.Fields) > 0 {
		return nil, err
	}
	return out, nil
}

func (m *Module) addFile(ctx context.Context, tx core.Tx, id, item core.ID, revision int64, f Upload) error {
	name, err := m.seal(ctx, placeName, string(id), []byte(f.Name))
	if err != nil {
		return err
	}
	content, err := m.seal(ctx, placeContent, string(id), f.Content)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAddFile, id, item, revision, name, f.kind, len(f.Content), sheet.Digest(f.Content), content)
	return err
}

// files gives the files of a line, without their content.
func (m *Module) files(ctx context.Context, tx core.Tx, item core.ID) ([]File, error) {
	list, err := db.All(ctx, tx, qFiles, scanFile, item)
	if err != nil {
		return nil, err
	}
	for i := range list {
		name, err := m.open(ctx, placeName, string(list[i].ID), list[i].sealed)
		if err != nil {
			return nil, err
		}
		list[i].Name = string(name)
	}
	return list, nil
}

// Open gives a file of a line. Its entry in the journal names its digest.
func (m *Module) Open(ctx context.Context, r *Register, item, id core.ID) (f File, content []byte, err error) {
	done := &core.Act{Def: r.Read, Org: core.Platform, Resource: id}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		if _, err := m.load(ctx, tx, r, item); err != nil {
			return err
		}
		one, found, err := db.One(ctx, tx, qFile, scanFile, item, id)
		if err != nil || !found {
			if err == nil {
				err = errFile
			}
			return err
		}
		name, err := m.open(ctx, placeName, string(id), one.sealed)
		if err != nil {
			return err
		}
		sealed, _, err := db.One(ctx, tx, qContent, db.Value[[]byte], id)
		if err != nil {
			return err
		}
		if content, err = m.open(ctx, placeContent, string(id), sealed); err != nil {
			return err
		}
		f = one
		f.Name = string(name)
		done.Changes = nil
		done.Changed("sha256", "", f.Digest)
		return nil
	})
	return f, content, err
}
