// Command testsum reads the events of go test -json: it prints the failures in full and one line of counts.
//
//	testsum FILE       failures, then "race: 812 passed, 0 failed, 3 skipped"
//	testsum -total DIR one closing line over every FILE.json of a folder
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	ImportPath                    string
	Elapsed                       float64
}

type sums struct {
	passed, failed, skipped int
	packages                int
	output                  map[string][]string
	failures                []string
	skips                   []string
	slow                    map[string]float64
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "-total" {
		os.Exit(total(os.Args[2]))
	}
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: testsum FILE | testsum -total DIR")
		os.Exit(2)
	}
	s, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	s.print(strings.TrimSuffix(filepath.Base(os.Args[1]), ".json"))
}

func read(path string) (*sums, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &sums{output: map[string][]string{}, slow: map[string]float64{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // not an event: a line that the go command printed itself
		}
		s.add(e)
	}
	return s, lines.Err()
}

func (s *sums) add(e event) {
	id := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		s.output[id] = append(s.output[id], e.Output)
	case "build-output":
		s.failures = append(s.failures, e.Output)
	case "pass":
		if e.Test != "" {
			s.passed++
			delete(s.output, id)
		} else {
			s.packages++
			s.slow[e.Package] = e.Elapsed
		}
	case "skip":
		if e.Test != "" {
			s.skipped++
			s.skips = append(s.skips, e.Test+": "+reason(s.output[id]))
		}
	case "fail":
		if e.Test != "" {
			s.failed++
		}
		s.failures = append(s.failures, fmt.Sprintf("--- %s\n%s", id, strings.Join(s.output[id], "")))
		if e.Test == "" {
			s.packages++
			if len(s.failures) == 1 {
				s.failed++ // a package that fails without a failing test: it did not build, or it panicked
			}
		}
	}
}

// reason gives the line that a skipped test said.
func reason(out []string) string {
	for _, l := range out {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "===") && !strings.HasPrefix(l, "---") {
			return l
		}
	}
	return "no reason given"
}

func (s *sums) print(name string) {
	for _, f := range s.failures {
		fmt.Println(f)
	}
	sort.Strings(s.skips)
	for _, k := range s.skips {
		fmt.Println("skipped", k)
	}
	pkgs := make([]string, 0, len(s.slow))
	for p := range s.slow {
		pkgs = append(pkgs, p)
	}
	sort.Slice(pkgs, func(i, j int) bool { return s.slow[pkgs[i]] > s.slow[pkgs[j]] })
	for _, p := range pkgs[:min(5, len(pkgs))] {
		fmt.Printf("%7.1f s  %s\n", s.slow[p], p)
	}
	fmt.Printf("%s: %d passed, %d failed, %d skipped in %d packages\n", name, s.passed, s.failed, s.skipped, s.packages)
}

func total(dir string) int {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		fmt.Fprintln(os.Stderr, "testsum: no events in", dir)
		return 1
	}
	var passed, failed, skipped int
	for _, f := range files {
		s, err := read(f)
		if err != nil {
			fmt.Fprintln(os.Stderr, "testsum:", err)
			return 1
		}
		passed, failed, skipped = passed+s.passed, failed+s.failed, skipped+s.skipped
	}
	if skipped > 0 {
		fmt.Printf("%d skipped\n", skipped)
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return 1
	}
	return 0
}
