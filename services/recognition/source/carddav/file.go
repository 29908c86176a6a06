// Package carddav reads contacts from address books (CardDAV) and from .vcf files.
//
// Owns: vCards 2.1, 3.0 and 4.0, address books and what changed in them. Must not know: other tools, the mapping. Start reading at:
// Open.
package carddav

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

var (
	errBroken = i18n.Fault(core.Invalid, "source.vcard_broken", "« %s » contient une fiche vCard mal formée ou coupée (après %d fiches).", "“%s” holds a vCard that is not well formed or cut (after %d cards).")
	errBooks  = i18n.Fault(core.Invalid, "source.carddav_book", "« %s » ne montre aucun carnet d'adresses à cette adresse.", "“%s” shows no address book at this address.")
	errPart   = i18n.Fault(core.Invalid, "source.carddav_part", "« %s » n'a donné qu'une partie du carnet d'adresses : rien n'est envoyé.", "“%s” gave a part of the address book only: nothing is sent.")
)

const mostFile = 2 << 30

// FileSettings of a .vcf file.
type FileSettings struct {
	File string `yaml:"file" need:"yes" say:"/srv/contacts.vcf"`
}

// File is a .vcf file to read.
type File struct{ path, name string }

// OpenFile checks the settings.
func OpenFile(c tool.Config) (*File, error) {
	var s FileSettings
	if err := c.Decode(&s); err != nil {
		return nil, err
	}
	path, err := c.Path(s.File)
	if err != nil {
		return nil, err
	}
	return &File{path, filepath.Base(s.File)}, nil
}

// Fields are the names that vCards are read under.
func (*File) Fields(context.Context) ([]string, error) { return fields, nil }

func (f *File) open() (*os.File, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, tool.Unreadable(f.name)
	}
	if info, err := in.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > mostFile {
		in.Close()
		return nil, tool.Unreadable(f.name)
	}
	return in, nil
}

// Read gives every card.
func (f *File) Read(ctx context.Context, give func(tool.Record) error) error {
	in, err := f.open()
	if err != nil {
		return err
	}
	defer in.Close()
	n, give := 0, tool.Bounded(give)
	err = cards(in, func(r tool.Record) error {
		if n++; n%512 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return give(r)
	})
	if errors.Is(err, errCard) || errors.Is(err, errLong) {
		return tool.Refuse(errBroken, f.name, n)
	}
	return err
}

// Mark is the SHA-256 of the file.
func (f *File) Mark(context.Context) (string, error) {
	in, err := f.open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return "", tool.Unreadable(f.name)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
