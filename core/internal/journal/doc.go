// Package journal keeps what was done, by whom, on what and for what purpose, so that nobody can change it unseen.
//
// An entry commits in the transaction of its act (Record). On SQLite the entries of a whole group commit get their place
// in the tree just before it (flush.go); on PostgreSQL acts commit in parallel and one node, holding a lease, gives the
// waiting entries their place within a second (sequence.go): the process and its counter, which are part of each entry,
// show a row lost in between. There is one log, a Merkle tree (RFC 6962), per organization and one for the platform.
// Heads are signed each second while busy and hourly at least (checkpoint.go), sent to outside places (outlet.go), and
// remembered in a local file: a node whose database is behind what it saw refuses to serve.
//
// What is personal is sealed in three parts, each dropped or made unreadable without breaking a proof: the full address,
// the connection (network, browser, session) under the actor's key, and the content (values before and after, free text)
// under the key of the person concerned.
//
// Owns: journal_* tables, the signing key's use, the explorer page and its exports. Must not know: how acts are decided,
// who people are (it asks for names to show). Start reading at: Module.Record, then flush.go, then verify.go.
package journal
