package docs

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/services"
)

const root = "../.."

// check compares a document with the one in the tree, or writes it when REMPART_TEST_UPDATE is set (make docs).
func check(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join(root, "docs", name)
	if os.Getenv("REMPART_TEST_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != want {
		t.Errorf("docs/%s is not what the code says: make docs (%v)", name, err)
	}
}

func house(t *testing.T) *boot.House {
	t.Helper()
	h, err := boot.New(t.Context(), boot.Config{Services: services.All, Data: t.TempDir(), Origin: "http://localhost:8080", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func TestDocumentsSayWhatTheCodeSays(t *testing.T) {
	all, err := Documents(root, house(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range all {
		if strings.Count(text, "\n| ") < 10 {
			t.Errorf("docs/%s has next to nothing in it", name)
		}
		check(t, name, text)
	}
}

func TestEveryRequirementOfTheStandardIsAnsweredByATestThatExists(t *testing.T) {
	x, err := NewIndex(root)
	if err != nil {
		t.Fatal(err)
	}
	text, err := ASVS(root, x)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "asvs.md", text)
}

func TestEveryTestNamedInADocumentExists(t *testing.T) {
	x, err := NewIndex(root)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	howtos, _ := filepath.Glob(filepath.Join(root, "docs", "howto", "*.md"))
	files = append(append(files, howtos...), filepath.Join(root, "SECURITY.md"), filepath.Join(root, "README.md"))
	for _, f := range files {
		missing, err := x.Missing(f)
		if err != nil {
			t.Error(err)
		}
		for _, m := range missing {
			t.Errorf("%s names %s, which does not exist", f, m)
		}
	}
}

func TestAGuaranteeNamesItsTest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/security.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "## Guarantees")
	part, _, _ = strings.Cut(part, "## Not guaranteed")
	rows := 0
	for line := range strings.Lines(part) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| guarantee") {
			continue
		}
		rows++
		if !named.MatchString(line) {
			t.Errorf("this guarantee names no test: %s", line)
		}
	}
	if rows < 15 {
		t.Errorf("%d guarantees: the table was not found", rows)
	}
}

func TestADocumentThatNamesAMissingTestIsNoticed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.md")
	if err := os.WriteFile(path, []byte("shown by `TestThatWasNeverWritten`, `nothing.txtar` and `"+t.Name()+"`"), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := NewIndex(root)
	if err != nil {
		t.Fatal(err)
	}
	missing, err := x.Missing(path)
	if err != nil || len(missing) != 2 {
		t.Errorf("missing = %v, %v, want the two that do not exist", missing, err)
	}
}
