package walls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// unspoken gives the sentences of a file that one of the two languages lacks: a core.Text without FR and EN, or a call
// of i18n.T, N, Fault or Reason with an empty sentence. (A missing argument does not compile; an unused sentence is an
// unused variable, which the lint refuses.)
func unspoken(files *token.FileSet, file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if isName(n.Type, "core", "Text") && len(n.Elts) > 0 && !bothSpoken(n) {
				found = append(found, files.Position(n.Pos()).String())
			}
		case *ast.CallExpr:
			for _, f := range []string{"T", "N", "Fault", "Reason"} {
				if !isName(n.Fun, "i18n", f) {
					continue
				}
				for _, arg := range n.Args {
					if silent(arg) {
						found = append(found, files.Position(n.Pos()).String())
					}
				}
			}
		}
		return true
	})
	return found
}

func isName(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == pkg
}

func silent(e ast.Expr) bool {
	l, ok := e.(*ast.BasicLit)
	return ok && l.Kind == token.STRING && strings.TrimSpace(strings.Trim(l.Value, "\"`")) == ""
}

func bothSpoken(l *ast.CompositeLit) bool {
	spoken := 0
	for _, e := range l.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		if !silent(e) {
			spoken++
		}
	}
	return spoken == 2
}

func TestEverySentenceSpeaksBothLanguages(t *testing.T) {
	calls := 0
	walkGo(t, func(path string) {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		calls++
		for _, at := range unspoken(files, file) {
			t.Errorf("%s: a sentence lacks French or English", at)
		}
	})
	if calls < 100 {
		t.Fatalf("only %d files were read: the walk is broken", calls)
	}
}

// TestASilentSentenceIsSeen is the test of the test.
func TestASilentSentenceIsSeen(t *testing.T) {
	for _, planted := range []string{
		`var a = core.Text{FR: "Bonjour"}`, `var a = core.Text{FR: "Bonjour", EN: ""}`,
		`var a = i18n.T("Bonjour", " ")`, `var a = i18n.Fault(core.Invalid, "x.y", "", "Wrong")`,
	} {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, "planted.go", "package planted\n"+planted, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(unspoken(files, file)) != 1 {
			t.Errorf("%s went unseen", planted)
		}
	}
}
