package core

import (
	"context"
	"time"
)

// Expiry asks a module to end the rows of one of its retention rules.
type Expiry struct {
	Rule string
	// Org is whose rows; Platform for those that belong to no organization too.
	Org    ID
	Before time.Time                 // the period of a row began before it
	Beyond time.Time                 // the same for rows that no archive takes over: they stay the whole time
	Held   func(org, person ID) bool // a legal hold keeps the row; nil: nothing is held
	Dry    bool                      // count and change nothing
	Limit  int                       // rows of each table looked at in one turn
	Skip   map[string]int            // rows that earlier turns looked at and left, by table
	// Archive moves a row to the intermediate archive before it goes; nil when the rule has none.
	Archive func(ctx context.Context, a Archived) error
}

// Archived is one row as the intermediate archive keeps it.
type Archived struct {
	Table  string
	Org    ID
	Person ID // whom it is about; "" when nobody
	Began  time.Time
	Values map[string]any
}

// Expirer is a module whose rows end by time (article 5-1-e GDPR). The sweeper of retention is the only one that asks.
type Expirer interface {
	// Due gives the organizations that have rows of a rule whose period began before a date.
	Due(ctx context.Context, tx Tx, rule string, before time.Time) ([]ID, error)
	// Expire ends rows and tells, for each table, how many went, were archived and stayed.
	Expire(ctx context.Context, tx Tx, e Expiry) ([]Receipt, error)
	// Expires lists the rules and tables that it can end.
	Expires() []Receipt
}

// Leaver is a module that keeps rows of organizations.
type Leaver interface {
	// EraseOrg ends what it keeps of an organization whose contract has ended. Administrative rows go to the archive.
	EraseOrg(ctx context.Context, tx Tx, org ID, archive func(ctx context.Context, a Archived) error) ([]Receipt, error)
	// Estates lists the tables of organizations that EraseOrg empties, and those that stay with their ground.
	Estates() []Receipt
}

// OrgExporter is a module that gives everything it keeps of an organization, for the organization to take away.
type OrgExporter interface {
	ExportOrg(ctx context.Context, tx Tx, org ID, emit func(Record) error) error
}
