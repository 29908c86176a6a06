// Package organization holds organizations and who belongs to them.
//
// An organization is a client, or the provider itself (one row, id core.Platform). A member is a person in an
// organization: a function, a department, a manager. A membership goes from invited to active to left; leaving ends
// assignments, sessions and tokens in the same transaction (ACC-6.2). Members come by invitation, by import of a sheet
// (KSK-1.2) or with a self-service sign-up (CTI-3), where nothing is made before the address has been confirmed.
//
// An organization sees of a person what it typed itself until that person accepts: an invitation or an import must
// not become a way to ask who already has an account elsewhere.
//
// Owns: organizations, members, invitations, sign-ups, imports. Must not know: passwords, sessions, roles; it reaches
// them through Needs. Start reading at: member.go, then leave.go, then import.go.
package organization
