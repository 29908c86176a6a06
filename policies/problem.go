package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
)

// Problem is one mistake of a pack, with its place and what to write instead.
type Problem struct {
	File    string
	Line    int
	Code    string // stable and dotted: "probe.unknown"
	Warning bool   // the pack can be used all the same
	Text    core.Text
}

func (p Problem) String() string {
	kind := ""
	if p.Warning {
		kind = "warning: "
	}
	return fmt.Sprintf("%s:%d: %s%s (%s)", p.File, p.Line, kind, p.Text.EN, p.Code)
}

// Problems are all the mistakes of a pack, in the order of its lines.
type Problems []Problem

func (all Problems) Error() string {
	lines := make([]string, len(all))
	for i, p := range all {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Fatal tells whether one of them forbids the use of the pack.
func (all Problems) Fatal() bool {
	return slices.ContainsFunc(all, func(p Problem) bool { return !p.Warning })
}

// notes gathers problems of one file.
type notes struct {
	file string
	all  Problems
}

// enough problems are told at once; the first one that forbids the use of the pack always is.
const enough = 200

func (n *notes) add(line int, code string, warning bool, fr, en string, args []any) {
	if len(n.all) >= enough && (warning || n.all.Fatal()) {
		return
	}
	inFR, inEN := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		inFR[i], inEN[i] = a, a
		if b, ok := a.(both); ok {
			inFR[i], inEN[i] = b.fr, b.en
		}
	}
	text := core.Text{FR: fmt.Sprintf(fr, inFR...), EN: fmt.Sprintf(en, inEN...)}
	n.all = append(n.all, Problem{File: n.file, Line: line, Code: code, Warning: warning, Text: text})
}

func (n *notes) wrong(line int, code, fr, en string, args ...any) {
	n.add(line, code, false, fr, en, args)
}

func (n *notes) warn(line int, code, fr, en string, args ...any) {
	n.add(line, code, true, fr, en, args)
}

func (n *notes) sorted() Problems {
	slices.SortStableFunc(n.all, func(a, b Problem) int { return a.Line - b.Line })
	return n.all
}

// nearest gives the known word that a mistyped one most resembles, "" when none does.
func nearest(word string, known []string) string {
	best, least := "", len(word)/2+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to change, add or take away between two words (Levenshtein), of 60 letters at most.
func distance(a, b string) int {
	if len(a) > 60 || len(b) > 60 {
		return 60
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// both is a part of a sentence that differs by language.
type both struct{ fr, en string }

// instead says which known word was probably meant.
func instead(word string, known []string) both {
	if near := nearest(word, known); near != "" {
		return both{" : écrivez « " + near + " »", ": write " + near}
	}
	shown := known
	if len(shown) > 16 {
		shown = shown[:16:16]
		shown = append(shown, "…")
	}
	list := strings.Join(shown, ", ")
	return both{" ; connus : " + list, "; known: " + list}
}
