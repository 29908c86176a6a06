// Package attestation is where a named person signs for what no program can see: people, buildings, machines.
//
// An attestation says a sentence of ours about a site, a team or everything, for a period, with files that show it. Its signer
// has just proved who they are; the entry of the journal holds the SHA-256 of the text signed and of each file. It is
// renewed or it expires, and a clause that rests on an expired one is stale. Provider staff owe two things themselves: a
// yearly training and the signed charter of confidentiality. Where a clause in force says so (EMG-2.1, EMG-2.2, USR-4.4),
// whoever lacks one is refused at each act on a client's data, and told what to do.
//
// Owns: attestations, their files, the duties of staff, the reminders of both. Must not know: what clauses say of them
// (control judges), who holds which role (access). It reaches them through Needs.
// Start reading at: module.go (Needs), then kinds.go, sign.go, duty.go, remind.go.
package attestation
