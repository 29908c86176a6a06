package terms

import (
	"strings"
	"unicode/utf8"
)

// Block is one block of a text: a heading, a paragraph, or an item of a list.
type Block struct {
	Kind  string // "h2", "h3", "p", "li", "oli"
	Spans []Span
}

// Span is a run of text in one manner. Link is an https or mailto address, or a path of this site; any other stays text.
type Span struct {
	Text string
	Bold bool
	Em   bool
	Link string
}

// Parse reads the light marking of a text: "# " and "## " headings, "- " and "1. " items, **bold**, *emphasis*,
// [text](address). Everything else is text: no marking of a page can be written with it.
func Parse(text string) []Block {
	var blocks []Block
	var open []string
	flush := func() {
		if len(open) > 0 {
			blocks = append(blocks, Block{"p", spans(strings.Join(open, " "))})
			open = nil
		}
	}
	gap := true
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line = strings.TrimSpace(line)
		follows := !gap
		gap = line == ""
		kind, rest := leading(line)
		switch {
		case line == "":
			flush()
		case kind == "":
			if n := len(blocks); len(open) == 0 && n > 0 && strings.HasSuffix(blocks[n-1].Kind, "li") && follows {
				blocks[n-1].Spans = append(blocks[n-1].Spans, spans(" "+line)...)
				continue
			}
			open = append(open, line)
		default:
			flush()
			blocks = append(blocks, Block{kind, spans(rest)})
		}
	}
	flush()
	return blocks
}

func leading(line string) (kind, rest string) {
	for _, m := range []struct{ mark, kind string }{{"## ", "h3"}, {"# ", "h2"}, {"- ", "li"}, {"* ", "li"}} {
		if rest, ok := strings.CutPrefix(line, m.mark); ok {
			return m.kind, strings.TrimSpace(rest)
		}
	}
	digits := 0
	for digits < len(line) && digits < 3 && line[digits] >= '0' && line[digits] <= '9' {
		digits++
	}
	if digits > 0 && strings.HasPrefix(line[digits:], ". ") {
		return "oli", strings.TrimSpace(line[digits+2:])
	}
	return "", line
}

func spans(s string) []Span {
	var out []Span
	var text strings.Builder
	bold, em := false, false
	flush := func() {
		if text.Len() > 0 {
			out = append(out, Span{Text: text.String(), Bold: bold, Em: em})
			text.Reset()
		}
	}
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "**") && (bold || strings.Contains(s[i+2:], "**")):
			flush()
			bold, i = !bold, i+2
			continue
		case s[i] == '*' && (em || strings.Contains(s[i+1:], "*")):
			flush()
			em, i = !em, i+1
			continue
		case s[i] == '[':
			if label, to, n := link(s[i:]); n > 0 {
				flush()
				out = append(out, Span{Text: label, Bold: bold, Em: em, Link: to})
				i += n
				continue
			}
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		text.WriteString(s[i : i+size])
		i += size
	}
	flush()
	return out
}

// link reads "[label](address)" and says how long it is; 0 when it is none, or leads where it must not.
func link(s string) (label, to string, n int) {
	end := strings.Index(s, "](")
	if end < 2 || strings.ContainsAny(s[1:end], "[]") {
		return "", "", 0
	}
	stop := strings.IndexByte(s[end:], ')')
	if stop < 0 {
		return "", "", 0
	}
	label, to = s[1:end], strings.TrimSpace(s[end+2:end+stop])
	safe := strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "mailto:") || strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
	if !safe || strings.ContainsAny(to, " \"'<>\\\t\n") {
		return "", "", 0
	}
	return label, to, end + stop + 1
}
