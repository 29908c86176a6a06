package core

import (
	"context"
	"net/netip"
	"time"
)

// Policy is what is demanded of an organization's people: the strictest of the provider's floors, the published
// clauses and the organization's own settings (law 3).
type Policy struct {
	Version  int64 // grows with every change of any setting
	Password PasswordPolicy
	SignIn   SignInPolicy
	Session  SessionPolicy
	Access   AccessPolicy
	Journal  JournalPolicy
}

// PasswordPolicy holds the rules of ACC-4.1, CTI-27, USR-2.3.
type PasswordPolicy struct {
	MinLength   int // characters
	Upper       bool
	Lower       bool
	Digit       bool
	Special     bool
	Specials    string // exact set counted as special; empty means any that is no letter, digit or space
	MinStrength int    // zxcvbn score 0 to 4
	Breached    bool   // refuse the known-breached ones
	History     int    // last N refused
	MaxAgeDays  int    // 0: never expires
}

// SignInPolicy holds the rules of ACC-3.
type SignInPolicy struct {
	SecondFactor bool // required of every member
	// FactorRoles are the roles whose holders must use a second factor even where SecondFactor is false; the floors' and
	// the organization's are joined. Provider staff always must (CTI-37.3), whatever this says.
	FactorRoles []string
	Attempts    int // failures before a known browser is refused, and the size of the bucket of unknown ones
}

// SessionPolicy holds the rules of ACC-8, USR-2.4, KSK-5.2.
type SessionPolicy struct {
	Idle     time.Duration // ends after so long unused
	Lock     time.Duration // locks after so long unused; 0 never; always shorter than Idle
	Absolute time.Duration // ends anyway
	Fresh    time.Duration // how long a proof of identity stays fresh for sensitive acts
}

// AccessPolicy holds the rules of ACC-3.4, ACC-5.2, KSK-5.1, KSK-3.2.
type AccessPolicy struct {
	Allow      []netip.Prefix // empty: from anywhere; for provider staff empty means from nowhere but loopback
	UnusedDays int            // a right unused for so long is listed
}

// JournalPolicy holds the rules of ACC-11.
type JournalPolicy struct {
	RetentionDays int
	AddressDays   int // addresses are truncated after so many days
}

// Settings gives the policy in force.
type Settings interface {
	// For gives the strictest policy over these organizations (those a person belongs to); with none, the provider's floors.
	For(ctx context.Context, tx Tx, orgs ...ID) (Policy, error)
}

// Promise is what a clause in force demands of one setting (law 3). Floor is the loosest value that keeps it; Exact, when
// given instead, the only one.
type Promise struct {
	Pack, Clause string
	Key          string
	Floor, Exact string
}

// Gap is a setting in force that does not keep a promise.
type Gap struct {
	Promise
	Value string // in force
	Want  string // what would keep every promise on this setting; "" when no value can, or when a person must choose it
	// Against is the clause of another pack that no value can keep together with this one.
	Against string
}
