package ui

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/kit/i18n"
)

// Tone is what a state means. It always goes with words and a shape, never colour alone.
type Tone string

// The tones. The zero value says nothing in particular.
const (
	Neutral Tone = ""
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
	Info    Tone = "info"
)

func (t Tone) icon() string {
	switch t {
	case Good:
		return "check"
	case Warn:
		return "warning"
	case Bad:
		return "cross"
	case Info:
		return "info"
	}
	return "dot"
}

func (t Tone) words() i18n.Sentence {
	switch t {
	case Good:
		return tGoodTone
	case Warn:
		return tWarnTone
	case Bad:
		return tBadTone
	}
	return tInfoTone
}

// Badge is a state in a word or two.
type Badge struct {
	Text string
	Tone Tone
}

// Card is a block of a page with its title (an h2). Children are its body.
type Card struct {
	Title   string
	Lead    string
	ID      string
	Actions templ.Component // at the right of the title
	Flush   bool            // the body touches the edges: a table
}

// Callout draws attention to something that is true now. Children are its text.
type Callout struct {
	Title string
	Tone  Tone
}

// Empty is what stands where there is nothing yet: what it is for, and (children) what to do.
type Empty struct {
	Title, Text, Icon string
}

// Fact is one line of a list of facts.
type Fact struct {
	Label string
	Text  string
	Value templ.Component // instead of Text
}

// Facts is a list of facts: what is known of one thing.
type Facts []Fact

// Tab is one of several views of the same thing, each with its own address.
type Tab struct {
	Label, Href string
	Current     bool
	Count       int // shown when above zero
}

// Tabs are links; Label names them for a screen reader.
type Tabs struct {
	Label string
	Items []Tab
}

// Pager moves through pages by cursor. An empty address hides the link. Shown says what is in view ("1 to 50 of 212").
type Pager struct {
	Previous, Next, Shown string
}

// Secret is a value to copy: a token shown once, a key, recovery codes (one per line).
type Secret struct {
	Label string
	Hint  string
	Value string
	ID    string // when a page has several
}

// Dialog opens over the page by a Button whose Opens is its ID; it needs no script. Children are its body, usually a Form.
type Dialog struct {
	ID, Title string
}

// Progress is work under way, or a part of a whole. Text says it in words.
type Progress struct {
	Label, Text string
	Value, Max  int64
}

// Time is a moment: absolute, and in relative words ("3 minutes ago"). Zero time gives Never, "—" when empty.
type Time struct {
	At       time.Time
	Relative bool // relative words in view, the exact moment in the title
	Never    string
}

// QR is a picture to scan, of a PNG; Alt says what it does and where the same is given in letters.
type QR struct {
	PNG []byte
	Alt string
}

// Point is one value of a chart.
type Point struct {
	Label string
	Value int64
}

// Chart is a small column chart with its values in a table for who cannot see it.
type Chart struct {
	Title  string
	Unit   string
	Points []Point
}

// Stat is one number that matters, with a link to what makes it.
type Stat struct {
	Label, Value, Note, Href string
	Tone                     Tone
}

// Finding is one line of a check-up: how things stand and the one thing to do about it.
type Finding struct {
	Tone        Tone
	Title, Text string
	Action      templ.Component
}

// Steps shows where one stands in a fixed number of steps. Now counts from 1.
type Steps struct {
	Labels []string
	Now    int
}

// Chip is one filter in force; Remove is the address of the page without it.
type Chip struct{ Label, Value, Remove string }

// Chips are the filters in force; Clear is the address of the page with none.
type Chips struct {
	Items []Chip
	Clear string
}

// Fragment is a part of the page that the script fetches again from Src every so many seconds (0: once) and whose content
// stays what the server drew where the script does not run. Src answers the inner HTML of the fragment.
type Fragment struct {
	ID, Src string
	Every   int
}

// Column is one column of a table. Key makes it sortable when the table has a Sort.
type Column struct {
	Label string
	Key   string
	Num   bool // numbers: set to the right, figures of equal width
	Aside bool // the label is for screen readers only (actions)
}

// Row is one line of a table: its cells in the order of the columns.
type Row struct {
	ID    string // value of its checkbox, when the table can select
	Label string // names the line for a screen reader: a person's name
	Href  string // opened by Enter and by a click on the line's first link
	Cells []templ.Component
	Faded bool
}

// Table is a table. Either give Rows, or leave it empty and write <tr> with Cell as children.
type Table struct {
	Caption  string
	ShowName bool // the caption in view, not for screen readers only
	Columns  []Column
	Rows     []Row
	// Sort is the key of the column that sorts, with "-" before it for descending; SortHref makes the address that sorts by
	// another one (the same convention).
	Sort     string
	SortHref func(sort string) string
	// Select is the name of the checkboxes; with it Bulk holds the buttons for the ticked rows, and the table must stand in
	// a Form.
	Select string
	Bulk   templ.Component
	// None is shown instead of a table without rows.
	None templ.Component
	// Stack turns rows into cards on narrow screens; on by default, Grid keeps a table that scrolls in its own frame.
	Grid bool
}

// Cell is one cell of a row written by hand; Label is that of its column, shown on narrow screens.
type Cell struct {
	Label string
	Num   bool
	Head  bool // the cell that names the row
}

func (b Badge) Render(ctx context.Context, w io.Writer) error    { return b.view().Render(ctx, w) }
func (c Card) Render(ctx context.Context, w io.Writer) error     { return c.view().Render(ctx, w) }
func (c Callout) Render(ctx context.Context, w io.Writer) error  { return c.view().Render(ctx, w) }
func (e Empty) Render(ctx context.Context, w io.Writer) error    { return e.view().Render(ctx, w) }
func (f Facts) Render(ctx context.Context, w io.Writer) error    { return f.view().Render(ctx, w) }
func (t Tabs) Render(ctx context.Context, w io.Writer) error     { return t.view().Render(ctx, w) }
func (p Pager) Render(ctx context.Context, w io.Writer) error    { return p.view().Render(ctx, w) }
func (s Secret) Render(ctx context.Context, w io.Writer) error   { return s.view().Render(ctx, w) }
func (d Dialog) Render(ctx context.Context, w io.Writer) error   { return d.view().Render(ctx, w) }
func (p Progress) Render(ctx context.Context, w io.Writer) error { return p.view().Render(ctx, w) }
func (t Time) Render(ctx context.Context, w io.Writer) error     { return t.view().Render(ctx, w) }
func (q QR) Render(ctx context.Context, w io.Writer) error       { return q.view().Render(ctx, w) }
func (c Chart) Render(ctx context.Context, w io.Writer) error    { return c.view().Render(ctx, w) }
func (s Stat) Render(ctx context.Context, w io.Writer) error     { return s.view().Render(ctx, w) }
func (f Finding) Render(ctx context.Context, w io.Writer) error  { return f.view().Render(ctx, w) }
func (s Steps) Render(ctx context.Context, w io.Writer) error    { return s.view().Render(ctx, w) }
func (c Chips) Render(ctx context.Context, w io.Writer) error    { return c.view().Render(ctx, w) }
func (f Fragment) Render(ctx context.Context, w io.Writer) error { return f.view().Render(ctx, w) }
func (t Table) Render(ctx context.Context, w io.Writer) error    { return t.view().Render(ctx, w) }
func (c Cell) Render(ctx context.Context, w io.Writer) error     { return c.view().Render(ctx, w) }

func (q QR) source() string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(q.PNG)
}

// initials gives the two letters of a name's portrait.
func initials(name string) string {
	letters := ""
	for _, word := range strings.Fields(name) {
		r, _ := utf8.DecodeRuneInString(word)
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters += string(unicode.ToUpper(r))
		}
		if utf8.RuneCountInString(letters) == 2 {
			break
		}
	}
	return letters
}

// sorted tells how a column sorts now ("ascending", "descending" or "") and the sort that its link asks for.
func (t Table) sorted(c Column) (now, next string) {
	switch t.Sort {
	case c.Key:
		return "ascending", "-" + c.Key
	case "-" + c.Key:
		return "descending", c.Key
	}
	return "", c.Key
}

// bars lays out the columns of a chart in a box of 100 units of height.
func (c Chart) bars() []bar {
	var top int64 = 1
	for _, p := range c.Points {
		top = max(top, p.Value)
	}
	bars := make([]bar, len(c.Points))
	for i, p := range c.Points {
		h := float64(p.Value) * 96 / float64(top)
		if p.Value > 0 {
			h = max(h, 2)
		}
		bars[i] = bar{x: fmt.Sprint(i*12 + 2), y: fmt.Sprintf("%.1f", 100-h), h: fmt.Sprintf("%.1f", h)}
	}
	return bars
}

type bar struct{ x, y, h string }
