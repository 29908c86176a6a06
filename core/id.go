package core

import (
	"database/sql/driver"
	"fmt"
)

// ID names one thing for ever: a UUIDv7 in its 36-character text form (RFC 9562), or one of the few
// fixed names below. The empty ID names nothing.
type ID string

const (
	// Platform is the "organization" of acts that belong to no client: set-up, provider floors, the platform's own journal.
	Platform ID = "platform"
)

// IsZero tells whether the ID names nothing.
func (id ID) IsZero() bool { return id == "" }

// Value stores an ID as text.
func (id ID) Value() (driver.Value, error) { return string(id), nil }

// Scan reads an ID from a text column; NULL gives the empty ID.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ""
	case string:
		*id = ID(v)
	case []byte:
		*id = ID(v)
	default:
		return fmt.Errorf("core: cannot read an ID from %T", src)
	}
	return nil
}
