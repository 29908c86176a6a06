package core

import "time"

// Permission names what may be done, as noun.verb ("member.invite"). It is also the action written in the journal.
type Permission string

// Purpose says what personal data is used for; the register lists the allowed ones.
type Purpose string

// The purposes of the platform itself.
const (
	PurposeService  Purpose = "service"  // give the person or organization the service asked for
	PurposeSecurity Purpose = "security" // protect accounts, detect, trace (ACC-7.3)
	PurposeSupport  Purpose = "support"  // help, under a support assignment (KSK-1.3)
	PurposeLegal    Purpose = "legal"    // a legal duty: rights, register, authority
)

// Verb classes an act for the journal (OCSF activity).
type Verb uint8

// The classes of acts.
const (
	Reads Verb = iota
	Creates
	Updates
	Deletes
	Authenticates
	Exports
)

// String gives the class as it stands in the journal.
func (v Verb) String() string {
	return [...]string{"read", "create", "update", "delete", "authenticate", "export"}[v]
}

// Reach says who may do an act before any role is looked at.
type Reach uint8

// The reaches. The zero value is the strictest: an assignment must permit it.
const (
	ByAssignment Reach = iota // a role assigned to the actor holds the permission
	BySelf                    // a signed-in person on what is their own: Act.Subject must be the actor
	ByAnyone                  // before sign-in: throttled, journaled, never reads another's data
	BySystem                  // only the system actor
)

// Text is one sentence in both languages.
type Text struct{ FR, EN string }

// ActDef declares one act of a module, once, as a package variable listed in its Manifest.
type ActDef struct {
	Permission Permission
	Resource   string // what it acts on: "member", "organization"
	Verb       Verb
	Reach      Reach
	Purpose    Purpose
	// Fresh is how recent the proof of identity must be (step-up); zero asks none beyond the session.
	Fresh time.Duration
	// Quiet acts are decided and not journaled: reads that show no personal datum. Never a write.
	Quiet bool
	// Staff marks permissions that only provider staff can hold.
	Staff bool
	// Holders are the built-in roles that hold the permission ("admin", "people", "security", "auditor", "member",
	// "provider.admin", ...); none means that no built-in role does.
	Holders []string
	Title   Text // what it lets one do, for the permission catalogue
}

// Outcome is how an act ended.
type Outcome uint8

// The outcomes.
const (
	Success Outcome = iota
	Failure         // the act was allowed and did not succeed: a wrong password
	Refused         // the gate said no
)

// String gives the outcome as it stands in the journal.
func (o Outcome) String() string { return [...]string{"success", "failure", "refused"}[o] }

// FieldChange is one value before and after; it goes into the sealed part of the entry.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Act is one thing that an actor asks to do. The function given to the gate may complete it (a new id, the
// changes, a failure) before the entry is written.
type Act struct {
	Def      *ActDef
	Org      ID // organization it happens in; Platform when none
	Resource ID
	Subject  ID   // person concerned; their key seals Changes and Note
	Subjects []ID // further persons concerned (a list read, a bulk act)
	Purpose  Purpose
	Outcome  Outcome
	Reason   string // stable dotted code, for Failure and Refused ("password.wrong")
	Changes  []FieldChange
	Note     string // free text (a stated reason); sealed
	// Also are further acts done in the same transaction, each with its own entry.
	Also []*Act
	// Entry is the id of its entry, for a row that names the entry that records it; the gate chooses one when it is empty.
	Entry ID
}

// Fail marks the act as failed for a reason code: what its function wrote is kept, and the entry says so.
func (a *Act) Fail(code string) { a.Outcome, a.Reason = Failure, code }

// Changed notes a value before and after; equal values are not noted.
func (a *Act) Changed(field, before, after string) {
	if before != after {
		a.Changes = append(a.Changes, FieldChange{field, before, after})
	}
}
