package ui

import (
	"context"
	"errors"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Problem is one thing wrong with what was sent. Field is the name of the input, "" for the form as a whole.
type Problem struct{ Field, Text string }

// Problems is everything wrong with what was sent.
type Problems []Problem

// ProblemsOf says an error in the language of ctx: one line per field, or the sentence of the error itself when no field
// is named. Nil for a nil error.
func ProblemsOf(ctx context.Context, err error) Problems {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return Problems{{"", i18n.Explain(ctx, "internal")}}
	}
	var list Problems
	for _, f := range e.Fields {
		list = append(list, Problem{f.Field, i18n.Explain(ctx, f.Code, f.Args...)})
	}
	if len(list) == 0 {
		list = Problems{{"", i18n.Explain(ctx, e.Code, e.Args...)}}
	}
	return list
}

// For gives what is wrong with one field, "" when nothing is.
func (p Problems) For(field string) string {
	for _, one := range p {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}

// Shown tells whether err is one to show beside the form (the input, a conflict, a limit) rather than on an error page.
func Shown(err error) bool {
	switch core.KindOf(err) {
	case core.Invalid, core.Conflict, core.Precondition, core.Gone, core.TooMany:
		return true
	}
	return false
}
