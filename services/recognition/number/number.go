// Package number says what a telephone number is, as people and exchanges write it.
//
// Owns: the normaliser (E.164), short numbers and extensions, masked callers, ranges of automated callers. Must not know: cards,
// storage, telephony. Start reading at: Parse.
package number

// Kind is what a written number turned out to be.
type Kind uint8

// The kinds. The zero value is what cannot be a number.
const (
	Refused  Kind = iota
	E164          // a public number: found by exact match
	Short         // 15, 112, 3631: never E.164
	Internal      // an extension of the organization
	Masked        // the caller does not want to be known: never looked up nor stored
)

// Number is one number, read.
type Number struct {
	Kind      Kind
	E164      string // "+33612345678"; "" unless Kind is E164
	Digits    string // of a short or internal number
	Extension string // "123" of "01 42 00 00 00 poste 123"
	Region    string // ISO 3166 of the number: "FR", "RE"
	Machine   bool   // a range kept for machines (M2M)
	Automated bool   // a range kept for automated callers (ARCEP)
	Repaired  bool   // it was not written in a plain form of its region
	Hidden    bool   // written with a prefix that hides the caller (#31#): dial it so, look it up without
	Why       string // stable word, when Kind is Refused: "letters", "short", "long", "invalid", "several", "empty"
}
