package boot_test

import (
	"strings"
	"testing"

	"github.com/rempart/rempart/kit/ui"
)

// The menu leads nowhere that does not exist.
func TestMenuLeadsToPages(t *testing.T) {
	pages := map[string]bool{}
	for _, r := range house(t).Routes() {
		if path, ok := strings.CutPrefix(r.Pattern, "GET "); ok {
			pages[strings.Replace(path, "{$}", "", 1)] = true
		}
	}
	for _, path := range ui.MenuPaths() {
		if !pages[path] {
			t.Errorf("%s stands in the menu and is no page", path)
		}
	}
}
