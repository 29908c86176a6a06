// Package trust shows the controls to those outside: the annex given to each organization and kept, the auditor's link,
// the public trust page, security.txt and the contacts.
//
// An auditor's link carries a secret of 256 bits, kept as a hash; it is for one organization (or the provider's whole),
// ends by itself, can be ended at any time, and each visit is an entry of the journal. Whoever holds it reads the
// controls of that place and nothing else: no act of a person is open to it.
//
// Owns: annexes given, auditors' links, whether the trust page is open. Must not know: how a status is computed.
// Start reading at: Module, then annex.go and link.go.
package trust
