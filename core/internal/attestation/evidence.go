package attestation

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/upload"
)

// Bounds of evidence.
const (
	FileBytes = 10 << 20 // of one file
	AllBytes  = 50 << 20 // of those of one attestation
	MostFiles = 20
)

// Upload is a file as it comes.
type Upload struct {
	Name    string
	Content []byte
	kind    string
}

// File is one piece of evidence.
type File struct {
	ID     core.ID
	Name   string
	Type   string // by its content, whatever its name said
	Size   int
	Digest string // SHA-256

	sealed []byte
}

var (
	codeMany = i18n.Reason("attestation.files", "Joignez 20 pièces au plus, 50 Mio en tout.", "Attach 20 files at most, 50 MiB in all.")
	codeBig  = i18n.Reason("attestation.file_size", "« %s » dépasse 10 Mio.", "“%s” is larger than 10 MiB.")
	codeType = i18n.Reason("attestation.file_type", "« %s » n'est ni un PDF, ni une image PNG ou JPEG, ni un document ODT ou DOCX, ni du texte.", "“%s” is no PDF, no PNG or JPEG picture, no ODT or DOCX document and no text.")
	errFile  = i18n.Fault(core.NotFound, "attestation.file_absent", "Cette pièce n'existe pas.", "There is no such file.")
)

// sniff tells the type of each file by its content, and what is wrong with them.
func (d *Draft) sniff() (code string, args []any) {
	total := 0
	for i := range d.Files {
		f := &d.Files[i]
		f.Name = upload.Name(f.Name)
		total += len(f.Content)
		if len(f.Content) > FileBytes {
			return codeBig, []any{f.Name}
		}
		if f.kind = upload.Office(f.Content); f.kind == "" {
			return codeType, []any{f.Name}
		}
	}
	if len(d.Files) > MostFiles || total > AllBytes {
		return codeMany, nil
	}
	return "", nil
}

// Open gives a piece of evidence. Its entry in the journal names its digest.
func (m *Module) Open(ctx context.Context, attestation, id core.ID) (f File, content []byte, err error) {
	done := &core.Act{Def: Download, Org: core.Platform, Resource: id}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		if _, err := m.load(ctx, tx, attestation); err != nil {
			return err
		}
		one, found, err := db.One(ctx, tx, qFile, scanFile, attestation, id)
		if err != nil {
			return err
		}
		if !found {
			return errFile
		}
		name, err := m.open(ctx, core.Platform, placeName, one.ID, one.sealed)
		if err != nil {
			return err
		}
		sealed, _, err := db.One(ctx, tx, qContent, db.Value[[]byte], id)
		if err != nil {
			return err
		}
		if content, err = m.open(ctx, core.Platform, placeContent, one.ID, sealed); err != nil {
			return err
		}
		f = one
		f.Name = string(name)
		done.Changed("sha256", "", f.Digest)
		return nil
	})
	return f, content, err
}
