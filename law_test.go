package walls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// holders may hold a database itself: the ground under the gate, and the composition root. Everyone else has the gate
// and core.Reader, so a write transaction cannot be had without a decision and an entry (law 1).
var holders = []string{"core/boot", "core/internal/journal", "core/internal/vault"}

// holdsDatabase tells where a file names the type db.DB, which can open a write transaction.
func holdsDatabase(file *ast.File) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "db" && s.Sel.Name == "DB" {
				found = true
			}
		}
		return !found
	})
	return found
}

func TestNoWriteTransactionWithoutTheGate(t *testing.T) {
	seen := 0
	walkGo(t, func(path string) {
		if !strings.HasPrefix(path, "core/") && !strings.HasPrefix(path, "services/") {
			return
		}
		seen++
		for _, h := range holders {
			if strings.HasPrefix(path, h+"/") {
				return
			}
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if holdsDatabase(file) {
			t.Errorf("%s holds a database: it could write without the gate", path)
		}
	})
	if seen < 100 {
		t.Fatalf("only %d files were read: the walk is broken", seen)
	}
}

// TestAHeldDatabaseIsSeen is the test of the test.
func TestAHeldDatabaseIsSeen(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "planted.go", "package planted\ntype Needs struct{ DB *db.DB }\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	if !holdsDatabase(file) {
		t.Error("a planted *db.DB went unseen")
	}
}
