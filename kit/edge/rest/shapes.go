package rest

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/rempart/rempart/core"
)

// InOrg is embedded in the input of operations on one organization.
type InOrg struct {
	Org core.ID `path:"org" doc:"Id of the organization"`
}

// Cursor is embedded in the input of operations that list.
type Cursor struct {
	After string `query:"after" maxLength:"512" doc:"Where to read on: the next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items at most"`
}

// List is the answer of operations that list.
type List[T any] struct {
	Body Page[T]
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"The items of this page"`
	Next  string `json:"next,omitempty" doc:"Give it as after to read the next page; absent on the last one"`
}

// Listed makes the answer of one page.
func Listed[T any](items []T, next string) *List[T] {
	if items == nil {
		items = []T{}
	}
	return &List[T]{Page[T]{items, next}}
}

// One is the answer of operations that give one thing.
type One[T any] struct {
	ETag string `header:"ETag" doc:"Version of the object: send it back as If-Match to change it"`
	Body T
}

// Got makes the answer of one thing; version 0 gives no ETag.
func Got[T any](item T, version int64) *One[T] {
	o := &One[T]{Body: item}
	if version > 0 {
		o.ETag = Tag(version)
	}
	return o
}

// None is the answer of operations that only act: 204.
type None struct{}

// Stream is the answer of operations that give a file, piece by piece.
type Stream = huma.StreamResponse

// Streamed makes the answer of write, which calls begin once it is allowed to write; what it answers before is the answer. A
// failure after that can only break the file off.
func Streamed(kind, name string, write func(begin func() io.Writer) error) (*Stream, error) {
	r, w := io.Pipe()
	begun, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		err := write(func() io.Writer { close(begun); return w })
		failed <- err
		_ = w.CloseWithError(err) // always nil
	}()
	select {
	case err := <-failed:
		return nil, err
	case <-begun:
	}
	return &Stream{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", kind)
		ctx.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		ctx.SetHeader("Cache-Control", "no-store")
		_, err := io.Copy(ctx.BodyWriter(), r)
		_ = r.CloseWithError(err) // what still writes stops
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// IfMatch is embedded in the input of operations that change a versioned thing.
type IfMatch struct {
	IfMatch string `header:"If-Match" required:"true" doc:"ETag of the object as it was read"`
}

// Tag writes a version as a strong ETag (RFC 9110, 8.8.3).
func Tag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// Version reads the version back; request.if_match when it is none.
func (m IfMatch) Version() (int64, error) {
	v, err := strconv.ParseInt(strings.Trim(m.IfMatch, `"`), 10, 64)
	if err != nil || v < 1 {
		return 0, errNoETag
	}
	return v, nil
}
