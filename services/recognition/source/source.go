// Package source reads contacts from the tools of a customer, on the customer's side.
//
// Owns: the readers (CSV and XLSX, SQL, LDAP, CardDAV and vCard, declarative REST) and the mapping that keeps numbers, display
// fields and script parameters only (CTI-29). Must not know: the server, what was sent before. Start reading at: Source.
package source

import "context"

// Record is one contact as its tool gives it: every field by its name there. It never leaves the computer.
type Record struct {
	Key    string // stable within the source: a primary key, a DN, a UID
	Fields map[string][]string
}

// Source is one tool to read.
type Source interface {
	// Fields lists the names of the fields that records may have, for the mapping.
	Fields(ctx context.Context) ([]string, error)
	// Read gives every record, one at a time; an error of give ends it.
	Read(ctx context.Context, give func(Record) error) error
}

// Mapping says which fields become what; nothing else leaves the source.
type Mapping struct {
	Version int64             // part of what is compared, so that another mapping sends everything anew
	Region  string            // of numbers without a country: "FR"
	Name    []string          // fields joined by a space
	Company string            // one field
	Numbers []string          // fields that hold numbers, several in one allowed
	Shown   map[string]string // label → field
	Scripts map[string]string // parameter → field
}
