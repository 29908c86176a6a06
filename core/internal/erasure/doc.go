// Package erasure erases a person from the whole house, whatever interrupts it, and can show that it did.
//
// An order is written first; then persisted steps follow one another: a tombstone beside the keys, a dry run that counts what
// every room holds (the rooms' own erasure, rolled back), the sessions cut, the rooms, the room of persons, the key destroyed,
// the files scrubbed, a check that looks for what should be gone, a receipt signed with the journal's key. Each step commits
// with the mark that it is done, or can be done twice: a process killed anywhere is taken over, by any node, and ends the
// same. The tombstones live in the keys' database: when data older than an erasure are restored, the house erases again
// before it serves its first request.
//
// Owns: orders, their steps and counts, receipts, what recipients were told, the tombstones. Must not know: what any room
// keeps (it asks each core.Module, and reads the manifests), who decides on a request (rights).
// Start reading at: order.go (Order), saga.go (Advance), then check.go and replay.go.
package erasure
