package rest

import (
	"strconv"
	"strings"

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
