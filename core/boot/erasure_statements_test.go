package boot

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
)

// tallied is a transaction that counts what is asked of the database.
type tallied struct {
	core.Tx
	statements, people int
}

func (c *tallied) Unwrap() core.Tx { return c.Tx }

func (c *tallied) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	c.statements++
	return c.Tx.Exec(ctx, text, args...)
}

func (c *tallied) Query(ctx context.Context, text string, args ...any) (core.Rows, error) {
	c.statements++
	if strings.Contains(text, "FROM identity_person") && strings.Contains(text, "id IN") {
		c.people++
	}
	return c.Tx.Query(ctx, text, args...)
}

// mostStatements is a little more than what a pass takes that erases somebody with a password, an authenticator, a membership, a role
// and a message: 42.
const mostStatements = 44

// TestAPassAsksOnceWhoIsErased: six rooms treat a canary apart; each statement is a way to the server and back.
func TestAPassAsksOnceWhoIsErased(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		who := w.victim("v")
		var c *tallied
		for range 2 { // the first pass learns the statements of the rooms
			undone := errors.New("undone")
			err := w.db.Write(w.system(), func(tx core.Tx) error {
				c = &tallied{Tx: tx}
				if _, err := w.erasure.Walk(w.system(), c, who); err != nil {
					return err
				}
				return undone
			})
			if !errors.Is(err, undone) {
				t.Fatal(err)
			}
		}
		if c.people != 1 {
			t.Errorf("the rooms asked %d times who is erased, want once", c.people)
		}
		if c.statements > mostStatements {
			t.Errorf("a pass takes %d statements, at most %d are expected", c.statements, mostStatements)
		}
	})
}
