// Package register writes the record of processing activities (article 30 GDPR) by itself: from the manifests of all rooms,
// the settings, the sub-processors and the clauses in force; it adds what people write by hand, and marks it so.
//
// An activity of the register allows its purposes to the acts of its module: the gate asks here, in memory, before each act. The
// officer suspends an activity, and what it was for is refused everywhere within a second (purpose.go). Each form is approved
// as it stands, by its SHA-256; what changed since is said in words (approval.go).
//
// Owns: activities, sentences and suspensions written by hand, approvals. Must not know: how any room works (manifests say
// what it keeps), what clauses mean (Needs gives their state). Start reading at: check.go, form.go, purpose.go, web/routes.go.
package register
