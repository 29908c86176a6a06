package docs

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Answer says how one requirement stands: the tests that show it, the document that states it, a gap or why it cannot apply.
type Answer struct {
	Tests []string `yaml:"tests"`
	Docs  []string `yaml:"docs"`
	Note  string   `yaml:"note"`
	// Gap is what is missing, in one honest sentence.
	Gap string `yaml:"gap"`
	// Absent is why the requirement has no object here.
	Absent string `yaml:"absent"`
}

// state is the word of the answer in the table.
func (a Answer) state() string {
	switch {
	case a.Gap != "" && len(a.Tests)+len(a.Docs) > 0:
		return "partly"
	case a.Gap != "":
		return "gap"
	case a.Absent != "":
		return "no object"
	}
	return "met"
}

// ASVS writes docs/asvs.md from the requirements and docs/asvs.yaml. A requirement without an answer, an answer without a
// requirement, and a test or document that does not exist are errors.
func ASVS(root string, x *Index) (string, error) {
	rows, err := requirements(filepath.Join(root, "docs/data/asvs-5.0.0-v6-v7-v8.csv"))
	if err != nil {
		return "", err
	}
	answers := map[string]Answer{}
	text, err := os.ReadFile(filepath.Join(root, "docs/asvs.yaml"))
	if err != nil {
		return "", err
	}
	if err := yaml.Unmarshal(text, &answers); err != nil {
		return "", fmt.Errorf("docs/asvs.yaml: %w", err)
	}
	var b strings.Builder
	var wrong []string
	counts := map[string]int{}
	section := ""
	for _, r := range rows {
		a, ok := answers[r.id]
		delete(answers, r.id)
		if !ok || len(a.Tests)+len(a.Docs) == 0 && a.Gap == "" && a.Absent == "" {
			wrong = append(wrong, r.id+": no answer")
			continue
		}
		wrong = append(wrong, a.check(root, r.id, x)...)
		counts[a.state()]++
		if r.section != section {
			section = r.section
			fmt.Fprintf(&b, "\n## %s\n\n| | level | requirement | state | shown by |\n|---|---|---|---|---|\n", section)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.id, r.level, cell(r.text), a.state(), cell(a.words(x)))
	}
	for id := range answers {
		wrong = append(wrong, id+": no such requirement")
	}
	if len(wrong) > 0 {
		return "", fmt.Errorf("docs/asvs.yaml:\n  %s", strings.Join(wrong, "\n  "))
	}
	head := fmt.Sprintf("# OWASP ASVS 5.0: authentication, sessions, authorization\n\n"+
		"Every requirement of chapters V6, V7 and V8, levels 1 and 2, with the test that shows it or the gap. %d requirements: %d met, %d partly, %d gaps, %d without object.\n"+
		"Generated from `docs/asvs.yaml` (`make docs`): a test that disappears breaks the build. The requirements are OWASP's text, CC BY-SA 4.0 (docs/data/README.md).\n",
		len(rows), counts["met"], counts["partly"], counts["gap"], counts["no object"])
	return head + b.String(), nil
}

func (a Answer) check(root, id string, x *Index) []string {
	var wrong []string
	for _, t := range a.Tests {
		if x.Find(t) == "" {
			wrong = append(wrong, id+": the test "+t+" does not exist")
		}
	}
	for _, d := range a.Docs {
		path, _, _ := strings.Cut(d, "#")
		if _, err := os.Stat(filepath.Join(root, "docs", path)); err != nil {
			wrong = append(wrong, id+": the document docs/"+path+" does not exist")
		}
	}
	return wrong
}

func (a Answer) words(x *Index) string {
	var parts []string
	for _, t := range a.Tests {
		parts = append(parts, fmt.Sprintf("[`%s`](../%s)", t, x.Find(t)))
	}
	for _, d := range a.Docs {
		parts = append(parts, fmt.Sprintf("[%s](%s)", d, d))
	}
	for _, s := range []string{a.Note, a.Gap, a.Absent} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "<br>")
}

type requirement struct{ id, level, section, text string }

func requirements(path string) ([]requirement, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	all := make([]requirement, 0, len(rows))
	for _, r := range rows[1:] {
		all = append(all, requirement{id: r[4], level: r[6], section: r[2] + " " + r[3], text: r[5]})
	}
	return all, nil
}

func cell(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "|", "\\|"), "\n", " ")
}
