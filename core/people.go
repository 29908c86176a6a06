package core

import "time"

// Person is a human, or a functional account's holder; the profile is limited to what KSK-1.1 allows.
type Person struct {
	ID         ID
	GivenName  string
	FamilyName string
	Gender     string // "", "f", "m", "x"
	Email      string // sign-in identifier, lower case
	Email2     string
	Phone      string // E.164
	Language   string // "fr" or "en"
	// Functional accounts serve a desk or a machine and name the person responsible for them (CTI-37.1).
	Functional  bool
	Responsible ID
	State       string // "invited", "active", "compromised", "disabled"
	CreatedAt   time.Time
}

// Name gives the full name, or the e-mail address when no name was given.
func (p Person) Name() string {
	switch {
	case p.GivenName == "" && p.FamilyName == "":
		return p.Email
	case p.GivenName == "":
		return p.FamilyName
	case p.FamilyName == "":
		return p.GivenName
	}
	return p.GivenName + " " + p.FamilyName
}

// NewPerson is what is needed to make a person and their account. ID is chosen beforehand (kit/ids) by whoever made
// the person's key; empty lets the module of identity choose one and make its key.
type NewPerson struct {
	ID                                                            ID
	GivenName, FamilyName, Gender, Email, Email2, Phone, Language string
	Functional                                                    bool
	Responsible                                                   ID
}

// Organization is a client, or the provider itself.
type Organization struct {
	ID        ID
	Name      string
	Kind      string // "client" or "provider"
	Language  string // of its mails when a person has chosen none
	TimeZone  string // IANA name
	State     string // "active", "closed"
	CreatedAt time.Time
}

// Membership is a person in an organization.
type Membership struct {
	ID         ID
	Org        ID
	OrgName    string
	OrgKind    string
	Person     ID
	Function   string
	Department string
	Group      string
	Committee  string
	Manager    ID     // membership of the line manager
	State      string // "invited", "active", "left"
	JoinedAt   time.Time
	LeftAt     time.Time
}

// Assignment gives a role to a person in an organization, on everything or on one object, until a date.
type Assignment struct {
	ID       ID
	Org      ID // Platform for provider roles
	Person   ID // person or service account
	Role     string
	Service  string // "" for the organization itself, or a service's name
	Object   ID     // one object, "" for all
	Reason   string
	Approver ID
	From     time.Time
	Until    time.Time // zero: no end
}

// Block is a suspension in force (ACC-6.1).
type Block struct {
	ID     ID
	Scope  string // "person", "organization", "service"
	Reason string // one of the seven of ACC-6.1: "suspicious_activity", "intrusion_attempt", "presumed_compromise", "breach_of_terms", "security_risk", "non_payment", "abuse"
	Text   string
	Until  time.Time
}

// NewSession is what a completed sign-in gives.
type NewSession struct {
	Person, Account ID
	Staff           bool
	AAL             int
	Device          ID // known browser, "" when unknown
	Lifetime        SessionPolicy
}

// Terms is one published version of a document that a person must accept to go on (ACC-2.3).
type Terms struct {
	Org      ID // whose document it is: Platform for the provider's
	Document ID
	Version  int64
	Title    Text
	Address  string // path of the page where anyone can read it
	// Before is the version that the person accepted last; zero when none was.
	Before int64
}
