package journal

import (
	"os"
	"runtime/debug"
)

// pace trades memory for time while acts come by the thousand: each pass of the collector of garbage looks at the stack of
// every waiting caller, and a heap that is small at rest makes it run tens of times a second. At rest the heap is as small
// as it was.
type pace struct {
	fixed  bool // the operator has chosen (GOGC)
	usual  int
	raised bool
	quiet  int // ticks since the last busy one
}

const (
	busyPercent = 400
	// quietTicks is how many ticks without a burst bring the usual pace back.
	quietTicks = 30
)

func newPace() pace { return pace{fixed: os.Getenv("GOGC") != ""} }

// tick is told, regularly, whether acts come by the thousand.
func (p *pace) tick(busy bool) {
	switch {
	case p.fixed:
	case busy:
		if p.quiet = 0; !p.raised {
			p.usual, p.raised = debug.SetGCPercent(busyPercent), true
		}
	case p.raised:
		if p.quiet++; p.quiet >= quietTicks {
			debug.SetGCPercent(p.usual)
			p.raised = false
		}
	}
}
