// Package dbcopy moves a whole database to another file or server, from either engine to either engine.
//
// Owns: the order and the check of such a copy. Must not know: what any table is for.
// Start reading at: Run.
//
// A copy is all or nothing: the target is written in one transaction, every row is hashed while it is read and again
// after it was written, and the transaction commits only when both agree for every table. A copy that was cut short
// leaves an empty target.
package dbcopy
