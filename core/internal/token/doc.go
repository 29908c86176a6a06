// Package token keeps what programs carry: personal access tokens and service accounts.
//
// Owns: the secrets (shown once, stored hashed, with a checksum that scanners recognise), their scopes and end dates,
// the last day of use, service accounts and the person responsible for each (CTI-37.1), the kept replies of repeated
// API requests. Must not know: what a permission lets one do (the gate decides at each act), HTTP.
//
// A secret is "rpt_" (a person's) or "rps_" (a service account's), 256 random bits, and 30 bits of CRC-32 of what comes
// before: a mistyped or invented one is refused without a look at the rows, and a scanner of public places can tell a
// real one from a look-alike. A token does at most what its owner may do at that moment, within its scopes; it never
// counts as a fresh proof of identity, so no sensitive act can be done with it.
//
// Start reading at: Module.Check (check.go), then Module.Create (token.go).
package token
