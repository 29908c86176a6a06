package boot_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

// TestEveryStatementIsPreparedOnBothEngines: the whole house is imported here, so every statement that it can ever run
// is registered and prepared against its real tables.
func TestEveryStatementIsPreparedOnBothEngines(t *testing.T) {
	ours := func(s db.Statement) bool { return !strings.Contains(s.Origin, "_test.go") }
	if n := len(db.Statements()); n < 300 {
		t.Fatalf("only %d statements are registered: the house is not whole", n)
	}
	dbtest.Each(t, append(boot.Schemas(services.All...), boot.KeySchemas()...), func(t *testing.T, d *db.DB) {
		for _, err := range d.PrepareAll(context.Background(), ours) {
			t.Error(err)
		}
	})
}
