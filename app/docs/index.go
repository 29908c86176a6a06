package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// Index is every test of the tree: Go tests and fuzz targets by name, scripts and browser checks by file name.
type Index struct {
	tests   map[string][]string // name → files
	scripts map[string]string   // "ACC-4.1.txtar" → path
}

// NewIndex reads the tree under root.
func NewIndex(root string) (*Index, error) {
	x := &Index{tests: map[string][]string{}, scripts: map[string]string{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case d.IsDir() && (name == "node_modules" || name == "bin" || strings.HasPrefix(name, ".") && path != root):
			return filepath.SkipDir
		case strings.HasSuffix(name, "_test.go"):
			return x.addTests(root, path)
		case strings.HasSuffix(name, ".txtar"), strings.HasSuffix(name, ".mjs"):
			x.scripts[name] = rel(root, path)
		}
		return nil
	})
	return x, err
}

func rel(root, path string) string {
	if r, err := filepath.Rel(root, path); err == nil {
		return filepath.ToSlash(r)
	}
	return path
}

func (x *Index) addTests(root, path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Recv == nil && testName.MatchString(f.Name.Name) {
			x.tests[f.Name.Name] = append(x.tests[f.Name.Name], rel(root, path))
		}
	}
	return nil
}

// Find tells where a test or script is, "" when it does not exist.
func (x *Index) Find(name string) string {
	if files := x.tests[name]; len(files) > 0 {
		return files[0]
	}
	return x.scripts[name]
}

var (
	testName = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]\w*$`)
	named    = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*|[\\w.-]+\\.(?:txtar|mjs))`")
)

// Missing gives the tests and scripts that a document names in backquotes and that do not exist.
func (x *Index) Missing(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, m := range named.FindAllStringSubmatch(string(text), -1) {
		if x.Find(m[1]) == "" {
			all = append(all, m[1])
		}
	}
	sort.Strings(all)
	return all, nil
}
