// Package incident handles what went wrong, and breaches of personal data (articles 33 and 34 GDPR).
//
// An incident begins with an alert, a report ("this wasn't me", ACC-10.1) or a person's word. It has people with a part in it, a
// timeline that nobody rewrites, tasks, and evidence that is frozen: an extract of the journal with its proofs, or a file. A
// breach is an incident that concerns personal data. Its clocks run from the moment we became aware: 72 hours to the authority
// where the provider decides (33-1), without undue delay to the client where it acts for one (33-2). Who may be affected is
// computed from the journal (what given accounts or addresses did in a span of time, and whom it concerned) and from the
// manifests (who has rows in given tables); each client gets its own list and its own notice, and nobody else's (KSK-3.5).
// An exercise is marked as such everywhere and writes to nobody outside of the team.
//
// Owns: incidents, their timeline, tasks, evidence, lists of persons, notices. Must not know: how the journal is kept, what
// other rooms hold. It reaches them through Needs. Start reading at: incident.go, then clock.go, affected.go, notice.go.
package incident
