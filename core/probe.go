package core

import (
	"context"
	"net/http"
	"strings"
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
	Alone  bool           // it measures times: no other probe runs on the node meanwhile
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

// Address is that of a further person whom a probe makes through the pages, erased with the canary.
func (c Canary) Address(name string) string {
	return strings.TrimSuffix(c.Email, CanaryDomain) + "." + name + CanaryDomain
}

// Canaries and Strangers are the organizations of canaries: the platform's own, no client. They belong together to nobody.
const (
	Canaries  ID = "canary"
	Strangers ID = "canary-beside"
)

// CanaryDomain ends the addresses of canaries: no name below .invalid can ever exist (RFC 6761, section 6.4), so that no
// message to one leaves the platform.
const CanaryDomain = "@canary.invalid"

// IsCanary tells whether a person is a canary. What ages or spends rows for a probe asks it first.
func (p Person) IsCanary() bool { return strings.HasSuffix(p.Email, CanaryDomain) }

// CanaryIn asks people whether a person is a canary; in a pass that erases the person everywhere, once for all rooms.
func CanaryIn(ctx context.Context, tx Tx, person ID, people func(context.Context, Tx, ...ID) (map[ID]Person, error)) (bool, error) {
	ask := func() (bool, error) {
		found, err := people(ctx, tx, person)
		return found[person].IsCanary(), err
	}
	if pass, ok := within[interface {
		Canary(person ID, ask func() (bool, error)) (bool, error)
	}](tx); ok {
		return pass.Canary(person, ask)
	}
	return ask()
}

// Cast makes the people of a probe. Each exists for one run.
type Cast interface {
	// Canary makes a person of the canary organization, who holds these roles there; a role whose name begins with
	// "provider." makes them staff of the provider instead, with an authenticator set up.
	Canary(ctx context.Context, roles ...string) (Canary, error)
	// Stranger makes a person of the other canary organization, who has nothing to do with the first.
	Stranger(ctx context.Context, roles ...string) (Canary, error)
	// Code gives a code that the canary's authenticator shows and that was not used: what a page may ask for where a
	// second factor is demanded of everyone. An Error of kind NotFound when it has none.
	Code(ctx context.Context, c Canary) (string, error)
}

// Stage is where a probe plays: the live system. What it made is cleaned up when the run ends, however it ends.
type Stage interface {
	Cast
	// Visitor is an empty browser profile on the live pages and API (relative URLs; redirects are not followed). Its Jar
	// is never nil and holds one origin: cookies are read and planted with a nil URL.
	Visitor() *http.Client
	// Enter signs a canary in through the pages, in a profile of its own.
	Enter(ctx context.Context, c Canary) (*http.Client, error)
	// Letter gives the body of the newest message of a kind to a canary: such mail never leaves.
	Letter(ctx context.Context, c Canary, kind string) (string, error)
	// Witness gives the entries of the journal on an act that a canary did or was the subject of, oldest first.
	Witness(ctx context.Context, c Canary, action Permission) ([]ID, error)
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
