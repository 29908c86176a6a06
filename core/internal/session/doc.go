// Package session keeps what a completed sign-in gives: the right to come back without proving oneself again, for a while.
//
// Owns: the secrets of sessions (stored hashed), their limits (idle, lock, absolute), the signs of a stolen cookie, the
// lists that people and administrators see, every way of ending a session. Must not know: how a person signs in, what
// they may do, cookies and HTTP (web/ and kit/edge do).
//
// A secret is "<256 random bits>.<generation>.<seal>". The first part finds the row, by its SHA-256. The generation
// grows every five minutes of use and the browser is given the new value: a copy of the cookie used elsewhere ends up
// presenting a generation that was left behind, which no honest browser does, and the session ends. The address plays
// no part: people move.
//
// Limits are read from the policy in force at every check: tightening one acts at the next request. No row is cached,
// so that what one node ends every node refuses at once.
//
// Start reading at: Module.Check (check.go), then Module.Begin (session.go).
package session
