package personal

import (
	"time"

	"github.com/rempart/rempart/core"
)

// Inventor makes what a room of a test environment says in the place of what it says in the source (EMG-2.5).
type Inventor struct {
	Word  func(kind string) string     // a text that nothing else says
	Who   func(person core.ID) core.ID // who stands in the place of a person of the source; "" when nobody does
	When  func(at time.Time) time.Time // moved by as many days as every date of the organization; zero stays zero
	Taken func(value string) bool      // it reads like a value of the source
	File  func(f FileLike) (name string, content []byte)
	// Name and Number are an invented person's; a number is E.164, of a range that is kept for fiction.
	Name   func() (given, family string)
	Number func() (string, error)
}

// FileLike is the shape of a file.
type FileLike struct {
	Type string // media type
	Size int    // bytes; 0 when its content was destroyed
}
