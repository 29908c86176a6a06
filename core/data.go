package core

import "context"

// The words that manifests and the gate use about personal data; the doors between the rooms that work on it stand in core/personal.

// Part is who decides about a processing activity (articles 4-7 and 4-8 GDPR), as seen from the provider.
type Part string

// The parts.
const (
	Controller Part = "controller" // the provider decides why and how: form of article 30-1
	Processor  Part = "processor"  // the provider acts for a client organization, which decides: form of article 30-2
)

// Activity is one processing activity of the register (article 30 GDPR), declared by the module that carries it out.
// Categories of data, bases and retention are read from the columns of its tables.
type Activity struct {
	ID         string // stable, dotted: "identity.accounts"
	Title      Text
	About      Text // the objective, in a sentence
	Part       Part
	Purposes   []Purpose
	Persons    []Text // categories of persons concerned
	Recipients []Text // categories of recipients, beyond the organization itself
	Tables     []string
	Acts       []Permission // those that it carries out; every act of its module when it names none
}

// RetentionRule says for how long what a column's Retention names is kept (article 5-1-e GDPR).
type RetentionRule struct {
	Name    string // what columns name: "membership", "12m"
	Title   Text   // in words: "one month after the contract ends"
	From    Text   // what starts the period
	Days    int    // default; 0: as long as what it hangs on
	Setting string // key of the setting that tightens it, "" when nothing can
	Archive int    // days in the intermediate archive after that, readable by their own permission only
	Ground  LegalBasis
}

// Warden bars an act that a role permits and that the register or the person's will forbids: a purpose that no activity in
// force has, a restriction (article 18), an objection (article 21). It is asked by the gate, after the decision and again once
// the function of the act has told whose data it used.
type Warden interface {
	// Bar gives nil, or an Error of kind Forbidden that says why not.
	Bar(ctx context.Context, tx Tx, actor Actor, act *Act) error
}

// IndexField is a field that can be looked up while its values are sealed. Fields of few possible values are refused: an
// index of them would tell how often each occurs.
type IndexField struct {
	Name      string // "identity_person.email"
	Version   int    // of Normalise: another one makes another index
	Normalise func(string) (string, error)
	Bits      int // about how many bits of entropy a value has; fewer than 20 are refused
}

// Indexer gives blind indexes: HMAC-SHA256 of the normalised value under a key of the organization and the field.
type Indexer interface {
	// Index gives 32 bytes. Platform is the organization of what belongs to none.
	Index(ctx context.Context, org ID, f IndexField, value string) ([]byte, error)
	// Indexes gives every index under which a row of the value may stand, that of Index first: two while the field is indexed
	// anew, one otherwise. Rows are looked up by all of them and written with the first.
	Indexes(ctx context.Context, org ID, f IndexField, value string) ([][]byte, error)
}
