package probe

import (
	"context"
	"net/http"

	"github.com/rempart/rempart/core"
)

// Rows plants a fault by statements of SQLite: a trigger that undoes what a control writes, a row that must not be there.
func Rows(statements ...string) func(context.Context, core.Saboteur) error {
	return func(ctx context.Context, s core.Saboteur) error {
		for _, text := range statements {
			if err := s.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	}
}

// Front plants a fault before the pages: a header taken away, an answer changed.
func Front(f func(http.Handler) http.Handler) func(context.Context, core.Saboteur) error {
	return func(_ context.Context, s core.Saboteur) error {
		s.Front(f)
		return nil
	}
}

// Pretend plants a fault outside: a fact has another value.
func Pretend(fact, value string) func(context.Context, core.Saboteur) error {
	return func(_ context.Context, s core.Saboteur) error {
		s.Pretend(fact, value)
		return nil
	}
}
