// Package source reads contacts from the tools of a customer, on the customer's side.
//
// Owns: which kinds of tools can be read, and the mapping that keeps numbers, display fields and script parameters only (CTI-29).
// Must not know: the server, what was sent before. Start reading at: Open.
//
// Its rooms: tool (what readers share) · sheet (CSV, XLSX) · sql · ldap · carddav (vCard too) · rest and its templates · sourcetest
// (real servers for tests).
package source

import (
	"context"
	"errors"

	"github.com/rempart/rempart/services/recognition/source/carddav"
	"github.com/rempart/rempart/services/recognition/source/ldap"
	"github.com/rempart/rempart/services/recognition/source/rest"
	"github.com/rempart/rempart/services/recognition/source/sheet"
	"github.com/rempart/rempart/services/recognition/source/sql"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

// Record is one contact as its tool gives it: every field by its name there. It never leaves the computer.
type Record = tool.Record

// Source is one tool to read.
type Source = tool.Source

// Marked is a Source that tells cheaply whether anything changed.
type Marked = tool.Marked

// Changing is a Source that can give only what changed.
type Changing = tool.Changing

// Config is the settings of one source, with the place where they are written.
type Config = tool.Config

// ErrRestart asks for a whole reading: the tool no longer knows the mark.
var ErrRestart = tool.ErrRestart

// Parse reads settings from a YAML text; file is said in mistakes, and relative paths start from its folder.
func Parse(file string, text []byte) (Config, error) { return tool.Parse(file, text) }

// Kinds are the kinds of tools that can be read.
var Kinds = []string{"csv", "xlsx", "sql", "ldap", "carddav", "vcard", "rest"}

// Open makes the reader of a kind of tool from its settings. Nothing is connected before Fields or Read.
func Open(kind string, c Config) (Source, error) {
	switch kind {
	case "csv", "xlsx":
		return opened(sheet.Open(c))
	case "sql":
		return opened(sql.Open(c))
	case "ldap":
		return opened(ldap.Open(c))
	case "carddav":
		return opened(carddav.Open(c))
	case "vcard":
		return opened(carddav.OpenFile(c))
	case "rest":
		return opened(rest.Open(c))
	}
	return nil, c.UnknownKind(kind, Kinds)
}

// opened keeps a reader that could not be made from being a Source that is not nil.
func opened[S Source](s S, err error) (Source, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Templates lists the tools whose declaration is known ("rest"), by name; Template gives the text of one.
func Templates() []string { return rest.Templates() }

// Template gives the declaration of a known tool.
func Template(name string) (text string, ok bool) { return rest.Template(name) }

var errEnough = errors.New("enough")

// Sample gives the first n records, for a person who maps fields; they stay on this computer.
func Sample(ctx context.Context, s Source, n int) ([]Record, error) {
	var rows []Record
	err := s.Read(ctx, func(r Record) error {
		if len(rows) >= n {
			return errEnough
		}
		rows = append(rows, r)
		if len(rows) == n {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, err
}
