// Package abuse slows down those who try too often, without letting them turn it against anyone.
//
// Owns: the shared limiter (one row and one statement per key, the same on every node), the cheap gate in memory that
// stands before it, the proof of work asked under pressure, and the cookie that names a browser. Must not know: what
// is being tried, accounts, sessions, any module.
// Start reading at: Take (limiter.go), then Front (front.go), Puzzles (puzzle.go), Browsers (browser.go).
package abuse
