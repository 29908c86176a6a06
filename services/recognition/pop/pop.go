// Package pop is what happens when a call is recognised: an address opened, a program of the customer called or started.
//
// Owns: what a script is, its parameters and how they are put into it without harm, the signature of local programs. Must not know:
// tables, pages, telephony; it calls nobody and starts nothing. Start reading at: Script.
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

// Caller is what scripts may use of a call.
type Caller struct {
	Number  string // E.164; "" when masked
	Name    string
	Company string
	Known   bool
	Scripts map[string]string // script parameters of the card, by name
}

// Action is one thing to do on a workstation (or by the platform, when By is "platform"), ready: nothing is left to put in.
type Action struct {
	Script  string            `json:"script"` // id
	Title   string            `json:"title"`
	Kind    Kind              `json:"kind"`
	By      string            `json:"by"`   // agent, platform
	Auto    bool              `json:"auto"` // done at once, not offered as a button
	URL     string            `json:"url,omitempty"`
	Method  string            `json:"method,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Program string            `json:"program,omitempty"` // name in the signed manifest, never a path
	Args    []string          `json:"args,omitempty"`
}
