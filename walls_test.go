// Package walls holds the imports of the house: walls.txt says who may import whom, and this test that it is so.
package walls

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/rempart/rempart/"

type wall struct {
	room    string
	allowed []string
}

func readWalls(t *testing.T) []wall {
	t.Helper()
	text, err := os.ReadFile("walls.txt")
	if err != nil {
		t.Fatal(err)
	}
	var walls []wall
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		walls = append(walls, wall{fields[0], fields[1:]})
	}
	return walls
}

// matches tells whether a room's path has the form of a pattern, where * is one name; it gives the first name that * took.
func matches(pattern, room string) (name string, ok bool) {
	p, r := strings.Split(pattern, "/"), strings.Split(room, "/")
	if len(p) != len(r) {
		return "", false
	}
	for i := range p {
		switch {
		case p[i] == "*":
			if name == "" {
				name = r[i]
			}
		case p[i] != r[i]:
			return "", false
		}
	}
	return name, true
}

// allows tells whether an allowance covers a room: "kit/*" covers kit/db and what lies below it.
func allows(allowance, target string) bool {
	if allowance == target {
		return true
	}
	parent, deep := strings.CutSuffix(allowance, "/*")
	return deep && strings.HasPrefix(target, parent+"/")
}

// judge says why an arrow is forbidden, "" when it is allowed.
func judge(walls []wall, from, to string) string {
	for _, w := range walls {
		same, ok := matches(w.room, from)
		if !ok {
			continue
		}
		for _, allowance := range w.allowed {
			if allows(strings.ReplaceAll(allowance, "SAME", same), to) {
				return ""
			}
		}
		return fmt.Sprintf("%s may not import %s (walls.txt: %s)", from, to, w.room)
	}
	return from + " stands in no line of walls.txt"
}

// walkGo visits every Go file of the house that is no test.
func walkGo(t *testing.T, visit func(path string)) {
	t.Helper()
	apart := []string{"tests", "bench", "tools", "node_modules", "testdata", "scripts", "rempart-data", "bin"}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains(apart, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			visit(filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// arrows gives every import of one room by another.
func arrows(t *testing.T) map[[2]string]string {
	t.Helper()
	found := map[[2]string]string{}
	walkGo(t, func(file string) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range parsed.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			if to, ours := strings.CutPrefix(p, module); ours {
				found[[2]string{path.Dir(file), to}] = file
			}
		}
	})
	return found
}

func TestWallsHold(t *testing.T) {
	walls := readWalls(t)
	found := arrows(t)
	if len(found) < 10 {
		t.Fatalf("only %d imports found: the walk is broken", len(found))
	}
	for arrow, file := range found {
		if why := judge(walls, arrow[0], arrow[1]); why != "" {
			t.Errorf("%s: %s", file, why)
		}
	}
}

// TestForbiddenArrowsAreSeen is the test of the test: each kind of forbidden import is judged so.
func TestForbiddenArrowsAreSeen(t *testing.T) {
	walls := readWalls(t)
	for _, c := range []struct{ from, to string }{
		{"verify", "core"},
		{"core", "kit/db"},
		{"core", "core/internal/journal"},
		{"core/coretest", "core/internal/gate"},
		{"core/internal/identity", "core/internal/session"},
		{"core/internal/identity", "services/rooms"},
		{"core/internal/identity", "app"},
		{"core/internal/identity/web", "core/internal/session"},
		{"core/internal/access", "core/boot"},
		{"core/internal/access", "verify"},
		{"kit/db", "core/internal/gate"},
		{"kit/ui", "core/boot"},
		{"kit/edge", "services/rooms"},
		{"services/rooms", "services/journeys"},
		{"services/rooms", "core/boot"},
		{"services/rooms", "core/internal/gate"},
		{"policies", "kit/db"},
		{"app", "core/internal/journal"},
		{"cmd/rempart", "core/boot"},
		{"cmd/rempart", "kit/db"},
		{"a/new/room", "core"},
	} {
		if judge(walls, c.from, c.to) == "" {
			t.Errorf("%s importing %s went unseen", c.from, c.to)
		}
	}
	for _, c := range []struct{ from, to string }{
		{"core/internal/identity", "core"},
		{"core/internal/identity/web", "core/internal/identity"},
		{"core/internal/journal", "verify"},
		{"core/boot", "core/internal/identity/web"},
		{"app/demo", "core/boot"},
		{"services/rooms/web", "services/rooms"},
	} {
		if why := judge(walls, c.from, c.to); why != "" {
			t.Error(why)
		}
	}
}
