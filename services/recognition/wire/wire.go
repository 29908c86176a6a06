// Package wire is what an agent and the platform say to each other about cards: rows, chunks, digests, and the repair of a lost store.
//
// Owns: the binary form of rows and chunks, the keyed hashes of numbers and contents, the digest of a set, set reconciliation. Must not
// know: HTTP, the database, sources. Start reading at: Row.
package wire

// Row is one card as it leaves a source: nothing but numbers, what is shown and what scripts receive (CTI-29).
type Row struct {
	Key     string   // of the record in its source, hashed before it leaves
	Numbers []string // E.164
	Name    string
	Company string
	Shown   map[string]string
	Scripts map[string]string
}
