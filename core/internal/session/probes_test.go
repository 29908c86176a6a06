package session

import (
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// TestTimePassesForCanariesAlone: no probe can move the session of a person.
func TestTimePassesForCanariesAlone(t *testing.T) {
	w := newWorld(t)
	_ = w
	_ = core.Canaries
	_ = time.Now
}
