package recognition

import (
	"time"

	"github.com/rempart/rempart/core"
)

// The kinds of exchanges that a line may speak to.
const (
	KindSIP     = "sip"
	KindHook    = "hook"
	KindAMI     = "ami"
	KindARI     = "ari"
	KindThreeCX = "threecx"
	KindXsi     = "xsi"
	KindFake    = "fake"
)

// Exchange is one telephone exchange of an organization.
type Exchange struct {
	ID       core.ID
	Org      core.ID
	Kind     string
	Title    string
	Paused   bool
	Region   string            // of numbers without a country: "FR"
	Settings map[string]string // by the name of a field of its kind; a secret is never given back
	Phones   []Phone
	Version  int64
	MadeAt   time.Time
	MadeBy   core.ID
	// What the node that runs it last said.
	Condition string // "", "up", "down", "refused"
	Why       string // stable code of the last failure, "" when none
	SeenAt    time.Time
	EventAt   time.Time
}

// Phone is an extension and the member whose phone it is.
type Phone struct {
	ID        core.ID
	Extension string
	Person    core.ID
}
