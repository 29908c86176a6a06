package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errInput  = i18n.Fault(core.Invalid, "request.invalid", "La requête ne respecte pas la description de l'API : voyez les champs indiqués.", "The request does not follow the description of the API: see the fields.")
	errBody   = i18n.Fault(core.Malformed, "request.malformed", "La requête ne peut pas être lue.", "The request cannot be read.")
	errType   = i18n.Fault(core.Malformed, "request.media_type", "Ce type de contenu n'est pas accepté : envoyez du JSON.", "This media type is not accepted: send JSON.")
	errRate   = i18n.Fault(core.TooMany, "request.rate", "Trop de requêtes avec cet accès. Attendez le temps indiqué.", "Too many requests with this access. Wait for the time given.")
	errOther  = i18n.Fault(core.Internal, "request.failed", "La requête n'a pas pu être traitée.", "The request could not be handled.")
	required  = i18n.Reason("field.required", "Ce champ est obligatoire.", "This field is required.")
	unknown   = i18n.Reason("field.unknown", "Ce champ n'existe pas.", "This field does not exist.")
	invalid   = i18n.Reason("field.invalid", "Cette valeur n'a pas la forme attendue.", "This value has not the expected form.")
	errNoETag = i18n.Fault(core.Precondition, "request.if_match", "Relisez l'objet et envoyez son ETag dans If-Match.", "Read the object again and send its ETag as If-Match.")
)

// Problem is the document of an error.
type Problem struct{ edge.Problem }

// Error gives the code.
func (p *Problem) Error() string { return p.Code }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names the format (RFC 9457).
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders gives the headers that go with the status.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", edge.Seconds(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="rempart"`)
	}
	return h
}

// The library's errors are made here, with a stable code, and without the refused values that it would repeat.
func init() {
	huma.NewErrorWithContext = func(c huma.Context, status int, _ string, errs ...error) huma.StatusError {
		return refusal(c.Context(), status, errs)
	}
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		return refusal(context.Background(), status, errs)
	}
}

func refusal(ctx context.Context, status int, errs []error) *Problem {
	e := errOther
	switch {
	case status == http.StatusUnprocessableEntity:
		e = errInput
	case status == http.StatusUnsupportedMediaType:
		e = errType
	case status >= 400 && status < 500:
		e = errBody
	}
	for _, err := range errs {
		d, ok := err.(huma.ErrorDetailer) //nolint:errorlint // never wrapped
		if !ok {
			continue
		}
		detail := d.ErrorDetail()
		e = e.With(strings.TrimPrefix(detail.Location, "body."), codeOf(detail.Message))
	}
	p := &Problem{edge.ProblemOf(ctx, e)}
	if status >= 400 && status < 500 {
		p.Status, p.Title = status, http.StatusText(status)
	}
	return p
}

// codeOf classes a message of the library. The message itself is dropped: some of them repeat the value.
func codeOf(message string) string {
	switch {
	case strings.Contains(message, "required"):
		return required
	case strings.HasPrefix(message, "unexpected property"), strings.HasPrefix(message, "unknown query"):
		return unknown
	}
	return invalid
}
