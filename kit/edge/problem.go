package edge

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

const retrySoon = 2 * time.Second

// statuses is the one table from the kinds of errors to HTTP.
var statuses = [...]int{
	core.Internal:        http.StatusInternalServerError,
	core.Invalid:         http.StatusUnprocessableEntity,
	core.Malformed:       http.StatusBadRequest,
	core.Unauthenticated: http.StatusUnauthorized,
	core.StepUp:          http.StatusForbidden,
	core.Forbidden:       http.StatusForbidden,
	core.NotFound:        http.StatusNotFound,
	core.Conflict:        http.StatusConflict,
	core.Gone:            http.StatusGone,
	core.Precondition:    http.StatusPreconditionFailed,
	core.TooMany:         http.StatusTooManyRequests,
	core.Busy:            http.StatusServiceUnavailable,
}

// StatusOf gives the HTTP status of an error.
func StatusOf(err error) int {
	switch core.CodeOf(err) {
	case errTooLarge.Code:
		return http.StatusRequestEntityTooLarge
	case errHost.Code:
		return http.StatusMisdirectedRequest
	}
	return statuses[core.KindOf(err)]
}

// Problem is an error as the outside sees it (RFC 9457): a stable code, a sentence in the reader's language, the
// fields at fault, the request id to give to support. Never a refused value, a cause or a personal datum.
type Problem struct {
	Type    string         `json:"type" doc:"URI of the kind of problem, made of its code" example:"urn:rempart:error:session.required"`
	Title   string         `json:"title" doc:"HTTP reason phrase" example:"Unauthorized"`
	Status  int            `json:"status" doc:"HTTP status" example:"401"`
	Detail  string         `json:"detail" doc:"One sentence in the language asked for by Accept-Language" example:"Sign in to continue."`
	Code    string         `json:"code" doc:"Stable code: programs decide by it" example:"session.required"`
	Request core.ID        `json:"request" doc:"Id of the request, to give to support"`
	Fields  []FieldProblem `json:"fields,omitempty" doc:"What is wrong with which field"`
	// RetryAfter is when to try again; it travels as the Retry-After header.
	RetryAfter time.Duration `json:"-"`
}

// FieldProblem is what is wrong with one field; the refused value is never repeated.
type FieldProblem struct {
	Field  string `json:"field" doc:"Name of the field, as in the request" example:"name"`
	Code   string `json:"code" doc:"Stable code" example:"field.required"`
	Detail string `json:"detail" doc:"One sentence" example:"This field is required."`
}

// ProblemOf says err in the language of ctx; anything that is not a core.Error becomes a bare 500.
func ProblemOf(ctx context.Context, err error) Problem {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind == core.Internal {
		e = &core.Error{Kind: core.Internal, Code: "internal"}
	}
	status := StatusOf(e)
	p := Problem{
		Type: "urn:rempart:error:" + e.Code, Title: http.StatusText(status), Status: status,
		Detail: i18n.Explain(ctx, e.Code, e.Args...), Code: e.Code,
		Request: core.ActorOf(ctx).Request, RetryAfter: e.RetryAfter,
	}
	if p.RetryAfter == 0 && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) {
		p.RetryAfter = retrySoon
	}
	for _, f := range e.Fields {
		p.Fields = append(p.Fields, FieldProblem{Field: f.Field, Code: f.Code, Detail: i18n.Explain(ctx, f.Code, f.Args...)})
	}
	return p
}

// WriteProblem writes a problem document.
func WriteProblem(w http.ResponseWriter, p Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="rempart"`)
	}
	w.WriteHeader(p.Status)
	// The client may be gone: nothing is left to tell it.
	_ = json.NewEncoder(w).Encode(p)
}

// Seconds writes a wait for Retry-After: whole seconds, at least one.
func Seconds(d time.Duration) string {
	n := int64((d + time.Second - 1) / time.Second)
	return strconv.FormatInt(max(n, 1), 10)
}
