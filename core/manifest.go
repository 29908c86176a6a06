package core

import "context"

// Module is one room: what it keeps, what it can do, and how a person's data leaves it.
type Module interface {
	Manifest() Manifest
	// ExportPerson gives every datum held about a person, one record at a time.
	ExportPerson(ctx context.Context, tx Tx, person ID, emit func(Record) error) error
	// ErasePerson erases what can go and answers what stays and why.
	ErasePerson(ctx context.Context, tx Tx, person ID) ([]Receipt, error)
}

// Record is one row of a person's data, by table and column.
type Record struct {
	Table  string
	Values map[string]any
}

// Receipt says what became of a person's rows in one table.
type Receipt struct {
	Table   string
	Deleted int64
	Kept    int64
	// Archived are those of Deleted that the intermediate archive keeps on.
	Archived int64
	Ground   LegalBasis // why rows were kept
	Why      Text       // the same in a sentence
	Rule     string     // the retention rule that ends what was kept
}

// Manifest declares everything a module keeps and can do (law 2).
type Manifest struct {
	Module string
	Title  Text
	Tables []Table
	Acts   []*ActDef
	Roles  []Role
	Duties []*Duty
	// Activities are the processing activities that it carries out, Rules the retention rules that its columns name first.
	Activities []Activity
	Rules      []RetentionRule
}

// Table is one table and the treatment of each of its columns.
type Table struct {
	Name    string // starts with the module's name
	Title   Text
	Columns []Column
	// Unsaved rows are in no backup: after a loss they are made again from where they came (CTI-36.3).
	Unsaved bool
}

// LegalBasis is the ground of article 6 GDPR.
type LegalBasis string

// The legal bases.
const (
	Contract           LegalBasis = "contract"
	LegalObligation    LegalBasis = "legal_obligation"
	LegitimateInterest LegalBasis = "legitimate_interest"
	ConsentBasis       LegalBasis = "consent"
)

// Erase says what an erasure does to a column.
type Erase uint8

// What an erasure does.
const (
	EraseRow  Erase = iota // the row goes
	EraseNull              // the value goes, the row stays
	Keep                   // stays, on the legal ground of the column
	ShredKey               // sealed under the person's key: unreadable once the key is destroyed
)

// Column is one column and its treatment. A column that holds nothing of a person needs its name only.
type Column struct {
	Name     string
	Personal bool
	Category string // identity, contact, professional, connection, security, journal
	Purpose  Purpose
	Basis    LegalBasis
	// Retention is the name of a retention rule: "account", "membership", "journal", "session", "12m", "7y".
	Retention string
	Sealed    bool // must be ciphertext at rest
	Secret    bool // never shown nor exported: hashes, keys
	// Blind values are sealed to the organization's own key as well: the provider's staff cannot read them (EMG-4.4).
	Blind   bool
	OnErase Erase
}

// Plain declares columns that hold nothing of a person.
func Plain(names ...string) []Column {
	cols := make([]Column, len(names))
	for i, n := range names {
		cols[i] = Column{Name: n}
	}
	return cols
}

// Personal declares columns that share one treatment.
func Personal(treatment Column, names ...string) []Column {
	treatment.Personal = true
	cols := make([]Column, len(names))
	for i, n := range names {
		treatment.Name = n
		cols[i] = treatment
	}
	return cols
}

// Columns joins groups of columns.
func Columns(groups ...[]Column) []Column {
	var all []Column
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// Role is a named, smallest set of permissions for one job; assignments give it.
type Role struct {
	ID          string // "organization.admin"
	Title       Text
	Description Text
	Permissions []Permission
	// Kind of organization that can assign it: "client", "provider", or "" for both.
	Kind string
}
