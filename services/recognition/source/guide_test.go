package source_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rempart/rempart/services/recognition/source"
)

var block = regexp.MustCompile(`(?m)(?:^    .*\n)+`)

// TestTheExamplesOfTheGuideOpen opens every example of docs/howto/sources.md as it is written there.
func TestTheExamplesOfTheGuideOpen(t *testing.T) {
	text, err := os.ReadFile("../../../docs/howto/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, example := range block.FindAllString(string(text), -1) {
		example = strings.ReplaceAll("\n"+example, "\n    ", "\n")
		if !strings.Contains(example, "\nkind: ") && !strings.Contains(example, "\nnumbers: ") {
			continue
		}
		c, err := source.Parse("sources.md", []byte(example))
		if err != nil {
			t.Fatalf("%s: %v", example, err)
		}
		if strings.Contains(example, "\nnumbers: ") {
			if _, err := source.ReadMapping(c); err != nil {
				t.Errorf("%s: %v", example, err)
			}
			continue
		}
		kind, c := c.Take("kind")
		kinds[kind] = true
		if _, err := source.Open(kind, c); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
	if len(kinds) != 5 {
		t.Errorf("the guide shows %v", kinds)
	}
	for _, name := range source.Templates() {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the guide does not name the template %s", name)
		}
	}
}
