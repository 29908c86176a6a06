package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/core/boot"
)

// TestAnImportedListIsKeptAndAWrongOneIsNot: what an operator brings is checked before it replaces anything.
func TestAnImportedListIsKeptAndAWrongOneIsNot(t *testing.T) {
	folder := t.TempDir()
	right := []byte(`[{"id":"GO-2026-0001","modified":"2026-11-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"stdlib"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]}]}]`)
	if n, newest, err := boot.ImportAdvisories(folder, right); err != nil || n != 1 || newest.Year() != 2026 {
		t.Fatalf("%d entries, %s, %v", n, newest, err)
	}
	kept, err := os.ReadFile(filepath.Join(folder, "advisories.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := boot.ImportAdvisories(folder, []byte("<html>not found</html>")); err == nil {
		t.Error("a page was taken for a list")
	}
	if again, err := os.ReadFile(filepath.Join(folder, "advisories.jsonl")); err != nil || !bytes.Equal(again, kept) || !strings.Contains(string(again), "GO-2026-0001") {
		t.Errorf("the former list is gone: %q, %v", again, err)
	}
}
