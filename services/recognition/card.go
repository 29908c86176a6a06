package recognition

import "github.com/rempart/rempart/core"

// Card is what is known of a caller.
type Card struct {
	ID      core.ID  // within its source
	Source  core.ID  // the link that it came by
	Numbers []string // E.164
	Name    string   // display name
	Company string
	Shown   map[string]string // chosen fields, by label
	Scripts map[string]string // parameters of scripts
}

// Match is one card found for a number. A company's match says that the person is unknown.
type Match struct {
	Card
	CompanyOnly bool // by the prefix of a company's numbers, not by the exact number
}
