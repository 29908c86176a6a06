package desk

import "time"

// Posture is what the workstation says of itself.
type Posture struct {
	Device string            `json:"device"`
	Name   string            `json:"name"`
	System string            `json:"system"`
	States map[string]string `json:"states"` // disk, firewall, updates, screen: good, bad, unknown
}

const (
	good    = "good"
	bad     = "bad"
	unknown = "unknown"
)

// either says good or bad of what is known.
func either(is bool) string {
	if is {
		return good
	}
	return bad
}

// staleLists is after how long a search for updates tells nothing about those that miss.
const staleLists = 7 * 24 * time.Hour
