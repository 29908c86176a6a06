// Package access decides who may do what, and remembers who was given what, by whom, why and until when.
//
// Cedar decides each act from facts that are read from rows in the transaction of the act: assignments, suspensions,
// address lists, memberships. There is no cache of decisions, so a revoked assignment or a new suspension acts at the
// next request on every node. The policies are the text files of policies/, which an auditor can read; Prove checks
// them exhaustively over every combination of the facts that they read.
//
// Owns: decisions (core.Decider), the permission catalogue, roles, assignments, suspensions, address lists, the
// habilitation table, the proof of the policies. Must not know: how a person signs in, what a session is, what any
// permission protects.
// Start reading at: policies/base.cedar, then Module.Decide (decide.go), then Assign (assignment.go).
package access
