package ui

import (
	"cmp"
	"context"
	"io"
	"strconv"

	"github.com/a-h/templ"
)

// Kind is how much a button weighs. The zero value is the ordinary, quiet one.
type Kind string

// The kinds of buttons. One page has one Primary at most.
const (
	Plain   Kind = ""
	Primary Kind = "primary"
	Quiet   Kind = "quiet" // no border: third choices, in tables
	Danger  Kind = "danger"
)

// Button sends the form around it, or the one named by Form.
type Button struct {
	Label string
	Kind  Kind
	Icon  string
	Name  string // with Value: which button of several was pressed
	Value string
	Form  string // id of a form elsewhere on the page
	To    string // another address than the form's own
	// Confirm is a question asked first where the script runs; where it does not, the server asks on a page of its own when
	// the act deserves it.
	Confirm string
	Small   bool
	Wide    bool   // the whole width: sign-in cards
	Hint    string // said to a screen reader after the label: which line of a table it acts on
	Off     bool   // disabled; prefer to leave it out and say why
	Opens   string // id of a Dialog to open instead of sending
	Skip    bool   // sends without the browser's own checks (Back, Cancel)
}

// Link is a link that looks like a button.
type Link struct {
	Label string
	Href  string
	Kind  Kind
	Icon  string
	Small bool
	Wide  bool
	Hint  string
	File  bool // the answer is a file to keep
}

// Form posts to Action (method POST unless Method says "get"). Errors of the page are given to Layout; those of a form in
// the middle of a page to Problems.
type Form struct {
	Action   string
	Method   string
	ID       string
	Label    string // names the form for a screen reader when a page has several
	Problems Problems
	Files    bool // it sends files
	Inline   bool // controls on one line, as in a filter bar
	Free     bool // no browser checks: the server answers them all in words
}

// Field is a line of text with its label.
type Field struct {
	Name     string
	ID       string // Name when empty: set it where two forms of a page send the same name
	Label    string
	Hint     string
	Value    string
	Error    string // from Problems.For
	Type     string // "text" when empty: "email", "tel", "url", "number", "search", "date", "datetime-local", "file"
	Complete string // the autocomplete token: "username", "one-time-code", "given-name", "off"
	Mode     string // the inputmode: "numeric", "email"
	Pattern  string
	Max      int    // characters
	Width    string // "s" for a code or a number, "m" for a name, "" for the whole measure
	Optional bool   // says "optional"; the others are required
	ReadOnly bool
	Focus    bool // gets the focus when the page opens: one per page, and only where it is the page's one job
	Bare     bool // the label is for screen readers only (search boxes)
	Accept   string
	Attrs    templ.Attributes
}

// TextArea is a text of several lines.
type TextArea struct {
	Name, Label, Hint, Value, Error string
	Rows                            int
	Max                             int
	Optional                        bool
	Mono                            bool
}

// Option is one choice of a list.
type Option struct {
	Value, Label string
	Hint         string // radios only
	Off          bool
}

// Select is one choice of a closed list.
type Select struct {
	Name, Label, Hint, Value, Error string
	Options                         []Option
	Optional                        bool
	Bare                            bool
	Width                           string
	Form                            string
}

// Checkbox is one yes or no. Value is what is sent when it is ticked ("1" when empty).
type Checkbox struct {
	Name, Value, Label, Hint, Error string
	Checked                         bool
	Off                             bool
}

// Radios is one choice, all of them in view.
type Radios struct {
	Name, Legend, Hint, Value, Error string
	Options                          []Option
}

// Checks is several choices of a list, all of them in view.
type Checks struct {
	Name, Legend, Hint, Error string
	Values                    []string
	Options                   []Option
}

// Rule is one rule of a password, as the page shows it. A rule that the script can check itself has one of Min, Class or
// Set; the others are checked by the server and shown with State.
type Rule struct {
	Text  string
	State RuleState
	Min   int    // at least so many characters
	Class string // at least one: "upper", "lower", "digit", "special"
	Set   string // with Class "special": the only characters that count as special
}

// RuleState is what is known of a rule.
type RuleState uint8

// The states of a rule.
const (
	Unknown RuleState = iota // not looked at yet
	Met
	Missing
)

// Password is a password field. With Rules it shows them, kept up to date by the script rule by rule, in words and aloud;
// without the script the server fills in State when the form comes back. A password typed is never sent back to the page.
type Password struct {
	Name, Label, Hint, Error string
	New                      bool // a password being chosen: "new-password", otherwise "current-password"
	Rules                    []Rule
	// Check is an address that answers, to a POST of this field alone, the same list of rules (RuleList) judged by the
	// server: strength, breached, history. "" asks nothing.
	Check string
	Focus bool
}

func (b Button) Render(ctx context.Context, w io.Writer) error   { return b.view().Render(ctx, w) }
func (l Link) Render(ctx context.Context, w io.Writer) error     { return l.view().Render(ctx, w) }
func (f Form) Render(ctx context.Context, w io.Writer) error     { return f.view().Render(ctx, w) }
func (f Field) Render(ctx context.Context, w io.Writer) error    { return f.view().Render(ctx, w) }
func (t TextArea) Render(ctx context.Context, w io.Writer) error { return t.view().Render(ctx, w) }
func (s Select) Render(ctx context.Context, w io.Writer) error   { return s.view().Render(ctx, w) }
func (c Checkbox) Render(ctx context.Context, w io.Writer) error { return c.view().Render(ctx, w) }
func (r Radios) Render(ctx context.Context, w io.Writer) error   { return r.view().Render(ctx, w) }
func (c Checks) Render(ctx context.Context, w io.Writer) error   { return c.view().Render(ctx, w) }
func (p Password) Render(ctx context.Context, w io.Writer) error { return p.view().Render(ctx, w) }

// class joins the class of a button with those of its properties.
func buttonClass(k Kind, small, wide bool) string {
	c := "btn"
	if k != "" {
		c += " btn-" + string(k)
	}
	if small {
		c += " btn-small"
	}
	if wide {
		c += " btn-wide"
	}
	return c
}

// described names the elements that describe an input.
func described(name, hint, fault string) string {
	ids := ""
	if hint != "" {
		ids = name + "-hint"
	}
	if fault != "" {
		if ids != "" {
			ids += " "
		}
		ids += name + "-error"
	}
	return ids
}

// extras are the attributes that an input has only when they say something.
func extras(name, hint, fault string, optional bool) templ.Attributes {
	a := templ.Attributes{}
	if ids := described(name, hint, fault); ids != "" {
		a["aria-describedby"] = ids
	}
	if fault != "" {
		a["aria-invalid"] = "true"
	}
	if !optional {
		a["required"] = true
	}
	return a
}

func (f Field) attrs() templ.Attributes {
	a := extras(f.id(), f.Hint, f.Error, f.Optional)
	for k, v := range map[string]string{"autocomplete": f.Complete, "inputmode": f.Mode, "pattern": f.Pattern, "accept": f.Accept} {
		if v != "" {
			a[k] = v
		}
	}
	if f.Max > 0 {
		a["maxlength"] = strconv.Itoa(f.Max)
	}
	if f.Type != "file" {
		a["value"] = f.Value
	}
	a["readonly"], a["autofocus"] = f.ReadOnly, f.Focus
	for k, v := range f.Attrs {
		a[k] = v
	}
	return a
}

func (f Field) id() string { return cmp.Or(f.ID, f.Name) }

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (r Rule) attrs() templ.Attributes {
	a := templ.Attributes{}
	if r.Min > 0 {
		a["data-min"] = strconv.Itoa(r.Min)
	}
	if r.Class != "" {
		a["data-class"] = r.Class
	}
	if r.Set != "" {
		a["data-set"] = r.Set
	}
	return a
}

func (s RuleState) class() string {
	return [...]string{"rule", "rule rule-met", "rule rule-missing"}[s]
}

func has(values []string, v string) bool {
	for _, one := range values {
		if one == v {
			return true
		}
	}
	return false
}
