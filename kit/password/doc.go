// Package password is everything about a password that needs no database: how it is hashed, what is demanded of it,
// whether it is known to be breached, and how a good one is made.
//
// Owns: argon2id in PHC strings with a cap on concurrent work, the rules of a policy one by one, the list of breached
// passwords and its import, generated passwords and passphrases. Must not know: persons, accounts, the database.
// Start reading at: Hasher (hash.go), then Judge (rules.go), List (breached.go), Generate (generate.go).
package password
