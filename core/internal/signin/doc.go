// Package signin is the way in: it asks for proofs one after another and ends in a session.
//
// Owns: the flow (one row per sign-in under way), the order of its steps, limits on attempts, known browsers, reset,
// step-up, unlock, the first administrator. Must not know: how a proof is checked (identity), how a session is kept
// (session), how a page looks (web/).
//
// A flow holds facts: which proofs were given and when. Each time something was proved, the dispatcher reads the facts
// again and asks each step in turn whether it is due; the first that is due is the next page, and when none is, the
// person comes in. Steps never call one another and know nothing of their order: a new factor is a new Step given to
// Register and nothing else changes.
//
// Start reading at: Step and Module.next (dispatch.go), then Facts (facts.go), Password (password.go), admit (limits.go).
package signin
