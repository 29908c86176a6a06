package core

import (
	"errors"
	"fmt"
	"time"
)

// Kind classes an error; one table maps it to an HTTP status (kit/edge).
type Kind uint8

// The kinds of errors.
const (
	Internal        Kind = iota // 500: tells the outside nothing
	Invalid                     // 422: the input breaks a rule; Fields says where
	Malformed                   // 400: the request cannot be read
	Unauthenticated             // 401
	StepUp                      // 403: a fresher proof of identity is needed
	Forbidden                   // 403
	NotFound                    // 404: absent, or not yours to know
	Conflict                    // 409
	Gone                        // 410: expired or used
	Precondition                // 412: If-Match does not match
	TooMany                     // 429: RetryAfter says when
	Busy                        // 503: RetryAfter says when
)

// Error is the one error type of the house. Code is stable and dotted ("session.expired"); the sentence lives in the
// fr/en catalogue (kit/i18n), with Args filled in. It never carries a secret or a personal datum.
type Error struct {
	Kind       Kind
	Code       string
	Args       []any
	Fields     []FieldError
	RetryAfter time.Duration
	cause      error
}

// FieldError says what is wrong with one field of the input.
type FieldError struct {
	Field string
	Code  string
	Args  []any
}

// Fault makes an Error of a kind with its code; args fill the sentence.
func Fault(kind Kind, code string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Args: args}
}

// Because keeps err as the cause, for the log only.
func (e *Error) Because(err error) *Error { c := *e; c.cause = err; return &c }

// After says when to try again.
func (e *Error) After(d time.Duration) *Error { c := *e; c.RetryAfter = d; return &c }

// With adds what is wrong with one field.
func (e *Error) With(field, code string, args ...any) *Error {
	c := *e
	c.Fields = append(c.Fields[:len(c.Fields):len(c.Fields)], FieldError{field, code, args})
	return &c
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	return e.Code
}

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// KindOf tells the kind of err: Internal for anything that is not an Error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// CodeOf gives the stable code of err, "" for anything that is not an Error.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
