package terms

import "strings"

// Piece is a part of a text compared with another: kept (0), added (+1) or removed (-1).
type Piece struct {
	Sign int
	Text string
}

// Row is one line of a comparison.
type Row struct {
	Sign   int // 0 the same, +1 a new line, -1 a line gone, 2 a line changed inside
	Pieces []Piece
}

// Compare gives the difference between two texts, line by line and, inside a changed line, word by word.
func Compare(before, after string) []Row {
	a, b := lines(before), lines(after)
	var rows []Row
	for _, step := range align(a, b) {
		switch {
		case step.a >= 0 && step.b >= 0:
			rows = append(rows, Row{0, []Piece{{0, a[step.a]}}})
		case step.a >= 0:
			rows = append(rows, Row{-1, []Piece{{-1, a[step.a]}}})
		default:
			rows = append(rows, Row{1, []Piece{{1, b[step.b]}}})
		}
	}
	return inside(rows)
}

func lines(text string) []string {
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if line = strings.TrimRight(line, " \t"); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// inside joins a removed line and the added one that follows it when they share half of their words.
func inside(rows []Row) []Row {
	var out []Row
	for i := 0; i < len(rows); i++ {
		if i+1 < len(rows) && rows[i].Sign == -1 && rows[i+1].Sign == 1 {
			if pieces, near := wordsOf(rows[i].Pieces[0].Text, rows[i+1].Pieces[0].Text); near {
				out = append(out, Row{2, pieces})
				i++
				continue
			}
		}
		out = append(out, rows[i])
	}
	return out
}

func wordsOf(before, after string) (pieces []Piece, near bool) {
	a, b := strings.Fields(before), strings.Fields(after)
	same := 0
	add := func(sign int, word string) {
		if n := len(pieces); n > 0 && pieces[n-1].Sign == sign {
			pieces[n-1].Text += " " + word
			return
		}
		pieces = append(pieces, Piece{sign, word})
	}
	for _, step := range align(a, b) {
		switch {
		case step.a >= 0 && step.b >= 0:
			same++
			add(0, a[step.a])
		case step.a >= 0:
			add(-1, a[step.a])
		default:
			add(1, b[step.b])
		}
	}
	return pieces, 2*same >= min(len(a), len(b)) && same > 0
}

type step struct{ a, b int }

// mostCompared bounds the work: beyond it, what differs between the common start and the common end is shown whole.
const mostCompared = 4_000_000

// align finds the longest common run of two lists; a step with one side at -1 is removed or added.
func align(a, b []string) []step {
	var head, tail []step
	for len(a) > len(head) && len(b) > len(head) && a[len(head)] == b[len(head)] {
		head = append(head, step{len(head), len(head)})
	}
	from, endA, endB := len(head), len(a), len(b)
	for endA > from && endB > from && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
		tail = append(tail, step{endA, endB})
	}
	n, m := endA-from, endB-from
	out := head
	if n*m <= mostCompared {
		out = append(out, longest(a[from:endA], b[from:endB], from)...)
	} else {
		for i := range n {
			out = append(out, step{from + i, -1})
		}
		for j := range m {
			out = append(out, step{-1, from + j})
		}
	}
	for i := len(tail) - 1; i >= 0; i-- {
		out = append(out, tail[i])
	}
	return out
}

func longest(a, b []string, from int) []step {
	n, m := len(a), len(b)
	table := make([]int32, (n+1)*(m+1)) // table[i*(m+1)+j]: longest common run of a[i:] and b[j:]
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i*(m+1)+j] = table[(i+1)*(m+1)+j+1] + 1
			} else {
				table[i*(m+1)+j] = max(table[(i+1)*(m+1)+j], table[i*(m+1)+j+1])
			}
		}
	}
	var out []step
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && a[i] == b[j]:
			out = append(out, step{from + i, from + j})
			i, j = i+1, j+1
		case i < n && (j == m || table[(i+1)*(m+1)+j] >= table[i*(m+1)+j+1]):
			out = append(out, step{from + i, -1})
			i++
		default:
			out = append(out, step{-1, from + j})
			j++
		}
	}
	return out
}
