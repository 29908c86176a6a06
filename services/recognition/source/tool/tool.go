// Package tool is what every reader of a customer's tool shares: records, settings read strictly, secrets that stay out of them,
// and one careful way of asking over HTTP.
//
// Owns: Record and Source, settings with the place of every mistake, secrets from a file or the environment, limits and refusals
// of hostile tools. Must not know: any one tool, the mapping, the platform. Start reading at: Source.
package tool

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

// Marked is a Source that tells cheaply whether anything changed.
type Marked interface {
	Source
	// Mark is the same as long as nothing changed; "" when the tool cannot tell.
	Mark(ctx context.Context) (string, error)
}

// Changing is a Source that can give only what changed.
type Changing interface {
	Source
	// Changes gives the records made or changed since a mark that an earlier call gave ("" gives them all), and the keys of those
	// that are gone. It gives the mark for the next time. Whole is false for a tool that cannot tell what is gone: such a source
	// is still to be read whole now and then. ErrRestart asks for a whole reading.
	Changes(ctx context.Context, since string, give func(Record) error, gone func(key string) error) (next string, whole bool, err error)
}

// Limits of what any tool may give: far above what a contact needs, far below what would harm the computer.
const (
	MostValue   = 4 << 10   // bytes of one value; longer ones are cut
	MostRecord  = 256 << 10 // bytes of the values of one record
	MostFields  = 500       // of one record
	MostRecords = 5_000_000 // of one reading
)

// Bounded passes records on within the limits and refuses what is beyond them.
func Bounded(give func(Record) error) func(Record) error {
	n := 0
	return func(r Record) error {
		if n++; n > MostRecords {
			return Refuse(errEndless, MostRecords)
		}
		size := 0
		for field, values := range r.Fields {
			size += len(field)
			for i, v := range values {
				size += len(v)
				if len(v) > MostValue {
					values[i] = Cut(v, MostValue)
				}
			}
		}
		if size > MostRecord || len(r.Fields) > MostFields {
			return Refuse(errHuge, n)
		}
		return give(r)
	}
}
