package core

import (
	"context"
	"net/http"
)

// ProbeKind says what a probe looks at.
type ProbeKind string

// The kinds of probes (law 4).
const (
	SettingProbe   ProbeKind = "setting"   // a value in force
	BehaviourProbe ProbeKind = "behaviour" // what really happens to a canary account
	DataProbe      ProbeKind = "data"      // what stands in the tables and files
	OutsideProbe   ProbeKind = "outside"   // TLS, sockets, headers, disk, region, host
)

// Probe tests, on the live system and through its doors, that a control keeps its promise. A module lists its own in Probes().
type Probe struct {
	ID     string // stable, dotted: "session.idle"; policy packs name it
	Kind   ProbeKind
	Title  Text // what holds when it is green: "An unused session dies"
	Run    func(ctx context.Context, s Stage) (Sight, error)
	Faults []PlantedFault // at least one; each must turn the probe red in a throw-away instance
}

// Sight is what one run saw. An error of Run means that nothing could be seen: neither held nor broken.
type Sight struct {
	Held       bool
	Why        Text              // what was tried and what happened, without personal data
	Population int               // N: how many there are
	Sample     int               // n: how many were looked at
	Settings   map[string]string // settings seen
	Entries    []ID              // journal entries that bear witness
}

// Canary is a person made for one run of a probe and erased after it.
type Canary struct {
	Org, Person, Account, Member ID
	Email, Password              string
	Secret                       string // of the authenticator (base32), when the canary has one
}

// Stage is where a probe plays: the live system. What it made is cleaned up when the run ends, however it ends.
type Stage interface {
	// Canary makes a person of the canary organization, who holds these roles there.
	Canary(ctx context.Context, roles ...string) (Canary, error)
	// Visitor is an empty browser profile on the live pages and API (relative URLs; redirects are not followed).
	Visitor() *http.Client
	// Enter signs a canary in through the pages.
	Enter(ctx context.Context, c Canary) (*http.Client, error)
}

// PlantedFault is a control switched off on purpose.
type PlantedFault struct {
	ID    string // "session.idle/never"
	Title Text
	Plant func(ctx context.Context, s Saboteur) error
}

// Saboteur breaks a throw-away instance; a live one never hands it out.
type Saboteur interface {
	// Exec runs a statement of SQLite on its tables: a planted row, a trigger that undoes what a control writes.
	Exec(ctx context.Context, statement string) error
	// Front puts f between the outside and its pages: a header taken away, an answer changed.
	Front(f func(http.Handler) http.Handler)
	// Pretend gives a fact of the outside world another value, as the outside probes name it.
	Pretend(fact, value string)
}
