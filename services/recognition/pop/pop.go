// Package pop is what happens when a call is recognised: an address opened, a program of the customer called or started.
//
// Owns: what a script is, its typed parameters and how they are put into it without harm, the signed list of local programs. Must not
// know: tables, pages, telephony; it calls nobody and starts nothing. Start reading at: Script, then Script.Action, then Manifest.
//
// A template holds parameters in braces: https://crm.example.org/contacts?phone={number}. What a caller is called is theirs to choose,
// so that every value is hostile: it is put in only where it stays one value. In an address it is percent-encoded, and never stands in
// the scheme, the host or the port. In a JSON body it stays within its string. In a header it has no line end. An argument stays one
// argument, which no shell ever sees, and a text never begins one: it cannot become an option.
package pop

// Kind is what a script does.
type Kind string

// The kinds of scripts.
const (
	Open    Kind = "open"    // an address opened in the browser
	Call    Kind = "call"    // an HTTP request
	Program Kind = "program" // a local program, started without a shell
)

// For tells for which callers a script runs.
type For string

// The callers of a script.
const (
	Known   For = "known"
	Unknown For = "unknown"
	Both    For = "both"
)

// Who performs an HTTP request.
const (
	ByAgent    = "agent"    // the workstation, on the customer's network
	ByPlatform = "platform" // the platform, through its one way out
)

// Type is what a parameter may hold.
type Type string

// The types of parameters.
const (
	Number Type = "number" // the caller's, in E.164
	Text   Type = "text"
	Enum   Type = "enum" // one of Values
)

// How a number is written.
const (
	FormE164   = ""       // +33612345678
	FormDigits = "digits" // 33612345678
	Form00     = "00"     // 0033612345678
)

// What a parameter takes its value from. "card:x" is the script parameter x of the card.
const (
	FromNumber  = "number"
	FromName    = "name"
	FromCompany = "company"
	FromKnown   = "known" // "known" or "unknown"
	FromCard    = "card:"
)

// Param is one typed parameter.
type Param struct {
	Name     string   `json:"name"`
	Type     Type     `json:"type"`
	From     string   `json:"from"`
	Form     string   `json:"form,omitempty"`   // of a number
	Values   []string `json:"values,omitempty"` // of an enum
	Default  string   `json:"default,omitempty"`
	Most     int      `json:"most,omitempty"` // characters of a text; 0: 200
	Required bool     `json:"required,omitempty"`
}

// Header is one header of an HTTP request; its value is a template.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Script is one thing to do when a call is recognised.
type Script struct {
	ID      string   `json:"id,omitempty"`
	Title   string   `json:"title"`
	Kind    Kind     `json:"kind"`
	For     For      `json:"for"`
	Auto    bool     `json:"auto,omitempty"` // done at once, not offered as a button
	Params  []Param  `json:"params,omitempty"`
	URL     string   `json:"url,omitempty"`    // template, of Open and Call
	By      string   `json:"by,omitempty"`     // of Call
	Method  string   `json:"method,omitempty"` // of Call
	Headers []Header `json:"headers,omitempty"`
	Body    string   `json:"body,omitempty"` // JSON with templates in its strings
	Path    string   `json:"path,omitempty"` // of Program, absolute
	Args    []string `json:"args,omitempty"` // templates, one argument each
}

// Limits are the addresses that an organization lets its scripts open or call.
type Limits struct {
	Hosts   []string `json:"hosts,omitempty"`   // "crm.example.org", "crm.example.org:8443"
	Schemes []string `json:"schemes,omitempty"` // "mycrm"
}

// Caller is what scripts may use of a call.
type Caller struct {
	Number  string // E.164; "" when masked
	Name    string
	Company string
	Known   bool
	Scripts map[string]string // script parameters of the card, by name
}

// Action is one thing to do, ready: nothing is left to put in. The workstation starts a program only from the signed Manifest
// (Manifest.Command), never from Args, which show what it will be.
type Action struct {
	Script  string            `json:"script"` // id
	Title   string            `json:"title"`
	Kind    Kind              `json:"kind"`
	By      string            `json:"by"` // agent, platform
	Auto    bool              `json:"auto"`
	URL     string            `json:"url,omitempty"`
	Method  string            `json:"method,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Program string            `json:"program,omitempty"` // id in the signed manifest, never a path
	Args    []string          `json:"args,omitempty"`
	Values  map[string]string `json:"values,omitempty"` // of the parameters of a program, checked again where it starts
}
